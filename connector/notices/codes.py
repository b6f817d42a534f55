"""What ``connector help CODE`` says of the codes that notices alone have."""

from collections.abc import Mapping
from typing import Final

__all__ = ["CODES"]

CODES: Final[Mapping[str, tuple[str, str]]] = {
    "notice-nobody": (
        "nobody is told when something stops",
        (
            'The settings have no [notify] section, or nothing in it. Write email = {to = ["ap@example.com"], '
            'smtp = "smtp://user:password@mail.example.com:587"}, or webhook = "https://…", or both; then try them: '
            "connector notify."
        ),
    ),
    "notice-refused": (
        "a mail server or a webhook refuses what it is sent",
        (
            "It says no, and will say no again: user or password, an address, or the webhook's own address is wrong, "
            "or the server asks for TLS. The message says which. Runs go on as ever; the daemon tries again every "
            "minute, so that nothing has to be done but to mend it. To try: connector notify."
        ),
    ),
    "notice-down": (
        "a mail server or a webhook cannot be reached",
        (
            "Nobody answers there, or it cannot take a message now. Runs go on as ever. The daemon tries again every "
            "minute until it is told; the other channel is not told twice. To try: connector notify."
        ),
    ),
    "source-silent": (
        "a source has had no success for too long",
        (
            "Its schedule has come round twice and no run read it whole: a service is down, another process keeps the "
            "lock, or the daemon stood still. The message says what the last run met, where there was one. Each run "
            "reads again what is missing, so nothing is lost. It is told again once a day, and once when it is over."
        ),
    ),
    "first-sync-missing": (
        "a source waits for its first sync by a person",
        (
            "In production the daemon writes nothing for a source until a person has seen what would be written. Look "
            "with connector plan, then run connector sync --source NAME; from then on the daemon goes on by itself."
        ),
    ),
}
