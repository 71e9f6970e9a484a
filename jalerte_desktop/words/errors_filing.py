"""Sentences of filing: problems of the outbox, its channels and the assisted form; remarks of the filler."""

from __future__ import annotations

from diagnostics.model import Remark
from jalerte_desktop.words.language import N_, _

SENTENCES: dict[str, str] = {
    "filing_unknown": N_("There is no filing “{value}”: “jalerte alert queue” lists them."),
}
"""Of problems; ``words/errors.py`` says them."""

REMARKS: dict[str, str] = {
    "fill_not_known": N_("the program does not know what to put here"),
}
"""Why a field was left, why the filling stopped, what no longer fits the form map, why a sending did not succeed."""


def say_remark(remark: Remark) -> str:
    """A remark of filing in the active language."""
    values = {name: str(value).replace("\n", " ") for name, value in remark.values}
    return _(REMARKS[remark.code]).format(**values)
