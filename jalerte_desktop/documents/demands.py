"""The complaint's legal bases and demands, with the sums shown. French; call inside ``speaking("fr")``."""

from __future__ import annotations

from datetime import timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal

from jalerte_desktop.casefile import knowledge
from jalerte_desktop.casefile.model import Case
from jalerte_desktop.documents.account import Account, total_s
from jalerte_desktop.documents.french import blank, date, french, say
from jalerte_desktop.documents.letter import Bullets, Numbered, Paragraph, Section
from jalerte_desktop.words import figures
from jalerte_desktop.words.figures import NO_BREAK, local

KIND = "complaint"
ANSWER = "complaint-answer"
NEXT = "complaint-next"
MONTH_S = 30 * 86_400
"""A month's price is for thirty days: a convention, and the letter shows it."""


def law(case: Case, now_ns: int, zone: tzinfo | None) -> list[Section]:
    """The section that cites the law; none where no basis is known well enough for this country and person."""
    bases = knowledge.legal_bases(KIND, case.country, local(now_ns, zone).date(), case.professional)
    if not bases:
        return []
    items = tuple(french(f"{basis.label} : {basis.wording}.") for basis in bases)
    return [Section("Fondements", (Paragraph(french("Ma demande s'appuie notamment sur :")), Bullets(items)))]


def demands(case: Case, account: Account, now_ns: int, zone: tzinfo | None) -> Section:
    """What is asked, until when, and what follows without agreement."""
    days = knowledge.answer_days(ANSWER)
    deadline = date(local(now_ns, zone) + timedelta(days=days))
    items = [
        french("de rétablir une connexion stable, et de m'indiquer la date de votre intervention ;"),
        french("de me faire connaître par écrit la cause des incidents de la chronologie ;"),
        _refund(case, account),
        say(
            "de me répondre par écrit au plus tard le {date}, soit {n} jours à compter de cette lettre.",
            date=deadline,
            n=days,
        ),
    ]
    following = knowledge.next_step(NEXT, case.country, local(now_ns, zone).date(), case.professional)
    after = [Paragraph(say("Faute d'accord, {next}.", next=french(following)))] if following else []
    return Section("Mes demandes", (Paragraph(french("Je vous demande :")), Numbered(tuple(items)), *after))


def _refund(case: Case, account: Account) -> str:
    if not account.outages:
        return french("de m'indiquer la compensation prévue à mon contrat pour ces dégradations ;")
    better = ", ou la compensation prévue à mon contrat si elle est plus élevée ;"
    seconds = _cut_s(account)
    price = case.get("contract.monthly_price_eur")
    if price is None:
        words = (
            "de me rembourser, au prorata des coupures observées, {price} × {seconds} s ÷ {month} s (30 jours)"
            + better
        )
        return say(
            words, price=blank("prix mensuel"), seconds=figures.number(seconds), month=figures.number(MONTH_S)
        )
    amount = refund_eur(case, account)
    formula = "({price} × {seconds} s ÷ {month} s, soit 30 jours)"
    if amount >= 1:
        words = "de me rembourser {amount} au prorata des coupures observées " + formula + better
    else:
        words = "de m'appliquer la compensation prévue à mon contrat ou, à défaut, un geste commercial : "
        words += (
            "le prorata du seul temps coupé "
            + formula
            + " donne {amount} et ne tient pas compte de la gêne ;"
        )
    return say(
        words,
        amount=euros(amount) if amount else "moins d’un centime",
        price=euros(Decimal(price)),
        seconds=figures.number(seconds),
        month=figures.number(MONTH_S),
    )


def _cut_s(account: Account) -> int:
    """Whole seconds, so that the printed sum can be done again by hand."""
    return max(1, round(total_s(account.outages)))


def euros(amount: Decimal) -> str:
    """``39,99 €``."""
    return figures.number(float(amount), 2) + NO_BREAK + "€"


def refund_eur(case: Case, account: Account) -> Decimal:
    """Price x whole seconds cut / 30 days, to the cent; 0 without a price or a cut."""
    price = case.get("contract.monthly_price_eur")
    if price is None or not account.outages:
        return Decimal(0)
    return (Decimal(price) * _cut_s(account) / MONTH_S).quantize(Decimal("0.01"), ROUND_HALF_UP)
