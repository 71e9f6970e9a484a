"""The machine's key: made once, the same for all processes, never replaced, never shown."""

import hashlib
import os
import pickle
import stat
import subprocess
import sys

import pytest

from diagnostics import machine_key
from diagnostics.machine_key import NAME, load_or_make
from diagnostics.model import MachineCannot, Problem
from jalerte_desktop.words.errors import sentences


def test_a_key_is_made_once_and_found_again(tmp_path):
    made = load_or_make(tmp_path / "home" / "keys")
    again = load_or_make(tmp_path / "home" / "keys")
    assert made.public_bytes == again.public_bytes
    assert made.fingerprint == hashlib.sha256(made.public_bytes).hexdigest()
    assert sorted(path.name for path in (tmp_path / "home" / "keys").iterdir()) == [NAME]
    assert load_or_make(tmp_path / "other").fingerprint != made.fingerprint


@pytest.mark.skipif(os.name != "posix", reason="permissions as Linux and macOS have them")
def test_only_its_owner_can_read_it(tmp_path):
    load_or_make(tmp_path / "keys")
    assert stat.S_IMODE((tmp_path / "keys" / NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_what_it_signs_can_be_checked_with_the_public_half(tmp_path):
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    key = load_or_make(tmp_path)
    public = Ed25519PublicKey.from_public_bytes(key.public_bytes)
    public.verify(key.sign(b"seal"), b"seal")
    with pytest.raises(InvalidSignature):
        public.verify(key.sign(b"seal"), b"another")


def test_processes_that_start_at_once_get_one_key(tmp_path):
    script = (
        "import sys, pathlib; from diagnostics.machine_key import load_or_make; import cryptography;"
        "from cryptography.hazmat.primitives.asymmetric import ed25519; print(flush=True); sys.stdin.readline();"
        f"print(load_or_make(pathlib.Path({str(tmp_path / 'keys')!r})).fingerprint)"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(6)
    ]
    for process in started:
        process.stdout.readline()
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = {process.communicate(timeout=30)[0].strip() for process in started}
    assert said == {load_or_make(tmp_path / "keys").fingerprint}


@pytest.mark.parametrize(
    "content",
    [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b"x" * 10_000],
)
def test_a_damaged_key_is_said_and_never_replaced(tmp_path, monkeypatch, content):
    monkeypatch.setattr(machine_key, "_WAIT_S", 0.1)
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(Problem) as caught:
        load_or_make(tmp_path)
    assert caught.value.remark.code == "key_damaged"
    assert "key_damaged" in sentences()
    assert (tmp_path / NAME).read_bytes() == content


def test_another_kind_of_key_is_not_taken(tmp_path, monkeypatch):
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
    from cryptography.hazmat.primitives.serialization import NoEncryption as Plain

    monkeypatch.setattr(machine_key, "_WAIT_S", 0.1)
    for protection in (Plain(), BestAvailableEncryption(b"secret")):
        text = X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
        (tmp_path / NAME).write_bytes(text)
        with pytest.raises(Problem, match="key_damaged"):
            load_or_make(tmp_path)


def test_a_key_that_cannot_be_read_is_said(tmp_path):
    (tmp_path / NAME).mkdir()
    with pytest.raises(Problem, match="key_unreadable"):
        load_or_make(tmp_path)


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "keys").write_text("a file", "utf-8")
    with pytest.raises(Problem) as caught:
        load_or_make(tmp_path / "keys")
    assert caught.value.remark.code in ("home_not_writable", "key_unreadable")


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(machine_key.os, "fsync", full)
    with pytest.raises(MachineCannot, match="home_not_writable"):
        load_or_make(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_where_no_links_can_be_made_the_key_is_put_there_all_the_same(tmp_path, monkeypatch):
    def no_links(_old, _new):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(machine_key.os, "link", no_links)
    made = load_or_make(tmp_path)
    assert made.fingerprint == load_or_make(tmp_path).fingerprint
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_key_that_is_still_being_written_is_waited_for(tmp_path, monkeypatch):
    made = load_or_make(tmp_path)
    whole = (tmp_path / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(whole[:40])
    monkeypatch.setattr(machine_key.time, "sleep", lambda _s: (tmp_path / NAME).write_bytes(whole))
    assert load_or_make(tmp_path).fingerprint == made.fingerprint


def test_the_private_half_does_not_show(tmp_path):
    key = load_or_make(tmp_path)
    assert repr(key) == f"MachineKey({key.fingerprint[:16]}…)"
    with pytest.raises(TypeError):
        pickle.dumps(key)


def test_the_recorders_process_does_not_pay_for_it():
    script = "import sys, diagnostics.machine_key; print('cryptography' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


@pytest.mark.skipif(os.name != "posix", reason="permissions as Linux and macOS have them")
def test_a_key_that_others_could_read_is_closed_again(tmp_path):
    made = load_or_make(tmp_path)
    (tmp_path / NAME).chmod(0o644)
    assert load_or_make(tmp_path).fingerprint == made.fingerprint
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
