"""The key that encrypts the sign-in in the state: of the settings, or one file, 0600, made when it is first needed."""

import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from connector.errors import SignInNeeded, StateInvalid
from connector.quickbooks.private_file import sync_folder, told_in_words, write
from connector.quickbooks.remedy import SIGN_IN

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

__all__ = ["Encryption"]


class Encryption:
    """
    Encrypts small secrets. A key file beside the state only protects copies of the state.

    Args:
        path: The key file; made 0600 by the first `encrypt`.
        key: The text of such a file, where the settings hold it; then the file is neither read nor made.
    """

    def __init__(self, path: Path, key: str = "") -> None:
        self._path = path
        self._key = key

    def encrypt(self, data: bytes) -> bytes:
        """
        ``data``, readable with this key only.

        Raises:
            StateInvalid: The key file may be read by others, holds no key, or cannot be read or made.
            ServiceDown: The disk is full.
        """
        if not self._key and not self._path.exists():
            self._make()
        return self._fernet().encrypt(data)

    def decrypt(self, token: bytes) -> bytes:
        """
        What `encrypt` was given.

        Raises:
            StateInvalid: The key file may be read by others, holds no key, or cannot be read.
            SignInNeeded: The key is gone or another one.
        """
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - heavy, and only a sign-in needs it

        try:
            return self._fernet().decrypt(token)
        except (FileNotFoundError, InvalidToken):
            raise SignInNeeded(
                f"the key in {self._place} does not open the stored sign-in",
                code="state-key",
                remedy=f"put the right key back; if it is lost, {SIGN_IN}",
            ) from None

    @property
    def _place(self) -> str:
        return "state.key of the settings" if self._key else str(self._path)

    def _fernet(self) -> "Fernet":
        from cryptography.fernet import Fernet  # noqa: PLC0415

        key = self._key.encode() if self._key else self._read()
        try:
            return Fernet(key)
        except ValueError:
            remedy = "put the right one back; the text of a key file that the connector made is one"
            raise _unusable(f"{self._place} holds no key", remedy) from None

    def _read(self) -> bytes:
        with told_in_words(self._path), self._path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise _unusable(f"the key file {self._path} may be read by others", f"run: chmod 600 {self._path}")
            return file.read(1024).strip()

    def _make(self) -> None:
        """A key file is whole or not there: written beside, then linked; of two processes one wins."""
        from cryptography.fernet import Fernet  # noqa: PLC0415

        beside = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        with told_in_words(self._path):
            try:
                write(beside, Fernet.generate_key() + b"\n")
                try:
                    os.link(beside, self._path)
                except FileExistsError:
                    return
            finally:
                beside.unlink(missing_ok=True)
            sync_folder(self._path.parent)


def _unusable(what: str, remedy: str) -> StateInvalid:
    return StateInvalid(what, code="state-key", remedy=remedy)
