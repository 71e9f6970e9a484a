"""alert mail: the password goes into the keyring and stands nowhere else; accounts that do not fit are refused."""

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring

from jalerte_desktop.commands import _alert_filings
from jalerte_desktop.filing.mail_account import account
from jalerte_desktop.filing.mail_send import MailSender
from tests.filing.test_paper_commands import a_case, desk, refused, run
from tests.filing.test_send_commands import filings, shown, typed
from tests.servers.mail_server import PASSWORD, USER, Box, authority, real_server

__all__ = ["desk", "typed"]


class Ring(KeyringBackend):
    """A keyring in memory, set by keyring's own way."""

    priority = 1

    def __init__(self):
        self.kept = {}

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def delete_password(self, service, username):
        del self.kept[service, username]


@pytest.fixture
def ring():
    before = keyring.get_keyring()
    made = Ring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def set_with_password(desk, typed, *more):
    typed(PASSWORD + "\n")
    return run(
        desk, "alert", "mail", "set", "--host", "localhost", "--user", USER, "--sender", USER, "--password-stdin",
        "--json", *more,
    )  # fmt: skip


def test_the_password_goes_into_the_keyring_and_nowhere_else(desk, ring, typed, tmp_path, monkeypatch):
    ca = authority(tmp_path)
    monkeypatch.setattr(
        _alert_filings, "senders", lambda file: {"email": MailSender(account(file), context=ca.trusting)}
    )
    a_case(desk)
    printed = []
    box = Box()
    with real_server(box, ca.serving("localhost"), "starttls") as port:
        printed.append(set_with_password(desk, typed, "--port", str(port)))
        assert list(ring.kept.values()) == [PASSWORD]
        assert {service for service, _ in ring.kept} == {"jalerte"}
        found = shown(desk)
        printed.append(found)
        words = ("send", found["filing"]["id"], "--yes", found["filing"]["sha256"], "--json")
        printed.append(run(desk, "alert", *words))
    assert box.messages[0].content == base64.b64decode(found["shown"]["content_base64"])
    printed += [run(desk, "alert", "mail", "show"), filings(desk), run(desk, "alert", "receipts", "--json")]
    assert box.logins == [("PLAIN", True)]
    secrets = {PASSWORD.encode(), base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()), PASSWORD[:6].encode()}
    for path in desk.home.folder.rglob("*"):
        if path.is_file():
            assert not any(secret in path.read_bytes() for secret in secrets), path
    told = (json.dumps(printed, ensure_ascii=False) + desk.err.getvalue()).encode()
    assert not any(secret in told for secret in secrets)


def test_a_wrong_password_is_told_without_saying_it(desk, ring, typed, tmp_path, monkeypatch):
    ca = authority(tmp_path)
    monkeypatch.setattr(
        _alert_filings, "senders", lambda file: {"email": MailSender(account(file), context=ca.trusting)}
    )
    a_case(desk)
    with real_server(Box(), ca.serving("localhost"), "starttls") as port:
        set_with_password(desk, typed, "--port", str(port))
        typed("Tout-autre-mot\n")
        run(
            desk, "alert", "mail", "set", "--host", "localhost", "--port", str(port), "--user", USER, "--sender",
            USER, "--password-stdin", "--json",
        )  # fmt: skip
        found = shown(desk)["filing"]
        with pytest.raises(AssertionError):
            run(desk, "alert", "send", found["id"], "--yes", found["sha256"])
    (filing,) = filings(desk)
    assert (filing["state"], filing["problem"]["code"]) == ("failed", "mail_login_refused")
    assert "Tout-autre-mot" not in json.dumps(filing) + desk.out.getvalue()


def test_forgotten_is_forgotten(desk, ring, typed):
    a_case(desk)
    set_with_password(desk, typed)
    assert run(desk, "alert", "mail", "show", "--json")["account"] == {
        "host": "localhost",
        "port": 587,
        "security": "starttls",
        "user": USER,
        "sender": USER,
        "password_kept": True,
    }
    assert run(desk, "alert", "mail", "forget", "--json")["account"] is None
    assert ring.kept == {}
    assert refused(desk, "alert", "mail", "forget").remark.code == "mail_no_account"


def test_another_account_takes_the_old_password_out_of_the_keyring(desk, ring, typed):
    a_case(desk)
    set_with_password(desk, typed)
    set_with_password(desk, typed, "--port", "2525")
    assert len(ring.kept) == 1


def test_without_a_keyring_this_machine_cannot(desk, typed):
    a_case(desk)
    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())
    try:
        typed(PASSWORD + "\n")
        problem = refused(
            desk, "alert", "mail", "set", "--host", "localhost", "--user", USER, "--sender", USER,
            "--password-stdin",
        )  # fmt: skip
    finally:
        keyring.set_keyring(before)
    assert (problem.remark.code, problem.exit_code) == ("no_keyring", 3)
    assert run(desk, "alert", "mail", "show", "--json")["account"] is None


def test_a_keyring_that_breaks_says_nothing_of_what_it_was_given(desk, ring, typed, monkeypatch):
    def broken(self, service, username, password):
        raise RuntimeError(f"cannot keep {password}")

    monkeypatch.setattr(Ring, "set_password", broken)
    a_case(desk)
    typed(PASSWORD + "\n")
    problem = refused(
        desk,
        "alert",
        "mail",
        "set",
        "--host",
        "localhost",
        "--user",
        USER,
        "--sender",
        USER,
        "--password-stdin",
    )
    assert problem.remark.code == "no_keyring"
    assert PASSWORD not in str(problem)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--host", "mail.exemple.fr", "--security", "plain"), "mail_plain"),
        (("--host", "exe mple"), "mail_host"),
        (("--host", "a\nb"), "mail_host"),
        (("--host", ""), "mail_host"),
        (("--host", "localhost", "--port", "0"), "mail_port"),
        (("--host", "localhost", "--port", "70000"), "mail_port"),
        (("--host", "localhost", "--user", "a\r\nb"), "mail_user"),
        (("--host", "localhost", "--user", "a"), "mail_password"),
        (("--host", "localhost", "--user", "a", "--password-stdin"), "mail_password"),
        (("--host", "localhost", "--sender", "nobody"), "mail_address"),
    ],
)
def test_accounts_that_do_not_fit_are_refused(desk, ring, typed, words, code):
    a_case(desk)
    problem = refused(desk, "alert", "mail", "set", "--sender", "marie@exemple.fr", *words)
    assert (problem.remark.code, problem.exit_code) == (code, 2)
    assert run(desk, "alert", "mail", "show", "--json")["account"] is None
    assert ring.kept == {}


KEYRING_SCRIPT = """
set -e
printf test | gnome-keyring-daemon --unlock --components=secrets > /dev/null
run() { "$1" -m jalerte_desktop --home "$JALERTE_TEST_HOME" alert mail "${@:2}"; }
printf '%s\\n' "$JALERTE_TEST_PASSWORD" | run "$PYTHON" set --host localhost --user marie --sender marie@exemple.fr \\
    --password-stdin --json
run "$PYTHON" show --json
run "$PYTHON" forget --json
"""


@pytest.mark.skipif(
    not (shutil.which("gnome-keyring-daemon") and shutil.which("dbus-run-session")),
    reason="needs the Debian packages gnome-keyring and dbus",
)
def test_with_a_real_keyring(tmp_path):
    """GNOME's keyring on a message bus of the test's own: the password stays between processes, and then it is gone."""
    places = {name: str(tmp_path / name) for name in ("HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME")}
    for place in places.values():
        Path(place).mkdir(mode=0o700)
    home = tmp_path / "jalerte"
    surroundings = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON_KEYRING")},
        **places,
        "PYTHON": sys.executable,
        "JALERTE_TEST_HOME": str(home),
        "JALERTE_TEST_PASSWORD": PASSWORD,
    }
    done = subprocess.run(
        ["dbus-run-session", "--", "bash", "-c", KEYRING_SCRIPT],
        env=surroundings,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    decoder, text, found = json.JSONDecoder(), done.stdout.decode().strip(), []
    while text:
        document, end = decoder.raw_decode(text)
        found.append(document["account"])
        text = text[end:].strip()
    assert [one and one["password_kept"] for one in found] == [True, True, None]
    assert PASSWORD not in done.stdout.decode() + done.stderr.decode()
    assert not any(PASSWORD.encode() in path.read_bytes() for path in home.rglob("*") if path.is_file())


def test_a_keyring_that_cannot_even_be_loaded_is_none(desk, typed, monkeypatch):
    def broken():
        raise ModuleNotFoundError("No module named 'foo'")

    monkeypatch.setattr(keyring, "get_keyring", broken)
    typed(PASSWORD + "\n")
    words = ("mail", "set", "--host", "localhost", "--user", USER, "--sender", USER, "--password-stdin")
    assert refused(desk, "alert", *words).exit_code == 3


@pytest.mark.parametrize("kept", [b"p\xe9ss\n", b"x" * 100_000])
def test_a_password_that_is_no_text_is_refused_in_one_line(desk, ring, monkeypatch, kept):
    import io

    words = ("mail", "set", "--host", "localhost", "--user", USER, "--sender", USER, "--password-stdin")
    for errors in ("strict", "surrogateescape"):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(kept), "utf-8", errors))
        assert refused(desk, "alert", *words).remark.code == "mail_password"
    assert ring.kept == {}
