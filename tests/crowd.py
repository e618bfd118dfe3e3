"""Many callers at the same moment, each in a thread with a database connection of its own."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection


def together(calls: Sequence[Callable[[], Any]], *, seconds: float = 120) -> list[Any]:
    """Start all calls at once and give their results in order. Raises the first error of any."""
    results: dict[int, Any] = {}
    errors: list[BaseException] = []
    gate = threading.Barrier(len(calls))

    def run(number: int) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET statement_timeout = 0")  # the last in a line waits for all before it
            gate.wait(seconds)
            results[number] = calls[number]()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
    if errors:
        raise errors[0]
    assert len(results) == len(calls), "some callers never came back"
    return [results[number] for number in range(len(calls))]


_HELD_UP = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
"""By this connection: other test processes have their databases, and their locks, at the same server."""


def until_somebody_waits(seconds: float = 60) -> None:
    """Return as soon as another connection waits for a lock of ours; raise when nobody ever does."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(_HELD_UP)
            if cursor.fetchone() == (True,):
                return
        time.sleep(0.01)
    raise AssertionError("nobody waited for the lock")
