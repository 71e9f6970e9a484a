"""What the form that was open with us did: filled, left, no longer as known."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout

from jalerte_desktop.window.filing_facts import Answer, each, text, words
from jalerte_desktop.window.filing_run import FormResult
from jalerte_desktop.window.parts import Card, button, clear, label
from jalerte_desktop.words.language import N_, _, ngettext

_STOPS = {
    "consents": N_("It stopped before your consents: they are yours alone."),
    "send": N_("It stopped before sending: that is yours alone."),
    "captcha": N_("It stopped at a question for people only."),
    "drift": N_("It stopped where the form is no longer as the program knows it."),
    "expired": N_("The site had ended the session."),
    "failed": N_("The site failed."),
    "unknown-page": N_("It stopped at a page that the program does not know."),
    "stuck": N_("It stopped where the page did not go on."),
    "closed": N_("You closed the window."),
}


class FormCard(Card):
    """``put_away`` asks for the card to go."""

    put_away = Signal()

    def __init__(self) -> None:
        super().__init__(_("The form"), "banner")
        self.close_button = button(_("put away"), "link", 12.5)
        self.close_button.clicked.connect(self.put_away)
        self.head(_("The form"), self.close_button)
        self.words = label("", 14, bold=True)
        self.column.addWidget(self.words)
        self._lists = QVBoxLayout()
        self._lists.setSpacing(4)
        self.column.addLayout(self._lists)
        self._shown: FormResult | None = None
        self.hide()

    def show_result(self, result: FormResult | None) -> None:
        self.setVisible(result is not None)
        if result is None or result == self._shown:
            return
        self._shown = result
        clear(self._lists)
        sentence, lists = form_words(result)
        self.words.setText(sentence)
        self.setAccessibleDescription(sentence)
        for title, lines in lists:
            self._lists.addWidget(label(title, 12.5, bold=True))
            for line in lines:
                self._lists.addWidget(label("– " + line, 12.5))


def form_words(result: FormResult) -> tuple[str, list[tuple[str, list[str]]]]:
    """What an assisted form did: a sentence or two, and lists under titles."""
    if result.problem:
        return result.problem, []
    answer: Answer = result.answer if isinstance(result.answer, Mapping) else {}
    n = len(each(answer.get("filled"), lambda one: str(one["name"])))
    said = [ngettext("{n} field was filled.", "{n} fields were filled.", n).format(n=n)]
    if answer.get("sent") is True or answer.get("receipt"):
        said.insert(0, _("It is sent, and the proof is kept."))
    else:
        stopped = text(answer.get("stopped_at")).partition(":")[0]
        why = words(answer.get("why"))
        said.append(
            _(_STOPS[stopped]) if stopped in _STOPS else _("Stopped: {why}.").format(why=why) if why else ""
        )
        said.append(_("Nothing is known to have been sent."))
    lists = (
        (_("Left to you"), each(answer.get("left"), _line)),
        (_("No longer as the program knows the form"), each(answer.get("drift"), _line)),
    )
    return " ".join(one for one in said if one), [(title, list(lines)) for title, lines in lists if lines]


def _line(one: Answer) -> str:
    name, why = text(one.get("label")) or str(one["name"]), words(one.get("why"))
    return _("{name}: {value}").format(name=name, value=why) if why else name
