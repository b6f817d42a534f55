"""``connector auth``: the sign-in to QuickBooks."""

import datetime

import typer

from connector.cli.context import current
from connector.errors import SignInNeeded

__all__ = ["auth"]

auth = typer.Typer(no_args_is_help=True)


@auth.callback()
def _group() -> None:
    """Without a callback Typer would drop the name of the only command."""


@auth.command(help="Whether the connector is signed in, and for how long. Asks nobody.")
def status(ctx: typer.Context) -> None:
    from connector.company import connection, sign_in_of  # noqa: PLC0415 - brings the state and QuickBooks
    from connector.state.store import State  # noqa: PLC0415 - as above

    context = current(ctx)
    settings = context.load_settings()
    url = settings.state.url
    state = State.open(url, create=False) if State.exists(url) else State.empty()
    found = sign_in_of(settings, state, connection(settings)).status()
    waiting = not found.signed_in and settings.quickbooks.refresh_token is not None
    if not found.signed_in and not waiting:
        raise SignInNeeded(
            f"not signed in to company {found.realm_id} ({found.environment})",
            code="quickbooks-sign-in",
            remedy="set a refresh token as [quickbooks] refresh_token or CONNECTOR_QUICKBOOKS__REFRESH_TOKEN",
        )
    if context.json:
        context.emit(
            {
                "schema": "connector/auth/1",
                "signed_in": found.signed_in,
                "company": {"realm_id": found.realm_id, "environment": found.environment},
                "refreshed_at": _utc(found.refreshed_at),
                "refresh_expires_at": _utc(found.refresh_expires_at),
                "hard_expires_at": _utc(found.hard_expires_at),
                "days_left": found.days_left,
                "problems": [],
            }
        )
    elif waiting:
        context.show(
            f"Not signed in yet to company {found.realm_id} ({found.environment}).\n"
            f"The refresh token from {settings.origin('quickbooks.refresh_token')} will be used by the next run."
        )
    else:
        days = "" if found.days_left is None else f"; it ends in {found.days_left} days"
        context.show(
            f"Signed in to company {found.realm_id} ({found.environment}){days}.\n"
            f"Last refreshed {_utc(found.refreshed_at) or 'never'}."
        )


def _utc(time: datetime.datetime | None) -> str | None:
    return None if time is None else time.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
