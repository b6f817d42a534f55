"""
Taking a run back: what it made is read fresh from QuickBooks, and removed by the write protocol while it may be.

The lock of the company covers deciding and pushing, no person's thinking, as in a sync.
"""

import json
import threading
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Final, cast

from connector.document import Key, Kind
from connector.errors import ConnectorError
from connector.invoice import Invoice
from connector.plan.undo import stays, taken_back
from connector.push import Sender, VendorMaker, due_in
from connector.quickbooks.documents import operation_of
from connector.settings import Settings
from connector.state.clock import utc_now
from connector.state.data import invoice_of
from connector.state.lock import CompanyLock
from connector.state.overview import Touched, documents_of_run
from connector.state.store import State
from connector.state.tables import DocumentRow
from connector.sync.company import Opened, open_company
from connector.sync.gather import known_of
from connector.sync.planned import Planned, Result
from connector.sync.run import Outcome
from connector.sync.standing import Standings
from connector.sync.taking_back import takes_back
from connector.sync.writing import Writer

__all__ = ["Undo"]

_CHUNK: Final = 100
_AS_IT_STOOD: Final = ("state", "code", "reason", "remedy", "facts")
_STAYS: Final = "not-taken-back"


class Undo:
    """
    One taking back.

    Args:
        undone: The run that is taken back.
        who: Who takes it back.
        stop: Set from outside to start nothing more.
    """

    def __init__(
        self, settings: Settings, state: State, undone: str, *, who: str, stop: threading.Event | None = None
    ) -> None:
        self._settings = settings
        self._state = state
        self._company = settings.quickbooks.realm_id
        self._undone = undone
        self._who = who
        self._stop = stop or threading.Event()
        self._opened: Opened | None = None
        self._before: dict[Key, dict[str, Any]] = {}
        self.outcome = Outcome(Planned(), [], set(), utc_now())

    def lock(self) -> CompanyLock:
        """The lock of the company, not yet taken."""
        return CompanyLock(self._settings.state.path.parent, self._company, "undo")

    def plan(self) -> Planned:
        """What would go and what stays, as everything stands now; writes nothing."""
        planned, opened = Planned(), self._open()
        facts = opened.names.facts
        standings = Standings(opened.company, facts.bill_currency)
        source = iter(documents_of_run(self._state, self._company, self._undone))
        for chunk in iter(lambda: list(islice(source, _CHUNK)), []):
            beside = self._beside(chunk)
            made = [each for each in chunk if self._made(each.document) and each.document.id not in beside]
            standing = standings.of([each.document for each in made])
            for each in chunk:
                row = each.document
                key, known, invoice = _key(each), known_of(row), self._invoice(each)
                if row.id in standing:
                    now = standing[row.id]
                    self._before[key] = {name: getattr(row, name) for name in _AS_IT_STOOD}
                    planned.add(taken_back(key, invoice, known, now, facts.closing_date, self._undone))
                elif (told := beside.get(row.id) or self._not_ours(each)) is not None:
                    planned.add(stays(key, invoice, known, *told))
        self.outcome.planned = planned
        return planned

    def carry_out(self, lock: CompanyLock, progress: Callable[[int, int], None] = lambda *_: None) -> None:
        """Remove what the plan, made under ``lock``, removes; what goes is known as removed afterwards."""
        planned = self.outcome.planned
        if not planned.work("remove"):
            return
        self._state.require_room()
        run = self.outcome.run = self._state.start_run(self._company, "undo", self._who, [])
        trouble: ConnectorError | None = None
        opened = self._open()
        sender = Sender(self._state, opened.company, lock, run, stop=self._stop)
        maker = VendorMaker(self._state, opened.company, opened.names, lock, run, self._stop)
        try:
            Writer(self._state, opened, sender, maker, run, {}).write(planned, progress, lambda _: None)
        except ConnectorError as error:
            trouble = error
            self.outcome.problems.append(error.problem)
            self.outcome.exit_codes.add(error.exit_code)
        for n in planned.not_reached():
            planned.settle(n, Result("ready"))
        self._leave_refused(run)
        if trouble is None and due_in(self._state, self._company, 0) is not None:
            self.outcome.exit_codes.add(6)
        self.outcome.ended = utc_now()
        self._state.finish_run(run, self.outcome.exit_code(wrote=True), planned.counts(), self.outcome.problems)

    def _leave_refused(self, run: str) -> None:
        """What QuickBooks did not let go stands as it stood: its source asked for nothing, and no sync is to follow."""
        for _, action, result in self.outcome.planned.rows("remove"):
            if result is None or result.state != "held":
                continue
            row = self._state.document(action.key)
            if row is not None and row.state == "held":
                self._state.save_documents(self._company, run, [row.model_copy(update=self._before[action.key])])

    def may_be_live(self) -> bool:
        """Whether anything went that its source did not call void when it was read last."""
        return any(
            action.action == "remove" and result is not None and result.state == "removed" and not action.invoice.void
            for _, action, result in self.outcome.planned.rows()
        )

    def _open(self) -> Opened:
        if self._opened is None:
            self._opened = open_company(self._settings, self._state)
        return self._opened

    def _invoice(self, each: Touched) -> Invoice:
        row = each.document
        kept = self._state.invoice(self._company, row.source, row.invoice)
        if kept is not None:
            return invoice_of(kept.fields, kept.raw)
        return Invoice(row.source, row.invoice, {}, {}, row.date, row.amount, row.currency)

    def _beside(self, chunk: Sequence[Touched]) -> dict[int | None, tuple[str, str, str]]:
        """Why bills stay whose payment is without an answer, or which a vendor credit takes back, by the row's key."""
        told: dict[int | None, tuple[str, str, str]] = {}
        for source in {each.document.source for each in chunk}:
            bills = [each.document for each in chunk if each.document.source == source and each.document.kind == "bill"]
            rows = self._state.documents(self._company, source, [row.invoice for row in bills])
            for row in bills:
                payment, credit = rows.get((row.invoice, "payment")), rows.get((row.invoice, "credit"))
                if payment is not None and payment.state == "sending":
                    lost = "QuickBooks' answer about its payment was lost"
                    told[row.id] = _STAYS, lost, "first: connector sync --wait"
                elif row.state == "sent" and credit is not None and takes_back(credit):
                    by = f"vendor credit {credit.qbo_id}" if credit.qbo_id else "a vendor credit on its way"
                    told[row.id] = _STAYS, f"{by} takes it back already", "if both are to go, delete them in QuickBooks"
        return told

    def _made(self, row: DocumentRow) -> bool:
        """Whether the run made what stands in QuickBooks, and no other run anew."""
        if row.state != "sent" or row.adopted or row.kind == "payment":
            return False
        return self._maker(row) == self._undone

    def _maker(self, row: DocumentRow) -> str | None:
        """The run that made the document last."""
        for stored in reversed(self._state.requests_of(row.id or 0)):
            for item in stored.items:
                ours = item.document == row.id and item.outcome == "applied"
                if ours and operation_of(json.loads(item.body)) == "create":
                    return stored.request.run
        return None

    def _not_ours(self, each: Touched) -> tuple[str, str, str] | None:
        """Why a document that the run wrote or linked is not taken back; None where there is nothing to say."""
        row = each.document
        told = None
        if row.state == "sending":
            told = "QuickBooks' answer about it was lost", "first: connector sync --wait"
        elif row.qbo_id is None or row.state not in ("sent", "held"):
            return None
        elif row.kind == "payment":
            told = "a payment is not taken back", "void it in QuickBooks"
        elif row.adopted:
            told = "it was found in QuickBooks and linked, not made by this run", "see: connector review unlink"
        elif row.state == "held" and self._maker(row) == self._undone:
            told = "a change of it is held", "see: connector review"
        elif each.operation is not None:
            told = "the run changed it and did not make it", "mend it in QuickBooks, or at its source"
        return None if told is None else (_STAYS, *told)


def _key(each: Touched) -> Key:
    row = each.document
    return Key(row.company, row.source, row.invoice, cast("Kind", row.kind))
