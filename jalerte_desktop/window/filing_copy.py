"""What the copy assistant hands over, item by item, in the order of the form: plain decisions over its task."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from diagnostics.model import Remark
from jalerte_desktop.filing.assisted import Entry, Finding, Result, Task
from jalerte_desktop.filing.values import State
from jalerte_desktop.words.language import _


class How(StrEnum):
    """What the person does with an item."""

    PASTE = "paste"
    CHOOSE = "choose"
    FILE = "file"
    OPEN = "open"
    """Nothing is known: theirs to fill in, or to leave."""
    ALONE = "alone"
    """Consents and sending: nobody else's, and without a value."""


_CHOSEN = ("radio", "select", "checkboxes", "search", "rating", "checkbox")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to hand over. ``value`` is what is copied ("" where nothing is)."""

    name: str
    label: str
    step: str
    how: How
    value: str = ""

    @property
    def hint(self) -> str:
        return {
            How.PASTE: _("Paste it into this field of the form."),
            How.CHOOSE: _("Choose this answer in the form, or paste it where it is typed."),
            How.FILE: _(
                "Paste this path where the form asks for the file, or drag the file from its folder."
            ),
            How.OPEN: _("The program does not know it: fill it in yourself, or leave it."),
            How.ALONE: _("For you alone: read it, and decide."),
        }[self.how]


def items_of(task: Task) -> tuple[Item, ...]:
    """Every field that applies, in the form's order; sending comes last."""
    found: list[Item] = []
    for one in task.values:
        field, value = one.field, one.value
        step = task.form.steps.get(field.step, "")
        if one.state is State.NOT_APPLICABLE:
            continue
        if field.reserved or one.state is State.RESERVED:
            found.append(Item(field.name, field.label, step, How.ALONE))
        elif field.control == "file":
            files = [Item(field.name, field.label, step, How.FILE, each.path) for each in task.attachments]
            found += files or [Item(field.name, field.label, step, How.OPEN)]
        elif one.state is State.FILLED and value.text:
            how = How.CHOOSE if field.control in _CHOSEN else How.PASTE
            found.append(Item(field.name, field.label, step, how, value.query or value.text))
        else:
            found.append(Item(field.name, field.label, step, How.OPEN))
    last = found[-1].step if found else ""
    return (*found, Item("", _("Send the form"), last, How.ALONE))


def result_of(
    items: tuple[Item, ...], copied: frozenset[int], sent: bool | None, reference: str, url: str
) -> Result:
    """What was handed over, and what was not. ``sent`` None: the person was not asked."""
    named = [(place, item) for place, item in enumerate(items) if item.name]
    return Result(
        stopped_at="success" if sent else "closed" if sent is None else "send",
        filled=tuple(Entry(item.name, item.label, item.value) for place, item in named if place in copied),
        left=tuple(
            Finding(item.name, item.label, Remark.of("copy_not_taken" if item.value else "copy_for_you"))
            for place, item in named
            if place not in copied
        ),
        steps=tuple(dict.fromkeys(item.step for item in items if item.step)),
        url=url,
        sent=sent,
        reference=reference,
    )
