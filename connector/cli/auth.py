"""``connector auth``: the sign-in to QuickBooks."""

from typing import TYPE_CHECKING, Any

import typer

from connector.cli.context import Context, current
from connector.cli.help_page import asked_page
from connector.errors import SignInNeeded

if TYPE_CHECKING:
    from connector.quickbooks.signin import SignInStatus
    from connector.report.run import CompanyName
    from connector.state.tables import RunRow

__all__ = ["auth"]

_SIGN_IN = 4  # how a run ends that QuickBooks did not let in

auth = typer.Typer(invoke_without_command=True)


@auth.callback()
def _group(ctx: typer.Context) -> None:
    """Alone it shows its help; without a callback Typer would drop the name of the only command."""
    if ctx.invoked_subcommand is None:
        typer.echo(asked_page(ctx.find_root().command, ["auth"]))


@auth.command(help="Whether the connector is signed in, and for how long. Asks nobody.")
def status(ctx: typer.Context) -> None:
    from connector.cli.sync import company_name, open_state  # noqa: PLC0415 - brings the state and QuickBooks
    from connector.sync.sign_in import sign_in_status  # noqa: PLC0415 - as above

    context = current(ctx)
    settings = context.load_settings()
    settings.require_client()  # without it nobody is signed in, whatever is kept
    with open_state(settings, create=False) as state:
        found = sign_in_status(settings, state)
        company = company_name(settings, state)
        last = next(iter(state.runs(1, settings.quickbooks.realm_id)), None)
    given = settings.quickbooks.refresh_token is not None
    origin = settings.origin("quickbooks.refresh_token") if given else None
    trouble = _met_by(last, found) if found.signed_in else _signed_out(found, origin)
    if context.json:
        context.emit(_document(found, company, origin, trouble))
    elif trouble is None or found.signed_in:
        _show(context, found, company, origin)
    if trouble is not None:
        raise trouble


def _signed_out(found: "SignInStatus", origin: str | None) -> SignInNeeded | None:
    """What is said where nobody is signed in; a refresh token that waits for its first use is as good as a sign-in."""
    ended = found.refreshed_at is not None
    if origin is not None and not ended:
        return None
    company = f"company {found.realm_id} ({found.environment})"
    what = (
        f"the sign-in to {company} has ended, last refreshed {_when(found)}" if ended else f"not signed in to {company}"
    )
    return SignInNeeded(
        what,
        code="quickbooks-sign-in",
        remedy="set a new refresh token as [quickbooks] refresh_token or CONNECTOR_QUICKBOOKS__REFRESH_TOKEN",
    )


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
    found: "SignInStatus", company: "CompanyName", origin: str | None, trouble: SignInNeeded | None
) -> dict[str, Any]:
    from connector.report.problems import problem_data  # noqa: PLC0415 - as above
    from connector.report.run import stamp  # noqa: PLC0415 - as above

    problems = [trouble.problem] if trouble else [found.warning] if found.warning else []
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
    name = f"{company['name']}, " if company["name"] else ""
    where = f"{name}company {found.realm_id} ({found.environment})"
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


def _when(found: "SignInStatus") -> str:
    return f"{found.refreshed_at:%Y-%m-%d %H:%M} UTC" if found.refreshed_at else "never"


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days:,} days"
