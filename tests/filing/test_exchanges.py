"""What the diary adds to the description: the person's own exchanges with the operator, and promises not kept."""

from dataclasses import replace
from datetime import date

from diagnostics.model import SECOND
from jalerte_desktop.casefile.diary import DiaryEntry
from jalerte_desktop.documents.account import account
from jalerte_desktop.filing.description import describe
from jalerte_desktop.filing.exchanges import broken_promises, exchanges
from tests import examples
from tests.documents.paper_cases import MARIE, PARIS

FOUND = account(examples.ordinary())
EARLY = examples.at("2026-11-20 09:00:00")


def call(at_ns=EARLY, **more):
    return DiaryEntry("call", at_ns, with_whom="customer-service", **more)


def test_exchanges_with_the_operator_are_counted_by_kind():
    told = (call(), call(EARLY + SECOND), replace(call(), kind="letter"))
    assert exchanges(told, FOUND, PARIS) == (
        "Depuis le 20/11/2026, j’ai noté 2\u00a0appels et 1\u00a0courrier avec l’opérateur."
    )


def test_what_was_not_with_the_operator_or_came_later_is_not_told():
    after = FOUND.findings.span.end_ns + SECOND
    others = (
        replace(call(), with_whom="mediator"),
        replace(call(), with_whom=""),
        replace(call(), source="filing"),
        replace(call(), kind="note"),
        call(after),
    )
    assert exchanges(others, FOUND, PARIS) == ""
    assert exchanges((), FOUND, PARIS) == ""


def test_a_promise_is_broken_only_when_something_held_was_measured_after_its_day():
    last = max(incident.span.end_ns for incident in FOUND.held)
    assert last >= examples.at("2026-11-21 00:00:00")
    kept = call(promise="rétabli", due=date(2026, 12, 1))
    broken = call(promise="rétabli", due=date(2026, 11, 20))
    assert broken_promises((kept,), FOUND, PARIS) == ""
    assert "20/11/2026" in broken_promises((broken, kept), FOUND, PARIS)
    nothing_held = account(examples.findings())
    assert broken_promises((broken,), nothing_held, PARIS) == ""


def test_what_lies_long_before_the_period_is_left_out():
    begun = FOUND.findings.span.start_ns
    day = 86_400 * SECOND
    assert exchanges((call(begun - 91 * day),), FOUND, PARIS) == ""
    assert "1\u00a0appel" in exchanges((call(begun - 89 * day), call(begun - 3000 * day)), FOUND, PARIS)
    old = call(begun - day, promise="rétabli", due=date(2026, 11, 10))
    assert broken_promises((old,), FOUND, PARIS) == ""
    assert "10/11/2026" in broken_promises((replace(old, at_ns=begun),), FOUND, PARIS)


def test_the_description_tells_of_them_and_quotes_nobody():
    told = (call(text="l’adviser s’appelle Kévin", promise="Kévin a promis", due=date(2026, 11, 20)),)
    text = describe(MARIE, FOUND, 2000, PARIS, told).text
    assert "j’ai noté 1\u00a0appel" in text
    assert "20/11/2026" in text
    assert "Kévin" not in text
