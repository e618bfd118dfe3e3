"""The processes that a supervisor started, written down so that the next one can end what a ``kill -9`` left."""

import json
import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

import psutil

from chat33.runtime.layout import Layout
from chat33.runtime.processes import Child, Identity, ask_to_end, group_members, see_ended


@dataclass(frozen=True)
class Entry:
    """One process that was started."""

    name: str
    pid: int
    created: float
    stop_signal: int


def write(layout: Layout, children: Iterable[Child]) -> None:
    """Replace the record, in one step."""
    entries = [
        asdict(Entry(child.name, child.identity.pid, child.identity.created, int(child.program.stop_signal)))
        for child in children
    ]
    written = layout.state_file.with_suffix(".new")
    written.write_text(json.dumps(entries, indent=2) + "\n")
    written.replace(layout.state_file)


def read(path: Path) -> list[Entry]:
    """What was recorded; a record that cannot be read is none."""
    with suppress(OSError, ValueError, TypeError):
        return [Entry(**entry) for entry in json.loads(path.read_text())]
    return []


def end_recorded(layout: Layout, *, order: Iterable[Iterable[str]], seconds: float) -> list[str]:
    """End what an earlier supervisor left running, in ``order``, and say the names of what was found alive.

    Those in one group of ``order`` end side by side; a group has ``seconds``.
    """
    entries = {entry.name: entry for entry in read(layout.state_file)}
    ended: list[str] = []
    for stage in order:
        found = {name: left for name in stage if name in entries and (left := _left(layout, entries[name]))}
        for name, left in found.items():
            ask_to_end(left, signal.Signals(entries[name].stop_signal))
        see_ended(chain.from_iterable(found.values()), seconds=seconds)
        ended += found
    layout.state_file.unlink(missing_ok=True)
    return ended


def _left(layout: Layout, entry: Entry) -> list[psutil.Process]:
    """The recorded process with its group, or the rest of its group if it died itself."""
    leader = Identity(entry.pid, entry.created).process()
    return [member for member in group_members(entry.pid) if leader is not None or _started_for(layout, member)]


def _started_for(layout: Layout, process: psutil.Process) -> bool:
    """Whether a process without its leader is ours: the number of its group may be a stranger's by now."""
    with suppress(psutil.Error, OSError):
        return bool(process.environ().get("CHAT33_SUPERVISED") == os.fspath(layout.data_dir))
    return False
