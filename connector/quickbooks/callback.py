"""What Intuit sends a browser back with, once a person has agreed or declined."""

import re
import secrets
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from connector.errors import SignInNeeded

__all__ = ["CameBack", "read_callback"]

_AGAIN: Final = "run: connector auth login"


@dataclass(frozen=True, slots=True)
class CameBack:
    """A code, good once and for ten minutes, and the company that the person chose."""

    code: str = field(repr=False)
    realm_id: str


def read_callback(address: str, state: str) -> CameBack:
    """
    The code and the company in the address that a browser was sent back to.

    Args:
        address: All of it, or its part from the ``?`` on; no word of it is ever shown.
        state: What the browser was sent to Intuit with.

    Raises:
        SignInNeeded: It belongs to another sign-in, the person declined, or code or company are missing.
    """
    given = dict(parse_qsl(address.strip().partition("?")[2].partition("#")[0]))
    # First, so that nothing else in it is believed: whoever made this address may not be Intuit.
    if not secrets.compare_digest(given.get("state", "").encode(), state.encode()):
        raise SignInNeeded(
            "the browser came back from another sign-in than this one, so nothing of it was used",
            code="sign-in-mismatch",
            remedy=f"{_AGAIN} again, and use the address that it prints then",
        )
    if given.get("error") == "access_denied":
        raise SignInNeeded(
            "the person in the browser declined", code="sign-in-declined", remedy=f"{_AGAIN} again, and agree at Intuit"
        )
    code, realm_id = given.get("code", ""), given.get("realmId", "")
    if "error" in given or not code or not re.fullmatch("[0-9]{1,20}", realm_id):
        missing = _named(given.get("error")) or ("without a code" if not code else "without a company's id")
        raise SignInNeeded(
            f"Intuit sent the browser back {missing}",
            code="sign-in-incomplete",
            remedy=f"{_AGAIN} again, and choose a company at Intuit",
        )
    return CameBack(code, realm_id)


def _named(error: str | None) -> str:
    """The error by its name where it looks like one; whatever else stands there is nobody's to read."""
    if error is None:
        return ""
    return f"with an error ({error})" if re.fullmatch("[a-z_]{1,40}", error) else "with an error"
