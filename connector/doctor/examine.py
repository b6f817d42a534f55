"""All checks, each area for itself."""

from collections.abc import Callable, Iterable, Iterator

from connector.doctor import books, files, memory, notices, rules, services
from connector.doctor.check import Check, fault
from connector.doctor.clock import Clock
from connector.errors import ConnectorError
from connector.settings import Settings

__all__ = ["examine"]

_OUR_FAULT = 1


def examine(
    settings: Settings, *, tell: Callable[[str], None], keep_trace: Callable[[Exception], str], trial: str | None
) -> list[Check]:
    """
    Every check, in the order in which people read them.

    Args:
        settings: Whose.
        tell: Called with one line before what takes its time.
        keep_trace: Called with an error that nobody foresaw; says where its trace is.
        trial: The command that sends a test notice; None where this version sends none.
    """

    def looked(area: str, found: Iterable[Check]) -> list[Check]:
        return list(_guarded(area, found, keep_trace))

    clock = Clock()
    listened = settings.heard_by(clock.heard)
    mappings = rules.Loaded(settings)
    here = [
        *looked("files", files.checks(settings)),
        *looked("mappings", mappings.checks()),
        *looked("state", memory.checks(settings, tell)),
    ]
    away = []
    for name, source in settings.sources.items():
        tell(f"reading {name}")
        away += looked(name, services.checks(listened, source))
    tell("reading QuickBooks")
    away += looked("QuickBooks", books.checks(listened, mappings.loaded))
    # By now the servers have said what time it is.
    return [
        *here,
        *looked("clock", clock.checks()),
        *away,
        *looked("notices", notices.checks(settings, trial)),
    ]


def _guarded(area: str, found: Iterable[Check], keep_trace: Callable[[Exception], str]) -> Iterator[Check]:
    """What an area found, and whatever ended it as one more check."""
    try:
        yield from found
    except Exception as error:  # noqa: BLE001 - a bug in one area is told, and the others are looked at
        if isinstance(error, ConnectorError) and error.exit_code != _OUR_FAULT:
            yield fault(area, area, error)
            return
        what = f"{type(error).__name__}: {error}".splitlines()[0][:300]
        remedy = f"report it with the trace: {keep_trace(error)}"
        yield Check(area, area, "fault", what, remedy, "us", "our-fault", _OUR_FAULT)
