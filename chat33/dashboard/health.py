"""``/healthz``: this process answers. ``/readyz``: everything that publishing needs does its work."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from chat33.dashboard.models import Heartbeat
from chat33.lib.clock import utcnow
from posts.queue import oldest_due

SILENCE = timedelta(seconds=30)  # a process that gave no sign for so long is not working
LAG = timedelta(seconds=60)  # a post may wait so long past its time


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Alive."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every part works, else 503; the body names each part."""
    checks: dict[str, Any] = {}
    parts: dict[str, Callable[[], str]] = {
        "database": _database,
        "migrations": _migrations,
        "redis": _redis,
        "worker": lambda: _heard("worker:publish"),
        "chores": lambda: _heard("worker:callbacks"),
        "beat": lambda: _heard("beat"),
        "scheduler": _lag,
    }
    for name, part in parts.items():
        try:
            checks[name] = part() or "ok"
        except (DatabaseError, redis.RedisError, OSError) as error:
            checks[name] = f"not reachable ({type(error).__name__})"
    ready = all(check == "ok" for check in checks.values())
    return JsonResponse({"status": "ok" if ready else "not ready", "checks": checks}, status=200 if ready else 503)


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


_migrated = False


def _migrations() -> str:
    """Migrations do not go back while we run, so in step once is in step."""
    global _migrated  # remembered for this process
    if not _migrated:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if waiting:
            return f"{len(waiting)} not applied; run manage.py migrate"
        _migrated = True
    return ""


def _redis() -> str:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    try:
        client.ping()
    finally:
        client.close()
    return ""


def _heard(name: str) -> str:
    row = Heartbeat.objects.filter(name=name).first()
    if row is None:
        return "not heard from yet"
    silent = utcnow() - row.seen_at
    return "" if silent < SILENCE else f"silent for {silent.total_seconds():.0f} s"


def _lag() -> str:
    due = oldest_due()
    late = utcnow() - due if due else timedelta()
    return "" if late < LAG else f"a post is {late.total_seconds():.0f} s late"
