"""What a reader of the interface's documents raises."""

from __future__ import annotations


class NotAsAgreed(Exception):
    """A document that is not what the schema says: where (a JSON pointer, RFC 6901) and why, in English.

    ``pointer`` is "" for the document as a whole. Both are plain ASCII and short, whatever the document held.
    """

    def __init__(self, pointer: str, why: str) -> None:
        self.pointer = _plain(pointer, 200)
        self.why = _plain(why, 200)
        super().__init__(f"{self.pointer or 'the document'}: {self.why}")


def _plain(text: str, limit: int) -> str:
    return text.encode("unicode_escape").decode("ascii")[:limit]


def below(pointer: str, name: str | int) -> str:
    """The pointer to a member or an item, escaped as RFC 6901 section 3 says."""
    return f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}"
