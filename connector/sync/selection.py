"""What a run is about: which sources, which invoices, which dates; and how far back each source is read."""

import datetime
import re
from dataclasses import dataclass, field
from typing import Final

from connector.errors import WrongUse
from connector.invoice import Invoice
from connector.settings import Settings, SourceSettings
from connector.sources.source import Window
from connector.state.store import State

__all__ = ["EVERYTHING", "WIDER", "Choices", "Selection", "month_of", "pull_window", "since_of"]

WIDER: Final = datetime.timedelta(days=45)
"""Which date a source filters by is not always known, so more is asked for on both sides than is needed."""
_DAY: Final = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Selection:
    """
    What a person asked for; by default everything that is due.

    Args:
        sources: Connections by name; empty: all.
        invoices: Source's id, ``source:id`` or our number; empty: all.
        first: With ``last``: only invoices dated in between, both included.
    """

    sources: tuple[str, ...] = ()
    invoices: tuple[str, ...] = ()
    first: datetime.date | None = None
    last: datetime.date | None = None

    @property
    def everything(self) -> bool:
        """Whether whole sources are read; only then does a pull count as their last one."""
        return not self.invoices and self.first is None and self.last is None

    def sources_in(self, settings: Settings) -> dict[str, SourceSettings]:
        """
        The chosen connections of the settings.

        Raises:
            WrongUse: The settings have no connection of a name.
        """
        for name in self.sources:
            if name not in settings.sources:
                raise WrongUse(
                    f'there is no source "{name}"',
                    code="source-unknown",
                    remedy=f"the settings have: {', '.join(settings.sources) or 'none'}",
                )
        return {name: each for name, each in settings.sources.items() if not self.sources or name in self.sources}

    def holds(self, invoice: Invoice, number: str | None) -> bool:
        """Whether an invoice is meant; ``number`` is the one its bill would have."""
        if self.first is not None and (invoice.date is None or invoice.date < self.first):
            return False
        if self.last is not None and (invoice.date is None or invoice.date > self.last):
            return False
        names = {invoice.id, f"{invoice.source}:{invoice.id}", number}
        return not self.invoices or bool(names & set(self.invoices))


EVERYTHING: Final = Selection()


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person chose beside the selection."""

    selection: Selection = field(default_factory=Selection)
    retry_refused: bool = False
    wait: bool = False
    rewrite: bool = False
    """What stands in QuickBooks, unpaid and unedited and in open books, is brought to the mapping as it is now."""
    everything: bool = False
    """Unchanged documents are shown too."""

    @property
    def looks_at_all(self) -> bool:
        """Whether even what stands as it was is read."""
        return self.everything or self.rewrite or not self.selection.everything


def month_of(text: str) -> tuple[datetime.date, datetime.date]:
    """
    The first and the last day of a month written ``2026-10``.

    Raises:
        WrongUse: It is not written so.
    """
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text, re.ASCII)
    if not found or int(found[1]) < 1:
        raise WrongUse(f'"{text}" is no month', code="period-invalid", remedy="write it like 2026-10")
    first = datetime.date(int(found[1]), int(found[2]), 1)
    after = (first.replace(day=28) + 4 * _DAY).replace(day=1)
    return first, after - _DAY


def since_of(text: str, today: datetime.date) -> datetime.date:
    """
    The first day that ``--since`` means: a date, ``30d`` or ``last-month``.

    Raises:
        WrongUse: It is none of these.
    """
    if text == "last-month":
        return (today.replace(day=1) - _DAY).replace(day=1)
    if re.fullmatch(r"\d{1,4}d", text, re.ASCII):
        return today - int(text[:-1]) * _DAY
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise WrongUse(
            f'"{text}" says no day', code="since-invalid", remedy="write a date (2026-10-01), 30d or last-month"
        ) from None


def pull_window(
    state: State, company: str, name: str, source: SourceSettings, selection: Selection, today: datetime.date
) -> Window:
    """
    The dates to ask a source for.

    No source can say what changed, so every pull reads again: from the last complete one, or the oldest open document
    if that is older, less the lookback, and never from before the start date; widened on both sides.
    """
    if selection.first is not None:
        first = max(selection.first, source.start_date)
        last = selection.last or today + _DAY
        return Window(first - WIDER, max(first, last) + WIDER)
    first = source.start_date
    pulled = state.last_complete_pull(company, name)
    if pulled is not None:
        known = min(pulled.began.date(), state.oldest_open_document_date(company, name) or datetime.date.max)
        first = max(first, known - source.lookback)
    return Window(first - WIDER, today + _DAY + WIDER)
