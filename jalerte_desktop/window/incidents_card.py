"""The week's incidents, newest first: when, how long, whose fault, why, and what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from diagnostics.incidents.merged import MergedIncident
from diagnostics.model import Incident, Span
from jalerte_desktop.findings.model import Findings
from jalerte_desktop.window.chart_data import local_day
from jalerte_desktop.window.digest import unbroken
from jalerte_desktop.window.marks import badge_tone, sign_of
from jalerte_desktop.window.parts import Card, button, label, rule
from jalerte_desktop.window.sentences import confidence, confidence_at_least
from jalerte_desktop.words.figures import clock_time, day, duration, local
from jalerte_desktop.words.language import _, ngettext
from jalerte_desktop.words.names import cause_short, kind_name
from jalerte_desktop.words.remarks import say
from jalerte_desktop.words.views import row_words

SHOWN = 20
NO_TIME = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Row:
    """One incident in words."""

    id: str
    day: str
    time: str
    lasted: str
    kind: str
    badge: str
    tone: str
    sure: str
    reasons: str
    reserve: str
    span: Span = NO_TIME

    @property
    def spoken(self) -> str:
        parts = (
            self.day,
            self.time,
            self.lasted,
            self.kind,
            self.badge,
            self.sure,
            self.reasons,
            self.reserve,
        )
        return ". ".join(part.rstrip(".") for part in parts if part) + "."


def rows_of(findings: Findings, now_ns: int) -> list[Row]:
    """The line's incidents, newest first, excluded ones among them with their reason."""
    mine = [incident for incident in findings.incidents if incident.line.id == findings.line.id]
    return [
        row_of(incident, now_ns) for incident in sorted(mine, key=lambda one: one.span.start_ns, reverse=True)
    ]


def merged_rows_of(findings: Findings, now_ns: int) -> list[Row]:
    """Like ``rows_of``, but what follows each other closely is one row that names each of its incidents."""
    by_id = {incident.id: incident for incident in findings.incidents}
    rows = []
    for merged in sorted(findings.merged, key=lambda one: one.span.start_ns, reverse=True):
        raw = [by_id[key] for key in merged.incidents]
        if merged.line.id == findings.line.id:
            rows.append(row_of(raw[0], now_ns) if len(raw) == 1 else _row_of_several(merged, raw, now_ns))
    return rows


EACH_SHOWN = 3


def _row_of_several(merged: MergedIncident, raw: list[Incident], now_ns: int) -> Row:
    """The longest one's arguments, under the first one's time and the time of all."""
    longest = max(raw, key=lambda one: one.duration_s)
    each = [
        f"{clock_time(local(one.span.start_ns))} ({unbroken(duration(one.duration_s))})"
        for one in raw[:EACH_SHOWN]
    ]
    if len(raw) > EACH_SHOWN:
        each.append(_("{n} more in the whole list").format(n=len(raw) - EACH_SHOWN))
    lowest = replace(longest, verdict=replace(longest.verdict, confidence=merged.confidence))
    first, row = row_of(raw[0], now_ns), row_of(lowest, now_ns)
    words = row_words(merged.count, merged.span.duration_s, merged.total_s)
    return replace(
        row,
        id=merged.id,
        span=merged.span,
        day=first.day,
        time=first.time,
        lasted=_("ongoing") if merged.ongoing else _("{time} in all").format(time=duration(merged.total_s)),
        kind=f"{kind_name(merged.kind)} × {merged.count}",
        sure=confidence_at_least(merged.confidence),
        reasons=" ".join(
            (
                _sentence(_capital(words)),
                _sentence(", ".join(each)),
                _("The longest: {reasons}").format(reasons=row.reasons),
            )
        ),
    )


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def row_of(incident: Incident, now_ns: int) -> Row:
    verdict = incident.verdict
    start = local(incident.span.start_ns)
    today = incident.span.start_ns >= local_day(now_ns).start_ns
    reserves = [say(remark) for remark in verdict.counter_evidence]
    if incident.excluded is not None:
        reserves.insert(0, _("Taken out of the count: {reason}").format(reason=incident.excluded))
    return Row(
        id=incident.id,
        span=incident.span,
        day="" if today else day(start, year=False),
        time=clock_time(start, seconds=False),
        lasted=_("ongoing") if incident.ongoing else duration(incident.duration_s),
        kind=kind_name(incident.kind),
        badge=f"{sign_of(verdict.cause, verdict.confidence)} {cause_short(verdict.cause)}",
        tone=badge_tone(verdict.cause, verdict.confidence) if incident.excluded is None else "soft",
        sure=confidence(verdict.confidence),
        reasons=" ".join(_sentence(say(remark)) for remark in verdict.reasons),
        reserve=_("Reserve: {words}").format(words=" ".join(_sentence(words) for words in reserves))
        if reserves
        else "",
    )


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?", "…")) else words + "."


def exclude_words() -> str:
    """What the buttons and menus say that take a period out of the count."""
    return _("Take out of the count…")


class RowView(QFrame):
    """One incident; takes the keyboard's focus, and then reads itself out. Its menu offers to ``exclude`` it."""

    exclude = Signal(object)

    def __init__(self, row: Row) -> None:
        super().__init__()
        self.setObjectName("row")
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        offer = QAction(exclude_words(), self)
        offer.triggered.connect(lambda: self.exclude.emit(row.span))
        self.addAction(offer)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(row.spoken)
        across = QHBoxLayout(self)
        across.setContentsMargins(7, 8, 4, 8)
        across.setSpacing(8)
        left = QVBoxLayout()
        left.setSpacing(4)
        left.addWidget(label(row.time, 14, bold=True, wrap=False))
        left.addWidget(label(row.lasted, 12.5, tone="soft"))
        left.addStretch(1)
        when = QWidget()
        when.setLayout(left)
        left.setContentsMargins(0, 0, 0, 0)
        when.setFixedWidth(84)
        across.addWidget(when)
        column = QVBoxLayout()
        column.setSpacing(3)
        head = QHBoxLayout()
        head.setSpacing(9)
        badge = label(row.badge, 12.5, wrap=False)
        badge.setProperty("badge", row.tone)
        head.addWidget(badge)
        sure = label(f"{row.kind} · {row.sure}", 12.5, tone="soft")
        # Beside a long badge in a narrow window the words would otherwise be cut.
        sure.setMinimumWidth(
            max(sure.fontMetrics().horizontalAdvance(word) for word in sure.text().split()) + 12
        )
        head.addWidget(sure, 1)
        column.addLayout(head)
        if row.reasons:
            column.addWidget(label(row.reasons))
        if row.reserve:
            column.addWidget(label(row.reserve, 12.5, tone="soft"))
        across.addLayout(column, 1)


class WholeLines(QScrollArea):
    """Shows whole lines only: one that the lower edge would cut in half waits for scrolling."""

    def __init__(self) -> None:
        super().__init__()
        self._bottom = 0

    def fit(self) -> None:
        """The rows were changed, or their heights: end the view between two lines."""
        inner = self.widget()
        if inner is None:
            return
        bottom = 0
        if inner.height() > self.height():
            lines = [line for one in inner.findChildren(QLabel) for line in lines_of(one, inner)]
            ends = [end for _start, end in lines if end <= self.height()]
            whole = (end for end in ends if not any(top < end < low for top, low in lines))
            bottom = self.height() - max(whole, default=self.height())
        if bottom != self._bottom:
            self._bottom = bottom
            self.setViewportMargins(0, 0, 0, bottom)

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self.fit()


def lines_of(text: QLabel, inner: QWidget) -> list[tuple[int, int]]:
    """Upper and lower edge of each line of a text, as the inner widget counts."""
    top = text.mapTo(inner, QPoint(0, 0)).y()
    count = max(1, text.height() // max(1, text.fontMetrics().lineSpacing()))
    return [(top + text.height() * n // count, top + text.height() * (n + 1) // count) for n in range(count)]


class IncidentsCard(Card):
    """``show_all`` asks for the whole list, ``exclude`` for a period to be taken out of the count."""

    show_all = Signal()
    exclude = Signal(object)

    def __init__(self) -> None:
        super().__init__(_("Incidents"))
        self.all_button = button(_("see all"), "link", 12.5)
        self.all_button.clicked.connect(self.show_all)
        self.head(_("Incidents of the last 7 days"), self.all_button)
        self._rows: list[Row] = []
        self._area = WholeLines()
        self._area.setObjectName("clear")
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setMinimumHeight(150)
        self.column.addWidget(self._area, 1)
        self.column.setContentsMargins(18, 14, 10, 12)
        self.views: list[RowView] = []
        self.show_rows([], first=True)

    def show_rows(self, rows: list[Row], first: bool = False) -> None:
        """Builds the list anew only when something in it changed, and keeps the focus on the same incident."""
        if rows == self._rows and not first:
            return
        focused = next(
            (row.id for row, view in zip(self._rows, self.views, strict=False) if view.hasFocus()), None
        )
        scrolled = self._area.verticalScrollBar().value()
        self._rows = rows
        self.views = []
        inner = QWidget()
        inner.setObjectName("clear")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(0)
        last_day = ""
        for index, row in enumerate(rows[:SHOWN]):
            if row.day != last_day:
                heading = label(row.day, 12.5, bold=True, tone="soft", wrap=False)
                heading.setContentsMargins(8, 8 if index else 0, 0, 0)
                column.addWidget(heading)
                last_day = row.day
            elif index:
                column.addWidget(rule())
            view = RowView(row)
            view.installEventFilter(self)
            view.exclude.connect(self.exclude)
            self.views.append(view)
            column.addWidget(view)
        if not rows:
            column.addWidget(label(_("No incident in the last 7 days."), tone="soft"))
        if len(rows) > SHOWN:
            more = ngettext("{n} more in the whole list.", "{n} more in the whole list.", len(rows) - SHOWN)
            column.addWidget(label(more.format(n=len(rows) - SHOWN), 12.5, tone="soft"))
        column.addStretch(1)
        inner.installEventFilter(self)
        self._area.setWidget(inner)
        self.all_button.setEnabled(bool(rows))
        self._area.verticalScrollBar().setValue(scrolled)
        for row, view in zip(rows, self.views, strict=False):
            if row.id == focused:
                view.setFocus()

    def eventFilter(self, watched, event) -> bool:  # noqa: N802 - Qt's name
        if watched is self._area.widget() and event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            QTimer.singleShot(0, self._area, self._area.fit)
        elif isinstance(watched, RowView) and watched in self.views:
            if event.type() == QEvent.Type.FocusIn:
                self._area.ensureWidgetVisible(watched, 0, 8)
            elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
                step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
                place = self.views.index(watched) + step
                if step and 0 <= place < len(self.views):
                    self.views[place].setFocus(Qt.FocusReason.TabFocusReason)
                    return True
        return super().eventFilter(watched, event)
