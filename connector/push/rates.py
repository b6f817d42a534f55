"""QuickBooks' own exchange rates: many days in one metered read where it answers that, one by one where not."""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from connector.document import Document
from connector.errors import AnswerUnreadable
from connector.invoice import Trouble
from connector.quickbooks.names import Names
from connector.quickbooks.transport import PAGE, Company

__all__ = ["Rates"]

_Day = tuple[str, datetime.date]


class Rates:
    """
    The rates of one run, each read once.

    They are not kept for the next: a person may correct the rate of any day in QuickBooks.
    """

    def __init__(self, company: Company, names: Names) -> None:
        self._company = company
        self._names = names
        self._known: dict[_Day, Decimal | Trouble] = {}
        self._answers_queries = True

    def of(self, document: Document) -> Decimal | Trouble | None:
        """The rate of the document's day, or why it cannot be had; None in the home currency."""
        if not self._foreign(document):
            return None
        day = (document.currency, document.date)
        if day not in self._known:
            self._known[day] = self._read(*day)
        return self._known[day]

    def learn(self, documents: Iterable[Document]) -> None:
        """Read ahead what these documents will ask for."""
        wanted = {(each.currency, each.date) for each in documents if self._foreign(each)} - self._known.keys()
        if len(wanted) < 2 or not self._answers_queries:
            return
        currencies = sorted({currency for currency, _ in wanted})
        for first, last in _spans(sorted({date for _, date in wanted}), PAGE // len(currencies)):
            try:
                self._known |= self._company.exchange_rates(currencies, first, last)
            except AnswerUnreadable:  # Intuit documents this query for one day alone
                break
        # Where it shows only the days on which somebody set a rate, asking again shows no more.
        self._answers_queries = bool(wanted & self._known.keys())

    def _foreign(self, document: Document) -> bool:
        """A foreign bill without a rate may be booked one to one."""
        facts = self._names.facts
        return facts.multicurrency and document.currency != facts.home_currency

    def _read(self, currency: str, date: datetime.date) -> Decimal | Trouble:
        try:
            return self._company.exchange_rate(currency, date)
        except AnswerUnreadable as error:
            return Trouble(
                "rate-missing",
                f"QuickBooks gives no exchange rate for {currency} on {date}: {error.what}",
                f"add {currency} in QuickBooks under Settings > Currencies",
            )


def _spans(dates: Sequence[datetime.date], most: int) -> Iterator[tuple[datetime.date, datetime.date]]:
    """Spans around these sorted dates, each of as many days as a page holds: a full one costs no more."""
    length = datetime.timedelta(days=most - 1 if len(dates) > 1 else 0)
    last = datetime.date.min
    for date in dates:
        if date > last:
            last = date + length
            yield date, last
