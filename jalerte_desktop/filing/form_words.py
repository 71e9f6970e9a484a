"""Words of forms compared: labels, options and buttons without accents, case, punctuation and the usual ornaments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from jalerte_desktop.casefile.text import fold

LONGEST = 400
"""Characters of a label or option that are looked at: longer ones are no labels."""

_WORD = re.compile(r"[^\W_]+")


def word_set(text: str) -> frozenset[str]:
    """The words of a line that are written as they are compared: folded, with spaces between."""
    return frozenset(text.split())


_ORNAMENTS = word_set(
    "facultatif facultative facultatifs facultatives obligatoire obligatoires optionnel optionnelle "
    "requis requise requises"
)
# "(exemple : …)", "(max. 2000 caractères)": says how to write the answer, not what is asked.
_HINT = re.compile(
    r"\((?=[^)]*\b(?:format|formats|exemple|ex|max|maximum|caract[eè]res|attendu|facultatif|obligatoire)\b"
    r"|\s*si (?:votre |l[’'])op[ée]rateur n\W"
    r"|\s*pour (?:recevoir|vous (?:re)?contacter|[êe]tre (?:re)?contact))[^)]*\)",
    re.IGNORECASE,
)
# "particulier(ère)", "prénom(s)": endings, no words.
_ENDING = re.compile(r"(?<=\w)\((?:e|s|es|ère|ne|le|ve|trice)\)", re.IGNORECASE)
_FILLING_WORDS = word_set(
    "votre vos mon ma mes le la les l de du des d un une a au aux en et ou quel quelle quels quelles est "
    "par pour sur dans merci veuillez indiquer indiquez saisir saisissez choisir choisissez selectionner "
    "selectionnez renseigner renseignez ici"
)
NEGATIONS = word_set(
    "sans non pas hors sauf ni aucun aucune jamais ne n ancien ancienne anciens anciennes precedent "
    "precedente"
)


@lru_cache(maxsize=8192)
def words(text: str) -> tuple[str, ...]:
    """The words of a text, folded: "Tél. (facultatif) *" and "tel" are the same."""
    found = _WORD.findall(fold(_HINT.sub(" ", _ENDING.sub("", text[:LONGEST]))))
    if _ORNAMENTS.intersection(found):
        found = [word for word in found if word not in _ORNAMENTS and word not in ("champ", "champs")]
    return tuple(found)


def plain(text: str) -> str:
    """The same as one line."""
    return " ".join(words(text))


def content(text: str) -> tuple[str, ...]:
    """Without articles and "please choose": "Choisissez votre opérateur" and "Opérateur" are the same."""
    return tuple(word for word in words(text) if word not in _FILLING_WORDS)


def same(text: str, others: Iterable[str]) -> bool:
    """True where the text is one of the others, but for accents, case, punctuation."""
    wanted = words(text)
    return bool(wanted) and any(words(other) == wanted for other in others)


def same_content(text: str, others: Iterable[str]) -> bool:
    """True where the text is one of the others, but for articles too."""
    wanted = content(text)
    return bool(wanted) and any(content(other) == wanted for other in others)


def says(text: str, phrases: Iterable[str]) -> bool:
    """True where the text, of any length, holds one of the phrases as whole words."""
    whole = f" {' '.join(_WORD.findall(fold(text)))} "
    return any(f" {plain(phrase)} " in whole for phrase in phrases if plain(phrase))


def closeness(text: str, others: Iterable[str]) -> float:
    """How much of the words the text shares with the nearest of the others, 0 to 1."""
    mine = set(content(text))
    best = 0.0
    for other in others:
        theirs = set(content(other))
        if mine | theirs:
            best = max(best, len(mine & theirs) / len(mine | theirs))
    return best
