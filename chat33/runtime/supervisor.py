"""Keeps the processes of one instance running: starts, restarts, rotates their logs, ends them in order."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from chat33.runtime import record
from chat33.runtime.errors import StartupError
from chat33.runtime.layout import Layout
from chat33.runtime.logs import shorten
from chat33.runtime.processes import Child, Program, signal_group, tail

STOP_ORDER = (("edge", "web", "beat", "worker", "chores"), ("setup", "sandbox"), ("redis",), ("postgres",))
"""Whoever uses something ends before it; those in one group end side by side."""

STOP_SECONDS = 14.0
"""All have ended by then, the last ones killed if need be; PostgreSQL's journal allows for that."""

POSTGRES_SECONDS = 2.5
"""What the others leave of that for PostgreSQL, at least."""

STEADY_SECONDS = 5.0
"""A process that lived so long is started again at once when it dies."""

RETRY_SECONDS = (0.1, 0.5, 1.0, 2.0, 4.0)
"""How long to wait before the first, second, … start in a row of one that dies sooner; the last goes for all after."""

LOG_CHECK_SECONDS = 30.0


@dataclass
class Unit:
    """A process that should be running: how to prepare its program, and how its life goes."""

    name: str
    prepare: Callable[[], Program]
    child: Child | None = None
    started: float = 0.0
    failures: int = 0
    start_at: float = 0.0


@dataclass
class Supervisor:
    """The processes of one layout, which the caller has locked; call ``tick`` with the monotonic time, a few times a
    second.
    """

    layout: Layout
    say: Callable[[str], None]
    units: dict[str, Unit] = field(default_factory=dict)
    logs_checked: float = field(default_factory=time.monotonic)

    def start(self, name: str, prepare: Callable[[], Program]) -> Child:
        """Start a process and keep it running. Raises what ``prepare`` raises."""
        unit = self.units[name] = Unit(name, prepare)
        return self._start(unit, time.monotonic())

    def tick(self, now: float) -> None:
        """Start again whatever has ended, at once or after the wait that its failures have earned."""
        for unit in self.units.values():
            if unit.child is not None and (code := unit.child.exit_code()) is not None:
                self._ended(unit, unit.child, code, now)
            if unit.child is None and now >= unit.start_at:
                self._start_again(unit, now)
        if now - self.logs_checked > LOG_CHECK_SECONDS:
            self.logs_checked = now
            for unit in self.units.values():
                if unit.child is not None:
                    shorten(unit.child.program.log)

    def run_once(self, program: Program, *, check: Callable[[], None]) -> None:
        """Run a program to its end, calling ``check`` while it runs. Raises ``StartupError`` if it fails."""
        unit = self.units[program.name] = Unit(program.name, lambda: program)
        child = self._start(unit, time.monotonic())
        while (code := child.exit_code()) is None:
            check()
            time.sleep(0.02)
        del self.units[program.name]
        if code != 0:
            raise StartupError(f"{program.name} failed: see {program.log}. Its last words:\n{tail(program.log)}")

    def kill(self, name: str) -> None:
        """Kill a process that lives but does not work; the next tick starts it again."""
        child = self.units[name].child
        if child is not None:
            signal_group(child.process.pid, signal.SIGKILL)

    def stop(self, *, seconds: float = STOP_SECONDS) -> None:
        """End everything in order, within ``seconds``."""
        end = time.monotonic() + seconds
        for stage in STOP_ORDER:
            children = [unit.child for name in stage if (unit := self.units.get(name)) and unit.child is not None]
            for child in children:
                child.ask_to_stop()
            reserve = 0.0 if stage == STOP_ORDER[-1] else POSTGRES_SECONDS
            for child in children:
                child.wait(until=min(child.asked + child.program.stop_seconds, end - reserve))
        self.units.clear()
        record.write(self.layout, [])

    def _start(self, unit: Unit, now: float) -> Child:
        program = unit.prepare()
        shorten(program.log)
        unit.child, unit.started = Child(program), now
        self._record()
        return unit.child

    def _start_again(self, unit: Unit, now: float) -> None:
        try:
            self._start(unit, now)
        except (StartupError, OSError) as error:
            unit.failures += 1
            unit.start_at = now + RETRY_SECONDS[-1]
            self.say(f"{unit.name} could not be started again, trying on: {error}")

    def _ended(self, unit: Unit, child: Child, code: int, now: float) -> None:
        unit.failures = 0 if now - unit.started > STEADY_SECONDS else unit.failures + 1
        wait = 0.0 if unit.failures == 0 else RETRY_SECONDS[min(unit.failures, len(RETRY_SECONDS)) - 1]
        unit.child, unit.start_at = None, now + wait
        ended = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
        self.say(f"{unit.name} {ended}; starting it again. Its log: {child.program.log}")

    def _record(self) -> None:
        record.write(self.layout, [unit.child for unit in self.units.values() if unit.child is not None])


@contextmanager
def supervising(layout: Layout, say: Callable[[str], None]) -> Iterator[Supervisor]:
    """A supervisor that ends all it started when the block ends, however it ends."""
    supervisor = Supervisor(layout, say)
    try:
        yield supervisor
    finally:
        supervisor.stop()
