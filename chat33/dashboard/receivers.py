"""What beat and the workers do at each message: give a sign of life (a process that only exists gives none), count it,
and work under the id of the request that rang for it.
"""

import time
from typing import Any

import structlog
from django.db import DatabaseError, close_old_connections
from django.db.models.functions import Now

from chat33.dashboard.models import Heartbeat
from chat33.lib import metrics

logger = structlog.get_logger(__name__)

EVERY = 3.0
_written: dict[str, float] = {}


def beat_sent(sender: Any = None, **_: Any) -> None:
    """Beat has just sent a message."""
    alive("beat")


def worker_took(sender: Any = None, task: Any = None, **_: Any) -> None:
    """A worker has just taken a message; workers are told apart by the queue they serve."""
    close_old_connections()  # one that PostgreSQL has ended since is not used again
    request = getattr(task, "request", None)
    structlog.contextvars.clear_contextvars()  # what the thread did before
    structlog.contextvars.bind_contextvars(
        task=str(getattr(task, "name", "")), request_id=str(getattr(request, "request_id", None) or "")
    )
    metrics.count(metrics.tasks, str(getattr(task, "name", "")))
    delivery = getattr(request, "delivery_info", None) or {}
    alive(f"worker:{delivery.get('routing_key') or 'default'}")


def worker_began(sender: Any = None, **_: Any) -> None:
    """A worker has just started."""
    metrics.prune()


def alive(name: str) -> None:
    """Write the sign, at most every few seconds a process."""
    now = time.monotonic()
    if now - _written.get(name, -EVERY) < EVERY:
        return
    _written[name] = now
    try:
        Heartbeat.objects.update_or_create(name=name, defaults={"seen_at": Now()})
    except DatabaseError as error:
        logger.warning("heartbeat_lost", name=name, error=type(error).__name__)
