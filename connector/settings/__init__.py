"""
The settings: what they say and where each of them was looked for.

``load`` reads them; ``sections`` holds what comes out, ``values`` how each kind of value is read, ``layers`` the three
places they stand in, ``faults`` what is said about a broken file.
"""

from connector.settings.faults import SettingFault, SettingsFaults
from connector.settings.load import load
from connector.settings.schedule import Cron, Every, read_schedule
from connector.settings.sections import (
    EmailSettings,
    LimitsSettings,
    NetworkSettings,
    NotifySettings,
    QuickBooksSettings,
    ServeSettings,
    Settings,
    SourceSettings,
    StateSettings,
)
from connector.settings.values import Secret

__all__ = [
    "Cron",
    "EmailSettings",
    "Every",
    "LimitsSettings",
    "NetworkSettings",
    "NotifySettings",
    "QuickBooksSettings",
    "Secret",
    "ServeSettings",
    "SettingFault",
    "Settings",
    "SettingsFaults",
    "SourceSettings",
    "StateSettings",
    "load",
    "read_schedule",
]
