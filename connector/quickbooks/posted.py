"""What QuickBooks holds: a bill, a vendor credit or a bill payment read from its JSON. Pure."""

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from connector.errors import AnswerUnreadable
from connector.value import value

__all__ = ["Posted", "PostedLine", "bill_from", "by_account", "marker_in", "markers_in"]

# Anywhere in the memo: a person who writes behind our marker must not make a second bill.
_MARKER: Final = re.compile(r"(?<![A-Za-z0-9])ref:[a-z2-7]{16}(?![A-Za-z0-9])")


@value(frozen=True, slots=True)
class PostedLine:
    """One line, on an account or an item; "" for the one that it has not."""

    amount: Decimal
    account_id: str
    item_id: str


@value(frozen=True, slots=True)
class Posted:
    """
    A document as QuickBooks holds it.

    Args:
        total: With tax, in ``currency``, as is everything but the exchange rate.
        balance: What is still owed; the total less payments.
        marker: Our marker, the last one where there are several.
        created: QuickBooks' clock, UTC.
        linked: (type, id) of payments and credits, e.g. ``("BillPaymentCheck", "3527")``.
    """

    entity: str
    id: str
    sync_token: str
    number: str
    vendor_id: str
    vendor_name: str
    currency: str
    total: Decimal
    tax: Decimal
    balance: Decimal
    date: datetime.date
    due: datetime.date | None
    memo: str
    marker: str | None
    markers: tuple[str, ...]
    created: datetime.datetime | None
    updated: datetime.datetime | None
    lines: tuple[PostedLine, ...]
    exchange_rate: Decimal | None
    linked: tuple[tuple[str, str], ...]

    @property
    def net(self) -> Decimal:
        """The total less tax."""
        return self.total - self.tax


def by_account(lines: tuple[PostedLine, ...]) -> tuple[tuple[str, Decimal], ...]:
    """The sum on each account or item that the lines name, by its id, sorted."""
    sums: dict[str, Decimal] = {}
    for line in lines:
        if named := line.account_id or line.item_id:
            sums[named] = sums.get(named, Decimal(0)) + line.amount
    return tuple(sorted(sums.items()))


def markers_in(memo: str) -> tuple[str, ...]:
    """Every marker of ours in a memo, in their order."""
    return tuple(_MARKER.findall(memo))


def marker_in(memo: str) -> str | None:
    """Our marker in a memo, the last one where there are several."""
    return next(reversed(markers_in(memo)), None)


def bill_from(answer: Mapping[str, Any], entity: str = "Bill", home_currency: str = "") -> Posted:
    """
    A bill, vendor credit or bill payment from QuickBooks' answer; unknown fields are welcome.

    Args:
        answer: The record itself, numbers read as Decimal.
        entity: ``Bill``, ``VendorCredit``, ``BillPayment``.
        home_currency: What an absent CurrencyRef means.

    Raises:
        AnswerUnreadable: A field that every such record has is missing or has another shape.
    """
    try:
        return _read(answer, entity, home_currency)
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise AnswerUnreadable(
            f"QuickBooks' {entity} {answer.get('Id', 'without Id')} cannot be read ({type(error).__name__}: {error})",
            code="quickbooks-shape",
            remedy="run again; if it stays, report it with this message",
        ) from None


def _read(answer: Mapping[str, Any], entity: str, home_currency: str) -> Posted:
    memo = str(answer.get("PrivateNote") or "")
    vendor_id, vendor_name = _ref(answer, "VendorRef")
    markers = markers_in(memo)
    total = _amount(answer["TotalAmt"])
    meta = answer.get("MetaData") or {}
    due = answer.get("DueDate")
    return Posted(
        entity=entity,
        id=str(answer["Id"]),
        sync_token=str(answer["SyncToken"]),
        number=str(answer.get("DocNumber") or ""),
        vendor_id=vendor_id,
        vendor_name=vendor_name,
        currency=_ref(answer, "CurrencyRef")[0] or home_currency,
        total=total,
        tax=_amount((answer.get("TxnTaxDetail") or {}).get("TotalTax", 0)),
        balance=_amount(answer.get("Balance", total)),
        date=datetime.date.fromisoformat(str(answer["TxnDate"])[:10]),
        due=datetime.date.fromisoformat(str(due)[:10]) if due else None,
        memo=memo,
        marker=markers[-1] if markers else None,
        markers=markers,
        created=_time(meta.get("CreateTime")),
        updated=_time(meta.get("LastUpdatedTime")),
        lines=tuple(_line(line) for line in answer.get("Line", ()) if "Amount" in line),
        exchange_rate=_amount(answer["ExchangeRate"]) if answer.get("ExchangeRate") else None,
        linked=_linked(answer),
    )


def _line(line: Mapping[str, Any]) -> PostedLine:
    detail = line.get(str(line.get("DetailType"))) or {}
    return PostedLine(_amount(line["Amount"]), _ref(detail, "AccountRef")[0], _ref(detail, "ItemRef")[0])


def _linked(answer: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """A bill's links stand at its head, a payment's on its lines."""
    everywhere = [*(answer.get("LinkedTxn") or ())]
    for line in answer.get("Line") or ():
        everywhere += line.get("LinkedTxn") or ()
    return tuple((str(each["TxnType"]), str(each["TxnId"])) for each in everywhere)


def _ref(holder: Mapping[str, Any], name: str) -> tuple[str, str]:
    reference = holder.get(name) or {}
    return str(reference.get("value") or ""), str(reference.get("name") or "")


def _amount(value: Any) -> Decimal:
    if type(value) not in (Decimal, int, str):
        raise TypeError(f"{value!r} is no amount")
    amount = Decimal(value)
    if not amount.is_finite():
        raise ValueError(f"{value!r} is no amount")
    return amount


@lru_cache(maxsize=64)  # many records of one second
def _time(text: str | None) -> datetime.datetime | None:
    return datetime.datetime.fromisoformat(str(text)).astimezone(datetime.UTC) if text else None
