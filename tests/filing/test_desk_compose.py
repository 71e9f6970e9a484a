"""The document for an alert desk: complete, signed, and without what the desk has no business with."""

import hashlib
import json
from dataclasses import replace

import pytest
import requests

from alert_desk import schema
from alert_desk.reading import parse
from alert_desk.signing import verify_signature
from diagnostics import __version__
from diagnostics.model import BadInput, Span
from jalerte_desktop.casefile.model import NO_CASE
from jalerte_desktop.filing.desk import anonymous, compose, endpoint
from jalerte_desktop.filing.model import Attachment, Consents
from jalerte_desktop.words.errors import say_problem, sentences
from jalerte_desktop.words.errors_filing import REMARKS
from tests import examples
from tests.documents.paper_cases import MARIE, marie
from tests.filing.desk_cases import KEY, YES, alert

URL = "https://desk.example"


def sent(given=None, consents=YES, **more):
    return compose(given or alert(**more), consents, URL, KEY, examples.NOW)


def document(given=None, **more):
    return parse(sent(given, **more).content)


def refused(**more):
    with pytest.raises(BadInput) as caught:
        sent(**more)
    assert caught.value.remark.code in sentences()
    assert "{" not in say_problem(caught.value)
    return caught.value.remark


def attached(tmp_path, name="photo.jpg", content=b"\xff\xd8 picture", media_type="image/jpeg"):
    path = tmp_path / name
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    return Attachment("photo", name, media_type, len(content), digest, str(path))


def test_a_copy_that_cannot_be_read_says_why_even_where_the_system_does_not(tmp_path, monkeypatch):
    given = replace(alert(), attachments=(attached(tmp_path),))

    class Unreadable:
        def __init__(self, _path):
            pass

        def open(self, _mode):
            raise OSError

    monkeypatch.setattr("jalerte_desktop.filing.desk.Path", Unreadable)
    assert refused(given=given)["why"] == "OSError"


def test_no_more_time_without_service_than_the_period_has():
    span = Span(examples.at("2026-11-22 07:00:00"), examples.at("2026-11-22 09:00:00"))
    cuts = [
        examples.incident("2026-11-20 12:00:00", 3 * 86_400),
        examples.incident("2026-11-22 08:00:00", 60),
    ]
    whole = document(findings=examples.findings(cuts[:1], span=span))
    assert whole.figures.outage_s == 7200
    assert whole.incidents[0].duration_s == 3 * 86_400
    assert document(findings=examples.findings(cuts, span=span)).figures.outage_s == 7200


def test_the_alert_goes_whole_and_signed():
    given, found = alert(), document()
    assert verify_signature(found)
    assert found.evidence.signature.fingerprint == KEY.fingerprint
    assert found.evidence.seal.link == examples.SEAL.link
    assert (found.profile, found.sector, found.problem, found.detail, found.technology) == (
        *("individual", "fixed", "service-quality", "cuts", "fibre"),
    )
    assert (found.operator.brand, found.operator.network) == ("Orange", None)
    assert (found.place.country, found.place.postcode, found.place.commune, found.place.department) == (
        *("FR", "69003", "Lyon", "69"),
    )
    assert (found.contact.first_name, found.contact.family_name, found.contact.phone) == (
        *("Marie", "Dupont", "06 12 34 56 78"),
    )
    assert found.description == given.description
    assert found.made_at == "2026-11-22T09:00:00.000Z"
    assert found.period.start == "2026-11-01T09:00:00.000Z"
    assert found.program == f"jalerte {__version__}"
    assert found.consents.processing is True
    assert found.consents.third_parties is False


def test_every_incident_of_the_line_goes_with_its_verdict_argued_both_ways():
    account, found = alert().account, document()
    groups = (account.held, account.uncertain, account.dns, account.set_aside, account.excluded)
    assert len(found.incidents) == sum(map(len, groups)) == found.figures.incidents
    assert [one.start for one in found.incidents] == sorted(one.start for one in found.incidents)
    assert found.figures.outages == len(account.outages)
    assert found.figures.outage_s == pytest.approx(sum(one.duration_s for one in account.outages))
    assert found.figures.coverage == pytest.approx(account.findings.coverage.ratio, abs=1e-6)
    roles = {one.role for one in found.incidents}
    assert roles == {"held", "uncertain", "dns", "set_aside", "excluded"}
    first = next(one for one in found.incidents if one.role == "held")
    assert first.reasons == ("box_answers", "anchors_silent")
    assert first.counter_evidence == ("one_machine_observes",)
    assert {one.excluded for one in found.incidents if one.role == "excluded"} == {
        "Travaux électriques chez moi"
    }
    assert examples.OTHER.id not in {one.id for one in found.incidents}


def test_what_the_desk_has_no_business_with_stays_here(tmp_path):
    text = sent(attachments=(attached(tmp_path),)).content.decode()
    for secret in (
        *("rue des Lilas", "04 78 00 00 00", "C-1234567", "39.99", "Fibre Confort", str(tmp_path)),
        *(
            examples.HOME.gateway,
            examples.HOME.gateway_mac,
            examples.HOME.id,
            "Maison",
            "Partage du téléphone",
        ),
    ):
        assert secret in (*MARIE.fields.values(), str(tmp_path)) or len(secret) > 3
        assert secret not in text


def test_without_a_name_nothing_tells_who_it_is_but_the_key(tmp_path):
    given = replace(alert(), id="d1d1d1")
    assert document(given).reference == "d1d1d1"
    found, text = document(anonymous(given)), sent(anonymous(given)).content.decode()
    assert (found.contact, found.reference) == (None, None)
    for secret in ("Marie", "Dupont", "exemple.fr", "06 12 34 56 78", "d1d1d1"):
        assert secret not in text
    assert verify_signature(found)
    assert found.evidence.signature.fingerprint == KEY.fingerprint
    assert found.description == given.description


def test_nobody_is_named_on_a_line_that_is_not_confirmed():
    line = examples.UNCONFIRMED
    found = document(findings=examples.findings(examples.two_cuts_a_day(2, line), line=line))
    assert found.line_confirmed is False
    assert found.operator is None
    assert "Orange" not in sent(findings=examples.findings((), line=line)).content.decode()


def test_what_is_not_known_is_absent():
    found = document(case=NO_CASE, findings=examples.findings((), seal=None))
    assert (found.profile, found.sector, found.operator, found.contact, found.rating) == (None,) * 5
    assert found.evidence.seal is None
    assert found.incidents == ()
    assert b"null" not in sent(case=NO_CASE, findings=examples.findings((), seal=None)).content


def test_the_rating_and_the_answer_are_the_persons():
    assert document(case=marie(alert__rating="2", alert__service_contacted="no")).rating == 2
    assert document(case=marie(alert__service_contacted="no")).service_contacted is False
    assert document().service_contacted is None


@pytest.mark.parametrize("answer", [None, False])
def test_nothing_is_made_without_consent(answer):
    assert refused(consents=Consents(processing=answer, third_parties=True)).code == "desk_consent"


def test_an_unanswered_question_stays_unanswered():
    assert document(consents=Consents(processing=True)).consents.third_parties is None


def test_an_incident_that_lasts_has_no_end():
    lasting = examples.incident("2026-11-21 10:00:00", ongoing=True)
    assert document(findings=examples.findings((lasting,))).incidents[0].end is None


def test_too_many_incidents_keep_those_that_count_and_say_how_many(monkeypatch):
    monkeypatch.setattr(schema, "MOST_INCIDENTS", 5)
    found = document()
    assert {one.role for one in found.incidents} == {"held"}
    assert len(found.incidents) == 5
    assert found.figures.incidents > 5


def test_files_go_as_the_person_saw_them(tmp_path):
    content = b"\xff\xd8 picture" * 1000
    found = document(attachments=(attached(tmp_path, content=content),))
    assert [(one.name, one.media_type, one.content) for one in found.attachments] == [
        ("photo.jpg", "image/jpeg", content)
    ]


def test_files_that_cannot_go_are_said(tmp_path, monkeypatch):
    photo = attached(tmp_path)
    assert refused(attachments=(replace(photo, path=str(tmp_path / "gone")),)).code == "desk_file_gone"
    assert refused(attachments=(replace(photo, media_type="text/html"),)).code == "desk_file_type"
    assert refused(attachments=(photo,) * 11).code == "desk_file_many"
    (tmp_path / "photo.jpg").write_bytes(b"another picture")
    assert refused(attachments=(photo,)).code == "desk_file_changed"
    assert refused(attachments=(replace(photo, size_bytes=10_000_001),)).code == "desk_file_large"
    assert refused(attachments=(replace(photo, size_bytes=8_000_000),) * 2).code == "desk_large"
    monkeypatch.setattr(schema, "LARGEST_ALERT_BYTES", 3000)
    assert refused().code == "desk_large"


def test_an_entry_that_does_not_fit_is_named():
    given = alert()
    remark = refused(given=replace(given, place=replace(given.place, commune="L" * 121)))
    assert (remark.code, remark["pointer"]) == ("desk_unfit", "/place/commune")
    assert refused(given=replace(given, description="a\ud800b")).code == "desk_unfit"
    assert refused(given=replace(given, description="a\0b"))["pointer"] == "/description"
    assert refused(given=replace(given, description=" ")).code == "desk_unfit"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("https://desk.example", "https://desk.example/v1/alerts"),
        (" https://desk.example/ ", "https://desk.example/v1/alerts"),
        ("https://DESK.example:443/v1/alerts/", "https://desk.example/v1/alerts"),
        ("https://desk.example:8443/ville", "https://desk.example:8443/ville/v1/alerts"),
        ("HTTPS://[::1]:8443", "https://[::1]:8443/v1/alerts"),
        ("HTTPS://X.example/V1/alerts", "https://x.example/v1/alerts"),
        ("https://desk.example/Ville/V1/Alerts/", "https://desk.example/Ville/v1/alerts"),
        ("https://desk.example/%7Eville/a%2fb", "https://desk.example/~ville/a%2Fb/v1/alerts"),
        ("https://mairie-chéroy.example", "https://xn--mairie-chroy-jeb.example/v1/alerts"),
    ],
)
def test_a_desks_address_is_taken_as_people_write_it(typed, found):
    assert endpoint(typed) == found
    assert endpoint(found) == found
    assert requests.Request("POST", found).prepare().url == found  # what is shown is what is sent


@pytest.mark.parametrize(
    "typed",
    [
        *("", "desk.example", "http://desk.example", "http://127.0.0.1", "ftp://desk.example", "https://"),
        *("https://me:secret@desk.example", "https://me@desk.example", "https://desk.example?x=1"),
        *(
            "https://desk.example/#a",
            "https://desk.example?",
            "https://desk.example:0",
            "https://desk.example:99999",
        ),
        *("https://[::1", "https://desk example", "https://desk.example/a b", "https://desk.example/é"),
        *(
            "https://x.example/a/../b",
            "https://x.example/./b",
            "https://x.example/..",
            "https://x.example//b",
        ),
        *(
            "https://x.example/%zz",
            "https://x.example/100%",
            "https://x.example/%2e%2E/b",
            "https://x.example/%4",
        ),
        *("https://desk.example/" + "a" * 500, "https://desk.example\r\nX: y", "https://.", "https://a..b"),
    ],
)
def test_any_other_address_is_refused(typed):
    with pytest.raises(BadInput) as caught:
        endpoint(typed)
    assert caught.value.remark.code == "desk_url"
    assert "secret" not in str(caught.value) or "@" in typed


def test_the_envelope_shows_every_header_and_nothing_of_the_machine():
    made = sent()
    assert (made.channel, made.destination) == ("desk", "https://desk.example/v1/alerts")
    assert dict(made.facts) == {
        "Host": "desk.example",
        "User-Agent": f"jalerte/{__version__}",
        "Accept": "application/json, application/problem+json",
        "Accept-Encoding": "identity",
        "Connection": "close",
        "Content-Type": "application/json",
        "Content-Length": str(len(made.content)),
        "Idempotency-Key": "{filing}",
    }
    assert json.loads(made.content)["version"] == 1


def test_the_same_alert_makes_the_same_bytes():
    assert sent() == sent()


def test_every_remark_of_sending_has_words():
    for code in ("unreachable", "certificate", "cut_off", "slow", "endless", "redirects", "later", "refuses"):
        assert f"desk_{code}" in REMARKS
