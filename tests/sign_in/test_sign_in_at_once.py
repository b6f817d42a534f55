"""Many processes and one sign-in: Intuit is asked once, all get the answer, and nobody ends signed out."""

import os
import signal
import time

import pytest
from sign_in_world import Company

from connector.errors import ServiceDown
from connector.quickbooks.encryption import Encryption
from connector.quickbooks.signin import SignIn
from connector.sandbox.credentials import REALM_ID
from connector.sync.sign_in import SignInFile

MANY = 6

ALWAYS = {(True, "always", "dead"), (True, "after 24 h", "valid"), (False, "always", "valid"), (False, "never", "dead")}
# Every way in which Intuit may rotate, in both places where a sign-in may stand; a third of them runs always.
EVERY_INTUIT = pytest.mark.parametrize(
    ("company", "rotation", "old"),
    [
        pytest.param(in_state, rotation, old, marks=() if (in_state, rotation, old) in ALWAYS else pytest.mark.slow)
        for in_state in (True, False)
        for rotation in ("always", "after 24 h", "never")
        for old in ("valid", "dead")
    ],
    indirect=["company"],
)


@EVERY_INTUIT
def test_many_processes_refresh_once_and_nobody_ends_signed_out(company: Company, rotation: str, old: str) -> None:
    company.project.switch(refresh_rotation=rotation, old_refresh_tokens=old)

    first = company.at_once(MANY, SignIn.access_token)
    assert len(set(first)) == 1
    assert company.asked() == 1

    def after_a_401(sign_in: SignIn) -> str:
        sign_in.distrust(first[0])
        return sign_in.access_token()

    for n in (2, 3):
        tokens = company.at_once(MANY, after_a_401)
        assert len(set(tokens)) == 1
        assert tokens[0] != first[0]
        assert company.asked() == n
        first = tokens
    assert company.token() == first[0]


@EVERY_INTUIT
def test_tokens_that_are_never_fresh_are_refreshed_by_one_at_a_time(company: Company, rotation: str, old: str) -> None:
    """Four minutes are less than the five that a token must last, so that every call asks, each with the newest."""
    company.project.switch(refresh_rotation=rotation, old_refresh_tokens=old, access_token_seconds=240)

    def thrice(sign_in: SignIn) -> list[str]:
        return [sign_in.access_token() for _ in range(3)]

    tokens = [token for each in company.at_once(4, thrice) for token in each]

    assert len(set(tokens)) == company.asked() == 12
    assert "quickbooks-sign-in" not in tokens


def test_a_paused_process_keeps_its_turn_and_a_dead_one_frees_it(company: Company) -> None:
    store = SignInFile(
        company.project.folder / "state.db", REALM_ID, Encryption(company.project.folder / "state.key"), patience=0.2
    )
    pid = os.fork()
    if pid == 0:
        with store.lock():
            (company.project.folder / "held").touch()
            time.sleep(60)
        os._exit(0)
    try:
        while not (company.project.folder / "held").exists():
            time.sleep(0.01)
        os.kill(pid, signal.SIGSTOP)

        with pytest.raises(ServiceDown, match="another process has been refreshing") as caught, store.lock():
            pass
        assert caught.value.code == "sign-in-busy"
        assert ".sign-in.lock" in caught.value.remedy
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    assert company.token()
