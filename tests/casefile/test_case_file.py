"""The case file on disk: what goes in comes out, frozen papers stay, old and broken files are met calmly."""

import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace

import pytest

from diagnostics.model import BadInput, Problem
from jalerte_desktop.casefile import schema
from jalerte_desktop.casefile.case_file import open_case_file
from jalerte_desktop.casefile.model import FrozenPaper, PaperFile
from jalerte_desktop.documents.account import account
from tests import examples


class Ticks:
    """A wall clock that goes on by a second a reading."""

    def __init__(self):
        self.ns = examples.NOW

    def __call__(self):
        self.ns += 1_000_000_000
        return self.ns


@pytest.fixture
def path(tmp_path):
    return tmp_path / "home" / "case.sqlite"


@pytest.fixture
def file(path):
    with open_case_file(path, Ticks()) as opened:
        yield opened


def paper(kind="complaint", **changes):
    sorted_out = account(examples.ordinary())
    made = FrozenPaper(
        kind=kind,
        template="test 1",
        made_ns=examples.NOW,
        method="2026-11-22",
        span=examples.PERIOD,
        observed_s=1000.5,
        line_id=examples.HOME.id,
        line_confirmed=True,
        seal=examples.SEAL,
        incidents=sorted_out.used(),
        text="texte",
        files=(PaperFile("/tmp/lettre.pdf", "ab" * 32, 1234),),
    )
    return replace(made, **changes)


def test_a_new_case_is_shown_with_its_operator(file):
    case = file.new("fixed-internet-cut", "fr", "Orange")
    assert (case.problem, case.country, case.operator) == ("fixed-internet-cut", "FR", "Orange")
    assert file.show() == case


def test_values_survive_closing(path):
    with open_case_file(path, Ticks()) as file:
        made = file.new("fixed-internet-cut", "FR", "Orange")
        file.set("person.name", "Zoë d’Été")
    with open_case_file(path, Ticks()) as again:
        assert again.show().id == made.id
        assert again.show().get("person.name") == "Zoë d’Été"


def test_an_empty_value_takes_the_field_away(file):
    file.new("fixed-internet-cut", "FR", "Orange")
    file.set("person.city", "Lyon")
    assert file.set("person.city", "").get("person.city") is None


def test_several_values_are_set_all_or_none(file):
    file.new("fixed-internet-cut", "FR", "Orange")
    with pytest.raises(BadInput):
        file.set_all({"person.city": "Lyon", "person.postcode": "x"})
    assert file.show().get("person.city") is None


def test_there_is_one_active_case_and_the_person_need_not_say_everything_again(file):
    first = file.new("fixed-internet-cut", "FR", "Orange")
    file.set("person.name", "Marie Dupont")
    file.set("line.number", "0478000000")
    file.set("alert.service_contacted", "yes")
    same = file.new("fixed-internet-slow", "FR", "Orange")
    assert same.id != first.id
    assert same.get("person.name") == "Marie Dupont"
    assert same.get("line.number") == "0478000000"
    assert same.get("alert.service_contacted") is None
    other = file.new("fixed-internet-cut", "FR", "Free")
    assert other.get("person.name") == "Marie Dupont"
    assert other.get("line.number") is None
    assert other.operator == "Free"


def test_without_a_case_show_and_set_say_so(file):
    for action in (file.show, lambda: file.set("person.name", "x")):
        with pytest.raises(Problem) as caught:
            action()
        assert caught.value.remark.code == "no_case"
        assert caught.value.exit_code == 1


@pytest.mark.parametrize(
    ("problem", "country", "operator", "code"),
    [
        ("nonsense", "FR", "Orange", "case_problem"),
        ("billing", "XX", "Orange", "case_country"),
        ("billing", "FR", " \t", "case_operator"),
    ],
)
def test_a_case_needs_a_problem_a_country_and_an_operator(file, problem, country, operator, code):
    with pytest.raises(BadInput) as caught:
        file.new(problem, country, operator)
    assert caught.value.remark.code == code
    assert file.active() is None


def test_a_frozen_paper_comes_back_whole(file):
    case = file.new("fixed-internet-cut", "FR", "Orange")
    whole = paper()
    paper_id = file.freeze(whole)
    (kept,) = file.papers()
    assert kept == replace(whole, id=paper_id, case_id=case.id)
    assert {use.role for use in kept.incidents} >= {
        "held",
        "uncertain",
        "dns",
        "set_aside",
        "excluded",
        "other_line",
    }


def test_the_seal_is_kept_with_the_key_that_signed_it(file):
    signed = replace(examples.SEAL, key="ab" * 32)
    file.freeze(paper(seal=signed))
    assert file.papers()[0].seal == signed


def test_a_signed_alert_that_did_not_change_is_not_frozen_again(file):
    signed = replace(examples.SEAL, key="ab" * 32)
    first = file.freeze(paper("alert", files=(), seal=signed))
    assert file.freeze(paper("alert", files=(), seal=signed, made_ns=examples.NOW + 1)) == first
    assert len(file.papers()) == 1


def test_a_paper_without_a_seal_is_kept_too(file):
    file.freeze(paper(seal=None))
    assert file.papers()[0].seal is None


def test_looking_at_an_alert_again_does_not_freeze_it_again_but_a_change_does(file):
    first = file.freeze(paper("alert", files=()))
    again = file.freeze(paper("alert", files=(), made_ns=examples.NOW + 1))
    assert again == first
    assert file.freeze(paper("alert", files=(), seal=replace(examples.SEAL, sequence=9))) != first
    assert len(file.papers()) == 2
    file.freeze(paper())
    file.freeze(paper())
    assert len(file.papers()) == 4


@pytest.mark.parametrize(
    ("table", "column"),
    [("papers", "text"), ("snapshots", "json"), ("paper_incidents", "role"), ("paper_files", "path")],
)
@pytest.mark.parametrize("statement", ["DELETE FROM {table}", "UPDATE {table} SET {column} = 'x'"])
def test_frozen_means_frozen(file, path, table, column, statement):
    file.freeze(paper())
    with closing(sqlite3.connect(path)) as other, pytest.raises(sqlite3.Error, match="papers are frozen"):
        other.execute(statement.format(table=table, column=column))


def test_the_file_is_its_owners_alone(file, path):
    file.new("fixed-internet-cut", "FR", "Orange")
    for each in path.parent.iterdir():
        assert stat.S_IMODE(each.stat().st_mode) & 0o077 == 0, each.name


def test_a_newer_file_is_left_alone(file, path):
    file.close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(BadInput) as caught:
        open_case_file(path, Ticks())
    assert caught.value.remark.code == "case_newer"
    assert caught.value.remark["found"] == 99
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0" + os.urandom(5000)])
def test_a_damaged_file_is_named_and_kept(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(Problem) as caught:
        open_case_file(path, Ticks())
    assert caught.value.remark.code == "case_damaged"
    assert str(path) in str(caught.value.remark["path"])
    assert path.read_bytes() == content


def test_a_page_damaged_inside_is_noticed(file, path):
    file.new("fixed-internet-cut", "FR", "Orange")
    for _ in range(20):
        file.freeze(paper(text="x" * 3000))
    file.close()
    content = bytearray(path.read_bytes())
    middle = len(content) // 4096 // 2 * 4096
    content[middle : middle + 4096] = os.urandom(4096)
    path.write_bytes(bytes(content))
    with pytest.raises(Problem) as caught:
        open_case_file(path, Ticks()).close()
    assert caught.value.remark.code == "case_damaged"


def test_a_migration_copies_the_file_first_and_keeps_what_is_in_it(file, path):
    case = file.new("fixed-internet-cut", "FR", "Orange")
    file.close()
    steps = (*schema.migrations(), "CREATE TABLE later (x);\nINSERT INTO later VALUES (1);")
    with closing(schema.connect(path, steps)) as newer:
        assert newer.execute("SELECT x FROM later").fetchall() == [(1,)]
        assert newer.execute("SELECT id FROM cases").fetchall() == [(case.id,)]
        assert newer.execute("PRAGMA user_version").fetchone() == (len(steps),)
    copy = path.with_name(f"case.sqlite.v{len(steps) - 1}.bak")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with open_case_file(copy, Ticks()) as old:
        assert old.show() == case


def test_a_migration_that_fails_changes_nothing(file, path):
    file.close()
    steps = (*schema.migrations(), "CREATE TABLE later (x);\nINSERT INTO nowhere VALUES (1);")
    with pytest.raises(Problem):
        schema.connect(path, steps)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (len(steps) - 1,)
        assert database.execute("SELECT name FROM sqlite_master WHERE name = 'later'").fetchall() == []


def test_two_programs_may_hold_the_file(path):
    with open_case_file(path, Ticks()) as one, open_case_file(path, Ticks()) as two:
        one.new("fixed-internet-cut", "FR", "Orange")
        two.set("person.city", "Lyon")
        assert one.show().get("person.city") == "Lyon"


def test_a_locked_file_is_busy(path, monkeypatch):
    monkeypatch.setattr(schema, "_WAIT_S", 0.05)
    with open_case_file(path, Ticks()) as file, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Problem) as caught:
            file.new("fixed-internet-cut", "FR", "Orange")
        assert caught.value.remark.code == "case_busy"


def test_a_place_that_cannot_hold_a_file_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Problem) as caught:
        open_case_file(tmp_path / "file" / "case.sqlite", Ticks())
    assert caught.value.remark.code == "case_not_writable"
    assert caught.value.exit_code == 3
