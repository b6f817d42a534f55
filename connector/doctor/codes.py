"""What ``connector help CODE`` says of the codes of setting up: those that init and doctor alone have."""

from collections.abc import Mapping
from typing import Final

__all__ = ["CODES"]

CODES: Final[Mapping[str, tuple[str, str]]] = {
    "settings-exist": (
        "there are settings already",
        (
            "connector init writes new ones and nothing over what is there. Edit the file, or let init write into "
            "another folder with --folder. Mappings and tables that are there stay as they are."
        ),
    ),
    "answers-missing": (
        "init was not told enough",
        (
            "Without a terminal, and with --json, connector init asks nothing. The message names the options that have "
            "to be given. Secrets are no options: they are asked for on a terminal, or stand in the environment or in "
            "the folder of CONNECTOR_SECRETS_DIR."
        ),
    ),
    "clock-wrong": (
        "the clock of this machine is wrong",
        (
            "The servers say what time it is on every answer. A wrong clock makes a sign-in look fresh or ended, and a "
            "day the wrong one. More than 2 s are noted, more than 60 s are a fault. If it is wrong against one server "
            "alone, that server is probably wrong."
        ),
    ),
    "posted-by-others": (
        "something else may post the same invoices to QuickBooks",
        (
            "The connector makes one bill of each invoice and finds its own bills again, but it cannot keep another "
            "tool from making a second one. Where number, vendor, currency and total agree the connector adopts such a "
            "bill; where they do not, both stand. Let one tool alone post them."
        ),
    ),
}
