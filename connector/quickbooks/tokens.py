"""
Intuit's token endpoint: refresh, exchange a code, revoke.

Over our own network policy and not over intuit-oauth: that library has no time limits, fetches the discovery document
in its constructor, and cannot ask for the hard expiry of a refresh token.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from connector.errors import AnswerUnreadable, ServiceDown, SignInNeeded, Throttled
from connector.network import Answer, Lost, NotSent, exchange, open_session
from connector.quickbooks.connection import Settings, require_safe
from connector.quickbooks.outcome import parse

__all__ = ["GrantRefused", "TokenEndpoint", "Tokens"]

SCOPE: Final = "com.intuit.quickbooks.accounting"
_SECONDS: Final = 30.0
_CAP: Final = 1024 * 1024
_LONGEST: Final = 100 * 366 * 24 * 3600
"""Seconds that a token may be said to live; a calendar has an end."""


class GrantRefused(Exception):
    """Raised when Intuit does not accept a refresh token or a code (``invalid_grant``)."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the token endpoint answered; all lives in seconds."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    refresh_expires_in: int | None
    hard_expires_in: int | None


class TokenEndpoint:
    """The OAuth side of one app."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._found: dict[str, str] | None = None

    def refresh(self, refresh_token: str) -> Tokens:
        """
        New tokens for an old refresh token.

        Raises:
            GrantRefused: The token is not, or no longer, good.
            Lost: It may have been refreshed: the answer is missing, or the service failed.
            SignInNeeded: The app's own id and secret are refused.
            ServiceDown: Nobody answers.
        """
        return self._tokens({"grant_type": "refresh_token", "refresh_token": refresh_token})

    def from_code(self, code: str, redirect_uri: str) -> Tokens:
        """The first tokens, for the code a browser came back with; raises as `refresh` does."""
        return self._tokens({"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri})

    def authorize_url(self, redirect_uri: str, state: str) -> str:
        """Where a person says yes in the browser."""
        query = {
            "client_id": self._settings.client_id,
            "response_type": "code",
            "scope": SCOPE,
            "redirect_uri": redirect_uri,
            "state": state,
        }
        return f"{self._address('authorization_endpoint')}?{urlencode(query)}"

    def revoke(self, refresh_token: str) -> bool:
        """
        Disconnect the app from the company; whether the token was still alive.

        Raises:
            ServiceDown: Intuit did not confirm it.
        """
        body = json.dumps({"token": refresh_token}).encode()
        try:
            answer = self._send("POST", self._address("revocation_endpoint"), body, "application/json")
        except Lost as lost:
            raise _down(str(lost)) from None
        if answer.status not in (200, 400):
            raise _down(f"HTTP {answer.status}")
        return answer.status == 200

    def _tokens(self, form: Mapping[str, str]) -> Tokens:
        answer = self._send(
            "POST", self._address("token_endpoint"), urlencode(form).encode(), "application/x-www-form-urlencoded"
        )
        if answer.status == 429:
            raise Throttled(
                "Intuit's sign-in service asks to slow down",
                code="quickbooks-throttled",
                remedy="run again in a minute",
            )
        if answer.status >= 500:
            raise Lost(f"HTTP {answer.status}")
        try:
            content = parse(answer.body)
        except ValueError:
            raise Lost(f"HTTP {answer.status} with a body that is no JSON") from None
        if answer.status == 200:
            return _read_tokens(content)
        raise self._refusal(answer.status, content)

    def _refusal(self, status: int, content: Any) -> Exception:
        error = content.get("error") if isinstance(content, dict) else None
        if error == "invalid_grant":
            return GrantRefused(str(content.get("error_description", ""))[:200])
        if error in ("invalid_client", "unauthorized_client") or status in (401, 403):
            return SignInNeeded(
                "Intuit does not know this app: its client id and secret are refused",
                code="quickbooks-client",
                remedy=f"copy quickbooks.client_id and quickbooks.client_secret again from the "
                f"{self._settings.environment} keys of the app (secret: CONNECTOR_QUICKBOOKS__CLIENT_SECRET)",
            )
        return AnswerUnreadable(
            f"Intuit's sign-in service answered HTTP {status}{_named(error)}",
            code="quickbooks-shape",
            remedy="check quickbooks.discovery_url; if it is right, run again later",
        )

    def _address(self, name: str) -> str:
        if self._found is None:
            self._found = self._discover()
        address = self._found.get(name)
        if not address:
            raise _shape(f"the discovery document has no {name}")
        return address

    def _discover(self) -> dict[str, str]:
        try:
            answer = self._send("GET", self._settings.discovery_address, None, None)
            if answer.status != 200:
                raise _down(f"the discovery document answers HTTP {answer.status}")
            content = parse(answer.body)
        except Lost as lost:
            raise _down(str(lost)) from None
        except ValueError:
            raise _shape("the discovery document is no JSON") from None
        if not isinstance(content, dict):
            raise _shape("the discovery document is no JSON object")
        found = {str(name): value for name, value in content.items() if str(name).endswith("_endpoint")}
        for name, value in found.items():
            require_safe(str(value), f"the discovery document's {name}")
        return {name: str(value) for name, value in found.items()}

    def _send(self, method: str, url: str, body: bytes | None, content_type: str | None) -> Answer:
        headers = {"Accept": "application/json"}
        if content_type:
            pair = f"{self._settings.client_id}:{self._settings.client_secret}".encode()
            headers |= {
                "Content-Type": content_type,
                "Authorization": f"Basic {base64.b64encode(pair).decode()}",
                "x-include-refresh-token-hard-expires-in": "true",
            }
        # A session for each call: they are an hour apart, and a connection that old would only lose an answer.
        with open_session(self._settings.network, connections=1) as session:
            try:
                return exchange(session, method, url, headers=headers, body=body, seconds=_SECONDS, cap=_CAP)
            except NotSent as trouble:
                raise _down(str(trouble)) from None


def _named(error: Any) -> str:
    """The error's name where it is one; whatever else stands there may be what was sent."""
    return f" ({error})" if isinstance(error, str) and re.fullmatch("[a-z_]{1,40}", error) else ""


def _read_tokens(content: Any) -> Tokens:
    try:
        access, refresh = content["access_token"], content["refresh_token"]
        life = int(content["expires_in"])
        lives = [content.get(f"x_refresh_token_{name}") for name in ("expires_in", "hard_expires_in")]
        rolling, hard = (None if value is None else int(value) for value in lives)
        if not all(0 <= value <= _LONGEST for value in (life, rolling or 0, hard or 0)):
            raise ValueError  # noqa: TRY301 - as good as no number
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError):
        raise Lost("an answer without the promised tokens") from None
    if not (isinstance(access, str) and access and isinstance(refresh, str) and refresh):
        raise Lost("an answer without the promised tokens")
    return Tokens(access, refresh, life, rolling, hard)


def _down(why: str) -> ServiceDown:
    return ServiceDown(
        f"Intuit's sign-in service cannot be reached: {why}",
        code="quickbooks-down",
        remedy="nothing is lost; run again",
    )


def _shape(what: str) -> AnswerUnreadable:
    return AnswerUnreadable(what, code="quickbooks-shape", remedy="check quickbooks.discovery_url")
