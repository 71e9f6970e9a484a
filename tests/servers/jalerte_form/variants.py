"""What may be different from the plain form: each variant is one thing that a real form could do to a program."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Variant(StrEnum):
    """Can be combined: ``StandIn(variant=("renamed-names", "slow"))``. Only the two captchas exclude each other."""

    PLAIN = "plain"
    """The form as far as it is known."""
    RENAMED_NAMES = "renamed-names"
    """All HTML names are meaningless (seeded); labels, order and choices are those of the plain form."""
    SWAPPED_NAMES = "swapped-names"
    """A trap: the HTML names of family name and first name have changed places, the labels are right."""
    REORDERED_STEPS = "reordered-steps"
    """The three middle steps come in another order (seeded), with the numbers that go with it."""
    CHANGED_LABELS = "changed-labels"
    """Labels, choices and buttons without accents, in another case, with synonyms; the names stay."""
    NEW_MANDATORY_FIELD = "new-mandatory-field"
    """Step "Détails" has a required select that nobody knows: "Type de logement"."""
    CAPTCHA = "captcha"
    """The last step wants a box of a captcha ticked, in a frame from another host name."""
    CAPTCHA_MIDDLE = "captcha-middle"
    """The same in the step "Détails"."""
    RELABELLED_TRAP = "relabelled-trap"
    """Two known names mean something else: ``marche`` asks how the person came here (the sector has a new name), and
    ``utilisateurContainer:telephone`` is a customer number (there is no telephone). Both may stay empty."""
    REMOVED_OPTION = "removed-option"
    """The sub-problems of ``StandIn.removed`` are not offered any more (default: "Coupures fréquentes")."""
    REMOVED_OPERATOR = "removed-operator"
    """The operators of ``StandIn.removed`` are not in the list (default: "Sosh · Orange", "Orange", "Free")."""
    TWO_COMMUNES = "two-communes"
    """A trap: each commune is offered twice under the same words. Either choice counts as wrong: the log names it with
    its number, "Rennes (35000) [c021]"."""
    SLOW = "slow"
    """Each answer takes between one and three times the longest delay."""
    SESSION_EXPIRY = "session-expiry"
    """The first session dies at a seeded request of the steps, between the 3rd and the 14th."""
    ERROR_PAGE = "error-page"
    """One request of the first session's steps (seeded, the 3rd to the 14th) ends in the French error page."""
    SHORT_TEXT = "short-text"
    """The description takes 500 characters instead of 2000."""
    NO_FILE = "no-file"
    """Nothing can be joined."""
    TICKED_CONSENT = "ticked-consent"
    """A hostile form: both consents are given before anybody looked. The log holds only what the client sent."""
    SENDS_BY_ENTER = "sends-by-enter"
    """Enter in a text field presses the step's last button, on the last step "Envoyer"."""
    REORDERED_OPTIONS = "reordered-options"
    """The choices of each field, communes too, come in another order (seeded)."""
    COOKIE_OVERLAY = "cookie-overlay"
    """Cookies are asked about in a dialog over the first step, not on a page before it."""


def variants(wanted: str | Iterable[str]) -> frozenset[Variant]:
    """The variants named, ``plain`` left out. ValueError for an unknown name."""
    names = (wanted,) if isinstance(wanted, str) else tuple(wanted)
    return frozenset(Variant(name) for name in names) - {Variant.PLAIN}
