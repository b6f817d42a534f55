"""``connector preview``: one invoice, the mapping as it stands, and the bill that it would become; nothing is sent."""

import json
import re
import stat
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from connector.cli.context import current
from connector.cli.look import found_invoices, kept_state
from connector.cli.sync import company_name
from connector.errors import ConnectorError, WrongUse

if TYPE_CHECKING:
    from connector.invoice import Invoice
    from connector.report.trace import Decider
    from connector.settings import Settings, SourceSettings

    _Looked = tuple[SourceSettings, Invoice, dict[str, Any], dict[str, Any] | None]
    """Whose it is, the invoice, its record, and why it waits, where it does."""

__all__ = ["preview"]

_LARGEST: Final = 1024 * 1024
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_-]+")


def preview(
    ctx: typer.Context,
    what: Annotated[
        str, typer.Argument(metavar="INVOICE|FILE", help="An invoice already seen, or a JSON file with one record.")
    ],
    source: Annotated[
        str | None, typer.Option("--source", metavar="NAME", help="Whose record the file is, where there are several.")
    ] = None,
    save: Annotated[
        bool, typer.Option("--save", help="Make it an example of the mapping: a record beside it, and what comes out.")
    ] = False,
) -> None:
    from connector.report.preview import preview_data  # noqa: PLC0415 - brings what only this command needs
    from connector.report.preview_text import show_preview  # noqa: PLC0415 - as above

    context = current(ctx)
    settings = context.load_settings()
    from_file = what.endswith(".json")
    ours, invoice, record, stands = _from_file(settings, what, source) if from_file else _seen(settings, what)
    decider, failing = edited(settings, ours)
    data = preview_data(decider, invoice) | {"stands": stands}
    saved = _save(settings, ours, invoice, record) if save else None
    if context.json:
        beside = {"examples_failing": failing, "saved": saved, "problems": []}
        context.emit({"schema": "connector/preview/1", **data, **beside})
        return
    show_preview(context.console, data)
    for line in failing_lines(failing):
        context.show(line)
    if saved:
        context.show(f"\n Saved: {' and '.join(saved)}. Next: connector check")
    else:
        waits = data["outcome"] is not None or stands is not None
        step = "do what it says behind the =, then: connector sync" if waits else "connector diff"
        context.show(f"\n Next: {'connector check' if failing else step}")


def edited(settings: "Settings", ours: "SourceSettings") -> "tuple[Decider, int]":
    """
    A source's mapping as it stands in its file, and how many of its examples come out otherwise.

    Raises:
        MappingInvalid: It has faults other than these.
    """
    from connector.report.trace import current_decider  # noqa: PLC0415 - as above
    from connector.sync.pulling import mapping_of  # noqa: PLC0415 - as above

    mapping = mapping_of(settings, ours, examples=False)
    return current_decider(mapping), len({fault.place.line for fault in mapping.run_examples()})


def failing_lines(count: int) -> list[str]:
    """What it means that examples fail; nothing where none does."""
    if not count:
        return []
    told = "1 expectation of an example fails" if count == 1 else f"{count} expectations of examples fail"
    return [f"\n {told}: until they fit, a sync leaves this source alone (connector check shows them)"]


def _seen(settings: "Settings", text: str) -> "_Looked":
    """An invoice as its source last said it, and what the last sync left it for."""
    from connector.report.why import Lives  # noqa: PLC0415 - as above
    from connector.sources.registry import source_type  # noqa: PLC0415 - as above
    from connector.state.data import invoice_of  # noqa: PLC0415 - as above

    with kept_state(settings) as state:
        if state is None:
            raise _unknown("nothing has been read yet", "run first: connector sync, or name a JSON file")
        lives = Lives(settings, state, company_name(settings, state), source_type)
        found = found_invoices(settings, state, lives, text)
        if len(found) > 1:
            named = " or ".join(f"{source}:{invoice}" for source, invoice in found)
            raise _unknown(f'"{text}" may mean several invoices', f"write {named}")
        ((name, invoice),) = found
        row = state.invoice(settings.quickbooks.realm_id, name, invoice)
    if row is None:
        raise _unknown(f"no record of {name}:{invoice} is kept", "run first: connector sync")
    if name not in settings.sources:
        raise _unknown(f"the settings have no source {name} any more", "name a JSON file, and --source")
    waits = {"state": row.state, "code": row.code, "reason": (row.reason or "").splitlines(), "remedy": row.remedy}
    stands = waits if row.state in ("held", "blocked") else None
    return settings.sources[name], invoice_of(row.fields, row.raw), row.raw, stands


def _from_file(settings: "Settings", name: str, source: str | None) -> "_Looked":
    """A record as its source sends it, from a file."""
    from connector.sources.registry import source_type  # noqa: PLC0415 - as above

    if source is not None and source not in settings.sources:
        raise _unknown_source(settings, source)
    try:
        data = Path(name).read_bytes()
        record = json.loads(data.decode("utf-8-sig") if len(data) <= _LARGEST else "", parse_float=Decimal)
    except (OSError, ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise _unknown(f"{name} does not hold one invoice as JSON", "write one record there as its source sends it")
    asked = [settings.sources[source]] if source is not None else list(settings.sources.values())
    taken: list[tuple[SourceSettings, Invoice]] = []
    refused: list[ConnectorError] = []
    for ours in asked:
        try:
            read = source_type(ours.type).read(record, source=ours.name, currency=ours.currency)
            taken.append((ours, read))
        except ConnectorError as error:
            refused.append(error)
    if not taken:
        raise refused[0] if len(refused) == 1 else _of_none(name, refused)
    if len(taken) > 1:
        raise _of_several(name, [ours.name for ours, _ in taken])
    ((ours, invoice),) = taken
    return ours, invoice, dict(invoice.raw), None


def _save(settings: "Settings", ours: "SourceSettings", invoice: "Invoice", record: dict[str, Any]) -> list[str]:
    """
    Write the record beside the mapping, and what comes out of it into the mapping; both files as people see them.

    The mapping is replaced last, and only where it has no faults with its new example.
    """
    from connector.mapping import MappingFaults  # noqa: PLC0415 - as above
    from connector.mapping.new_example import with_example  # noqa: PLC0415 - as above
    from connector.report.whole_file import whole_file  # noqa: PLC0415 - as above
    from connector.sync.pulling import mapping_of  # noqa: PLC0415 - as above

    mapping = mapping_of(settings, ours)
    given = f"examples/{_NOT_IN_NAMES.sub('-', f'{ours.type}-{invoice.id}')[:100]}.json"
    text = with_example(mapping.text, f"{mapping.title} invoice {invoice.id}", given, mapping.apply(invoice))
    file, folder = ours.mapping.parent / given, Path(mapping.path).parent
    if text is None:
        raise _unsaved(f"the examples of {mapping.path} stand in [ ]", "write them one below the other, each with a -")
    file.parent.mkdir(exist_ok=True)
    try:
        with file.open("x", encoding="utf-8") as kept:
            kept.write(json.dumps(record, indent=2, ensure_ascii=False) + "\n")
    except FileExistsError:
        remedy = "to renew it, delete it there and in the mapping first"
        raise _unsaved(f"{folder / given} is an example already", remedy) from None
    try:
        with whole_file(ours.mapping) as part:
            mark = b"\xef\xbb\xbf" if ours.mapping.read_bytes().startswith(b"\xef\xbb\xbf") else b""
            part.write_bytes(mark + text.encode())
            part.chmod(stat.S_IMODE(ours.mapping.stat().st_mode))
            mapping_of(settings, ours, part)
    except MappingFaults as error:
        file.unlink()
        raise _unsaved(f"with this example {mapping.path} would have faults", error.faults[0].what) from None
    except BaseException:
        file.unlink()
        raise
    return [str(folder / given), mapping.path]


def _unknown(what: str, remedy: str) -> WrongUse:
    return WrongUse(what, code="invoice-unknown", remedy=remedy)


def _unknown_source(settings: "Settings", source: str) -> WrongUse:
    named = ", ".join(settings.sources)
    return WrongUse(f"there is no source {source}", code="source-unknown", remedy=f"write --source and one of: {named}")


def _of_several(name: str, sources: list[str]) -> WrongUse:
    what = f"{name} may be a record of {' or of '.join(sources)}"
    remedy = f"say whose it is: connector preview {name} --source {sources[0]}"
    return WrongUse(what, code="record-of-several", remedy=remedy)


def _of_none(name: str, refused: list[ConnectorError]) -> WrongUse:
    what = "\n".join([f"{name} is a record of no source", *(f"   {error.what}" for error in refused)])
    return WrongUse(what, code="record-of-none", remedy="write one record there as its source sends it")


def _unsaved(what: str, remedy: str) -> WrongUse:
    return WrongUse(what, code="example-not-saved", remedy=remedy)
