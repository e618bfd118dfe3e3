"""A small HTTP client for measuring: connections that stay open, and little of its own work in the figures."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any, TypeVar

Result = TypeVar("Result")


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

    def raw(self, method: str, path: str, body: str, headers: Mapping[str, str]) -> None:
        """Ask and read, whatever is answered but an error."""
        self._http.request(method, path, body or None, {**self._headers, **headers})
        reply = self._http.getresponse()
        answer = reply.read()
        if reply.status >= 400:
            raise RuntimeError(f"{method} {path} answered {reply.status}: {answer[:300]!r}")


def closed_loop(send: Callable[[Connection], object], port: int, *, connections: int, seconds: float) -> float:
    """Requests a second when each connection sends its next one as soon as it has an answer."""
    until = time.perf_counter() + seconds

    def loop(_: int) -> int:
        connection = Connection(port)
        count = 0
        while time.perf_counter() < until:
            send(connection)
            count += 1
        return count

    started = time.perf_counter()
    return sum(_together(loop, connections)) / (time.perf_counter() - started)


def paced(sends: Iterator[Callable[[Connection], object]], port: int, *, rate: float, connections: int) -> list[float]:
    """Milliseconds from when each request was due, ``rate`` a second, to its answer; waiting for a connection counts."""
    lock = threading.Lock()
    started = time.perf_counter() + 0.1
    numbered = enumerate(sends)

    def loop(_: int) -> list[float]:
        connection = Connection(port)
        taken: list[float] = []
        while True:
            with lock:
                number, send = next(numbered, (0, None))
            if send is None:
                return taken
            due = started + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            send(connection)
            taken.append((time.perf_counter() - due) * 1000)

    return [spent for mine in _together(loop, connections) for spent in mine]


def _together(loop: Callable[[int], Result], count: int) -> list[Result]:
    """What each of ``count`` threads found. Raises what the first failing one raised."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(loop, range(count)))
