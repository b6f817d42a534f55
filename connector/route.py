"""How requests leave this machine: the ``[network]`` section of the settings, light to import."""

from dataclasses import dataclass

__all__ = ["Network"]


@dataclass(frozen=True, slots=True)
class Network:
    """The ``[network]`` section of the settings."""

    proxy: str = ""
    ca_bundle: str = ""
