"""
One pull of one source, whole or not at all: pages go to the spool as they come, the claimed total decides.

No source can say what changed, so every pull reads everything again. What stands as it was is known by its mark, and
then not even read: of a hundred thousand invoices a usual pull looks at a handful.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from connector.errors import ServiceDown
from connector.invoice import Invoice
from connector.sources.source import Page, Source, Window
from connector.sources.spool import Spool

__all__ = ["Fresh", "Pulled", "pull"]

Fresh = Callable[[Mapping[str, str]], Collection[str]]
"""Of invoices by their marks, the ids of those that have to be decided about."""

_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class Pulled:
    """
    A whole pull.

    Args:
        source: The connection's name.
        window: What was asked for.
        count: Invoices, each id once.
        standing: How many of them stand as they were; the spool holds the others.
        total: What the source claims to have; None where it claims nothing.
        pages: Answers read, those of given-up attempts included.
        began: When the pull that counts began, UTC.
    """

    source: str
    window: Window
    count: int
    standing: int
    total: int | None
    pages: int
    began: datetime


def pull(source: Source, window: Window, spool: Spool, *, terms: str = "", fresh: Fresh | None = None) -> Pulled:
    """
    The invoices of the window into ``spool``, each id once; what the spool held of this source before is dropped.

    Where the total moves between pages, or ids do not add up to it, everything is pulled again, three times at most.

    Args:
        source: Where from.
        window: The invoice dates to ask for.
        spool: Where to.
        terms: What a decision hangs on beside the record; another text gives every invoice another mark.
        fresh: Which invoices have to be decided about; all unless told.

    Raises:
        ServiceDown: ``source-moving`` after three pulls; and whatever the source raises. The spool then holds nothing
            of this source.
    """
    name = source.connection.name
    pages = 0
    why = ""
    try:
        for _ in range(_ATTEMPTS):
            began = datetime.now(UTC)
            spool.clear(name)
            totals: set[int | None] = set()
            for page in source.pages(window):
                pages += 1
                totals.add(page.total)
                _keep(source, page, spool, terms, fresh)
                if len(totals) > 1:
                    break
            count = spool.count(name)
            total = next(iter(totals), None)
            if len(totals) > 1:
                why = "its total changed between two pages"
            elif total is not None and count != total:
                why = f"it says that there are {total} invoices and gave {count} different ones"
            else:
                return Pulled(name, window, count, spool.count(name, standing=True), total, pages, began)
    except BaseException:
        spool.clear(name)
        raise
    spool.clear(name)
    raise ServiceDown(
        f"{name}: {source.title} changes while it is read: {why}, {_ATTEMPTS} times in a row",
        code="source-moving",
        remedy="nothing was advanced; the next run tries again. If it stays, raise page_size until one page is enough",
        source=name,
    )


def _keep(source: Source, page: Page, spool: Spool, terms: str, fresh: Fresh | None) -> None:
    """Put a page away: of an invoice that stands its id alone."""
    name, currency = source.connection.name, source.connection.currency
    records = {_id(record.get(source.id)): record for record in page.records}
    unnamed = [record for record in page.records if _id(record.get(source.id)) is None]
    records.pop(None, None)
    marks = {id_: _mark(terms, record) for id_, record in records.items() if id_ is not None}
    chosen = marks if fresh is None else fresh(marks)
    spool.stand(name, [id_ for id_ in marks if id_ not in chosen] if len(chosen) < len(marks) else [])
    invoices: list[tuple[Invoice, str]] = []
    for record in [*(record for id_, record in records.items() if id_ in chosen), *unnamed]:
        invoice = source.read(record, source=name, currency=currency)
        invoices.append((invoice, marks.get(invoice.id, "") if records.get(invoice.id) is record else ""))
    spool.add(invoices)


def _id(value: object) -> str | None:
    """The id as every source reads it, where that is plain; else only reading the record can tell."""
    if isinstance(value, str):
        return value.strip() or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _mark(terms: str, record: Mapping[str, object]) -> str:
    """Equal for the same record under the same terms, on this version of Python at least; else it is read once more."""
    return sha256(f"{terms}{record!r}".encode(errors="surrogatepass")).hexdigest()
