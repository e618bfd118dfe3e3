"""Log files that do not grow for ever."""

import shutil
from pathlib import Path

LOG_BYTES = 20_000_000


def shorten(log: Path, *, limit: int = LOG_BYTES) -> None:
    """Move what was logged to ``<name>.log.1`` once it is longer than ``limit`` bytes, and go on with an empty file.

    Copied and cut, not renamed: the process has the file open, for appending, and writes on where it now ends.
    """
    if log.exists() and log.stat().st_size > limit:
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        with log.open("r+b") as file:
            file.truncate(0)
