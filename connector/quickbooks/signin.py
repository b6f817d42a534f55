"""
The sign-in: one refresh token that changes, never lost and never used by two at once.

Intuit replaces the refresh token about once a day and lets the old one die 24 hours later; an answer that was received
but not kept is a lost sign-in. Hence: refresh under a lock, re-read inside it, ask only where the answer can be kept,
keep before use.
"""

import datetime
import json
import threading
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from typing import Final, Protocol

from connector.errors import Problem, ServiceDown, SignInNeeded
from connector.network import Lost
from connector.quickbooks.connection import Settings
from connector.quickbooks.remedy import SIGN_IN
from connector.quickbooks.tokens import GrantRefused, TokenEndpoint, Tokens

__all__ = ["SignIn", "SignInStatus", "SignInStore", "Stored", "status_of"]

# A write that meets an expired token is a write of unknown outcome, so tokens are replaced well before their end.
_BEFORE_THE_END: Final = datetime.timedelta(minutes=5)
# Two weeks without a refresh left is a connector that has stood still for three months: time for one holiday.
_ROLLING_DAYS: Final = 14
# The hard end needs a person who may sign in at Intuit, and mostly a month's closing lies between.
_HARD_DAYS: Final = 60
_TIMES: Final = ("access_expires_at", "refresh_expires_at", "hard_expires_at", "refreshed_at", "created_at")


@dataclass(frozen=True, slots=True)
class Stored:
    """A sign-in as the state keeps it, encrypted; every time is UTC."""

    refresh_token: str = field(repr=False)
    previous_refresh_token: str | None = field(repr=False)
    access_token: str = field(repr=False)
    access_expires_at: datetime.datetime
    refresh_expires_at: datetime.datetime | None
    hard_expires_at: datetime.datetime | None
    refreshed_at: datetime.datetime
    realm_id: str
    created_at: datetime.datetime

    def to_bytes(self) -> bytes:
        """JSON, to be encrypted."""
        return json.dumps(asdict(self), default=datetime.datetime.isoformat).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Stored":
        """What `to_bytes` made."""
        values = json.loads(data)
        times = {name: values[name] and datetime.datetime.fromisoformat(values[name]) for name in _TIMES}
        return cls(**(values | times))


class SignInStore(Protocol):
    """Where the sign-in of one company lives between runs."""

    def load(self) -> Stored | None: ...

    def save(self, stored: Stored) -> None:
        """Durable when it returns: a power cut a moment later loses nothing."""

    def ready(self) -> None:
        """Raise what `save` would, as far as that can be known: what Intuit replaces must have a place to stand."""

    def forget(self) -> None:
        """Delete it, wherever it stands."""

    def lock(self) -> AbstractContextManager[object]:
        """Held by one process at a time; given free when its holder dies."""


@dataclass(frozen=True, slots=True)
class SignInStatus:
    """What ``auth status`` shows; days are whole and rounded down, None where Intuit named no end."""

    signed_in: bool
    realm_id: str
    environment: str
    refreshed_at: datetime.datetime | None = None
    created_at: datetime.datetime | None = None
    access_expires_at: datetime.datetime | None = None
    refresh_expires_at: datetime.datetime | None = None
    hard_expires_at: datetime.datetime | None = None
    days_left: int | None = None
    hard_days_left: int | None = None

    @property
    def warning(self) -> Problem | None:
        """The end that is near, if one is: the one that only a person can put off comes first."""
        if not self.signed_in:
            return None
        company = f"the sign-in to company {self.realm_id} ({self.environment})"
        if self.hard_days_left is not None and self.hard_days_left < _HARD_DAYS:
            what = f"{company} ends for good in {_days(self.hard_days_left)}, however often it is refreshed"
            return Problem("operator", "sign-in-ends", what, f"sign in anew before that; {SIGN_IN}")
        if self.days_left is not None and self.days_left < _ROLLING_DAYS:
            what = f"{company} ends in {_days(self.days_left)} unless it is refreshed"
            return Problem("operator", "sign-in-ends", what, "connector sync, which refreshes it")
        return None


def status_of(stored: Stored | None, realm_id: str, environment: str, now: datetime.datetime) -> SignInStatus:
    """How a kept sign-in stands at ``now``."""
    if stored is None:
        return SignInStatus(False, realm_id, environment)
    rolling, hard = _days_until(stored.refresh_expires_at, now), _days_until(stored.hard_expires_at, now)
    days = min((each for each in (rolling, hard) if each is not None), default=None)
    return SignInStatus(
        days is None or days >= 0,
        stored.realm_id,
        environment,
        stored.refreshed_at,
        stored.created_at,
        stored.access_expires_at,
        stored.refresh_expires_at,
        stored.hard_expires_at,
        None if days is None else max(days, 0),
        None if hard is None else max(hard, 0),
    )


def _days_until(end: datetime.datetime | None, now: datetime.datetime) -> int | None:
    return None if end is None else (end - now).days


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class SignIn:
    """
    Hands out access tokens that last at least five minutes more.

    Args:
        refresh_token: ``quickbooks.refresh_token`` of the settings, tried where the store holds nothing that works.
        clock: The present time, UTC.
        tell_secrets: Called with the tokens whenever others come into use, so that no log shows them.
    """

    def __init__(
        self,
        settings: Settings,
        store: SignInStore,
        refresh_token: str = "",
        *,
        clock: Callable[[], datetime.datetime] = _now,
        tell_secrets: Callable[[Collection[str]], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._realm = settings.realm_id
        self._store = store
        self._given = refresh_token
        self._clock = clock
        self._tell_secrets = tell_secrets
        self._endpoint = TokenEndpoint(settings)
        self._lock = threading.Lock()
        self._held: Stored | None = None
        self._rejected = ""

    def access_token(self) -> str:
        """
        A token that is good for five minutes at least.

        Raises:
            SignInNeeded: Nobody is signed in, or Intuit no longer accepts it.
            ServiceDown: Intuit's sign-in service fails; run again.
        """
        held = self._held
        if held is not None and self._good(held):
            return held.access_token
        return self._renewed()

    def distrust(self, access_token: str) -> None:
        """QuickBooks answered 401 to this one: the next `access_token` is another."""
        self._rejected = access_token

    def authorize_url(self, redirect_uri: str, state: str) -> str:
        """
        Where ``auth login`` sends the browser; first it is made sure that what comes back can be kept.

        Raises:
            ServiceDown, AnswerUnreadable: Intuit's sign-in service fails, or the disk is full.
            StateInvalid: The key of the sign-in cannot be used.
        """
        with self._lock, self._store.lock():
            self._store.ready()
        return self._endpoint.authorize_url(redirect_uri, state)

    def log_in(self, code: str, redirect_uri: str, realm_id: str, name_of: Callable[[str], str] = lambda _: "") -> None:
        """
        Keep the sign-in that a browser came back with.

        Args:
            code: Good for ten minutes and for one use.
            redirect_uri: The same that `authorize_url` was given.
            realm_id: The company that the person chose.
            name_of: The name of a company by its id, "" where it is not known.

        Raises:
            SignInNeeded: Intuit refuses the code, or the company is not that of the settings.
            ServiceDown: Intuit's sign-in service fails.
        """
        if realm_id != self._realm:
            # Its code is left to end by itself: revoking it could end a sign-in that another folder keeps for it.
            other, ours = (f"{each} ({name})" if (name := name_of(each)) else each for each in (realm_id, self._realm))
            raise SignInNeeded(
                f"the browser came back with company {other}, the settings name {ours}; nothing was kept",
                code="quickbooks-other-company",
                remedy="choose the right company at Intuit, or correct quickbooks.realm_id; then run: "
                "connector auth login",
            )
        with self._lock, self._store.lock():
            self._store.ready()
            try:
                tokens = self._endpoint.from_code(code, redirect_uri)
            except GrantRefused:
                raise self._refused(
                    "Intuit refuses the code that the browser came back with; it is good once, for ten minutes"
                ) from None
            except Lost as lost:
                raise self._down(lost) from None
            self._keep(tokens, used=None, before=None)

    def log_out(self) -> bool | None:
        """
        Revoke the sign-in at Intuit, then forget it.

        Returns:
            Whether Intuit still knew it; None where nobody was signed in.

        Raises:
            ServiceDown: Intuit did not confirm it; nothing is changed.
            SignInNeeded: ``state-key``: what is kept cannot be opened; nothing is changed.
        """
        with self._lock, self._store.lock():
            stored = self._store.load()
            if stored is None:
                return None
            self._hide(stored, self._held)
            tokens = [stored.refresh_token, stored.previous_refresh_token]
            known = any(self._endpoint.revoke(token) for token in tokens if token)
            self._forget()
            return known

    def forget(self) -> None:
        """Forget the sign-in without a word to Intuit, where it lives on until it ends."""
        with self._lock, self._store.lock():
            self._forget()

    def _forget(self) -> None:
        self._held = None
        self._store.forget()

    def _good(self, stored: Stored) -> bool:
        now = self._clock()
        # A sign-in from the future means that a clock was wrong: its times say nothing.
        lasts = stored.refreshed_at <= now < stored.access_expires_at - _BEFORE_THE_END
        return lasts and stored.access_token != self._rejected

    def _load(self) -> Stored | None:
        try:
            stored = self._store.load()
        except SignInNeeded:
            if not self._given:
                raise
            return None  # the key that opens the kept one is lost: the given token signs in anew
        return stored if stored is not None and stored.realm_id == self._realm else None

    def _renewed(self) -> str:
        with self._lock:
            held = self._held
            if held is not None and self._good(held):
                return held.access_token  # another thread was quicker
            with self._store.lock():
                stored = self._load()
                if stored is not None and self._good(stored):
                    return self._hold(stored).access_token  # another process was quicker
                return self._refresh(stored).access_token

    def _hold(self, stored: Stored) -> Stored:
        self._held = stored
        self._hide(stored)
        return stored

    def _hide(self, *known: Stored | None) -> None:
        tokens = [(each.access_token, each.refresh_token, each.previous_refresh_token) for each in known if each]
        self._tell_secrets([token for those in tokens for token in those if token])

    def _refresh(self, stored: Stored | None) -> Stored:
        tried: set[str] = set()
        why = ""
        while (token := self._next_token(stored, tried)) is not None:
            if not tried:
                self._store.ready()
            tried.add(token)
            try:
                tokens = self._ask(token)
            except GrantRefused as refused:
                why = str(refused)
                stored = self._load() or stored
            else:
                return self._keep(tokens, used=token, before=stored)
        if not tried:
            raise self._refused("nobody has signed in to QuickBooks yet")
        if "client" in why.lower():
            raise self._refused("Intuit says that the refresh token belongs to another app or environment")
        raise self._refused("Intuit no longer accepts the QuickBooks sign-in")

    def _next_token(self, stored: Stored | None, tried: set[str]) -> str | None:
        candidates = [] if stored is None else [stored.refresh_token, stored.previous_refresh_token]
        return next((token for token in (*candidates, self._given) if token and token not in tried), None)

    def _ask(self, token: str) -> Tokens:
        try:
            return self._endpoint.refresh(token)
        except Lost:
            # The token is replaced once a day at most, so the old one is usually good for a second try.
            try:
                return self._endpoint.refresh(token)
            except Lost as lost:
                raise self._down(lost) from None

    def _keep(self, tokens: Tokens, *, used: str | None, before: Stored | None) -> Stored:
        """A new refresh token is durable before its first use (I12)."""
        now = self._clock()
        replaced = used if used != tokens.refresh_token else (before.previous_refresh_token if before else None)
        kept = Stored(
            refresh_token=tokens.refresh_token,
            previous_refresh_token=replaced,
            access_token=tokens.access_token,
            access_expires_at=now + datetime.timedelta(seconds=tokens.expires_in),
            refresh_expires_at=_after(now, tokens.refresh_expires_in),
            hard_expires_at=_after(now, tokens.hard_expires_in) or (before.hard_expires_at if before else None),
            refreshed_at=now,
            realm_id=self._realm,
            created_at=before.created_at if before else now,
        )
        self._hide(kept, self._held)
        self._store.save(kept)  # before its first use: a sign-in that is used and not kept is lost
        return self._hold(kept)

    def _refused(self, what: str) -> SignInNeeded:
        return SignInNeeded(
            f"{what} (company {self._realm}, {self._settings.environment})",
            code="quickbooks-sign-in",
            remedy=SIGN_IN,
        )

    def _down(self, lost: Lost) -> ServiceDown:
        return ServiceDown(
            f"Intuit's sign-in service does not answer: {lost}",
            code="quickbooks-down",
            remedy="nothing is lost; run again",
        )


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def _after(now: datetime.datetime, seconds: int | None) -> datetime.datetime | None:
    return None if seconds is None else now + datetime.timedelta(seconds=seconds)
