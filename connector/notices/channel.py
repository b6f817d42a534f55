"""What a channel is, and how one fails."""

from dataclasses import dataclass
from typing import Protocol

from connector.errors import ServiceDown, SettingsInvalid
from connector.notices.trouble import Message

__all__ = ["Channel", "Delivered", "down", "refused"]


@dataclass(frozen=True, slots=True)
class Delivered:
    """
    What became of a message that went out.

    Args:
        what: Who took it.
        refused: Who of several did not, and why; it is not sent again for them.
    """

    what: str
    refused: str = ""


class Channel(Protocol):
    """One way to people."""

    @property
    def name(self) -> str:
        """As the settings call it."""

    def send(self, message: Message) -> Delivered:
        """
        Deliver one message.

        Raises:
            SettingsInvalid: ``notice-refused``: it does not take what it was sent, and will not next time.
            ServiceDown: ``notice-down``: it may next time; it is possible that the message arrived.
        """


def refused(what: str, remedy: str) -> SettingsInvalid:
    """A channel that says no."""
    return SettingsInvalid(what, code="notice-refused", remedy=remedy)


def down(what: str) -> ServiceDown:
    """A channel that cannot be reached, or cannot do it now."""
    return ServiceDown(
        what, code="notice-down", remedy="check the address and the network; the daemon tries again every minute"
    )
