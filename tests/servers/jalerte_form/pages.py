"""The pages in HTML, and the answers to round trips: drawn anew from the server's state, with new ids each time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tests.servers.jalerte_form import log
from tests.servers.jalerte_form.fields import TEXTS, Field, Kind
from tests.servers.jalerte_form.session import Session
from tests.servers.jalerte_form.shape import Offered
from tests.servers.jalerte_form.variants import Variant

_FOLDER = Path(__file__).parent
_TEMPLATES = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
GAP_MS = 300
"""Longest pause before a late field asks for its content: a moment in which nothing is under way."""

CHANGE, SEARCH, LOAD, UPLOAD, REMOVE = range(5)
"""What a component's address asks for: the number before the path in ``?3-1.0-form-profil``."""


@dataclass(frozen=True, slots=True)
class Choice:
    id: str
    wire: str
    shown: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """One field as the template needs it."""

    name: str
    wire: str
    kind: str
    id: str
    message_id: str
    label: str
    hint: str
    required: bool
    waits: bool
    text: str
    limit: int
    choices: tuple[Choice, ...]
    message: str


def step_page(session: Session) -> str:
    """The whole page of the open step. Its messages are shown once."""
    facts, calls = _step(session)
    return _page("step.html", session, calls=calls, **facts)


def plain_page(template: str, session: Session) -> str:
    """cookies.html or success.html."""
    return _page(template, session, title=session.form.title(session.step))


def trouble_page(kind: str) -> str:
    """``kind``: expired or error."""
    return _TEMPLATES.get_template(f"{kind}.html").render()


def captcha_page() -> str:
    return _TEMPLATES.get_template("captcha.html").render()


def redrawn(session: Session) -> str:
    """The answer to a round trip: the form in the page gives way to a new one."""
    before = session.form_id
    facts, calls = _step(session)
    form = _TEMPLATES.get_template("form.html").render(session=session, **facts)
    return _ajax((before, form), calls)


def text_answer(session: Session, field: Field, message_id: str) -> str:
    """The answer to a text's round trip: only the message beneath the field is drawn anew."""
    messages = [message for name, message in session.wizard.messages if name == field.name]
    session.wizard.messages.clear()
    shown = _TEMPLATES.get_template("message.html").render(id=message_id, message=" ".join(messages))
    return _ajax((message_id, shown), ())


def elsewhere(address: str) -> str:
    """The answer to a round trip whose page is no more: the browser is to go to another address."""
    body = f"<redirect><![CDATA[{address}]]></redirect>"
    return f'<?xml version="1.0" encoding="UTF-8"?><ajax-response>{body}</ajax-response>'


def found(offers: tuple[Offered, ...]) -> str:
    """What a select2 gets for its search."""
    results = [{"id": offer.wire, "text": offer.shown} for offer in offers]
    return json.dumps({"results": results, "pagination": {"more": False}}, ensure_ascii=False)


def _ajax(component: tuple[str, str], calls: tuple[str, ...]) -> str:
    parts = [f'<component id="{component[0]}">{_cdata(component[1])}</component>']
    parts += [f"<evaluate>{_cdata(call)}</evaluate>" for call in calls]
    return f'<?xml version="1.0" encoding="UTF-8"?><ajax-response>{"".join(parts)}</ajax-response>'


def _cdata(text: str) -> str:
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def _page(template: str, session: Session, **facts: object) -> str:
    what = {"step.html": "step", "cookies.html": "cookies", "success.html": "success"}[template]
    step = session.step if what == "step" else 0
    title = session.form.title(step) if step else ""
    session.note(log.PageShown, what=what, step=step, title=title)
    overlay = session.form.has(Variant.COOKIE_OVERLAY) and not session.cookies
    return _TEMPLATES.get_template(template).render(session=session, overlay=overlay, **facts)


def _step(session: Session) -> tuple[dict[str, object], tuple[str, ...]]:
    """What step.html and form.html need, and the calls that bind the new elements to the server, as Wicket does."""
    messages = dict(reversed(session.wizard.messages))
    general = tuple(message for _, message in session.wizard.messages)
    session.wizard.messages.clear()
    session.form_id = session.new_id()
    fields = tuple(_shown(session, field, messages.get(field.name, "")) for field in session.visible())
    captcha = session.form.captcha_step == session.step and not session.wizard.captcha
    removals = tuple(session.new_id() for _ in session.wizard.files)
    by_enter = session.form.has(Variant.SENDS_BY_ENTER)
    calls = [f"Wicket.Form.bind({json.dumps({'c': session.form_id, 'byEnter': by_enter})});"]
    calls += [_call(session, field) for field in fields]
    calls += [
        _bind(session, identity, "remove", REMOVE, f"{number}") for number, identity in enumerate(removals)
    ]
    facts = {
        "title": session.form.title(session.step),
        "titles": tuple(session.form.title(step) for step in session.form.steps),
        "action": f"./?{session.page}-{session.render}.-form",
        "fields": fields,
        "captcha": captcha,
        "removals": tuple(zip(removals, session.wizard.files, strict=True)),
        "general": general,
    }
    return facts, tuple(calls)


def _shown(session: Session, field: Field, message: str) -> Shown:
    offers = session.chosen(field) if field.kind is Kind.COMMUNE else ()
    if field.kind not in TEXTS and not offers:
        offers = session.form.offered(field, session.wizard.values)
    chosen = session.chosen(field) if field.kind not in TEXTS else ()
    return Shown(
        name=field.name,
        wire=session.form.wires[field.name],
        kind="text" if field.kind in TEXTS and field.kind is not Kind.TEXTAREA else field.kind.value,
        id=session.new_id(),
        message_id=session.new_id(),
        label=session.form.label(field),
        hint=field.hint,
        required=field.required(session.wizard.values),
        waits=session.waits(field),
        text=session.text(field) if field.kind in TEXTS else "",
        limit=session.form.text_limit,
        choices=tuple(Choice(session.new_id(), offer.wire, offer.shown, offer in chosen) for offer in offers),
        message=message,
    )


def _call(session: Session, shown: Shown) -> str:
    path = shown.wire.replace(":", "-")
    if shown.waits:
        return _bind(session, shown.id, "late", LOAD, path, d=session.gap_ms(GAP_MS))
    if shown.kind == Kind.FILE:
        return _bind(session, shown.id, "upload", UPLOAD, path)
    if shown.kind == Kind.COMMUNE:
        search = _address(session, SEARCH, path)
        return _bind(session, shown.id, "commune", CHANGE, path, search=search)
    if shown.kind in ("text", Kind.TEXTAREA):
        return _bind(session, shown.id, "text", CHANGE, path, message=shown.message_id)
    return _bind(session, shown.id, "select" if shown.kind == Kind.SELECT else "click", CHANGE, path)


def _bind(session: Session, identity: str, kind: str, asked: int, path: str, **more: object) -> str:
    call = {"u": _address(session, asked, path), "c": identity, "k": kind, **more}
    return f"Wicket.Ajax.ajax({json.dumps(call)});"


def _address(session: Session, asked: int, path: str) -> str:
    return f"./?{session.page}-{session.render}.{asked}-form-{quote(path)}"
