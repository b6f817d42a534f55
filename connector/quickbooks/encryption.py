"""The key that encrypts the sign-in in the state: one file, 0600, made when it is first needed."""

import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from connector.errors import SignInNeeded, StateInvalid

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

__all__ = ["Encryption"]


class Encryption:
    """
    Encrypts small secrets with the key in ``path``. Beside the state it only protects copies of the state.

    Args:
        path: The key file; made 0600 by the first `encrypt`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def encrypt(self, data: bytes) -> bytes:
        """
        ``data``, readable with this key only.

        Raises:
            StateInvalid: The key file may be read by others, or holds no key.
        """
        if not self._path.exists():
            self._make()
        return self._fernet().encrypt(data)

    def decrypt(self, token: bytes) -> bytes:
        """
        What `encrypt` was given.

        Raises:
            StateInvalid: The key file may be read by others, or holds no key.
            SignInNeeded: The key is gone or another one.
        """
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - heavy, and only a sign-in needs it

        try:
            return self._fernet().decrypt(token)
        except (FileNotFoundError, InvalidToken):
            raise SignInNeeded(
                f"the key in {self._path} does not open the stored sign-in",
                code="state-key",
                remedy="put the right key file back: state.key_file in the settings names it",
            ) from None

    def _fernet(self) -> "Fernet":
        from cryptography.fernet import Fernet  # noqa: PLC0415

        descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise self._unusable("may be read by others", f"run: chmod 600 {self._path}")
            key = file.read(1024).strip()
        try:
            return Fernet(key)
        except ValueError:
            raise self._unusable("holds no key", "put the right file back, or delete it and sign in again") from None

    def _make(self) -> None:
        """A key file is whole or not there: written beside, then linked; of two processes one wins."""
        from cryptography.fernet import Fernet  # noqa: PLC0415

        beside = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(Fernet.generate_key() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(beside, self._path)
            except FileExistsError:
                return
        finally:
            beside.unlink()
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _unusable(self, why: str, remedy: str) -> StateInvalid:
        return StateInvalid(f"the key file {self._path} {why}", code="state-key", remedy=remedy)
