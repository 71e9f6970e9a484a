"""Past measurements, and those that were held back: as rows of a card, and as a table in a window of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from jalerte_desktop.window.parts import Card, button, label, rule
from jalerte_desktop.window.speed_facts import HeldFacts, ResultFacts
from jalerte_desktop.window.speed_words import day_words, hour_words, milli, provider_name, rate, size
from jalerte_desktop.window.tables import TableDialog, TextTable
from jalerte_desktop.words.figures import NO_BREAK, clock_time, local, short_date
from jalerte_desktop.words.language import _, ngettext

SHOWN = 8


@dataclass(frozen=True, slots=True)
class ListRow:
    """One measurement or hold in words. ``badge`` has sign and word: no colour is needed. ``tone`` as in theme."""

    at_ns: int
    badge: str
    tone: str
    figures: str
    words: str
    details: str

    @property
    def spoken(self) -> str:
        return ". ".join(
            one
            for one in (
                f"{day_words(self.at_ns)} {hour_words(self.at_ns)}",
                self.badge,
                self.figures,
                self.words,
            )
            if one
        )


def rows_of(results: Sequence[ResultFacts], held: Sequence[HeldFacts]) -> list[ListRow]:
    """Newest first."""
    rows = [_result_row(one) for one in results] + [_held_row(one) for one in held]
    return sorted(rows, key=lambda row: row.at_ns, reverse=True)


def _result_row(one: ResultFacts) -> ListRow:
    if one.cancelled:
        badge, tone = "◐" + NO_BREAK + _("broken off"), "soft"
    elif one.indicative:
        badge, tone = "◌" + NO_BREAK + _("indicative"), "soft"
    else:
        badge, tone = "✓" + NO_BREAK + _("speaks for the line"), "accent"
    down, up = (flow.bps if flow is not None else None for flow in (one.down, one.up))
    first = next(iter((*one.reasons, *(() if not one.indicative else one.remarks))), "")
    told = [
        _("Measured with {provider}, {server}.").format(
            provider=provider_name(one.provider), server=one.server
        ),
        _("Data used: {size}.").format(size=size(one.bytes)),
        *((_("On schedule."),) if one.scheduled else ()),
        *one.reasons,
        *one.remarks,
    ]
    figures = f"↓{NO_BREAK}{rate(down)}   ↑{NO_BREAK}{rate(up)}"
    return ListRow(one.at_ns, badge, tone, figures, first, "\n".join(told))


def _held_row(one: HeldFacts) -> ListRow:
    if one.retry_ns is None:
        again = _("It was given up.")
    else:
        again = _("To be tried again at {time}.").format(time=clock_time(local(one.retry_ns), seconds=False))
    return ListRow(one.at_ns, "‖" + NO_BREAK + _("held back"), "loss", "", one.words, f"{one.words}\n{again}")


class MeasurementRow(QFrame):
    """One row; takes the keyboard's focus, and then reads itself out."""

    def __init__(self, row: ListRow) -> None:
        super().__init__()
        self.setObjectName("row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(row.spoken)
        self.setToolTip(row.details)
        across = QHBoxLayout(self)
        across.setContentsMargins(7, 8, 4, 8)
        across.setSpacing(8)
        time = label(hour_words(row.at_ns), 14, bold=True, wrap=False)
        time.setFixedWidth(84)
        across.addWidget(time, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(3)
        head = self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        head.setSpacing(8)
        head.addWidget(_badge(row), 0, Qt.AlignmentFlag.AlignLeft)
        if row.figures:
            head.addWidget(label(row.figures, 14, bold=True), 1)
        else:
            head.addStretch(1)
        column.addLayout(head)
        if row.words:
            column.addWidget(label(row.words, 12.5, tone="soft"))
        across.addLayout(column, 1)

    def place(self, wide: bool) -> None:
        """The figures beside the badge, or below it."""
        self._head.setDirection(
            QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        )


def _badge(row: ListRow) -> QWidget:
    """As wide for every row, so that the figures stand below one another."""
    badge = label(row.badge, 12.5, wrap=False)
    badge.setProperty("badge", row.tone)
    place = QWidget()
    across = QHBoxLayout(place)
    across.setContentsMargins(0, 0, 0, 0)
    across.addWidget(badge)
    across.addStretch(1)
    widest = max(badge.fontMetrics().horizontalAdvance(f"✓{NO_BREAK}{words}") for words in _worths())
    place.setFixedWidth(widest + 36)
    return place


def _worths() -> tuple[str, ...]:
    return _("broken off"), _("indicative"), _("speaks for the line"), _("held back")


class ListCard(Card):
    """``show_all`` asks for the whole list."""

    show_all = Signal()

    def __init__(self) -> None:
        super().__init__(_("Measurements so far"))
        self.all_button = button(_("see them all"), "link", 12.5)
        self.all_button.setAccessibleName(_("See all measurements"))
        self.all_button.clicked.connect(self.show_all)
        self.head(_("Measurements so far"), self.all_button)
        self.rows: list[ListRow] | None = None
        self.views: list[MeasurementRow] = []
        self._inner: QWidget | None = None
        self._wide = True

    def place(self, wide: bool) -> None:
        self._wide = wide
        for view in self.views:
            view.place(wide)

    def show_rows(self, rows: list[ListRow]) -> None:
        """Builds the list anew only when something in it changed, and keeps the focus on the same measurement."""
        if rows == self.rows:
            return
        focused = next(
            (row.at_ns for row, view in zip(self.rows or (), self.views, strict=False) if view.hasFocus()),
            None,
        )
        self.rows, self.views = rows, []
        inner = QWidget()
        inner.setObjectName("clear")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        last_day = ""
        for index, row in enumerate(rows[:SHOWN]):
            if day_words(row.at_ns) != last_day:
                last_day = day_words(row.at_ns)
                heading = label(last_day, 12.5, bold=True, tone="soft", wrap=False)
                heading.setContentsMargins(8, 8 if index else 0, 0, 0)
                column.addWidget(heading)
            elif index:
                column.addWidget(rule())
            view = MeasurementRow(row)
            view.place(self._wide)
            view.installEventFilter(self)
            self.views.append(view)
            column.addWidget(view)
        if not rows:
            column.addWidget(label(_("No measurement yet."), tone="soft"))
        if (more := len(rows) - SHOWN) > 0:
            words = ngettext("{n} more in the whole list.", "{n} more in the whole list.", more)
            below = label(words.format(n=more), 12.5, tone="soft")
            below.setContentsMargins(8, 8, 0, 0)
            column.addWidget(below)
        if self._inner is not None:
            self.column.removeWidget(self._inner)
            self._inner.hide()
            self._inner.deleteLater()
        self._inner = inner
        self.column.addWidget(inner)
        self.all_button.setEnabled(bool(rows))
        # What is made later would come last.
        before: QWidget = self.all_button
        for view in self.views:
            QWidget.setTabOrder(before, view)
            before = view
        for row, view in zip(rows, self.views, strict=False):
            if row.at_ns == focused:
                view.setFocus()

    def eventFilter(self, watched, event) -> bool:  # noqa: N802 - Qt's name
        if (
            event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and isinstance(watched, MeasurementRow)
            and watched in self.views
        ):
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
            place = self.views.index(watched) + step
            if step and 0 <= place < len(self.views):
                self.views[place].setFocus(Qt.FocusReason.TabFocusReason)
                return True
        return super().eventFilter(watched, event)


def measurements_table(
    results: Sequence[ResultFacts], held: Sequence[HeldFacts], parent: Any = None
) -> TableDialog:
    """What was measured or held back, with the reasons of the chosen one below."""
    names = (_("Day"), _("Time"), _("Worth"), _("Down"), _("Up"), _("Idle"), _("Grade"))
    by_time = {one.at_ns: one for one in results}
    rows, texts = rows_of(results, held), []
    for row in rows:
        at, one = local(row.at_ns), by_time.get(row.at_ns)
        figures = ("", "", "", "")
        if one is not None and not row.badge.startswith("‖"):
            down, up = (flow.bps if flow is not None else None for flow in (one.down, one.up))
            idle = one.idle.median_ms if one.idle is not None else None
            figures = (rate(down), rate(up), milli(idle), one.grade or "–")
        texts.append((short_date(at), clock_time(at, seconds=False), row.badge, *figures))

    def details(index: int) -> str:
        return rows[index].details if index >= 0 else ""

    return TableDialog(_("Measurements of the last three months"), TextTable(names, texts), details, parent)
