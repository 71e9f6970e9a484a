"""The names of the answers that the case file's fields take."""

from __future__ import annotations

from jalerte_desktop.words.language import N_, _

_CHOICES = {
    "individual": N_("private person"),
    "elected": N_("local authority or elected person"),
    "company": N_("company"),
    "association": N_("consumers’ association"),
    "developer": N_("developer"),
    "fibre": N_("fibre"),
    "cable": N_("cable"),
    "vdsl": N_("VDSL"),
    "adsl": N_("ADSL"),
    "4g": N_("4G box"),
    "5g": N_("5G box"),
    "satellite": N_("satellite"),
    "radio": N_("radio"),
    "other": N_("another one"),
    "yes": N_("yes"),
    "no": N_("no"),
}


def choice_name(value: str) -> str:
    """An answer in the active language; what is no known answer, as it is."""
    return _(_CHOICES[value]) if value in _CHOICES else value
