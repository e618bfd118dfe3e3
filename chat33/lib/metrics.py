"""What the processes count of themselves, for Prometheus. No label names a tenant, a person or a post.

The web server and the worker are several processes; each adds up in a file of its own in ``PROMETHEUS_MULTIPROC_DIR``
(prometheus_client, "Multiprocess Mode", read 2026-11), and a scrape at any of them sums the files. Where that is not
set, a process counts for itself alone.
"""

import os
import socket
import time
from contextlib import suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, values
from prometheus_client.multiprocess import MultiProcessCollector

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
_HOST = socket.gethostname().replace("_", "-")

if DIRECTORY in os.environ:
    # Containers that share the directory have the same pids, so the host is part of the name.
    values.ValueClass = values.MultiProcessValue(lambda: f"{_HOST}-{os.getpid()}")

REGISTRY = CollectorRegistry()

_FAST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # seconds
_SLOW = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)

requests = Counter("chat33_http_requests", "Requests answered.", ("method", "route", "status"), registry=REGISTRY)
request_seconds = Histogram(
    "chat33_http_request_seconds", "Time to answer.", ("method", "route"), buckets=_FAST, registry=REGISTRY
)
tasks = Counter("chat33_tasks", "Messages taken by workers.", ("task",), registry=REGISTRY)
posts_finished = Counter(
    "chat33_posts_finished",
    "Posts at the end of their road: published, failed or unconfirmed.",
    ("platform", "outcome"),
    registry=REGISTRY,
)
post_lateness_seconds = Histogram(
    "chat33_post_lateness_seconds",
    "How long after its time a post was taken up by a worker.",
    ("platform",),
    buckets=_SLOW,
    registry=REGISTRY,
)
step_seconds = Histogram(
    "chat33_publish_step_seconds",
    "Time a finished step of publishing took.",
    ("platform", "step"),
    buckets=_SLOW,
    registry=REGISTRY,
)
retries = Counter(
    "chat33_publish_retries", "Steps that go back into the queue, by why.", ("platform", "category"), registry=REGISTRY
)
holds = Counter(
    "chat33_publish_holds",
    "Posts held by a limit: our allowance for the day, or the network's own.",
    ("platform", "limit"),
    registry=REGISTRY,
)
proof_reads = Counter(
    "chat33_proof_reads",
    "Reads of a network after a reply was lost, by what they said: published, absent, unknown or error.",
    ("platform", "verdict"),
    registry=REGISTRY,
)
callbacks = Counter("chat33_callback_attempts", "Tries at callbacks, by outcome.", ("outcome",), registry=REGISTRY)
requests_unlogged = Counter(
    "chat33_request_log_dropped", "API requests that the request log had no room for.", registry=REGISTRY
)


def count(counter: Counter, *labels: str) -> None:
    """Count one; a file that cannot be written never costs the work that is counted."""
    with suppress(OSError, ValueError):
        (counter.labels(*labels) if labels else counter).inc()


def measure(histogram: Histogram, seconds: float, *labels: str) -> None:
    """Note a time, as ``count`` does."""
    with suppress(OSError, ValueError):
        histogram.labels(*labels).observe(max(0.0, seconds))


def collected() -> CollectorRegistry:
    """A registry of what all processes have counted so far."""
    directory = os.environ.get(DIRECTORY)
    if not directory or not Path(directory).is_dir():
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=directory)
    return registry


def prune(*, days: float = 7.0) -> None:
    """Forget processes that have counted nothing for so long: they are gone."""
    for path in Path(os.environ.get(DIRECTORY) or os.devnull).glob("*.db"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > days * 86_400:
                path.unlink()
