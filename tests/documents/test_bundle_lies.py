"""What only the key's holder can do: bundles signed anew after something in them was hidden or told otherwise."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from diagnostics.journal import chain
from diagnostics.machine_key import NAME
from diagnostics.model import SECOND
from jalerte_desktop.documents.bundle import archive, records
from jalerte_desktop.documents.bundle.archive import Member
from jalerte_desktop.documents.bundle.check import VERIFY, check_bundle, verify_alone
from jalerte_desktop.documents.bundle.records import BundleRecord, FieldHidden, FieldShown
from jalerte_desktop.words.errors_evidence import SENTENCES
from tests.documents import stuffed_home
from tests.documents.bundle_made import (
    BEGIN_NS,
    BROKEN,
    KEY,
    WHOLE,
    Made,
    alone,
    made,
    needs_openssl,
    put,
    signed_again,
)

Document = dict[str, Any]


def fault(tmp_path: Path, data: bytes) -> tuple[str, dict[str, Any]]:
    """What the program says; both checks refuse."""
    path = put(tmp_path, data)
    found = check_bundle(path)
    assert found.first_fault is not None
    assert not found.ok
    assert alone(path) == BROKEN
    assert found.first_fault.code in SENTENCES
    return found.first_fault.code, dict(found.first_fault.values)


def changed(
    data: bytes, name: str, change: Callable[[Document], object], key: Ed25519PrivateKey = KEY
) -> bytes:
    """One document of a bundle changed, and all signed again."""

    def one(member: Member) -> Member:
        if member.name != name:
            return member
        document = json.loads(member.data)
        change(document)
        return Member(name, records.canonical(document) + b"\n")

    with tempfile.TemporaryDirectory() as folder:
        members = archive.read(put(Path(folder), data))
    return signed_again([one(member) for member in members], key)


# --- what is hidden is counted ---------------------------------------------------------------------------------------


def hide(record: BundleRecord, *names: str) -> BundleRecord:
    fields = dict(record.fields)
    for name in names:
        shown = fields[name]
        assert isinstance(shown, FieldShown)
        fields[name] = FieldHidden(chain.field_digest(shown.salt, name, shown.value))
    return replace(record, fields=fields)


def with_event() -> Made:
    parts = made(3, demo=False)
    at = parts.chain.records[-1].end_ns + SECOND
    parts.chain.event("exclusion", at, {"since_ns": BEGIN_NS, "reason": "works"})
    parts.chain.seal(at + SECOND)
    return parts


@needs_openssl
def test_values_that_were_hidden_later_are_found_by_their_count(tmp_path: Path) -> None:
    parts = with_event()
    assert check_bundle(put(tmp_path, parts.bundle())).ok
    told = parts.told_of_hidden()
    place = next(n for n, one in enumerate(parts.chain.records) if one.type == "exclusion")
    parts.chain.records[place] = hide(parts.chain.records[place], "reason")
    parts.removed = told
    code, values = fault(tmp_path, parts.bundle())
    assert code == "bundle_hidden"
    assert (values["field"], values["told"], values["found"]) == ("exclusion.reason", 0, 1)
    parts.removed = {}
    assert check_bundle(put(tmp_path, parts.bundle())).ok


@needs_openssl
def test_a_count_without_a_rule_is_found(tmp_path: Path) -> None:
    parts = with_event()
    told = parts.told_of_hidden()["taken_out"]
    place = next(n for n, one in enumerate(parts.chain.records) if one.type == "exclusion")
    parts.chain.records[place] = hide(parts.chain.records[place], "reason")
    parts.removed = {"taken_out": told}
    code, values = fault(tmp_path, parts.bundle())
    assert (code, values["field"], values["count"]) == ("bundle_hidden_no_rule", "exclusion.reason", 1)


@needs_openssl
@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.pop("hidden"),
        lambda found: found.update(hidden=[]),
        lambda found: found["hidden"]["samples"].update(line=True),
        lambda found: found["hidden"]["samples"].update(line=-1),
        lambda found: found.pop("taken_out"),
        lambda found: found["taken_out"].append({"what": {"record:samples.line": "many"}}),
        lambda found: found.update(minutes_removed_by_age=None),
        lambda found: found.update(hidden={"samples": 5}),
    ],
)
def test_counts_that_are_none_are_found(tmp_path: Path, change: Callable[[Document], object]) -> None:
    assert fault(tmp_path, changed(made(1).bundle(), "removed.json", change))[0] in (
        "bundle_json",
        "bundle_hidden",
    )


@needs_openssl
@pytest.mark.parametrize("copy", ["operator", "public"])
def test_a_real_copy_tells_each_hidden_field(tmp_path: Path, copy: str) -> None:
    home = stuffed_home.build(tmp_path / "home")
    bundle = home.bundle(copy, render=lambda _facts, _language: b"%PDF-1.7")
    data = archive.write(bundle.members)
    path = put(tmp_path, data)
    assert check_bundle(path).ok
    assert alone(path) == WHOLE
    removed = json.loads(next(one.data for one in bundle.members if one.name == "removed.json"))
    assert removed["hidden"]["samples"]["samples"] > 0
    assert ("reason" in removed["hidden"].get("exclusion", {})) is (copy == "public")
    key = load_pem_private_key((home.folder / "keys" / NAME).read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    for kind, name in (("samples", "samples"), ("samples", "line"), ("line", "ssid")):
        code, values = fault(tmp_path, changed(data, "removed.json", _less(kind, name), key))
        assert (code, values["field"]) == ("bundle_hidden", f"{kind}.{name}")


def _less(kind: str, name: str) -> Callable[[Document], object]:
    def change(found: Document) -> None:
        found["hidden"][kind][name] -= 1

    return change


# --- made-up data stays made-up --------------------------------------------------------------------------------------


@needs_openssl
@pytest.mark.parametrize("told", [True, False])
def test_whether_it_is_made_up_is_for_the_chain_to_say(tmp_path: Path, told: bool) -> None:
    parts = made(3, demo=not told)
    parts.demo = told
    assert fault(tmp_path, parts.bundle())[0] == "bundle_demo"
    parts.demo = not told
    assert check_bundle(put(tmp_path, parts.bundle())).ok


@needs_openssl
def test_the_mark_of_made_up_data_cannot_be_hidden(tmp_path: Path) -> None:
    parts = made(3, demo=True)
    parts.chain.records[0] = hide(parts.chain.records[0], "made_up")
    parts.demo = False
    assert fault(tmp_path, parts.bundle())[0] == "bundle_content"


@needs_openssl
def test_any_record_may_bear_the_mark(tmp_path: Path) -> None:
    parts = made(3, demo=False)
    parts.chain.event("clock_state", parts.chain.records[-1].end_ns, {"made_up": True})
    parts.chain.seal(parts.chain.records[-1].end_ns)
    assert fault(tmp_path, parts.bundle())[0] == "bundle_demo"


# --- bundle.json -----------------------------------------------------------------------------------------------------


def _period(**values: int) -> Callable[[Document], object]:
    return lambda found: found["period"].update(values)


@needs_openssl
@pytest.mark.parametrize(
    ("change", "code", "what"),
    [
        (lambda found: found.update(demo=True), "bundle_demo", None),
        (lambda found: found.update(copy="operator2"), "bundle_disagree", "copy"),
        (lambda found: found.update(copy="operator"), "bundle_disagree", "copy"),
        (lambda found: found.update(rules="2020-01-01"), "bundle_disagree", "rules"),
        (lambda found: found.update(made_ns=1), "bundle_about_wrong", "period"),
        (_period(since_ns=0), "bundle_disagree", "period"),
        (_period(until_ns=1), "bundle_disagree", "period"),
        (lambda found: found["counts"].update(rollups=1), "bundle_about_wrong", "counts"),
        (lambda found: found["counts"].update(stamps=9), "bundle_about_wrong", "counts"),
        (lambda found: found["counts"].update(days=9), "bundle_about_wrong", "counts"),
        (lambda found: found["counts"].pop("stamps"), "bundle_about_wrong", "counts"),
        (lambda found: found.update(line="B"), "bundle_disagree", "line"),
        (lambda found: found.update(targets=[]), "bundle_row", None),
        (lambda found: found["targets"][0].update(address="192.0.2.9"), "bundle_targets", None),
    ],
)
def test_what_bundle_json_cannot_say_is_found(
    tmp_path: Path, change: Callable[[Document], object], code: str, what: str | None
) -> None:
    found, values = fault(tmp_path, changed(made(1, demo=False).bundle(), "bundle.json", change))
    assert found == code
    assert what is None or values["what"] == what


@needs_openssl
@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"copy": "operator2"}, "copy"),
        ({"rules": "yesterday"}, "rules"),
        ({"rules": "2026-13-40"}, "rules"),
    ],
)
def test_copies_and_rules_are_known_ones_even_where_all_agree(
    tmp_path: Path, values: dict[str, str], what: str
) -> None:
    data = made(1).bundle()
    for name in ("bundle.json", "removed.json"):
        data = changed(data, name, lambda found: found.update(values))
    code, said = fault(tmp_path, data)
    assert (code, said["what"]) == ("bundle_about_wrong", what)


@needs_openssl
def test_it_was_not_made_before_its_last_record(tmp_path: Path) -> None:
    parts = made(1)
    last = parts.chain.records[-1].end_ns
    until = last - 10 * SECOND

    def earlier(found: Document) -> None:
        found["made_ns"] = last - 1
        found["period"]["until_ns"] = until

    data = changed(parts.bundle(), "bundle.json", earlier)
    data = changed(data, "incidents.json", lambda found: found["period"].update(end_ns=until))
    code, said = fault(tmp_path, data)
    assert (code, said["what"]) == ("bundle_about_wrong", "made_ns")


# --- members ---------------------------------------------------------------------------------------------------------


@needs_openssl
@pytest.mark.parametrize("name", ["extra.txt", "report.html", "chain/more.jsonl.gz", "attachments.txt"])
def test_a_signed_member_of_an_unknown_name_is_refused(tmp_path: Path, name: str) -> None:
    data = signed_again([*made(1).members(), Member(name, b"read me")])
    assert fault(tmp_path, data)[0] == "bundle_unknown_member"


def test_another_verify_py_is_told(tmp_path: Path) -> None:
    codes = [note.code for note in check_bundle(put(tmp_path, made(1).bundle())).notes]
    assert "note_verify_differs" not in codes
    for text in (b'print("WHOLE")\n', verify_alone() + b"\n"):
        members = [Member(one.name, text if one.name == VERIFY else one.data) for one in made(1).members()]
        found = check_bundle(put(tmp_path, signed_again(members)))
        assert found.ok
        assert "note_verify_differs" in [note.code for note in found.notes]
