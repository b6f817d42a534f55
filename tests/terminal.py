"""A person at a real pseudo-terminal, who types an answer wherever its question appears."""

import os
import pty
import select
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
Answer = str | Callable[[str], str]


def at_a_terminal(
    words: Sequence[str], folder: Path, answers: Sequence[tuple[str, Answer]], more: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """
    The exit code and all that the terminal showed.

    Args:
        words: ``connector`` and these.
        folder: Where it is run.
        answers: Questions in their order, by words that only they have, and what is typed then, or what makes that from
            all that was shown; "^C" interrupts.
        more: Variables of the environment.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONNECTOR_")}
    environment = kept | {"PYTHONPATH": str(ROOT), "COLUMNS": "110", "NO_COLOR": "1", **(more or {})}
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execvpe(sys.executable, [sys.executable, "-m", "connector", *words], environment)
    seen, waiting, new, typed = b"", list(answers), b"", ""
    while True:
        if typed == "^C" and not select.select([terminal], [], [], 3)[0]:
            os.write(terminal, b"\x03")  # the first one came between the question and the waiting for its answer
            continue
        try:
            part = os.read(terminal, 4096)
        except OSError:
            break
        if not part:
            break
        seen, new = seen + part, new + part
        whole = new.endswith(b": ") or (waiting and waiting[0][1] == "^C")
        if waiting and waiting[0][0].encode() in new and whole:
            answer, new = waiting.pop(0)[1], b""
            typed = answer if isinstance(answer, str) else answer(seen.decode().replace("\r\n", "\n"))
            os.write(terminal, b"\x03" if typed == "^C" else typed.encode() + b"\n")
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    assert not waiting or waiting[0][1] == "^C", (waiting, seen.decode(errors="replace"))
    return os.waitstatus_to_exitcode(status), seen.decode(errors="replace").replace("\r\n", "\n")
