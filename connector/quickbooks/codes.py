"""The codes of this room that are not QuickBooks' faults: names, sign-in, addresses, answers."""

from collections.abc import Mapping
from typing import Final

__all__ = ["OTHER_CODES"]

# A code and its title, its explanation below.
_TEXT: Final = """
account-wrong-type: An account of the wrong type
  A line cannot use payables or receivables; a bill is owed from an account of type Accounts Payable and paid from one
  of type Bank or Credit Card. connector check --online also refuses an account of type Income on a line: QuickBooks
  would take it, and the bill would lower the income and be no cost.
account-currency: An account in another currency
  Payables, bank and card accounts are kept in one currency each. Payables must be in the bill's; a bill is paid from an
  account in its own currency or in the company's.
item-wrong-type: A category is no product
  Products and services are kept in categories; name one of them.
quickbooks-client: Intuit does not know the app
  quickbooks.client_id and quickbooks.client_secret are no pair, or belong to the other environment.
quickbooks-shape: An answer of QuickBooks cannot be read
  It is no JSON, is cut off, or lacks a documented part. Mostly something between the two answered: check
  quickbooks.api_url, quickbooks.discovery_url and the proxy.
quickbooks-read-refused: QuickBooks refuses a question
  A read was answered with a fault; its text is QuickBooks' own. Nothing was written.
quickbooks-moving: A list kept changing while it was read
  Records were deleted in QuickBooks meanwhile, several times in a row; the run stopped rather than overlook one.
quickbooks-address: An address that no token may be sent to
  Tokens are sent over https only; plain http is for this machine.
quickbooks-environment: Unknown environment
  quickbooks.environment is sandbox or production, spelt so.
quickbooks-realm: No company id
  quickbooks.realm_id is the company's number, digits only.
quickbooks-other-company: Signed in to another company
  A sign-in is good for the one company that was chosen in the browser; it must be that of quickbooks.realm_id. Of
  another nothing is kept, and a sign-in that was kept before stays as it was.
state-key: The key of the sign-in
  The file in state.key_file, or the text in state.key, encrypts the sign-in. Only its owner may read the file and what
  stands beside it, and it must be the key that the sign-in was kept with. Where it is lost, connector auth login
  signs in anew, with a new key.
sign-in-ends: The sign-in to QuickBooks ends soon
  A sign-in ends after 100 days in which nobody refreshed it (every sync and every day of the daemon does), and for good
  five years after a person gave it. Nothing is wrong yet. Before the second end a person has to sign in anew at Intuit.
sign-in-busy: Another process keeps the sign-in to itself
  One process at a time refreshes the sign-in, for seconds. One that is paused or hung keeps its turn; end it.
sign-in-address: No address to sign in with
  After agreeing at Intuit the browser ends at an address that begins with the redirect URI and holds ?code=. All of it
  is what connector auth login --no-browser asks for, even where the page itself says that it cannot be reached.
sign-in-mismatch: The browser came back from another sign-in
  Each sign-in sends the browser off with a random word, and what comes back must carry it. An old window, an address of
  a run before, or somebody else's link does not; nothing of it is used.
sign-in-declined: The person in the browser declined
  At Intuit the connector was not given access to the company. Nothing was kept; a sign-in that was kept before stays.
sign-in-incomplete: The browser came back without a sign-in
  Intuit named an error, or the code or the company is missing. Try again; where it lasts, look at the app's settings at
  developer.intuit.com.
sign-in-unanswered: Nobody came back from Intuit
  After five minutes connector auth login stops waiting. Where Intuit showed an error instead of its question, the app
  does not list the redirect URI that was printed, letter for letter, or quickbooks.client_id is another's.
sign-in-redirect: No address that Intuit may send a browser to
  A redirect URI is registered with the app at developer.intuit.com and must be the same there and here. Intuit takes
  http://localhost for development keys (the sandbox companies) alone; with production keys it is an https address of
  yours. Nothing has to answer there: after agreeing, the browser shows it, and it is copied from there.
sign-in-port: The port is taken
  connector auth login waits for the browser on a port of this machine; another process has it, maybe another
  connector auth login that still waits.
stopped: The run was told to stop (Ctrl-C, SIGTERM)
  What was on its way to QuickBooks was finished and recorded, nothing else was begun. There is nothing to do: the next
  run goes on where this one stopped.
write-outside-protocol: A fault of ours
  Something tried to write to QuickBooks without the write protocol and was stopped. Nothing was sent.
"""

_KINDS: Final = ("account", "class", "location", "term", "tax code", "product or service", "customer", "vendor")
_OF_A_NAME: Final = {
    "not-found": (
        "No {} of this name in QuickBooks",
        "Names are compared as QuickBooks shows them, those of a list with levels with the parents before: a:b.",
    ),
    "inactive": ("The {} is inactive", "It exists in QuickBooks and cannot be used until it is made active again."),
    "ambiguous": (
        "Several entries match this {}",
        "They differ in upper and lower case only; write the one that is meant exactly as QuickBooks shows it.",
    ),
}


def _codes() -> dict[str, tuple[str, str]]:
    codes: dict[str, tuple[str, str]] = {}
    code = ""
    for line in _TEXT.strip().splitlines():
        if line.startswith("  "):
            title, text = codes[code]
            codes[code] = (title, f"{text} {line.strip()}".strip())
        else:
            code, _, title = line.partition(": ")
            codes[code] = (title, "")
    for kind in _KINDS:
        slug = "item" if kind == "product or service" else kind.replace(" ", "-")
        for what, (title, text) in _OF_A_NAME.items():
            codes[f"{slug}-{what}"] = (title.format(kind), text)
    return codes


OTHER_CODES: Final[Mapping[str, tuple[str, str]]] = _codes()
