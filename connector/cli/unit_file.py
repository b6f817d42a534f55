"""The unit file of ``connector init --systemd``: the daemon, shut off from all that it does not need."""

import pwd
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

__all__ = ["unit_file"]

_UNIT: Final = """\
# Written by: connector init --systemd
# Look at what is marked "edit", save it as /etc/systemd/system/connector.service, then:
#   systemctl daemon-reload && systemctl enable --now connector

[Unit]
Description=Affiliate invoices into QuickBooks bills
Wants=network-online.target
After=network-online.target time-sync.target

[Service]
# It is started when its doctor found no fault for the first time; until then it asks for more time while it gets on.
Type=notify
NotifyAccess=main
TimeoutStartSec=300
# Started anew when its loop, its scheduler or one of its jobs shows no sign of life any more.
WatchdogSec=120
# edit: the user that owns the folder below, and nothing else;
#   useradd --system --no-create-home {user} && chown -R {user}: {owned}
User={user}
# edit: the folder of connector.toml, and every folder that is written to (the state's)
WorkingDirectory={folder}
ReadWritePaths={writable}
ExecStart={command}
# Settings and mappings are read again: systemctl reload connector
ExecReload=/bin/kill -HUP $MAINPID

Restart=on-failure
RestartSec=10
# Wrong use, settings and sign-in wait for a person: starting again would not mend them.
RestartPreventExitStatus=2 3 4
# A request to QuickBooks that has left is waited for, {patience} s at most.
TimeoutStopSec={stop}
KillMode=mixed

# edit: secrets as credentials, one line for each; see: systemd-creds
#LoadCredential=quickbooks__client_secret:/etc/connector/quickbooks__client_secret
#LoadCredential=sources__cake__api_key:/etc/connector/sources__cake__api_key
#Environment=CONNECTOR_SECRETS_DIR=%d

UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=read-only
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
PrivateTmp=yes
PrivateDevices=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
"""
_SPARE: Final = 50  # seconds after QuickBooks' time limit until a daemon that does not end is killed


def unit_file(settings: Path, written_to: Iterable[Path], timeout: float) -> str:
    """
    The unit, with the paths of this installation.

    Args:
        settings: The settings file.
        written_to: The folders of the state and its key.
        timeout: Seconds that one request to QuickBooks may take.
    """
    folder = settings.absolute().parent
    folders = dict.fromkeys((folder, *(each.absolute() for each in written_to)))
    return _UNIT.format(
        user=_owner(folder),
        owned=" ".join(map(str, folders)),
        folder=_escaped(folder),
        writable=" ".join(_quoted(each) for each in folders),
        command=f"{_program()} -C {_quoted(settings.absolute())} serve",
        patience=round(timeout),
        stop=round(timeout) + _SPARE,
    )


def _owner(folder: Path) -> str:
    """The folder's owner, unless that is root: a daemon that speaks to the world is nobody of importance."""
    try:
        owner = pwd.getpwuid(folder.stat().st_uid).pw_name
    except (OSError, KeyError):
        return "connector"
    return "connector" if owner == "root" else owner


def _program() -> str:
    """``connector`` beside the interpreter that runs this; a virtual environment's is a link and stays one."""
    python = Path(sys.executable).absolute()
    program = python.with_name("connector")
    return _quoted(program) if program.exists() else f"{_quoted(python)} -m connector"


def _escaped(path: Path) -> str:
    return str(path).replace("%", "%%")


def _quoted(path: Path) -> str:
    r"""A path as one word of systemd's: blanks in quotes, ``%`` twice, ``\`` and ``"`` behind a ``\``."""
    text = _escaped(path).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{text}"' if any(each in text for each in " \t'\"\\;") else text
