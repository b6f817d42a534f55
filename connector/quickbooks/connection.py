"""Where QuickBooks is and how fast it may be asked: the ``[quickbooks]`` settings and the addresses they mean."""

from dataclasses import dataclass, field
from typing import Final, Literal

from connector.errors import SettingsInvalid
from connector.network import Network
from connector.route import unsafe_in

__all__ = ["Environment", "Settings", "require_safe"]

Environment = Literal["sandbox", "production"]

# python-quickbooks and intuit-oauth take every unknown environment for production; here there are two, spelt exactly.
_API: Final = {
    "sandbox": "https://sandbox-quickbooks.api.intuit.com/v3",
    "production": "https://quickbooks.api.intuit.com/v3",
}
_DISCOVERY: Final = {
    "sandbox": "https://developer.intuit.com/.well-known/openid_sandbox_configuration/",
    "production": "https://developer.intuit.com/.well-known/openid_configuration/",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """
    One company and the app that may write to it.

    Args:
        api_url: The API's base up to and with ``/v3``; "" for Intuit's own.
        discovery_url: The OAuth discovery document; "" for Intuit's own.
        timeout: Seconds for one whole exchange; QuickBooks itself gives up after 120.
        settle_after: Seconds after a lost answer from which "QuickBooks has it not" counts.
        throttle_wait: Seconds to wait after a 429.

    Raises:
        SettingsInvalid: The environment or the realm id cannot be one, or an address is not safe.
    """

    environment: Environment
    realm_id: str
    client_id: str
    client_secret: str = field(repr=False)
    api_url: str = ""
    discovery_url: str = ""
    timeout: float = 130.0
    settle_after: float = 180.0
    batch_size: int = 30
    concurrency: int = 4
    requests_per_minute: int = 500
    requests_per_second: int = 10
    batches_per_minute: int = 40
    throttle_wait: float = 60.0
    network: Network = field(default_factory=Network)

    def __post_init__(self) -> None:
        if self.environment not in _API:
            raise SettingsInvalid(
                f"quickbooks.environment is {self.environment!r}",
                code="quickbooks-environment",
                remedy='set it to "sandbox" or "production"',
            )
        if not (self.realm_id.isascii() and self.realm_id.isdigit() and len(self.realm_id) <= 20):
            raise SettingsInvalid(
                f"quickbooks.realm_id is {self.realm_id!r}, which is no company id",
                code="quickbooks-realm",
                remedy="QuickBooks shows the company id under Settings > Account and settings > Billing: digits only",
            )
        require_safe(self.api_base, "quickbooks.api_url")
        require_safe(self.discovery_address, "quickbooks.discovery_url")

    @property
    def api_base(self) -> str:
        return (self.api_url or _API[self.environment]).rstrip("/")

    @property
    def discovery_address(self) -> str:
        return self.discovery_url or _DISCOVERY[self.environment]


def require_safe(url: str, where: str) -> None:
    """
    Refuse an address over which a token could be read on its way: plain http beyond this machine.

    Raises:
        SettingsInvalid: The address is no https address, or carries a password.
    """
    if unsafe_in(url) is None:
        return
    raise SettingsInvalid(
        f"{where} is no address that a token may be sent to",
        code="quickbooks-address",
        remedy="use an https address; plain http is accepted for this machine only (127.0.0.1)",
    )
