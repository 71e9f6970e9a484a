"""Colours, type and the style sheet, light and dark, following the system."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

Size = float
"""One of 12.5, 14, 16, 22, 24."""

# Sizes are drawn for 96 dots an inch; as points they follow the person's own text size.
POINTS_PER_PIXEL = 0.75


@dataclass(frozen=True, slots=True)
class Scheme:
    """The colours of one appearance."""

    dark: bool
    page: str
    card: str
    line: str
    text: str
    soft: str
    accent: str
    on_accent: str
    chosen: str
    ribbon: str
    outage: str
    loss: str
    latency: str
    fine: str
    unobserved: str


LIGHT = Scheme(
    dark=False,
    page="#f6f7f9",
    card="#ffffff",
    line="#e3e7ec",
    text="#1c2430",
    soft="#5b6675",
    accent="#1f5fbf",
    on_accent="#ffffff",
    chosen="#e8effb",
    ribbon="#d7e2f3",
    outage="#c2410c",
    loss="#b45309",
    latency="#8b3fa0",
    fine="#0a7d5a",
    unobserved="#5b6675",
)
DARK = Scheme(
    dark=True,
    page="#14181f",
    card="#1c222b",
    line="#2b333f",
    text="#e8ecf2",
    soft="#9aa6b5",
    accent="#7fb0ff",
    on_accent="#14181f",
    chosen="#243044",
    ribbon="#2d3b51",
    outage="#ff8a5c",
    loss="#f2b04a",
    latency="#d79be6",
    fine="#3fc79a",
    unobserved="#9aa6b5",
)


def high_contrast(scheme: Scheme) -> Scheme:
    """The same for people who ask their system for more contrast: nothing soft, and lines that can be seen."""
    return replace(
        scheme,
        page=scheme.card if not scheme.dark else "#000000",
        card=scheme.card if not scheme.dark else "#000000",
        text="#ffffff" if scheme.dark else "#000000",
        soft="#ffffff" if scheme.dark else "#000000",
        line="#ffffff" if scheme.dark else "#000000",
    )


class Theme(QObject):
    """The appearance in use. ``changed`` tells whoever paints by hand to paint again."""

    changed = Signal()

    def __init__(self, forced: Scheme | None = None) -> None:
        super().__init__()
        self._forced = forced
        # PySide6 takes the accessibility hints away with the last reference to the style hints: both are kept.
        self._hints = QGuiApplication.styleHints()
        self._accessibility = self._hints.accessibility()
        self.scheme = forced or self._of_system()
        self._hints.colorSchemeChanged.connect(self._follow)
        self._accessibility.contrastPreferenceChanged.connect(self._follow)

    def apply(self) -> None:
        """Dress the whole application."""
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.setPalette(palette(self.scheme))
        application.setStyleSheet(style_sheet(self.scheme))
        self.changed.emit()

    def force(self, scheme: Scheme | None) -> None:
        """Keep one appearance whatever the system says (None: follow it again)."""
        self._forced = scheme
        self._follow()

    def _follow(self) -> None:
        scheme = self._forced or self._of_system()
        if scheme != self.scheme:
            self.scheme = scheme
            self.apply()

    def _of_system(self) -> Scheme:
        scheme = DARK if self._hints.colorScheme() == Qt.ColorScheme.Dark else LIGHT
        wants_more = self._accessibility.contrastPreference() == Qt.ContrastPreference.HighContrast
        return high_contrast(scheme) if wants_more else scheme


def icon_path(name: str) -> Path:
    spec = find_spec("resources")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "icons" / name


def font(size: Size, bold: bool = False) -> QFont:
    """The system's font in one of the five sizes."""
    result = QFont(QApplication.font())
    result.setPointSizeF(size * POINTS_PER_PIXEL)
    result.setBold(bold)
    return result


def palette(scheme: Scheme) -> QPalette:
    """The colours for everything that no style sheet rule names."""
    result = QPalette()
    role = QPalette.ColorRole
    for one, colour in (
        (role.Window, scheme.page),
        (role.WindowText, scheme.text),
        (role.Base, scheme.card),
        (role.AlternateBase, scheme.page),
        (role.Text, scheme.text),
        (role.Button, scheme.card),
        (role.ButtonText, scheme.text),
        (role.ToolTipBase, scheme.card),
        (role.ToolTipText, scheme.text),
        (role.PlaceholderText, scheme.soft),
        (role.Highlight, scheme.accent),
        (role.HighlightedText, scheme.on_accent),
        (role.Link, scheme.accent),
        (role.Mid, scheme.line),
        (role.Accent, scheme.accent),
    ):
        result.setColor(one, QColor(colour))
    for one in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, one, QColor(scheme.soft))
    return result


def style_sheet(scheme: Scheme) -> str:
    values = {name: getattr(scheme, name) for name in Scheme.__slots__}
    values["check"] = icon_path("check-dark.svg" if scheme.dark else "check-light.svg").as_posix()
    text = _STYLE
    for name in sorted(values, key=len, reverse=True):
        text = text.replace(f"@{name}", str(values[name]))
    return text


# A focused button's border is one pixel wider and its padding one less, so that nothing moves.
_STYLE = """
QWidget#page, QScrollArea#page { background: @page; border: none; }
QWidget#clear, QScrollArea#clear { background: transparent; border: none; }
QFrame#navigation { background: @card; border: none; border-right: 1px solid @line; }
QFrame#card { background: @card; border: 1px solid @line; border-radius: 12px; }
QFrame#banner { background: @chosen; border: 1px solid @accent; border-radius: 12px; }
QFrame#demo { background: @chosen; border: none; border-bottom: 2px solid @accent; }
QFrame#rule { background: @line; border: none; max-height: 1px; min-height: 1px; }
QFrame#row { border: 1px solid transparent; border-radius: 6px; }
QFrame#row:focus { border: 1px solid @accent; }
QLabel { color: @text; background: transparent; }
QLabel[tone="soft"] { color: @soft; }
QLabel[tone="accent"] { color: @accent; }
QLabel[tone="outage"] { color: @outage; }
QLabel[tone="loss"] { color: @loss; }
QLabel[tone="fine"] { color: @fine; }
QLabel[badge="soft"] { color: @soft; border: 1px solid @soft; border-radius: 10px; padding: 1px 9px 2px 9px; }
QLabel[badge="outage"] { color: @outage; border: 1px solid @outage; border-radius: 10px; padding: 1px 9px 2px 9px; }
QLabel[badge="loss"] { color: @loss; border: 1px solid @loss; border-radius: 10px; padding: 1px 9px 2px 9px; }
QLabel[badge="latency"] { color: @latency; border: 1px solid @latency; border-radius: 10px; padding: 1px 9px 2px 9px; }
QLabel[badge="accent"] { color: @accent; border: 1px solid @accent; border-radius: 10px; padding: 1px 9px 2px 9px; }
QPushButton { color: @accent; background: @card; border: 1px solid @accent; border-radius: 8px; padding: 9px 16px; }
QPushButton:hover { background: @chosen; }
QPushButton:focus { border: 2px solid @accent; padding: 8px 15px; }
QPushButton:disabled { color: @soft; border-color: @line; }
QPushButton[role="primary"] { color: @on_accent; background: @accent; }
QPushButton[role="primary"]:focus { border: 2px solid @text; }
QPushButton[role="primary"]:disabled { color: @soft; background: @line; border-color: @line; }
QPushButton[role="link"] { color: @soft; background: transparent; border: 1px solid transparent; border-radius: 4px;
    padding: 1px 3px; }
QPushButton[role="link"]:hover { color: @accent; }
QPushButton[role="link"]:focus { color: @accent; border: 1px solid @accent; padding: 1px 3px; }
QPushButton[role="nav"] { color: @soft; background: transparent; border: 1px solid transparent; border-radius: 8px;
    padding: 9px 11px; text-align: left; }
QPushButton[role="nav"]:hover { color: @text; }
QPushButton[role="nav"]:checked { color: @accent; background: @chosen; font-weight: bold; }
QPushButton[role="nav"]:focus { border: 1px solid @accent; padding: 9px 11px; }
QPushButton[role="choice"] { color: @soft; border-color: @soft; }
QPushButton[role="choice"]:checked { color: @accent; background: @chosen; border-color: @accent; }
QPushButton[role="choice"]:focus { border: 2px solid @accent; }
QCheckBox { color: @text; spacing: 8px; padding: 3px 6px 3px 0; border: 1px solid transparent; border-radius: 4px; }
QCheckBox:focus { border-color: @accent; }
QCheckBox::indicator { width: 16px; height: 16px; border: 1px solid @soft; border-radius: 4px; background: @card; }
QCheckBox::indicator:checked { background: @accent; border-color: @accent; image: url(@check); }
QLineEdit, QPlainTextEdit { color: @text; background: @card; border: 1px solid @soft; border-radius: 6px;
    padding: 6px 8px; selection-background-color: @accent; selection-color: @on_accent;
    placeholder-text-color: @soft; }
QLineEdit:focus, QPlainTextEdit:focus { border: 2px solid @accent; padding: 5px 7px; }
QComboBox { color: @text; background: @card; border: 1px solid @soft; border-radius: 6px; padding: 6px 28px 6px 8px;
    selection-background-color: @accent; selection-color: @on_accent; placeholder-text-color: @soft; }
QComboBox:focus { border: 2px solid @accent; padding: 5px 27px 5px 7px; }
QComboBox::drop-down { border: none; width: 28px; }
QComboBox::down-arrow { image: none; }
QComboBox QLineEdit, QComboBox QLineEdit:focus { background: transparent; border: none; border-radius: 0; padding: 0; }
QComboBox QAbstractItemView { color: @text; background: @card; border: 1px solid @soft;
    outline: none; selection-background-color: @chosen; selection-color: @accent; }
QComboBox QAbstractItemView::item { min-height: 26px; padding: 0 8px; }
QTableView { color: @text; background: @card; gridline-color: @line; border: 1px solid @line; border-radius: 6px;
    selection-background-color: @accent; selection-color: @on_accent; }
QTableView::item { padding: 0 8px; border: none; }
QTableView::item:selected { background: @accent; color: @on_accent; }
QTableView:focus { border: 1px solid @accent; }
QCalendarWidget QTableView, QCalendarWidget QTableView:focus { border: none; }
QCalendarWidget QTableView::item { padding: 0; }
QCalendarWidget QWidget#qt_calendar_navigationbar { background: @card; }
QCalendarWidget QToolButton { color: @text; background: transparent; border: 1px solid transparent; padding: 4px 8px;
    border-radius: 4px; }
QCalendarWidget QToolButton:hover, QCalendarWidget QToolButton:focus { border-color: @accent; }
QCalendarWidget QToolButton::menu-indicator { image: none; }
QHeaderView::section { color: @soft; background: @card; border: none; border-bottom: 1px solid @line;
    padding: 6px 8px; }
QToolTip { color: @text; background: @card; border: 1px solid @soft; padding: 4px; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar::handle:vertical { background: @soft; border-radius: 3px; min-height: 28px; margin: 2px; }
QScrollBar::add-line:vertical, QScrollBar::sub-line:vertical { height: 0; }
QScrollBar::add-page:vertical, QScrollBar::sub-page:vertical { background: transparent; }
"""
