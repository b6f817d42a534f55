"""What ``connector help CODE`` says of the codes that the state's own messages carry."""

from collections.abc import Mapping
from typing import Final

__all__ = ["CODES"]

CODES: Final[Mapping[str, tuple[str, str]]] = {
    "state-missing": (
        "there is no state yet",
        (
            "The first sync makes it. If there was one, look at [state] url: a relative path starts from the settings "
            "file."
        ),
    ),
    "state-url": ("[state] url names no SQLite file", 'Write url = "sqlite:///state.db".'),
    "state-unreachable": (
        "the state cannot be opened",
        "The folder or the file cannot be read and written by the user who runs this. The message says which.",
    ),
    "state-network-drive": (
        "the state is on a network drive",
        "There two writers cannot be told from one, and a bill could be sent twice. Put it on a disk of this machine.",
    ),
    "state-damaged": (
        "the state is damaged",
        (
            "Put a backup in its place, or move it away; move away, too, what stands beside it under its name with "
            "-wal and -shm, which belongs to the damaged one. Both are safe: the next sync first reads QuickBooks and "
            "finds what was sent before."
        ),
    ),
    "state-newer": (
        "the state is of a newer version",
        "Install the newer version again, or go back to the copy made before the upgrade.",
    ),
    "state-wal": (
        "the last writes of another file stand beside the state",
        (
            "A copy was put in the state's place, and what a killed process wrote last is still there, under the "
            "state's name with -wal and -shm. Together they are no whole state. Stop the daemon if one runs, move both "
            "away, and run again: the next sync first reads QuickBooks and finds what was sent since the copy."
        ),
    ),
    "state-inconsistent": (
        "a row of the state breaks the write protocol",
        (
            "The file is sound, but a person or a program changed a row, or the connector has a bug. The message names "
            "the row. Put a backup in the state's place, or move it away with its -wal and -shm: the next sync first "
            "reads QuickBooks and finds what was sent before. If nobody touched the state, report it."
        ),
    ),
    "state-in-use": (
        "another process has the state open that is to be upgraded",
        (
            "A daemon of the older version would go on with a state that it no longer understands. Stop it, then run "
            "again; the older version refuses the upgraded state. Nothing was changed."
        ),
    ),
    "file-open": (
        "a file may be read or written by others",
        "The state, the sign-in and its key are their owner's alone. The message names the command that mends it.",
    ),
    "disk-low": (
        "the disk of the state is nearly full",
        (
            "A run that stops half-way on a full disk leaves bills whose outcome has to be looked for, so none is "
            "begun. Free some space and run again; exit code 5. Nothing was advanced."
        ),
    ),
    "state-disk-full": ("the state's disk is full", "Free some space and run again; nothing was advanced."),
    "state-disk": ("the state's disk fails", "Look at the disk and at the system's log, then run again."),
    "state-locked": (
        "another program keeps the state open",
        "Run again. If it stays so, look for a backup or a database tool that has the file open.",
    ),
    "backup-exists": ("the backup's file exists already", "Name a file that does not exist; none is overwritten."),
}
