"""Publishing: how many posts a second go out, how late scheduled ones are, and how soon one is visible that goes at once.

Everything is what ``make run`` starts, and every time is the sandbox's: when a post became visible. Naive: a Celery task a
post. Floor: the same requests to the sandbox with nothing around them.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import psutil
import requests

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization, Package, Role
from chat33.runtime.processes import Child, Program
from integrations.models import Channel
from integrations.services import create_api_key
from posts.models import Post, PostStatus
from tests.benchmarks import rows
from tests.benchmarks.figures import Report, cpu_seconds, median, percentile
from tests.benchmarks.instance import Instance
from tests.benchmarks.naive_queue import publish as naive_task
from tests.benchmarks.sandbox_posts import PATH, Visible, send_directly
from tests.factories import make_channel, make_member, make_organization, make_post

CHANNELS = 10
HISTORY = 2_000  # posts that each channel has published before
ROUNDS, POSTS = 3, 300  # each round publishes so many, each way
PER_SECOND, SECONDS = 10, 40
NAIVE_SECONDS = 20
ALONE = 30  # posts made one after another on an idle machine
PAUSE = 0.4  # seconds between two of those
CONNECTIONS = 8


@dataclass
class Bench:
    """The instance, its sandbox, and accounts: ours as channels, the others' as tokens."""

    instance: Instance
    visible: Visible
    channels: list[Channel]
    tokens: list[str]
    key: str
    lost: int = 0
    twice: int = 0

    def seen(self, texts: Sequence[str], *, seconds: float) -> list[datetime]:
        """When each became visible, in the order of the texts; counts those shown twice."""
        found = self.visible.wait(texts, seconds=seconds, every=1.0)
        self.twice += sum(len(times) - 1 for times in found.values())
        return [found[text][0] for text in texts]


def measure(instance: Instance) -> Report:
    """Needs the whole instance."""
    report = Report(f"Publishing: text posts to X at the sandbox, {CHANNELS} channels with {HISTORY:,} posts each")
    bench = _prepare(instance)
    with _naive_worker(instance) as naive:
        _warm(bench)
        _throughput(report, bench, naive)
        _alone(report, bench)
        _lateness(report, bench)
    report.goal("posts shown twice", bench.twice, "", goal="0", met=not bench.twice, promise=True)
    return report


def _prepare(instance: Instance) -> Bench:
    organization = make_organization(
        name="Busy Publisher", package=Package.objects.create(name="Busy", limits={"POSTS": "10000/h"})
    )
    channels = [_channel(organization, instance, f"ours{number}") for number in range(CHANNELS)]
    tokens = [str(_account(instance, f"theirs{number}")["access_token"]) for number in range(CHANNELS)]
    owner = make_member(organization, Role.OWNER, email="busy@example.com")
    _, key = create_api_key(organization=organization, name="bench", by=owner)
    for channel in channels:
        past = "now() - interval '1 year' + n * interval '4 hours'"
        rows.copies(make_post(channel), HISTORY, status=f"'{PostStatus.PUBLISHED}'", created_at=past, published_at=past)
    rows.settle()
    return Bench(instance, Visible(instance.sandbox_url), channels, tokens, key)


def _account(instance: Instance, username: str) -> dict[str, object]:
    body = {"platform": "x", "username": username}
    return dict(requests.post(f"{instance.sandbox_url}/_control/accounts", json=body, timeout=10).json())


def _channel(organization: Organization, instance: Instance, username: str) -> Channel:
    ends = utcnow() + timedelta(hours=2)
    return make_channel(organization, "x", account=_account(instance, username), expires_at=ends)


def _warm(bench: Bench) -> None:
    """First requests open connections and fill caches."""
    _ours(bench, "warm", [utcnow()] * 30, seconds=30)
    _naively(bench, "warm", 30, seconds=30)


# Ways to publish; each gives when every post became visible


def _ours(bench: Bench, name: str, due: Sequence[datetime], *, seconds: float) -> list[datetime]:
    """Rows with a time, found by beat as any scheduled post is."""
    texts = [f"{name} {number}, ours" for number in range(len(due))]
    Post.objects.bulk_create(
        Post(
            organization_id=channel.organization_id, channel=channel, status=PostStatus.QUEUED, text=text,
            scheduled_at=at, due_at=at, created_by="bench",
        )
        for number, (text, at) in enumerate(zip(texts, due, strict=True))
        for channel in [bench.channels[number % CHANNELS]]
    )  # fmt: skip
    return bench.seen(texts, seconds=seconds)


def _naively(
    bench: Bench, name: str, count: int, *, seconds: float, due: Sequence[datetime] | None = None
) -> list[datetime]:
    """A task a post, with Celery's own ``eta`` for those that are scheduled."""
    texts = [f"{name} {number}, naive" for number in range(count)]
    for number, text in enumerate(texts):
        arguments = (text, bench.tokens[number % CHANNELS])
        if due is None:
            naive_task.delay(*arguments)
        else:
            naive_task.apply_async(arguments, eta=due[number])
    return bench.seen(texts, seconds=seconds)


def _directly(bench: Bench, name: str, count: int) -> list[datetime]:
    texts = [f"{name} {number}, direct" for number in range(count)]
    work = [{"text": text, "token": bench.tokens[number % CHANNELS]} for number, text in enumerate(texts)]
    send_directly(("127.0.0.1", bench.instance.port + 1), work, connections=CONNECTIONS)
    return bench.seen(texts, seconds=10)


# What is measured


def _throughput(report: Report, bench: Bench, naive: Child) -> None:
    """Rounds of each way in turn, so that whatever else the machine does hits all alike."""
    rates: dict[str, list[float]] = {"ours": [], "naive": [], "direct": []}
    spent: dict[str, list[float]] = {"ours": [], "naive": []}
    families = {"ours": lambda: _instance_processes(bench), "naive": lambda: [psutil.Process(naive.process.pid)]}
    for number in range(ROUNDS):
        name = f"round {number}"
        ways: dict[str, Callable[[], list[datetime]]] = {
            "ours": partial(_ours, bench, name, [utcnow()] * POSTS, seconds=120),
            "naive": partial(_naively, bench, name, POSTS, seconds=120),
            "direct": partial(_directly, bench, name, POSTS),
        }
        for way, work in ways.items():
            before = cpu_seconds(families[way]()) if way in spent else 0.0
            times = work()
            if way in spent:
                spent[way].append((cpu_seconds(families[way]()) - before) / len(times) * 1000)
            rates[way].append((len(times) - 1) / (max(times) - min(times)).total_seconds())
    ours, naively, direct = (median(rates[way]) for way in rates)
    report.add("posts a second", ours, "/s", ("one task a post", naively), ("the sandbox alone", direct))
    cost = median(spent["ours"])
    report.add("  CPU a post (web, beat, worker, both servers)", cost, "ms",
               ("the one task's, worker alone", median(spent["naive"])))  # fmt: skip


def _alone(report: Report, bench: Bench) -> None:
    """From the request that makes it to its being visible, with nothing else to do."""
    url, headers = f"{bench.instance.url}/api/v1/posts", {"x-api-key": bench.key}
    sent: list[datetime] = []
    texts = [f"alone {number}, ours" for number in range(ALONE)]
    with requests.Session() as session:
        for number, text in enumerate(texts):
            body = {"accountIds": [bench.channels[number % CHANNELS].public_id], "text": text}
            sent.append(utcnow())
            session.post(url, json=body, headers=headers, timeout=10).raise_for_status()
            time.sleep(PAUSE)
    ours = _late(sent, bench.seen(texts, seconds=30))
    sent.clear()
    texts = [f"alone {number}, naive" for number in range(ALONE)]
    for number, text in enumerate(texts):
        sent.append(utcnow())
        naive_task.delay(text, bench.tokens[number % CHANNELS])
        time.sleep(PAUSE)
    naive = _late(sent, bench.seen(texts, seconds=30))
    report.add("request to visible, idle machine, p50", median(ours), "s", ("a task's", median(naive)))
    slow = percentile(ours, 0.95)
    report.goal("  p95", slow, "s", ("a task's", percentile(naive, 0.95)), goal="5 s or less", met=slow <= 5)


def _lateness(report: Report, bench: Bench) -> None:
    """So many due a second, spread evenly."""
    due = _schedule(SECONDS)
    ours = _late(due, _ours(bench, "late", due, seconds=SECONDS + 90))
    due = _schedule(NAIVE_SECONDS)
    naive = _late(due, _naively(bench, "late", len(due), due=due, seconds=NAIVE_SECONDS + 90))
    report.add(f"lateness at {PER_SECOND} due a second, p50", median(ours), "s", ("Celery's eta", median(naive)))
    report.add("  p95", percentile(ours, 0.95), "s", ("Celery's eta", percentile(naive, 0.95)))
    slow = percentile(ours, 0.99)
    report.goal("  p99", slow, "s", ("Celery's eta", percentile(naive, 0.99)), goal="5 s or less", met=slow <= 5)
    report.add("  the latest", max(ours), "s", ("Celery's eta", max(naive)))
    early = sum(1 for late in ours if late < 0)
    report.goal("  published early", early, "", goal="0", met=not early, promise=True)


def _schedule(seconds: int) -> list[datetime]:
    start = utcnow() + timedelta(seconds=3)
    return [start + timedelta(seconds=number / PER_SECOND) for number in range(seconds * PER_SECOND)]


def _late(due: Sequence[datetime], seen: Sequence[datetime]) -> list[float]:
    return [(at - then).total_seconds() for then, at in zip(due, seen, strict=True)]


# Processes


def _instance_processes(bench: Bench) -> list[psutil.Process]:
    """All that the instance runs, without the sandbox."""
    family = bench.instance.process.children(recursive=True)
    return [process for process in family if "integrations.sandbox" not in " ".join(process.cmdline())]


@contextmanager
def _naive_worker(instance: Instance) -> Iterator[Child]:
    """The naive publisher's worker, of the same shape as ours."""
    argv = (sys.executable, "-m", "celery", "-A", "tests.benchmarks.naive_queue", "worker", "--pool", "threads",
            "--concurrency", "16", "--without-gossip", "--without-mingle")  # fmt: skip
    env = {**os.environ, "BENCH_X_URL": f"{instance.sandbox_url}{PATH}"}
    child = Child(Program(name="naive", argv=argv, log=instance.layout.log_dir / "naive.log", env=env))
    try:
        yield child
    finally:
        child.stop()
