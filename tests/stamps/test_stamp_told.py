"""What report and ``verify`` say of a journal's stamps: the sound ones with their authority, the rest as not valid."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cryptography.x509 import Certificate

from diagnostics.journal.reader import Reader
from diagnostics.journal.writer import Writer
from diagnostics.model import SECOND, Event, EventKind
from diagnostics.stamps.model import Stamp, Token
from diagnostics.stamps.reading import load_roots, read_response
from diagnostics.stamps.record import seals_of, stamp_event
from diagnostics.stamps.request import make_query
from jalerte_desktop.__main__ import main
from jalerte_desktop.documents.bundle.redacted_facts import redact_facts
from jalerte_desktop.documents.bundle.redaction import Redaction
from jalerte_desktop.documents.report.facts import Sources, gather
from jalerte_desktop.documents.report.model import ReportFacts
from jalerte_desktop.documents.report.pdf import report_pdf
from jalerte_desktop.words.language import speaking
from tests.documents.report_journal import DIGEST, event, moment, write_journal
from tests.made import LINE
from tests.servers.short_authority import ShortAuthority
from tests.servers.stamp_server import StampAuthority, certificate_digest

SERVER = "http://127.0.0.1:3161/tsr"
CLAIMED = "Grande Autorité du Temps 2026"


@dataclass(frozen=True)
class Story:
    """A home whose journal has two seals, at 60 and at 210 seconds; the record itself is 200 seconds long."""

    home: Path
    authority: StampAuthority

    @property
    def journal(self) -> Path:
        return self.home / "journal.sqlite"

    def sound(self, number: int = 1, answer: Callable[[bytes], bytes] | None = None) -> Stamp:
        """An honest stamp of the seal with this number."""
        with Reader(self.journal) as reader:
            seal = list(seals_of(reader.events(EventKind.SEAL)))[number]
        token = (answer or self.authority.answer)(make_query(seal.link).body)
        found = read_response(token, seal.link)
        at_ns, name = (found.at_ns, found.authority) if isinstance(found, Token) else (moment(70), CLAIMED)
        return Stamp(seal.seq, seal.link, at_ns, name, SERVER, token, moment(220))

    def keep(self, *stamps: Stamp) -> None:
        self.add(*(stamp_event(one, one.taken_ns) for one in stamps))

    def add(self, *events: Event) -> None:
        with closing(Writer(self.journal)) as writer:
            for one in events:
                writer.append(one)

    def facts(self, roots: tuple[Certificate, ...] = ()) -> ReportFacts:
        with speaking("en"):
            return gather(
                Sources(self.journal, self.home / "files", stamp_roots=roots),
                moment(0),
                moment(200),
                ZoneInfo("Europe/Paris"),
                moment(3600),
            )


@pytest.fixture
def story(authority: StampAuthority, home: Path) -> Story:
    write_journal(home / "journal.sqlite")
    with closing(Writer(home / "journal.sqlite")) as writer:
        writer.sign(moment(60))
        writer.append(event(EventKind.LINE_HOME, 200, id=LINE.id, home=True))
        writer.sign(moment(210))
    return Story(home, authority)


@pytest.fixture
def verify(
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, str]]:
    def run(story: Story, *words: str) -> tuple[int, str]:
        capsys.readouterr()
        with speaking("en"):
            code = main(["--home", str(story.home), "verify", *words])
        return code, capsys.readouterr().out

    return run


def pdf_text(facts: ReportFacts) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed: the report's text cannot be read")
    done = subprocess.run(
        ["pdftotext", "-", "-"], input=report_pdf(facts, "en"), capture_output=True, check=True, timeout=60
    )
    return " ".join(done.stdout.decode().split())


# --- what does not hold ---------------------------------------------------------------------------------------------


def forged(story: Story) -> Stamp:
    return replace(story.sound(), token=b"garbage" + bytes(32), authority=CLAIMED)


def of_another_link(story: Story) -> Stamp:
    return replace(story.sound(0), seq=story.sound().seq, link=story.sound().link)


def altered(story: Story) -> Stamp:
    sound = story.sound()
    return replace(sound, token=sound.token[:-1] + bytes([sound.token[-1] ^ 1]))


def expired(story: Story) -> Stamp:
    return story.sound(answer=lambda query: story.authority.answer_by("expired", query))


def renamed(story: Story) -> Stamp:
    return replace(story.sound(), authority=CLAIMED)


def of_no_seal(story: Story) -> Stamp:
    link = bytes.fromhex(DIGEST)
    return replace(story.sound(), link=link, token=story.authority.answer(make_query(link).body))


@pytest.mark.parametrize(
    ("make", "code", "reason"),
    [
        (forged, "stamp_not_understood", "What is kept of it is no time stamp."),
        (of_another_link, "stamp_other_link", "It dates something else than this record."),
        (altered, "stamp_signature", "Its signature does not hold."),
        (expired, "stamp_expired", "A certificate behind it was not in force at the time it names."),
        (renamed, "stamp_told_otherwise", "The journal tells another time or another authority"),
        (of_no_seal, "stamp_of_no_seal", "It dates nothing that this journal sealed."),
    ],
)
def test_one_that_does_not_hold_dates_nothing_and_is_said_to(
    story: Story,
    verify: Callable[..., tuple[int, str]],
    make: Callable[[Story], Stamp],
    code: str,
    reason: str,
) -> None:
    stamp = make(story)
    story.keep(stamp)

    facts = story.facts()
    assert facts.evidence is not None
    assert (facts.evidence.stamps, facts.evidence.dated_until_ns) == ((), None)
    (false,) = facts.evidence.false_stamps
    assert (false.sequence, false.at_ns, false.authority, false.why) == (
        stamp.seq, stamp.at_ns, stamp.authority, code,
    )  # fmt: skip

    text = pdf_text(facts)
    assert "no outside time stamp (RFC 3161) covers the period" in text
    assert "period is dated from outside" not in text
    assert f"by {stamp.authority}: not valid. {reason}" in text
    assert "Outside time stamps that are not valid" in text
    assert "1; they date nothing" in text

    left, out = verify(story)
    assert left == 0, "the chain itself is whole"
    said = f"The time stamp of record {stamp.seq}, which the journal says is of "
    assert said in out
    assert f"by {stamp.authority}, is not valid and dates nothing. {reason}" in out
    left, out = verify(story, "--json")
    told = json.loads(out)
    assert (left, told["ok"], told["fault"]) == (0, True, None)
    (note,) = [one for one in told["notes"] if "time stamp" in one]
    assert note.startswith(said)
    assert reason in note


def test_false_ones_beside_a_sound_one_add_nothing(story: Story) -> None:
    """The sound one dates the first minute; the forged one claims the rest."""
    story.keep(story.sound(0), forged(story))
    facts = story.facts()
    assert facts.evidence is not None
    assert facts.evidence.dated_until_ns == moment(60)
    assert [one.sequence for one in facts.evidence.stamps] == [story.sound(0).seq]
    assert [one.authority for one in facts.evidence.false_stamps] == [CLAIMED]
    text = pdf_text(facts)
    assert "dated from outside up to 18 November 2026" in text
    assert "could have been made anew" in text


def test_one_of_a_seal_beside_the_chain_dates_nothing(story: Story) -> None:
    link = bytes.fromhex(DIGEST)
    story.add(event(EventKind.SEAL, 150, seq=4, link=DIGEST, key="cd" * 32, signature="00" * 64))
    token = story.authority.answer(make_query(link).body)
    story.keep(replace(story.sound(), seq=4, link=link, token=token))
    evidence = story.facts().evidence
    assert evidence is not None
    assert (evidence.stamps, [one.why for one in evidence.false_stamps]) == ((), ["stamp_not_in_chain"])


def test_a_thousand_false_ones_fill_no_page_and_no_screen(
    story: Story, verify: Callable[..., tuple[int, str]]
) -> None:
    false = forged(story)
    story.add(
        *(stamp_event(replace(false, authority=f"{CLAIMED} {n}"), moment(220)) for n in range(1000)),
        *(event(EventKind.STAMP, 230, seq=n) for n in range(7)),
    )
    facts = story.facts()
    assert facts.honesty.left_out == 7
    text = pdf_text(facts)
    assert (text.count(CLAIMED), "and 980 more" in text) == (20, True)
    _code, out = verify(story)
    assert out.count(CLAIMED) == 20
    assert "Other time stamps that are not valid and date nothing: 980." in out
    assert "Entries that should be time stamps and are none: 7." in out


# --- what holds -----------------------------------------------------------------------------------------------------


def test_a_sound_one_is_told_with_its_authority_and_that_nobody_vouches_for_it(
    story: Story, verify: Callable[..., tuple[int, str]]
) -> None:
    story.keep(story.sound(0), story.sound())
    facts = story.facts()
    digest = certificate_digest(story.authority.root)
    assert facts.evidence is not None
    assert facts.evidence.false_stamps == ()
    assert facts.evidence.dated_until_ns == moment(210)
    for stamp in facts.evidence.stamps:
        assert (stamp.authority, stamp.server) == ("Test tsa (Test Trust)", SERVER)
        assert (stamp.root, stamp.rooted, stamp.top, stamp.top_is_root) == (
            "Test Root (Test Trust)", False, digest, True,
        )  # fmt: skip
    text = pdf_text(facts)
    assert "The whole period is dated from outside" in text
    assert "as far as the authorities named below are to be believed" in text
    assert text.count("[1] Test tsa (Test Trust)") == 3, "each stamp, and the authority once"
    assert f"asked, as the journal tells: {SERVER}." in text
    assert text.count(digest) == 1
    assert "Root not vouched for by jalerte" in text
    code, out = verify(story)
    assert (code, "time stamp" in out) == (0, False)


def test_a_root_that_the_holder_named_is_said_to_be_just_that(story: Story) -> None:
    story.keep(story.sound())
    facts = story.facts(load_roots(story.authority.root))
    assert facts.evidence is not None
    (stamp,) = facts.evidence.stamps
    assert (stamp.rooted, stamp.top) == (True, certificate_digest(story.authority.root))
    text = pdf_text(facts)
    assert "The line’s holder named this root as one to be trusted" in text
    assert "Root not vouched for" not in text


def test_with_named_roots_those_of_others_do_not_count(
    story: Story, tmp_path: Path, verify: Callable[..., tuple[int, str]]
) -> None:
    """Named in config.toml: the commands read it."""
    story.keep(story.sound())
    stranger = StampAuthority(tmp_path / "stranger").root
    evidence = story.facts(load_roots(stranger)).evidence
    assert evidence is not None
    assert (evidence.dated_until_ns, [one.why for one in evidence.false_stamps]) == (
        None,
        ["stamp_other_root"],
    )
    (story.home / "config.toml").write_text(f"[stamp]\nroots = {json.dumps(str(stranger))}\n", "utf-8")
    assert "It goes up to none of the roots named in config.toml." in verify(story)[1]
    paper = tmp_path / "report.pdf"
    assert main(["--home", str(story.home), "report", "--out", str(paper)]) == 0
    done = subprocess.run(["pdftotext", str(paper), "-"], capture_output=True, check=True, timeout=60)
    assert "config.toml" in done.stdout.decode()


def test_a_token_without_its_root_tells_the_last_certificate_there_is(story: Story) -> None:
    inter = story.authority.folder / "inter.pem"
    story.keep(story.sound(answer=lambda query: story.authority.answer(query, chain="inter.pem")))
    facts = story.facts()
    assert facts.evidence is not None
    (stamp,) = facts.evidence.stamps
    assert (stamp.root, stamp.top, stamp.top_is_root) == (
        "Test Root (Test Trust)", certificate_digest(inter), False,
    )  # fmt: skip
    text = pdf_text(facts)
    assert "which the stamp does not hold" in text
    # A root that was given is known, be it in the token or not.
    evidence = story.facts(load_roots(story.authority.root)).evidence
    assert evidence is not None
    assert (evidence.stamps[0].top, evidence.stamps[0].top_is_root) == (
        certificate_digest(story.authority.root), True,
    )  # fmt: skip


def test_two_authorities_of_one_name_are_told_apart(story: Story, tmp_path: Path) -> None:
    twin = StampAuthority(tmp_path / "twin")
    story.keep(story.sound(0), story.sound(1, twin.answer))
    text = pdf_text(story.facts())
    for number, root in enumerate((story.authority.root, twin.root), 1):
        assert text.count(f"[{number}] Test tsa (Test Trust)") == 2
        assert certificate_digest(root) in text


def test_one_whose_certificates_are_over_by_now_still_dates(story: Story, tmp_path: Path) -> None:
    for life_s in (4, 16, 64):  # a slow machine may need longer than the certificates last
        brief = ShortAuthority(tmp_path / f"brief {life_s}", life_s)
        stamp = story.sound(1, brief.answer)
        if stamp.authority == "Brief tsa (Brief Trust)":
            break
    story.keep(stamp)
    brief.wait()
    facts = story.facts()
    assert facts.evidence is not None
    assert (facts.evidence.dated_until_ns, facts.evidence.false_stamps) == (moment(210), ())
    assert "[1] Brief tsa (Brief Trust)" in pdf_text(facts)


def test_only_those_that_say_something_of_the_period_are_told(story: Story) -> None:
    story.keep(story.sound(0), story.sound(1), forged(story))
    sources = Sources(story.journal, story.home / "files")
    with speaking("en"):
        late = gather(sources, moment(100), moment(150), ZoneInfo("Europe/Paris"), moment(3600)).evidence
        early = gather(sources, moment(0), moment(50), ZoneInfo("Europe/Paris"), moment(3600)).evidence
    assert late is not None
    assert early is not None
    assert [one.sequence for one in late.stamps] == [story.sound(1).seq]
    assert [one.sequence for one in early.stamps] == [story.sound(0).seq]
    assert (late.dated_until_ns, early.dated_until_ns) == (moment(210), moment(60))


def test_the_same_journal_gives_the_same_bytes(story: Story) -> None:
    story.keep(story.sound(0), story.sound(1), forged(story))
    first, second = story.facts(), story.facts()
    assert first.evidence == second.evidence
    assert report_pdf(first, "en") == report_pdf(second, "en")


@pytest.mark.parametrize(("copy", "shown"), [("operator", True), ("public", False), ("arcep", False)])
def test_who_was_asked_stays_out_of_the_copies_that_hide_it(story: Story, copy: str, shown: bool) -> None:
    story.keep(story.sound())
    facts = story.facts()
    with speaking("en"):
        told = redact_facts(facts, Redaction(copy, date(2026, 11, 22)))
    assert told.evidence is not None
    (stamp,) = told.evidence.stamps
    assert stamp.server == (SERVER if shown else "withheld")
    assert stamp.authority == "Test tsa (Test Trust)"
    assert (SERVER in pdf_text(told)) is shown


def test_the_time_is_the_authoritys(story: Story) -> None:
    stamp = story.sound()
    story.keep(stamp)
    evidence = story.facts().evidence
    assert evidence is not None
    assert evidence.stamps[0].at_ns == stamp.at_ns
    assert stamp.at_ns % SECOND == 0
