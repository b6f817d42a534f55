"""Where a sign-in stands: encrypted, its owner's alone, taken over by the state, and never moved by who only looks."""

import dataclasses
import datetime
import os
import resource
import signal
import stat
from pathlib import Path

import pytest
from project import Project
from sign_in_world import Company

from connector.errors import OurFault, ServiceDown, SignInNeeded, StateInvalid
from connector.quickbooks.encryption import Encryption
from connector.quickbooks.signin import SignIn, Stored
from connector.sandbox.credentials import REALM_ID, REFRESH_TOKEN
from connector.state.store import State
from connector.sync.sign_in import SignInFile, SignInRow

HOUR = datetime.timedelta(hours=1)


def stored(refresh: str, at: datetime.datetime, previous: str | None = None) -> Stored:
    return Stored(refresh, previous, f"access of {refresh}", at + HOUR, None, None, at, REALM_ID, at)


@pytest.fixture
def places(tmp_path: Path) -> tuple[SignInFile, SignInRow, State]:
    encryption = Encryption(tmp_path / "state.key")
    state = State.open(f"sqlite:///{tmp_path / 'state.db'}")
    beside = SignInFile(tmp_path / "state.db", REALM_ID, encryption)
    return beside, SignInRow(state, REALM_ID, "sandbox", encryption, beside), state


def test_nothing_on_the_disk_holds_a_token_and_every_file_is_its_owners_alone(company: Company) -> None:
    before = os.umask(0)
    try:
        token = company.token()
        with company.sign_in() as sign_in:
            kept = sign_in._load()
    finally:
        os.umask(before)

    assert kept is not None
    made = {path for path in company.project.folder.iterdir() if path.name.startswith((".state", "state"))}
    assert {path.name for path in made} >= {"state.key", f"state.db.{REALM_ID}.sign-in.lock"}
    for path in made:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        for secret in (token, kept.refresh_token, REFRESH_TOKEN):
            assert secret.encode() not in path.read_bytes()


def made_key(path: Path) -> str:
    Encryption(path).encrypt(b"")
    return path.read_text().strip()


def test_the_key_may_stand_in_the_settings_and_then_no_file_is_made(project: Project, tmp_path: Path) -> None:
    key, another = made_key(tmp_path / "one"), made_key(tmp_path / "another")
    settings = project.folder / "connector.toml"
    with settings.open("a") as file:
        file.write(f'[state]\nkey = "{key}"\n')
    company = Company(project, in_state=True)

    token = company.token()

    assert not (project.folder / "state.key").exists()
    assert company.token() == token
    settings.write_text(settings.read_text().replace(key, another))
    ran = project.run("auth", "status")
    assert "refresh token from" in ran.out  # the token of the settings signs in anew
    settings.write_text(settings.read_text().replace("refresh_token =", "# refresh_token ="))
    ran = project.run("auth", "status")
    assert ran.code == 4
    assert "the key in state.key of the settings does not open the stored sign-in" in ran.said


def test_a_key_of_the_settings_that_is_none_is_told_without_showing_it(tmp_path: Path) -> None:
    with pytest.raises(StateInvalid, match=r"state\.key of the settings holds no key") as caught:
        Encryption(tmp_path / "state.key", "canary-key").encrypt(b"x")
    assert "canary" not in f"{caught.value.what} {caught.value.remedy}"


def test_a_sign_in_left_beside_is_taken_over_at_the_next_refresh(project: Project) -> None:
    beside = Company(project, in_state=False)
    token = beside.token()
    assert beside.file.exists()

    company = Company(project, in_state=True)

    assert company.token() == token
    assert company.asked() == 1
    with company.sign_in() as sign_in:
        sign_in.distrust(token)
        assert sign_in.access_token() != token
    assert not beside.file.exists()


def test_who_only_looks_moves_nothing(places: tuple[SignInFile, SignInRow, State]) -> None:
    """A look holds no lock: what it put down would overwrite what another has just been given."""
    beside, row, state = places
    now = datetime.datetime.now(datetime.UTC)
    row.save(stored("r1", now))
    beside.save(stored("r2", now + HOUR, "r1"))
    kept = state.sign_in(REALM_ID)

    found = row.load()

    assert found is not None
    assert (found.refresh_token, found.previous_refresh_token) == ("r2", "r1")
    assert state.sign_in(REALM_ID) == kept
    assert beside.load() is not None


@pytest.mark.parametrize("hours", [1, -1], ids=["the file is newer", "the clock went back"])
def test_of_two_that_are_left_the_older_is_tried_second(
    places: tuple[SignInFile, SignInRow, State], hours: int
) -> None:
    beside, row, _ = places
    now = datetime.datetime.now(datetime.UTC)
    row.save(stored("of the row", now))
    beside.save(stored("of the file", now + hours * HOUR))

    found = row.load()

    assert found is not None
    tried = [found.refresh_token, found.previous_refresh_token]
    assert tried == (["of the file", "of the row"] if hours > 0 else ["of the row", "of the file"])


def test_two_companies_in_one_folder_keep_their_sign_ins_apart(tmp_path: Path) -> None:
    encryption = Encryption(tmp_path / "state.key")
    one, two = (SignInFile(tmp_path / "state.db", realm, encryption) for realm in ("1", "2"))
    now = datetime.datetime.now(datetime.UTC)
    one.save(stored("r1", now))
    two.save(stored("r2", now))

    assert [kept and kept.refresh_token for kept in (one.load(), two.load())] == ["r1", "r2"]


def test_a_sign_in_is_never_kept_inside_a_transaction_that_could_still_fail(
    places: tuple[SignInFile, SignInRow, State],
) -> None:
    _, row, state = places
    with state.write(), pytest.raises(OurFault):
        row.save(stored("r1", datetime.datetime.now(datetime.UTC)))
    assert state.sign_in(REALM_ID) is None


def test_where_nothing_can_be_kept_intuit_is_not_even_asked(company: Company) -> None:
    """Intuit lets the old token die at once: an answer that no disk takes would be the end of the sign-in."""
    company.project.switch(refresh_rotation="always", old_refresh_tokens="dead")
    token = company.token()

    def on_a_full_disk(sign_in: SignIn) -> str:
        sign_in.distrust(token)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, resource.RLIM_INFINITY))
        try:
            return sign_in.access_token()
        except StateInvalid as error:
            return error.what
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    (said,) = company.at_once(1, on_a_full_disk)

    assert "cannot be used: File too large" in said or (company.in_state and said == "state-disk")
    assert company.asked() == 1
    with company.sign_in() as sign_in:
        sign_in.distrust(token)
        assert sign_in.access_token() != token


def test_a_folder_that_is_gone_or_refused_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateInvalid, match="Not a directory") as caught:
        Encryption(tmp_path / "file" / "state.key").encrypt(b"x")
    assert caught.value.code == "state-key"

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ServiceDown, match="full"):
        Encryption(tmp_path / "state.key").encrypt(b"x")
    assert list(tmp_path.glob("*.key*")) == []
    assert list(tmp_path.glob(".*")) == []


def test_a_wrong_key_is_told_before_anybody_is_asked(company: Company) -> None:
    company.token()
    (company.project.folder / "state.key").unlink()
    settings = company.project.folder / "connector.toml"
    settings.write_text(settings.read_text().replace("refresh_token", "# refresh_token"))

    with pytest.raises(SignInNeeded, match="does not open the stored sign-in") as caught:
        company.token()

    assert caught.value.code == "state-key"
    assert "if it is lost, run: connector auth login" in caught.value.remedy
    assert company.asked() == 1


def test_a_sign_in_survives_its_way_to_the_disk() -> None:
    now = datetime.datetime.now(datetime.UTC)
    whole = dataclasses.replace(stored("r", now, "p"), refresh_expires_at=now, hard_expires_at=now + HOUR)
    assert Stored.from_bytes(whole.to_bytes()) == whole
