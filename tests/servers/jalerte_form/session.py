"""One visitor's state on the server: what was taken over, which step is open, and what a request does to it."""

from __future__ import annotations

import hashlib
import random
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.servers.jalerte_form import log
from tests.servers.jalerte_form.fields import TEXTS, Field, Kind
from tests.servers.jalerte_form.shape import Form, Offered
from tests.servers.jalerte_form.variants import Variant

FILE_LIMIT = 5 * 1024 * 1024
FILES = 5
_SUFFIXES = (".jpg", ".jpeg", ".png", ".pdf")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_TELEPHONE = re.compile(r"\+?[0-9 .()-]{6,20}")

Posted = Mapping[str, list[str]]
"""Values of a request by HTML name."""

Journal = Callable[..., None]
"""Appends an entry of this class with these facts to the log, and adds the time."""


class Gone(Exception):
    """The session, or the page instance that was asked for, is no more."""


class Failed(Exception):
    """The error that the variant "error-page" stages."""


@dataclass(frozen=True, slots=True)
class JoinedFile:
    name: str
    size: int
    sha256: str


@dataclass(slots=True)
class Wizard:
    """One alert on its way. ``typed`` holds texts that were refused, as they were typed.

    ``loaded`` names late fields whose content the page has asked for; ``messages`` are shown with the next page.
    """

    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)
    files: list[JoinedFile] = field(default_factory=list)
    messages: list[tuple[str, str]] = field(default_factory=list)
    captcha: str = ""
    place: str = "step"
    position: int = 0


class Session:
    """Calls are made with ``lock`` held: as with Wicket, one request at a time works on a session's page."""

    def __init__(self, number: int, form: Form, journal: Journal, longest_delay_s: float, port: int) -> None:
        self.number = number
        self.port = port
        self.form = form
        self.lock = threading.Lock()
        self.wizard = Wizard()
        self.alive = True
        self.page = -1
        self.render = 0
        self.cookies = ""
        self.form_id = ""
        self._ids = 0x1A + number
        self._journal = journal
        self._longest_s = longest_delay_s
        self._delays = random.Random(f"{form.seed}/{number}/delays")
        self._gaps_ms = random.Random(f"{form.seed}/{number}/gaps")
        self._requests = 0
        # Only the first session meets the staged trouble: whoever begins again gets through.
        first = number == 1
        staged = random.Random(f"{form.seed}/trouble").randint(3, 14)
        self._expires_at = staged if first and form.has(Variant.SESSION_EXPIRY) else None
        self._fails_at = staged if first and form.has(Variant.ERROR_PAGE) else None

    # --- what the pages ask ---

    @property
    def step(self) -> int:
        return self.form.steps[self.wizard.position]

    @property
    def last(self) -> bool:
        return self.wizard.position == len(self.form.steps) - 1

    def new_id(self) -> str:
        self._ids += 1
        return f"id{self._ids:x}"

    def delay_s(self) -> float:
        """How long the next answer takes."""
        if self.form.has(Variant.SLOW):
            return self._delays.uniform(self._longest_s, 3 * self._longest_s)
        return self._delays.uniform(0, self._longest_s)

    def gap_ms(self, longest_ms: int) -> int:
        """A pause that a late field makes before it asks for its content; none where answers take no time."""
        return round(self._gaps_ms.uniform(0, longest_ms)) if self._longest_s else 0

    def visible(self) -> tuple[Field, ...]:
        return self.form.step_fields(self.step, self.wizard.values)

    def waits(self, one: Field) -> bool:
        """True for a late field whose content has not been asked for."""
        return one.late and one.name not in self.wizard.loaded

    def chosen(self, one: Field) -> tuple[Offered, ...]:
        held = self.wizard.values.get(one.name, ())
        if one.kind is Kind.COMMUNE:
            found = (self.form.commune(code) for code in held)
            return tuple(commune for commune in found if commune is not None)
        return tuple(offer for offer in self.form.offered(one, self.wizard.values) if offer.code in held)

    def text(self, one: Field) -> str:
        typed = self.wizard.typed.get(one.name)
        return next(iter(self.wizard.values.get(one.name, ())), "") if typed is None else typed

    def held(self) -> dict[str, str]:
        """Everything the server holds, in the plain form's words, by plain name; only fields with a value."""
        found = {}
        for one in self.form.fields:
            held = self.wizard.values.get(one.name, ())
            if held:
                found[one.name] = self._words(one, held)
        if self.wizard.files:
            found["pieceJointe"] = " | ".join(file.name for file in self.wizard.files)
        return found

    def note(self, entry: type[log.Entry], **facts: Any) -> None:
        self._journal(entry, session=self.number, page=self.page, **facts)

    # --- pages ---

    def begin(self) -> None:
        """A new alert, from the first page."""
        self.wizard = Wizard()
        if self.form.has(Variant.TICKED_CONSENT):
            self.wizard.values |= {"consentementTiers": ("oui",), "consentementTraitement": ("on",)}
        asks = not self.cookies and not self.form.has(Variant.COOKIE_OVERLAY)
        self.open("cookies" if asks else "step")

    def open(self, place: str, position: int = 0) -> None:
        """A new page instance; the one before is gone."""
        self.wizard.place, self.wizard.position = place, position
        self.page += 1
        self.render = 0

    def check(self, page: int, render: int | None = None) -> None:
        """Counts a request. Gone where it is for another instance or the session dies; Failed as staged."""
        if not self.alive:
            self.note(log.Trouble, what="lost")
            raise Gone
        if page != self.page or (render is not None and render != self.render):
            self.note(log.Trouble, what="stale")
            raise Gone
        if self.wizard.place != "step" or render is None:
            return
        self._requests += 1
        if self._requests == self._expires_at:
            self.alive = False
            self.note(log.Trouble, what="expired")
            raise Gone
        if self._requests == self._fails_at:
            self.note(log.Trouble, what="error")
            raise Failed

    def answer_cookies(self, answer: str) -> None:
        """``answer``: accepter or refuser."""
        self.cookies = answer
        if answer == "accepter":
            self.note(log.Consent, name="cookies", value="tout accepter")

    # --- fields ---

    def load(self, one: Field) -> None:
        self.wizard.loaded.add(one.name)

    def take(self, one: Field, sent: list[str]) -> None:
        """One field's new value, or a message why not. Nothing happens when it is what the server holds."""
        if one not in self.visible() or self.waits(one):
            self._refuse(one, " ".join(sent), "Ce champ n’est pas affiché.")
        elif one.kind in TEXTS:
            self._take_text(one, " ".join(sent))
        elif one.kind is not Kind.FILE:
            self._take_choice(one, [value for value in sent if value])

    def upload(self, name: str, data: bytes) -> None:
        message = ""
        if not name.lower().endswith(_SUFFIXES):
            message = f"Le fichier « {name} » n’est pas accepté : formats JPG, PNG ou PDF."
        elif len(data) > FILE_LIMIT:
            message = f"Le fichier « {name} » dépasse 5 Mo."
        elif len(self.wizard.files) >= FILES:
            message = f"Vous ne pouvez pas joindre plus de {FILES} fichiers."
        digest = hashlib.sha256(data).hexdigest()
        self.note(log.Upload, name=name, size=len(data), sha256=digest, message=message)
        if message:
            self.wizard.messages.append(("pieceJointe", message))
        else:
            self.wizard.files.append(JoinedFile(name, len(data), digest))

    def remove_file(self, number: int) -> None:
        if 0 <= number < len(self.wizard.files):
            self.note(log.UploadRemoved, name=self.wizard.files.pop(number).name)

    def tick_captcha(self, token: str) -> None:
        if token and not self.wizard.captcha:
            self.wizard.captcha = token
            self.note(log.CaptchaTicked)

    # --- buttons ---

    def back(self) -> None:
        """The step before. What was typed and not yet sent is lost."""
        self.note(log.Left, step=self.step, button="back", accepted=True)
        self.open("step", max(0, self.wizard.position - 1))

    def forward(self, posted: Posted) -> None:
        """Takes the step over and goes on, or sends on the last one; stays, with messages, if something is missing."""
        for one in self.visible():
            sent = posted.get(self.form.wires[one.name])
            unticked = sent is None and one.kind in (Kind.CHECKBOX, Kind.CHECKBOXES)
            if (sent is not None or unticked) and not self.waits(one):
                self.take(one, sent or [])
        self.tick_captcha(next(iter(posted.get("g-recaptcha-response", [])), ""))
        accepted = not self.wizard.messages and not self._gaps()
        if self.last:
            self.note(log.Send, accepted=accepted, values=tuple(self.held().items()))
        else:
            self.note(log.Left, step=self.step, button="next", accepted=accepted)
        if not accepted:
            self.render += 1
        elif self.last:
            self.open("success", self.wizard.position)
        else:
            self.open("step", self.wizard.position + 1)

    # --- inside ---

    def _gaps(self) -> bool:
        """Adds a message for each required field that is empty."""
        missing = [
            (one, f"Le champ « {self.form.label(one)} » est obligatoire.")
            for one in self.visible()
            if one.required(self.wizard.values) and not self.wizard.values.get(one.name)
        ]
        for one, message in missing:
            self._refuse(one, "", message)
        if self.form.captcha_step == self.step and not self.wizard.captcha:
            message = "Veuillez confirmer que vous n’êtes pas un robot."
            self.note(log.Refused, step=self.step, name="captcha", value="", message=message)
            self.wizard.messages.append(("captcha", message))
        return bool(self.wizard.messages)

    def _take_text(self, one: Field, sent: str) -> None:
        text = sent.replace("\r\n", "\n").strip()
        message = self._fault(one, text)
        if message:
            self.wizard.typed[one.name] = text
            self._keep(one, ())
            self._refuse(one, text, message)
            return
        self.wizard.typed.pop(one.name, None)
        held = (text,) if text else ()
        if self._keep(one, held):
            self._note_value(one, held, sent)

    def _fault(self, one: Field, text: str) -> str:
        limit = self.form.text_limit if one.kind is Kind.TEXTAREA else 200
        if len(text) > limit:
            return f"Le champ « {self.form.label(one)} » ne doit pas dépasser {limit} caractères."
        if one.kind is Kind.EMAIL and text and not _EMAIL.fullmatch(text):
            return "L’adresse électronique n’est pas valide."
        if one.kind is Kind.TELEPHONE and text and not _TELEPHONE.fullmatch(text):
            return "Le numéro de téléphone n’est pas valide."
        return ""

    def _take_choice(self, one: Field, sent: list[str]) -> None:
        if one.kind is Kind.COMMUNE:
            offers = {wire: offer for wire in sent if (offer := self.form.commune(wire)) is not None}
        else:
            offers = {offer.wire: offer for offer in self.form.offered(one, self.wizard.values)}
        if any(wire not in offers for wire in sent):
            self._refuse(one, " | ".join(sent), "Ce choix n’est pas valide.")
            return
        codes = tuple(offers[wire].code for wire in sent)
        if self._keep(one, codes):
            self._note_value(one, codes, " | ".join(sent))
            for name in one.resets:
                self._empty(name)

    def _keep(self, one: Field, held: tuple[str, ...]) -> bool:
        """False when the server holds that already."""
        if held == self.wizard.values.get(one.name, ()):
            return False
        if held:
            self.wizard.values[one.name] = held
        else:
            self.wizard.values.pop(one.name, None)
        return True

    def _empty(self, name: str) -> None:
        self.wizard.values.pop(name, None)
        self.wizard.typed.pop(name, None)
        self.wizard.loaded.discard(name)
        for other in self.form.field(name).resets:
            self._empty(other)

    def _note_value(self, one: Field, held: tuple[str, ...], code: str) -> None:
        value = self._words(one, held)
        if one.consent:
            self.note(log.Consent, name=one.name, value=value or "retiré")
        elif one.kind is Kind.RATING:
            self.note(log.Rating, stars=int(held[0]) if held else 0)
        else:
            wire = self.form.wires[one.name]
            self.note(log.Value, step=one.step, name=one.name, sent_as=wire, value=value, code=code)

    def _words(self, one: Field, held: tuple[str, ...]) -> str:
        if one.kind in TEXTS:
            return " ".join(held)
        if one.kind is Kind.COMMUNE:
            return " | ".join(offer.label for code in held if (offer := self.form.commune(code)))
        labels = {option.code: option.label for option in one.options(self.wizard.values)}
        return " | ".join(labels[code] for code in held)

    def _refuse(self, one: Field, value: str, message: str) -> None:
        self.note(log.Refused, step=one.step, name=one.name, value=value, message=message)
        self.wizard.messages.append((one.name, message))
