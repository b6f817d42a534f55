"""The key file of the sign-in."""

import stat
import threading
from pathlib import Path

import pytest

from connector.errors import SignInNeeded, StateInvalid
from connector.quickbooks.encryption import Encryption


def test_what_is_encrypted_comes_back_and_the_key_is_its_owners_alone(tmp_path: Path) -> None:
    key = tmp_path / "state.key"
    token = Encryption(key).encrypt(b"refresh-token")
    assert b"refresh-token" not in token
    assert Encryption(key).decrypt(token) == b"refresh-token"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["state.key"]


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    key = tmp_path / "state.key"
    token = Encryption(key).encrypt(b"refresh-token")
    key.chmod(0o640)
    for use in (Encryption(key).encrypt, Encryption(key).decrypt):
        with pytest.raises(StateInvalid, match="read by others") as caught:
            use(token)
        assert "chmod 600" in caught.value.remedy


def test_a_lost_or_another_key_asks_for_a_new_sign_in(tmp_path: Path) -> None:
    token = Encryption(tmp_path / "one.key").encrypt(b"refresh-token")
    Encryption(tmp_path / "two.key").encrypt(b"")
    for name in ("two.key", "none.key"):
        with pytest.raises(SignInNeeded):
            Encryption(tmp_path / name).decrypt(token)
    assert not (tmp_path / "none.key").exists()


def test_a_file_that_is_no_key_is_told(tmp_path: Path) -> None:
    key = tmp_path / "state.key"
    key.touch(0o600)
    with pytest.raises(StateInvalid, match="holds no key"):
        Encryption(key).encrypt(b"x")


def test_two_that_make_the_key_at_once_agree_on_one(tmp_path: Path) -> None:
    key = tmp_path / "state.key"
    tokens: list[bytes] = []
    threads = [threading.Thread(target=lambda: tokens.append(Encryption(key).encrypt(b"x"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [Encryption(key).decrypt(token) for token in tokens] == [b"x"] * 8
