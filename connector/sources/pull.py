"""One pull of one source, whole or not at all: pages go to the spool as they come, the claimed total decides."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from connector.errors import ServiceDown
from connector.sources.source import Source, Window
from connector.sources.spool import Spool

__all__ = ["Pulled", "pull"]

_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class Pulled:
    """
    A whole pull.

    Args:
        source: The connection's name.
        window: What was asked for.
        count: Invoices in the spool, each id once.
        total: What the source claims to have; None where it claims nothing.
        pages: Answers read, those of given-up attempts included.
        began: When the pull that counts began, UTC.
    """

    source: str
    window: Window
    count: int
    total: int | None
    pages: int
    began: datetime


def pull(source: Source, window: Window, spool: Spool) -> Pulled:
    """
    Every invoice of the window into ``spool``, each id once; what the spool held of this source before is dropped.

    Where the total moves between pages, or ids do not add up to it, everything is pulled again, three times at most.

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
                spool.add(page.invoices)
                if len(totals) > 1:
                    break
            count = spool.count(name)
            total = next(iter(totals), None)
            if len(totals) > 1:
                why = "its total changed between two pages"
            elif total is not None and count != total:
                why = f"it says that there are {total} invoices and gave {count} different ones"
            else:
                return Pulled(name, window, count, total, pages, began)
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
