"""``/metrics``: who may read it, that all processes are in it, and that it names nobody."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from django.conf import settings as installation
from django.db import connection
from django.test import Client
from django.urls import reverse
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import Settings

from chat33.lib import metrics
from chat33.lib.clock import utcnow
from chat33.runtime.processes import wait_until
from integrations.callbacks import create_callback, send_due
from integrations.channels import disconnect_channel
from integrations.models import Channel
from posts import publishing
from posts.models import PostStatus
from tests.factories import make_channel, make_post, make_user
from tests.people import Person
from tests.ports import free_port, listens
from tests.posts.flow import publish, queued, sandbox_channel
from tests.sandboxes import RunningSandbox

pytestmark = pytest.mark.django_db

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def parsed(text: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scrape() -> Samples:
    reply = Client().get("/metrics", headers={"Authorization": f"Bearer {installation.METRICS_TOKEN}"})
    assert reply.status_code == 200
    return parsed(reply.content.decode())


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples.get((name, tuple(sorted(labels.items()))), 0.0)


class Counted:
    """What was counted since the test began."""

    def __init__(self) -> None:
        self.before = scrape()

    def __call__(self, name: str, **labels: str) -> float:
        return value(scrape(), name, **labels) - value(self.before, name, **labels)


# Who may read


def test_the_token_opens_it() -> None:
    reply = Client().get("/metrics", headers={"Authorization": f"Bearer {installation.METRICS_TOKEN}"})

    assert reply.status_code == 200
    assert reply.headers["Content-Type"].startswith("text/plain; version=")
    assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer", "Basic dXNlcjpwYXNz", "nonsense", "Bearer \u00fc"])
def test_anything_else_does_not(header: str) -> None:
    reply = Client().get("/metrics", headers={"Authorization": header})

    assert reply.status_code == 401
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")
    assert "chat33_" not in reply.content.decode()


def test_an_operator_may_look_and_a_customer_may_not(owner: Person) -> None:
    staff = Client()
    staff.force_login(make_user(is_staff=True))

    assert staff.get("/metrics").status_code == 200
    assert Client().get("/metrics").status_code == 401
    assert owner.browser().get("/metrics").status_code == 403
    assert owner.api().get("/metrics").status_code == 401


def test_an_operator_s_session_does_not_make_up_for_a_wrong_token() -> None:
    staff = Client()
    staff.force_login(make_user(is_staff=True))

    assert staff.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401


# Requests


def test_a_request_is_counted_by_route_and_not_by_address(owner: Person, channel: Channel) -> None:
    counted = Counted()
    post = make_post(channel)

    owner.api().send("GET", f"posts/{post.public_id}")
    owner.api().send("GET", f"posts/{post.public_id}x")
    owner.api().get("/nothing/here")
    owner.api().generic("BREW", "/healthz")

    route = "api/v1/posts/<str:post_id>"
    assert counted("chat33_http_requests_total", method="GET", route=route, status="200") == 1
    assert counted("chat33_http_requests_total", method="GET", route=route, status="404") == 1
    assert counted("chat33_http_request_seconds_count", method="GET", route=route) == 2
    assert counted("chat33_http_requests_total", method="GET", route="unrouted", status="404") == 1
    assert counted("chat33_http_requests_total", method="OTHER", route="healthz", status="405") == 1


@contextmanager
def web(directory: Path, workers: int) -> Iterator[str]:
    """A web server of several processes on the test's database."""
    port = free_port()
    database = connection.settings_dict
    environment = {
        **os.environ,
        "DATABASE_URL": f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}",
        "PROMETHEUS_MULTIPROC_DIR": str(directory),
        "PORT": str(port),
    }
    command = [sys.executable, "-W", "ignore", "-m", "granian", "--interface", "wsgi", "chat33.wsgi:application",
               "--port", str(port), "--workers", str(workers), "--blocking-threads", "1", "--no-ws"]  # fmt: skip
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        assert wait_until(lambda: listens(port) or process.poll() is not None, seconds=60)
        yield url
    finally:
        process.terminate()
        process.wait(60)


def test_one_scrape_sums_all_web_processes(tmp_path: Path) -> None:
    with web(tmp_path, workers=2) as url:
        served = 0
        until = time.monotonic() + 60
        while time.monotonic() < until and len(list(tmp_path.glob("counter_*.db"))) < 2:
            served += 20
            for _ in range(20):  # each on a connection of its own, so that both processes get some
                assert requests.get(f"{url}/readyz", timeout=60).status_code in (200, 503)
        reply = requests.get(
            f"{url}/metrics", headers={"Authorization": f"Bearer {installation.METRICS_TOKEN}"}, timeout=60
        )

    assert len(list(tmp_path.glob("counter_*.db"))) == 2
    samples = parsed(reply.text)
    seen = sum(value(samples, "chat33_http_requests_total", method="GET", route="readyz", status=str(status))
               for status in (200, 503))  # fmt: skip
    assert seen == served


# Work


def test_publishing_is_counted(owner: Person, sandboxed: RunningSandbox) -> None:
    counted = Counted()
    channel = sandbox_channel(owner.organization, sandboxed, "x")

    assert publish(queued(channel), sandboxed).status == PostStatus.PUBLISHED

    assert counted("chat33_posts_finished_total", platform="x", outcome="published") == 1
    assert counted("chat33_publish_step_seconds_count", platform="x", step="commit") == 1
    assert counted("chat33_post_lateness_seconds_count", platform="x") == 1


def test_doubt_and_proof_are_counted(owner: Person, sandboxed: RunningSandbox) -> None:
    counted = Counted()
    channel = sandbox_channel(owner.organization, sandboxed, "x")
    sandboxed.rule("x", "commit", "drop_after")

    assert publish(queued(channel), sandboxed).status == PostStatus.PUBLISHED

    assert counted("chat33_proof_reads_total", platform="x", verdict="published") == 1


def test_retries_are_counted_by_why(owner: Person, settings: Settings) -> None:
    counted = Counted()
    settings.SANDBOX_URL = "http://127.0.0.1:9"
    queued(make_channel(owner.organization, "x"))

    publishing.publish_due(seconds=60)

    assert counted("chat33_publish_retries_total", platform="x", category="network") == 1


def test_holds_and_failures_are_counted(owner: Person, channel: Channel, settings: Settings) -> None:
    counted = Counted()
    settings.DAILY_LIMITS = {**settings.DAILY_LIMITS, "x": "1"}
    make_post(channel, status=PostStatus.PUBLISHED, slot_at=utcnow())
    queued(channel)
    queued(make_channel(owner.organization, "facebook", is_active=False))

    publishing.publish_due(seconds=60)

    assert counted("chat33_publish_holds_total", platform="x", limit="allowance") == 1
    assert counted("chat33_posts_finished_total", platform="facebook", outcome="failed") == 1


def test_callbacks_are_counted_by_outcome(owner: Person, sandboxed: RunningSandbox) -> None:
    counted = Counted()
    for path in ("_control/posts", "nothing/here"):  # the one takes no POST, the other is not there
        create_callback(
            organization=owner.organization, subject="post_x", url=f"{sandboxed.url}/{path}", body={}, now=utcnow()
        )

    send_due(seconds=60)

    assert counted("chat33_callback_attempts_total", outcome="retry") == 2


# The present


def test_gauges_tell_how_the_queue_stands(owner: Person, channel: Channel) -> None:
    now = utcnow()
    make_post(channel, status=PostStatus.QUEUED, due_at=now - timedelta(minutes=5))
    make_post(channel, status=PostStatus.QUEUED, due_at=now + timedelta(hours=1))
    make_post(channel, status=PostStatus.PUBLISHED, created_at=now - timedelta(days=2))
    create_callback(organization=owner.organization, subject="p", url="https://example.com/", body={}, now=now)
    disconnect_channel(channel=make_channel(owner.organization), reason="Gone.", now=now)
    make_channel(owner.organization, token_expires_at=now - timedelta(minutes=1))

    samples = scrape()

    assert value(samples, "chat33_database_up") == 1
    assert value(samples, "chat33_posts_due") == 1
    assert 300 <= value(samples, "chat33_posts_oldest_due_seconds") < 330
    assert value(samples, "chat33_posts_recent", status="QUEUED") == 2
    assert value(samples, "chat33_posts_recent", status="PUBLISHED") == 0
    assert value(samples, "chat33_callbacks_pending") == 1
    channels = {
        health: value(samples, "chat33_channels", health=health) for health in ("ok", "expired", "disconnected")
    }
    assert channels == {"ok": 1, "expired": 1, "disconnected": 1}


def test_labels_name_no_tenant(owner: Person, channel: Channel, sandboxed: RunningSandbox) -> None:
    publish(queued(sandbox_channel(owner.organization, sandboxed, "x")), sandboxed)
    owner.api().send("GET", f"posts/{make_post(channel).public_id}")
    owner.api().get("/media/sometoken/picture.jpg")

    labels = {label for _, found in scrape() for label in found}

    assert {name for name, _ in labels} <= {
        "method", "route", "status", "platform", "outcome", "step", "category", "limit", "verdict", "task", "le", "health",
    }  # fmt: skip
    shown = " ".join(text for _, text in labels)
    assert not re.search(r"(org|chan|post|usr|key|cb|media)_[0-9a-z]{26}|sometoken|@", shown)


# The files


def test_a_file_that_cannot_be_written_costs_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: str) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(metrics.tasks, "labels", broken)

    metrics.count(metrics.tasks, "any")


def test_processes_long_gone_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    old, new = tmp_path / "counter_a-1.db", tmp_path / "counter_b-2.db"
    for path in (old, new):
        path.write_bytes(b"")
    long_ago = time.time() - 8 * 86_400
    os.utime(old, (long_ago, long_ago))

    metrics.prune()

    assert [path.name for path in tmp_path.iterdir()] == ["counter_b-2.db"]


def test_it_is_where_the_sidebar_says() -> None:
    assert reverse("metrics") == "/metrics"
