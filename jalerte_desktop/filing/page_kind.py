"""What a page is: a step of the form, by its fields; else cookies, start, success, expired, failed. And its buttons."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from jalerte_desktop.filing.form import Form
from jalerte_desktop.filing.form_words import plain, same, same_content, says, words
from jalerte_desktop.filing.matching import Matched
from jalerte_desktop.filing.page import Control, Page, Role


class PageKind(StrEnum):
    STEP = "step"
    COOKIES = "cookies"
    START = "start"
    CAPTCHA = "captcha"
    SUCCESS = "success"
    EXPIRED = "expired"
    FAILED = "failed"
    UNKNOWN = "unknown"


_COOKIES = ("cookie", "cookies", "traceur", "traceurs")
# Beginnings of words on buttons that may send: in doubt a button sends.
_SENDING = re.compile(
    r"\b(envo\w*|soume\w*|soumi\w*|transm\w*|valid\w*|confirm\w*|submit\w*|send\w*|final\w*|termin\w*|sign(er|ez|e)|"
    r"publi\w*|adress\w*|signal\w*|enregistr\w*|depos\w*|accept\w*|consen\w*|autoris\w*|certifi\w*|pay\w*)\b"
)
_REFUSING_BY_ITSELF = re.compile(
    r"\b(sans accepter|tout refuser|refuser tout|refuser tous les cookies|cookies?)\b"
)
_ACCEPTING = re.compile(r"\b(accept\w*|autoris\w*|ok|compris|d accord|tout activer)\b")


def page_kind(page: Page, matched: Matched, form: Form) -> PageKind:
    """Fields first: a step that merely mentions success or errors in its text stays a step."""
    wordings = form.wordings
    if refusals(page, form) or _accepts_cookies(page):
        return PageKind.COOKIES
    told = (page.title, *page.errors)
    if any(says(text, wordings.expired) for text in told):
        return PageKind.EXPIRED
    if _is_step(page, matched, form):
        return PageKind.STEP
    for kind, phrases in (
        (PageKind.SUCCESS, wordings.success),
        (PageKind.EXPIRED, wordings.expired),
        (PageKind.FAILED, wordings.failed),
    ):
        if any(says(text, phrases) for text in (page.text, *told)):
            return kind
    if page.captcha:
        return PageKind.CAPTCHA
    if starts(page, form):
        return PageKind.START
    return PageKind.UNKNOWN


def _is_step(page: Page, matched: Matched, form: Form) -> bool:
    if matched.known >= 2:
        return True
    # One field alone may be the newsletter's of any page.
    telling = any(match.control.role is not Role.TEXT for match in matched.sure)
    going_on = telling or bool(nexts(page, form) or senders(page, form))
    return going_on and bool(matched.known or matched.consents) and not starts(page, form)


def step_number(matched: Matched) -> int | None:
    """The map's number of the step that most fields of the page belong to."""
    found = Counter(match.field.step for match in matched.sure)
    found.update(field.step for _control, field in matched.consents if field is not None)
    found.update(doubt.field.step for doubt in matched.doubts if not found)
    return min(found, key=lambda step: (-found[step], step)) if found else None


def is_sender(control: Control, form: Form) -> bool:
    """True for a button that may send, or that agrees to something."""
    if same_content(control.label, form.wordings.send):
        return True
    if same(control.label, form.wordings.next) or same(control.label, form.wordings.refuse_cookies):
        return False
    return bool(_SENDING.search(plain(control.label)))


def senders(page: Page, form: Form) -> tuple[Control, ...]:
    """Buttons that may send; links aside, which lead elsewhere ("Signaler un abus")."""
    return tuple(button for button in _pressed_ones(page) if is_sender(button, form))


def _pressed_ones(page: Page) -> tuple[Control, ...]:
    return tuple(button for button in page.buttons if button.input_type != "link")


def nexts(page: Page, form: Form) -> tuple[Control, ...]:
    """Buttons that go to the next step, whether they can be pressed or not."""
    return tuple(
        button
        for button in page.buttons
        if same_content(button.label, form.wordings.next)
        and not same_content(button.label, form.wordings.send)
    )


def starts(page: Page, form: Form) -> tuple[Control, ...]:
    """Buttons that begin an alert, the surest wording first."""
    found = [
        button
        for wording in form.wordings.start
        for button in page.buttons
        if same_content(button.label, (wording,)) and not same_content(button.label, form.wordings.send)
    ]
    return tuple(dict.fromkeys(found))


def refusals(page: Page, form: Form) -> tuple[Control, ...]:
    """Buttons that refuse cookies, the surest wording first. Some count only where the page talks of cookies."""
    about_cookies = _talks_of_cookies(page)
    found = []
    for wording in form.wordings.refuse_cookies:
        if about_cookies or _REFUSING_BY_ITSELF.search(plain(wording)):
            found += [button for button in page.buttons if same(button.label, (wording,))]
    return tuple(found)


def _accepts_cookies(page: Page) -> bool:
    """True where cookies are asked about and no button refuses them."""
    accepting = [button for button in _pressed_ones(page) if _ACCEPTING.search(plain(button.label))]
    return bool(accepting) and (_talks_of_cookies(page) or _named(accepting))


def _talks_of_cookies(page: Page) -> bool:
    return says(page.text, _COOKIES)


def _named(buttons: Iterable[Control]) -> bool:
    return any({"cookie", "cookies"}.intersection(words(button.label)) for button in buttons)
