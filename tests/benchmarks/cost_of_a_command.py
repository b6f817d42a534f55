"""
The command line in this process; what it took of the machine is the last line of its messages, as JSON.

The kernel tells a child's most memory from before it became a program of its own, so a program has to ask about itself.
"""

import json
import re
import sys
import time
from pathlib import Path

import connector.reconcile  # noqa: F401 - what a command starts with is no part of what it takes
from connector.cli import main

STATUS = Path("/proc/self/status")


def kib(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", STATUS.read_text())
    assert found is not None
    return int(found[1])


at_start, began, seconds = kib("VmRSS"), time.monotonic(), time.process_time()
try:
    main()
except SystemExit as left:
    code = left.code
took = {"seconds": time.process_time() - seconds, "elapsed": time.monotonic() - began}
print(json.dumps({**took, "peak": kib("VmHWM"), "at_start": at_start}), file=sys.stderr)
sys.exit(code)
