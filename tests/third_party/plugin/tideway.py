"""Tideway, a source that somebody else wrote: payouts of an imaginary network, one page of JSON."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from connector.invoice import Field, Invoice
from connector.sources.reading import Record, blanked, parse_json, wrong_shape
from connector.sources.source import Connection, Page, Window


class Tideway:
    """Payouts of Tideway."""

    type: ClassVar[str] = "tideway"
    title: ClassVar[str] = "Tideway"
    id: ClassVar[str] = "payout"
    payee: ClassVar[str | None] = "partner"
    status: ClassVar[str] = "state"
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"region": ("eu", "us")}
    fields: ClassVar[tuple[Field, ...]] = (
        Field("payout", "text", "Tideway's id of the payout."),
        Field("partner", "text", "Who is paid."),
        Field("partner_name", "text", "The partner's name."),
        Field("day", "date", "The day of the payout."),
        Field("state", "text", "open or settled."),
        Field("sum", "number", "What is owed."),
        Field("currency", "text", "ISO 4217."),
    )

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @classmethod
    def read(cls, record: Mapping[str, object], *, source: str, currency: str | None = None) -> Invoice:
        row = Record(record, source, cls.title)
        row.need(("payout", "partner", "day", "state", "sum"))
        day, amount = row.date("day", needed=True), row.number("sum", needed=True)
        money = row.text("currency") or currency
        fields = {
            "payout": row.id("payout"),
            "partner": row.id("partner"),
            "partner_name": row.text("partner_name"),
            "day": day,
            "state": row.text("state"),
            "sum": amount,
            "currency": money,
        }
        return Invoice(
            source=source,
            id=row.id("payout") or "",
            fields=fields,
            raw=row.raw(),
            date=day,
            amount=amount,
            currency=money,
            payee=row.id("partner"),
            status=row.text("state"),
            paid=row.text("state") == "settled",
            troubles=tuple(row.troubles),
        )

    def pages(self, window: Window) -> Iterator[Page]:
        from connector.sources.http import Asker  # noqa: PLC0415 - a mapping's check needs no HTTP

        days = {"from": window.first.isoformat(), "to": window.last.isoformat()}
        with Asker(self.connection, self.title, key_hint="") as asker:
            params = {"key": self.connection.api_key, "region": self.connection.options.get("region", "eu"), **days}
            yield asker.get("/payouts", params, "application/json", self._page)

    def _page(self, body: bytes) -> Page:
        try:
            answer = blanked(parse_json(body), self.connection.api_key)
        except ValueError:
            raise wrong_shape(self.connection.name, "Tideway answered with something that is no JSON") from None
        if not isinstance(answer, dict) or not isinstance(answer.get("payouts"), list):
            raise wrong_shape(self.connection.name, "Tideway's answer has no list of payouts")
        rows = answer["payouts"]
        return Page(rows, len(rows))
