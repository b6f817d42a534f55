"""One QuickBooks company opened for a run: the client with its sign-in and limits, and the names it knows."""

import datetime
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from connector.quickbooks.connection import Settings as Connection
from connector.quickbooks.facts import company_facts
from connector.quickbooks.limiter import Limiter
from connector.quickbooks.names import Names, Reference
from connector.quickbooks.transport import Company
from connector.settings import Settings
from connector.state.clock import utc_now
from connector.state.recent import RecentRequests
from connector.state.store import State
from connector.state.tables import ReferenceRow
from connector.sync.sign_in import sign_in_of, sign_in_status

__all__ = ["Opened", "connection", "keep_signed_in", "open_company", "read_name"]

# Intuit's 100 days begin anew with every refresh; once a day is plenty, and a new token is given no more often.
_FRESH: Final = datetime.timedelta(days=1)


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
        network=settings.network_to("quickbooks"),
    )


def open_company(
    settings: Settings, state: State, where: Connection | None = None, *, stop: threading.Event | None = None
) -> Opened:
    """
    The company at ``where``, or where the settings say, with what the state keeps; no request is made yet.

    Args:
        settings: Also of its sign-in, and of where the limits are kept.
        state: Keeps its lists and the sign-in.
        where: Another way to it than the settings'.
        stop: Set from outside to ask it nothing more.
    """
    where = where or connection(settings)
    limiter = _limiter(where, settings.state.path.parent)
    company = Company(where, sign_in_of(settings, state, where), limiter, stop=stop)
    return Opened(company, Names(company, KeptNames(state, where.realm_id)))


def read_name(settings: Settings, state: State) -> None:
    """
    Ask QuickBooks what the company is called, and remember it.

    Raises:
        SignInNeeded: QuickBooks does not let this app in.
        ServiceDown: QuickBooks cannot be read now.
    """
    with open_company(settings, state).company as company:
        name = company_facts(company.company_info(), {}).name
    row = state.company_facts(settings.quickbooks.realm_id)
    if row.name != name:
        row.name, row.environment = name, settings.quickbooks.environment
        state.save_company_facts(row)


def _limiter(where: Connection, folder: Path) -> Limiter:
    """What every run of this machine has sent counts: they share Intuit's minutes."""
    recent = RecentRequests(folder, where.realm_id)
    return Limiter(where.requests_per_minute, where.requests_per_second, where.batches_per_minute, recent)


def keep_signed_in(settings: Settings, state: State) -> None:
    """
    Refresh the sign-in where nothing did for a day, as in months without a bill to write; nothing where nobody is in.

    Raises:
        SignInNeeded: It has ended: better known now than when there is something to write.
        ServiceDown: Intuit's sign-in service fails; there is time.
    """
    refreshed = sign_in_status(settings, state).refreshed_at
    if refreshed is not None and utc_now() - refreshed >= _FRESH:
        sign_in_of(settings, state, connection(settings)).access_token()


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
