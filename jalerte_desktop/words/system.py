"""What the system says when it refuses something, in the reader's language."""

from __future__ import annotations

import errno
import os

from jalerte_desktop.words.language import N_, _

_REASONS: dict[str, str] = {
    "ENOENT": N_("no such file or folder"),
    "EACCES": N_("permission denied"),
    "EPERM": N_("operation not permitted"),
    "EROFS": N_("it can only be read there"),
    "ENOSPC": N_("no space is left"),
    "EDQUOT": N_("your share of the disk is used up"),
    "EISDIR": N_("it is a folder"),
    "ENOTDIR": N_("a part of the path is no folder"),
    "EEXIST": N_("it exists already"),
    "ENAMETOOLONG": N_("the name is too long"),
    "EIO": N_("the disk reports an error"),
}


def system_words(text: str) -> str:
    """A message of the system in the active language; one that is not known here in quotes, other text as it is."""
    for name, number in vars(errno).items():
        if isinstance(number, int) and text == os.strerror(number):
            return _(_REASONS[name]) if name in _REASONS else _("“{value}”").format(value=text)
    return text


def is_known(number: int | None) -> bool:
    """Whether an error of this number is one that a person can do something about."""
    return errno.errorcode.get(number or 0) in _REASONS
