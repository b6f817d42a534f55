"""The sources of a run: each with its mapping read once, pulled whole or not at all."""

import datetime
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from connector.errors import SignInNeeded
from connector.invoice import Invoice
from connector.mapping import Mapped, Mapping, load
from connector.settings import Settings, SourceSettings
from connector.sources.pull import pull
from connector.sources.registry import source_type
from connector.sources.source import Connection, Window
from connector.sources.spool import Spool
from connector.state.store import State
from connector.sync.payees import Payees
from connector.sync.selection import EVERYTHING, Selection

__all__ = ["CHUNK", "Loaded", "Puller", "connection_to", "with_origin"]

CHUNK = 500
"""Invoices looked at together."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """
    One source, pulled whole.

    Args:
        total: What the source claims to have; None where it claims nothing.
        standing: How many invoices stand as they were, bill and all; they are counted and not looked at.
        began: When the pull began, UTC: its side of a comparison is as of then.
    """

    name: str
    settings: SourceSettings
    mapping: Mapping
    window: Window
    payees: Payees
    total: int | None
    standing: int
    began: datetime.datetime

    def number(self, invoice: Invoice) -> str | None:
        """The number that the invoice's bill would have; None where it would have none."""
        outcome = self.mapping.apply(invoice)
        return outcome.document.number if isinstance(outcome, Mapped) else None


class Puller:
    """
    Reads the sources of one run into a spool that goes with the process.

    Args:
        tell: Called with one line whenever something takes its time.
    """

    def __init__(self, settings: Settings, state: State, tell: Callable[[str], None]) -> None:
        self._settings = settings
        self._state = state
        self._company = settings.quickbooks.realm_id
        self._tell = tell
        self._spool = Spool()

    def close(self) -> None:
        """Let go of the spool."""
        self._spool.close()

    def load(self, name: str, source: SourceSettings, window: Window, *, all_of_it: bool = True) -> Loaded:
        """
        One source over a window; what an earlier call read of it is dropped.

        Args:
            name: The connection's name.
            source: Its settings.
            window: The invoice dates to ask for.
            all_of_it: What stands as it was when it was last decided about is read too.

        Raises:
            MappingInvalid: Its mapping has faults.
            SettingsInvalid: Its key is nowhere, or its type is unknown.
            SignInNeeded, ServiceDown: As the source raises them; nothing of it is kept then.
        """
        found = source_type(source.type)
        mapping = mapping_of(self._settings, source)
        connection = connection_to(self._settings, source)
        self._tell(f"reading {found.title} ({name}), {window.first} to {window.last}")
        try:
            pulled = pull(
                found(connection),
                window,
                self._spool,
                terms=_terms(mapping, source),
                fresh=None if all_of_it else self._state.fresh(self._company, name),
            )
        except SignInNeeded as refused:
            raise with_origin(self._settings, name, refused) from None
        self._tell(f"read {pulled.count} invoices of {name}")
        return Loaded(name, source, mapping, window, self._payees(name), pulled.total, pulled.standing, pulled.began)

    def marks(self, name: str, invoices: Sequence[str]) -> dict[str, str]:
        """What the records of some invoices were known by in this pull."""
        return self._spool.marks(name, invoices)

    def holds(self, name: str, invoice: str) -> bool:
        """Whether the pull of a source brought an invoice of this id."""
        return self._spool.get(name, invoice) is not None

    def chunks(self, loaded: Loaded, selection: Selection = EVERYTHING) -> Iterator[list[Invoice]]:
        """The invoices of a source that are meant, by date and id, some at a time."""
        for chunk in self._spool.chunks(loaded.name, CHUNK):
            chosen = [
                invoice
                for invoice in chunk
                if selection.holds(invoice, loaded.number(invoice) if selection.invoices else None)
            ]
            if chosen:
                yield chosen

    def _payees(self, name: str) -> Payees:
        bound = {source: self._state.bindings(self._company, source) for source in self._settings.sources}
        payees: dict[str, set[tuple[str, str]]] = {}
        for source, vendors in bound.items():
            for payee, (vendor, _) in vendors.items():
                payees.setdefault(vendor.lower(), set()).add((source, payee))
        ids = {payee: id_ for payee, (_, id_) in bound[name].items() if id_ is not None}
        return Payees(name, {payee: vendor for payee, (vendor, _) in bound[name].items()}, payees, ids)


def mapping_of(
    settings: Settings, source: SourceSettings, path: Path | None = None, *, examples: bool = True
) -> Mapping:
    """
    The mapping of a ``[sources.NAME]`` as it stands in its file now.

    Args:
        settings: Places in messages are relative to their folder.
        source: Whose.
        path: What is to be read in the place of its file.
        examples: False leaves the examples to ``Mapping.run_examples``.

    Raises:
        MappingInvalid: It has faults.
        SettingsInvalid: The source's type is unknown.
    """
    file, kind = path or source.mapping, source_type(source.type)
    return load(file, kind, root=settings.folder, currency=source.currency, examples=examples)


def connection_to(settings: Settings, source: SourceSettings) -> Connection:
    """
    A ``[sources.NAME]`` as its source receives it.

    Raises:
        SettingsInvalid: Its key is nowhere to be found.
    """
    return Connection(
        name=source.name,
        base_url=source.base_url,
        api_key=source.require_key().value,
        currency=source.currency,
        page_size=source.page_size,
        options=source.options,
        network=settings.network_to(source.name),
        locks=str(settings.state.path.parent),
    )


def with_origin(settings: Settings, name: str, refused: SignInNeeded) -> SignInNeeded:
    """The same refusal of a source's key, with where the key comes from."""
    what = f"{refused.what} (the key comes from: {settings.origin(f'sources.{name}.api_key')})"
    return SignInNeeded(what, code=refused.code, remedy=refused.remedy, source=name)


def _terms(mapping: Mapping, source: SourceSettings) -> str:
    """All that a decision about an invoice hangs on beside its record and its document: a new version decides anew."""
    return "|".join(
        (version("affiliate-connector"), mapping.version, str(source.start_date), source.currency or "", "")
    )
