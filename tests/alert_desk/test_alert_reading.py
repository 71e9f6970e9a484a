"""The reader of alerts: what is as agreed passes unchanged, all else is refused with its place, and nothing crashes."""

import copy
import hashlib
import json
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alert_desk import example, model, schema
from alert_desk.errors import NotAsAgreed
from alert_desk.reading import parse, parse_problem, parse_receipt
from alert_desk.shapes import Each, Flag, moment_ns
from alert_desk.signing import signed, unsigned, verify_signature
from alert_desk.writing import as_json, dump

ALERT = example.alert()
BODY = dump(ALERT)


def changed(pointer, value):
    """The example's bytes with another value at that pointer; ``...`` takes the member away."""
    document = json.loads(BODY)
    *way, last = [int(part) if part.isdigit() else part for part in pointer.split("/")[1:]]
    within = document
    for part in way:
        within = within[part]
    if value is ...:
        del within[last]
    else:
        within[last] = value
    return json.dumps(document).encode()


def refusal(body, read=parse):
    with pytest.raises(NotAsAgreed) as caught:
        read(body)
    return caught.value


def test_the_example_is_read_as_it_was_written_and_its_signature_holds():
    assert parse(BODY) == ALERT
    assert dump(parse(BODY)) == BODY
    assert verify_signature(parse(BODY))


def test_another_spelling_of_the_same_document_is_the_same_alert():
    spelled = json.dumps(json.loads(BODY), indent=3, ensure_ascii=True).encode()
    assert spelled != BODY
    assert parse(spelled) == ALERT
    assert verify_signature(parse(spelled))


@pytest.mark.parametrize(
    ("pointer", "value", "why"),
    [
        ("/version", 2, "must be 1 to 1"),
        ("/version", True, "must be a whole number, not true or false"),
        ("/version", 1.0, "must be a whole number"),
        ("/place/country", ..., "is missing"),
        ("/place/country", "fr", "characters that are not allowed"),
        ("/place/country", None, "not null"),
        ("/place/department", "2C", "not allowed"),
        ("/place/street", "rue des Lilas", "is not known here"),
        ("/period/start", "2026-11-08", "must be a UTC time"),
        ("/period/start", "2026-11-08T00:00:00+01:00", "must be a UTC time"),
        ("/period/start", "2026-02-30T00:00:00Z", "does not exist"),
        ("/period/start", "2026-11-08T00:00:60Z", "does not exist"),
        ("/period/end", "2026-11-07T00:00:00Z", "lies before the start"),
        ("/incidents/0/end", "2026-11-17T14:30:41Z", "lies before the start"),
        ("/incidents/0/kind", "alien", "must be one of: outage"),
        ("/incidents/0/confidence", 1.01, "must be 0 to 1"),
        ("/incidents/0/confidence", "0.9", "must be a number, not a text"),
        ("/incidents/0/confidence", True, "must be a number"),
        ("/incidents/0/reasons", "box_answers", "must be a list, not a text"),
        ("/incidents/0/reasons/1", "Box answers", "not allowed"),
        ("/incidents/0/reasons", ["a"] * (schema.MOST_REASONS + 1), "items at most"),
        ("/incidents/0/excluded", "works", "unless the role is excluded"),
        ("/figures/incidents", 0, "less than the number of incidents"),
        ("/figures/outages", -1, "must be 0"),
        ("/figures/outage_s", 14 * 86_400 + 2, "is longer than the period"),
        ("/description", "", "1 to 20000 characters"),
        ("/description", "x" * 20_001, "1 to 20000 characters"),
        ("/description", "a\u0000b", "not allowed"),
        ("/description", "\ud800", "not allowed"),
        ("/line_confirmed", False, "lies"),
        ("/consents/processing", False, "must be true"),
        ("/consents/processing", ..., "is missing"),
        ("/consents", [], "must be an object, not a list"),
        ("/rating", 6, "must be 1 to 5"),
        ("/contact/email", "camille", "not allowed"),
        ("/attachments/0/sha256", "0" * 64, "is not the content's digest"),
        ("/attachments/0/content", "TWVhc3VyZWQ*", "is not base64"),
        ("/attachments/0/content", "TWVh\nc3Vy", "is not base64"),
        ("/attachments/0/content", "TWF=", "usually written"),
        ("/attachments/0/content", "", "must be 1 to"),
        ("/attachments/0/name", "../note", "not allowed"),
        ("/attachments/0/media_type", "text/html", "must be one of"),
        ("/evidence/signature/public_key", "AAAA", "must be 32 to 32 bytes"),
        ("/evidence/signature/fingerprint", "0" * 64, "is not the public key's digest"),
        ("/evidence/signature", ..., "is missing"),
        ("/evidence/seal/sequence", 2**60, "too large a number"),
    ],
)
def test_what_is_not_as_agreed_is_refused_with_its_place(pointer, value, why):
    error = refusal(changed(pointer, value))
    if pointer == "/line_confirmed":
        assert (error.pointer, error.why) == ("/operator", "must be absent while the line is not confirmed")
    else:
        assert error.pointer == pointer
        assert why in error.why


@pytest.mark.parametrize(
    ("body", "pointer", "why"),
    [
        (b"", "", "not JSON"),
        (b"[]", "", "must be an object, not a list"),
        (b"null", "", "not null"),
        (b"\xff\xfe{}", "", "not UTF-8"),
        (b"\xef\xbb\xbf{}", "", "not JSON"),
        (b"{} {}", "", "not JSON"),
        (b"[" * 13, "", "nested deeper than 12"),
        (b"[" * 5_000_000, "", "nested deeper than 12"),
        (b'{"a":"' + b"[" * 50 + b'"}', "/a", "is not known here"),
        (b"[" + b"1," * 1_100_000 + b"1]", "", "more than 1000000 parts"),
        (b'"' + b"\\n" * 1_100_000 + b'"', "", "more than 1000000 parts"),
        (b"x" * (schema.LARGEST_ALERT_BYTES + 1), "", "larger than 20000000 bytes"),
        (b'{"version":1,"version":1}', "/version", "occurs twice"),
        (b'{"a/~b":1}', "/a~1~0b", "is not known here"),
        (b'{"\\ud800":1}', "/\\ud800", "is not known here"),
        (b'{"version":NaN}', "/version", "NaN is no number here"),
        (b'{"version":-Infinity}', "/version", "-Infinity is no number here"),
        (b'{"version":1e999}', "/version", "too large"),
        (b'{"version":' + b"9" * 5000 + b"}", "/version", "too large a number"),
    ],
)
def test_text_that_is_no_agreed_json_is_refused(body, pointer, why):
    error = refusal(body)
    assert error.pointer == pointer
    assert why in error.why
    assert str(error).isascii()
    assert len(str(error)) < 500


def test_a_member_that_occurs_twice_is_named_where_it_stands():
    body = BODY.replace(b'"brand":', b'"brand":"Autre","brand":')
    assert refusal(body).pointer == "/operator/brand"


def test_the_largest_garbage_is_refused_quickly():
    for body in (b'"' * 20_000_000, b'{"a":"' + b"A" * 19_999_000 + b'"}', b"{" * 20_000_000):
        begun = time.monotonic()
        refusal(body)
        assert time.monotonic() - begun < 5


def test_incidents_and_files_are_counted():
    incidents = json.loads(BODY)["incidents"] * (schema.MOST_INCIDENTS + 1)
    assert refusal(changed("/incidents", incidents)).pointer == "/incidents"
    files = json.loads(BODY)["attachments"] * (schema.MOST_ATTACHMENTS + 1)
    assert refusal(changed("/attachments", files)).pointer == "/attachments"


def test_a_receipt_may_say_more_than_is_known_and_never_less():
    said = as_json(example.receipt())
    assert parse_receipt(json.dumps(said | {"mood": "good"}).encode()) == example.receipt()
    for name in ("receipt_id", "idempotency_key", "received_at", "sha256", "desk"):
        less = {key: value for key, value in said.items() if key != name}
        assert refusal(json.dumps(less).encode(), parse_receipt).pointer == f"/{name}"
    assert refusal(b" " * 70_000, parse_receipt).why == "larger than 64000 bytes"
    assert parse_problem(dump(example.problem())) == example.problem()


# --- Made-up alerts -----------------------------------------------------------------------------------------------

_KEY_SEED = bytes(range(1, 33))
words = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=30)
codes = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True)
digests = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)
seconds = st.floats(0, 4e9)
starts = st.datetimes().map(lambda at: at.replace(year=2026).isoformat(timespec="milliseconds") + "Z")
END = "2027-01-01T00:00:00.000Z"
maybe = st.none


def key():
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(_KEY_SEED)


incidents = st.builds(
    model.WireIncident,
    id=codes,
    start=starts,
    end=st.sampled_from([None, END]),
    duration_s=seconds,
    kind=st.sampled_from(schema.KINDS),
    cause=st.sampled_from(schema.CAUSES),
    confidence=st.floats(0, 1),
    role=st.just("excluded"),
    reasons=st.lists(codes, max_size=4).map(tuple),
    counter_evidence=st.lists(codes, max_size=4).map(tuple),
    excluded=maybe() | words,
)
files = st.builds(
    lambda kind, content, media: model.WireAttachment(
        kind, "pièce.bin", media, hashlib.sha256(content).hexdigest(), content
    ),
    st.sampled_from(schema.ATTACHMENT_KINDS),
    st.binary(min_size=1, max_size=50),
    st.sampled_from(schema.MEDIA_TYPES),
)


@st.composite
def alerts(draw):
    confirmed = draw(st.booleans())
    found = draw(st.lists(incidents, max_size=3))
    start = draw(starts)
    lost_s = min(draw(seconds), (moment_ns(END) - moment_ns(start)) / 1e9)
    made = model.WireAlert(
        version=1,
        reference=draw(maybe() | codes),
        made_at=draw(starts),
        program=draw(words),
        profile=draw(maybe() | st.sampled_from(schema.PROFILES)),
        sector=draw(maybe() | st.sampled_from(schema.SECTORS)),
        problem=draw(maybe() | codes),
        detail=draw(maybe() | codes),
        technology=draw(maybe() | st.sampled_from(schema.TECHNOLOGIES)),
        line_confirmed=confirmed,
        operator=draw(maybe() | st.builds(model.Operator, words, maybe() | words)) if confirmed else None,
        place=draw(st.builds(model.Place, st.just("FR"), maybe() | st.just("69003"), maybe() | words)),
        period=model.Period(start, END),
        description=draw(st.text(st.characters(exclude_categories=("Cc", "Cs")) | st.just("\n"), min_size=1)),
        own_words=draw(st.booleans()),
        figures=model.Figures(0, lost_s, draw(seconds), draw(st.floats(0, 1)), len(found), "m"),
        incidents=tuple(found),
        attachments=tuple(draw(st.lists(files, max_size=2))),
        service_contacted=draw(maybe() | st.booleans()),
        rating=draw(maybe() | st.integers(1, 5)),
        contact=draw(maybe() | st.builds(model.WireContact, words, maybe() | words)),
        consents=model.WireConsents(True, draw(maybe() | st.booleans())),
        evidence=model.Evidence(
            unsigned(key().public_key().public_bytes_raw()),
            draw(maybe() | st.builds(model.WireSeal, st.integers(0, 2**53 - 1), digests, starts)),
        ),
    )
    return signed(made, key().sign)


@given(alerts())
def test_whatever_is_written_is_read_back_the_same(alert):
    body = dump(alert)
    found = parse(body)
    assert found == alert
    assert dump(found) == body
    assert verify_signature(found)
    assert parse(json.dumps(json.loads(body)).encode()) == alert


def accepted(body):
    """What a receiver does: None where it refuses."""
    try:
        alert = parse(body)
    except NotAsAgreed:
        return None
    return alert if verify_signature(alert) else None


@given(st.data())
def test_a_changed_byte_never_passes_as_another_alert(data):
    body = bytearray(BODY)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body) - 1))
        kind = data.draw(st.sampled_from(["set", "cut", "put"]))
        byte = data.draw(st.sampled_from(b'{}[]",:0123456789aeZ \\\xff') | st.integers(0, 255))
        if kind == "set":
            body[at] = byte
        elif kind == "cut":
            del body[at]
        else:
            body.insert(at, byte)
    assert accepted(bytes(body)) in (None, ALERT)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def places(value, at=()):
    yield at
    if isinstance(value, dict):
        for name, member in value.items():
            yield from places(member, (*at, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*at, index))


PLACES = [place for place in places(json.loads(BODY)) if place]


@given(st.sampled_from(PLACES), _JSON)
def test_another_value_anywhere_never_passes(place, value):
    document = json.loads(BODY)
    within = document
    for part in place[:-1]:
        within = within[part]
    before = copy.deepcopy(within[place[-1]])
    within[place[-1]] = value
    found = accepted(json.dumps(document).encode())
    assert found is None or (found == ALERT and value == before)


@given(st.sampled_from(PLACES))
def test_nothing_can_be_left_out_unseen(place):
    document = json.loads(BODY)
    within = document
    for part in place[:-1]:
        within = within[part]
    del within[place[-1]]
    assert accepted(json.dumps(document).encode()) is None


@given(st.binary(max_size=200) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_make_a_reader_crash(body):
    for read in (parse, parse_receipt, parse_problem):
        refusal(body, read)


def test_another_key_does_not_make_the_signature_hold():
    other = replace(ALERT.evidence.signature, **_named(key().public_key().public_bytes_raw()))
    forged = replace(ALERT, evidence=replace(ALERT.evidence, signature=other))
    assert parse(dump(forged)) == forged
    assert not verify_signature(forged)
    wrong_print = replace(ALERT.evidence.signature, fingerprint="0" * 64)
    assert not verify_signature(replace(ALERT, evidence=replace(ALERT.evidence, signature=wrong_print)))


def _named(public_key):
    found = unsigned(public_key)
    return {"public_key": found.public_key, "fingerprint": found.fingerprint}


def test_times_are_read_to_the_microsecond():
    assert moment_ns("1970-01-01T00:00:01.000250Z") == 1_000_250_000
    assert moment_ns("2026-11-17T08:12:05Z") == 1_794_903_125 * 10**9


def test_a_flag_and_a_list_say_what_they_want():
    assert refusal(1, lambda value: Flag().read(value, "/x")).why == "must be true or false, not a number"
    assert refusal({}, lambda value: Each(Flag(), 2).read(value, "/x")).why == "must be a list, not an object"
