"""Crash points by name, for the fault tests: each place where a kill may hurt is enumerated instead of hoped for.

``CHAT33_FAILPOINTS`` names a directory. A file in it called like a point makes the process that reaches the point first
remove the file and kill itself with SIGKILL. Unset, as everywhere but in those tests, reaching a point costs a look-up.
"""

import os
import signal
from pathlib import Path

_DIRECTORY = os.environ.get("CHAT33_FAILPOINTS", "")


def reach(name: str) -> None:
    """Die here if a test asked for it; exactly one process does."""
    if not _DIRECTORY:
        return
    try:
        (Path(_DIRECTORY) / name).unlink()
    except OSError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
