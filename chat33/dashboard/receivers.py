"""Signs of life: beat's when it sends a message, a worker's when it takes one. A process that only exists gives none."""

import time
from typing import Any

import structlog
from django.db import DatabaseError
from django.db.models.functions import Now

from chat33.dashboard.models import Heartbeat

logger = structlog.get_logger(__name__)

EVERY = 3.0
_written: dict[str, float] = {}


def beat_sent(sender: Any = None, **_: Any) -> None:
    """Beat has just sent a message."""
    alive("beat")


def worker_took(sender: Any = None, task: Any = None, **_: Any) -> None:
    """A worker has just taken a message; workers are told apart by the queue they serve."""
    delivery = getattr(getattr(task, "request", None), "delivery_info", None) or {}
    alive(f"worker:{delivery.get('routing_key') or 'default'}")


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
