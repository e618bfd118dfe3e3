"""The posting API: how long creating, reading and listing take with ten posts and with a hundred thousand.

Floor: ``/healthz``, a view that answers a constant through the same middleware. Naive: DRF's ModelSerializer over the same
rows behind a second server of the same shape. All are asked in turn, so that whatever else the machine does hits all alike.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import psutil
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat33.orgs.models import Role
from chat33.runtime.processes import Child
from integrations.services import create_api_key
from posts.models import PostStatus
from tests.benchmarks import rows
from tests.benchmarks.client import Connection, closed_loop, paced
from tests.benchmarks.figures import Report, cpu_seconds, median, percentile
from tests.benchmarks.instance import Instance
from tests.benchmarks.tenants import FEW, LATER, MANY, Tenant, make_tenant, naive_server
from tests.factories import make_channel, make_member, make_organization, make_post
from tests.people import Client

TURNS = 60
RATE, SECONDS, WRITERS = 50, 20, 40  # creates a second, for so long, by so many organizations
NAMES = ("create", "get", "list 20", "list 100", "status", "most frequent platform", "rare platform", "channel", "deep")


def measure(instance: Instance) -> Report:
    """Needs the whole instance."""
    report = Report(f"API: an organization with {FEW} posts and one with {MANY:,}")
    few, many = make_tenant("Few Posts", FEW), make_tenant("Many Posts", MANY)
    rows.settle()
    with naive_server(instance, "tests.benchmarks.naive_wsgi") as (naive_port, naive):
        taken = _in_turn(instance.port, naive_port, few, many)
        _latencies(report, taken, few, many)
        _saturated(report, instance, naive_port, naive, many)
    _creating(report, instance.port)
    return report


def _in_turn(port: int, naive_port: int, few: Tenant, many: Tenant) -> dict[str, list[float]]:
    """Milliseconds of every request, by what was asked for."""
    asks: dict[str, Callable[[], object]] = {"floor": partial(Connection(port).send, "GET", "/healthz")}
    for size, tenant in (("few", few), ("many", many)):
        ours, naive = Connection(port, {"x-api-key": tenant.key}), Connection(naive_port)
        there, also_there = "/api/v1/posts", f"/{tenant.organization.pk}/posts"
        asks[f"{size} create"] = partial(_create, ours, there, tenant.body)
        asks[f"{size} naive create"] = partial(_create, naive, also_there, partial(_naive_body, tenant))
        for name, path in tenant.paths().items():
            if (size, name) != ("few", "deep"):
                asks[f"{size} {name}"] = partial(ours.send, "GET", there + path)
                asks[f"{size} naive {name}"] = partial(naive.send, "GET", also_there + path)
    taken: dict[str, list[float]] = {name: [] for name in asks}
    for turn in range(TURNS + 3):
        for name, ask in asks.items():
            started = time.perf_counter()
            ask()
            if turn >= 3:
                taken[name].append((time.perf_counter() - started) * 1000)
    return taken


def _create(http: Connection, path: str, body: Callable[[], dict[str, Any]]) -> None:
    http.send("POST", path, body())


def _naive_body(tenant: Tenant) -> dict[str, Any]:
    return {
        "organization_id": tenant.organization.pk, "channel_id": tenant.channels[0].pk, "created_by": "bench",
        "text": f"Naive {next(tenant.number)}", "status": PostStatus.QUEUED, "scheduled_at": LATER, "due_at": LATER,
    }  # fmt: skip


def _latencies(report: Report, taken: dict[str, list[float]], few: Tenant, many: Tenant) -> None:
    middle = {name: median(values) for name, values in taken.items()}
    queries = {"few": _queries(few), "many": _queries(many)}
    report.add("a constant (the floor)", middle["floor"], "ms")
    for name in NAMES:
        beside = [("the floor", middle["floor"]), ("the naive one", middle[f"many naive {name}"])]
        if f"few {name}" in middle:
            beside.append((f"that with {FEW} posts", middle[f"few {name}"]))
        report.add(f"{name}, {queries['many'][name]} queries", middle[f"many {name}"], "ms", *beside)
    more = {name for name in NAMES if name in queries["few"] and queries["many"][name] > queries["few"][name] + 1}
    report.goal("more queries with more posts (but the count)", len(more), "", goal="0", met=not more, promise=True)


def _queries(tenant: Tenant) -> dict[str, int]:
    """How many queries each operation takes."""
    client = Client(headers={"x-api-key": tenant.key})
    found = {}
    with CaptureQueriesContext(connection) as captured:
        client.send("POST", "posts", tenant.body())
    found["create"] = len(captured)
    for name, path in tenant.paths().items():
        with CaptureQueriesContext(connection) as captured:
            client.send("GET", f"posts{path}")
        found[name] = len(captured)
    return found


def _saturated(report: Report, instance: Instance, naive_port: int, naive: Child, many: Tenant) -> None:
    """As many as the machine gives, with four connections; and what one costs the web server's processes."""
    headers = {"x-api-key": many.key}
    ours = [
        one
        for one in instance.process.children(recursive=True)
        if "chat33.wsgi" in " ".join(one.cmdline()) or "tracking.edge" in " ".join(one.cmdline())
    ]
    theirs = psutil.Process(naive.process.pid)
    ways: dict[str, tuple[int, list[psutil.Process], Callable[[Connection], object]]] = {
        "floor": (instance.port, ours, lambda http: http.send("GET", "/healthz")),
        "ours": (instance.port, ours, lambda http: http.send("GET", "/api/v1/posts?limit=100", headers=headers)),
        "naive": (naive_port, [theirs, *theirs.children(recursive=True)],
                  lambda http: http.send("GET", f"/{many.organization.pk}/posts?limit=100")),
    }  # fmt: skip
    rates: dict[str, list[float]] = {way: [] for way in ways}
    spent: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(3):
        for way, (port, processes, send) in ways.items():
            before = cpu_seconds(processes)
            rates[way].append(closed_loop(send, port, connections=4, seconds=2))
            spent[way].append((cpu_seconds(processes) - before) / (rates[way][-1] * 2) * 1000)
    rate, cost = ({way: median(values) for way, values in by_way.items()} for by_way in (rates, spent))
    report.add(
        "lists of 100 a second", rate["ours"], "/s", ("the naive one", rate["naive"]), ("constants", rate["floor"])
    )
    report.add("  CPU of the web server for one", cost["ours"], "ms",
               ("the naive one", cost["naive"]), ("a constant", cost["floor"]))  # fmt: skip


def _creating(report: Report, port: int) -> None:
    """Steadily, by organizations that each stay below the limit that a fresh installation has."""
    tenants = []
    for number in range(WRITERS):
        organization = make_organization(name=f"Writer {number}")
        owner = make_member(organization, Role.OWNER, email=f"writer{number}@example.com")
        _, key = create_api_key(organization=organization, name="bench", by=owner)
        channel = make_channel(organization, "x")
        tenants.append(Tenant(organization, owner, key, [channel], make_post(channel)))

    def create(tenant: Tenant, http: Connection) -> None:
        http.send("POST", "/api/v1/posts", tenant.body(), headers={"x-api-key": tenant.key})

    sends = (partial(create, tenants[number % WRITERS]) for number in range(RATE * SECONDS))
    taken = paced(sends, port, rate=RATE, connections=8)
    report.add(f"create, {RATE} a second, p50", median(taken), "ms")
    slow = percentile(taken, 0.99)
    report.goal("  p99", slow, "ms", ("its median", median(taken)), goal="150 ms or less", met=slow <= 150)
