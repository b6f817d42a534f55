"""The three sides gathered by streaming: the sources pulled, QuickBooks read by dates, then compared."""

import datetime
from collections.abc import Callable
from contextlib import closing
from functools import partial

from connector.errors import ConnectorError
from connector.quickbooks.names import Names
from connector.quickbooks.posted import bill_from
from connector.quickbooks.transport import Company, quote
from connector.reconcile.comparison import Comparison, Pulled
from connector.reconcile.proof import Proof
from connector.reconcile.reconciled import Reconciled
from connector.reconcile.shelf import Shelf
from connector.reconcile.sides import Bill
from connector.settings import Settings, SourceSettings
from connector.sources.source import Window
from connector.state.clock import utc_now
from connector.state.store import State
from connector.sync.books import DATES_APART, ENTITIES
from connector.sync.company import open_company
from connector.sync.pulling import Loaded, Puller
from connector.sync.selection import WIDER, Selection

__all__ = ["Reconciliation"]


class Reconciliation:
    """
    One comparison of some sources with the state and QuickBooks.

    Args:
        selection: The sources, and the period by its first and last day; without one every month from the earliest
            start date on.
        tell: Called with one line whenever something takes its time.
    """

    def __init__(
        self,
        settings: Settings,
        state: State,
        selection: Selection,
        *,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._state = state
        self._chosen = selection.sources_in(settings)
        self._tell = tell
        self._puller = Puller(settings, state, tell)
        self._pulled: dict[str, Loaded] = {}
        starts = [source.start_date for source in self._chosen.values()]
        first = selection.first or min(starts, default=utc_now().date()).replace(day=1)
        self._result = Reconciled(Shelf(), Proof(), first, selection.last)

    def run(self) -> Reconciled:
        """Read all sides and compare; a source that fails is told under ``problems`` and stops no other."""
        with closing(self._puller):
            try:
                for name, source in self._chosen.items():
                    self._tried(partial(self._pull, name, source), name)
                if self._pulled and not self._tried(self._compare, None):
                    self._nothing()
            except BaseException:
                self._result.close()
                raise
        return self._result

    def _pull(self, name: str, source: SourceSettings) -> None:
        last = self._result.last or utc_now().date() + datetime.timedelta(days=1)
        window = Window(self._result.first - WIDER, max(self._result.first, last) + WIDER)
        self._pulled[name] = self._puller.load(name, source, window)
        self._result.as_of[name] = self._pulled[name].began
        self._result.mappings[name] = self._pulled[name].mapping.version

    def _compare(self) -> None:
        opened = open_company(self._settings, self._state)
        with opened.company as company:
            names, home = opened.names, opened.names.facts.bill_currency

            def read(entity: str, qbo_id: str) -> Bill | None:
                record = company.read(entity, qbo_id)
                return None if record is None else Bill.of(bill_from(record, entity, home))

            comparison = Comparison(
                self._state,
                company.realm_id,
                [self._of(loaded) for loaded in self._pulled.values()],
                names,
                read,
                self._result,
                every_source=self._pulled.keys() == self._settings.sources.keys(),
            )
            self._read_bills(company, names, comparison)
            comparison.run()

    def _of(self, loaded: Loaded) -> Pulled:
        return Pulled(
            loaded.name,
            loaded.mapping,
            loaded.payees,
            loaded.settings.start_date,
            partial(self._puller.chunks, loaded),
            partial(self._puller.holds, loaded.name),
        )

    def _read_bills(self, company: Company, names: Names, comparison: Comparison) -> None:
        self._tell("reading QuickBooks")
        self._result.as_of["quickbooks"] = utc_now()
        self._result.company = names.facts.name
        where = f"TxnDate >= {quote((self._result.first - DATES_APART).isoformat())}"
        if self._result.last is not None:
            where += f" AND TxnDate <= {quote((self._result.last + DATES_APART).isoformat())}"
        for entity in ENTITIES:
            records = company.query(entity, where)
            comparison.keep(Bill.of(bill_from(record, entity, names.facts.bill_currency)) for record in records)

    def _nothing(self) -> None:
        """Half a comparison would prove nothing."""
        result = self._result
        result.shelf.close()
        result.shelf, result.proof, result.differs, result.unplaced = Shelf(), Proof(), False, 0

    def _tried(self, work: Callable[[], None], source: str | None) -> bool:
        try:
            work()
        except ConnectorError as error:
            self._result.problems.append(error.problem.met_in(source))
            self._result.exit_codes.add(error.exit_code)
            return False
        return True
