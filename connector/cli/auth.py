"""``connector auth``: the sign-in to QuickBooks."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.cli.context import Context, current
from connector.cli.help_page import asked_page
from connector.cli.login import PORT, Login, redirect_uri_of
from connector.errors import ConnectorError, Problem, ServiceDown, SignInNeeded
from connector.quickbooks.remedy import SIGN_IN

if TYPE_CHECKING:
    from connector.quickbooks.signin import SignIn, SignInStatus
    from connector.report.run import CompanyName
    from connector.settings import Settings
    from connector.state.store import State
    from connector.state.tables import RunRow

__all__ = ["auth"]

_SIGN_IN = 4  # how a run ends that QuickBooks did not let in
_NOT_TOLD = ("quickbooks-down", "quickbooks-shape", "state-key")
"""With these Intuit did not say that it ended the sign-in."""

auth = typer.Typer(invoke_without_command=True)


@auth.callback()
def _group(ctx: typer.Context) -> None:
    """Alone it shows its help."""
    if ctx.invoked_subcommand is None:
        typer.echo(asked_page(ctx.find_root().command, ["auth"]))


@auth.command(help="Sign in: agree at Intuit in a browser, here or, with --no-browser, on any machine.")
def login(
    ctx: typer.Context,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address to open, and ask for the one it ends at.")
    ] = False,
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="Where the browser comes back to on this machine.")
    ] = PORT,
    redirect_uri: Annotated[
        str | None,
        typer.Option("--redirect-uri", metavar="ADDRESS", help="The app's https address; production keys need one."),
    ] = None,
) -> None:
    from connector.cli.sync import open_state  # noqa: PLC0415 - brings the state and QuickBooks
    from connector.sync.company import connection, read_name  # noqa: PLC0415 - as above
    from connector.sync.sign_in import sign_in_of  # noqa: PLC0415 - as above

    context = current(ctx)
    settings = context.load_settings()
    where = connection(settings)
    uri = redirect_uri_of(settings, port, redirect_uri, browser=not no_browser)
    with open_state(settings, create=True) as state:
        this = Login(context, settings, sign_in_of(settings, state, where), uri)
        this.keep(this.pasted() if no_browser else this.from_browser(port), state)
        trouble = None
        try:
            read_name(settings, state)
        except ConnectorError as error:
            trouble = error
        found, company, origin = _standing(settings, state)
    if context.json:
        context.emit(_document(found, company, origin, trouble.problem if trouble else None))
    else:
        _show(context, found, company, origin)
        context.show("Next: connector plan")
    if isinstance(trouble, ServiceDown) and not context.json:
        context.say(f"The company's name is not known yet: {trouble.what}.")
    elif trouble is not None and not isinstance(trouble, ServiceDown):
        raise trouble


@auth.command(help="Revoke the sign-in at Intuit and forget it here.")
def logout(
    ctx: typer.Context,
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Forget it here even where Intuit cannot be told.")] = False,
) -> None:
    from connector.cli.sync import open_state  # noqa: PLC0415 - brings the state and QuickBooks
    from connector.sync.company import connection  # noqa: PLC0415 - as above
    from connector.sync.sign_in import sign_in_of  # noqa: PLC0415 - as above

    context = current(ctx)
    settings = context.load_settings()
    where = connection(settings)
    with open_state(settings, create=False) as state:
        # The sign-in's own lock is enough: a run that writes just now is told by QuickBooks, and stops.
        known, told = _log_out(context, sign_in_of(settings, state, where), yes=yes)
        found, company, origin = _standing(settings, state)
    if context.json:
        context.emit(_document(found, company, origin, None) | {"revoked": known is True})
        return
    context.show(told.format(company=_company(found, company)))
    if origin is not None:
        context.show(f"The refresh token from {origin} is still there: the next run tries to sign in with it.")


def _log_out(context: Context, sign_in: "SignIn", *, yes: bool) -> tuple[bool | None, str]:
    """Whether Intuit ended the sign-in (None: there was none), and what to say."""
    try:
        known = sign_in.log_out()
    except (ServiceDown, SignInNeeded) as trouble:
        if trouble.code not in _NOT_TOLD:
            raise
        asks = context.interactive and not context.json
        if not yes and asks:
            context.say(f"{trouble.what}.")
            yes = typer.confirm("Forget the sign-in here, although Intuit was not told?", err=True)
        if not yes:
            remedy = "nothing was changed; run it again later, or with --yes to forget the sign-in here all the same"
            raise type(trouble)(trouble.what, code=trouble.code, remedy=remedy) from None
        sign_in.forget()
        return False, (
            "Forgot the sign-in to {company}. Intuit was not told: to end it there too, disconnect the app inside "
            "QuickBooks."
        )
    if known is None:
        return None, "Not signed in to {company}; nothing to do."
    if known:
        return True, "Signed out of {company}: Intuit ended the sign-in, and it is forgotten here."
    return False, "Forgot the sign-in to {company}: at Intuit it had ended already."


@auth.command(help="Whether the connector is signed in, and for how long. Asks nobody.")
def status(ctx: typer.Context) -> None:
    from connector.cli.sync import open_state  # noqa: PLC0415 - brings the state and QuickBooks

    context = current(ctx)
    settings = context.load_settings()
    settings.require_client()  # without it nobody is signed in, whatever is kept
    with open_state(settings, create=False) as state:
        found, company, origin = _standing(settings, state)
        last = next(iter(state.runs(1, settings.quickbooks.realm_id)), None)
    trouble = _met_by(last, found) if found.signed_in else _signed_out(found, origin)
    if context.json:
        context.emit(_document(found, company, origin, trouble.problem if trouble else None))
    elif trouble is None or found.signed_in:
        _show(context, found, company, origin)
    if trouble is not None:
        raise trouble


def _standing(settings: "Settings", state: "State") -> tuple["SignInStatus", "CompanyName", str | None]:
    """The sign-in, the company, and where a refresh token of the settings stands."""
    from connector.cli.sync import company_name  # noqa: PLC0415 - as above
    from connector.sync.sign_in import sign_in_status  # noqa: PLC0415 - as above

    given = settings.quickbooks.refresh_token is not None
    origin = settings.origin("quickbooks.refresh_token") if given else None
    return sign_in_status(settings, state), company_name(settings, state), origin


def _signed_out(found: "SignInStatus", origin: str | None) -> SignInNeeded | None:
    """What is said where nobody is signed in; a refresh token that waits for its first use is as good as a sign-in."""
    ended = found.refreshed_at is not None
    if origin is not None and not ended:
        return None
    company = f"company {found.realm_id} ({found.environment})"
    what = (
        f"the sign-in to {company} has ended, last refreshed {_when(found)}" if ended else f"not signed in to {company}"
    )
    return SignInNeeded(what, code="quickbooks-sign-in", remedy=SIGN_IN)


def _met_by(run: "RunRow | None", found: "SignInStatus") -> SignInNeeded | None:
    """What QuickBooks said to the last run; only a run can know it, and a later refresh makes it old."""
    if run is None or run.exit_code != _SIGN_IN or run.ended is None:
        return None
    if found.refreshed_at is not None and found.refreshed_at > run.ended:
        return None
    problem = next((each for each in run.problems or () if each.get("source") is None), None)
    if problem is None:
        return None  # it was a source's key
    what = f"{problem['what']}; so the last run was told, {run.ended:%Y-%m-%d %H:%M} UTC"
    return SignInNeeded(what, code=str(problem["code"]), remedy=f"{problem['remedy']}; then run: connector sync")


def _document(
    found: "SignInStatus", company: "CompanyName", origin: str | None, trouble: Problem | None
) -> dict[str, Any]:
    from connector.report.problems import problem_data  # noqa: PLC0415 - as above
    from connector.report.run import stamp  # noqa: PLC0415 - as above

    problems = [trouble] if trouble else [found.warning] if found.warning else []
    return {
        "schema": "connector/auth/1",
        "signed_in": found.signed_in,
        "company": company,
        "signed_in_since": stamp(found.created_at),
        "refreshed_at": stamp(found.refreshed_at),
        "refresh_expires_at": stamp(found.refresh_expires_at),
        "hard_expires_at": stamp(found.hard_expires_at),
        "days_left": found.days_left,
        "hard_days_left": found.hard_days_left,
        "token_waiting_in": origin if not found.signed_in and found.refreshed_at is None else None,
        "problems": [problem_data(problem) for problem in problems],
    }


def _show(context: Context, found: "SignInStatus", company: "CompanyName", origin: str | None) -> None:
    where = _company(found, company)
    if not found.signed_in:
        context.show(f"Not signed in yet to {where}.\nThe refresh token from {origin} will be used by the next run.")
        return
    context.show(f"Signed in to {where}.\nLast refreshed {_when(found)}; every sync refreshes it.")
    if found.days_left is not None:
        context.show(f"Without a run it ends in {_days(found.days_left)}.")
    if found.hard_expires_at is not None:
        last = found.hard_expires_at.date().isoformat()
        context.show(f"It ends for good on {last}, in {_days(found.hard_days_left or 0)}.")
    if found.warning is not None:
        context.show(f"Soon: {found.warning.what}.\nNext: {found.warning.remedy}.")


def _company(found: "SignInStatus", company: "CompanyName") -> str:
    name = f"{company['name']}, " if company["name"] else ""
    return f"{name}company {found.realm_id} ({found.environment})"


def _when(found: "SignInStatus") -> str:
    return f"{found.refreshed_at:%Y-%m-%d %H:%M} UTC" if found.refreshed_at else "never"


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days:,} days"
