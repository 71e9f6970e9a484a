"""Where the speed is lost: what was measured by cable and by Wi-Fi, at home and over the line, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from jalerte_desktop.window.parts import Card, label, say
from jalerte_desktop.window.speed_facts import SideFacts
from jalerte_desktop.window.speed_paint import SlimBar
from jalerte_desktop.window.speed_words import rate, when_words
from jalerte_desktop.window.theme import Theme
from jalerte_desktop.words.figures import NO_BREAK, local, short_date
from jalerte_desktop.words.language import N_, _

KINDS = {
    "home_cable": N_("By cable, to a server at home"),
    "home_wifi": N_("By Wi-Fi, to a server at home"),
    "line_cable": N_("By cable, over the line"),
    "line_wifi": N_("By Wi-Fi, over the line"),
}


class CompareCard(Card):
    def __init__(self, theme: Theme) -> None:
        super().__init__(_("Where is the speed lost?"))
        self._theme = theme
        self._shown: object = None
        self._inner: QWidget | None = None
        self.head(_("Where is the speed lost?"))
        self.verdict = label("")
        self.column.addWidget(self.verdict)
        self._place = QVBoxLayout()
        self.column.addLayout(self._place)
        self.column.addSpacing(4)
        self.column.addWidget(
            label(
                _(
                    "A server of your own at home tells cable and Wi-Fi from the line. On a second computer, connected"
                    " by cable, start:"
                ),
                12.5,
                tone="soft",
            )
        )
        self.command = label("jalerte speed-server", 14, bold=True)
        self.command.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.command.setAccessibleName(_("Command: {command}").format(command="jalerte speed-server"))
        self.column.addWidget(self.command)
        self.column.addWidget(
            label(_("It says which command to type on this one; the result appears here."), 12.5, tone="soft")
        )

    def show_sides(self, sides: Sequence[SideFacts], verdict: Sequence[str]) -> None:
        if (shown := (tuple(sides), tuple(verdict))) == self._shown:
            return
        self._shown = shown
        say(self.verdict, "\n".join(f"–{NO_BREAK}{one}" for one in verdict))
        if self._inner is not None:
            self._place.removeWidget(self._inner)
            self._inner.hide()
            self._inner.deleteLater()
            self._inner = None
        if sides:
            self._inner = self._table(sides)
            self._place.addWidget(self._inner)

    def _table(self, sides: Sequence[SideFacts]) -> QWidget:
        inner = QWidget()
        inner.setObjectName("clear")
        grid = QGridLayout(inner)
        grid.setContentsMargins(0, 6, 0, 0)
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 5)
        grid.setColumnStretch(1, 4)
        most = max((one.down_bps or 0 for one in sides), default=0) or 1
        for index, one in enumerate(sides):
            name = _(KINDS[one.kind]) if one.kind in KINDS else one.kind
            doubt = "" if one.sound and not one.old else (_("too old") if one.old else _("in doubt"))
            below = " · ".join(part for part in (short_date(local(one.at_ns)), doubt) if part)
            if index:
                grid.setRowMinimumHeight(3 * index - 1, 6)
            grid.addWidget(label(name), 3 * index, 0)
            aside = label(below, 12.5, tone="soft")
            grid.addWidget(aside, 3 * index + 1, 0, Qt.AlignmentFlag.AlignTop)
            figures = label(f"↓{NO_BREAK}{rate(one.down_bps)}   ↑{NO_BREAK}{rate(one.up_bps)}", 14, bold=True)
            figures.setToolTip(when_words(one.at_ns))
            grid.addWidget(figures, 3 * index, 1)
            bar = SlimBar(
                self._theme, _("{name}, received: {rate}").format(name=name, rate=rate(one.down_bps))
            )
            bar.show_share((one.down_bps or 0) / most)
            grid.addWidget(bar, 3 * index + 1, 1, Qt.AlignmentFlag.AlignTop)
        return inner
