"""Messages as JSON with a ``text``, as Slack and what is compatible with it take them."""

import json
import re
from typing import Final

from connector.network import Lost, Network, NotSent, exchange, open_session
from connector.notices.channel import Delivered, down, refused
from connector.notices.trouble import Message

__all__ = ["Webhook"]

_SECONDS: Final = 20.0
_CAP: Final = 64 * 1024
_LATER: Final = frozenset({408, 425, 429})
_ESCAPES: Final = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))
_EVERYBODY: Final = re.compile(r"@(?=(?:channel|here|all|everyone)\b)", re.IGNORECASE)


class Webhook:
    """
    One address.

    Args:
        url: A secret: who knows it can write there.
    """

    name: Final = "webhook"

    def __init__(self, url: str, network: Network) -> None:
        self._url = url
        self._network = network

    def send(self, message: Message) -> Delivered:
        body = json.dumps({"text": _text(message), "mrkdwn": False}).encode()
        try:
            with open_session(self._network, connections=1) as session:
                answer = exchange(
                    session,
                    "POST",
                    self._url,
                    headers={"Content-Type": "application/json; charset=utf-8"},
                    body=body,
                    seconds=_SECONDS,
                    cap=_CAP,
                )
        except (NotSent, Lost) as error:
            raise down(f"the webhook cannot be reached: {error}") from None
        status = answer.status
        if 200 <= status < 300:
            return Delivered(f"the webhook took it (HTTP {status})")
        if status >= 500 or status in _LATER:
            raise down(f"the webhook cannot take it now (HTTP {status})")
        about = "sends us to another address, which is never followed" if 300 <= status < 400 else "refuses it"
        raise refused(
            f"the webhook {about} (HTTP {status})",
            "copy the webhook's address anew from where the messages are to appear, into [notify] webhook",
        )


def _text(message: Message) -> str:
    """
    As Slack wants it: three characters escaped, so that no ``<!channel>`` and no link is made of a name.

    Others call everybody at a plain ``@channel``; a character without width behind the @ keeps them from it.
    """
    text = f"{message.subject}\n\n{message.text}"
    for character, escape in _ESCAPES:
        text = text.replace(character, escape)
    return _EVERYBODY.sub("@\u200b", text)
