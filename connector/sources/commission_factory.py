"""
Commission Factory: what it owes to the affiliate whose key is used.

Exactly ``GET /V1/Affiliate/Invoices``, as JSON or as XML: one request for the whole window, one in flight, 30 a minute
and 1,000 a day per account. Dates have no time zone; their date part is kept as printed.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar, Final

from connector.errors import OurFault
from connector.invoice import Field, FieldValue, Invoice
from connector.sources.reading import Record, blanked, keys_seen, parse_json, wrong_shape
from connector.sources.source import Connection, Page, RateLimit, Window

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["CommissionFactory"]

_PATH: Final = "/V1/Affiliate/Invoices"
_NEEDED: Final = ("Id", "DateCreated", "Number", "SubTotal", "Total")
_LIMITS: Final = (RateLimit(30, 60), RateLimit(1000, 24 * 3600))
_HOME: Final = "AUD"  # the platform's currency; its invoices name none
_DAILY: Final = "asks us to slow down twice in a row: its limit of 1,000 requests a day is probably used up"
_KEY_HINT: Final = "; it has to be the key of an affiliate account that is open"


class CommissionFactory:
    """Commission Factory's invoices through its first API for affiliates."""

    type: ClassVar[str] = "commission_factory"
    title: ClassVar[str] = "Commission Factory"
    id: ClassVar[str] = "Id"
    payee: ClassVar[str | None] = None
    status: ClassVar[str] = "status"
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"format": ("json", "xml")}
    fields: ClassVar[tuple[Field, ...]] = (
        Field("Id", "text", "Commission Factory's id of the invoice."),
        Field("DateCreated", "date", "The day on which the invoice was made."),
        Field("DatePaid", "date", "The day on which the invoice was paid; empty until then."),
        Field("Number", "text", "The invoice's number, such as CF-1-0001."),
        Field("Description", "text", "What the invoice is for."),
        Field("SubTotal", "number", "The amount without tax."),
        Field("GST", "number", "The GST, where it applies."),
        Field("Total", "number", "The amount with tax."),
        Field("status", "text", "Paid once Commission Factory fills in DatePaid, else Unpaid.", derived=True),
        Field("gst_charged", "text", "yes where GST is neither empty nor 0, else no.", derived=True),
    )

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @classmethod
    def read(cls, record: Mapping[str, object], *, source: str, currency: str | None = None) -> Invoice:
        """
        One record of the answer, JSON or XML alike; see the protocol.

        Raises:
            AnswerUnreadable: A needed key is missing, or an id is none.
        """
        row = Record(record, source, cls.title)
        row.need(_NEEDED)
        number = row.id("Id")
        if number is None:
            raise wrong_shape(source, f"a record of {cls.title} has an empty Id; it has: {keys_seen(record)}")
        created = row.date("DateCreated", needed=True, with_time=True)
        paid_on = row.date("DatePaid", with_time=True)
        net, gst = row.number("SubTotal", needed=True), row.number("GST")
        total = row.number("Total", needed=True)
        _add_up(row, net, gst, total)
        status = "Paid" if row.text("DatePaid") else "Unpaid"
        fields: dict[str, FieldValue] = {
            "Id": number,
            "DateCreated": created,
            "DatePaid": paid_on,
            "Number": row.text("Number"),
            "Description": row.text("Description"),
            "SubTotal": net,
            "GST": gst,
            "Total": total,
            "status": status,
            "gst_charged": "yes" if gst else "no",
        }
        return Invoice(
            source=source,
            id=number,
            fields=fields,
            raw=row.raw(),
            date=created,
            amount=net,
            currency=currency or _HOME,
            status=status,
            paid=status == "Paid",
            paid_on=paid_on,
            troubles=tuple(row.troubles),
        )

    def pages(self, window: Window) -> Iterator[Page]:
        """The whole window in one answer, which claims no total. Raises as the protocol says."""
        from connector.sources.gate import Gate  # noqa: PLC0415 - reading a record must not cost an HTTP client
        from connector.sources.http import Asker  # noqa: PLC0415

        if window.first > window.last:  # the source would swap them and hide the mistake
            raise OurFault(
                f"a window from {window.first} to {window.last}",
                code="window-reversed",
                remedy="report it with the log",
            )
        as_xml = self.connection.options.get("format") == "xml"
        gate = Gate(self.connection, self.title, _LIMITS)
        asker = Asker(self.connection, self.title, key_hint=_KEY_HINT, slow_waits=1, slow_words=_DAILY, turn=gate.turn)
        parameters = {
            "apiKey": self.connection.api_key,
            "fromDate": window.first.isoformat(),
            "toDate": window.last.isoformat(),
        }
        with asker:
            accept, read = ("application/xml", self._from_xml) if as_xml else ("application/json", self._from_json)
            records = asker.get(_PATH, parameters, accept, read)
        yield Page(records)

    def _from_json(self, body: bytes) -> list[dict[str, object]]:
        name = self.connection.name
        try:
            answer = parse_json(body, self.connection.api_key)
        except ValueError as error:
            raise wrong_shape(name, f"{self.title} answered with {error}") from None
        if isinstance(answer, dict):
            raise wrong_shape(name, f"{self.title}'s answer is no list but an object; it has: {keys_seen(answer)}")
        if not isinstance(answer, list) or not all(isinstance(record, dict) for record in answer):
            raise wrong_shape(name, f"{self.title}'s answer is no list of records")
        return answer

    def _from_xml(self, body: bytes) -> list[dict[str, object]]:
        from defusedxml import DefusedXmlException  # noqa: PLC0415 - for connections that ask for XML only
        from defusedxml.ElementTree import ParseError, fromstring  # noqa: PLC0415

        name = self.connection.name
        if not body.strip():
            raise wrong_shape(name, f"{self.title} answered with an empty answer")
        try:
            root: Element = fromstring(body, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError):
            said = "a web page (HTML)" if b"<html" in body[:2000].lower() else "XML that was cut off, or no XML"
            raise wrong_shape(name, f"{self.title} answered with {said}") from None
        if _local(root) != "InvoiceArray" or any(_local(child) != "Invoice" for child in root):
            inside = ", ".join(sorted({_local(child) for child in root})[:30])
            raise wrong_shape(name, f"{self.title}'s answer is no InvoiceArray but {_local(root)[:40]} with: {inside}")
        return [self._record(child) for child in root]

    def _record(self, invoice: "Element") -> dict[str, object]:
        record: dict[str, object] = {}
        for child in invoice:
            name = _local(child)
            if name in record or len(child):
                raise wrong_shape(
                    self.connection.name, f"an Invoice of {self.title} has more than one value in {name[:40]}"
                )
            text = blanked((child.text or "").strip(), self.connection.api_key)
            record[name] = None if text in {"", "null"} else text
        return record


def _local(element: "Element") -> str:
    """The name without its namespace, which differs between the pages of the document."""
    return element.tag.rpartition("}")[2]


def _add_up(row: Record, net: Decimal | None, gst: Decimal | None, total: Decimal | None) -> None:
    if net is None or total is None or any(one.code == "amount-unreadable" for one in row.troubles):
        return
    tax = gst or Decimal(0)
    if net + tax != total:
        row.trouble("totals-differ", f"SubTotal {net} and GST {tax} add up to {net + tax}, and Total is {total}")
