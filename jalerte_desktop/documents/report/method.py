"""How the figures were measured, in plain words, and how anybody can check the report."""

from __future__ import annotations

from diagnostics.incidents.method import default_method
from diagnostics.model import SECOND
from jalerte_desktop.documents.letter import Bullets, Paragraph, Table
from jalerte_desktop.documents.report.dated import dated
from jalerte_desktop.documents.report.model import ReportFacts
from jalerte_desktop.documents.report.paper import Block, Codes, Part
from jalerte_desktop.documents.report.sayings import clipped, date_time, put
from jalerte_desktop.words import figures
from jalerte_desktop.words.language import _

_CODE = 100
"""So many typed characters fit on a line."""
_CHECKS = (
    "sha256sum -c manifest.sha256",
    "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in manifest.sha256 -sigfile manifest.sig",
)


def method(facts: ReportFacts) -> Part:
    """The method in plain words; ``docs/method.md`` has it whole."""
    limits = default_method()
    blame, household = figures.percent(limits.blame, 0), figures.percent(limits.household, 0)
    items = (
        put(
            _(
                "A computer behind the box tries, once a second each, the box, the first router of the"
                " operator and several reference servers (“anchors”) on distinct networks. It also asks name"
                " servers and opens a web page at regular intervals."
            )
        ),
        put(
            _(
                "A cut (outage) begins when all reference servers are silent: at least {misses} tries in a row, over"
                " at least {span}. It ends with the first answer. A silent server alone makes no cut."
            ),
            misses=limits.outage_min_misses,
            span=figures.duration(limits.outage_min_span_ns / SECOND),
        ),
        put(
            _(
                "A cut is attributed to the operator only if the equipment at home (or the first one beyond"
                " it) still answered, a second kind of probe (names, web pages, connections to port 443)"
                " failed as well, and the confidence is above {blame}. The confidence follows fixed rules;"
                " it is not a measured probability."
            ),
            blame=blame,
        ),
        put(
            _(
                "Losses and high delays are attributed to the operator only if the box’s counters show that"
                " the home hardly used the line. Without them the confidence stays at {household} at most,"
                " and nothing is attributed."
            ),
            household=household,
        ),
        _(
            "Never attributed to the operator: what happens while the box itself is silent, the Wi-Fi, the"
            " network and the traffic of the home, a VPN, a distant server, names that are not resolved, and"
            " what reaches only a part of the internet."
        ),
        _(
            "Durations are measured on a clock that no change of the time can disturb, and totals add up the"
            " single incidents. A time without measurements is “not observed”: it is counted neither as good"
            " nor as bad."
        ),
        put(
            _(
                "Rules and thresholds: version {version} of the method; this report gives the values in"
                " force."
            ),
            version=clipped(facts.account.findings.method, 40),
        ),
    )
    return Part(_("How it was measured"), (Bullets(items),))


def verifying(facts: ReportFacts) -> tuple[Part, ...]:
    """What the report can be checked against, and what a check proves and does not."""
    title = _("How to check this report")
    evidence = facts.evidence
    if evidence is None:
        words = _(
            "The record was not sealed when this report was made: nothing of it can be checked from outside."
        )
        return (Part(title, (Paragraph(words),)),)
    blocks: list[Block] = [
        Paragraph(
            _(
                "Each minute of the record is chained to the one before by SHA-256, and the chain is signed"
                " regularly with the key of the computer. Whoever changes, removes or adds a measurement"
                " afterwards changes every later link. The links and the key’s fingerprint at the time of"
                " this report:"
            )
        ),
        Table(
            (),
            (
                (_("Link number"), figures.number(evidence.sequence)),
                (_("Made"), date_time(evidence.at_ns, facts.zone)),
            ),
            (38, 62),
        ),
        Codes(_("SHA-256 of the link"), (clipped(evidence.link, _CODE),)),
        Codes(
            _("Fingerprint of the signing key (SHA-256)"), (clipped(evidence.key, _CODE) or _("not signed"),)
        ),
    ]
    parts = [
        Part(title, tuple(blocks)),
        Part(_("What is dated from outside"), tuple(dated(evidence, facts)), level=2),
        Part(
            _("Commands"),
            (
                Codes(
                    _("With jalerte, on the computer that recorded, or with the evidence package:"),
                    ("jalerte verify", put("jalerte verify {file}", file=_("PACKAGE.zip"))),
                ),
                Codes(
                    _("Without jalerte, in the unpacked evidence package:"),
                    (*_CHECKS, put("python3 verify.py ../{file}", file=_("PACKAGE.zip"))),
                ),
                Paragraph(
                    _(
                        "This PDF holds the figures as files: incidents.json and incidents.csv (every"
                        " incident), days.csv and hours.csv (figures by day and hour). Times in them are in"
                        " UTC."
                    ),
                    small=True,
                ),
            ),
            level=2,
        ),
    ]
    return tuple(parts)
