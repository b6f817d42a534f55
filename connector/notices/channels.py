"""The channels that the settings name."""

from connector.notices.channel import Channel
from connector.notices.mail import Mail
from connector.notices.webhook import Webhook
from connector.settings import Settings

__all__ = ["channels_of"]


def channels_of(settings: Settings) -> list[Channel]:
    """Those that are set, e-mail first."""
    ours, network = settings.notify, settings.network_to("notify")
    email, webhook = ours.email, ours.webhook
    return [
        *([Mail(email.smtp.value, email.to, network)] if email else []),
        *([Webhook(webhook.value, network)] if webhook else []),
    ]
