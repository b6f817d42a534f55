"""Carrying out a plan: limits first, then vendors, then bills."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Literal

from connector.errors import LimitExceeded
from connector.invoice import Trouble
from connector.plan import Action, Verb
from connector.push import Order, Sender, VendorMaker, Written
from connector.push.orders import Orders
from connector.push.payments import Payables, orders_of_payments
from connector.push.send import SINGLES
from connector.push.vendors import NewVendor
from connector.quickbooks.names import Reference
from connector.settings import LimitsSettings
from connector.state.store import State
from connector.sync.company import Opened
from connector.sync.planned import CHANGES, WRITES, Planned, Result
from connector.sync.remember import remember_payments

__all__ = ["Writer", "check_limits", "result_of"]


def check_limits(planned: Planned, limits: LimitsSettings) -> None:
    """
    Stop a run that would pass a limit before anything is written.

    Raises:
        LimitExceeded: Which limit, and by how much.
    """
    bills = planned.increases
    if limits.max_bills is not None and bills > limits.max_bills:
        raise _past_limit("max_bills", str(bills), str(limits.max_bills), str(bills - limits.max_bills))
    for currency, most in limits.max_total.items():
        total = planned.totals.get(currency, Decimal(0))
        if total > most:
            raise _past_limit(f"max_total {currency}", f"{total:,}", f"{most:,}", f"{total - most:,}")


class Writer:
    """
    Writes the documents of one run; needs the lock of the company.

    Args:
        versions: The version of each source's mapping.
    """

    def __init__(
        self,
        state: State,
        opened: Opened,
        sender: Sender,
        maker: VendorMaker,
        run: str,
        versions: Mapping[str, str],
    ) -> None:
        self._state = state
        self._opened = opened
        self._sender = sender
        self._maker = maker
        self._run = run
        self._versions = versions

    def write(self, planned: Planned, progress: Callable[[int, int], None], tell: Callable[[str], None]) -> None:
        """Write what the plan creates, changes and removes; every result stands in the plan afterwards."""
        waiting = planned.work(*WRITES, *CHANGES)
        vendors = self._make_vendors(planned, tell)
        orders = Orders(self._state, self._opened.company, self._opened.names, vendors, self._versions)
        to_send = ((n, action) for n, action, _ in planned.rows(*WRITES, *CHANGES))
        done = 0

        def ready() -> Iterator[Order]:
            nonlocal done
            for n, action, order in orders.of(to_send):
                if isinstance(order, Trouble):
                    planned.settle(n, self._blocked(action, order))
                    done += 1
                    progress(done, waiting)
                else:
                    yield order

        for order, written in self._sender.create(ready(), waiting):
            planned.settle(order.n, result_of(written))
            done += 1
            progress(done, waiting)

    def pay(self, planned: Planned, progress: Callable[[int, int], None]) -> None:
        """Record the payments that the plan holds, each after one more look at its bill; needs ``write`` before it."""
        waiting = planned.work("pay")
        if not waiting:
            return
        company, facts = self._opened.company, self._opened.names.facts
        orders = Orders(self._state, company, self._opened.names, {}, self._versions)
        payables = Payables(self._state, company, facts.bill_currency)
        to_pay = ((n, action) for n, action, _ in planned.rows("pay"))
        size = 1 if waiting <= SINGLES else company.settings.batch_size
        reasons: dict[int, str | None] = {}

        def ready() -> Iterator[Order]:
            for n, action, order in orders_of_payments(self._state, payables, orders, to_pay, size):
                if isinstance(order, Order):
                    reasons[n] = action.reason
                    yield order
                    continue
                if order is None:
                    versioned = self._versions.get(action.key.source, "")
                    remember_payments(self._state, action.key.company, self._run, versioned, [action])
                planned.settle(n, self._blocked(action, order) if order else _not_paid(action))

        for done, (order, written) in enumerate(self._sender.create(ready(), waiting), 1):
            reason = reasons.pop(order.n, None)
            result = result_of(written)
            planned.settle(
                order.n, replace(result, reason=result.reason or reason) if result.state == "sent" else result
            )
            progress(done, waiting)

    def _make_vendors(self, planned: Planned, tell: Callable[[str], None]) -> dict[str, Reference | Trouble]:
        several = self._opened.names.facts.multicurrency
        wanted = [NewVendor(name, currency if several else "") for name, currency in planned.new_vendors.values()]
        if wanted:
            tell(f"making {len(wanted)} vendors")
        return {vendor.name.lower(): found for vendor, found in self._maker.make(wanted)}

    def _blocked(self, action: Action, trouble: Trouble) -> Result:
        told = (trouble.code, trouble.reason, trouble.remedy)
        state: Literal["ready", "blocked"] = "ready" if trouble.code == "vendor-not-made" else "blocked"
        if action.action in CHANGES:
            return Result(state, *told)  # its document stands as it was
        row = self._state.document(action.key)
        if row is None:  # pragma: no cover - every action that writes was kept before
            raise AssertionError(action)
        row.state, (row.code, row.reason, row.remedy) = state, told
        self._state.save_documents(action.key.company, self._run, [row])
        return Result(state, *told)


def _not_paid(action: Action) -> Result:
    """What became of a payment that one more look at its bill kept back, or found."""
    told = (action.code, action.reason, action.remedy)
    if action.action != "adopt":
        return Result(action.state, *told)
    return Result("sent", *told, qbo_id=action.found.id if action.found else None, verb="adopt")


def result_of(written: Written, verb: Verb | None = None) -> Result:
    """What was written, as the plan's result; ``verb`` where it was sent by an earlier run."""
    posted = written.posted
    told = (written.state, written.code, written.reason, written.remedy)
    return Result(*told, qbo_id=posted.id if posted else None, due=posted.due if posted else None, verb=verb)


def _past_limit(name: str, would: str, limit: str, over: str) -> LimitExceeded:
    return LimitExceeded(
        f"this run would come to {would}, {over} above the limit {name} = {limit}; nothing was written",
        code="limit-exceeded",
        remedy="look at the plan (connector plan); then raise [limits] in the settings, or take less with --source",
    )
