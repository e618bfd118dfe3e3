"""Child processes: starting one in a group of its own, ending the whole group, and telling ours from strangers."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from chat33.runtime.layout import ROOT

CLOCK_TICK = 0.05
"""Seconds by which two readings of one process' start time may differ."""


@dataclass(frozen=True)
class Program:
    """What to run and how to end it."""

    name: str
    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 3.0


@dataclass(frozen=True)
class Identity:
    """One process for all time: pids come round again, a pid with its start time does not."""

    pid: int
    created: float

    def process(self) -> psutil.Process | None:
        """The process, if it still lives."""
        try:
            found = psutil.Process(self.pid)
            return found if abs(found.create_time() - self.created) <= CLOCK_TICK and lives(found) else None
        except psutil.NoSuchProcess:
            return None


class Child:
    """A program while it runs, in a session of its own so that a terminal's Ctrl-C reaches only who started it."""

    def __init__(self, program: Program) -> None:
        self.program = program
        with program.log.open("ab") as log:
            self.process = subprocess.Popen(
                program.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env={**os.environ, **program.env},
                start_new_session=True,
            )
        self.asked = 0.0
        self.identity = Identity(self.process.pid, psutil.Process(self.process.pid).create_time())

    @property
    def name(self) -> str:
        """The program's name."""
        return self.program.name

    def exit_code(self) -> int | None:
        """The exit status once it has ended (negative for a signal); its remaining group is killed with it."""
        code = self.process.poll()
        if code is not None:
            signal_group(self.process.pid, signal.SIGKILL)
        return code

    def ask_to_stop(self) -> None:
        """Send the signal by which the program ends in order; ``asked`` is when, in monotonic seconds."""
        self.asked = time.monotonic()
        if self.process.poll() is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(self.program.stop_signal)

    def wait(self, *, until: float) -> None:
        """Wait for the end to the monotonic time ``until``, then kill what is left of the group."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, until - time.monotonic()))
        signal_group(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """End it: ask, wait as long as the program's own limit, kill."""
        self.ask_to_stop()
        self.wait(until=self.asked + self.program.stop_seconds)


def signal_group(group: int, number: signal.Signals) -> None:
    """Signal every process of a group that we made; one that is gone is fine."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def group_members(group: int) -> list[psutil.Process]:
    """The living processes of a group, its leader dead or not: a pid is not given away while a group bears it."""
    members = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if os.getpgid(process.pid) == group and lives(process):
                members.append(process)
    return members


def find(matches: Callable[[list[str]], bool]) -> list[psutil.Process]:
    """The living processes whose command line matches."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if matches(process.cmdline()) and lives(process):
                found.append(process)
    return found


def ask_to_end(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    """Signal processes that are not our children; those that are gone are fine."""
    for process in processes:
        with suppress(psutil.Error):
            process.send_signal(number)


def see_ended(processes: Iterable[psutil.Process], *, seconds: float) -> None:
    """Wait for processes that were asked to end, and kill those alive after ``seconds``."""
    asked = list(processes)
    if not wait_until(lambda: not any(map(lives, asked)), seconds=seconds):
        for process in filter(lives, asked):
            with suppress(psutil.Error):
                process.kill()
        wait_until(lambda: not any(map(lives, asked)), seconds=1.0)


def lives(process: psutil.Process) -> bool:
    """Whether a process runs; one that only waits for its parent to hear of its end does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_until(ready: Callable[[], bool], *, seconds: float, every: float = 0.05) -> bool:
    """Ask ``ready`` until it says yes (True) or the time is over (False)."""
    limit = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > limit:
            return False
        time.sleep(every)
    return True


def tail(path: Path, *, lines: int = 15) -> str:
    """The last lines of a log."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
