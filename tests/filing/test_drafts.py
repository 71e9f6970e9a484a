"""Drafts of alerts: the person's words, period and files, kept in the case file; the files as copies of our own."""

import hashlib
import stat
from pathlib import Path

import pytest

from diagnostics.model import BadInput, MachineCannot, Problem
from jalerte_desktop.casefile.case_file import open_case_file
from jalerte_desktop.filing import drafts
from tests import examples


@pytest.fixture
def file(tmp_path):
    with open_case_file(tmp_path / "case.sqlite", lambda: examples.NOW) as opened:
        opened.new("fixed-internet-cut", "FR", "Orange")
        yield opened


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "la box.JPG"
    path.write_bytes(b"\xff\xd8 the lights of the box")
    return path


def code_of(caught):
    return caught.value.remark.code


def test_a_new_draft_closes_the_one_before_and_loses_nothing(file):
    first = drafts.new_draft(file, 10, 20)
    second = drafts.new_draft(file, None, None)
    assert first.id != second.id
    assert drafts.open_draft(file) == second
    with file.reading() as db:
        assert db.execute("SELECT id, since_ns FROM alerts WHERE closed_ns IS NOT NULL").fetchall() == [
            (first.id, 10)
        ]


def test_without_a_draft_there_is_nothing_to_change(file):
    with pytest.raises(Problem) as caught:
        drafts.set_description(file, "Bonjour")
    assert code_of(caught) == "alert_no_draft"


def test_a_period_that_is_none_is_refused(file):
    drafts.new_draft(file, 10, 20)
    with pytest.raises(BadInput) as caught:
        drafts.set_period(file, 20, 20)
    assert code_of(caught) == "empty_period"
    assert drafts.set_period(file, 5, None).since_ns == 5


def test_own_words_are_kept_and_can_be_given_back_to_the_program(file):
    drafts.new_draft(file, None, None)
    assert drafts.set_description(file, "Ma ligne coupe.\r\n\r\nChaque soir.\x00").description == (
        "Ma ligne coupe.\nChaque soir."
    )
    assert drafts.set_description(file, None).description is None
    with pytest.raises(BadInput) as caught:
        drafts.set_description(file, "x" * 20_001)
    assert code_of(caught) == "alert_text_huge"


def test_an_attachment_is_a_copy_that_outlives_the_original(file, photo, tmp_path):
    drafts.new_draft(file, None, None)
    content = photo.read_bytes()
    (added,) = drafts.attach(file, photo, "photo", tmp_path / "files").attachments
    photo.write_bytes(b"something else")
    assert (added.name, added.media_type, added.size_bytes) == ("la box.JPG", "image/jpeg", len(content))
    assert Path(added.path).read_bytes() == content
    assert hashlib.sha256(content).hexdigest() == added.sha256
    assert stat.S_IMODE((tmp_path / "files").stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in (tmp_path / "files").iterdir()} == {0o600}


def test_files_are_taken_out_by_their_name(file, photo, tmp_path):
    drafts.new_draft(file, None, None)
    drafts.attach(file, photo, "photo", tmp_path / "files")
    with pytest.raises(BadInput) as caught:
        drafts.detach(file, "other.png")
    assert code_of(caught) == "attach_unknown"
    assert drafts.detach(file, "la box.JPG").attachments == ()


def test_what_cannot_go_along_is_refused_and_changes_nothing(file, photo, tmp_path):
    drafts.new_draft(file, None, None)
    empty = tmp_path / "empty.png"
    empty.touch()
    huge = tmp_path / "huge.png"
    with huge.open("wb") as opened:
        opened.truncate(drafts.LARGEST_BYTES + 1)
    drafts.attach(file, photo, "photo", tmp_path / "files")
    for path, kind, code in (
        (empty, "photo", "attach_empty"),
        (huge, "photo", "attach_large"),
        (tmp_path, "photo", "attach_no_file"),
        (tmp_path / "gone", "photo", "attach_no_file"),
        (photo, "painting", "attach_kind"),
        (photo, "photo", "attach_twice"),
    ):
        with pytest.raises(BadInput) as caught:
            drafts.attach(file, path, kind, tmp_path / "files")
        assert code_of(caught) == code
    blocked = tmp_path / "blocked"
    blocked.touch()
    photo.write_bytes(b"another one")
    with pytest.raises(MachineCannot) as cannot:
        drafts.attach(file, photo, "photo", blocked)
    assert code_of(cannot) == "attach_not_writable"
    assert [one.name for one in drafts.needed_draft(file).attachments] == ["la box.JPG"]


def test_no_more_than_ten_files(file, tmp_path):
    drafts.new_draft(file, None, None)
    for number in range(drafts.MOST_FILES):
        path = tmp_path / f"{number}.png"
        path.write_bytes(bytes([number, 1]))
        drafts.attach(file, path, "photo", tmp_path / "files")
    path = tmp_path / "more.png"
    path.write_bytes(b"more")
    with pytest.raises(BadInput) as caught:
        drafts.attach(file, path, "photo", tmp_path / "files")
    assert code_of(caught) == "attach_many"
