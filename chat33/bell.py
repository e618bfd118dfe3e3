"""Ringing for a worker without ever waiting for Redis.

A request sets a flag and goes on; a thread of this process sends the message. Many rings in the same moment become one
message, under the id of the request that rang first. When Redis is away the ring is lost, and beat's next tick finds
the rows.
"""

import threading

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from chat33.logs import current_request_id

logger = structlog.get_logger(__name__)

_wanted: dict[str, str] = {}  # task to request id
_lock = threading.Lock()
_ring = threading.Event()
_thread: threading.Thread | None = None


def ring_on_commit(task: str) -> None:
    """Send the task (by name) soon after the open transaction has been committed."""
    transaction.on_commit(lambda: ring(task))


def ring(task: str) -> None:
    """Send the task soon; returns at once."""
    global _thread  # one bell ringer a process, made on first use (after a fork)
    with _lock:
        _wanted.setdefault(task, current_request_id())
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_serve, name="bell", daemon=True)
            _thread.start()
    _ring.set()


def _serve() -> None:
    while True:
        _ring.wait()
        _ring.clear()
        with _lock:
            wanted = dict(_wanted)
            _wanted.clear()
        for task, request_id in wanted.items():
            try:
                current_app.send_task(
                    task, queue=_queue(task), expires=5, retry=False, headers={"request_id": request_id}
                )
            except (OperationalError, RedisError, OSError) as error:
                logger.info("bell_lost", task=task, request_id=request_id, error=type(error).__name__)


def _queue(task: str) -> str:
    if task == "posts.run_imports":  # a chore, though posts come of it
        return "default"
    return {"posts": "publish", "integrations": "callbacks"}.get(task.partition(".")[0], "default")
