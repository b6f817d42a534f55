"""``connector init``: a few questions, then the settings, first mappings, and a look whether all is ready."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from connector.cli.context import Context, current
from connector.cli.first_files import WrittenAnswers, copy_mapping, exists, variable, write_settings
from connector.errors import SettingsInvalid, WrongUse

__all__ = ["init"]

_TIMEOUT: Final = 130.0  # seconds; of settings that cannot be read yet


def init(  # noqa: PLR0917 - Typer hands them over by name
    ctx: typer.Context,
    environment: Annotated[
        str | None, typer.Option("--environment", metavar="WORD", help="sandbox (the default) or production.")
    ] = None,
    realm_id: Annotated[
        str | None, typer.Option("--realm-id", metavar="DIGITS", help="The company's id in QuickBooks.")
    ] = None,
    client_id: Annotated[
        str | None,
        typer.Option(
            "--client-id", metavar="TEXT", help="Of your app at developer.intuit.com; secrets are never options."
        ),
    ] = None,
    sources: Annotated[
        list[str] | None, typer.Option("--source", metavar="NAME", help="cake or commission_factory; repeat.")
    ] = None,
    base_urls: Annotated[
        list[str] | None,
        typer.Option("--base-url", metavar="[NAME=]URL", help="Where a source answers: your own address of CAKE."),
    ] = None,
    currency: Annotated[
        str | None, typer.Option("--currency", metavar="ISO", help="What a bare $ of CAKE means, such as USD.")
    ] = None,
    start_date: Annotated[
        str | None,
        typer.Option(
            "--start-date", metavar="DATE", help="Nothing dated earlier is ever posted; else the first of this month."
        ),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="Write there; else in the working directory.")
    ] = None,
    systemd: Annotated[
        bool, typer.Option("--systemd", metavar="", help="Write nothing; print a unit file for systemd.")
    ] = False,
) -> None:
    context = current(ctx)
    path = _target(context, folder)
    if systemd:
        _print_unit(context, path)
        return
    if path.exists():
        raise exists(path)
    from connector.cli.interview import Given, interview  # noqa: PLC0415 - brings pydantic
    from connector.state.clock import utc_now  # noqa: PLC0415 - brings the state

    given = Given(environment, realm_id, client_id, sources or (), base_urls or (), currency, start_date)
    answers = interview(context, given, utc_now().date())
    written: list[Path] = []
    kept: list[Path] = []
    for source in answers.sources:
        made, there = copy_mapping(source.kind, path.absolute().parent / "mappings")
        written, kept = [*written, *made], [*kept, *there]
    write_settings(path, answers)
    context.path = path
    _finish(context, answers, written, kept)


def _target(context: Context, folder: Path | None) -> Path:
    """The settings file to write: that of --config, or of --folder; else where every command looks for it."""
    if context.path is not None and folder is not None:
        raise WrongUse("--config and --folder contradict", code="options-contradict", remedy="leave one of them out")
    if folder is not None:
        return folder / "connector.toml"
    return context.path or Path(os.environ.get("CONNECTOR_CONFIG") or "connector.toml")


def _print_unit(context: Context, path: Path) -> None:
    from connector.cli.unit_file import unit_file  # noqa: PLC0415 - seldom wanted

    context.path = path
    folders: tuple[Path, ...] = ()
    timeout = _TIMEOUT
    try:
        settings = context.load_settings()
    except SettingsInvalid:
        context.say(f"{path} cannot be read yet: the unit is for a state beside it")
    else:
        folders = (settings.state.path.parent, settings.state.key_file.parent)
        timeout = settings.quickbooks.timeout
    unit = unit_file(path, folders, timeout)
    if context.json:
        context.emit({"schema": "connector/init/1", "unit": unit, "problems": []})
    else:
        typer.echo(unit, nl=False)


def _finish(context: Context, answers: WrittenAnswers, written: list[Path], kept: list[Path]) -> None:
    """Say what was written and what is still to be set, then look whether all is ready."""
    from connector.cli.checks import as_document, looked, show_checks  # noqa: PLC0415 - brings every room

    path = context.path or Path("connector.toml")
    if not context.json:
        context.show(f"\nWritten: {path} (mode 0600: it is yours alone)")
        for word, files in (("Written", written), ("Left as they are", kept)):
            if files:
                context.show(f"{word}: {_listed(files, path)}")
        for key in answers.left_out:
            file = key.replace(".", "__")
            context.show(f"Left out: {key}; set {variable(key)}, or a file {file} in the folder CONNECTOR_SECRETS_DIR")
        context.show("")
    settings, checks = looked(context)
    if context.json:
        beside = {"path": str(path), "written": list(map(str, written)), "kept": list(map(str, kept))}
        document = as_document(settings, checks)
        context.emit({**document, "schema": "connector/init/1", **beside, "left_out": answers.left_out})
    else:
        show_checks(context, checks, whole=settings is not None)


def _listed(files: list[Path], settings: Path) -> str:
    """The forms and tables by name; of examples there are many, and nobody begins with them."""
    names = [file.relative_to(settings.absolute().parent).as_posix() for file in files]
    shown = [name for name in names if "examples/" not in name]
    examples = len(names) - len(shown)
    return ", ".join([*shown, f"{examples} examples"] if examples else shown)
