"""The advice sheet: what to do, note, keep and leave alone, and what comes next, when."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QWidget

from jalerte_desktop.window.filing_facts import Answer, each, sentences, text, texts, words
from jalerte_desktop.window.parts import Card, Dialog, label
from jalerte_desktop.words.language import N_, _

_TITLES = {
    "now": N_("What to do now"),
    "note": N_("What to note"),
    "keep": N_("What to keep"),
    "avoid": N_("What not to do"),
}


def sheet_of(answer: object) -> list[tuple[str, list[tuple[str, str]]]]:
    """Titles with their lines; each line has words and, below them, what to know of them."""
    told: Answer = answer if isinstance(answer, Mapping) else {}
    parts = [(_(title), [(one, "") for one in texts(told.get(name))]) for name, title in _TITLES.items()]
    facts = each(told.get("facts"), lambda one: (text(one.get("text")), _below(one.get("doubts"))))
    parts.append((_("Good to know"), list(facts)))
    steps = list(each(told.get("next"), _step))
    if steps and told.get("undated") is True:
        steps.append(
            (_("Your diary holds no written complaint yet: enter it once it is sent, the dates follow."), "")
        )
    parts.append((_("What comes next"), steps))
    return [(title, lines) for title, lines in parts if lines]


def _step(one: Answer) -> tuple[str, str]:
    before = words(one.get("before"))
    told = [
        *sentences(one.get("dates")),
        words(one.get("why")),
        _("Before: {what}").format(what=before) if before else "",
        *sentences(one.get("notes")),
        *(f"! {doubt}" for doubt in sentences(one.get("doubts"))),
    ]
    return str(one["title"]), "\n".join(line for line in told if line)


def _below(doubts: object) -> str:
    return "\n".join(f"! {doubt}" for doubt in sentences(doubts))


class AdviceDialog(Dialog):
    """To be read; nothing is done from here."""

    def __init__(self, answer: object, parent: QWidget | None = None) -> None:
        super().__init__(_("What to do next"), _("What to do next"), "read", parent)
        self.resize(760, 640)
        self.setMinimumSize(400, 320)
        area = self.scrolled(read=_("What to do next"))
        column = area.column
        spoken = []
        for title, lines in sheet_of(answer):
            card = Card(title)
            card.head(title)
            for said, below in lines:
                card.column.addWidget(label("– " + said))
                if below:
                    more = label(below, 12.5, tone="soft")
                    more.setContentsMargins(14, 0, 0, 0)
                    card.column.addWidget(more)
            column.addWidget(card)
            spoken += [title, *(said for said, _more in lines)]
        column.addStretch(1)
        area.setAccessibleDescription(". ".join(spoken))
        self.closes()
