"""The report's facts as a copy may tell them: the report within a bundle is made from these, never from the whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from diagnostics.incidents.merged import MergedIncident
from diagnostics.model import NO_LINE, Exclusion, Incident, Line, Remark, Scalar, Verdict
from jalerte_desktop.casefile.diary import DiaryEntry
from jalerte_desktop.documents.account import account
from jalerte_desktop.documents.bundle.redaction import Action, Redaction
from jalerte_desktop.documents.report.model import Day, Evidence, Holder, ReportFacts, SecondWitness
from jalerte_desktop.findings.model import Findings
from jalerte_desktop.findings.personal import OwnThresholds
from jalerte_desktop.words.language import _

_LINE_FIELDS = ("gateway", "gateway_mac", "interface", "network", "ssid", "name", "operator")
_HOLDER_FIELDS = ("name", "line_number", "customer_number", "operator", "offer", "technology")


def redact_facts(facts: ReportFacts, redaction: Redaction) -> ReportFacts:
    """The facts with everything taken out or replaced that the copy's rules hide.

    Words put in the place of others are in the active language. The line's letter is ``A``.
    """
    withheld = _("withheld")
    names = _names(facts, redaction)
    telework = redaction.shows("report:working_hours", value=facts.account.findings.telework.hours or "")
    if not telework:
        facts = replace(facts, days=tuple(_without_hours(day) for day in facts.days))
    return replace(
        facts,
        account=account(names.findings(facts.account.findings, telework)),
        holder=_holder(facts.holder, redaction),
        speed=tuple(
            replace(point, campaign="", reason=redaction.text("report:speed.reason", point.reason))
            if redaction.rule("record:speed.campaign").action is not Action.KEEP
            else point
            for point in facts.speed
        ),
        campaigns=tuple(
            replace(
                one,
                criteria=tuple(
                    redaction.text("report:campaign.criteria", text, withheld) for text in one.criteria
                ),
            )
            for one in facts.campaigns
        ),
        diary=tuple(_entry(entry, redaction) for entry in facts.diary),
        honesty=replace(
            facts.honesty,
            systems=_once(_system(system, redaction) for system in facts.honesty.systems),
            targets=_once(
                redaction.text("report:target", target, withheld) for target in facts.honesty.targets
            ),
        ),
        evidence=facts.evidence and _evidence(facts.evidence, redaction),
        witnesses=tuple(_witness(one, number, redaction) for number, one in enumerate(facts.witnesses, 1)),
    )


def _once(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _without_hours(day: Day) -> Day:
    return replace(day, working_minutes_lost=None)


def _holder(holder: Holder, redaction: Redaction) -> Holder:
    return Holder(
        **{name: redaction.text(f"report:holder.{name}", getattr(holder, name)) for name in _HOLDER_FIELDS}
    )


def _system(system: str, redaction: Redaction) -> str:
    """Which system it is, without what makes this installation another than others."""
    if redaction.shows("report:system", value=system):
        return system
    family = system.replace("Darwin", "macOS").partition("-")[0].partition(" ")[0]
    return family if family in redaction.rules.codes else _("withheld")


def _entry(entry: DiaryEntry, redaction: Redaction) -> DiaryEntry:
    shown = redaction.shows("report:diary.due", value="" if entry.due is None else entry.due.isoformat())
    return replace(
        entry,
        with_whom=redaction.text("report:diary.with_whom", entry.with_whom),
        text=redaction.text("report:diary.text", entry.text),
        promise=redaction.text("report:diary.promise", entry.promise),
        due=entry.due if shown else None,
        id="",
        case_id="",
    )


def _evidence(evidence: Evidence, redaction: Redaction) -> Evidence:
    """Who was asked may be somebody's own server; who signed stands in the token, which the copy holds."""
    return replace(
        evidence,
        stamps=tuple(
            replace(one, server=redaction.text("record:stamp.server", one.server, _("withheld")))
            for one in evidence.stamps
        ),
    )


def _witness(witness: SecondWitness, number: int, redaction: Redaction) -> SecondWitness:
    name = redaction.text("report:witness.name", witness.name, str(number))
    return replace(witness, name=name or str(number), key=redaction.text("report:witness.key", witness.key))


@dataclass(frozen=True, slots=True)
class _Names:
    """How this copy calls lines and incidents."""

    redaction: Redaction
    home: str
    lines: Mapping[str, Line]
    ids: Mapping[str, str]

    def findings(self, findings: Findings, telework: bool) -> Findings:
        incidents = tuple(self.incident(incident) for incident in findings.incidents)
        own = findings.own
        if own is not None:
            own = (
                OwnThresholds(own.thresholds, tuple(self.incident(incident) for incident in own.incidents))
                if self.redaction.shows("report:own_thresholds", value="set")
                else None
            )
        box = findings.box
        if box is not None and not self.redaction.shows(
            "record:witness/box.network", value=box.account.network or ""
        ):
            box = replace(box, account=replace(box.account, network=None))
        return replace(
            findings,
            line=self.line(findings.line),
            lines=tuple(self.line(line) for line in findings.lines),
            incidents=incidents,
            exclusions=tuple(self.exclusion(one) for one in findings.exclusions),
            minutes=(),
            merged=tuple(self.merged(row) for row in findings.merged),
            telework=findings.telework
            if telework
            else replace(findings.telework, hours=None, working_lost=None),
            own=own,
            box=box,
        )

    def line(self, line: Line) -> Line:
        return self.lines.get(line.id, NO_LINE)

    def incident(self, incident: Incident) -> Incident:
        return replace(
            incident,
            id=self.ids.get(incident.id, ""),
            line=self.line(incident.line),
            verdict=redact_verdict(incident.verdict, self.redaction),
            excluded=self.reason(incident.excluded),
        )

    def merged(self, row: MergedIncident) -> MergedIncident:
        return replace(
            row,
            line=self.line(row.line),
            excluded=self.reason(row.excluded),
            incidents=tuple(self.ids.get(one, "") for one in row.incidents),
        )

    def exclusion(self, exclusion: Exclusion) -> Exclusion:
        return replace(exclusion, reason=self.reason(exclusion.reason) or "")

    def reason(self, reason: str | None) -> str | None:
        return reason and self.redaction.text("report:exclusion.reason", reason, _("reason withheld"))


def _names(facts: ReportFacts, redaction: Redaction) -> _Names:
    findings = facts.account.findings
    redaction.letter_of(findings.line.id)
    own = findings.own.incidents if findings.own else ()
    known = {line.id: line for line in (findings.line, *findings.lines)}
    for incident in (*findings.incidents, *own):
        known.setdefault(incident.line.id, incident.line)
    lines = {line_id: _line(line, line_id == findings.line.id, redaction) for line_id, line in known.items()}
    ids: dict[str, str] = {}
    keep = redaction.rule("report:incident.id").action is Action.KEEP
    for incident in (*findings.incidents, *own):
        here = incident.line.id == findings.line.id
        number = f"{redaction.letter_of(incident.line.id)}-{len(ids) + 1}"
        ids.setdefault(incident.id, incident.id if keep and here else number)
    return _Names(redaction, findings.line.id, lines, ids)


def _line(line: Line, here: bool, redaction: Redaction) -> Line:
    if not line.id:
        return NO_LINE
    area = "line" if here else "other_line"
    fields = {
        name: redaction.text(f"report:{area}.{name}", getattr(line, name) or "") for name in _LINE_FIELDS
    }
    operator = fields.pop("operator") or None
    keep = here and redaction.shows("report:line.id", value=line.id)
    return Line(
        id=line.id if keep else redaction.letter_of(line.id), home=line.home, operator=operator, **fields
    )


def redact_verdict(verdict: Verdict, redaction: Redaction) -> Verdict:
    """The verdict with its arguments' texts as the copy may tell them; figures stay."""
    return replace(
        verdict,
        reasons=tuple(redact_remark(remark, redaction) for remark in verdict.reasons),
        counter_evidence=tuple(redact_remark(remark, redaction) for remark in verdict.counter_evidence),
    )


def redact_remark(remark: Remark, redaction: Redaction) -> Remark:
    return Remark(remark.code, tuple((name, _value(name, value, redaction)) for name, value in remark.values))


def _value(name: str, value: Scalar, redaction: Redaction) -> Scalar:
    return redaction.text(f"value:{name}", value, _("withheld")) if isinstance(value, str) else value
