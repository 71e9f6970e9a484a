"""How far a sending is, and what proves it: as a badge beside a sign, and as a line of a list tells it."""

from __future__ import annotations

from dataclasses import dataclass

from jalerte_desktop.words.language import N_


@dataclass(frozen=True, slots=True)
class Told:
    """One thing in two places' words. ``badge``: short, beside a sign. ``line``: after the name of the sending."""

    badge: str
    line: str


STATES = {
    "prepared": Told(N_("shown, not agreed to"), N_("shown, waits for your yes")),
    "waiting": Told(N_("waiting"), N_("waits to be sent")),
    "sending": Told(N_("being sent"), N_("is being sent")),
    "sent": Told(N_("it has left"), N_("has been sent")),
    "unsure": Told(N_("unsure"), N_("perhaps sent: you decide")),
    "failed": Told(N_("was refused"), N_("was refused")),
    "cancelled": Told(N_("cancelled"), N_("was cancelled")),
    "handed": Told(N_("in your hands"), N_("for you to send")),
}
STOPPED = Told(N_("was stopped"), N_("was stopped before it left"))
"""In place of a state, where the program itself held it back."""

RECEIPTS = {
    "page": Told(N_("page of confirmation"), N_("page of the form")),
    "smtp": Told(N_("taken by the mail server"), N_("answer of the mail server")),
    "desk": Told(N_("receipt of the alert desk"), N_("answer of the alert desk")),
    "tracking": Told(N_("tracking number"), N_("tracking number")),
    "person": Told(N_("your own word"), N_("noted by you")),
}
