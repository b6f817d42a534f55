"""``connector diff``: the mappings as they stand beside those of the last run, over the invoices already seen."""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from connector.cli.context import current
from connector.cli.look import kept_state
from connector.cli.preview import edited, failing_lines
from connector.errors import WrongUse

if TYPE_CHECKING:
    from connector.invoice import Invoice
    from connector.report.trace import Decider
    from connector.settings import Settings, SourceSettings
    from connector.state.store import State

__all__ = ["diff"]

_DAYS: Final = "90d"
_SENT: Final = ("sent", "sending")


def diff(
    ctx: typer.Context,
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Connections; without any: all of them.")
    ] = None,
    since: Annotated[
        str, typer.Option("--since", metavar="30d|DATE", help="Invoices dated since; else of the last 90 days.")
    ] = _DAYS,
    everything: Annotated[bool, typer.Option("--all", help="Every invoice that was ever seen.")] = False,
) -> None:
    from connector.report.mapping_diff import compare  # noqa: PLC0415 - brings what only this command needs
    from connector.report.mapping_diff_text import difference_data, show_difference  # noqa: PLC0415 - as above
    from connector.state.clock import utc_now  # noqa: PLC0415 - as above
    from connector.sync.selection import Selection, since_of  # noqa: PLC0415 - as above

    context = current(ctx)
    settings = context.load_settings()
    chosen = Selection(sources=tuple(sources or ())).sources_in(settings)
    first = None if everything else since_of(since, utc_now().date())
    told = []
    with kept_state(settings) as state:
        if state is None:
            raise _nothing("nothing has been read yet")
        for name, ours in chosen.items():
            before, (after, failing) = _as_used(settings, state, ours), edited(settings, ours)
            same = before.version == after.version
            difference = compare(
                before, after, () if same else _invoices(settings, state, name, first), _there(settings, state, name)
            )
            told.append(_told(name, first, before, after, difference_data(difference)))
            told[-1]["examples_failing"] = failing
            if not context.json:
                show_difference(context.console, told[-1], difference)
    if context.json:
        context.emit({"schema": "connector/diff/1", "sources": told, "problems": []})
    else:
        failing = sum(each["examples_failing"] for each in told)
        for line in failing_lines(failing):
            context.show(line)
        context.show(f"\n Next: connector {'check' if failing else 'plan'}")


def _told(name: str, first: date | None, before: "Decider", after: "Decider", data: dict[str, Any]) -> dict[str, Any]:
    mapping = {"path": after.path, "before": before.version, "after": after.version}
    return {"source": name, "since": first.isoformat() if first else None, "mapping": mapping, **data}


def _as_used(settings: "Settings", state: "State", ours: "SourceSettings") -> "Decider":
    """The mapping of the last run over this source, as the state kept it."""
    from connector.report.trace import stored_decider  # noqa: PLC0415 - as above
    from connector.sources.registry import source_type  # noqa: PLC0415 - as above

    version = state.last_mapping_version(settings.quickbooks.realm_id, ours.name)
    row = state.mapping_version(version) if version else None
    if row is None:
        raise _nothing(f"no run has used a mapping of {ours.name} yet")
    decider = stored_decider(row, source_type(ours.type))
    if decider is None:
        raise _nothing(f"the mapping that the last run used for {ours.name} cannot be read by this version")
    return decider


def _invoices(settings: "Settings", state: "State", name: str, first: date | None) -> "Iterator[Invoice]":
    from connector.state.data import invoice_of  # noqa: PLC0415 - as above

    for row in state.invoices(settings.quickbooks.realm_id, name, first=first):
        yield invoice_of(row.fields, row.raw)


def _there(settings: "Settings", state: "State", name: str) -> set[str]:
    """The invoices whose document is in QuickBooks, or on its way there."""
    return {each for ids in state.invoices_in_state(settings.quickbooks.realm_id, _SENT, name) for each in ids}


def _nothing(what: str) -> WrongUse:
    return WrongUse(what, code="nothing-to-compare", remedy="run first: connector sync; until then: connector preview")
