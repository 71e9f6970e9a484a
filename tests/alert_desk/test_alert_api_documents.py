"""The published description: valid, up to date, its examples are what it says, and it agrees with the reader."""

import importlib.util
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from alert_desk import example, schema
from alert_desk.errors import NotAsAgreed
from alert_desk.reading import parse, parse_problem, parse_receipt
from alert_desk.signing import verify_signature
from alert_desk.writing import dump
from diagnostics.model import Cause, Kind
from jalerte_desktop.casefile import fields, knowledge
from jalerte_desktop.documents.account import Role
from jalerte_desktop.filing import drafts

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "docs" / "alert-api"
OPENAPI = json.loads((FOLDER / "openapi.json").read_text("utf-8"))
SCHEMA = json.loads((FOLDER / "alert.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
DOCUMENT = json.loads(dump(example.alert()))


def tool():
    specification = importlib.util.spec_from_file_location("alert_api", ROOT / "tools" / "alert_api.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_published_files_are_what_the_schema_says():
    assert tool().stale(FOLDER) == []


def test_a_file_that_says_something_else_or_is_missing_is_found(tmp_path):
    (tmp_path / "openapi.json").write_text("{}", "utf-8")
    assert tool().stale(tmp_path) == ["openapi.json", "alert.schema.json"]


def test_the_openapi_document_is_valid():
    OpenAPIV31SpecValidator(OPENAPI).validate()
    Draft202012Validator.check_schema(SCHEMA)


def examples(value, at=""):
    if isinstance(value, dict):
        if "example" in value and "schema" in value:
            yield at, value["schema"], value["example"]
        for name, member in value.items():
            yield from examples(member, f"{at}/{name}")


def test_every_example_fits_its_schema_and_is_taken_by_the_reader():
    found = list(examples(OPENAPI["paths"]))
    readers = {"Alert": parse, "Receipt": parse_receipt, "Problem": parse_problem}
    assert {one["$ref"].rpartition("/")[2] for _, one, _ in found} == set(readers)
    for at, wanted, value in found:
        Draft202012Validator({**wanted, "components": OPENAPI["components"]}).validate(value)
        read = readers[wanted["$ref"].rpartition("/")[2]](json.dumps(value).encode())
        assert not hasattr(read, "evidence") or verify_signature(read), at


def test_every_member_says_what_it_means():
    for name, record in OPENAPI["components"]["schemas"].items():
        assert record["description"], name
        for member in record["properties"].values():
            assert member["description"].endswith((".", "…")), member


def test_the_signatures_limits_are_said_in_the_schema():
    said = OPENAPI["components"]["schemas"]["Signature"]["description"]
    assert "It proves" in said
    assert "It does not prove" in said


def test_codes_are_those_of_the_program():
    assert set(schema.KINDS) == {kind.value for kind in Kind}
    assert set(schema.CAUSES) == {cause.value for cause in Cause}
    assert set(schema.ROLES) == {role.value for role in Role} - {"other_line"}
    assert set(schema.PROFILES) == set(fields.PROFILES)
    assert set(schema.TECHNOLOGIES) == set(fields.TECHNOLOGIES)
    assert set(schema.ATTACHMENT_KINDS) == set(drafts.ATTACHMENT_KINDS)
    assert set(schema.SECTORS) == {problem.sector for problem in knowledge.problems().values()}
    assert schema.MOST_ATTACHMENTS >= drafts.MOST_FILES


def places(value, at=()):
    if isinstance(value, dict):
        for name, member in value.items():
            yield (*at, name)
            yield from places(member, (*at, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield (*at, index)
            yield from places(item, (*at, index))


VALUES = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        1,
        2,
        6,
        -1,
        0.5,
        1e12,
        "",
        "x",
        "FR",
        "held",
        "A" * 65,
        [],
        ["x"],
        {},
        "2026-11-17",
    ]
)


@given(st.sampled_from(list(places(DOCUMENT))), VALUES)
def test_whatever_the_reader_takes_the_published_schema_takes(place, value):
    document = json.loads(json.dumps(DOCUMENT))
    within = document
    for part in place[:-1]:
        within = within[part]
    within[place[-1]] = value
    fits, error = VALIDATOR.is_valid(document), refusal(json.dumps(document).encode())
    if error is None:
        assert fits
    elif fits:
        # What fits the schema and is refused all the same breaks one of the rules between members.
        rules = ("digest", "before", "absent", "number of", "base64", "bytes")
        assert any(words in error.why for words in rules)


def refusal(body):
    try:
        parse(body)
    except NotAsAgreed as error:
        return error
    return None


@pytest.mark.parametrize(
    "document", [{}, [], DOCUMENT | {"more": 1}, DOCUMENT | {"consents": {"processing": False}}]
)
def test_the_published_schema_refuses_what_the_reader_refuses(document):
    assert not VALIDATOR.is_valid(document)
    with pytest.raises(NotAsAgreed):
        parse(json.dumps(document).encode())
