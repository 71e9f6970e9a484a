"""The catalogues of translations: bring new texts in, compile, check.

    tools/translations.py update     texts that the code gained go to the end of each .po, lost ones leave
    tools/translations.py compile    writes the .mo that the program reads beside each .po
    tools/translations.py check      is every text translated, with the same placeholders, in good typography?

Texts are English in the code, in ``_("…")``, ``ngettext("…", "…", n)`` and ``N_("…")``: English needs no
catalogue.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import string
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("jalerte_desktop",)
CATALOGUES = "resources/translations/*/LC_MESSAGES/jalerte.po"

# Which arguments of a function hold texts.
TEXT_ARGUMENTS = {"_": 1, "N_": 1, "ngettext": 2}

# No dates, names or tools: they would change with every update.
HEADER = """\
# Texts of jalerte. `make translations` adds the new ones at the end; order and line breaks are kept.
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plural_forms}\\n"

"""

NARROW = "\u202f"
NO_BREAK = "\u00a0"


class CatalogueError(Exception):
    """A catalogue or a source file that cannot be read, or a text that can never be translated."""


# --- Reading the code ---------------------------------------------------------------------------


def texts_of_code(root: Path = ROOT) -> Catalog:
    """Every text in the sources, in the order of the files."""
    catalog = Catalog(fuzzy=False)
    for source in SOURCES:
        for path in sorted((root / source).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            for line, message in sorted(texts_of_file(path, name), key=lambda found: found[0]):
                catalog.add(message, locations=[(name, line)])
    return catalog


def texts_of_file(path: Path, name: str) -> Iterator[tuple[int, str | tuple[str, str]]]:
    """Line and text of each call in one file."""
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), name)
    except SyntaxError as error:
        raise CatalogueError(f"{name}:{error.lineno}: {error.msg}") from error
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function = str(getattr(node.func, "id", None) or getattr(node.func, "attr", ""))
        arguments = node.args[: TEXT_ARGUMENTS.get(function, 0)]
        texts = [
            argument.value
            for argument in arguments
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        ]
        if any(isinstance(argument, ast.JoinedStr | ast.BinOp | ast.IfExp) for argument in arguments):
            raise CatalogueError(
                f"{name}:{node.lineno}: {function}() needs a plain text; values go in by .format() outside"
            )
        if not texts or len(texts) < len(arguments):
            continue  # a name: its text was marked with N_ where it is defined
        if "" in texts:
            raise CatalogueError(f"{name}:{node.lineno}: an empty text would be translated by the header")
        yield node.lineno, (texts[0] if len(texts) == 1 else (texts[0], texts[1]))


# --- Catalogues ---------------------------------------------------------------------------------


def catalogues(root: Path = ROOT) -> list[Path]:
    return sorted(root.glob(CATALOGUES))


def language_of(path: Path) -> str:
    return path.parent.parent.name


def read(path: Path) -> Catalog:
    try:
        with path.open("rb") as file:
            return read_po(file, locale=language_of(path), abort_invalid=True)
    except (PoFileError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path}: {error}") from error


def messages_of(catalog: Catalog) -> list[Message]:
    """The messages without the header."""
    return [message for message in catalog if message.id]


def key(message: Message) -> str:
    """What a message is looked up by: its text, or the singular of its two."""
    return message.id if isinstance(message.id, str) else message.id[0]


def forms(message: Message) -> tuple[str, ...]:
    """The translations of a message: one, or one for each plural form."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))


def replace(path: Path, content: bytes) -> None:
    """Write at once: a program that runs reads the old file or the new one, never half of one."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(path)


def update(root: Path) -> None:
    code = texts_of_code(root)
    wanted = {key(message): message for message in messages_of(code)}
    for path in catalogues(root):
        old = read(path)
        known = {key(message): message for message in messages_of(old)}
        new = Catalog(locale=language_of(path), fuzzy=False)
        for name, known_message in known.items():
            if name in wanted:
                put(new, wanted[name], known_message)
            else:
                print(f"{path.name}: left out: {name!r} = {known_message.string!r}")
        added = [message for name, message in wanted.items() if name not in known]
        for message in added:
            put(new, message, None)
        body = BytesIO()
        write_po(body, new, width=0, omit_header=True, include_lineno=False)
        header = HEADER.format(language=language_of(path), plural_forms=new.plural_forms)
        replace(path, header.encode() + body.getvalue().strip() + b"\n")
        print(f"{language_of(path)}: {len(wanted)} texts, {len(added)} of them new")


def put(catalog: Catalog, wanted: Message, known: Message | None) -> None:
    """Add the text that the code has, with the translation that is known of it."""
    translated: tuple[str, ...] = ("",)
    flags: set[str] = set()
    comments: list[str] = []
    if known is not None:
        translated, comments, flags = forms(known), known.user_comments, set(known.flags) & {"fuzzy"}
    files = [(name, 0) for name in sorted({name for name, _ in wanted.locations})]
    if isinstance(wanted.id, str):
        catalog.add(wanted.id, translated[0], files, flags=flags, user_comments=comments)
    else:
        # A text that gained a plural keeps its translation as the first form; the check asks for the rest.
        padded = (*translated, *[""] * catalog.num_plurals)[: catalog.num_plurals]
        catalog.add(wanted.id, padded, files, flags=flags, user_comments=comments)


def compile_all(root: Path) -> None:
    for path in catalogues(root):
        catalog = read(path)
        # The same catalogue gives the same bytes.
        catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
        content = BytesIO()
        write_mo(content, catalog)
        replace(path.with_suffix(".mo"), content.getvalue())


# --- Checks -------------------------------------------------------------------------------------


def check(root: Path) -> list[str]:
    """What is wrong, one line each."""
    code = texts_of_code(root)
    wanted = {key(message): message for message in messages_of(code)}
    problems = []
    for path in catalogues(root):
        language = language_of(path)
        catalog = read(path)
        known = {key(message): message for message in messages_of(catalog)}
        for name, message in wanted.items():
            where = "{}:{}".format(*message.locations[0])
            found = known.get(name)
            if found is None:
                problems.append(f"{language}: missing ({where}): {name!r}; `make translations` brings it in")
            elif isinstance(found.id, str) != isinstance(message.id, str) or (
                not isinstance(message.id, str) and found.id[1] != message.id[1]
            ):
                problems.append(f"{language}: another plural than the code's ({where}): {name!r}")
            else:
                wrong = problems_of(found, language)
                problems += [f"{language}: {problem} ({where}): {name!r}" for problem in wrong]
        left = [name for name in known if name not in wanted]
        left += [key(message) for message in catalog.obsolete.values()]
        problems += [
            f"{language}: no longer in the code: {name!r}; `make translations` drops it" for name in left
        ]
    return problems


def problems_of(message: Message, language: str) -> Iterator[str]:
    """What is wrong with one translation."""
    if message.fuzzy:
        yield "marked fuzzy"
    if not all(forms(message)):
        yield "not translated"
        return
    singular, plural = (message.id, message.id) if isinstance(message.id, str) else message.id
    for number, form in enumerate(forms(message)):
        # "one outage" may leave the number out in one language and name it in the other.
        allowed = [placeholders(plural)] if number else [placeholders(singular), placeholders(plural)]
        if placeholders(form) not in allowed:
            yield f"other placeholders in {form!r}"
        if singular[:1].isspace() != form[:1].isspace() or singular[-1:].isspace() != form[-1:].isspace():
            yield f"another space at an end of {form!r}"
        if language == "fr":
            yield from french_typography(form)


def placeholders(text: str) -> list[str]:
    """The names of ``{name}`` and ``%(name)s``, sorted."""
    names = re.findall(r"%\((\w+)\)", text)
    try:
        names += [field for _, field, _, _ in string.Formatter().parse(text) if field is not None]
    except ValueError:
        names.append("(unpaired brace)")
    return sorted(names)


# What holds no French: addresses, `commands`, values put in, HTML entities.
NOT_PROSE = re.compile(r"\w+://\S+|`[^`]*`|&#?\w+;")
PUT_IN = re.compile(r"\{[^{}]*\}|%\(\w+\)[-+ #0-9.]*[a-z]|%[sd]\b")

TYPOGRAPHY = (
    (rf"(?<=[^{NARROW};!?(])[;!?]", "U+202F goes before ; ! ?"),
    # A colon inside a word or a number is none of prose: 12:30, fe80::/10, localhost:80.
    (rf"(?<!{NO_BREAK}):(?![\w:/])|(?<![\w:{NO_BREAK}]):", "U+00A0 goes before :"),
    (rf"«(?!{NO_BREAK})|(?<!{NO_BREAK})»", "U+00A0 goes inside « »"),
    (r"'", "the apostrophe is ’"),
    (r" %", "U+202F or U+00A0 goes before %"),
)


def french_typography(text: str) -> Iterator[str]:
    prose = PUT_IN.sub("0", NOT_PROSE.sub("0", text))
    for pattern, rule in TYPOGRAPHY:
        found = re.search(pattern, prose)
        if found:
            near = prose[max(0, found.start() - 12) : found.end() + 12]
            yield f"typography: {rule}, near {near!r}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", choices=("update", "compile", "check"))
    parser.add_argument("--root", type=Path, default=ROOT, help="another tree than this one")
    arguments = parser.parse_args()
    try:
        if arguments.action == "update":
            update(arguments.root)
        elif arguments.action == "compile":
            compile_all(arguments.root)
        else:
            problems = check(arguments.root)
            print(*problems, sep="\n", end="\n" if problems else "", file=sys.stderr)
            if problems:
                print(f"{len(problems)} things to mend in the translations", file=sys.stderr)
                return 1
            print(f"translations: {len(messages_of(texts_of_code(arguments.root)))} texts, nothing to mend")
    except CatalogueError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
