"""What the stand-in saw and did, in order: the truth that tests ask. Names and values are those of the plain form."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """``at_s``: seconds since the stand-in began. ``page`` is the page instance, the n of ``?n``."""

    at_s: float
    session: int
    page: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageShown(Entry):
    """``what``: cookies, step, success, expired, error. ``step`` is the plain form's number, 0 outside the steps."""

    what: str
    step: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value(Entry):
    """A value that the server took over. ``sent_as`` is the HTML name, ``code`` what came over the wire.

    ``value`` is the choice in the plain form's words, or the text. Several checkboxes are joined by " | ".
    """

    step: int
    name: str
    sent_as: str
    value: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Entry):
    """A value that was not taken over, or the gap that kept a step from being left."""

    step: int
    name: str
    value: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent(Entry):
    """The client answered a consent: ``value`` is "Oui", "Non", "accepté", "retiré", or for cookies "tout accepter".

    Cookies refused are no consent. Boxes that the form itself had ticked are not in the log.
    """

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating(Entry):
    """``stars`` is 0 where a rating was taken back."""

    stars: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload(Entry):
    """A file that arrived whole. ``message`` says why it was refused, empty if it was taken."""

    name: str
    size: int
    sha256: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRemoved(Entry):
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Send(Entry):
    """The button that sends was pressed. ``accepted`` is false where something was missing.

    ``values`` is all that the server held at that moment, consents and rating included.
    """

    accepted: bool
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptchaTicked(Entry):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Left(Entry):
    """A step's button was pressed. ``button``: next, back. ``accepted`` is false where something was missing."""

    step: int
    button: str
    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble(Entry):
    """``what``: expired (the session died as meant), error (the error page as meant), stale (a request for a page
    instance that is no more), lost (a request with no session)."""

    what: str
