"""What a bundle is made of: which records, which samples, what its tables say, and that anybody can check it."""

import csv
import gzip
import io
import json
import os
import re
import shutil
import subprocess
import zipfile
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.journal.reader import Reader
from diagnostics.journal.salvage import StoredRecord
from diagnostics.journal.writer import Writer
from diagnostics.machine_key import NAME, load_or_make
from diagnostics.model import MINUTE, NO_LINE, SECOND, BadInput, EventKind, Problem, Span
from diagnostics.witnesses import Origin, Step, Traffic, to_event
from jalerte_desktop.commands.bundle import bare
from jalerte_desktop.documents.bundle import archive, contents, manifest, records, tables, verify_alone
from jalerte_desktop.documents.bundle import rows as row_writer
from jalerte_desktop.documents.bundle.check import check_bundle
from jalerte_desktop.documents.bundle.contents import AttachedFile, Making, compose
from jalerte_desktop.documents.bundle.redaction import COPIES, Redaction
from jalerte_desktop.documents.bundle.shown import Shower
from jalerte_desktop.documents.bundle.witness import read_witness
from jalerte_desktop.documents.report.facts import Sources, gather
from jalerte_desktop.words.language import _, speaking
from tests.documents import byte_search, stuffed_home
from tests.documents.report_journal import CUT_S, event, line_event, moment, write_journal
from tests.made import BEYOND_BOX, LINE, T0, between, samples


def report(_facts, _language):
    return b"%PDF-1.7 a report"


def facts_of(journal, since=None, until=None, **more):
    sources = Sources(journal, journal.parent / "files", version="0", **more)
    with speaking("fr"):
        return gather(sources, since, until, ZoneInfo("Europe/Paris"), T0 + 10**6 * SECOND)


def bundle_of(journal, copy="operator", facts=None, attached=(), language="fr"):
    facts = facts or facts_of(journal)
    making = Making(language, facts.made_ns, "jalerte 0", load_or_make(journal.parent / "keys"), report, bare)
    with Reader(journal) as reader:
        return compose(reader, facts, copy, making, attached)


def written(bundle, path):
    path.write_bytes(archive.write(bundle.members))
    return path


def content(bundle, name):
    return next(member.data for member in bundle.members if member.name == name)


def chained(bundle):
    return list(records.read([content(bundle, records.MEMBER)]))


@pytest.fixture(scope="module")
def stuffed(tmp_path_factory):
    with speaking("fr"):
        return stuffed_home.build(tmp_path_factory.mktemp("stuffed") / "home")


@pytest.fixture
def journal(tmp_path):
    """A cut on a line that is recorded for four hours; signed hourly and at the end."""
    world = between(7300, 7320, BEYOND_BOX)
    path = tmp_path / "home" / "journal.sqlite"
    path.parent.mkdir()
    with closing(Writer(path)) as writer:
        writer.append(line_event())
        stream = list(samples(world, 4 * 3600))
        for start in range(0, len(stream), 3000):
            piece = stream[start : start + 3000]
            writer.stage(LINE.id, piece)
            writer.seal_due(piece[-1].mono_ns)
        writer.seal_all()
        writer.sign(moment(4 * 3600))
    return path


@pytest.mark.parametrize("copy", COPIES)
def test_every_copy_is_whole_for_the_checker(stuffed, tmp_path, copy):
    found = check_bundle(written(stuffed.bundle(copy, render=report), tmp_path / "b.zip"))
    assert found.first_fault is None
    assert found.ok


def test_the_same_facts_give_the_same_bytes(stuffed):
    one, two = (archive.write(stuffed.bundle("public", render=report).members) for _ in range(2))
    assert one == two


def test_names_and_order_are_those_that_were_agreed(stuffed):
    names = [member.name for member in stuffed.bundle("operator", render=report).members]
    assert names == [
        "LISEZMOI.txt", "README.txt", "manifest.sha256", "manifest.sig", "key.pem", "bundle.json", "report.pdf",
        "incidents.json", "incidents.csv", "chain/records.jsonl.gz", "rollups.csv.gz", "samples.csv.gz",
        "attachments/01-salon-de-zebulon.jpg", "removed.json", "verify.py",
    ]  # fmt: skip


def test_records_go_from_the_period_s_first_to_a_seal_after_it_without_a_hole(journal):
    since, until = moment(6000), moment(8000)
    bundle = bundle_of(journal, facts=facts_of(journal, since, until))
    found = chained(bundle)
    assert [one.seq for one in found] == list(range(found[0].seq, found[-1].seq + 1))
    assert found[-1].type == EventKind.SEAL
    assert found[0].end_ns >= since
    with Reader(journal) as reader:
        before = list(reader.records(0, found[0].seq - 1))
        within = [one.seq for one in reader.records() if one.start_ns < until and one.end_ns >= since]
    assert all(one.end_ns < since for one in before)
    assert set(within) <= {one.seq for one in found}
    # Not the whole journal: the seal that came an hour later at most.
    assert found[-1].start_ns <= until + 2 * 3600 * SECOND


def test_minutes_around_incidents_are_whole_and_quiet_ones_are_figures_and_digests(journal):
    facts = facts_of(journal)
    (incident,) = tables.incidents_of(facts)
    bundle = bundle_of(journal, facts=facts)
    around = Span(incident.span.start_ns - 2 * MINUTE, incident.span.end_ns + 2 * MINUTE)
    batches = [one for one in chained(bundle) if one.type == "samples"]
    for one in batches:
        inside = one.start_ns < around.end_ns and one.end_ns >= around.start_ns
        assert isinstance(one.fields["samples"], records.FieldShown) is inside
        assert isinstance(one.fields["rollup"], records.FieldShown)
    shown = [one.seq for one in batches if isinstance(one.fields["samples"], records.FieldShown)]
    assert 4 <= len(shown) <= 7
    (told,) = json.loads(content(bundle, "incidents.json"))["incidents"]
    assert told["records"] == [[shown[0], shown[-1]]]


def test_incidents_are_told_with_reasons_counter_evidence_and_words(stuffed):
    for language, words in (("fr", "coupure"), ("en", "outage")):
        bundle = stuffed.bundle("operator", language, render=report)
        incidents = json.loads(content(bundle, "incidents.json"))["incidents"]
        told = next(one for one in incidents if one["kind"] == "outage")
        assert told["kind_words"] == words
        assert told["reasons"]
        assert told["counter_evidence"]
        for remark in (*told["reasons"], *told["counter_evidence"]):
            assert set(remark) == {"code", "values", "words"}
            assert remark["words"] != remark["code"]
        table = content(bundle, "incidents.csv").decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(table, newline="")))
        assert [row["id"] for row in rows] == [one["id"] for one in incidents]
        row = next(row for row in rows if row["id"] == told["id"])
        assert row["kind_words"] == words
        assert row["codes"].split() == [one["code"] for one in (*told["reasons"], *told["counter_evidence"])]


def test_an_excluded_incident_stays_in_with_its_reason_and_no_cell_is_a_formula(tmp_path):
    out = event(
        EventKind.EXCLUSION, 180, since_ns=moment(50), until_ns=moment(190), reason='=CMD("calc") chez moi'
    )
    journal = write_journal(tmp_path / "home" / "journal.sqlite", [out])
    bundle = bundle_of(journal)
    (told,) = json.loads(content(bundle, "incidents.json"))["incidents"]
    assert told["excluded"] == '=CMD("calc") chez moi'
    assert told["role"] == "excluded"
    (row,) = csv.DictReader(io.StringIO(content(bundle, "incidents.csv").decode("utf-8-sig"), newline=""))
    assert row["excluded"].startswith("'=")
    public = json.loads(content(bundle_of(journal, "public"), "incidents.json"))["incidents"][0]
    with speaking("fr"):
        assert public["excluded"] == _("reason withheld")


def test_the_readable_tables_are_the_chain_s_figures_and_samples(journal):
    bundle = bundle_of(journal)
    rows = list(csv.DictReader(io.StringIO(gzip.decompress(content(bundle, "samples.csv.gz")).decode())))
    lost = [row for row in rows if row["outcome"] == "LOST" and row["role"] == "anchor"]
    assert 4 * CUT_S - 8 <= len(lost) <= 4 * CUT_S + 8
    assert all(re.fullmatch(r"2026-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{4}Z", row["sent"]) for row in rows)
    with Reader(journal) as reader:
        blocks = {block.seq: block for block in reader.sealed()}
    for row in rows[::97]:
        sample = next(
            one
            for one in blocks[int(row["record"])].samples
            if row_writer._time(one.sent_ns) == row["sent"] and one.target.address == row["address"]
        )
        assert row["outcome"] == sample.outcome.name
        assert row["rtt_ms"] == ("" if sample.rtt_ns is None else f"{sample.rtt_ns / 1e6:.2f}")
    figures = list(csv.DictReader(io.StringIO(gzip.decompress(content(bundle, "rollups.csv.gz")).decode())))
    anchor = next(row for row in figures if row["role"] == "anchor")
    figure = next(
        row for row in blocks[int(anchor["record"])].rollups.rows if row.target.address == anchor["address"]
    )
    assert (int(anchor["tries"]), int(anchor["missed"])) == (figure.count, figure.missed)
    assert anchor["median_ms"] == f"{figure.median_ns / 1e6:.2f}"


def test_a_journal_without_incidents_still_gives_a_bundle(tmp_path):
    journal = write_journal(tmp_path / "home" / "journal.sqlite", world=between(0, 0, BEYOND_BOX))
    bundle = bundle_of(journal)
    assert json.loads(content(bundle, "incidents.json"))["incidents"] == []
    assert check_bundle(written(bundle, tmp_path / "b.zip")).ok


def test_demonstration_data_says_so(tmp_path):
    journal = write_journal(tmp_path / "home" / "journal.sqlite")
    bundle = bundle_of(journal, facts=facts_of(journal, demo=True))
    assert json.loads(content(bundle, "bundle.json"))["demo"] is True
    assert "INVENTÉES" in content(bundle, "LISEZMOI.txt").decode()
    assert "MADE-UP" in content(bundle, "README.txt").decode()


@pytest.mark.parametrize(
    ("name", "signed", "counts"),
    [
        (
            "LISEZMOI.txt",
            "la vérification ne refait pas l’étude des incidents",
            "Seul qui détient la clé pourrait les falsifier. Elle recalcule la chaîne et chaque ligne",
        ),
        (
            "README.txt",
            "the check does not study the incidents again",
            "Only whoever holds the key could falsify them. It does work out the chain and every row",
        ),
    ],
)
def test_the_texts_say_what_only_the_key_s_holder_could_falsify(stuffed, name, signed, counts):
    text = content(stuffed.bundle("public", render=report), name).decode()
    part = " ".join(text[text.index("PROUVE PAS" if name == "LISEZMOI.txt" else "NOT PROVE") :].split())
    assert (
        "report.pdf et incidents.json" if name == "LISEZMOI.txt" else "report.pdf and incidents.json"
    ) in part
    assert signed in part
    assert counts in part


def test_traffic_of_the_home_is_shown_only_to_those_who_handle_the_dispute(journal, tmp_path):
    with closing(Writer(journal)) as writer:
        statement = Traffic(Origin.MACHINE, moment(4 * 3600 + 1), (Step(SECOND, 5_000_000, 70_000),))
        writer.append(to_event(statement, moment(4 * 3600 + 2)))
        writer.sign(moment(4 * 3600 + 3))
    for copy, shown in (("operator", True), ("public", False)):
        bundle = bundle_of(journal, copy)
        (traffic,) = (record for record in chained(bundle) if record.type == "witness")
        assert isinstance(traffic.fields["steps"], records.FieldShown) is shown
        assert isinstance(traffic.fields["origin"], records.FieldShown)
        assert check_bundle(written(bundle, tmp_path / "b.zip")).ok


def test_after_a_change_of_keys_a_bundle_goes_on_to_a_seal_of_the_key_that_signs_it(journal, tmp_path):
    (journal.parent / "keys" / NAME).unlink()
    facts = facts_of(journal, moment(6000), moment(8000))
    with pytest.raises(Problem) as caught:
        bundle_of(journal, facts=facts)
    assert caught.value.remark.code == "bundle_new_key"
    with closing(Writer(journal)) as writer:
        writer.sign(moment(4 * 3600 + 60))
    bundle = bundle_of(journal, facts=facts)
    found = check_bundle(written(bundle, tmp_path / "b.zip"))
    assert found.ok
    assert "note_keys" in [note.code for note in found.notes]
    assert chained(bundle)[-1].start_ns == moment(4 * 3600 + 60)
    done = verify_alone.main([str(tmp_path / "b.zip")])
    assert done == 0


def test_photos_lose_what_the_camera_wrote_and_other_files_stay(tmp_path):
    journal = write_journal(tmp_path / "home" / "journal.sqlite")
    attached = (
        AttachedFile("photo", "../../Été à la mer.JPG", stuffed_home.photo()),
        AttachedFile("letter", "Réponse.pdf", b"%PDF-1.4 answer"),
        AttachedFile("photo", "x.heic", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"),
        AttachedFile("other", "CON", b"text"),
    )
    bundle = bundle_of(journal, attached=attached)
    names = [member.name for member in bundle.members if member.name.startswith("attachments/")]
    assert names == ["attachments/01-ete-a-la-mer.jpg", "attachments/02-reponse.pdf", "attachments/04-con"]
    assert b"45.188529N" not in content(bundle, names[0])
    assert content(bundle, names[1]) == b"%PDF-1.4 answer"
    removed = {one["rule"]: one["count"] for one in json.loads(content(bundle, "removed.json"))["taken_out"]}
    assert removed["photo-metadata"] == 1
    public = bundle_of(journal, "public", attached=attached)
    assert not [member for member in public.members if member.name.startswith("attachments/")]
    assert check_bundle(written(bundle, tmp_path / "b.zip")).ok


@given(st.text(max_size=60), st.integers(1, 40))
def test_any_name_of_a_file_becomes_one_that_fits(name, number):
    assert archive.name_fits(f"attachments/{contents._file_name(number, name)}")


def commands(text):
    """The commands that a reader is told to type."""
    return [line.strip() for line in text.splitlines() if line.startswith("    ") and " -" in line]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize("name", ["LISEZMOI.txt", "README.txt"])
def test_the_steps_of_the_read_me_work_as_they_are_written(stuffed, tmp_path, name):
    path = written(stuffed.bundle("public", render=report), tmp_path / "b.zip")
    with zipfile.ZipFile(path) as opened:
        opened.extractall(tmp_path / "out")
    text = (tmp_path / "out" / name).read_text("utf-8")
    said = [
        subprocess.run(
            command, shell=True, cwd=tmp_path / "out", capture_output=True, text=True, check=True
        ).stdout
        for command in commands(text)
    ]
    assert len(said) == 3
    assert said[0].count("OK") + said[0].count("Réussi") == len(list((tmp_path / "out").rglob("*.*"))) - 2
    assert "Success" in said[1]
    fingerprint = said[2].split()[0]
    assert fingerprint == load_or_make(stuffed.folder / "keys").fingerprint
    assert fingerprint in text
    (tmp_path / "out" / "report.pdf").write_bytes(b"another report")
    changed = subprocess.run(
        commands(text)[0], shell=True, cwd=tmp_path / "out", capture_output=True, check=False
    )
    assert changed.returncode != 0


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_program_within_finds_its_bundle_whole(stuffed, tmp_path):
    path = written(stuffed.bundle("public", render=report), tmp_path / "b.zip")
    with zipfile.ZipFile(path) as opened:
        opened.extract("verify.py", tmp_path)
    ended = subprocess.run(
        ["python3", str(tmp_path / "verify.py"), str(path)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_french_text_has_its_spaces_and_its_apostrophes(stuffed):
    text = content(stuffed.bundle("operator", render=report), "LISEZMOI.txt").decode()
    prose = "\n".join(line for line in text.splitlines() if not line.startswith("    "))
    assert "'" not in prose
    assert not re.search(r"[^\u202f\s][;!?](\s|$)", prose)
    assert not re.search(r" [:;!?»]", prose)
    assert all(len(line) <= 130 for line in text.splitlines())


def test_another_machine_reads_what_is_asked_of_a_second_witness(stuffed, tmp_path):
    bundle = stuffed.bundle("operator", render=report)
    found = read_witness(written(bundle, tmp_path / "b.zip"))
    assert found.key == load_or_make(stuffed.folder / "keys").fingerprint
    assert found.line_id == stuffed_home.HOME_ID
    assert found.span == stuffed.facts.account.findings.span
    cut = next(one for one in found.incidents if one.kind == "outage")
    assert abs(cut.start_ns - (T0 + stuffed_home.CUT_AT_S * SECOND)) < 3 * SECOND
    assert tuple(cut) == (cut.kind, cut.start_ns, cut.end_ns, cut.cause)
    watched = sum(span.duration_s for span in found.observed)
    assert watched == pytest.approx(stuffed.facts.account.findings.coverage.observed_s, abs=1)
    assert read_witness(written(stuffed.bundle("public", render=report), tmp_path / "p.zip")).line_id == "A"


def test_a_kept_bundle_that_changed_is_no_witness(stuffed, tmp_path):
    path = written(stuffed.bundle("public", render=report), tmp_path / "b.zip")
    kept = path.rename(tmp_path / f"{'0' * 64}.zip")
    with pytest.raises(Problem) as caught:
        read_witness(kept)
    assert caught.value.remark.code == "witness_changed"
    with pytest.raises(BadInput):
        read_witness(tmp_path / "none.zip")


@pytest.mark.parametrize(
    "change",
    [
        {"incidents": None},
        {"incidents": [{"excluded": None, "kind": "outage", "cause": "access", "start_ns": 5, "end_ns": 1}]},
        {"incidents": [{"excluded": None, "kind": "murder", "cause": "access", "start_ns": 1, "end_ns": 5}]},
        {
            "incidents": [
                {"excluded": None, "kind": "outage", "cause": "access", "start_ns": True, "end_ns": 5}
            ]
        },
        {"incidents": [7]},
        {"observed": [[1]]},
        {"observed": [["a", "b"]]},
        {"line": 7},
    ],
)
def test_a_witness_that_says_nonsense_is_refused(stuffed, tmp_path, change):
    bundle = stuffed.bundle("public", render=report)
    document = json.dumps(json.loads(content(bundle, "incidents.json")) | change).encode()
    members = [
        archive.Member(one.name, document) if one.name == "incidents.json" else one for one in bundle.members
    ]
    path = written(replace(bundle, members=tuple(members)), tmp_path / "b.zip")
    with pytest.raises(Problem) as caught:
        read_witness(path)
    assert caught.value.remark.code == "witness_damaged"


def test_nothing_sealed_is_nothing_to_hand_over(tmp_path):
    journal = write_journal(tmp_path / "home" / "journal.sqlite")
    facts = facts_of(journal)
    empty = tmp_path / "other" / "journal.sqlite"
    empty.parent.mkdir()
    Writer(empty).close()
    with pytest.raises(Problem) as caught:
        bundle_of(empty, facts=facts)
    assert caught.value.remark.code == "bundle_nothing"


def test_about_names_first_record_seal_and_counts(journal):
    bundle = bundle_of(journal)
    about = manifest.read_about(content(bundle, manifest.ABOUT))
    found = chained(bundle)
    assert about.first.seq == found[0].seq == 1
    assert about.last.link == found[-1].link
    assert about.seal is not None
    assert about.counts["records"] == len(found)
    rows = gzip.decompress(content(bundle, "samples.csv.gz")).decode().splitlines()
    assert about.counts["samples"] == len(rows) - 1


def test_a_journal_of_format_1_gives_whole_records_or_none(tmp_path):
    path = tmp_path / "home" / "journal.sqlite"
    path.parent.mkdir()
    shutil.copy(Path(__file__).parents[1] / "journal" / "format1.sqlite", path)
    with closing(Writer(path)) as writer:
        writer.sign(moment(4000))
    for copy, shown in (("operator", True), ("public", False)):
        bundle = bundle_of(path, copy)
        old = [one for one in chained(bundle) if one.whole is not None]
        assert (
            any(isinstance(one.whole, records.WholeShown) and one.type == "samples" for one in old) is shown
        )
        assert not [one for one in old if one.fields]
        assert check_bundle(written(bundle, tmp_path / f"{copy}.zip")).ok
        lacking = json.loads(content(bundle, "removed.json"))["records"]
        assert bool(lacking) is not shown
    members = [one for one in bundle.members if one.name != "report.pdf"]
    assert byte_search.found(members, {"id": LINE.id, "mac": LINE.gateway_mac}) == []


def test_an_old_record_of_no_known_line_hides_its_details_all_the_same():
    stored = StoredRecord(
        1, "samples", 0, 1, {"line": b"", "rollup": b"r", "body": b"b"}, (), bytes(32), bytes(32)
    )
    for copy, kind in (("operator", records.WholeShown), ("public", records.WholeHidden)):
        shower = Shower(Redaction(copy, date(2026, 11, 22)), NO_LINE, lambda _seq, _name: bytes(16))
        assert isinstance(shower.show(stored, whole=True).whole, kind)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such pipes")
def test_a_pipe_in_the_place_of_a_kept_bundle_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.zip")
    with pytest.raises(BadInput):
        read_witness(tmp_path / "a.zip")


def test_samples_that_were_removed_by_age_are_said_to_be_gone(journal, tmp_path):
    facts = facts_of(journal)
    assert tables.incidents_of(facts)
    with closing(Writer(journal)) as writer:
        # A day's samples go once its figures are chained: when the next one has begun.
        for hours in (26, 27):
            writer.stage(LINE.id, list(samples(between(0, 0, BEYOND_BOX), 120, start_s=hours * 3600)))
            writer.seal_all()
        writer.append(event(EventKind.RETENTION, 28 * 3600, before_ns=moment(5 * 3600), keep_days=400))
        for _turn in range(20):
            writer.seal_due(0)
    bundle = bundle_of(journal, facts=facts)
    removed = json.loads(content(bundle, "removed.json"))
    assert removed["minutes_removed_by_age"] >= 60
    assert check_bundle(written(bundle, tmp_path / "b.zip")).ok
    for told in json.loads(content(bundle, "incidents.json"))["incidents"]:
        for first, last in told["records"]:
            assert any(low <= first and last <= high for low, high in removed["records"])
