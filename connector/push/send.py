"""Carrying out orders: a committed intent, one send, one recorded outcome. No transaction is open over HTTP."""

import datetime
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Literal

from connector.document import Document, Key
from connector.errors import ConnectorError, ServiceDown, SignInNeeded, Throttled
from connector.push.answer import Written, check_answer, not_answered
from connector.quickbooks.documents import BatchItem, frozen_batch
from connector.quickbooks.faults import explain
from connector.quickbooks.transport import Company, Outcome
from connector.state.lock import CompanyLock
from connector.state.store import IntendedItem, State

__all__ = ["SINGLES", "Flight", "Order", "Sender", "request_id"]

SINGLES: Final = 12  # up to so many waiting documents go one by one; batches pay above
_THROTTLES: Final = 3
_UNANSWERED: Final = 10  # so many requests in a row without an answer, and the service counts as down

Operation = Literal["create", "update", "delete"]


@dataclass(frozen=True, slots=True)
class Order:
    """
    One document to write.

    Args:
        n: Its place in the plan.
        document_id: Its row in the state.
        entity: ``Bill`` or ``VendorCredit``.
        body: The exact bytes that QuickBooks gets, for ever under this generation.
    """

    n: int
    key: Key
    marker: str
    document_id: int
    document: Document
    entity: str
    body: bytes
    generation: int


@dataclass(slots=True)
class Flight:
    """One request on its way: who is in it, under which ids."""

    request: int
    request_id: str
    items: dict[str, Order]
    batch: bool
    tries: int = 0
    throttles: int = 0
    attempt: int = 0
    sent_at: float = 0.0


def request_id(key: Key, operation: Operation, revision: str, generation: int) -> str:
    """The request id of a single write: 32 characters that can be recomputed with the state lost."""
    return key.digest(operation, revision, str(generation))[:32]


class Sender:
    """
    Sends the orders of one run.

    Args:
        stop: Set from outside to start nothing more; what is in flight is finished and recorded.
    """

    def __init__(
        self,
        state: State,
        company: Company,
        lock: CompanyLock,
        run: str,
        *,
        stop: threading.Event | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._state = state
        self._company = company
        self._lock = lock
        self._run = run
        self._stop = stop or threading.Event()
        self._sleep = sleep
        self._unanswered = 0
        self._batches = True
        self._trouble: ConnectorError | None = None

    def create(self, orders: Iterable[Order], waiting: int) -> Iterator[tuple[Order, Written]]:
        """
        Write them, and say what became of each as it becomes known.

        Args:
            orders: Documents that are ``ready`` in the state.
            waiting: How many there are: twelve or fewer go one by one, more in batches.

        Raises:
            Throttled, ServiceDown, SignInNeeded: After everything in flight was recorded; the rest was not started.
        """
        size = 1 if waiting <= SINGLES else self._company.settings.batch_size
        self._batches = size > 1
        source = iter(orders)
        groups = iter(lambda: list(islice(source, size)), [])
        yield from self.fly(self._intended(group, batch=size > 1) for group in groups)

    def fly(self, flights: Iterable[Flight]) -> Iterator[tuple[Order, Written]]:
        """Send requests whose intents are committed, several at once, and record what came back."""
        queue = iter(flights)
        with ThreadPoolExecutor(self._company.settings.concurrency) as pool:
            in_flight: dict[Future[dict[str, Outcome] | Outcome], Flight] = {}
            while True:
                while len(in_flight) < self._company.settings.concurrency and self._may_start():
                    flight = next(queue, None)
                    if flight is None:
                        break
                    in_flight[self._launched(pool, flight)] = flight
                if not in_flight:
                    break
                done, _ = wait(in_flight, return_when=FIRST_COMPLETED)
                for future in done:
                    flight = in_flight.pop(future)
                    again, results = self._landed(flight, future.result())
                    yield from results
                    if again and self._may_start():
                        in_flight[self._launched(pool, flight)] = flight
        if self._trouble is not None:
            raise self._trouble

    def _stopped(self) -> bool:
        return self._stop.is_set() or self._trouble is not None

    def _may_start(self) -> bool:
        """Wait for the limiter and a good token before the intent: the time of an attempt is the time of its send."""
        if self._stopped():
            return False
        try:
            self._company.take_turn("batch" if self._batches else "request")
        except ConnectorError as trouble:
            self._trouble = trouble
        return not self._stopped()

    def _intended(self, group: Sequence[Order], *, batch: bool) -> Flight:
        first = group[0]
        own_id = secrets.token_hex(16) if batch else request_id(first.key, "create", "0", first.generation)
        items = {f"{n:02d}" if batch else "": order for n, order in enumerate(group)}
        request = self._state.intend(
            first.key.company,
            self._run,
            own_id,
            "batch" if batch else "create",
            first.entity if len({order.entity for order in group}) == 1 else None,
            [
                IntendedItem(order.document_id, bid, order.document.number, order.generation, order.body.decode())
                for bid, order in items.items()
            ],
        )
        return Flight(request, own_id, items, batch)

    def _launched(self, pool: ThreadPoolExecutor, flight: Flight) -> "Future[dict[str, Outcome] | Outcome]":
        flight.attempt = self._state.start_attempt(flight.request, list(flight.items))
        self._lock.note_send()
        flight.tries += 1
        flight.sent_at = time.time()
        if not flight.batch:
            (order,) = flight.items.values()
            return pool.submit(
                self._company.send, order.entity, order.body, flight.request_id, "create", turn_taken=True
            )
        body = frozen_batch(BatchItem(bid, "create", order.entity, order.body) for bid, order in flight.items.items())
        return pool.submit(self._company.send_batch, body, flight.request_id, turn_taken=True)

    def _landed(self, flight: Flight, answer: dict[str, Outcome] | Outcome) -> tuple[bool, list[tuple[Order, Written]]]:
        """What came back for one request; True where the same bytes go out again at once."""
        whole = answer if isinstance(answer, Outcome) else next(iter(answer.values()))
        outcomes = answer if isinstance(answer, dict) else dict.fromkeys(flight.items, answer)
        if isinstance(answer, Outcome) and answer.kind == "throttled" and self._may_go_again(flight, answer):
            self._finish(flight, outcomes, whole)
            return True, []
        self._note_trouble(answer, whole)
        # Replays are read from QuickBooks before anything is written down: no transaction is open over HTTP.
        results = [(order, self._believed(flight, order, outcomes[bid])) for bid, order in flight.items.items()]
        with self._state.write():
            self._finish(flight, outcomes, whole)
            for order, written in results:
                record(self._state, order, written)
        return False, results

    def _finish(self, flight: Flight, outcomes: dict[str, Outcome], whole: Outcome) -> None:
        kinds = {outcome.kind for outcome in outcomes.values()}
        self._state.finish_attempt(
            flight.attempt,
            kinds.pop() if len(kinds) == 1 else "answered",
            http_status=whole.http_status,
            code=whole.code if len(outcomes) == 1 else None,
            intuit_tid=whole.intuit_tid,
            detail=whole.detail or whole.message or None,
        )

    def _may_go_again(self, flight: Flight, answer: Outcome) -> bool:
        flight.throttles += 1
        if flight.throttles < _THROTTLES and not self._stopped():
            asked = min(answer.retry_after or 0.0, 300.0)
            self._sleep(max(self._company.settings.throttle_wait, asked))
            return not self._stopped()
        self._trouble = self._trouble or Throttled(
            f"QuickBooks asked to slow down {flight.throttles} times in a row",
            code="quickbooks-throttled",
            remedy="run again later; what was not sent waits",
            retry_after=answer.retry_after,
        )
        return False

    def _note_trouble(self, answer: dict[str, Outcome] | Outcome, whole: Outcome) -> None:
        self._unanswered = self._unanswered + 1 if isinstance(answer, Outcome) and whole.kind == "unknown" else 0
        if self._trouble is not None or not isinstance(answer, Outcome):
            return
        if whole.kind == "forbidden":
            self._trouble = SignInNeeded(
                f"QuickBooks does not let this app write to the company: {whole.message}",
                code="quickbooks-forbidden",
                remedy="sign in again with a user who may add bills, and check environment and realm_id",
            )
        elif whole.kind == "not-sent":
            self._trouble = ServiceDown(
                f"QuickBooks cannot be reached: {whole.message}",
                code="quickbooks-down",
                remedy="nothing was sent; run again",
            )
        elif whole.http_status == 401 and not self._company.sign_in_again():
            self._trouble = SignInNeeded(
                "QuickBooks no longer takes the sign-in",
                code="quickbooks-sign-in",
                remedy="sign in again: connector auth login",
            )
        elif self._unanswered >= _UNANSWERED:
            self._trouble = ServiceDown(
                f"{self._unanswered} requests in a row went unanswered",
                code="quickbooks-down",
                remedy="run again later: what was sent is looked up first, the rest waits",
            )

    def _believed(self, flight: Flight, order: Order, outcome: Outcome) -> Written:
        if outcome.kind == "applied":
            try:
                return check_answer(
                    self._company,
                    outcome,
                    order.entity,
                    order.document,
                    order.marker,
                    sent_at=datetime.datetime.fromtimestamp(flight.sent_at, datetime.UTC),
                    first_try=flight.tries == 1,
                )
            except (ConnectorError, ValueError) as error:
                return not_answered(Outcome("unknown", message=f"its answer could not be read: {error}"))
        if outcome.kind == "refused":
            code, reason, remedy = explain(outcome, {})
            return Written("refused", code, reason, remedy)
        if outcome.kind == "unknown":
            return not_answered(outcome)
        return Written("ready", None, f"not sent: {outcome.message}", "nothing to do: the next run sends it")


def record(state: State, order: Order, written: Written) -> None:
    """Keep what became of an order: the document's move and its item's outcome; inside the caller's transaction."""
    if written.state == "sending":
        return
    posted = written.posted
    state.conclude(
        order.document_id,
        written.state,
        outcome="applied" if posted else None,
        code=written.code,
        reason=written.reason,
        remedy=written.remedy,
        qbo_id=posted.id if posted and written.state == "sent" else None,
        sync_token=posted.sync_token if posted else None,
        vendor_id=posted.vendor_id if posted else None,
        answer=as_json(written.answer) if written.answer is not None else None,
    )


def as_json(answer: Mapping[str, Any]) -> Any:
    """QuickBooks' record as the state keeps it: numbers as text, exactly as they came."""
    return json.loads(json.dumps(answer, default=str))
