"""One source: one small read, what it holds, and who else may post it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from connector.doctor.check import Check, fault, note, ok
from connector.errors import ConnectorError, SignInNeeded
from connector.invoice import Trouble
from connector.settings import Settings, SourceSettings
from connector.sources.reading import keys_seen
from connector.sources.registry import source_type
from connector.sources.source import Page, Source, Window, doubles_of
from connector.state.clock import utc_now
from connector.sync.pulling import connection_to, with_origin

__all__ = ["checks"]

_DAYS: Final = timedelta(days=90)
_ROWS: Final = 10
"""Asked for in one request; a source without pages gives all that it has of these days."""


def checks(settings: Settings, source: SourceSettings) -> Iterator[Check]:
    """What a request for the newest invoices came to, then what else posts them."""
    found = source_type(source.type)
    today = utc_now().date()
    window = Window(today - _DAYS, today)
    try:
        connection = replace(connection_to(settings, source), page_size=_ROWS)
        page = _page(found(connection), window)
        yield from _described(found, source, page, window)
    except ConnectorError as error:
        refused = with_origin(settings, source.name, error) if isinstance(error, SignInNeeded) else error
        yield replace(fault(source.name, found.title, refused), source=source.name)
    doubles = doubles_of(found)
    if doubles is not None:
        yield note(source.name, "other tools", doubles.what, doubles.remedy, code="posted-by-others")


def _page(source: Source, window: Window) -> Page:
    return next(source.pages(window), Page(()))


def _described(found: type[Source], source: SourceSettings, page: Page, window: Window) -> Iterator[Check]:
    name, records = source.name, page.records
    invoices = [found.read(record, source=name, currency=source.currency) for record in records]
    count = len(records) if page.total is None else page.total
    noun = "invoice" if count == 1 else "invoices"
    yield ok(name, found.title, f"answers; {count:,} {noun} dated {window.first} to {window.last}")
    if records:
        yield from _keys(found, name, records)
    troubles = [trouble for invoice in invoices for trouble in invoice.troubles]
    counted = Counter(trouble.code for trouble in troubles)
    for trouble in {each.code: each for each in reversed(troubles)}.values():
        yield _troubled(name, trouble, counted[trouble.code], len(records))


def _keys(found: type[Source], name: str, records: Sequence[Mapping[str, object]]) -> Iterator[Check]:
    """The names that the records have, and those that nobody reads."""
    seen = {key: None for record in records for key in record}
    yield ok(name, "keys", keys_seen(seen))
    further = {key: None for key in seen if key not in {field.name for field in found.fields}}
    if further:
        what = f"the records hold more than the connector knows: {keys_seen(further)}"
        yield note(name, "keys", what, "nothing has to be done: it is kept with the invoice and not read", "nobody")


def _troubled(name: str, trouble: Trouble, count: int, of: int) -> Check:
    what = f"{count} of {of} looked at would be held: {trouble.reason}"
    return note(name, "invoices", what, trouble.remedy, "finance", trouble.code)
