"""Whose turn it is in the assisted form, in words. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass

from diagnostics.model import Problem, Remark
from jalerte_desktop.filing.assisted import PageReceipt
from jalerte_desktop.filing.fill_report import Stop
from jalerte_desktop.words.errors import say_problem
from jalerte_desktop.words.errors_filing import say_remark
from jalerte_desktop.words.language import N_, _
from jalerte_desktop.words.shape import sentence

_TITLES = {
    "consents": N_("Your turn: read everything, tick and send yourself"),
    "send": N_("Your turn: read everything, then send yourself"),
    "captcha": N_("Your turn: show the form that you are human"),
    "drift": N_("Your turn: something on this page is not certain"),
    "expired": N_("The form’s session is over"),
    "failed": N_("The form has a fault of its own"),
    "unknown-page": N_("Your turn: the program does not know this page"),
    "stuck": N_("Your turn: the form did not take everything"),
}
_BY_HAND = ("drift", "stuck", "captcha")
_BEGIN_AGAIN = ("expired", "failed")


@dataclass(frozen=True, slots=True)
class Turn:
    """A sentence, why, and which buttons there are."""

    title: str
    why: str = ""
    may_go_on: bool = False
    may_fill: bool = False
    may_begin_again: bool = False
    done: bool = False


def turn_of(stop: Stop | None, held: bool, problem: Problem | None, receipt: PageReceipt | None) -> Turn:
    """Whose turn it is. ``held``: the page is filled in, its own button for the next step waits for a yes."""
    if receipt is not None:
        return Turn(
            _("The form says that your alert was submitted"),
            _("This page is kept as your receipt."),
            done=True,
        )
    if problem is not None:
        return Turn(_("The page cannot be shown"), say_problem(problem), may_begin_again=True)
    if held:
        return Turn(_("This page is filled in"), _("Read it, then go on."), may_go_on=True, may_fill=True)
    if stop is None:
        return Turn(_("Filling in… please do not type now"))
    if stop.at == "success":
        return Turn(_("The form says that your alert was submitted"), _("The page is being kept…"))
    again = stop.at in _BEGIN_AGAIN
    title = _TITLES.get(stop.at, _TITLES["drift"])
    why = said(stop.why)
    if stop.at in _BY_HAND:
        why += " " + _("Answer it yourself, then go on with the form’s own button.")
    return Turn(_(title), why, may_fill=not again, may_begin_again=again)


def said(why: Remark) -> str:
    """A remark as a sentence of its own."""
    return sentence(say_remark(why))
