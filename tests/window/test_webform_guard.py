"""The form's page stays on the form's site, keeps nothing, and lets nobody out who has no business there."""

from __future__ import annotations

import datetime
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWebEngineWidgets", reason="needs Qt WebEngine: make webform")

import shiboken6
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from test_webform_page import MAIN, Browser
from webform_runs import NOISE_LEVEL, a_task, an_alert, hidden_view, wait_for
from webform_site import Site, site

from diagnostics.model import Problem
from jalerte_desktop.window.webform_run import Session

pytestmark = pytest.mark.qt_log_level_fail(NOISE_LEVEL)


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as found:
        yield found


@pytest.fixture
def other() -> Iterator[Site]:
    with site() as found:
        found.answers["/take"] = (
            200,
            {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"},
            b"",
        )
        found.page("/", "<title>ailleurs</title>")
        yield found


@pytest.fixture
def browser(qapp, web: Site) -> Iterator[Browser]:
    found = Browser(web.url)
    yield found
    found.free()


@pytest.mark.parametrize("way", ["link", "script", "redirect", "form", "form-redirect"])
def test_the_page_does_not_go_to_another_site(browser, web, other, way):
    web.answers["/redirect"] = (302, {"Location": other.url + "/"}, b"")
    web.answers["/post"] = (307, {"Location": other.url + "/take"}, b"")
    target = {"redirect": "/redirect", "form": other.url + "/take", "form-redirect": "/post"}.get(
        way, other.url + "/"
    )
    inner = (
        f"<form method=post action='{target}'><input name=secret value=Marie></form><a href='{target}'>x</a>"
    )
    browser.load(web.page("/", f"<title>chez nous</title>{inner}"))
    does = {
        "link": "document.querySelector('a').click()",
        "script": f"location.href = {target!r}",
        "redirect": f"location.href = {target!r}",
    }.get(way, "document.forms[0].submit()")
    browser.run(f"{does}; 1", MAIN)
    assert wait_for(lambda: bool(browser.refused))
    assert browser.run("document.title", MAIN) == "chez nous"
    assert other.seen == []


@pytest.mark.parametrize("target", ["/take", "/post"])
def test_scripts_of_the_page_send_nothing_to_another_site(browser, web, other, target):
    web.answers["/post"] = (307, {"Location": other.url + "/take"}, b"")
    web.answers["/own"] = (200, {}, b"")
    browser.load(web.page("/", "<title>x</title>"))
    address = other.url + target if target == "/take" else target
    send = (
        "fetch({0!r}, {{method: 'POST', mode: 'no-cors', body: 'Marie'}})"
        ".then(() => window.done = 1, () => window.done = 2)"
    )
    browser.run(send.format(address) + "; 1", MAIN)
    assert wait_for(lambda: browser.run("window.done || 0", MAIN) == 2)
    assert other.seen == []
    browser.run("window.done = 0; " + send.format("/own") + "; 1", MAIN)
    assert wait_for(lambda: browser.run("window.done || 0", MAIN) == 1)
    assert web.asked("/own") == [("POST", b"Marie")]


def test_no_window_no_download_no_permission_no_dialog(browser, web, other):
    web.answers["/file"] = (200, {"Content-Disposition": "attachment; filename=x.exe"}, b"MZ")
    browser.load(web.page("/", "<title>x</title>"))
    outcome = browser.run(
        f"[open({other.url!r}), confirm('?'), prompt('?'), alert('!')].map(String).join()", MAIN
    )
    assert outcome == "null,false,null,undefined"
    browser.run(
        "Notification.requestPermission().then((said) => window.said = said);"
        "navigator.geolocation.getCurrentPosition(() => window.place = 'yes', () => window.place = 'no'); 1",
        MAIN,
    )
    assert wait_for(lambda: browser.run("window.said + window.place", MAIN) == "deniedno")
    stopped = []
    browser.profile.downloadRequested.connect(lambda request: stopped.append(request.state().name))
    browser.run("location.href = '/file'; 1", MAIN)
    assert wait_for(lambda: bool(stopped))
    assert stopped == ["DownloadCancelled"]
    assert other.seen == []


def test_nothing_is_kept(browser, web, tmp_path: Path):
    web.answers["/"] = (
        200,
        {"Content-Type": "text/html", "Set-Cookie": "a=b; Max-Age=9999"},
        b"<title>x</title>",
    )
    browser.load(web.url + "/")
    assert browser.profile.isOffTheRecord()
    assert not Path(browser.profile.persistentStoragePath()).exists()
    assert browser.profile.httpCacheType() == browser.profile.HttpCacheType.MemoryHttpCache
    assert browser.run("document.cookie", MAIN) == "a=b"
    second = Browser(web.url)
    try:
        web.page("/again", "<title>y</title>")
        second.load(web.url + "/again")
        assert second.run("document.cookie", MAIN) == ""
    finally:
        second.free()


def test_a_page_that_cannot_be_had_is_a_problem_with_its_address(qapp):
    with site() as gone:
        address = gone.url
    browser = Browser(address)
    try:
        browser.load(address + "/?secret")
        (problem,) = browser.problems
        assert problem.remark.code == "webform_unreachable"
        assert problem.remark["url"] == address + "/"
    finally:
        browser.free()


def test_a_form_that_moved_to_another_site_is_a_problem_before_anything_is_filled(qapp, web, other):
    web.answers["/jalerte/"] = (302, {"Location": other.url + "/"}, b"")
    session = Session(a_task(web.url + "/jalerte/", an_alert()))
    problems: list[Problem] = []
    session.driver.broke.connect(problems.append)
    try:
        session.begin()
        assert wait_for(lambda: bool(problems))
        assert problems[0].remark.code == "webform_moved"
        assert other.seen == []
    finally:
        session.free()


def test_what_cannot_be_filled_is_left_and_the_page_stays(qapp, web):
    """A page that is no form of ours at all: nothing is put anywhere, and the report says so."""
    html = (
        "<h1>Connexion</h1><form><label>Identifiant <input name=login></label><button>Envoyer</button></form>"
    )
    session = Session(a_task(web.page("/", html), an_alert()))
    view = hidden_view(session)
    try:
        session.begin()
        assert wait_for(lambda: session.driver.stop is not None, 60)
        result = session.result()
        assert result.filled == ()
        assert result.stopped_at.startswith(("unknown-page", "drift"))
        assert {path for method, path, _body in web.seen if method == "POST"} == set()
    finally:
        shiboken6.delete(view)
        session.free()


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "own.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def test_a_wrong_certificate_is_never_overridden(qapp, tmp_path: Path):
    with site(self_signed(tmp_path)) as secure:
        browser = Browser(secure.url)
        try:
            browser.load(secure.page("/", "<title>x</title>"))
            (problem,) = browser.problems
            assert problem.remark.code == "webform_certificate"
            assert secure.seen == []
        finally:
            browser.free()
