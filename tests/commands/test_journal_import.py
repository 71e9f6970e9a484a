"""``jalerte journal import``: another machine's bundle becomes a second witness, or is refused and nothing is kept."""

import argparse
import hashlib
import io
import json
import stat
from contextlib import closing
from zoneinfo import ZoneInfo

import pytest

from diagnostics.clock import Reading
from diagnostics.journal.lock import Lock
from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.machine_key import load_or_make
from diagnostics.model import SECOND, EventKind, Problem
from diagnostics.recorder import notes
from jalerte_desktop.commands import journal
from jalerte_desktop.commands.bundle import bare
from jalerte_desktop.commands.context import Context, Home
from jalerte_desktop.documents.bundle import archive
from jalerte_desktop.documents.bundle.contents import Making, compose
from jalerte_desktop.documents.report.facts import Sources, gather
from jalerte_desktop.words.errors import say_problem
from tests.documents.report_journal import LENGTH_S, write_journal
from tests.made import T0

NOW = T0 + (LENGTH_S + 60) * SECOND


class StillClock:
    def read(self):
        return Reading(NOW, 0, None)

    def mono_ns(self):
        return 0


def bundle_of(home, path, copy="operator", demo=False):
    sources = Sources(home.journal, home.files, version="0", demo=demo)
    facts = gather(sources, None, None, ZoneInfo("Europe/Paris"), NOW)
    making = Making("fr", NOW, "jalerte 0", load_or_make(home.keys), lambda _facts, _language: b"%PDF", bare)
    with Reader(home.journal) as reader:
        path.write_bytes(archive.write(compose(reader, facts, copy, making).members))
    return path


@pytest.fixture
def homes(tmp_path):
    """Two machines that watched the same line."""
    for name in ("here", "there"):
        write_journal(tmp_path / name / "journal.sqlite")
    return Home(tmp_path / "here"), Home(tmp_path / "there")


@pytest.fixture
def theirs(homes, tmp_path):
    return bundle_of(homes[1], tmp_path / "theirs.zip")


def run(home, *words):
    parser = argparse.ArgumentParser(exit_on_error=False)
    journal.configure(parser)
    arguments = parser.parse_args(["import", *words])
    context = Context(home, arguments.json, StillClock(), io.StringIO(), io.StringIO())
    assert journal.run(arguments, context) == 0
    said = context.out.getvalue()
    return json.loads(said) if arguments.json else said


def chained(home):
    with Reader(home.journal) as reader:
        return [dict(event.data) for event in reader.events(EventKind.SECOND_WITNESS)]


def refused(home, *words):
    with pytest.raises(Problem) as caught:
        run(home, *words)
    said = say_problem(caught.value)
    assert "{" not in said
    assert said != str(caught.value)
    assert chained(home) == []
    assert not home.files.exists() or list(home.files.iterdir()) == []
    return caught.value


def test_a_whole_bundle_is_kept_and_chained(homes, theirs):
    here, there = homes
    said = run(here, str(theirs), "--name", "Portable", "--json")
    sha256 = hashlib.sha256(theirs.read_bytes()).hexdigest()
    kept = here.files / f"{sha256}.zip"
    assert kept.read_bytes() == theirs.read_bytes()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    (event,) = chained(here)
    assert event == {
        "sha256": sha256,
        "name": "Portable",
        "key": load_or_make(there.keys).fingerprint,
        "start_ns": event["start_ns"],
        "end_ns": event["end_ns"],
    }
    assert event["start_ns"] < event["end_ns"]
    assert said["incidents"] == 1


def test_the_next_report_sets_its_cuts_beside_ours(homes, theirs):
    here, _there = homes
    run(here, str(theirs), "--name", "Portable")
    facts = gather(Sources(here.journal, here.files), None, None, ZoneInfo("Europe/Paris"), NOW)
    (witness,) = facts.witnesses
    assert (witness.name, witness.confirmed, witness.not_seen, witness.alone) == ("Portable", 1, 0, 0)


def test_without_a_name_it_is_called_by_its_key(homes, theirs):
    run(homes[0], str(theirs))
    assert chained(homes[0])[0]["name"] == load_or_make(homes[1].keys).fingerprint[:8]


def test_a_public_copy_is_a_witness_too(homes, tmp_path):
    path = bundle_of(homes[1], tmp_path / "public.zip", "public")
    assert run(homes[0], str(path), "--json")["incidents"] == 1


def test_the_same_bundle_is_taken_once(homes, theirs):
    run(homes[0], str(theirs))
    with pytest.raises(Problem) as caught:
        run(homes[0], str(theirs))
    assert caught.value.remark.code == "import_twice"
    assert len(chained(homes[0])) == 1


def test_this_machine_s_own_bundle_is_no_second_witness(homes, tmp_path):
    own = bundle_of(homes[0], tmp_path / "own.zip")
    assert refused(homes[0], str(own)).remark.code == "import_own"


@pytest.mark.parametrize("place", [0, 0.3, 0.6, 0.999])
def test_a_bundle_that_was_changed_is_refused(homes, theirs, place):
    content = bytearray(theirs.read_bytes())
    content[int(place * len(content))] ^= 1
    theirs.write_bytes(content)
    problem = refused(homes[0], str(theirs))
    assert problem.remark.code == "import_broken"
    assert problem.exit_code == 1


@pytest.mark.parametrize("content", [b"", b"PK", b"nothing of ours" * 100])
def test_what_is_no_bundle_is_refused(homes, tmp_path, content):
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    assert refused(homes[0], str(path)).remark.code == "import_broken"


def test_a_file_that_is_not_there_is_said_to_be_missing(homes, tmp_path):
    assert refused(homes[0], str(tmp_path / "none.zip")).remark.code == "bundle_missing"


def test_made_up_data_is_no_witness(homes, tmp_path):
    demo = bundle_of(homes[1], tmp_path / "demo.zip", demo=True)
    assert refused(homes[0], str(demo)).remark.code == "import_demo"


def test_a_name_that_is_too_long_is_refused_before_anything_is_done(homes, theirs):
    assert refused(homes[0], str(theirs), "--name", "x" * 61).remark.code == "name_too_long"


def test_a_home_without_a_recording_takes_nothing(tmp_path, theirs):
    with pytest.raises(Problem) as caught:
        run(Home(tmp_path / "empty"), str(theirs))
    assert caught.value.remark.code == "journal_missing"


GOOD = {"sha256": "a" * 64, "name": "Portable", "key": "b" * 64, "start_ns": 1, "end_ns": 2}


@pytest.mark.parametrize(
    "change",
    [
        {"sha256": "A" * 64},
        {"sha256": "a" * 63},
        {"sha256": 5},
        {"key": "../../" + "b" * 58},
        {"name": ""},
        {"name": "x" * 61},
        {"name": "a\nb"},
        {"start_ns": -1},
        {"start_ns": 3},
        {"end_ns": 1 << 62},
        {"end_ns": True},
        {"more": 1},
    ],
)
def test_a_note_that_no_bundle_can_be_is_refused(change):
    message = {"kind": "second_witness", "data": GOOD}
    assert notes.check_note(message, NOW).kind is EventKind.SECOND_WITNESS
    with pytest.raises(ValueError, match=r"."):
        notes.check_note({"kind": "second_witness", "data": GOOD | change}, NOW)


def test_the_lock_is_free_again_afterwards(homes, theirs):
    run(homes[0], str(theirs))
    with Lock(homes[0].folder / notes.LOCK_NAME), closing(Writer(homes[0].journal)):
        pass
