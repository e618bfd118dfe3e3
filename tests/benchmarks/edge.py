"""The edge: accepted events and recorded redirects a second, 32 connections, each answered after its commit.

Floor: a bare ASGI application with the same durable write and nothing else. Naive: a Django view with one ORM insert. All
are asked in turn, by wrk where it is installed, else by threads of this process, which then are the limit.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from chat33.lib.clock import utcnow
from chat33.lib.secrets import digest, new_key
from chat33.runtime import procfile
from chat33.runtime.layout import Layout
from chat33.runtime.processes import Child, Program, wait_until
from tests.benchmarks.client import Connection, closed_loop
from tests.benchmarks.figures import Report, cpu_seconds, median
from tests.benchmarks.floor_edge import TABLE
from tests.factories import make_organization
from tests.ports import free_port
from tracking.events.partitions import ensure_months
from tracking.models import Event, EventKey, Link, Rollup, Token

CONNECTIONS, SECONDS, ROUNDS = 32, 4, 3
GOAL, OF_FLOOR, OF_NAIVE, P99 = 10_000, 0.35, 3, 25
PERSON = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36"
EVENT = '{"event":"purchase","value":49.99,"currency":"USD","metadata":{"product":"Pro Plan"}}'


@dataclass
class Figures:
    """Of one way: requests a second, the slowest hundredth in milliseconds, and microseconds of CPU for one, of the server
    and of PostgreSQL.
    """

    rates: list[float] = field(default_factory=list)
    slow: list[float] = field(default_factory=list)
    spent: list[float] = field(default_factory=list)
    stored: list[float] = field(default_factory=list)


def measure(layout: Layout) -> Report:
    """Needs PostgreSQL alone."""
    report = Report(f"Edge: {CONNECTIONS} connections, each request answered after its commit")
    ensure_months(now=utcnow())
    organization = make_organization(name="Measured")
    token = new_key()
    Token.objects.create(organization=organization, kind="server", prefix="x", digest=digest(token), created_by="bench")
    Link.objects.create(
        organization=organization, code="bench", url="https://shop.example/", created_by="bench", flow="f1"
    )
    with psycopg.connect(layout.database_url, autocommit=True) as connection:
        connection.execute(TABLE)
        postmaster = psutil.Process(connection.info.backend_pid).parent()
    assert postmaster is not None

    def database() -> list[psutil.Process]:
        return [postmaster, *postmaster.children()]

    with ExitStack() as running:
        ours = running.enter_context(_server(layout, "edge", _uvicorn("tracking.edge.app:make")))
        floor = running.enter_context(_server(layout, "floor", _uvicorn("tests.benchmarks.floor_edge:make")))
        naive = running.enter_context(
            _server(layout, "naive", _granian("tests.benchmarks.naive_events_wsgi:application"))
        )
        ways = {
            ("event", "ours"): (ours, f"/api/webhooks/events?token={token}", EVENT),
            ("event", "floor"): (floor, "/event", EVENT),
            ("event", "naive"): (naive, f"/{organization.pk}/events", EVENT),
            ("redirect", "ours"): (ours, "/l/bench", ""),
            ("redirect", "floor"): (floor, "/l/bench", ""),
            ("redirect", "naive"): (naive, "/l/bench", ""),
        }
        found = {way: Figures() for way in ways}
        before = Event.objects.count()
        for turn in range(ROUNDS + 1):
            for way, (server, path, body) in ways.items():
                before_it, before_database = cpu_seconds(server.processes()), cpu_seconds(database())
                seconds = SECONDS if turn else 1
                rate, slow = _load(server.port, path, body, seconds=seconds)
                if turn:
                    found[way].rates.append(rate)
                    found[way].slow.append(slow)
                    microseconds = 1e6 / (rate * seconds)
                    found[way].spent.append((cpu_seconds(server.processes()) - before_it) * microseconds)
                    found[way].stored.append((cpu_seconds(database()) - before_database) * microseconds)
    for what in ("event", "redirect"):
        _report(report, what, {way: found[what, way] for way in ("ours", "floor", "naive")})
    stored = Event.objects.filter(name__in=("purchase", "click")).count()
    keys, rolled = EventKey.objects.count(), sum(Rollup.objects.filter(axis=0).values_list("events", flat=True))
    naive_ones = stored - keys
    report.goal("events without their key and rollup", keys - rolled, "", goal="0", met=keys == rolled, promise=True)
    report.add("events stored meanwhile", stored - before, "", ("the naive ones", naive_ones))
    return report


def _report(report: Report, what: str, of: dict[str, Figures]) -> None:
    rate, floor, naive = (median(of[way].rates) for way in ("ours", "floor", "naive"))
    report.goal(f"{what}s a second", rate, "/s", goal=f"{GOAL:,}", met=rate >= GOAL)
    report.goal("  beside the floor", rate, "/s", ("the bare application", floor),
                goal=f"{OF_FLOOR:.0%} of it", met=rate >= OF_FLOOR * floor)  # fmt: skip
    report.goal("  beside the naive one", rate, "/s", ("a view with one ORM insert", naive),
                goal=f"{OF_NAIVE} times", met=rate >= OF_NAIVE * naive)  # fmt: skip
    best = {way: max(of[way].rates) for way in of}
    report.add("  in the best round", best["ours"], "/s", ("the floor's best", best["floor"]),
               ("the naive one's best", best["naive"]))  # fmt: skip
    slow = median(of["ours"].slow)
    beside = [(f"the {way} one's", median(of[way].slow)) for way in ("floor", "naive")]
    report.goal("  p99", slow, "ms", *beside, goal=f"under {P99} ms", met=slow < P99)
    spent = {way: median(of[way].spent) for way in of}
    report.add("  CPU of the server for one", spent["ours"], "µs", ("the floor's", spent["floor"]),
               ("the naive one's", spent["naive"]))  # fmt: skip
    stored = {way: median(of[way].stored) for way in of}
    report.add("  CPU of PostgreSQL for one", stored["ours"], "µs", ("the floor's", stored["floor"]),
               ("the naive one's", stored["naive"]))  # fmt: skip


def _uvicorn(application: str) -> str:
    return procfile.read()["edge"].replace("tracking.edge.app:make", application)


def _granian(application: str) -> str:
    return procfile.read()["web"].replace("chat33.wsgi:application", application)


@dataclass(frozen=True)
class Server:
    """One that answers."""

    port: int
    child: Child

    def processes(self) -> list[psutil.Process]:
        """All that it is made of, PostgreSQL's not among them."""
        first = psutil.Process(self.child.process.pid)
        return [first, *first.children(recursive=True)]


@contextmanager
def _server(layout: Layout, name: str, command: str) -> Iterator[Server]:
    """A server that answers; it ends with the block."""
    port = free_port()
    environ = {
        **procfile.environment(layout, os.environ, host="127.0.0.1", port=port),
        "CHAT33_WEB_SOCKET": "",
        "CHAT33_LIMIT_EVENTS": "off",
        "CHAT33_LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "chat33.settings",
    }
    argv = ("/bin/sh", "-c", f"exec {command}")
    child = Child(Program(name=name, argv=argv, log=layout.log_dir / f"{name}.log", env={**os.environ, **environ}))
    try:
        if not wait_until(lambda: _answers(port), seconds=40):
            raise RuntimeError(f"{name} does not answer: {(layout.log_dir / f'{name}.log').read_text()[-2000:]}")
        yield Server(port, child)
    finally:
        child.stop()


def _answers(port: int) -> bool:
    try:
        Connection(port).send("GET", "/")
    except RuntimeError:
        return True
    except OSError:
        return False
    return True


def _load(port: int, path: str, body: str, *, seconds: int) -> tuple[float, float]:
    """Requests a second and their p99 in milliseconds. Raises ``RuntimeError`` when one of them failed."""
    if shutil.which("wrk") is None:
        return _threads(port, path, body, seconds=seconds)
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory) / "ask.lua"
        lines = [f'wrk.headers["User-Agent"] = "{PERSON}"']
        if body:
            lines += ['wrk.method = "POST"', 'wrk.headers["Content-Type"] = "application/json"', f"wrk.body = '{body}'"]
        script.write_text("\n".join(lines))
        told = subprocess.run(
            ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "--timeout", "20s", "--latency", "-s", str(script), f"http://127.0.0.1:{port}{path}"],
            capture_output=True, text=True, check=True, timeout=60,
        ).stdout  # fmt: skip
    if "Non-2xx" in told or "Socket errors" in told:
        raise RuntimeError(told)
    rate, slow = re.search(r"Requests/sec:\s+([\d.]+)", told), re.search(r"99%\s+([\d.]+)(us|ms|s)", told)
    assert rate is not None
    assert slow is not None
    return float(rate[1]), float(slow[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[slow[2]]


def _threads(port: int, path: str, body: str, *, seconds: int) -> tuple[float, float]:
    taken: list[float] = []

    def ask(http: Connection) -> None:
        began = time.perf_counter()
        http.raw("POST" if body else "GET", path, body, {"User-Agent": PERSON})
        taken.append((time.perf_counter() - began) * 1000)

    rate = closed_loop(ask, port, connections=CONNECTIONS, seconds=seconds)
    return rate, sorted(taken)[int(len(taken) * 0.99)]
