"""
CAKE: payout invoices of affiliates, and revenue invoices of advertisers, which are nobody's bills.

Exactly ``GET /api/2/invoices.json`` and no other address: some of CAKE's GETs change things. The sibling document's
spellings are accepted for the envelope, status case, amount and currency, never for dates.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import ClassVar, Final

from connector.errors import AnswerUnreadable, OurFault
from connector.invoice import Field, FieldValue, Invoice
from connector.money import CURRENCIES
from connector.sources.reading import Record, keys_seen, parse_json, wrong_shape
from connector.sources.source import Connection, Doubles, Page, Window

__all__ = ["Cake"]

_PATH: Final = "/api/2/invoices.json"
_MOST_ROWS: Final = 10_000
_STATUSES: Final = {word.casefold(): word for word in ("Pending", "Approved", "Paid", "Void")}
_SIGNS: Final = {"€": "EUR", "£": "GBP"}
_OWNERS: Final = {
    "¥": {"CNY", "JPY"},
    "kr": {"DKK", "ISK", "NOK", "SEK"},
    "us$": {"USD"},
    "a$": {"AUD"},
    "au$": {"AUD"},
    "c$": {"CAD"},
    "ca$": {"CAD"},
    "nz$": {"NZD"},
    "hk$": {"HKD"},
    "s$": {"SGD"},
    "r$": {"BRL"},
}
"""What else a sign may mean than any: the setting is not taken for a currency that the sign speaks against."""
_NEEDED: Final = ("invoice_id", "invoice_date", "invoice_status")
_KEY_HINT: Final = "; generating a new key in CAKE ends the old one at once, so it was probably regenerated"


class Cake:
    """CAKE's invoices through its API of the second generation."""

    type: ClassVar[str] = "cake"
    title: ClassVar[str] = "CAKE"
    id: ClassVar[str] = "invoice_id"
    payee: ClassVar[str | None] = "affiliate_id"
    status: ClassVar[str] = "invoice_status"
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    doubles: ClassVar[Doubles] = Doubles(
        "CAKE can import its invoices into QuickBooks by itself, and each one that both import is two bills",
        "in CAKE under Accounting, look for a column Quickbooks (Unmatched, Import): import nothing there any more and "
        "disconnect it; Tipalti, where it is used, may post to QuickBooks too",
    )
    fields: ClassVar[tuple[Field, ...]] = (
        Field("invoice_id", "text", "CAKE's number of the invoice."),
        Field("invoice_date", "date", "The invoice's own date."),
        Field("invoice_status", "text", "Pending, Approved, Paid or Void."),
        Field("affiliate_id", "text", "CAKE's number of the affiliate who is paid."),
        Field("affiliate_name", "text", "The affiliate's name; not unique and free to change."),
        Field("advertiser_id", "text", "CAKE's number of the advertiser who owes a revenue invoice."),
        Field("billing_cycle_name", "text", "The affiliate's billing cycle, such as Net 30 or Weekly."),
        Field("currency_symbol", "text", "The currency as CAKE prints it: USD, € or $."),
        Field("total_payout", "number", "What is owed, in the invoice's currency."),
        Field("payment_type", "text", "How the affiliate is paid, such as PayPal."),
        Field("date_approved", "date", "The day on which the invoice was approved."),
        Field("invoice_kind", "text", "payout (we owe an affiliate) or revenue (an advertiser owes us).", derived=True),
        Field("currency", "text", "The currency as a three-letter code.", derived=True),
    )

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @classmethod
    def read(cls, record: Mapping[str, object], *, source: str, currency: str | None = None) -> Invoice:
        """
        One record of CAKE's answer; see the protocol.

        Raises:
            AnswerUnreadable: A needed key is missing, or an id is none.
        """
        row = Record(record, source, cls.title)
        row.need(_NEEDED)
        if "affiliate_id" not in record and "advertiser_id" not in record:
            row.need(["affiliate_id"])
        number = row.id("invoice_id")
        if number is None:
            raise wrong_shape(source, f"a record of CAKE has an empty invoice_id; it has: {keys_seen(record)}")
        affiliate, advertiser = row.id("affiliate_id"), row.id("advertiser_id")
        kind = "payout" if _is_someone(affiliate) else "revenue" if _is_someone(advertiser) else None
        amount = _amount(row, needed=kind != "revenue")
        sent_status = (row.text("invoice_status") or "").strip()
        status = _STATUSES.get(sent_status.casefold(), sent_status or None)
        told = _currency(row, currency)
        fields: dict[str, FieldValue] = {
            "invoice_id": number,
            "invoice_date": row.date("invoice_date", needed=True),
            "invoice_status": status,
            "affiliate_id": affiliate,
            "affiliate_name": row.text("affiliate_name"),
            "advertiser_id": advertiser,
            "billing_cycle_name": row.text("billing_cycle_name"),
            "currency_symbol": row.text("currency_symbol") or row.text("currency"),
            "total_payout": amount,
            "payment_type": row.text("payment_type"),
            "date_approved": row.date("date_approved"),
            "invoice_kind": kind,
            "currency": told,
        }
        day = fields["invoice_date"]
        return Invoice(
            source=source,
            id=number,
            fields=fields,
            raw=row.raw(),
            date=None if isinstance(day, str | Decimal) else day,
            amount=amount,
            currency=told,
            payee=affiliate if kind == "payout" else None,
            status=status,
            paid=status == "Paid",
            void=status == "Void",
            troubles=tuple(row.troubles),
        )

    def pages(self, window: Window) -> Iterator[Page]:
        """
        One pass over the window without the status filter: a filtered set shifts when somebody approves an invoice.

        Raises as the protocol says; a page that ends before ``total_rows`` is reached is incomplete and raises too.
        """
        from connector.sources.http import Asker  # noqa: PLC0415 - reading a record must not cost an HTTP client

        if window.first > window.last:
            raise OurFault(
                f"a window from {window.first} to {window.last}",
                code="window-reversed",
                remedy="report it with the log",
            )
        limit = max(1, min(self.connection.page_size, _MOST_ROWS))
        start = 1  # 0 and 1 both mean the first row, so 0 would fetch one row twice
        with Asker(self.connection, self.title, key_hint=_KEY_HINT) as asker:
            while True:
                page = asker.get(_PATH, self._parameters(window, start, limit), "application/json", self._page)
                start += len(page.records)
                total = page.total or 0
                yield page
                if start > total:
                    return
                if not page.records:  # a server may cap its pages below what was asked for
                    raise wrong_shape(
                        self.connection.name,
                        f"CAKE says that there are {total} invoices, and its rows end after {start - 1}",
                        code="source-incomplete",
                    )

    def _parameters(self, window: Window, start: int, limit: int) -> dict[str, str | int]:
        return {
            "api_key": self.connection.api_key,
            "start_date": window.first.isoformat(),
            "end_date": window.last.isoformat(),
            "start_at_row": start,
            "row_limit": limit,
        }

    def _page(self, body: bytes) -> Page:
        name = self.connection.name
        try:
            answer = parse_json(body, self.connection.api_key)
        except ValueError as error:
            raise wrong_shape(name, f"CAKE answered with {error}") from None
        if not isinstance(answer, dict):
            raise wrong_shape(name, "CAKE's answer is no object")
        status = answer.get("request_status")
        if not isinstance(status, str):
            raise wrong_shape(name, f"CAKE's answer has no request_status; it has: {keys_seen(answer)}")
        if status.strip().casefold() != "success":
            raise self._failure(answer)
        inner = answer.get("response", answer)
        if not isinstance(inner, dict) or not isinstance(inner.get("invoices"), list):
            seen = keys_seen(inner if isinstance(inner, dict) else answer)
            raise wrong_shape(name, f"CAKE's answer has no list of invoices; it has: {seen}")
        rows = inner["invoices"]
        if not all(isinstance(row, dict) for row in rows):
            raise wrong_shape(name, "CAKE's list of invoices holds something that is no record")
        total = _count(inner.get("total_rows"))
        if total is None:
            raise wrong_shape(name, f"CAKE's answer does not say total_rows; it has: {keys_seen(inner)}")
        return Page(rows, total)

    def _failure(self, answer: Mapping[str, object]) -> Exception:
        """CAKE fails inside HTTP 200; what kind of failure it is stands in the message alone."""
        from connector.sources.http import key_refused, throttled  # noqa: PLC0415 - see pages

        inner = answer.get("response")
        message = answer.get("message") or (inner.get("message") if isinstance(inner, dict) else None)
        said = re.sub(r"\s+", " ", str(message))[:200] if message else "nothing more"
        if re.search(r"api[ _]?key", said, re.IGNORECASE):
            return key_refused(self.connection, self.title, f'refuses the key: "{said}"', _KEY_HINT)
        if "restricted" in said.casefold():
            return throttled(self.connection, self.title, "asks us to slow down (Restricted)")
        return AnswerUnreadable(
            f'{self.connection.name}: CAKE refused the request and says "{said}"',
            code="source-refused",
            remedy="nothing was advanced; if it says so again, ask CAKE's support",
            source=self.connection.name,
        )


def _is_someone(number: str | None) -> bool:
    return bool(number) and number != "0"


def _amount(row: Record, *, needed: bool) -> Decimal | None:
    names = [name for name in ("total_payout", "total_amount") if row.values.get(name) not in (None, "")]
    if not names:
        if needed and "total_amount" not in row.values:
            row.need(["total_payout"])
        return row.number("total_payout", needed=needed)
    amounts = [row.number(name) for name in names]
    if len(amounts) == 2 and amounts[0] != amounts[1]:
        row.trouble("amount-unreadable", "total_payout and total_amount differ")
        return None
    return amounts[0]


def _currency(row: Record, setting: str | None) -> str | None:
    """The ISO code; any sign but € and £ is what the connection's setting says, if it can be, or else a trouble."""
    words = [word.strip() for name in ("currency_symbol", "currency") if (word := row.text(name))]
    told = {_SIGNS.get(word, word.upper()) for word in words if word in _SIGNS or _is_code(word)}
    if len(told) == 1 and told <= CURRENCIES:
        return told.pop()
    meant = not setting or all(setting in _OWNERS.get(word.lower(), {setting}) for word in words)
    if not told and setting and meant:
        return setting
    shown = '" and "'.join(words)[:60]
    row.trouble(
        "currency-unknown",
        f'"{shown}" does not tell one currency' if words else "no currency is named",
        f'write currency = "USD", or what it is, under [sources.{row.source}] in the settings, then run: connector sync'
        if not told and meant
        else "have it corrected in CAKE, then run: connector sync",
    )
    return None


def _is_code(word: str) -> bool:
    return len(word) == 3 and word.isascii() and word.isalpha()


def _count(value: object) -> int | None:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else None
