"""A page of a form as a person with a screen reader would meet it, and what can be done to it. No browser here.

``window/webform_page.js`` takes the snapshot, ``filler.py`` decides, ``window/webform_driver.py`` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a control is to assistive technology, as far as filling needs it."""

    RADIO = "radio"
    """A whole group; its options are the buttons."""
    SELECT = "select"
    TEXT = "text"
    TEXTAREA = "textarea"
    CHECKBOX = "checkbox"
    CHECKBOXES = "checkboxes"
    """A group of check boxes under one legend."""
    SEARCH = "search"
    """A list that is searched by typing (select2 and its like)."""
    FILE = "file"
    BUTTON = "button"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class PageOption:
    """One answer of a control. ``handle`` names its own element where it has one (a radio button)."""

    label: str
    value: str
    chosen: bool
    enabled: bool = True
    handle: str = ""


@dataclass(frozen=True, slots=True)
class Control:
    """One field or button. ``handle`` is good until the page is redrawn, ``label`` its accessible name.

    ``value`` is what stands in it now: the typed text, the chosen option's label, the names of the chosen files.
    ``max_length`` is the page's own limit in UTF-16 units, None where it states none. ``accepts`` is a file field's
    accept attribute.
    """

    handle: str
    role: Role
    name: str
    label: str
    value: str = ""
    options: tuple[PageOption, ...] = ()
    required: bool = False
    enabled: bool = True
    max_length: int | None = None
    accepts: str = ""
    input_type: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """What is visible now. ``text`` is the visible text (cut at 20,000 characters), ``errors`` the messages that the
    form itself shows, ``captcha`` True where something asks to prove that one is human."""

    url: str
    title: str
    text: str
    controls: tuple[Control, ...]
    errors: tuple[str, ...] = ()
    captcha: bool = False

    @property
    def buttons(self) -> tuple[Control, ...]:
        return tuple(control for control in self.controls if control.role is Role.BUTTON)

    @property
    def fields(self) -> tuple[Control, ...]:
        return tuple(control for control in self.controls if control.role is not Role.BUTTON)


@dataclass(frozen=True, slots=True)
class Choose:
    """Choose this option of a radio group or select."""

    control: Control
    option: PageOption


@dataclass(frozen=True, slots=True)
class Type:
    """Put this text into a field, in place of what is there."""

    control: Control
    text: str


@dataclass(frozen=True, slots=True)
class Search:
    """Type ``query`` into a searching list and choose the one result that is, folded, one of ``wanted``."""

    control: Control
    query: str
    wanted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attach:
    """Put these files into a file field: paths of our copies, with the names to show."""

    control: Control
    files: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Press:
    """Press a button: the next step, or "go on without accepting cookies". Never one that sends."""

    control: Control


Action = Choose | Type | Search | Attach | Press
