"""The names of what the diary holds: kinds of exchange, and the steps that they were with."""

from __future__ import annotations

from jalerte_desktop.words.language import N_, _

KINDS = {
    "call": N_("call"),
    "letter": N_("letter"),
    "email": N_("e-mail"),
    "appointment": N_("appointment"),
    "visit": N_("technician’s visit"),
    "invoice": N_("invoice"),
    "photo": N_("photo"),
    "note": N_("note"),
    "outage": N_("declared outage"),
}
STEPS = {
    "customer-service": N_("customer service"),
    "consumer-service": N_("consumer service"),
    "mediator": N_("mediator"),
    "conciliator": N_("conciliator"),
    "court": N_("court"),
    "ombudsman": N_("ombudsman"),
}


def kind_name(kind: str) -> str:
    """What is no known kind, as it is."""
    return _(KINDS[kind]) if kind in KINDS else kind


def whom(name: str) -> str:
    """With whom: a step's name, or the name that the person gave."""
    return _(STEPS[name]) if name in STEPS else name
