"""Carrying out orders: a committed intent, one send, one recorded outcome. No transaction is open over HTTP."""

import datetime
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Final, Literal

from connector.errors import ConnectorError, ServiceDown, SignInNeeded
from connector.push.answer import Written, check_answer, not_answered
from connector.push.changes import believed, conclusion_of_change
from connector.push.order import Order, request_id
from connector.push.patience import THROTTLES, refused_to_go_on, stops
from connector.quickbooks.faults import explain
from connector.quickbooks.frozen import BatchItem
from connector.quickbooks.remedy import SIGN_IN
from connector.quickbooks.transport import Company, Outcome
from connector.state.lock import CompanyLock
from connector.state.store import Conclusion, Ended, IntendedItem, Intent, State

__all__ = ["SINGLES", "Flight", "Sender", "Start", "ended", "record"]

SINGLES: Final = 12  # up to so many waiting documents go one by one; batches pay above
_UNANSWERED: Final = 10  # so many requests in a row without an answer, and the service counts as down


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
    doubtful: bool = False
    """It was sent before without an answer: that it did not leave now proves nothing about then."""


@dataclass(frozen=True, slots=True)
class Start:
    """A request that may be started: whether it is a batch, and what makes it with its intent committed."""

    batch: bool
    flight: Callable[[], Flight]


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
    ) -> None:
        self._state = state
        self._company = company
        self._lock = lock
        self._run = run
        self._stop = stop or threading.Event()
        self._unanswered = 0
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
        source = iter(orders)
        groups = iter(lambda: list(islice(source, size)), [])
        yield from self.fly(Start(size > 1, partial(self._intended, group, batch=size > 1)) for group in groups)

    def fly(self, starts: Iterable[Start]) -> Iterator[tuple[Order, Written]]:
        """Send requests, several at once, and record what came back."""
        queue = iter(starts)
        with ThreadPoolExecutor(self._company.settings.concurrency) as pool:
            in_flight: dict[Future[dict[str, Outcome] | Outcome], Flight] = {}
            while True:
                while len(in_flight) < self._company.settings.concurrency and (started := self._next(pool, queue)):
                    in_flight.update([started])
                if not in_flight:
                    break
                done, _ = wait(in_flight, return_when=FIRST_COMPLETED)
                for future in done:
                    flight = in_flight.pop(future)
                    again, results = self._landed(flight, future.result())
                    yield from results
                    if again:
                        in_flight[self._launched(pool, flight)] = flight
        if self._trouble is not None:
            raise self._trouble

    def _next(
        self, pool: ThreadPoolExecutor, queue: Iterator[Start]
    ) -> "tuple[Future[dict[str, Outcome] | Outcome], Flight] | None":
        """Start one more; trouble with it does not keep what is in flight from being recorded."""
        if self._stopped():
            return None
        try:
            start = next(queue, None)
            if start is None or not self._may_start(batch=start.batch):
                return None
            flight = start.flight()
            return self._launched(pool, flight), flight
        except ConnectorError as trouble:
            self._trouble = self._trouble or trouble
            return None

    def _stopped(self) -> bool:
        return self._stop.is_set() or self._trouble is not None

    def _may_start(self, *, batch: bool) -> bool:
        """Wait for the limiter and a good token before the intent: the time of an attempt is the time of its send."""
        try:
            self._company.take_turn("batch" if batch else "request", self._stop)
        except ConnectorError as trouble:
            self._trouble = self._trouble or trouble
        return not self._stopped()

    def _intended(self, group: Sequence[Order], *, batch: bool) -> Flight:
        first = group[0]
        own_id = secrets.token_hex(16) if batch else request_id(*first.identity)
        items = {f"{n:02d}" if batch else "": order for n, order in enumerate(group)}
        # In this order the lock never knows of an earlier send than the state, unless the state is an older copy.
        self._lock.note_send()
        request, attempt = self._state.begin(
            Intent(
                first.key.company,
                self._run,
                own_id,
                "batch" if batch else first.operation,
                first.entity if len({order.entity for order in group}) == 1 else None,
                [
                    IntendedItem(
                        order.document_id,
                        bid,
                        order.document.number,
                        order.generation,
                        order.body.decode(),
                        order.becomes,
                    )
                    for bid, order in items.items()
                ],
                revision="0" if batch else first.revision,
            )
        )
        return Flight(request, own_id, items, batch, attempt=attempt)

    def _launched(self, pool: ThreadPoolExecutor, flight: Flight) -> "Future[dict[str, Outcome] | Outcome]":
        if not flight.attempt:
            self._lock.note_send()
            flight.attempt = self._state.start_attempt(flight.request, list(flight.items))
        flight.tries += 1
        flight.sent_at = time.time()
        if not flight.batch:
            (order,) = flight.items.values()
            return pool.submit(
                self._company.send, order.entity, order.body, flight.request_id, order.operation, turn_taken=True
            )
        batch = [BatchItem(bid, order.operation, order.entity, order.body) for bid, order in flight.items.items()]
        return pool.submit(self._company.send_batch, batch, flight.request_id, turn_taken=True)

    def _landed(self, flight: Flight, answer: dict[str, Outcome] | Outcome) -> tuple[bool, list[tuple[Order, Written]]]:
        """What came back for one request; True where the same bytes go out again at once."""
        whole = answer if isinstance(answer, Outcome) else next(iter(answer.values()))
        outcomes = answer if isinstance(answer, dict) else dict.fromkeys(flight.items, answer)
        waits = {bid: order for bid, order in flight.items.items() if outcomes[bid].kind == "throttled"}
        flight.throttles = flight.throttles + 1 if waits else 0
        if flight.throttles >= THROTTLES or self._stopped():
            waits = {}
        self._note_trouble(flight, outcomes, whole)
        if any(outcome.kind == "unknown" for outcome in outcomes.values()):
            self._lock.note_send()  # the machine may have slept since the first note: all that is known is that it left
        # Replays are read from QuickBooks before anything is written down: no transaction is open over HTTP.
        landed = {bid: order for bid, order in flight.items.items() if bid not in waits}
        results = [(order, self._believed(flight, order, outcomes[bid])) for bid, order in landed.items()]
        self._state.land(ended(flight.attempt, outcomes), _conclusions(results, flight.request))
        if not waits:
            return False, results
        flight.items, flight.attempt = waits, 0
        if not self._stopped() and self._may_start(batch=flight.batch):
            return True, results
        late = [(order, self._believed(flight, order, outcomes[bid])) for bid, order in waits.items()]
        record(self._state, late)
        return False, results + late

    def _note_trouble(self, flight: Flight, outcomes: Mapping[str, Outcome], whole: Outcome) -> None:
        unknown = all(outcome.kind == "unknown" for outcome in outcomes.values())
        self._unanswered = self._unanswered + 1 if unknown else 0
        if self._trouble is not None:
            return
        stopping = next((outcome for outcome in outcomes.values() if stops(outcome)), None)
        if stopping is not None:
            self._trouble = refused_to_go_on(stopping)
        elif flight.throttles >= THROTTLES:
            throttled = next(outcome for outcome in outcomes.values() if outcome.kind == "throttled")
            self._trouble = refused_to_go_on(throttled)
        elif whole.http_status == 401 and not self._company.sign_in_again():
            self._trouble = SignInNeeded(
                "QuickBooks no longer takes the sign-in",
                code="quickbooks-sign-in",
                remedy=SIGN_IN,
            )
        elif self._unanswered >= _UNANSWERED:
            self._trouble = ServiceDown(
                f"{self._unanswered} requests in a row went unanswered",
                code="quickbooks-down",
                remedy="run again later: what was sent is looked up first, the rest waits",
            )

    def _believed(self, flight: Flight, order: Order, outcome: Outcome) -> Written:
        if order.operation != "create":
            return believed(self._company, order, outcome, first_try=flight.tries == 1, doubtful=flight.doubtful)
        return self._made(flight, order, outcome)

    def _made(self, flight: Flight, order: Order, outcome: Outcome) -> Written:
        """What the answer to a creation comes to."""
        if outcome.kind == "applied":
            try:
                return check_answer(
                    self._company,
                    outcome,
                    order.entity,
                    order.document,
                    order.marker,
                    order.pays,
                    sent_at=datetime.datetime.fromtimestamp(flight.sent_at, datetime.UTC),
                    first_try=flight.tries == 1,
                )
            except (ConnectorError, ValueError) as error:
                return not_answered(Outcome("unknown", message=f"its answer could not be read: {error}"))
        if outcome.kind == "refused" and not stops(outcome):
            code, reason, remedy = explain(outcome, {})
            return Written("refused", code, reason, remedy)
        if outcome.kind == "unknown" or flight.doubtful:
            return not_answered(outcome)
        if outcome.kind == "refused":
            return Written("ready", None, f"not taken: {outcome.message}", "the next run sends it", burned=True)
        return Written("ready", None, f"not sent: {outcome.message}", "nothing to do: the next run sends it")


def record(state: State, results: Sequence[tuple[Order, Written]]) -> None:
    """Keep what became of orders: each document's move and its item's outcome."""
    state.conclude_all(_conclusions(results))


def _conclusions(results: Sequence[tuple[Order, Written]], request: int | None = None) -> list[Conclusion]:
    return [_conclusion(order, written, request) for order, written in results if written.state != "sending"]


def _conclusion(order: Order, written: Written, request: int | None) -> Conclusion:
    if order.operation != "create":
        return conclusion_of_change(order, written)
    posted = written.posted
    fields: dict[str, Any] = {
        "code": written.code,
        "reason": written.reason,
        "remedy": written.remedy,
        "qbo_id": posted.id if posted and written.state == "sent" else None,
        "sync_token": posted.sync_token if posted else None,
        "vendor_id": posted.vendor_id if posted else None,
        "due": posted.due if posted else None,
        "answer": written.answer,
    }
    if written.adopted is not None:
        del fields["qbo_id"]  # there may be none that is this document's alone
        fields |= {"adopted": True, **({"qbo_id": written.adopted} if written.adopted else {})}
    return Conclusion(order.document_id, written.state, _item_outcome(written), fields, request)


def ended(attempt: int, outcomes: Mapping[str, Outcome]) -> Ended:
    """What is kept of a sending: its items' outcomes in one, with the first's where only one can stand."""
    first = next(iter(outcomes.values()))
    kinds = {outcome.kind for outcome in outcomes.values()}
    return Ended(
        attempt,
        kinds.pop() if len(kinds) == 1 else "answered",
        http_status=first.http_status,
        code=first.code if len(outcomes) == 1 else None,
        intuit_tid=first.intuit_tid,
        detail=first.detail or first.message or None,
    )


def _item_outcome(written: Written) -> Literal["applied", "refused", "left-out"] | None:
    """What the request's item came to, where the document's new state alone does not say it."""
    if written.posted is not None:
        return "applied"
    if written.state == "held" or written.adopted is not None:
        return "left-out"  # it goes out no more under this request
    return "refused" if written.burned else None
