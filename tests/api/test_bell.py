"""A web server whose Redis is gone: posts are taken in at full speed, and wait in PostgreSQL for whoever comes."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psycopg
import pytest
import requests
from celery import current_app
from django.db import connection

from chat33.bell import ring
from chat33.runtime.processes import wait_until
from integrations.models import Channel
from posts.models import Post
from tests.people import Person
from tests.ports import free_port, listens

ROOT = Path(__file__).resolve().parent.parent.parent


@contextmanager
def web_server(redis_url: str) -> Iterator[str]:
    """The web server as it is run, on the test's database."""
    port = free_port()
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    there = {names[name]: value for name, value in connection.settings_dict.items() if name in names and value}
    environ = {**os.environ, "DATABASE_URL": psycopg.conninfo.make_conninfo(**there), "REDIS_URL": redis_url}
    granian = str(Path(sys.executable).with_name("granian"))
    command = [granian, "--interface", "wsgi", "chat33.wsgi:application", "--port", str(port)]
    command += ["--workers", "1", "--blocking-threads", "2", "--no-log"]
    process = subprocess.Popen(command, cwd=ROOT, env=environ)
    try:
        url = f"http://127.0.0.1:{port}"
        assert wait_until(lambda: listens(port) or process.poll() is not None, seconds=60)
        requests.get(f"{url}/healthz", timeout=60).raise_for_status()
        yield url
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(60)


@pytest.mark.django_db(transaction=True)
def test_posts_are_taken_in_while_redis_hangs_and_after_it_died(owner: Person, channel: Channel) -> None:
    seconds, pace = [], []
    hole = socket.create_server(("127.0.0.1", 0), backlog=200)
    with hole, web_server(f"redis://127.0.0.1:{hole.getsockname()[1]}/0") as url:
        for number in range(24):
            if number == 12:
                hole.close()
            body = {"accountIds": [channel.public_id], "text": f"Post {number}"}
            started = time.monotonic()
            requests.get(f"{url}/healthz", timeout=60).raise_for_status()
            between = time.monotonic()
            reply = requests.post(f"{url}/api/v1/posts", json=body, headers={"x-api-key": owner.key}, timeout=60)
            seconds.append(time.monotonic() - between)
            pace.append(between - started)
            assert reply.status_code == 201, reply.text

    assert Post.objects.filter(status="QUEUED", due_at__isnull=False).count() == 24
    waited, one = sorted(seconds), median(pace)  # one that asks nobody for anything: what this machine is like just now
    assert waited[-1] < 2.5 + 40 * one  # the one that found out
    assert waited[-4] < 0.7 + 20 * one


def test_ringing_never_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    sending, over = threading.Event(), threading.Event()
    sent = []

    def stand_still(task: str, **_: object) -> None:
        sending.set()
        over.wait(20)
        sent.append(task)

    monkeypatch.setattr(current_app, "send_task", stand_still)
    ring("posts.publish_due_posts")
    assert sending.wait(20)
    for _ in range(1000):
        ring("posts.publish_due_posts")

    assert sent == []
    over.set()
