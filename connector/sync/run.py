"""
One run, in one readable page: pull, map, plan, push.

``plan`` goes as far as deciding and writes nothing; ``sync`` and the daemon go on. The lock of the company covers
deciding and pushing, neither pulling nor a person's thinking.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial

from connector.document import Key
from connector.errors import ConnectorError, OurFault, ServiceDown, Stopped, WrongUse
from connector.invoice import Invoice
from connector.log import redact
from connector.plan import Action, Terms, Verb, decide, may_change
from connector.push import Sender, VendorMaker, due_in, settle
from connector.quickbooks.names import Names
from connector.settings import Settings, SourceSettings
from connector.sources.source import Window
from connector.state.clock import utc_now
from connector.state.lock import CompanyLock
from connector.state.sendings import seconds_since
from connector.state.store import State
from connector.sync.books import Books
from connector.sync.company import Opened, keep_signed_in, open_company
from connector.sync.gather import Gathered
from connector.sync.numbers import Numbers
from connector.sync.outcome import Outcome
from connector.sync.payments import Payments
from connector.sync.planned import CHANGES, WRITES, Planned, Result, count_of
from connector.sync.pulling import Loaded, Puller
from connector.sync.remember import remember
from connector.sync.selection import Choices, pull_window
from connector.sync.sign_in import sign_in_status
from connector.sync.standing import Standings
from connector.sync.writing import Writer, check_limits, result_of

__all__ = ["Outcome", "Run"]


class Run:
    """
    One run over some sources of one company.

    Args:
        tell: Called with one line whenever something takes its time.
        stop: Set from outside to start nothing more.
        alive: Called for each chunk of invoices that is looked at: a sign of life.
    """

    def __init__(
        self,
        settings: Settings,
        state: State,
        choices: Choices,
        *,
        command: str,
        who: str,
        tell: Callable[[str], None] = lambda _: None,
        stop: threading.Event | None = None,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._state = state
        self._choices = choices
        self._command = command
        self._who = who
        self._tell = tell
        self._stop = stop or threading.Event()
        self._alive = alive
        self._company = settings.quickbooks.realm_id
        self._puller = Puller(settings, state, tell)
        self._loaded: dict[str, Loaded] = {}
        self._settled: dict[Key, Verb] = {}
        self._opened: Opened | None = None
        self._books: Books | None = None
        self._lock: CompanyLock | None = None
        self.outcome = Outcome(Planned(), [], set(), utc_now())

    # Pull.

    def pull(self) -> None:
        """Read every chosen source; one that fails is told under ``problems`` and stops no other."""
        chosen = self._choices.selection.sources_in(self._settings)
        for name, source in chosen.items():
            try:
                window = self._window(name, source)
                loaded = self._puller.load(name, source, window, all_of_it=self._choices.looks_at_all)
                self._loaded[name] = loaded
                if loaded.mapping.policy.paid_at_source == "ignore":
                    self.outcome.not_paid[name] = loaded.mapping.title
            except ConnectorError as error:
                self._trouble(error, name)
        self._check_named()

    def _window(self, name: str, source: SourceSettings) -> Window:
        today = utc_now().date()
        return pull_window(self._state, self._company, name, source, self._choices.selection, today)

    def _check_named(self) -> None:
        wanted = set(self._choices.selection.invoices)
        for loaded in self._loaded.values() if wanted else ():
            for chunk in self._chunks(loaded):
                for invoice in chunk:
                    wanted -= {invoice.id, f"{invoice.source}:{invoice.id}", loaded.number(invoice)}
        if wanted and not self.outcome.problems:
            raise WrongUse(
                f"no source has an invoice {', '.join(sorted(wanted))}",
                code="invoice-unknown",
                remedy="write the source's own id, source:id, or the bill's number; older ones need --period",
            )

    def _chunks(self, loaded: Loaded) -> Iterator[list[Invoice]]:
        for chunk in self._puller.chunks(loaded, self._choices.selection):
            self._alive()
            yield chunk

    # Plan.

    def plan(self) -> Planned:
        """Decide about every invoice that was pulled; nothing is written but what QuickBooks was seen to hold."""
        planned, twice = self._decide(frozenset())
        if twice:
            # Only when all have been looked at is it known which numbers two of them want: those two are held.
            planned, _ = self._decide(twice)
        self.outcome.planned = planned
        return planned

    def _decide(self, twice: frozenset[str]) -> tuple[Planned, frozenset[str]]:
        planned, numbers = Planned(), Numbers()
        for name, loaded in self._loaded.items():
            planned.stand(loaded.standing)
            start = loaded.settings.start_date
            gathered = Gathered(
                self._state,
                self._company,
                name,
                loaded.mapping,
                loaded.payees,
                numbers_twice=twice,
                settled=self._settled,
                numbers=numbers,
                start_date=start,
                ask=self._read_company,
                rewrite=self._choices.rewrite,
                follows=partial(may_change, policy=loaded.mapping.policy, again=self._choices.retry_refused),
            )
            payments = Payments(self._state, self._company, name, loaded.mapping, self._settled, self._look_at_books)
            for chunk in self._chunks(loaded):
                cases = gathered.cases(chunk)
                closing = gathered.names.facts.closing_date if gathered.names else None
                terms = Terms(
                    loaded.mapping.policy,
                    start,
                    closing,
                    retry_refused=self._choices.retry_refused,
                    rewrite=self._choices.rewrite,
                )
                for action in payments.beside(list(decide(cases, terms)), gathered.payments, terms):
                    planned.add(action)
        return planned, numbers.twice()

    def _read_company(self) -> tuple[Names, Books, Standings]:
        opened = self._open()
        if self._books is None:
            self._books = self._read_books(opened)
        return opened.names, self._books, Standings(opened.company, opened.names.facts.bill_currency)

    def _look_at_books(self, *, strange: bool) -> Opened:
        """``strange``: a payment of ours that this state does not know: others may have left just before."""
        if strange and self._lock is not None:
            self._wait_out(self._lock, strange=True)
        self._read_company()
        return self._open()

    def _read_books(self, opened: Opened) -> Books:
        self._tell("reading QuickBooks")
        facts = opened.names.facts
        row = self._state.company_facts(self._company)
        row.name, row.home_currency = facts.name, facts.home_currency
        row.environment, row.last_company_read = self._settings.quickbooks.environment, utc_now()
        self._state.save_company_facts(row)
        books = Books(self._state, opened.company, facts.bill_currency)
        starts = {name: loaded.settings.start_date for name, loaded in self._loaded.items()}
        if books.read(starts) and self._lock is not None and self._wait_out(self._lock, strange=True):
            books.read(starts)
        return books

    def _open(self) -> Opened:
        if self._opened is None:
            self._opened = open_company(self._settings, self._state, stop=self._stop)
        return self._opened

    # Push.

    def lock(self) -> CompanyLock:
        """The lock of the company, not yet taken."""
        return CompanyLock(self._settings.state.path.parent, self._company, self._command)

    def begin(self) -> str:
        """
        Note that the run began; its id.

        Raises:
            ServiceDown: ``disk-low``: better no run than one that stops half-way.
        """
        self._state.require_room()
        self.outcome.run = self._state.start_run(self._company, self._command, self._who, list(self._loaded))
        return self.outcome.run

    def settle(self, lock: CompanyLock) -> None:
        """Find out what became of documents without an answer, where it is due; needs the lock, also while planning."""
        self._lock = lock
        self._wait_out(lock)
        if self.settle_in() is None:
            return
        opened = self._open()
        self._tell("looking in QuickBooks for what was sent without an answer")
        for settled in settle(self._state, opened.company, self._sender(lock)):
            if settled.written.state in ("sent", "removed"):
                self._settled[settled.key] = settled.verb

    def _wait_out(self, lock: CompanyLock, *, strange: bool = False) -> bool:
        """
        A send that this state does not know, because it is new or an older copy, may still be on its way.

        ``strange``: QuickBooks holds marks that the state does not know. Where the lock file does not know of their
        sending either, because it is new or older too, the last of them may have left just now. Whether it waited.
        """
        by_state = seconds_since(self._state.newest_attempt(self._company))
        by_lock = lock.seconds_since_send()
        if by_lock is None or by_state <= by_lock:
            if not strange:
                return False
            lock.note_send()  # once: from here on the lock file knows more than the state
            by_lock = 0.0
        seconds = self._settings.quickbooks.settle_after - by_lock
        if seconds <= 0:
            return False
        self._tell(f"waiting {seconds:.0f} s: something was sent to QuickBooks that this state knows nothing of")
        self._stop.wait(seconds)
        return True

    def settle_in(self) -> float | None:
        """Seconds until every document of unknown outcome may be looked for; None where there is none."""
        return due_in(self._state, self._company, self._settings.quickbooks.settle_after)

    def push(self, lock: CompanyLock, progress: Callable[[int, int], None] = lambda *_: None) -> None:
        """Carry out the plan; needs the lock, and the plan made under it."""
        planned = self.outcome.planned
        check_limits(planned, self._settings.limits)
        self._remember(planned)
        for n, action, _ in planned.rows("adopt"):
            planned.settle(n, _adopted(action))
        if planned.work(*WRITES, *CHANGES, "pay") and not self._stop.is_set():
            opened, run = self._open(), self.outcome.run or ""
            maker = VendorMaker(self._state, opened.company, opened.names, lock, run, self._stop)
            writer = Writer(self._state, opened, self._sender(lock), maker, run, self.versions())
            writer.write(planned, progress, self._tell)
            self._bind_made(opened.names)
            writer.pay(planned, progress)
        if self._choices.wait:
            self._wait_for_answers(lock, planned)

    def _remember(self, planned: Planned) -> None:
        """Keep every decision, and only then how far the sources were read (I9)."""
        run = self.outcome.run or ""
        for name, loaded in self._loaded.items():
            mapping = loaded.mapping
            self._state.save_mapping_version(mapping.version, name, mapping.path, mapping.text, mapping.tables)
            for payee, vendor in loaded.payees.new.items():
                self._state.bind(self._company, name, payee, vendor, loaded.payees.ids.get(payee), run)
            marks = partial(self._puller.marks, name)
            remember(self._state, self._company, run, mapping.version, partial(_of, planned, name), marks)
            if self._choices.selection.everything:
                pulled = self._state.start_pull(self._company, name, run, loaded.window.first, loaded.window.last)
                self._state.finish_pull(pulled, total=loaded.total, complete=True)

    def _bind_made(self, names: Names) -> None:
        """Keep the ids of vendors that were just made: one that is renamed in QuickBooks is known by its id."""
        new = [
            (name, payee, vendor)
            for name, loaded in self._loaded.items()
            for payee, vendor in loaded.payees.new.items()
            if payee not in loaded.payees.ids
        ]
        made = {each.name: each.id for each in names.all("Vendor") if each.active} if new else {}
        with self._state.write():
            for name, payee, vendor in new:
                if vendor in made:
                    self._state.bind(self._company, name, payee, vendor, made[vendor], self.outcome.run)

    def _wait_for_answers(self, lock: CompanyLock, planned: Planned) -> None:
        unknown = {action.key: n for n, action, result in planned.rows() if count_of(action, result) == "unknown"}
        after = self._settings.quickbooks.settle_after
        while not self._stop.is_set() and (seconds := due_in(self._state, self._company, after)) is not None:
            self._tell(f"waiting {seconds:.0f} s before QuickBooks is asked about {len(unknown)} without an answer")
            if self._stop.wait(seconds):
                return
            for settled in settle(self._state, self._open().company, self._sender(lock)):
                if settled.key in unknown:
                    planned.settle(unknown[settled.key], result_of(settled.written, settled.verb))

    def _sender(self, lock: CompanyLock) -> Sender:
        return Sender(self._state, self._open().company, lock, self.outcome.run or "", stop=self._stop)

    # End.

    def finish(self, error: ConnectorError | None = None, *, wrote: bool) -> Outcome:
        """Note how the run ended; what was seen is the sum of what became of it (I10)."""
        if error is not None and not isinstance(error, Stopped):
            self._trouble(error, error.source)
        outcome = self.outcome
        self._watch_sign_in(wrote=wrote)
        if wrote:
            self._note_not_reached()
            if self.settle_in() is not None:
                outcome.exit_codes.add(6)  # also where the invoice was not part of this run
        outcome.ended = utc_now()
        counts = outcome.planned.counts()
        if self.outcome.run is not None:
            if wrote and error is None and self._books is not None:
                self._books.finished({name: loaded.settings.start_date for name, loaded in self._loaded.items()})
            self._state.finish_run(
                self.outcome.run, outcome.exit_code(wrote=wrote), counts, outcome.problems, self.versions()
            )
        if (accounted := sum(counts.values()) - counts["paid"]) != outcome.planned.seen:
            raise OurFault(
                f"{outcome.planned.seen} invoices were seen and {accounted} are accounted for",
                code="not-conserved",
                remedy="report it with the run's id",
            )
        return outcome

    def _watch_sign_in(self, *, wrote: bool) -> None:
        """Keep the sign-in alive where the run had no need of it, and warn before it ends."""
        try:
            if wrote and self._opened is None and not self._stop.is_set():
                keep_signed_in(self._settings, self._state)
        except ServiceDown:
            pass  # there are months left to try again
        except ConnectorError as error:
            self._trouble(error, None)
        with suppress(ConnectorError):  # whoever needed the sign-in has said it already
            warning = sign_in_status(self._settings, self._state).warning
            self.outcome.warnings.extend([warning] if warning else [])

    def _note_not_reached(self) -> None:
        """What the run planned and did not come to waits: it is not told as done."""
        planned = self.outcome.planned
        for n in planned.not_reached():
            planned.settle(n, Result("ready"))

    @property
    def state(self) -> State:
        """The state of the run."""
        return self._state

    @property
    def settings(self) -> Settings:
        """The settings of the run."""
        return self._settings

    @property
    def sources(self) -> list[str]:
        """The sources that the run is about, whether they could be read or not."""
        return sorted(self._choices.selection.sources_in(self._settings))

    def versions(self) -> dict[str, str]:
        """The version of each source's mapping, as read at the start."""
        return {name: loaded.mapping.version for name, loaded in self._loaded.items()}

    def _trouble(self, error: ConnectorError, source: str | None) -> None:
        problem = error.problem.met_in(source)  # the state keeps it, and it may quote a service
        self.outcome.problems.append(replace(problem, what=redact(problem.what), remedy=redact(problem.remedy)))
        self.outcome.exit_codes.add(error.exit_code)


def _of(planned: Planned, source: str) -> Iterator[Action]:
    return (action for _, action, _ in planned.rows() if action.key.source == source)


def _adopted(action: Action) -> Result:
    found = action.found
    return Result("sent", action.code, action.reason, action.remedy, found.id if found else None)
