"""The complaint to customer service: the first written step. It composes; it neither draws nor sends.

It asks for repair, the cause in writing, a refund and an answer by a date, and claims nothing that the account does
not hold against the operator. On an unconfirmed line it names no operator (promise 6).
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from decimal import Decimal

from diagnostics.model import SECOND, Kind, Problem
from jalerte_desktop.casefile import knowledge
from jalerte_desktop.casefile.model import Case
from jalerte_desktop.casefile.text import clean, clean_lines
from jalerte_desktop.documents.account import Account, longest, rhythm, total_s
from jalerte_desktop.documents.demands import KIND, demands, euros, law
from jalerte_desktop.documents.evidence import Moments, chronology, duration, limits, summary
from jalerte_desktop.documents.french import (
    TECHNOLOGIES,
    blank,
    count,
    date,
    date_time,
    episodes,
    french,
    listing,
    period,
    say,
    share,
)
from jalerte_desktop.documents.letter import Letter, Numbered, Section
from jalerte_desktop.words import figures
from jalerte_desktop.words.figures import NO_BREAK, local
from jalerte_desktop.words.language import speaking

TEMPLATE = "complaint 2026-11-24"

_DEGRADED = (Kind.LOSS, Kind.LATENCY, Kind.SLOW)


def compose_complaint(case: Case, account: Account, now_ns: int, zone: tzinfo | None = None) -> Letter:
    """The letter for the period of the account, dated ``now_ns`` (UTC) in ``zone`` (None: this machine's).

    :raises Problem: ``nothing_held`` when no incident of the period can be held against the operator.
    """
    if not account.held:
        raise Problem("nothing_held", uncertain=len(account.uncertain))
    with speaking("fr"):
        return _compose(case, account, now_ns, zone)


def operator_name(case: Case, account: Account) -> str | None:
    """Whom the paper may name: the contract's operator, else the confirmed line's; nobody on an unconfirmed line."""
    if not account.findings.confirmed:
        return None
    return clean(case.operator or account.findings.line.operator or "") or None


def _compose(case: Case, account: Account, now_ns: int, zone: tzinfo | None) -> Letter:
    moments = Moments.of(account, zone)
    today = local(now_ns, zone)
    operator = operator_name(case, account)
    body, annex = chronology(account, moments)
    sections = [
        Section("Les faits", (Numbered(tuple(_facts(case, account, moments))),)),
        body,
        Section("Résumé mesuré", (summary(account, moments),)),
        *law(case, now_ns, zone),
        demands(case, account, now_ns, zone),
    ]
    annexes = [limits(account, moments)]
    enclosures = ["annexe 1 : méthode et limites des mesures"]
    if annex is not None:
        annexes.append(annex)
        enclosures.append("annexe 2 : chronologie complète")
    enclosures.append(blank("copie du contrat ou d’une facture, échanges déjà eus"))
    subject = _subject(account)
    return Letter(
        kind=KIND,
        template=TEMPLATE,
        title=french("Réclamation – ") + subject,
        made_ns=now_ns // SECOND * SECOND,
        banner="" if account.findings.confirmed else _UNCONFIRMED,
        sender=_sender(case),
        recipient=_recipient(case, account, operator, now_ns, zone),
        sending=french("Lettre recommandée avec avis de réception n° ") + blank("numéro de l’envoi"),
        place_date=say("{city}, le {date}", city=_value(case, "person.city", "ville"), date=date(today)),
        subject=french("Réclamation : ") + subject,
        references=_references(case, account),
        salutation="Madame, Monsieur,",
        opening=_opening(account, moments),
        sections=tuple(sections),
        closing=french(
            "Dans l'attente de votre réponse écrite, je vous prie d'agréer, Madame, Monsieur, l'expression de mes "
            "salutations distinguées."
        ),
        signature=_value(case, "person.name", "prénom et nom"),
        enclosures=tuple(french(item) for item in enclosures),
        annexes=tuple(annexes),
        footer=INDEPENDENT,
    )


INDEPENDENT = french(
    "Lettre préparée avec jalerte, logiciel indépendant, ni édité ni approuvé par l'Arcep ou par un opérateur."
)

_UNCONFIRMED = french(
    "Ligne non confirmée : il n'est pas encore établi que ces mesures portent sur la ligne de mon domicile. Ce projet "
    "ne désigne aucun opérateur et ne doit pas être envoyé en l'état."
)


def _value(case: Case, key: str, what: str) -> str:
    return clean(case.get(key) or "") or blank(what)


def _sender(case: Case) -> tuple[str, ...]:
    postcode, city = _value(case, "person.postcode", "code postal"), _value(case, "person.city", "ville")
    lines = [
        _value(case, "person.name", "prénom et nom"),
        *(clean_lines(case.get("person.address") or "") or (blank("adresse"),)),
        f"{postcode} {city}",
    ]
    for key in ("person.phone", "person.email"):
        if case.get(key):
            lines.append(clean(case.fields[key]).replace(" ", NO_BREAK))
    return tuple(lines)


def _recipient(
    case: Case, account: Account, operator: str | None, now_ns: int, zone: tzinfo | None
) -> tuple[str, ...]:
    if not account.findings.confirmed:
        return (french("[opérateur : ligne non confirmée]"), "Service clients")
    if operator is None:
        return (blank("nom de l’opérateur"), "Service clients", blank("adresse postale du service clients"))
    known = knowledge.find_operator(operator, case.country)
    address = known and known.address_for(case.get("line.technology"), local(now_ns, zone).date())
    if address:
        return tuple(french(line) for line in address.lines)
    return (operator, "Service clients", blank("adresse postale du service clients"))


def _references(case: Case, account: Account) -> tuple[tuple[str, str], ...]:
    line = [("Ligne", _value(case, "line.number", "numéro ou référence de la ligne"))]
    technology = case.get("line.technology")
    if technology:
        line.append(("Technologie", TECHNOLOGIES.get(technology, clean(technology))))
    if not account.findings.confirmed:
        # An offer's name often holds the operator's: on an unconfirmed line none of the contract is printed.
        return (*line, ("Contrat", "références omises tant que la ligne n’est pas confirmée"))
    return (
        ("Numéro de client", _value(case, "contract.customer_number", "numéro de client")),
        *line,
        ("Offre", _value(case, "contract.offer", "nom de l’offre")),
    )


def _subject(account: Account) -> str:
    if len(account.outages) > 1:
        return "coupures répétées de l’accès à internet"
    if account.outages:
        return "coupure de l’accès à internet"
    return "dégradations de l’accès à internet"


def _opening(account: Account, moments: Moments) -> str:
    mine = "Mon accès à internet" if account.findings.confirmed else "L'accès à internet que j'ai mesuré"
    what = (
        "des coupures"
        if len(account.outages) > 1
        else "une coupure"
        if account.outages
        else "des dégradations"
    )
    return say(
        mine
        + " a connu {what} dans la période {period}. Par la présente réclamation, je vous en donne le détail et vous "
        "demande d'y remédier.",
        what=what,
        period=period(account.findings.span, moments.zone),
    )


def _facts(case: Case, account: Account, moments: Moments) -> list[str]:
    facts = [_contract(case)] if account.findings.confirmed else []
    if case.get("alert.service_contacted") == "yes":
        facts.append(
            say(
                "J'ai déjà signalé ces difficultés à votre service clients ({when}).",
                when=blank("dates, références"),
            )
        )
    facts.append(_measured(account, moments))
    if any(incident.span.clip(account.findings.span) != incident.span for incident in account.held):
        facts.append(
            say("Un incident commencé avant la période, ou terminé après, est compté ici en entier.")
        )
    facts += _spread(account, moments)
    degraded = [(kind, group) for kind in _DEGRADED if (group := account.held_of(kind))]
    if degraded:
        parts = [f"{episodes(kind, len(g))} ({figures.duration(total_s(g))})" for kind, g in degraded]
        many = sum(len(group) for _kind, group in degraded) > 1
        if not account.outages:
            words = "En détail : {parts}."
        elif many:
            words = "À ces coupures s'ajoutent {parts}, également attribués au réseau de l'opérateur."
        else:
            words = "À ces coupures s'ajoute {parts}, également attribué au réseau de l'opérateur."
        facts.append(say(words, parts=listing(parts)))
    lasting = [incident for incident in account.held if incident.ongoing]
    if lasting:
        start = date_time(local(lasting[-1].span.start_ns, moments.zone))
        facts.append(say("L'incident commencé le {start} durait encore à la dernière mesure.", start=start))
    impact = clean(case.get("case.impact") or "")
    if impact:
        facts.append(
            say("Conséquences pour moi : {impact}", impact=impact if impact[-1] in ".!?…" else impact + ".")
        )
    return facts


def _contract(case: Case) -> str:
    started = case.get("contract.started_on")
    price = case.get("contract.monthly_price_eur")
    technology = case.get("line.technology")
    words = "Je suis titulaire de l'offre {offer}"
    if technology and technology != "other":
        words += " ({technology})"
    if started:
        words += ", depuis le {started}"
    words += ", au prix mensuel de {price}."
    return say(
        words,
        offer=_value(case, "contract.offer", "nom de l’offre"),
        technology=TECHNOLOGIES.get(technology or "", ""),
        started=_iso_date(started) if started else "",
        price=euros(Decimal(price)) if price else blank("prix"),
    )


def _measured(account: Account, moments: Moments) -> str:
    outages = account.outages
    how = (
        "Un logiciel installé sur mon ordinateur a surveillé la connexion {ratio} du temps, soit {observed}. "
    )
    values = {
        "observed": figures.duration(account.findings.coverage.observed_s),
        "ratio": share(account.findings.coverage.ratio),
    }
    if not outages:
        return say(
            how + "Il a relevé {n} du service, que la méthode attribue au réseau de l'opérateur.",
            n=count(len(account.held), "dégradation", "dégradations"),
            **values,
        )
    top = longest(outages)
    at = date_time(local(top.span.start_ns, moments.zone))
    if len(outages) == 1:
        words = (
            "Il a relevé une coupure attribuée au réseau de l'opérateur, le {at}, d'une durée de {longest}."
        )
        return say(how + words, at=at, longest=duration(top), **values)
    return say(
        how + "Il a relevé {n} attribuées au réseau de l'opérateur, d'une durée cumulée de {total}. "
        "La plus longue, le {at}, a duré {longest}.",
        n=episodes(Kind.OUTAGE, len(outages)),
        total=figures.duration(total_s(outages)),
        at=at,
        longest=duration(top),
        **values,
    )


def _spread(account: Account, moments: Moments) -> list[str]:
    if len(account.outages) < 2:
        return []
    spread = rhythm(account.outages, moments.zone)
    if spread.days == 1:
        first = say(
            "Elles se sont toutes produites le {day}.", day=date(local(spread.worst_day_ns, moments.zone))
        )
    else:
        words = "Elles se répartissent sur {days} ; "
        words += (
            "il y en a eu jusqu'à {most} le même jour ({day})."
            if spread.worst_day_count > 1
            else "il n'y en a jamais eu plus d'une le même jour."
        )
        first = say(
            words,
            days=count(spread.days, "jour", "jours"),
            day=date(local(spread.worst_day_ns, moments.zone)),
            most=figures.number(spread.worst_day_count),
        )
    if not spread.in_office_hours:
        return [first]
    n = spread.in_office_hours
    words = "Parmi elles, {n} du lundi au vendredi entre 9 h et 18 h."
    return [first + " " + say(words, n=count(n, "a commencé", "ont commencé"))]


def _iso_date(text: str) -> str:
    return date(datetime.fromisoformat(text))
