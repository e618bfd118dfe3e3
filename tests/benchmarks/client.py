"""A small HTTP client for measuring: connections that stay open, and little of its own work in the figures."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPConnection
from typing import Any


class Connection:
    """One connection to one port of this machine."""

    def __init__(self, port: int, headers: Mapping[str, str] | None = None) -> None:
        self._http = HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Content-Type": "application/json", **(headers or {})}

    def send(self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None) -> bytes:
        """The answer's body. Raises ``RuntimeError`` unless it is a 2xx."""
        payload = None if body is None else json.dumps(body)
        self._http.request(method, path, payload, {**self._headers, **(headers or {})})
        reply = self._http.getresponse()
        answer = reply.read()
        if not 200 <= reply.status < 300:
            raise RuntimeError(f"{method} {path} answered {reply.status}: {answer[:300]!r}")
        return answer


def closed_loop(send: Callable[[Connection], object], port: int, *, connections: int, seconds: float) -> float:
    """Requests a second when each connection sends its next one as soon as it has an answer."""
    until = time.perf_counter() + seconds
    counts = [0] * connections

    def loop(number: int) -> None:
        connection = Connection(port)
        while time.perf_counter() < until:
            send(connection)
            counts[number] += 1

    started = time.perf_counter()
    _together(loop, connections)
    return sum(counts) / (time.perf_counter() - started)


def paced(sends: Iterator[Callable[[Connection], object]], port: int, *, rate: float, connections: int) -> list[float]:
    """Milliseconds from when each request was due, ``rate`` a second, to its answer: waiting for a free connection counts.

    Raises what the first failing request raised.
    """
    lock = threading.Lock()
    taken: list[float] = []
    errors: list[Exception] = []
    started = time.perf_counter() + 0.1
    numbered = enumerate(sends)

    def loop(_: int) -> None:
        connection = Connection(port)
        while not errors:
            with lock:
                number, send = next(numbered, (0, None))
            if send is None:
                return
            due = started + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            try:
                send(connection)
            except (RuntimeError, OSError) as error:
                errors.append(error)
            taken.append((time.perf_counter() - due) * 1000)

    _together(loop, connections)
    if errors:
        raise errors[0]
    return taken


def _together(loop: Callable[[int], None], count: int) -> None:
    threads = [threading.Thread(target=loop, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
