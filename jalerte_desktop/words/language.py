"""Which language is spoken, and the gettext functions that speak it.

Source strings are English; French comes from ``resources/translations``. The active language is the one piece of
process-wide state, as in gettext itself; ``speaking`` changes it for a block (a French letter from an English window).
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Mapping
from types import TracebackType

# Every start of the program pays for this module: pathlib, contextlib and typing alone would double it.

LANGUAGES = ("fr", "en")
DOMAIN = "jalerte"

_active: gettext.NullTranslations | None = None
_active_code = ""


def preferred(environment: Mapping[str, str] = os.environ) -> str:
    """The person's language: JALERTE_LANG, else the system's; French wherever that is not English."""
    chosen = environment.get("JALERTE_LANG", "").lower()[:2]
    if chosen in LANGUAGES:
        return chosen
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(variable, "")
        if value and value not in ("C", "POSIX", "C.UTF-8", "C.utf8"):
            return "en" if value.lower().startswith("en") else "fr"
    if os.name == "nt":
        import locale

        return "en" if (locale.getlocale()[0] or "").lower().startswith("en") else "fr"
    return "fr"


def use(code: str) -> None:
    """Make ``code`` ("fr" or "en") the active language of this process."""
    global _active, _active_code
    _active = _load(code)
    _active_code = code


def current() -> str:
    """The code of the active language."""
    _translations()
    return _active_code


class speaking:  # noqa: N801 - used like a function: ``with speaking("fr"):``
    """Speak another language for the length of a block."""

    def __init__(self, code: str) -> None:
        self._code = code

    def __enter__(self) -> None:
        self._before = current()
        use(self._code)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        use(self._before)


def _load(code: str) -> gettext.NullTranslations:
    if code == "en":
        return gettext.NullTranslations()
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120
    catalogue = os.path.join(top, "resources", "translations", code, "LC_MESSAGES", f"{DOMAIN}.mo")  # noqa: PTH118
    try:
        with open(catalogue, "rb") as file:  # noqa: PTH123
            return gettext.GNUTranslations(file)
    except OSError:
        return gettext.NullTranslations()


def _translations() -> gettext.NullTranslations:
    if _active is None:
        use(preferred())
    assert _active is not None
    return _active


def _(message: str) -> str:
    """Translate."""
    return _translations().gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """Translate with a number; French counts 0 and 1 as singular."""
    return _translations().ngettext(singular, plural, n)


def N_(message: str) -> str:
    """Mark a string for translation where it is defined; translate it with ``_`` where it is shown."""
    return message
