"""Buttons in a row that goes on below where there is no room: nothing is cut in a small window."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QSizePolicy, QWidget

GAP = 8


class FlowRow(QWidget):
    """``add`` in the order of reading. Its height follows from its width."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("clear")
        self._members: list[QWidget] = []
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def count(self) -> int:
        return len(self._members)

    def add(self, widget: QWidget) -> None:
        widget.setParent(self)
        self._members.append(widget)
        self.updateGeometry()

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        return self._lay(width, move=False)

    def sizeHint(self) -> QSize:
        seen = [one.sizeHint() for one in self._members if not one.isHidden()]
        wide = sum(one.width() for one in seen) + GAP * max(len(seen) - 1, 0)
        return QSize(wide, max((one.height() for one in seen), default=0))

    def minimumSizeHint(self) -> QSize:
        seen = [one.sizeHint() for one in self._members if not one.isHidden()]
        return QSize(
            max((one.width() for one in seen), default=0), max((one.height() for one in seen), default=0)
        )

    def resizeEvent(self, event) -> None:
        super().resizeEvent(event)
        self._lay(self.width(), move=True)

    def event(self, event) -> bool:
        # A member that comes, goes or changes its words moves the others.
        if event.type() == event.Type.LayoutRequest:
            self.updateGeometry()
            self._lay(self.width(), move=True)
        return super().event(event)

    def _lay(self, width: int, move: bool) -> int:
        """Give each member its place, row by row, in the middle of its row; returns the whole height."""
        y, high = 0, 0
        for row in self._in_rows(width):
            y += high + (GAP if y or high else 0)
            high = max(one.sizeHint().height() for one in row)
            x = 0
            for one in row if move else ():
                wish = one.sizeHint()
                from_right = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
                left = self.width() - x - wish.width() if from_right else x
                one.setGeometry(QRect(QPoint(left, y + (high - wish.height()) // 2), wish))
                x += wish.width() + GAP
        return y + high

    def _in_rows(self, width: int) -> list[list[QWidget]]:
        rows: list[list[QWidget]] = []
        x = 0
        for one in self._members:
            if one.isHidden():
                continue
            wish = one.sizeHint().width()
            if not rows or x + wish > width:
                rows.append([])
                x = 0
            rows[-1].append(one)
            x += wish + GAP
        return rows
