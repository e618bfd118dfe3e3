"""The embedded servers together, for whoever needs them for a while: the tests above all."""

import fcntl
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Protocol, Self

from chat33.runtime.errors import StartupError
from chat33.runtime.layout import Layout
from chat33.runtime.postgres import Postgres
from chat33.runtime.processes import Child, Program, tail, wait_until
from chat33.runtime.redis import EmbeddedRedis

READY_SECONDS = 60.0
"""Seconds a server may take to answer; after a crash it first reads its journal."""


class Server(Protocol):
    """An embedded server: what to run, and whether it answers."""

    name: str

    def prepare(self) -> Program:
        """Clear the way and say what to run."""

    def is_ready(self) -> bool:
        """Whether it answers."""


class DataDirLock:
    """One starter a data directory; the kernel lets go of it when its holder dies, however it dies."""

    def __init__(self, layout: Layout) -> None:
        layout.create()
        self._file = layout.lock_file.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise StartupError(
                f"{layout.data_dir} is in use by process {holder}: end it, or set CHAT33_DATA_DIR and PORT to others."
            ) from error
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Let the next one start."""
        self._file.close()


def embedded(layout: Layout, environ: Mapping[str, str], *, for_tests: bool = False) -> list[Server]:
    """The servers that the environment names no real one for."""
    servers: list[Server] = []
    if not environ.get("DATABASE_URL"):
        servers.append(Postgres(layout, for_tests=for_tests))
    if not environ.get("REDIS_URL"):
        servers.append(EmbeddedRedis(layout, for_tests=for_tests))
    return servers


def require_ready(server: Server, child: Child, *, check: Callable[[], None] = lambda: None) -> None:
    """Wait until the server answers, calling ``check`` meanwhile.

    Raises ``StartupError`` with the server's last words if it ends instead or never answers.
    """

    def settled() -> bool:
        check()
        return child.exit_code() is not None or server.is_ready()

    answered = wait_until(settled, seconds=READY_SECONDS)
    if not answered or child.exit_code() is not None:
        words = tail(child.program.log, lines=3).replace("\n", " | ")
        raise StartupError(f"{child.name} did not start ({words}): see {child.program.log}.")


class RunningServers:
    """The embedded servers of a data directory from ``with`` to the end of its block; nothing restarts them."""

    def __init__(self, layout: Layout, *, environ: Mapping[str, str] | None = None, for_tests: bool = False) -> None:
        self.layout = layout
        self.servers = embedded(layout, os.environ if environ is None else environ, for_tests=for_tests)
        self.children: dict[str, Child] = {}
        self._ends = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            self.lock = starting.enter_context(DataDirLock(self.layout))
            started = [(server, self._start(server, starting)) for server in self.servers]
            for server, child in started:
                require_ready(server, child)
            self._ends = starting.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def restart(self, name: str) -> Child:
        """Start a server again that has ended."""
        server = next(server for server in self.servers if server.name == name)
        return self._start(server, self._ends)

    def _start(self, server: Server, ends: ExitStack) -> Child:
        child = Child(server.prepare())
        self.children[child.name] = child
        ends.callback(child.stop)
        return child
