"""A file that is there whole or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["whole_file"]


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """
    Where to write what is to stand at ``path``: a file beside it, private, that takes its name at the end.

    What stood there before stays until then, and stays for good where an exception ends the writing. A pipe or a device
    is written to as it is.

    Raises:
        OSError: The folder takes no file.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    target = path.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:60]}.", suffix=".part", dir=target.parent)
    os.close(handle)  # readable by its owner alone, as invoices are nobody else's business
    part = Path(name)
    try:
        yield part
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
