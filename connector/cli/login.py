"""
``connector auth login``: a person agrees at Intuit, in a browser here or anywhere, and comes back with a code.

The address that the browser is sent to is the one thing printed past the redactor: it holds a random word that is good
for this sign-in alone, and whoever signs in needs all of it.
"""

import getpass
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import typer

from connector.cli.context import Context, visible
from connector.errors import SignInNeeded, WrongUse
from connector.log import hide
from connector.quickbooks.callback import CameBack, read_callback
from connector.route import unsafe_in

if TYPE_CHECKING:
    from connector.quickbooks.signin import SignIn
    from connector.settings import Settings
    from connector.state.store import State

__all__ = ["PORT", "Login", "redirect_uri_of"]

PORT: Final = 8400
"""Fixed, because Intuit sends browsers to registered addresses only."""
_PATIENCE = 300.0
"""Seconds that a browser is waited for; Intuit's code is good for ten minutes."""
_CAME_BACK: Final = re.compile("[?&](code|realmId|error)=")


def redirect_uri_of(settings: "Settings", port: int, given: str | None, *, browser: bool) -> str:
    """
    Where Intuit is to send the browser back to.

    Raises:
        WrongUse: ``options-contradict``, or ``sign-in-redirect``: it is no address that Intuit takes.
    """
    if given is not None:
        if browser:
            raise WrongUse(
                "an address of --redirect-uri is not answered by this machine",
                code="options-contradict",
                remedy="add --no-browser, and paste where the browser ends",
            )
        if unsafe_in(given) is not None or "#" in given:
            raise WrongUse(
                "--redirect-uri is no address that Intuit may send a browser to",
                code="sign-in-redirect",
                remedy="write it as it is registered at developer.intuit.com: https://…, without a password or a #",
            )
        return given
    if settings.quickbooks.environment == "production":
        raise WrongUse(
            "with production keys Intuit sends no browser back to http://localhost",
            code="sign-in-redirect",
            remedy="register an https address of yours at developer.intuit.com (nothing has to answer there), then "
            "run: connector auth login --no-browser --redirect-uri https://…",
        )
    from connector.cli.browser import PATH  # noqa: PLC0415 - brings a web server

    return f"http://localhost:{port}{PATH}"


@dataclass(frozen=True, slots=True)
class Login:
    """One sign-in of one person, from the question at Intuit to what is kept; its `word` tells it from all others."""

    context: Context
    settings: "Settings"
    sign_in: "SignIn"
    redirect_uri: str
    word: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    def from_browser(self, port: int) -> CameBack:
        """
        Open the browser of this machine and wait until it comes back.

        Raises:
            WrongUse: ``sign-in-port``.
            SignInNeeded: Nobody came back in time, or without having agreed.
            ServiceDown: Intuit's sign-in service fails.
        """
        from connector.cli.browser import Callback, open_browser  # noqa: PLC0415 - brings a web server

        minutes = f"{_PATIENCE / 60:.0f} minutes"
        with self._nothing_kept(), Callback(port) as callback:
            address = self._announce("Your browser is being opened. If none appears, open this address on this machine")
            self.context.say(f"Waiting for {minutes}; Ctrl-C stops. On a server: connector auth login --no-browser")
            open_browser(address)
            answer = callback.wait(_PATIENCE)
        if answer is None:
            raise SignInNeeded(
                f"nobody came back from Intuit within {minutes}",
                code="sign-in-unanswered",
                remedy="run: connector auth login again; where Intuit showed an error, compare quickbooks.client_id "
                f"and the redirect URI {self.redirect_uri} with the app's at developer.intuit.com",
            )
        return self._read(answer)

    def pasted(self) -> CameBack:
        """
        Let a person open the address anywhere, and take the one that their browser ended at.

        Raises:
            WrongUse: ``sign-in-address``: nobody can be asked, or what came is none.
            SignInNeeded: They came back without having agreed.
            ServiceDown: Intuit's sign-in service fails.
        """
        asks = sys.stdin.isatty()
        if asks and not self.context.interactive:
            raise WrongUse(
                "the address to paste cannot be asked for",
                code="sign-in-address",
                remedy="leave --no-input and -qq out, or write the address into the command's standard input",
            )
        with self._nothing_kept():
            self._announce("Open this address in a browser, on any machine, and agree")
            self.context.say(
                "After that the browser shows an address with a code and a realmId in it, even if its page cannot be "
                "reached. Copy all of it."
            )
            answer = _asked() if asks else sys.stdin.readline()
        if not _CAME_BACK.search(answer):
            raise WrongUse(
                "that is not the address at which the browser ended",
                code="sign-in-address",
                remedy="run: connector auth login --no-browser again, and paste all of the browser's address bar",
            )
        return self._read(answer)

    def keep(self, came_back: CameBack, state: "State") -> None:
        """
        Exchange the code and keep the sign-in.

        Raises:
            SignInNeeded: It is another company than that of the settings, or Intuit refuses the code.
            ServiceDown: Intuit's sign-in service fails.
        """

        def name_of(company: str) -> str:
            return state.company_facts(company).name or ""

        with self._said_when_stopped("connector auth status tells whether anybody is signed in"):
            self.sign_in.log_in(came_back.code, self.redirect_uri, came_back.realm_id, name_of)

    def _announce(self, what_to_do: str) -> str:
        """Say what is about to happen; returns the address at Intuit."""
        hide(self.word)
        address = self.sign_in.authorize_url(self.redirect_uri, self.word)
        ours = self.settings.quickbooks
        self.context.say(
            f"Signing in to QuickBooks, company {ours.realm_id} ({ours.environment}).\n"
            f"Redirect URI, as the app's page at developer.intuit.com must list it: {self.redirect_uri}\n"
            f"{what_to_do}:"
        )
        typer.echo(f"\n  {visible(address)}\n", err=True)
        return address

    def _read(self, answer: str) -> CameBack:
        came_back = read_callback(answer, self.word)
        hide(came_back.code)
        return came_back

    def _nothing_kept(self) -> AbstractContextManager[None]:
        return self._said_when_stopped("nobody was signed in, and nothing was kept")

    @contextmanager
    def _said_when_stopped(self, what: str) -> Iterator[None]:
        try:
            yield
        except KeyboardInterrupt:
            self.context.say(f"\nStopped: {what}.")
            raise


def _asked() -> str:
    try:
        return getpass.getpass("Paste it here (it is not shown), then press Enter: ", stream=sys.stderr)
    except EOFError:
        return ""
