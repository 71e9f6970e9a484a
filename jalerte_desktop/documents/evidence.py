"""The measured part of a letter: chronology, summary, method and limits. French; call inside ``speaking("fr")``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from diagnostics.config import load_thresholds
from diagnostics.incidents.method import default_method
from diagnostics.incidents.telework import CallSeconds, default_call_limits
from diagnostics.model import Incident, Kind
from diagnostics.working_hours import WorkingHours
from jalerte_desktop.casefile.text import clean
from jalerte_desktop.documents.account import Account, longest, not_observed_by_reason, total_s
from jalerte_desktop.documents.french import (
    CAUSES,
    GAP_REASONS,
    KINDS,
    clock_changes,
    count,
    date_time,
    episodes,
    period,
    read_out,
    say,
    share,
    zone_words,
)
from jalerte_desktop.documents.letter import Block, Bullets, Paragraph, Section, Table
from jalerte_desktop.findings.blame import is_operators
from jalerte_desktop.findings.model import Seal
from jalerte_desktop.findings.personal import OwnThresholds
from jalerte_desktop.words import figures
from jalerte_desktop.words.figures import local
from jalerte_desktop.words.thresholds import setting_name, thresholds_told
from jalerte_desktop.words.views import working_hours_words

ROWS_IN_BODY = 60
"""More incidents than this are listed in an annex; the body then shows the longest."""
LONGEST_SHOWN = 10

_CHRONOLOGY = ("N°", "Date", "Début", "Fin", "Durée", "Nature", "Situation", "Confiance")
_WIDTHS = (7, 15, 13, 13, 14, 20, 17, 15)
_ZONE_AFTER, _ZONE_WIDTH = 4, 11
"""Where the column of offsets to UTC comes in, when the clocks changed within the period."""
_HELD_ROWS = {
    Kind.OUTAGE: "Coupures attribuées au réseau",
    Kind.LOSS: "Pertes de données attribuées au réseau",
    Kind.LATENCY: "Délais élevés attribués au réseau",
    Kind.SLOW: "Débits faibles attribués au réseau",
}


@dataclass(frozen=True, slots=True)
class Moments:
    """How times are written in one paper: local; ``changing`` where the clocks changed within its period."""

    zone: tzinfo | None
    changing: bool

    @classmethod
    def of(cls, account: Account, zone: tzinfo | None) -> Moments:
        return cls(zone, bool(clock_changes(account.findings.span, zone)))

    def clock(self, ns: int) -> str:
        return figures.clock_time(local(ns, self.zone))

    def offset(self, ns: int) -> str:
        return figures.zone_name(local(ns, self.zone))

    def day(self, ns: int) -> str:
        return figures.short_date(local(ns, self.zone))


def chronology(account: Account, moments: Moments) -> tuple[Section, Section | None]:
    """The incidents held against the operator: a section of the body, and an annex where they are too many for it."""
    held = account.held
    zone = say(
        "Heures locales ({zone}). La confiance est celle de la méthode ; « situation » dit où la panne se trouve.",
        zone=zone_words(account.findings.span, moments.zone),
    )
    if len(held) <= ROWS_IN_BODY:
        table = _table(list(enumerate(held, 1)), moments)
        return Section("Chronologie", (Paragraph(zone, small=True), table)), None
    numbered = list(enumerate(held, 1))
    chosen = sorted(sorted(numbered, key=lambda row: -row[1].duration_s)[:LONGEST_SHOWN])
    intro = say(
        "Les {n} incidents sont tous listés en annexe 2. En voici les {k} plus longs.",
        n=figures.number(len(held)),
        k=LONGEST_SHOWN,
    )
    body = Section("Chronologie", (Paragraph(intro), Paragraph(zone, small=True), _table(chosen, moments)))
    annex = Section(
        "Annexe 2 – Chronologie complète", (Paragraph(zone, small=True), _table(numbered, moments))
    )
    return body, annex


def duration(incident: Incident) -> str:
    """How long it lasted; ``au moins`` while it lasts."""
    words = figures.duration(incident.duration_s)
    return f"au moins {words}" if incident.ongoing else words


def summary(account: Account, moments: Moments) -> Table:
    """The measured summary: a row for each thing that was counted, and for what was not."""
    findings, coverage = account.findings, account.findings.coverage
    rows = [
        ("Période retenue", period(findings.span, moments.zone)),
        (
            "Temps observé",
            say(
                "{observed}, soit {ratio} de la période",
                observed=figures.duration(coverage.observed_s),
                ratio=share(coverage.ratio),
            ),
        ),
        ("Temps non observé", _not_observed(account)),
    ]
    for kind in _HELD_ROWS:
        group = account.held_of(kind)
        if group or kind is Kind.OUTAGE:
            rows.append((_HELD_ROWS[kind], _counted(kind, group, moments)))
        if group and kind is Kind.OUTAGE and findings.telework.hours is not None:
            lost = _while_working(account, findings.telework.hours, moments)
            rows.append(("Ces coupures, dans mes heures de travail", lost))
    rows.append(("Origine incertaine, non imputés", _total(account.uncertain)))
    rows.append(("Pannes de noms (DNS), comptées à part", _total(account.dns)))
    rows.append(("Autres causes, écartés", _set_aside(account)))
    if account.excluded:
        rows.append(("Exclus à ma demande (annexe 1)", _total(account.excluded)))
    return Table((), tuple((say(name), value) for name, value in rows), (38, 62))


def limits(account: Account, moments: Moments) -> Section:
    """Annex 1: how it was measured, what is outside, and what nothing here proves."""
    findings = account.findings
    blocks: list[Block] = [Bullets(tuple(_method(account, moments)))]
    if account.uncertain:
        caption = "Incidents d’origine incertaine (donnés pour information, non imputés)"
        blocks.append(_table(list(enumerate(account.uncertain, 1)), moments, caption))
    in_period = [e for e in findings.exclusions if e.span.clip(findings.span) is not None]
    if in_period:
        rows = tuple(
            (
                date_time(local(e.span.start_ns, moments.zone)),
                date_time(local(e.span.end_ns, moments.zone)),
                clean(e.reason) or "sans motif",
                date_time(local(e.declared_ns, moments.zone)),
            )
            for e in in_period
        )
        blocks.append(
            Table(
                ("Exclu du", "au", "Motif", "Déclaré le"),
                rows,
                (22, 22, 34, 22),
                caption="Périodes exclues à ma demande",
            )
        )
    return Section("Annexe 1 – Méthode et limites des mesures", tuple(blocks))


def _method(account: Account, moments: Moments) -> list[str]:
    findings = account.findings
    seal, record = findings.seal, findings.record
    items = [
        say(
            "Ces mesures sont un moyen de preuve ordinaire : elles ne viennent pas d'un dispositif certifié par une "
            "autorité. Elles ont été faites depuis un seul ordinateur, placé derrière la box."
        ),
        say(
            "Méthode et seuils : version {method}. Une coupure n'est attribuée au réseau de l'opérateur que si "
            "l'équipement du domicile (ou le premier équipement au-delà) répondait encore, si tous les serveurs de "
            "référence, {anchors}, étaient muets, et si une seconde sorte de sonde (noms, pages web ou connexions au "
            "port 443) échouait aussi. La confiance doit dépasser {limit} ; ce n'est pas une probabilité mesurée.",
            method=clean(findings.method),
            anchors=_anchors(findings.own_settings),
            limit=share(default_method().blame, 0),
        ),
        say(
            "Chaque serveur de référence est sondé une fois par seconde ; une sonde sans réponse en déclenche d'autres "
            "aussitôt, d'une autre sorte aussi, qui précisent le début et la fin."
        ),
        say(
            "Pertes et délais élevés : ils ne sont attribués au réseau de l'opérateur que si les compteurs de la "
            "box montrent que le foyer n'utilisait presque pas la ligne, et si une seconde sorte de sonde en souffrait "
            "aussi. Sans ces compteurs, la confiance ne dépasse pas {limit} et rien n'est imputé.",
            limit=share(default_method().household, 0),
        ),
        say(
            "La box est aussi interrogée, sans mot de passe, quand elle le permet : état de sa ligne, durée de la "
            "connexion, trafic. Ce qu'elle dit peut changer l'attribution d'un incident, jamais en faire apparaître un."
        ),
        say(
            "Ne sont jamais imputés à l'opérateur : ce qui se produit tant que la box elle-même est muette, les accès "
            "partiels (une partie d'internet seulement), le Wi-Fi, le VPN, l'usage du foyer et les pannes de noms."
        ),
        say(
            "Le temps non observé n'est compté ni comme panne ni comme bon fonctionnement ; les pourcentages portent "
            "sur le temps observé. Les durées sont des sommes d'incidents bruts, sans regroupement."
        ),
        say(
            "La part du temps passée en Wi-Fi et l'usage de la ligne par le foyer ne sont pas chiffrés ici ; les "
            "incidents que la méthode rapporte à ces causes sont écartés."
        ),
    ]
    if findings.telework.call_breaking_s:
        items.append(_calls(account))
    if findings.own is not None:
        items.append(_own_thresholds(account, findings.own))
    settings = [clean(setting) for setting in findings.own_settings if not setting.startswith("method.")]
    if settings:
        own = ", ".join(map(setting_name, settings))
        items.append(say("Réglages personnels, qui ne changent aucun seuil : {own}.", own=own))
    if record is not None:
        words = "Le relevé complet va {span} et compte {n}."
        samples = count(findings.sample_count, "mesure", "mesures")
        items.append(say(words, span=period(record, moments.zone), n=samples))
    if account.other_line:
        n = len(account.other_line)
        items.append(
            say(
                "Sur d'autres lignes (partage de connexion, autre lieu), {n} : rien n'en est compté ici.",
                n=count(n, "incident a été vu", "incidents ont été vus"),
            )
        )
    if seal is None:
        items.append(say("Le journal des mesures n'était pas encore scellé à la date de cette lettre."))
    else:
        items.append(
            say(
                "Dernier scellé du journal : n° {n}, du {at}, SHA-256 {link}. À compter de l'envoi de cette lettre, il "
                "permet de vérifier que les mesures antérieures n'ont plus changé ; il ne prouve rien sur le temps "
                "d'avant l'envoi.",
                n=seal.sequence,
                at=date_time(local(seal.at_ns, moments.zone)),
                link=clean(seal.link),
            )
        )
        items.append(_key(seal))
    return items


def _key(seal: Seal) -> str:
    """Whose key signed the journal. The first digits, in groups, can be read out and compared on the telephone."""
    if not seal.key:
        return say("Le journal n'était pas encore signé par une clé de cet ordinateur.")
    return say(
        "Clé de cet ordinateur, qui signe le journal : empreinte {short}… (SHA-256 de la clé publique : {whole}). Deux "
        "documents de même empreinte viennent du même ordinateur ; elle ne dit pas à qui il est.",
        short=read_out(seal.key),
        whole=clean(seal.key),
    )


def _anchors(own_settings: tuple[str, ...]) -> str:
    """Where the reference servers stand. Nothing checks that of those the person chose."""
    if {"targets.anchors", "targets.anchors6"} & {*own_settings}:
        return "choisis par moi (rien ne vérifie qu'ils soient sur des réseaux distincts)"
    return "placés sur plusieurs réseaux indépendants"


def _while_working(account: Account, hours: WorkingHours, moments: Moments) -> str:
    """Minutes that cuts held against the operator took from the working hours."""
    cuts = CallSeconds().and_all_of(cut.span for cut in account.outages)
    lost = cuts.within(account.findings.span).lost_minutes(default_call_limits().lost_minute_s)
    working = sum(hours.contain(at, moments.zone) for at in lost)
    return say(
        "{n} ({hours})",
        n=count(working, "minute perdue", "minutes perdues"),
        hours=working_hours_words(hours.entries),
    )


def _calls(account: Account) -> str:
    telework = account.findings.telework
    words = say(
        "Pour information, toutes causes confondues et sans rien imputer : {time} pendant lesquelles un appel vocal ou "
        "vidéo aurait été haché ou coupé (pertes, délai ou gigue au-delà des limites de la méthode, ou coupure).",
        time=figures.duration(telework.call_breaking_s),
    )
    if telework.hours is None or telework.working_lost is None:
        return words
    return f"{words} " + say(
        "Dans mes heures de travail ({hours}), {n} (cinq secondes ou plus).",
        hours=working_hours_words(telework.hours.entries),
        n=count(len(telework.working_lost), "minute en a été perdue", "minutes en ont été perdues"),
    )


def _own_thresholds(account: Account, own: OwnThresholds) -> str:
    """The person's own thresholds beside the default ones: no figure of the paper goes by them."""
    outages = own.outages_of(account.findings.line.id)
    default = account.findings.outages
    return say(
        "Avec mes propres seuils ({thresholds}), la méthode aurait trouvé {own} ({own_time}), contre {n} ({time}) avec "
        "les seuils par défaut, toutes causes confondues. Tous les autres chiffres de ce document suivent les seuils "
        "par défaut.",
        thresholds=clean(thresholds_told(own.thresholds, load_thresholds())),
        own=count(len(outages), "coupure", "coupures"),
        own_time=figures.duration(total_s(outages)),
        n=count(len(default), "coupure", "coupures"),
        time=figures.duration(total_s(default)),
    )


def _table(numbered: list[tuple[int, Incident]], moments: Moments, caption: str = "") -> Table:
    rows = [_row(number, incident, moments) for number, incident in numbered]
    if not moments.changing:
        return Table(_CHRONOLOGY, tuple(rows), _WIDTHS, right=(0, 4, 7), caption=caption)
    offsets = [_offset(incident, moments) for _number, incident in numbered]
    at = _ZONE_AFTER
    return Table(
        (*_CHRONOLOGY[:at], "Heure", *_CHRONOLOGY[at:]),
        tuple((*row[:at], offset, *row[at:]) for row, offset in zip(rows, offsets, strict=True)),
        (*_WIDTHS[:at], _ZONE_WIDTH, *_WIDTHS[at:]),
        right=(0, 5, 8),
        caption=caption,
    )


def _row(number: int, incident: Incident, moments: Moments) -> tuple[str, ...]:
    start, end = incident.span.start_ns, incident.span.end_ns
    if incident.ongoing:
        until = "en cours"
    elif moments.day(start) == moments.day(end):
        until = moments.clock(end)
    else:
        until = f"{moments.day(end)[:5]} {moments.clock(end)}"
    return (
        str(number),
        moments.day(start),
        moments.clock(start),
        until,
        duration(incident),
        KINDS[incident.kind],
        _place(incident),
        figures.percent(incident.verdict.confidence, 0),
    )


def _offset(incident: Incident, moments: Moments) -> str:
    start, end = moments.offset(incident.span.start_ns), moments.offset(incident.span.end_ns)
    return start if start == end else f"{start}, puis {end}"


def _place(incident: Incident) -> str:
    """Access and core are named apart only where a hop between them let the method tell."""
    if not is_operators(incident):
        return "non établie"
    if any(remark.code == "hop_never_answers" for remark in incident.verdict.counter_evidence):
        return "accès ou au-delà"
    return CAUSES[incident.verdict.cause]


def _counted(kind: Kind, group: tuple[Incident, ...], moments: Moments) -> str:
    if not group:
        return "aucune" if kind is Kind.OUTAGE else "aucun"
    if len(group) == 1:
        return say("{n}, {time}", n=episodes(kind, 1), time=duration(group[0]))
    top = longest(group)
    return say(
        "{n}, {total} en tout ; la plus longue durée : {longest}, le {at}",
        n=episodes(kind, len(group)),
        total=figures.duration(total_s(group)),
        longest=duration(top),
        at=date_time(local(top.span.start_ns, moments.zone)),
    )


def _total(group: tuple[Incident, ...]) -> str:
    if not group:
        return "aucun"
    return say(
        "{n}, {total} en tout",
        n=count(len(group), "incident", "incidents"),
        total=figures.duration(total_s(group)),
    )


def _set_aside(account: Account) -> str:
    if not account.set_aside:
        return "aucun"
    parts = [f"{CAUSES[cause]} ({figures.number(n)})" for cause, n in account.set_aside_by_cause]
    return say(
        "{total} : {parts}",
        total=count(len(account.set_aside), "incident", "incidents"),
        parts=", ".join(parts),
    )


def _not_observed(account: Account) -> str:
    reasons = not_observed_by_reason(account.findings.coverage)
    if not reasons:
        return "aucun"
    parts = [f"{GAP_REASONS[reason]} {figures.duration(seconds)}" for reason, seconds in reasons]
    total = figures.duration(account.findings.coverage.not_observed_s)
    return say("{total} ({parts})", total=total, parts=", ".join(parts))
