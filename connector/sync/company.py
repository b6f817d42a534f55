"""One QuickBooks company opened for a run: the client with its sign-in and limits, and the names it knows."""

import datetime
import fcntl
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from connector.quickbooks.connection import Settings as Connection
from connector.quickbooks.encryption import Encryption
from connector.quickbooks.limiter import Limiter
from connector.quickbooks.names import Names, Reference
from connector.quickbooks.signin import SignIn, Stored
from connector.quickbooks.transport import Company
from connector.settings import Settings
from connector.state.recent import RecentRequests
from connector.state.store import State
from connector.state.tables import ReferenceRow

__all__ = ["Opened", "connection", "open_company", "sign_in_of"]


@dataclass(frozen=True, slots=True)
class Opened:
    """What a run needs of QuickBooks."""

    company: Company
    names: Names


def connection(settings: Settings) -> Connection:
    """
    The ``[quickbooks]`` section as the client takes it.

    Raises:
        SettingsInvalid: The app's id or secret is nowhere to be found.
    """
    ours = settings.quickbooks
    client_id, client_secret = settings.require_client()
    return Connection(
        environment=ours.environment,
        realm_id=ours.realm_id,
        client_id=client_id,
        client_secret=client_secret,
        api_url=ours.api_url,
        discovery_url=ours.discovery_url,
        timeout=ours.timeout,
        settle_after=ours.settle_after,
        batch_size=ours.batch_size,
        concurrency=ours.concurrency,
        requests_per_minute=ours.requests_per_minute,
        requests_per_second=ours.requests_per_second,
        batches_per_minute=ours.batches_per_minute,
        throttle_wait=ours.throttle_wait,
        network=settings.network,
    )


def open_company(settings: Settings, state: State) -> Opened:
    """The company of the settings, with what the state keeps for it; no request is made yet."""
    where = connection(settings)
    company = Company(where, sign_in_of(settings, state, where), _limiter(where, settings.state.path.parent))
    return Opened(company, Names(company, KeptNames(state, where.realm_id)))


def _limiter(where: Connection, folder: Path) -> Limiter:
    """What every run of this machine has sent counts: they share Intuit's minutes."""
    recent = RecentRequests(folder, where.realm_id)
    return Limiter(where.requests_per_minute, where.requests_per_second, where.batches_per_minute, recent)


def sign_in_of(settings: Settings, state: State, where: Connection) -> SignIn:
    """The sign-in: kept in the state, or beside where the state would stand if there is none yet."""
    encryption = Encryption(settings.state.key_file)
    beside = SignInFile(settings.state.path, encryption)
    store = beside if state.path is None else SignInRow(state, where.realm_id, where.environment, encryption, beside)
    given = settings.quickbooks.refresh_token
    return SignIn(where, store, given.value if given else "")


class SignInFile:
    """The sign-in in a file of its own: ``plan`` makes no state, and yet a refreshed sign-in must not be lost."""

    def __init__(self, state: Path, encryption: Encryption) -> None:
        self._path = state.with_name(f"{state.name}.sign-in")
        self._lock = state.with_name(f"{state.name}.sign-in.lock")
        self._encryption = encryption

    def load(self) -> Stored | None:
        return Stored.from_bytes(self._encryption.decrypt(self._path.read_bytes())) if self._path.exists() else None

    def save(self, stored: Stored) -> None:
        part = self._path.with_name(f"{self._path.name}.part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(self._encryption.encrypt(stored.to_bytes()))
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def forget(self) -> None:
        self._path.unlink(missing_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        with self._lock.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


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
        kept = self._state.sign_in(self._company)
        row = Stored.from_bytes(self._encryption.decrypt(kept.encode())) if kept else None
        left = self._beside.load()
        if left is None or left.realm_id != self._company:
            return row
        if row is None or left.refreshed_at > row.refreshed_at:
            self.save(left)
            return left
        self._beside.forget()
        return row

    def save(self, stored: Stored) -> None:
        secret = self._encryption.encrypt(stored.to_bytes()).decode()
        self._state.save_sign_in(self._company, self._environment, secret)
        self._beside.forget()

    def lock(self) -> AbstractContextManager[None]:
        return self._beside.lock()


class KeptNames:
    """The lists of QuickBooks as the state keeps them."""

    def __init__(self, state: State, company: str) -> None:
        self._state = state
        self._company = company

    def load(self, entity: str) -> list[Reference]:
        return [
            Reference(
                entity=entity,
                id=row.qbo_id,
                name=row.name,
                full_name=row.full_name or row.name,
                number=row.number or "",
                active=row.active,
                currency=row.currency or "",
                type=row.type or "",
                sub_type=row.sub_type or "",
                extra={name: str(value) for name, value in (row.extra or {}).items()},
            )
            for row in self._state.references(self._company, entity)
        ]

    def as_of(self, entity: str) -> datetime.datetime | None:
        return self._state.reference_as_of(self._company, entity)

    def save(self, entity: str, references: list[Reference], as_of: datetime.datetime) -> None:
        rows = [
            ReferenceRow(
                company=self._company,
                entity=entity,
                qbo_id=each.id,
                name=each.name,
                full_name=each.full_name,
                number=each.number or None,
                active=each.active,
                currency=each.currency or None,
                type=each.type or None,
                sub_type=each.sub_type or None,
                extra=dict(each.extra),
            )
            for each in references
        ]
        self._state.save_references(self._company, entity, rows, as_of, whole=True)
