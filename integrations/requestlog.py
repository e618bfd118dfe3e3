"""The log of API requests, for the organizations that made them: noted in passing, written by one thread of the process.

A request leaves a note in memory and goes on; twice a second a thread writes what has come, many rows at once. While
PostgreSQL is away the notes wait, up to a bound; what finds no room is counted and gone. A process that ends writes what
it has; one that is killed loses its last half second, which a log may.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.util import Finalize
from urllib.parse import parse_qsl, urlencode

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection

from chat33.lib import metrics
from chat33.logs import redact
from integrations.models import ApiRequest

logger = structlog.get_logger(__name__)

EVERY = 0.5  # seconds
ROOM = 20_000  # notes that may wait
BATCH = 500  # rows written at once
PRUNED = 5_000  # rows removed at once
PATIENCE = 1.5  # seconds that the end of a process waits for the last rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One answered request, as the web server knows it."""

    organization_id: int
    key_id: int | None
    user_id: int | None
    method: str
    route: str
    path: str
    query: str
    status: int
    error: str
    message: str
    milliseconds: float
    request_id: str
    address: str | None
    client: str
    at: datetime


_waiting: deque[Note] = deque()
_held: list[Note] = []  # taken out of the queue, and not written yet
_lock = threading.Lock()
_stopping = threading.Event()
_thread: threading.Thread | None = None


def note(noted: Note) -> None:
    """Remember a request; returns at once."""
    if settings.REQUEST_LOG_DAYS <= 0:
        return
    if len(_waiting) >= ROOM:
        metrics.count(metrics.requests_unlogged)
        return
    _waiting.append(noted)
    if _thread is None or not _thread.is_alive():
        _begin()


def stop() -> None:
    """Write what waits, and end the thread; the next note starts another."""
    _stopping.set()
    if _thread is not None:
        _thread.join(PATIENCE)


def _begin() -> None:
    global _thread  # one writer a process, made on first use (after a fork)
    with _lock:
        if _thread is None or not _thread.is_alive():
            _stopping.clear()
            _thread = threading.Thread(target=_serve, name="request log", daemon=True)
            _thread.start()
            # The web server's workers are children of multiprocessing, which end without atexit.
            Finalize(None, stop, exitpriority=0)


def _serve() -> None:
    try:
        while not _stopping.wait(EVERY):
            _write_all()
        _write_all()
    finally:
        connection.close()


def _write_all() -> None:
    """Everything that waits, or as much as PostgreSQL takes."""
    while _held or _waiting:
        while _waiting and len(_held) < BATCH:
            _held.append(_waiting.popleft())
        try:
            close_old_connections()  # one that PostgreSQL has ended since is not used again
            _write(_held)
        except (OperationalError, InterfaceError) as error:
            logger.warning("request_log_waits", notes=len(_held) + len(_waiting), error=type(error).__name__)
            return
        _held.clear()


def _write(notes: Sequence[Note]) -> None:
    rows = [_row(one) for one in notes]
    try:
        ApiRequest.objects.bulk_create(rows)
    except (OperationalError, InterfaceError):
        raise
    except DatabaseError:  # of the organizations, keys and people of half a second one has just been deleted
        for row in rows:
            _write_one(row)


def _write_one(row: ApiRequest) -> None:
    try:
        ApiRequest.objects.bulk_create([row])
    except (OperationalError, InterfaceError):
        raise
    except DatabaseError as error:
        metrics.count(metrics.requests_unlogged)
        logger.info("request_unlogged", request_id=row.request_id, error=type(error).__name__)


def _row(one: Note) -> ApiRequest:
    return ApiRequest(
        organization_id=one.organization_id,
        key_id=one.key_id,
        user_id=one.user_id,
        method=one.method[:7],
        route=one.route[:120],
        path=_clean(one.path, 500),
        query=_clean(_without_secrets(one.query), 500),
        status=one.status,
        error=one.error[:60],
        message=_clean(one.message, 500),
        milliseconds=round(one.milliseconds, 1),
        request_id=one.request_id,
        address=one.address,
        client=_clean(one.client, 200),
        created_at=one.at,
    )


def _without_secrets(query: str) -> str:
    """A query whose parameters open nothing any more."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=50)
    except ValueError:
        return "…"
    return urlencode([*redact(dict(pairs)).items()], safe="[]/:,")


def _clean(text: str, length: int) -> str:
    """What PostgreSQL can keep of a text, nothing secret in it."""
    return str(redact(text.replace("\x00", "")))[:length]


def prune(*, now: datetime, seconds: float) -> int:
    """Forget what was kept as long as promised, for at most so many seconds. Returns how many rows.

    Rows are written in the order of time, so the oldest are the first: no index is needed to find them.
    """
    until = time.monotonic() + seconds
    before = now - timedelta(days=settings.REQUEST_LOG_DAYS)
    removed = 0
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                DELETE FROM integrations_apirequest WHERE id IN (
                    SELECT id FROM (SELECT id, created_at FROM integrations_apirequest ORDER BY id LIMIT %s) AS oldest
                    WHERE created_at < %s
                )
                """,
                [PRUNED, before],
            )
            removed += cursor.rowcount
            if cursor.rowcount < PRUNED:
                break
    return removed


os.register_at_fork(after_in_child=_waiting.clear)
