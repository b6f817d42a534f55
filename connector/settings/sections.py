"""The sections of the settings, as typed and frozen values. Defaults and names are the interface's."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from connector.errors import SettingsInvalid
from connector.route import Listener, Network
from connector.settings.values import (
    Address,
    Amounts,
    CompanyId,
    Currency,
    Day,
    FilePath,
    HostPort,
    MailServer,
    OptionalAddress,
    OptionalFile,
    OptionalSecret,
    OptionalText,
    People,
    Proxy,
    Schedule,
    Seconds,
    Secret,
    StateUrl,
    Text,
    Timezone,
    Webhook,
    one_of,
    whole,
)

__all__ = [
    "SECTION_NAMES",
    "EmailSettings",
    "LimitsSettings",
    "NetworkSettings",
    "NotifySettings",
    "QuickBooksSettings",
    "ServeSettings",
    "Settings",
    "SourceSettings",
    "StateSettings",
]

SECTION_NAMES: Final = ("state", "quickbooks", "network", "limits", "sources", "serve", "notify")


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)

    _looked: Mapping[str, str] = PrivateAttr(default_factory=dict)
    """For each secret that may be missing, the places that were tried, one a line."""

    def _missing(self, section: str, key: str, source: str | None = None) -> SettingsInvalid:
        variable = "CONNECTOR_" + f"{section}.{key}".replace(".", "__").replace("-", "_").upper()
        return SettingsInvalid(
            f"[{section}] has no {key}; it was looked for in this order:\n{self._looked.get(key, '')}".rstrip(),
            code="setting-missing",
            remedy=f"set {variable}, or write {key} under [{section}] in the settings file",
            source=source,
        )


class StateSettings(_Section):
    """Where the connector remembers. Paths are absolute."""

    url: StateUrl = Field(default="sqlite:///state.db", validate_default=True)
    key_file: FilePath = Field(default=Path("state.key"), validate_default=True)
    key: OptionalSecret = None
    """The text of a key file, for who keeps it apart from the state; then ``key_file`` is neither read nor made."""

    @property
    def path(self) -> Path:
        """The state's file."""
        return Path(self.url.removeprefix("sqlite:///"))


class QuickBooksSettings(_Section):
    """The company and how to speak with it. Durations are seconds."""

    environment: Annotated[Literal["sandbox", "production"], one_of("sandbox", "production")] = "sandbox"
    realm_id: CompanyId
    client_id: OptionalText = None
    client_secret: OptionalSecret = None
    refresh_token: OptionalSecret = None
    api_url: OptionalAddress = ""
    discovery_url: OptionalAddress = ""
    timeout: Seconds = 130.0
    settle_after: Seconds = 180.0
    batch_size: Annotated[int, whole(1, 30)] = 30
    concurrency: Annotated[int, whole(1, 20)] = 4
    requests_per_minute: Annotated[int, whole(1, 100_000)] = 500
    requests_per_second: Annotated[int, whole(1, 10_000)] = 10
    batches_per_minute: Annotated[int, whole(1, 10_000)] = 40
    throttle_wait: Seconds = 60.0

    def require_client(self) -> tuple[str, str]:
        """
        The app's id and secret.

        Raises:
            SettingsInvalid: One of them is missing (``setting-missing``); the message lists every place tried.
        """
        if self.client_id is None:
            raise self._missing("quickbooks", "client_id")
        if self.client_secret is None:
            raise self._missing("quickbooks", "client_secret")
        return self.client_id, self.client_secret.value


class NetworkSettings(_Section):
    """How requests leave this machine. A proxy carries TLS inside, so that its own address may be plain http."""

    proxy: Proxy = Field(default="", repr=False)
    ca_bundle: OptionalFile = ""


class LimitsSettings(_Section):
    """What one run may write at most; None and a currency not listed: no limit. Amounts are in the named currency."""

    max_bills: Annotated[int | None, whole(0, 1_000_000)] = None
    max_total: Amounts = Field(default_factory=dict)


class SourceSettings(_Section):
    """One ``[sources.NAME]``."""

    type: Text
    base_url: Address
    api_key: OptionalSecret = None
    mapping: FilePath
    currency: Currency = None
    start_date: Day
    lookback_days: Annotated[int, whole(0, 3650)] = 120
    page_size: Annotated[int, whole(1, 100_000)] = 1000
    schedule: Schedule = None

    _name: str = PrivateAttr(default="")
    _options: Mapping[str, str] = PrivateAttr(default_factory=dict)

    @property
    def name(self) -> str:
        """The connection's name: NAME in ``[sources.NAME]``."""
        return self._name

    @property
    def options(self) -> Mapping[str, str]:
        """The keys that this type of source declares, each with its value or its default."""
        return self._options

    @property
    def lookback(self) -> timedelta:
        return timedelta(days=self.lookback_days)

    def require_key(self) -> Secret:
        """
        The connection's key.

        Raises:
            SettingsInvalid: It is missing (``setting-missing``); a trouble of this source alone.
        """
        if self.api_key is None:
            raise self._missing(f"sources.{self.name}", "api_key", source=self.name)
        return self.api_key


class ServeSettings(_Section):
    """The daemon's own page and clock."""

    health: HostPort = "127.0.0.1:8090"
    timezone: Timezone = "UTC"

    @property
    def host(self) -> str:
        return self.health.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.health.rpartition(":")[2])


class EmailSettings(_Section):
    to: People
    smtp: MailServer


class NotifySettings(_Section):
    """Who is told. The webhook's address is a secret, because whoever knows it can write there."""

    email: EmailSettings | None = None
    webhook: Webhook = None


class Settings(_Section):
    """One settings file, with the environment and the secrets folder over it."""

    state: StateSettings = Field(default_factory=dict, validate_default=True)
    quickbooks: QuickBooksSettings
    network_section: NetworkSettings = Field(default_factory=NetworkSettings, alias="network")
    limits: LimitsSettings = Field(default_factory=LimitsSettings)
    sources: dict[str, SourceSettings] = Field(default_factory=dict)
    serve: ServeSettings = Field(default_factory=ServeSettings)
    notify: NotifySettings = Field(default_factory=NotifySettings)

    _path: Path = PrivateAttr(default=Path("connector.toml"))
    _origins: Mapping[str, str] = PrivateAttr(default_factory=dict)
    _secret_files: tuple[Path, ...] = PrivateAttr(default=())
    _heard: Listener | None = PrivateAttr(default=None)

    def network_to(self, service: str) -> Network:
        """The ``[network]`` section as sessions take it: to a source, by its name, or to ``quickbooks``."""
        return Network(self.network_section.proxy, self.network_section.ca_bundle, self._heard, service)

    def heard_by(self, listener: Listener) -> "Settings":
        """The same settings, with one more who is told of every request that they lead to."""
        listened = self.model_copy()
        listened._heard = self.network_to("").heard_by(listener).heard  # noqa: SLF001 - a copy of its own kind
        return listened

    def require_client(self) -> tuple[str, str]:
        """
        The app's id and secret at Intuit.

        Raises:
            SettingsInvalid: One of them is missing (``setting-missing``); the message lists every place tried.
        """
        return self.quickbooks.require_client()

    @property
    def path(self) -> Path:
        """The settings file."""
        return self._path

    @property
    def folder(self) -> Path:
        """The settings file's folder, which relative paths start from."""
        return self._path.absolute().parent

    @property
    def origins(self) -> Mapping[str, str]:
        """Where each setting's value comes from that does not stand at its default, by the setting's name."""
        return self._origins

    @property
    def secret_files(self) -> tuple[Path, ...]:
        """The files that hold a secret in plain text: their owner's alone."""
        return self._secret_files

    def origin(self, key: str) -> str:
        """Where a setting's value comes from: ``connector.toml:24``, ``environment CONNECTOR_…``, ``default``."""
        return self._origins.get(key, "default")
