"""Drafts of alerts: the person's words, period and files, kept in the case file; the files as copies of our own."""

import hashlib
import os
import stat
from pathlib import Path

import pytest

from diagnostics.model import BadInput, MachineCannot, Problem
from jalerte_desktop.casefile.case_file import open_case_file
from jalerte_desktop.filing import drafts
from jalerte_desktop.filing.photos import Place, place_of
from tests import examples
from tests.filing.test_photos import TELL


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
    (added,) = drafts.attach(file, photo, "photo", tmp_path / "files").draft.attachments
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


def test_a_photos_place_stays_behind_unless_it_is_wanted(file, tmp_path):
    drafts.new_draft(file, None, None)
    photo = tmp_path / "box.jpg"
    photo.write_bytes(TELL["exif"])
    found = drafts.attach(file, photo, "photo", tmp_path / "files")
    assert found.stripped
    kept = Path(found.added.path).read_bytes()
    assert place_of(kept) is Place.NONE
    assert (hashlib.sha256(kept).hexdigest(), len(kept)) == (found.added.sha256, found.added.size_bytes)
    whole = drafts.attach(file, photo, "evidence", tmp_path / "files", keep_metadata=True)
    assert not whole.stripped
    assert Path(whole.added.path).read_bytes() == TELL["exif"]
    with pytest.raises(BadInput) as caught:
        drafts.attach(file, photo, "photo", tmp_path / "files")
    assert code_of(caught) == "attach_twice"


def test_two_files_of_one_name_can_be_told_apart_and_taken_out_one_by_one(file, tmp_path):
    drafts.new_draft(file, None, None)
    for number in range(3):
        (tmp_path / str(number)).mkdir()
        path = tmp_path / str(number) / "photo.jpg"
        path.write_bytes(b"\xff\xd8" + bytes([number]))
        drafts.attach(file, path, "photo", tmp_path / "files")
    names = [one.name for one in drafts.needed_draft(file).attachments]
    assert names == ["photo.jpg", "photo (2).jpg", "photo (3).jpg"]
    left = drafts.detach(file, "photo.jpg").attachments
    assert [one.name for one in left] == names[1:]


def test_a_copy_that_is_not_what_it_was_is_written_again(file, photo, tmp_path):
    drafts.new_draft(file, None, None)
    first = drafts.attach(file, photo, "photo", tmp_path / "files").added
    Path(first.path).write_bytes(b"cut off")
    drafts.detach(file, first.name)
    again = drafts.attach(file, photo, "photo", tmp_path / "files").added
    assert again == first
    assert Path(first.path).read_bytes() == photo.read_bytes()
    assert [one.name for one in (tmp_path / "files").iterdir()] == [Path(first.path).name]


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("vacances.jpg", b"-----BEGIN PRIVATE KEY-----", "application/octet-stream"),
        ("a.pdf", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a", b"%PDF-1.7", "application/pdf"),
        ("a.txt", b"GIF89a", "image/gif"),
        ("a.bin", b"RIFF\x04\x00\x00\x00WEBP", "image/webp"),
        ("a.bin", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("a.txt", b"hello", "text/plain"),
        ("a.zzz", b"hello", "application/octet-stream"),
    ],
)
def test_a_file_is_what_it_holds_whatever_its_name_says(file, tmp_path, name, content, media_type):
    drafts.new_draft(file, None, None)
    (tmp_path / name).write_bytes(content)
    assert drafts.attach(file, tmp_path / name, "other", tmp_path / "files").added.media_type == media_type


@pytest.mark.skipif(os.name != "posix", reason="links and pipes as Linux and macOS have them")
def test_a_link_goes_under_the_name_of_its_file_and_what_is_no_file_not_at_all(file, tmp_path):
    drafts.new_draft(file, None, None)
    secret, link = tmp_path / "id_rsa", tmp_path / "vacances.jpg"
    secret.write_bytes(b"key")
    link.symlink_to(secret)
    found = drafts.attach(file, link, "photo", tmp_path / "files").added
    assert (found.name, found.media_type) == ("id_rsa", "application/octet-stream")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "to_pipe").symlink_to(tmp_path / "pipe")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    for path in (tmp_path / "pipe", tmp_path / "to_pipe", tmp_path / "round"):
        with pytest.raises(BadInput) as caught:
            drafts.attach(file, path, "photo", tmp_path / "files")
        assert code_of(caught) in ("attach_no_file", "attach_unreadable")


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no /proc here")
def test_files_of_proc_are_refused(file, tmp_path):
    drafts.new_draft(file, None, None)
    with pytest.raises(BadInput) as caught:
        drafts.attach(file, Path("/proc/self/environ"), "other", tmp_path / "files")
    assert code_of(caught) == "attach_empty"
