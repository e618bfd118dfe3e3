"""``python -m chat33.runtime run``: one whole instance in the foreground, from nothing to ready to stopped."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from ipaddress import ip_address

from chat33.runtime import procfile, record
from chat33.runtime.banner import banner
from chat33.runtime.errors import StartupError
from chat33.runtime.health import readiness
from chat33.runtime.layout import Layout, layout
from chat33.runtime.ports import chosen_port, require_free
from chat33.runtime.postgres import Postgres
from chat33.runtime.processes import Program, tail
from chat33.runtime.redis import EmbeddedRedis
from chat33.runtime.servers import DataDirLock, embedded, require_ready
from chat33.runtime.supervisor import STOP_ORDER, Supervisor, supervising
from chat33.runtime.watchdog import Watchdog

READY_SECONDS = 60.0
"""Seconds from the start of the processes to the first answer of ``/readyz`` that says yes."""

HOPELESS_STARTS = 3
"""A process that dies so often before anything was ready will not come up by trying on."""

TICK_SECONDS = 0.1

ASK_SECONDS = 0.25
"""How often ``/readyz`` is asked until it says yes."""


class StopRequestedError(Exception):
    """Somebody asked us to end before we were ready."""


class StopRequest:
    """Whether a signal asked us to end: Ctrl-C, SIGTERM, or the terminal closing."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self._asked.set())

    def check(self) -> None:
        """Raise ``StopRequestedError`` if it did."""
        if self._asked.is_set():
            raise StopRequestedError

    def wait(self, seconds: float) -> bool:
        """Wait for it, at most so long."""
        return self._asked.wait(seconds)


def main(environ: Mapping[str, str] = os.environ) -> int:
    """Run until asked to stop; the exit status is 0 then, 1 if there was no start, with one line that says why."""
    try:
        _run(environ, StopRequest())
    except StartupError as error:
        print(f"chat33: {error}", file=sys.stderr)
        return 1
    return 0


def say(line: str) -> None:
    """One line for who watches the terminal; nobody may be watching any more."""
    try:
        print(line, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python docs, "Note on SIGPIPE"


def _run(environ: Mapping[str, str], stop: StopRequest) -> None:
    began = time.monotonic()
    here = layout(environ)
    host, port = environ.get("CHAT33_HOST") or "127.0.0.1", chosen_port(environ)
    with DataDirLock(here):
        _end_leftovers(here)
        require_free(host, port, what="web")
        require_free("127.0.0.1", port + 1, what="sandbox")
        try:
            with supervising(here, say) as supervisor:
                _start(supervisor, environ, host, port, stop)
                say(banner(here, url=f"http://{_reachable(host)}:{port}", seconds=time.monotonic() - began))
                watchdog = Watchdog(lambda: readiness(_reachable(host), port))
                while not stop.wait(TICK_SECONDS):
                    now = time.monotonic()
                    supervisor.tick(now)
                    for name in watchdog.wedged(now):
                        say(f"{name} runs but does nothing that could be heard.")
                        supervisor.kill(name)
                say("Stopping …")
        except StopRequestedError:
            say("Stopped before it was ready.")
        else:
            say("Stopped.")


def _end_leftovers(here: Layout) -> None:
    """End what a killed supervisor left, by its record, and the servers by their names even without one."""
    found = record.end_recorded(here, order=STOP_ORDER, seconds=5.0)
    if found:
        say(f"Ended what an earlier start left running: {', '.join(found)}.")
    EmbeddedRedis(here).end_leftovers()
    Postgres(here).end_leftovers()
    for counted in here.metrics_dir.glob("*.db"):  # nobody counts now, so the counters may begin anew
        counted.unlink(missing_ok=True)


def _start(supervisor: Supervisor, environ: Mapping[str, str], host: str, port: int, stop: StopRequest) -> None:
    here = supervisor.layout
    say("Starting Chat33 …")
    env = procfile.environment(here, environ, host=host, port=port)
    programs = {program.name: program for program in procfile.programs(here, env)}
    servers = embedded(here, environ)
    children = [(server, supervisor.start(server.name, server.prepare)) for server in servers]
    supervisor.start("sandbox", _always(programs.pop("sandbox")))  # setup connects the demo's accounts to it
    for server, child in children:
        require_ready(server, child, check=stop.check)
    setup = Program(
        name="setup",
        argv=(sys.executable, "-m", "chat33.runtime.setup"),
        log=here.log_dir / "setup.log",
        env=env,
    )
    supervisor.run_once(setup, check=stop.check)
    for program in programs.values():
        supervisor.start(program.name, _web(program, here) if program.name == "web" else _always(program))
    _wait_ready(supervisor, _reachable(host), port, stop)


def _web(program: Program, here: Layout) -> Callable[[], Program]:
    def prepare() -> Program:
        procfile.clear_socket(here.web_socket)
        return program

    return prepare


def _always(program: Program) -> Callable[[], Program]:
    return lambda: program


def _wait_ready(supervisor: Supervisor, host: str, port: int, stop: StopRequest) -> None:
    limit = time.monotonic() + READY_SECONDS
    while (answer := readiness(host, port))[0] != 200:
        stop.check()
        supervisor.tick(time.monotonic())
        for unit in supervisor.units.values():
            if unit.failures >= HOPELESS_STARTS:
                log = supervisor.layout.log_dir / f"{unit.name}.log"
                raise StartupError(f"{unit.name} does not start: see {log}. Its last words:\n{tail(log)}")
        if time.monotonic() > limit:
            raise StartupError(
                f"Not ready after {READY_SECONDS:.0f} s ({answer[1]}): see the logs in {supervisor.layout.log_dir}."
            )
        time.sleep(ASK_SECONDS)


def _reachable(host: str) -> str:
    """The address at which a browser on this machine finds a server that listens on ``host``."""
    with suppress(ValueError):
        if ip_address(host).is_unspecified:
            return "127.0.0.1" if ip_address(host).version == 4 else "localhost"
    return host
