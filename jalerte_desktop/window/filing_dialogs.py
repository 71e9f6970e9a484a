"""What has to be asked before something can be shown: an address, consents, a number. Nothing is set beforehand."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from jalerte_desktop.casefile.diary import OPERATOR_STEPS
from jalerte_desktop.window.case_field import Captioned
from jalerte_desktop.window.entries import ChoiceBox, TextBox
from jalerte_desktop.window.filing_facts import RouteFacts
from jalerte_desktop.window.filing_words import channel_name
from jalerte_desktop.window.flow import FlowRow
from jalerte_desktop.window.parts import Dialog, button, label, say
from jalerte_desktop.words.language import _


class AskDialog(Dialog):
    """A title, explanations, fields, a place for what went wrong. ``wanted`` with a name and the arguments given."""

    wanted = Signal(str, tuple)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, title, "asks", parent)
        self.resize(600, 500)
        self.setMinimumSize(400, 300)
        self.column = self.scrolled().column
        self.row = FlowRow()
        self.cancel = button(_("&Cancel"))
        self.cancel.clicked.connect(self.reject)
        self.row.add(self.cancel)
        self.foot(left=self.row)
        self.ways: list[QPushButton] = []

    def offer(self, words: str, primary: bool = True) -> QPushButton:
        """A button that goes on."""
        pressed = button(words, "primary" if primary else "")
        self.ways.append(pressed)
        self.row.add(pressed)
        return pressed

    def showEvent(self, event) -> None:
        super().showEvent(event)
        # Where writing begins, not on "Cancel".
        self.findChildren(Captioned)[0].editor.setFocus()

    def ask(self, name: str, *arguments: str) -> None:
        self.say_problem("")
        for one in self.ways:
            one.setEnabled(False)
        self.wanted.emit(name, arguments)

    def say_problem(self, sentence: str) -> None:
        """Why it does not go on; another try may be made."""
        super().say_problem(sentence)
        for one in self.ways:
            one.setEnabled(True)


EML, PREPARE = "eml", "prepare"


class EmailDialog(AskDialog):
    """To whom, and about what. ``may_send``: a mail server of the person's own is set up."""

    def __init__(self, route: RouteFacts, parent: QWidget | None = None) -> None:
        super().__init__(_("An e-mail"), parent)
        self._purpose = "operator" if route.channel in OPERATOR_STEPS else "ombudsman"
        self.column.addWidget(label(route.title, 14, bold=True))
        for doubt in route.doubts if route.email else ():
            self.column.addWidget(label("! " + doubt, 12.5, tone="soft"))
        caption = _("E-mail address of whom it goes to")
        self.to = Captioned(
            _("To"),
            caption,
            TextBox(),
            _("As it stands on the bill or on the site; several with commas between."),
        )
        self.to.editor.put(route.email)
        self.subject = Captioned(_("Subject"), _("Subject"), TextBox(), _("Empty: the program writes one."))
        self.column.addWidget(self.to)
        self.column.addWidget(self.subject)
        self.hint = label("", 12.5, tone="soft")
        self.column.addWidget(self.hint)
        self.column.addStretch(1)
        self.send = self.offer(_("&Show it, then send from here"), primary=False)
        self.send.clicked.connect(lambda: self._go(PREPARE))
        self.draft = self.offer(_("Open in my &mail program"))
        self.draft.clicked.connect(lambda: self._go(EML))
        self.allow_sending(None)

    def allow_sending(self, sender: str | None) -> None:
        """``sender``: the address of the mail account that is set up; "" where there is none, None while unknown."""
        self.send.setVisible(bool(sender))
        say(
            self.hint,
            _("From here it would leave as {sender}.").format(sender=sender)
            if sender
            else _("To send from here, set up your mail server once: jalerte alert mail set.")
            if sender == ""
            else "",
        )

    def _go(self, name: str) -> None:
        addresses = [one.strip() for one in self.to.editor.read().replace(";", ",").split(",") if one.strip()]
        if not addresses:
            self.to.say_problem(_("Write an address."))
            self.to.editor.setFocus()
            return
        self.to.say_problem("")
        subject = self.subject.editor.read().strip()
        self.ask(
            name,
            *(f"--to={one}" for one in addresses),
            f"--for={self._purpose}",
            *((f"--subject={subject}",) if subject else ()),
        )


class DeskDialog(AskDialog):
    """The desk's address, and two consents that are the person's alone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_("An alert desk"), parent)
        self.column.addWidget(
            label(
                _(
                    "It gets your alert with the incidents, the files and your contact, signed. Before anything leaves"
                    " you see every byte."
                ),
                tone="soft",
            )
        )
        self.url = Captioned(
            _("Address of the desk"), _("Address of the desk"), TextBox(), _("It begins with https://")
        )
        self.column.addWidget(self.url)
        answers = [("", _("not answered")), ("yes", _("yes")), ("no", _("no"))]
        self.processing = Captioned(
            _("May it process your alert and your contact?"),
            _("May it process your alert and your contact?"),
            ChoiceBox(answers),
            _("Without a yes it may not take the alert."),
        )
        self.third = Captioned(
            _("May it pass them on, to the operator or an authority?"),
            _("May it pass them on, to the operator or an authority?"),
            ChoiceBox(answers),
        )
        for one in (self.processing, self.third):
            one.editor.setMaximumWidth(220)
            self.column.addWidget(one)
        self.column.addStretch(1)
        self.go = self.offer(_("&Show what leaves"))
        self.go.clicked.connect(self._go)

    def _go(self) -> None:
        url, open_ones = self.url.editor.read().strip(), []
        self.url.say_problem("" if url else _("Write the address that the desk gave you."))
        if not url:
            open_ones.append(self.url)
        for one in (self.processing, self.third):
            one.say_problem("" if one.editor.read() else _("Answer it: nobody else can."))
            if not one.editor.read():
                open_ones.append(one)
        if open_ones:
            open_ones[0].editor.setFocus()
            return
        self.ask(
            PREPARE,
            f"--url={url}",
            f"--consent-processing={self.processing.editor.read()}",
            f"--consent-third-parties={self.third.editor.read()}",
        )


class NumberDialog(AskDialog):
    """The number or reference that the other side gave, afterwards."""

    def __init__(self, channel: str, parent: QWidget | None = None) -> None:
        super().__init__(_("A number or reference"), parent)
        self.resize(520, 320)
        self.column.addWidget(label(channel_name(channel), 14, bold=True))
        caption = _("Tracking number") if channel == "registered" else _("Number or reference")
        self.number = Captioned(caption, caption, TextBox())
        self.text = Captioned(
            _("Anything else"), _("Anything else"), TextBox(), _("Such as the day it was posted.")
        )
        self.column.addWidget(self.number)
        self.column.addWidget(self.text)
        self.column.addStretch(1)
        self.go = self.offer(_("&Keep it as proof"))
        self.go.clicked.connect(self._go)

    def _go(self) -> None:
        reference, more = self.number.editor.read().strip(), self.text.editor.read().strip()
        if not reference and not more:
            self.number.say_problem(_("Write the number."))
            self.number.editor.setFocus()
            return
        self.number.say_problem("")
        self.ask(
            "number",
            *((f"--reference={reference}",) if reference else ()),
            *((f"--text={more}",) if more else ()),
        )
