"""The sign-in's memory: access tokens, refresh tokens with their rotation, codes. Times are seconds since 1970."""

import secrets
from dataclasses import dataclass, field

from connector.sandbox.credentials import REFRESH_TOKEN
from connector.sandbox.switches import DAY, SWITCHES, Switches

CODE_LIFE = 600

_WORDINGS = {
    "incorrect": {"error": "invalid_grant", "error_description": "Incorrect or invalid refresh token"},
    "invalid": {"error_description": "Token invalid", "error": "invalid_grant"},
    "bare": {"error": "invalid_grant"},
    "type": {"error": "invalid_grant", "error_description": "Incorrect Token type or clientID"},
}


class InvalidGrant(Exception):
    """A code or refresh token that is not good (any more); `body` is the answer."""

    def __init__(self, switches: Switches) -> None:
        self.body = _WORDINGS[switches.text("invalid_grant")]
        super().__init__(self.body["error"])


@dataclass(slots=True)
class Refresh:
    """A refresh token: when it was issued, until when it is good, and when a person granted the sign-in behind it."""

    issued: float
    until: float
    granted: float
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """What a grant gives: both tokens and their lives in seconds, and what is left of the sign-in's own life."""

    access: str
    access_life: int
    refresh: str
    refresh_life: int
    hard_life: int


@dataclass(slots=True)
class Tokens:
    """Every token that the sandbox has given out. The fixed refresh token is good from the start."""

    access: dict[str, float] = field(default_factory=dict)
    refresh: dict[str, Refresh] = field(default_factory=dict)
    codes: dict[str, float] = field(default_factory=dict)
    count: int = 0

    def start(self, now: float) -> None:
        """Forget everything but the fixed refresh token."""
        self.access.clear()
        self.refresh.clear()
        self.codes.clear()
        self.refresh[REFRESH_TOKEN] = Refresh(now, now + float(SWITCHES["refresh_token_seconds"].default), now)

    def trouble(self, header: str, now: float) -> str | None:
        """What is wrong with an Authorization header, in the gateway's words; None when it is good."""
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token:
            return "Malformed bearer token"
        until = self.access.get(token)
        if until is None:
            return "Token revoked"
        return None if now < until else f"Token expired: {token}"

    def expire_access(self, now: float) -> None:
        """Every access token ends now."""
        self.access = dict.fromkeys(self.access, now)

    def code(self, now: float) -> str:
        """A fresh authorization code, good once."""
        code = f"XAB1{secrets.token_hex(20)}"
        self.codes[code] = now + CODE_LIFE
        return code

    def redeem(self, code: str, switches: Switches, now: float) -> Pair:
        """Tokens for a code. Raises InvalidGrant."""
        if self.codes.pop(code, 0) <= now:
            raise InvalidGrant(switches)
        return self._pair(self._new_refresh(now, switches, now), switches, now)

    def renew(self, token: str, switches: Switches, now: float) -> Pair:
        """Tokens for a refresh token, rotating it as the switches say. Raises InvalidGrant."""
        held = self.refresh.get(token)
        dead = held is None or held.until <= now or held.granted + switches.number("refresh_hard_seconds") <= now
        if held is None or dead or (held.replaced and switches.text("old_refresh_tokens") == "dead"):
            raise InvalidGrant(switches)
        rotation = switches.text("refresh_rotation")
        rotates = rotation == "always" or (rotation == "after 24 h" and now - held.issued >= DAY)
        if not rotates:
            held.until = now + switches.number("refresh_token_seconds")
            return self._pair(token, switches, now)
        for other in self.refresh.values():
            if not other.replaced:
                other.replaced, other.until = True, min(other.until, now + DAY)
        return self._pair(self._new_refresh(held.granted, switches, now), switches, now)

    def revoke(self, token: str) -> bool:
        """Disconnect: whichever of the tokens is named, all of them die. False for an unknown token."""
        if token not in self.refresh and token not in self.access:
            return False
        self.refresh.clear()
        self.access.clear()
        return True

    def _new_refresh(self, granted: float, switches: Switches, now: float) -> str:
        self.count += 1
        token = f"RT1-{self.count}-H0-{int(now)}{secrets.token_hex(8)}"
        self.refresh[token] = Refresh(now, now + switches.number("refresh_token_seconds"), granted)
        return token

    def _pair(self, refresh: str, switches: Switches, now: float) -> Pair:
        life = int(switches.number("access_token_seconds"))
        access = f"eyJlbmMiOiJBMTI4Q0JDLUhTMjU2IiwiYWxnIjoiZGlyIn0..{secrets.token_urlsafe(96)}"
        self.access[access] = now + life
        held = self.refresh[refresh]
        hard = int(held.granted + switches.number("refresh_hard_seconds") - now)
        return Pair(access, life, refresh, min(int(held.until - now), hard), hard)
