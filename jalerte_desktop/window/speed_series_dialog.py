"""Starting a series: by which rules, against which promised speeds, what has to hold, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from jalerte_desktop.findings.speed import Standing
from jalerte_desktop.window.case_field import Captioned
from jalerte_desktop.window.entries import ChoiceBox
from jalerte_desktop.window.parts import Card, Dialog, button, label
from jalerte_desktop.window.speed_desk import RULES, START, SpeedDesk
from jalerte_desktop.window.speed_facts import RuleSet, rule_sets_of
from jalerte_desktop.window.speed_words import mega, size
from jalerte_desktop.window.theme import font
from jalerte_desktop.words.figures import NO_BREAK
from jalerte_desktop.words.language import N_, _

_KINDS = (("max", N_("at most")), ("normal", N_("normally")), ("min", N_("at least")))


class SeriesDialog(Dialog):
    """``begun`` once the series is kept; ``complete`` asks for the case page, at a promised speed."""

    begun = Signal()
    complete = Signal(str)

    def __init__(self, desk: SpeedDesk, parent: QWidget | None = None) -> None:
        super().__init__(
            _("Start a series"), _("A series of measurements against the contract"), "asks", parent
        )
        self._desk = desk
        self._sets: tuple[RuleSet, ...] = ()
        self.resize(760, 680)
        self.rules = Captioned(_("By which rules"), _("By which rules"), ChoiceBox())
        self.rules.editor.touched.connect(self._show)
        self.outer.addWidget(self.rules)
        column = self.scrolled().column
        self.summary = label("")
        column.addWidget(self.summary)
        promised = Card(_("What the contract promises"))
        promised.head(_("What the contract promises"))
        self.promised = label("")
        promised.column.addWidget(self.promised)
        row = QHBoxLayout()
        self.fill_in = button(_("&Fill in the promised speeds"))
        self.fill_in.clicked.connect(self._to_case)
        row.addWidget(self.fill_in)
        row.addStretch(1)
        promised.column.addLayout(row)
        column.addWidget(promised)
        holds = Card(_("What has to hold for the whole series"))
        holds.head(_("What has to hold for the whole series"))
        self.statements = label("")
        holds.column.addWidget(self.statements)
        column.addWidget(holds)
        cost = Card(_("What it costs"))
        cost.head(_("What it costs"))
        self.cost = label("")
        cost.column.addWidget(self.cost)
        column.addWidget(cost)
        self.warnings = label("", 12.5, tone="soft")
        column.addWidget(self.warnings)
        column.addStretch(1)
        self.confirm = QCheckBox(_("All of this &holds, for the whole series."))
        self.confirm.setFont(font(14))
        self.confirm.toggled.connect(self._ready)
        self.outer.addWidget(self.confirm)
        self.start = self.asks(_("&Start the series"), self._start)
        desk.answered.connect(self._answered)
        desk.refused.connect(self._refused)
        self._ready()
        desk.ask(RULES, "campaign", "list")

    def offer(self, sets: Sequence[RuleSet]) -> None:
        self._sets = tuple(sets)
        editor = self.rules.editor
        assert isinstance(editor, ChoiceBox)
        for one in sets:
            editor.addItem(one.model or _("Free: a number and a spacing of one’s own"), one.id)
        self._show()

    @property
    def chosen(self) -> RuleSet | None:
        return next((one for one in self._sets if one.id == self.rules.editor.read()), None)

    def _show(self) -> None:
        rules = self.chosen
        if rules is None:
            return
        fields = self._desk.case.case.fields if self._desk.case.case is not None else {}
        promised = promised_words(fields)
        self.summary.setText(rules.summary)
        self.promised.setText(
            "\n".join(promised)
            or _("No promised speed is known: everything would be measured, and nothing judged.")
        )
        self.fill_in.setVisible(not promised)
        self.statements.setText("\n".join(f"–{NO_BREAK}{one}" for one in rules.statements))
        self.cost.setText(cost_words(rules, self._desk.standing))
        self.warnings.setText("\n".join(rules.warnings))
        # What was confirmed for one set of rules is not confirmed for another.
        self.confirm.setChecked(False)
        self.say_problem("")
        self._ready()

    def _ready(self) -> None:
        self.confirm.setEnabled(self.chosen is not None)
        self.start.setEnabled(self.chosen is not None and self.confirm.isChecked())

    def _start(self) -> None:
        rules = self.chosen
        if rules is None:
            return
        self.say_problem("")
        self.start.setEnabled(False)
        self._desk.start_series(rules.id)

    def _to_case(self) -> None:
        self.reject()
        self.complete.emit("contract.download_normal_bps")

    def _answered(self, name: str, answer: object) -> None:
        if name == RULES and not self._sets:
            self.offer(rule_sets_of(answer))
        elif name == START and self.isVisible():
            self.accept()
            self.begun.emit()

    def _refused(self, name: str, sentence: str) -> None:
        if name in (RULES, START):
            self.say_problem(sentence)
            self._ready()


def promised_words(fields: Mapping[str, str]) -> list[str]:
    """A line for each direction of which something is promised."""
    lines = []
    for name, words in (("download", _("Received: {values}")), ("upload", _("Sent: {values}"))):
        told = [
            f"{_(kind)} {mega(int(text))}{NO_BREAK}Mbit/s"
            for key, kind in _KINDS
            if (text := fields.get(f"contract.{name}_{key}_bps", "")).isdecimal()
        ]
        if told:
            lines.append(words.format(values=", ".join(told)))
    return lines


def cost_words(rules: RuleSet, standing: Standing | None) -> str:
    """What the whole series will move, beside what the month has left."""
    if standing is None:
        return ""
    left = max(standing.cap_bytes - standing.used_bytes, 0)
    month = _("This month {left} of {cap} are left.").format(left=size(left), cap=size(standing.cap_bytes))
    if standing.usual_bytes is None:
        return " ".join(
            (
                _("{n} measurements. What one costs is known after the first: measure once before.").format(
                    n=rules.measurements
                ),
                month,
            )
        )
    whole = rules.measurements * standing.usual_bytes
    said = [
        _("{n} measurements, about {size} in all.").format(n=rules.measurements, size=size(whole)),
        month,
    ]
    if whole > left:
        said.append(
            _("That is too little for the whole series: measurements would wait. Raise the limit first.")
        )
    return " ".join(said)
