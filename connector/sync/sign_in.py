"""Where the sign-in is kept: one encrypted row of the state, or a file beside where the state would stand."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from connector.errors import ServiceDown, SignInNeeded
from connector.log import hide_tokens
from connector.quickbooks.connection import Settings as Connection
from connector.quickbooks.encryption import Encryption
from connector.quickbooks.private_file import sync_folder, told_in_words, write
from connector.quickbooks.signin import SignIn, SignInStatus, SignInStore, Stored, status_of
from connector.settings import Settings
from connector.state.clock import utc_now
from connector.state.store import State

__all__ = ["PATIENCE", "SignInFile", "SignInRow", "sign_in_of", "sign_in_status"]

# A refresh asks three tokens at most, each twice, for 30 s: whoever holds the lock longer is paused or hung.
PATIENCE: Final = 240.0
_POLL_SECONDS: Final = 0.05
_ROOM: Final = 16 * 1024
"""Bytes that a sign-in takes at most; its tokens may be 4,096 characters long each."""


def sign_in_of(settings: Settings, state: State, where: Connection) -> SignIn:
    """The sign-in to ``where``, kept in the state, or beside it if there is none yet."""
    given = settings.quickbooks.refresh_token
    return SignIn(where, _store(settings, state), given.value if given else "", tell_secrets=hide_tokens)


def sign_in_status(settings: Settings, state: State | None) -> SignInStatus:
    """
    How the kept sign-in stands, from the disk alone: the app's id and secret are not needed.

    Raises:
        SignInNeeded: ``state-key``: the key does not open it, and no refresh token of the settings waits.
        StateInvalid: ``state-key``: the key cannot be used.
    """
    ours = settings.quickbooks
    try:
        stored = _store(settings, state).load()
    except SignInNeeded:
        if ours.refresh_token is None:
            raise
        stored = None
    return status_of(stored, ours.realm_id, ours.environment, utc_now())


def _store(settings: Settings, state: State | None) -> SignInStore:
    ours, key = settings.quickbooks, settings.state.key
    encryption = Encryption(settings.state.key_file, key.value if key else "")
    beside = SignInFile(settings.state.path, ours.realm_id, encryption)
    if state is None or state.path is None:
        return beside
    return SignInRow(state, ours.realm_id, ours.environment, encryption, beside)


class SignInFile:
    """
    The sign-in of one company in a file of its own: ``plan`` makes no state, and a refreshed sign-in must not be lost.

    Args:
        state: The file that the state is or would be; this one stands beside it.
        company: The realm id.
        patience: Seconds to wait for another process that refreshes.
    """

    def __init__(self, state: Path, company: str, encryption: Encryption, patience: float = PATIENCE) -> None:
        self._path = state.with_name(f"{state.name}.{company}.sign-in")
        self._company = company
        self._encryption = encryption
        self._patience = patience

    def load(self) -> Stored | None:
        try:
            with told_in_words(self._path):
                kept = self._path.read_bytes()
        except FileNotFoundError:
            return None
        return Stored.from_bytes(self._encryption.decrypt(kept))

    def save(self, stored: Stored) -> None:
        secret = self._encryption.encrypt(stored.to_bytes())
        with told_in_words(self._path):
            write(self._part, secret)
            self._part.replace(self._path)
            sync_folder(self._path.parent)

    def ready(self) -> None:
        self._encryption.encrypt(b"")  # makes the key
        with told_in_words(self._path):
            write(self._part, bytes(_ROOM))
            self._part.unlink()

    def forget(self) -> None:
        """Delete it."""
        with told_in_words(self._path):
            self._path.unlink(missing_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        path = self._path.with_name(f"{self._path.name}.lock")
        with told_in_words(path):
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            until = time.monotonic() + self._patience
            while not _locked(file):
                if time.monotonic() >= until:
                    raise ServiceDown(
                        f"another process has been refreshing the sign-in to company {self._company} "
                        f"for {self._patience:.0f} s",
                        code="sign-in-busy",
                        remedy=f"end the process that has {path} open (a paused one?), then run again",
                    )
                time.sleep(_POLL_SECONDS)
            yield
        finally:
            os.close(file)  # frees the lock

    @property
    def _part(self) -> Path:
        return self._path.with_name(f"{self._path.name}.part")


class SignInRow:
    """The sign-in as the state keeps it: one encrypted row; one that was left beside the state is taken over."""

    def __init__(
        self, state: State, company: str, environment: str, encryption: Encryption, beside: SignInFile
    ) -> None:
        self._state = state
        self._company = company
        self._environment = environment
        self._encryption = encryption
        self._beside = beside

    def load(self) -> Stored | None:
        """The newer of row and file. Nothing is moved here: whoever only looks holds no lock."""
        kept = self._state.sign_in(self._company)
        row = Stored.from_bytes(self._encryption.decrypt(kept.encode())) if kept else None
        left = self._beside.load()
        if row is None or left is None:
            return row or left
        newer, older = (left, row) if left.refreshed_at > row.refreshed_at else (row, left)
        # Where a clock went back between the two, the older is the newer: it is what is tried second.
        return replace(newer, previous_refresh_token=older.refresh_token)

    def save(self, stored: Stored) -> None:
        secret = self._encryption.encrypt(stored.to_bytes()).decode()
        self._state.save_sign_in(self._company, self._environment, secret)
        self._beside.forget()

    def forget(self) -> None:
        self._beside.forget()
        self._state.delete_sign_in(self._company)

    def ready(self) -> None:
        self._beside.ready()  # its folder is the state's

    def lock(self) -> AbstractContextManager[None]:
        return self._beside.lock()


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
