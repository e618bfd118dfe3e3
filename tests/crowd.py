"""Many callers at the same moment, each in a thread with a database connection of its own."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection


def together(calls: Sequence[Callable[[], Any]], *, seconds: float = 60) -> list[Any]:
    """Start all calls at once and give their results in order. Raises the first error of any."""
    results: dict[int, Any] = {}
    errors: list[BaseException] = []
    gate = threading.Barrier(len(calls))

    def run(number: int) -> None:
        try:
            connection.ensure_connection()
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


def until_somebody_waits(seconds: float = 10) -> None:
    """Return as soon as another connection waits for a lock of ours; raise when nobody ever does."""
    for _ in range(int(seconds / 0.01)):
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
            if cursor.fetchone() == (True,):
                return
        time.sleep(0.01)
    raise AssertionError("nobody waited for the lock")
