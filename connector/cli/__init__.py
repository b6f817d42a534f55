"""
The command line.

``main`` is the only entrance; all that takes its time is imported behind it, by ``application`` and what that imports.
"""

import gc
import os
import sys
from typing import NoReturn

from connector.cli.arguments import is_daemon

__all__ = ["main"]


def main() -> NoReturn:
    """Run the command line of this process and leave with its exit code."""
    arguments = sys.argv[1:]
    daemon = is_daemon(arguments)
    # Imports and runs make millions of small objects and hardly a ring of them (one for each bill): looking for rings
    # as often as Python does takes an eighth of the time. What lives for days looks oftener.
    gc.set_threshold(100_000 if daemon else 1_000_000, 20, 20)
    # pydantic would look through everything that is installed for plugins, and some may be meant for others.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    if daemon:
        from connector.serve.signals import note_signals  # noqa: PLC0415 - before anything that takes its time

        note_signals()
    from connector.cli.application import run  # noqa: PLC0415 - a tenth of a second, in which a signal may come

    sys.exit(run(arguments))
