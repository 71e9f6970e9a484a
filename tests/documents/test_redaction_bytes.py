"""Nothing personal is in any byte of the public copy; the others hold exactly what the rules say."""

import base64
import gzip
import io
import json

import pikepdf
import pytest

from diagnostics.journal.reader import Reader
from jalerte_desktop.documents.bundle import archive, records
from jalerte_desktop.documents.bundle.archive import Member
from jalerte_desktop.documents.bundle.check import check_bundle
from jalerte_desktop.documents.bundle.redaction import COPIES
from jalerte_desktop.words.language import speaking
from tests.documents import byte_search, stuffed_home
from tests.documents.bundle_made import WHOLE, alone, needs_openssl
from tests.documents.stuffed_home import HOME_ID, OTHER_ID, SECRETS


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with speaking("fr"):
        return stuffed_home.build(tmp_path_factory.mktemp("stuffed") / "home")


@pytest.fixture(scope="module")
def bundles(home):
    return {copy: home.bundle(copy) for copy in COPIES}


def content(bundle, name):
    return next(member.data for member in bundle.members if member.name == name)


def chained(bundle):
    return list(records.read([content(bundle, records.MEMBER)]))


def test_every_byte_of_the_public_copy_is_free_of_everything_personal(bundles):
    derived = {f"incident {n}": one["id"] for n, one in enumerate(_incidents(bundles["operator"]))}
    speed = next(record for record in chained(bundles["operator"]) if record.type == "speed")
    derived["speed measurement"] = json.loads(speed.fields["id"].value)
    assert len(derived) >= 2
    assert byte_search.found(bundles["public"].members, {**SECRETS, **derived}) == []


def test_the_english_public_copy_too(home):
    bundle = home.bundle("public", "en")
    assert byte_search.found(bundle.members, SECRETS) == []
    assert b"withheld" in content(bundle, "incidents.json")


def test_arcep_gets_the_operator_s_own_router_and_nothing_else_of_these(bundles):
    hits = byte_search.found(bundles["arcep"].members, SECRETS)
    assert {which for _where, which in hits} == {"first hop"}


KEPT = (
    "first name", "name", "line number", "customer number", "offer", "ticket", "technician", "agent", "promise",
    "exclusion", "second witness", "network", "gateway", "MAC", "line's id", "interface", "first hop",
    "anchor of one's own", "portal", "own speed server",
)  # fmt: skip
NEVER = (
    "SSID", "BSSID", "neighbour's SSID", "neighbour's BSSID", "tunnel", "tunnel's far end", "line's name",
    "other line's name", "other MAC", "other line's id", "other gateway", "other interface", "other first hop", "GPS",
    "field of the future", "street of the case", "e-mail", "phone", "phone, bare", "town", "postcode",
)  # fmt: skip


@pytest.mark.parametrize("copy", ["operator", "mediator"])
def test_those_who_handle_the_dispute_get_what_they_need_and_no_more(bundles, copy):
    found = {which for _where, which in byte_search.found(bundles[copy].members, SECRETS)}
    assert set(KEPT) - found == set()
    assert found & set(NEVER) == set()


def _incidents(bundle):
    return json.loads(content(bundle, "incidents.json"))["incidents"]


def test_the_public_copy_still_says_what_happened(bundles):
    public, whole = _incidents(bundles["public"]), _incidents(bundles["operator"])
    keys = ("kind", "cause", "confidence", "start_ns", "end_ns", "records", "role")
    assert [{key: one[key] for key in keys} for one in public] == [
        {key: one[key] for key in keys} for one in whole
    ]
    assert [one["id"] for one in public] == [f"A-{n}" for n in range(1, len(public) + 1)]
    assert [one["code"] for one in public[0]["reasons"]] == [one["code"] for one in whole[0]["reasons"]]
    kinds = {record.type for record in chained(bundles["public"])}
    assert {"samples", "seal", "hour", "speed", "exclusion", "witness"} <= kinds
    rows = gzip.decompress(content(bundles["public"], "rollups.csv.gz")).decode().splitlines()
    assert any(",A,anchor,icmp,1.1.1.1," in row for row in rows)
    assert any(",A,first_hop,icmp,," in row for row in rows)
    text = gzip.decompress(content(bundles["public"], "samples.csv.gz")).decode()
    assert "UNREACHABLE" in text


def test_all_copies_show_the_same_chain(bundles):
    links = [
        [(record.seq, record.link, record.digest()) for record in chained(bundle)]
        for bundle in bundles.values()
    ]
    assert links[0] == links[1] == links[2] == links[3]


def test_a_line_is_told_by_its_letter_where_its_id_is_hidden(bundles):
    for record in chained(bundles["public"]):
        if record.type == "samples":
            assert record.shown_line in ("A", "B")
    letters = {record.shown_line for record in chained(bundles["operator"]) if record.type == "samples"}
    assert letters == {"", "B"}


def test_another_line_s_samples_and_figures_stay_at_home_in_every_copy(bundles, home):
    with Reader(home.journal) as reader:
        others = [
            one.seq
            for one in reader.records()
            if one.type == "samples" and one.fields["line"] == OTHER_ID.encode()
        ]
    assert others
    for bundle in bundles.values():
        rows = gzip.decompress(content(bundle, "rollups.csv.gz")).decode().splitlines()[1:]
        assert rows
        assert not {int(row.partition(",")[0]) for row in rows} & set(others)
        for record in chained(bundle):
            if record.seq in others:
                assert isinstance(record.fields["samples"], records.FieldHidden)
                assert isinstance(record.fields["rollup"], records.FieldHidden)
                assert isinstance(record.fields["line"], records.FieldHidden)


@needs_openssl
@pytest.mark.parametrize("copy", COPIES)
def test_both_checks_find_each_copy_whole(bundles, tmp_path, copy):
    path = tmp_path / "b.zip"
    path.write_bytes(archive.write(bundles[copy].members))
    assert check_bundle(path).ok
    assert alone(path) == WHOLE


def test_the_report_within_is_made_from_what_the_copy_may_tell(bundles):
    for copy, named in (("public", False), ("arcep", False), ("operator", True)):
        with pikepdf.open(io.BytesIO(content(bundles[copy], "report.pdf"))) as pdf:
            assert "/Author" not in pdf.docinfo
        hits = byte_search.found(
            [Member("report.pdf", content(bundles[copy], "report.pdf"))], {"n": "Wigglesworth"}
        )
        assert bool(hits) is named, copy


@pytest.mark.parametrize("copy", COPIES)
def test_what_was_taken_out_is_said_with_rule_and_count(bundles, copy):
    removed = json.loads(content(bundles[copy], "removed.json"))
    assert removed["copy"] == copy
    hidden = sum(
        isinstance(field, records.FieldHidden)
        and not (record.type == "samples" and name in ("samples", "details"))
        for record in chained(bundles[copy])
        for name, field in record.fields.items()
    )
    counted = sum(
        count
        for one in removed["taken_out"]
        for what, count in one["what"].items()
        if what.startswith(("record:", "other:"))
        and not what.startswith(("record:samples.details", "other:samples.s"))
    )
    # Addresses of targets are taken out of the tables as well, and the box's network out of the report.
    assert hidden <= counted <= hidden + 12
    for one in removed["taken_out"]:
        assert one["reason_fr"]
        assert one["reason_en"]
        assert one["source"]
    assert removed["quiet_minutes_without_samples"] > 50


PACKINGS = {
    "plain": lambda text: text.encode(),
    "in capitals": lambda text: text.upper().encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "gzip": lambda text: gzip.compress(b"x" * 1000 + text.encode()),
    "base64": lambda text: b'{"a":"' + base64.b64encode(b"a" + text.encode() + b"b") + b'"}',
    "url-safe base64": lambda text: base64.urlsafe_b64encode(b"ab" + text.encode()),
    "hexadecimal": lambda text: b"key: " + text.encode().hex().encode(),
    "base64 in gzip": lambda text: gzip.compress(base64.b64encode(text.encode() + bytes(9))),
    "JSON escapes": lambda text: json.dumps({"a": text}).encode(),
}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("secret", ["Zébulon", "02:ab:cd:ef:12:34", "WigglesNet", HOME_ID, "198.51.100.77"])
def test_the_search_finds_what_it_looks_for(packing, secret):
    packed = PACKINGS[packing](secret)
    assert byte_search.found([Member("a", packed)], {"it": secret})
    assert not byte_search.found([Member("a", packed)], {"it": "Something Else"})


@pytest.mark.parametrize("place", ["title", "attachment", "stream", "xmp"])
def test_the_search_looks_into_every_corner_of_a_pdf(place):
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        if place == "title":
            pdf.docinfo["/Title"] = "chez Zébulon"
        elif place == "attachment":
            pdf.attachments["a.txt"] = "Zébulon".encode()
        elif place == "stream":
            pdf.pages[0].Contents = pdf.make_stream("(Zébulon) Tj".encode() * 100)
        else:
            with pdf.open_metadata() as told:
                told["dc:creator"] = ["Zébulon"]
        pdf.save(out, compress_streams=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    assert byte_search.found([Member("a.pdf", out.getvalue())], {"it": "Zébulon"})
