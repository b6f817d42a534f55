"""The one sentence that says how to sign in, wherever a sign-in is missing or dead."""

from typing import Final

__all__ = ["SIGN_IN"]

SIGN_IN: Final = (
    "run: connector auth login (or set a new refresh token as quickbooks.refresh_token or "
    "CONNECTOR_QUICKBOOKS__REFRESH_TOKEN; it is tried when the kept one is dead)"
)
