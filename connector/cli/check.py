"""``connector check``: mappings and tables read, and their examples run; nothing is sent, and --online signs in."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from connector.cli.check_words import Result, as_annotations, as_document, as_text, notes_in_order
from connector.cli.context import Context, current
from connector.cli.targets import Target, settings_for, targets
from connector.errors import ConnectorError, WrongUse

if TYPE_CHECKING:
    from connector.mapping import Fault, Mapping
    from connector.settings import Settings

__all__ = ["check"]

_INVALID = 3
_LOOK_EVERY: Final = 0.5
_MOST_INVOICES: Final = 10_000  # to read them takes most of a second, and a check is not waited for longer


def check(
    ctx: typer.Context,
    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SOURCE|FILE]...", help="Connections or mapping files; without any: all of them."),
    ] = None,
    online: Annotated[
        bool, typer.Option("--online", help="Compare every name with QuickBooks too: accounts, classes, vendors, …")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Check again whenever a mapping, a table or an example is saved.")
    ] = False,
    form: Annotated[
        Literal["text", "github"],
        typer.Option("--format", help="github: faults and notes as annotations of a pull request."),
    ] = "text",
) -> None:
    context = current(ctx)
    if context.json and (watch or form == "github"):
        other = "--watch" if watch else "--format github"
        raise WrongUse(f"--json and {other} contradict", code="options-contradict", remedy="leave one of them out")
    settings = settings_for(context, what or [])
    wanted = targets(settings, what or [])
    checking = _Checking(context, settings, wanted, online, form)
    if watch:
        checking.watch()
    elif code := checking.once():
        raise typer.Exit(code)


class _Checking:
    """The mappings to check, again and again with --watch."""

    def __init__(
        self, context: Context, settings: "Settings | None", wanted: list[Target], online: bool, form: str
    ) -> None:
        self._context = context
        self._settings = settings
        self._root = Path.cwd() if settings is None else settings.folder
        self._targets = wanted
        self._online = online
        self._form = form

    def once(self) -> int:
        """Check and show; the exit code."""
        results = [self._checked(target) for target in self._targets]
        trouble: ConnectorError | None = None
        if self._online:
            try:
                results = self._compared(results)
            except ConnectorError as error:
                trouble = error
        faults = list(dict.fromkeys(fault for result in results for fault in result.faults))
        if self._context.json:
            self._context.emit(as_document(results, faults, trouble))
        elif self._form == "github":
            self._context.show(as_annotations(faults, notes_in_order(results)))
        if not self._context.json:
            self._context.show(
                as_text(results, faults, whole=self._form == "text", online=self._online and not trouble)
            )
        if trouble is not None:
            if not self._context.json:
                self._context.say(f"error[{trouble.code}]: {trouble.what}\n   = {trouble.remedy}")
            return _INVALID if faults else trouble.exit_code
        return _INVALID if faults else 0

    def watch(self) -> None:
        """Check at once and after every change, until Ctrl-C."""
        while True:
            before = self._saved()
            self.once()
            self._context.show(f"-- {time.strftime('%H:%M:%S')}  waiting for the next change; Ctrl-C ends\n")
            while self._saved() == before:
                time.sleep(_LOOK_EVERY)

    def _saved(self) -> dict[Path, tuple[int, int]]:
        """When each file was saved and how large it is; those that are not there are left out."""
        from connector.mapping import files_of  # noqa: PLC0415 - only this command needs the language

        saved: dict[Path, tuple[int, int]] = {}
        for path in (each for target in self._targets for each in files_of(target.path)):
            try:
                found = path.stat()
            except OSError:
                continue
            saved[path] = found.st_mtime_ns, found.st_size
        return saved

    def _checked(self, target: Target) -> Result:
        from connector.mapping import MappingFaults, load  # noqa: PLC0415 - only this command needs them
        from connector.mapping.notes import notes_of  # noqa: PLC0415 - as above
        from connector.sources.registry import source_type  # noqa: PLC0415 - loads the source's own module

        shown = target.shown(self._root)
        try:
            mapping = load(target.path, source_type(target.type), root=self._root, currency=target.currency)
        except MappingFaults as error:
            return Result(target, shown, error.faults)
        return Result(target, shown, mapping=mapping, notes=(*notes_of(mapping), *self._unused(target, mapping)))

    def _unused(self, target: Target, mapping: "Mapping") -> "list[Fault]":
        """Rows that no invoice used, where a state knows invoices; a state that cannot be read hinders nothing."""
        if self._settings is None or target.connection is None or not mapping.tables:
            return []
        if not self._settings.state.path.is_file():
            return []
        from connector.doctor.memory import opened  # noqa: PLC0415 - brings the state, and only where there is one
        from connector.mapping.notes import rows_never_used  # noqa: PLC0415 - as above

        self._context.start_log()
        realm = self._settings.quickbooks.realm_id
        try:
            with opened(self._settings) as state:
                seen = () if state is None else _seen(state, realm, target.connection)
                return rows_never_used(mapping, seen, _MOST_INVOICES)
        except ConnectorError:
            return []

    def _compared(self, results: list[Result]) -> list[Result]:
        """The results with what QuickBooks says of every name of those that have no fault of their own."""
        from connector.cli.sync import open_state  # noqa: PLC0415 - brings the state and QuickBooks
        from connector.doctor.company_names import name_faults  # noqa: PLC0415 - as above
        from connector.sync.company import open_company  # noqa: PLC0415 - as above

        self._context.start_log()
        settings = self._context.load_settings()
        with open_state(settings, create=False) as state:
            opened = open_company(settings, state)
            with opened.company:
                return [
                    replace(result, faults=tuple(name_faults(result.mapping, opened.names)))
                    if result.mapping
                    else result
                    for result in results
                ]


def _seen(state: Any, realm: str, connection: str) -> Iterator[Any]:
    from connector.state.data import invoice_of  # noqa: PLC0415 - only where there is a state

    return (invoice_of(row.fields, row.raw) for row in state.invoices(realm, connection))
