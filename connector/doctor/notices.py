"""Who is told when something stops."""

from collections.abc import Iterator

from connector.doctor.check import Check, note, ok
from connector.settings import Settings

__all__ = ["checks"]

_AREA = "notices"


def checks(settings: Settings, trial: str | None) -> Iterator[Check]:
    """The channels that are set; ``trial`` is the command that tries them, None where this version has none."""
    ours = settings.notify
    channels = {"e-mail": ours.email is not None, "webhook": ours.webhook is not None}
    named = " and ".join(name for name, there in channels.items() if there)
    if not named:
        remedy = "set [notify] in the settings" if trial else "look at: connector status --exit-code"
        yield note(_AREA, "channels", "nobody is told when something stops", remedy)
    elif trial:
        yield ok(_AREA, "channels", f"{named} set; to try: {trial}")
    else:
        what = f"{named} set, and this version sends no notices"
        yield note(_AREA, "channels", what, "look at: connector status --exit-code")
