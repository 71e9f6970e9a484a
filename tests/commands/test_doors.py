"""The evidence commands as real processes: signals, full disks, missing folders, closed outputs, hostile words."""

from __future__ import annotations

import errno
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from diagnostics.model import EventKind, MachineCannot
from diagnostics.recorder import notes
from jalerte_desktop.casefile.case_file import open_case_file
from jalerte_desktop.commands import arguments, context
from jalerte_desktop.words.errors import say_problem
from jalerte_desktop.words.language import speaking
from jalerte_desktop.words.system import system_words
from tests import bulk
from tests.documents.report_journal import write_journal

JALERTE = (sys.executable, "-m", "jalerte_desktop")
ROOT = Path(__file__).resolve().parents[2]
LONG_DAYS = 31
"""Four parts of the chain: the check of a journal that long is shared by several processes, and lasts seconds."""
LONG_S = 30.0
"""What does not come about within this never does."""


def environment(**more: str) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JALERTE", "LC_"))
    }
    return {**kept, "LANG": "C.UTF-8", "JALERTE_LANG": "en", "PYTHONPATH": str(ROOT), **more}


def jalerte(home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*JALERTE, "--home", str(home), *words],
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=120,
        check=False,
    )


def shell(script: str, *, mounts: bool = False, **more: str) -> subprocess.CompletedProcess[str]:
    before = ["unshare", "--mount"] if mounts else []
    return subprocess.run(
        [*before, "sh", "-c", script],
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def command(home: Path, *words: str) -> str:
    return shlex.join([*JALERTE, "--home", str(home), *words])


def one_line(told: str) -> str:
    (line,) = told.splitlines()
    assert "Traceback" not in line
    assert "Exception ignored" not in line
    return line


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_journal(tmp_path / "home" / "journal.sqlite")
    return tmp_path / "home"


@pytest.fixture
def with_case(home: Path) -> Path:
    with open_case_file(home / "case.sqlite", lambda: time.time_ns()) as file:
        file.new("fixed-internet-cut", "FR", "Orange")
        file.set("person.name", "Zébulon Wigglesworth")
    return home


@pytest.fixture(scope="module")
def long_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("long")
    bulk.make(folder / "journal.sqlite", "line", LONG_DAYS)
    return folder


needs_mounts = pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0, reason="mounts a small disk: root on Linux"
)
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc, uses /dev/full")


# --- ended from outside -----------------------------------------------------------------------------------------------


def members(session: int) -> set[int]:
    """The living processes of a session."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.add(int(stat.parent.name))
    return found


def wait_until(what: Callable[[], bool], timeout_s: float) -> bool:
    end = time.monotonic() + timeout_s
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


HEARING = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
"""What a shell starts in the background does not hear Ctrl+C, nor does what that starts in its turn: this does."""


@pytest.fixture
def checking(long_home: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the check of the long journal in a session of its own, and waits until its workers work."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", HEARING, *JALERTE, "--home", str(long_home), "verify", *words],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        assert wait_until(lambda: workers(process.pid) >= min(2, os.cpu_count() or 1), 30)
        return process

    yield start
    for process in started:
        for one in members(process.pid):
            os.kill(one, signal.SIGKILL)
        process.communicate()


def workers(session: int) -> int:
    """How many that share the work have worked for half a second by now."""
    ticks = os.sysconf("SC_CLK_TCK") // 2
    return sum(worked(one) > ticks for one in members(session) if "spawn_main" in cmdline(one))


def worked(process: int) -> int:
    """Its processor time so far, in the system's ticks."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@linux
@pytest.mark.parametrize(
    ("number", "to_all", "words", "codes"),
    [
        (signal.SIGTERM, False, (), {143}),
        (signal.SIGINT, False, (), {130}),
        (signal.SIGINT, True, (), {130}),
        (signal.SIGKILL, False, (), {-9}),
        # The window listens to these lines, and stops the check with SIGTERM.
        (signal.SIGTERM, False, ("--progress",), {143}),
    ],
)
def test_a_check_that_is_ended_leaves_no_process(
    checking: Callable[..., subprocess.Popen[str]],
    number: signal.Signals,
    to_all: bool,
    words: tuple[str, ...],
    codes: set[int],
) -> None:
    process = checking(*words)
    (os.killpg if to_all else os.kill)(process.pid, number)
    process.wait(timeout=LONG_S)
    assert process.returncode in codes
    assert wait_until(lambda: not members(process.pid), LONG_S), "a process was left"
    _out, told = process.communicate(timeout=LONG_S)
    assert "Traceback" not in told


@linux
def test_a_worker_killed_from_outside_is_told_in_a_line(
    checking: Callable[..., subprocess.Popen[str]],
) -> None:
    process = checking("--json")
    busy = next(one for one in members(process.pid) if one != process.pid and "spawn_main" in cmdline(one))
    os.kill(busy, signal.SIGKILL)
    _out, told = process.communicate(timeout=LONG_S)
    assert process.returncode == 3
    assert "ended from outside" in one_line(told)
    assert wait_until(lambda: not members(process.pid), LONG_S), "a process was left"


def cmdline(process: int) -> str:
    return Path(f"/proc/{process}/cmdline").read_text("utf-8", "replace")


@linux
def test_a_report_that_is_ended_leaves_no_draft(long_home: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*JALERTE, "--home", str(long_home), "timeline", "--format", "csv", "--out", str(tmp_path / "t.csv")],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert wait_until(lambda: any(one.stat().st_size > 100_000 for one in drafts(tmp_path)), 30)
    process.send_signal(signal.SIGTERM)
    _out, told = process.communicate(timeout=LONG_S)
    assert process.returncode == 143
    assert told == b""
    assert list(tmp_path.iterdir()) == []


def drafts(folder: Path) -> list[Path]:
    return list(folder.glob(".*"))


# --- where a file is to be written ------------------------------------------------------------------------------------

PAPERS = (
    ("report", "r.pdf", ()),
    ("bundle", "b.zip", ("--for", "public", "--yes")),
    ("timeline", "t.csv", ("--format", "csv")),
)


@pytest.mark.parametrize(("name", "file", "words"), PAPERS)
def test_a_missing_folder_is_bad_input(
    home: Path, tmp_path: Path, name: str, file: str, words: tuple[str, ...]
) -> None:
    nowhere = tmp_path / "nowhere" / file
    ended = jalerte(home, name, *words, "--out", str(nowhere))
    assert ended.returncode == 2
    assert f"There is no folder {nowhere.parent}" in one_line(ended.stderr)
    no_folder = home / "journal.sqlite" / file
    assert jalerte(home, name, *words, "--out", str(no_folder)).returncode == 2
    long = tmp_path / ("x" * 300 + Path(file).suffix)
    ended = jalerte(home, name, *words, "--out", str(long))
    assert ended.returncode == 2
    assert "(the name is too long)" in one_line(ended.stderr)


@needs_mounts
@pytest.mark.parametrize(("name", "file", "words"), PAPERS)
def test_a_full_or_read_only_disk_is_what_the_machine_cannot(
    home: Path, tmp_path: Path, name: str, file: str, words: tuple[str, ...]
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    out = disk / file
    run = command(home, name, *words, "--out", str(out))
    for size, options, reason in (
        ("16k", "", "no space is left"),
        ("1m", "; mount -o remount,ro d", "it can only be read there"),
    ):
        fill = "dd if=/dev/zero of=d/fill bs=4k count=3 2>/dev/null; " if size == "16k" else ""
        script = f"cd {tmp_path}; ln -sfn disk d; mount -t tmpfs -o size={size} none disk; {fill}true{options}; {run}"
        script += "; code=$?; ls -A disk >listed; exit $code"
        ended = shell(script, mounts=True)
        assert ended.returncode == 3, ended.stderr
        assert f"({reason})" in one_line(ended.stderr)
        assert (tmp_path / "listed").read_text().split() == (["fill"] if fill else [])


def test_where_a_paper_goes_is_found_before_the_work(home: Path, tmp_path: Path) -> None:
    # A configuration that cannot be read stops each command before its work: the place is looked at even earlier.
    (home / "config.toml").write_text("[targets\n")
    for name, file, words in PAPERS[:2]:
        ended = jalerte(home, name, *words, "--out", str(tmp_path / "nowhere" / file))
        assert "There is no folder" in one_line(ended.stderr)


def test_a_place_is_tried_and_left_as_it_was(tmp_path: Path) -> None:
    arguments.usable_output(tmp_path / "x.pdf")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to("real.csv")
    with arguments.output_file(tmp_path / "link.csv") as draft:
        draft.write_text("new")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "new"
    assert len(list(tmp_path.iterdir())) == 2


# --- a home that can only be read -------------------------------------------------------------------------------------


@needs_mounts
@pytest.mark.parametrize("by", ["mount", "rights"])
@pytest.mark.parametrize(("name", "file", "words"), PAPERS[:2])
def test_a_paper_of_a_read_only_home_is_written_and_not_kept(
    with_case: Path, tmp_path: Path, by: str, name: str, file: str, words: tuple[str, ...]
) -> None:
    home = with_case
    assert jalerte(home, "bundle", "--for", "public", "--preview").returncode == 0  # it has its key now
    papers = len(kept(home))
    run = command(home, name, *words, "--out", str(tmp_path / "out" / file))
    (tmp_path / "out").mkdir()
    if by == "mount":
        before = f"mount --bind {home} {home} && mount -o remount,bind,ro {home} && "
    else:
        # Root without the right to pass over rights, like everybody else.
        home.chmod(0o555)
        before = "setpriv --bounding-set=-dac_override "
    ended = shell(before + run, mounts=True)
    again = shell(f"{before}{run} --force --json", mounts=True)
    home.chmod(0o755)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "out" / file).stat().st_size > 1000
    (line,) = [line for line in ended.stdout.splitlines() if "not kept in the case" in line]
    assert "case.sqlite cannot be written" in line
    told = json.loads(again.stdout)
    assert told["paper"] is None
    assert "case.sqlite" in told["not_kept"]
    assert len(kept(home)) == papers


def kept(home: Path) -> tuple[object, ...]:
    with open_case_file(home / "case.sqlite", lambda: time.time_ns()) as file:
        return file.papers()


# --- what a command line may say --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("journal", "retention", "--keep-days", "x"), "“x” is not a number"),
        (("report",), "--out"),
        (("verify", "a", "b"), "b"),
        (("timeline", "--format"), "--format"),
        (("timeline", "--format", "xml", "--out", "a"), "'csv', 'json', 'parquet'"),
        (("stamp", "choose", "--server", "a", "--none"), "--server"),
        (("report", "--force=3", "--out", "a.pdf"), "'3'"),
        (("report", "--outt", "a.pdf"), "--out"),
        (("nonsense",), "'nonsense'"),
    ],
)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_command_line_that_is_wrong_is_told_in_one_line_with_the_help(
    tmp_path: Path, words: tuple[str, ...], said: str, language: str
) -> None:
    ended = jalerte(tmp_path, *words, JALERTE_LANG=language)
    assert ended.returncode == 2
    line = one_line(ended.stderr)
    assert line.startswith("jalerte")
    if language == "en":
        assert said in line
    assert "--help" in line
    if language == "fr":
        for english in (
            "invalid",
            "argument ",
            "expected",
            "required",
            "not allowed",
            "ignored",
            "could match",
        ):
            assert english not in line


def test_an_empty_address_is_no_time_stamp_server(home: Path) -> None:
    ended = jalerte(home, "stamp", "choose", "--server", "", "--yes")
    assert ended.returncode == 2
    assert "no address of a time-stamp server" in one_line(ended.stderr)


PERIOD = ("--since", "2026-11-18T10:00", "--until", "2026-11-18T11:00")


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("x" * 501, "501 characters"),
        ("x" * 100_000, "100000 characters"),
        ("one\ntwo", "one line"),
        ("red \x1b[31m", "one line"),
        ("turned \u202e round", "one line"),
        ("not text \udce9", "one line"),
        ("   ", "Give a reason"),
    ],
)
def test_a_reason_is_short_and_on_one_line(home: Path, reason: str, said: str) -> None:
    ended = jalerte(home, "exclude", *PERIOD, "--reason", reason)
    assert ended.returncode == 2
    assert said in one_line(ended.stderr)
    with pytest.raises(ValueError, match=r"reason|surrogates"):
        notes.check_note({"kind": str(EventKind.EXCLUSION), "data": {**SPAN, "reason": reason.strip()}}, 0)


SPAN = {"since_ns": 1, "until_ns": 2}


def test_a_reason_of_the_greatest_length_is_kept_whole(home: Path) -> None:
    reason = "é\u202f" * 249 + "éé"
    ended = jalerte(home, "exclude", *PERIOD, "--reason", reason, "--json")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["reason"] == reason
    assert notes.check_note({"kind": str(EventKind.EXCLUSION), "data": {**SPAN, "reason": reason}}, 0)


# --- outputs that take nothing ----------------------------------------------------------------------------------------

TOLD = (
    ("status", ()),
    ("verify", ()),
    ("incidents", ()),
    ("incidents", ("--json",)),
    ("journal", ("retention",)),
    ("stamp", ("choose",)),
    ("bundle", ("--for", "public", "--preview")),
    ("report", ("--help",)),
)


@linux
@pytest.mark.parametrize(("name", "words"), TOLD)
def test_a_full_or_closed_output_is_told_in_one_line(home: Path, name: str, words: tuple[str, ...]) -> None:
    run = command(home, name, *words)
    ended = shell(f"{run} >/dev/full")
    assert ended.returncode == 3
    assert "(no space is left)" in one_line(ended.stderr)
    if words != ("--help",):
        closed = shell(f"{run} >&-")
        assert closed.returncode == 3
        assert "Standard output is closed" in one_line(closed.stderr)
    assert shell(f"{run} >/dev/full 2>/dev/full").returncode == 3
    assert shell(f"{run} >/dev/null 2>&- <&-").returncode == shell(f"{run} >/dev/null").returncode


@linux
def test_an_output_without_a_buffer_says_the_same(home: Path) -> None:
    ended = shell(f"{command(home, 'verify')} >/dev/full", PYTHONUNBUFFERED="1")
    assert ended.returncode == 3
    assert "Standard output" in one_line(ended.stderr)


@linux
@pytest.mark.parametrize("buffered", ["", "1"])
def test_a_reader_that_leaves_is_told_nothing(home: Path, buffered: str) -> None:
    for run in (command(home, "incidents", "--json"), command(home, "verify")):
        ended = shell(f"{{ {run}; echo $? >&2; }} | true", PYTHONUNBUFFERED=buffered)
        assert ended.stderr in ("1\n", "0\n")


def test_an_output_that_knows_few_characters_gets_others_in_their_place(home: Path) -> None:
    narrow = {"PYTHONIOENCODING": "ascii", "JALERTE_LANG": "fr"}
    said = jalerte(home, "incidents", **narrow)
    assert said.returncode == 0
    assert said.stderr == ""
    assert "?" in said.stdout
    assert jalerte(home, "report", **narrow).returncode == 2
    no_locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "JALERTE_LANG": "fr"}
    assert jalerte(home, "incidents", **no_locale).returncode == 0


def test_a_document_for_programs_loses_no_character(home: Path) -> None:
    words = ("exclude", *PERIOD, "--reason", "déménagement de la box", "--json")
    said = jalerte(home, *words, PYTHONIOENCODING="ascii")
    assert json.loads(said.stdout)["reason"] == "déménagement de la box"


# --- what takes a while -----------------------------------------------------------------------------------------------


def test_a_long_check_says_so_where_no_progress_is_shown(long_home: Path) -> None:
    ended = jalerte(long_home, "verify")
    assert ended.returncode == 0
    assert one_line(ended.stderr) == "Checking… This may take a minute."
    assert jalerte(long_home, "verify", "--json").stderr == ""


def test_a_short_one_says_nothing_of_it(home: Path) -> None:
    assert jalerte(home, "verify").stderr == ""


@pytest.mark.parametrize("over", ["said", "whole"])
def test_patience_ends_with_the_first_word(
    over: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(context, "PATIENCE_S", 0.05)
    surroundings = context.Context(context.Home(tmp_path))
    tell = surroundings.progress("Checking")
    timer = surroundings._patience
    assert timer is not None
    timer.join(10)
    assert capsys.readouterr().err.startswith("Checking")
    surroundings.no_more_patience()
    tell = surroundings.progress("Checking")
    timer = surroundings._patience
    assert timer is not None
    surroundings.say("Whole.") if over == "said" else tell(1.0)
    assert timer.finished.is_set()
    assert surroundings._patience is None


def test_the_first_start_of_the_demonstration_says_so_at_once(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*JALERTE, "--home", str(tmp_path), "--demo", "status"],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        working = process.poll() is None
        process.kill()
    assert "up to a minute" in line
    assert working, "it was told only afterwards"


# --- words ------------------------------------------------------------------------------------------------------------


def test_the_systems_own_messages_stand_in_parentheses_and_in_plain_words() -> None:
    for number in (
        "ENOENT",
        "EACCES",
        "EPERM",
        "EROFS",
        "ENOSPC",
        "EISDIR",
        "ENOTDIR",
        "EEXIST",
        "ENAMETOOLONG",
    ):
        text = os.strerror(getattr(errno, number))
        with speaking("en"):
            assert system_words(text)[0].islower()
            said = say_problem(MachineCannot("home_not_writable", path="/h", why=text))
            assert f"/h cannot be written ({system_words(text)}): " in said
    with speaking("en"):
        assert system_words(os.strerror(errno.EXDEV)) == f"“{os.strerror(errno.EXDEV)}”"
        assert system_words("JSON") == "JSON"
        said = say_problem(MachineCannot("home_not_writable", path="/h", why=""))
        assert "/h cannot be written: " in said


@needs_mounts
def test_a_home_that_can_only_be_read_is_told_with_its_reason(home: Path) -> None:
    run = command(home, "exclude", *PERIOD, "--reason", "x")
    ended = shell(f"mount --bind {home} {home} && mount -o remount,bind,ro {home} && {run}", mounts=True)
    assert ended.returncode == 3
    assert "cannot be written (it can only be read there): " in one_line(ended.stderr)
