"""Group commit: the events of the requests of the same few milliseconds are stored by one statement.

A request waits in a line; whoever carries the line takes all that wait, stores them in one transaction and tells each what
became of its event. While that commit is on its way the next requests gather, so the batch grows with the load and a
lonely event waits for nobody.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson
import psycopg
import structlog

logger = structlog.get_logger(__name__)

STORE = Path(__file__).with_name("store.sql").read_text()
LARGEST = 1_000  # events of one transaction
WAITING = 20_000  # events in the line; beyond it the door says so at once
PATIENCE = 2.0  # seconds that a client waits at most

Status = Literal["accepted", "duplicate"]


class Full(Exception):
    """The line is full: come back in a second."""


class Unavailable(Exception):
    """The database does not answer: nothing of this was stored."""


@dataclass
class _Waiting:
    rows: Sequence[dict[str, Any]]
    done: "asyncio.Future[list[Status]]"


class Store:
    """The line and who carries it: ``carriers`` connections of their own."""

    def __init__(self, conninfo: str, *, carriers: int = 1) -> None:
        self._conninfo = conninfo
        self._line: deque[_Waiting] = deque()
        self._length = 0
        self._bell = asyncio.Event()
        self._carriers = carriers
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to carry."""
        self._tasks = [asyncio.create_task(self._carry()) for _ in range(self._carriers)]

    async def stop(self) -> None:
        """Store what waits, then end."""
        while self._line:
            self._bell.set()
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def put(self, rows: Sequence[dict[str, Any]]) -> list[Status]:
        """Store the events; what became of each. Raises ``Full`` and ``Unavailable``."""
        if self._length + len(rows) > WAITING:
            raise Full
        waiting = _Waiting(rows, asyncio.get_running_loop().create_future())
        self._line.append(waiting)
        self._length += len(rows)
        self._bell.set()
        return await waiting.done

    def _take(self) -> list[_Waiting]:
        taken: list[_Waiting] = []
        count = 0
        while self._line and count < LARGEST:
            waiting = self._line.popleft()
            count += len(waiting.rows)
            taken.append(waiting)
        self._length -= count
        return taken

    async def _carry(self) -> None:
        connection: psycopg.AsyncConnection[Any] | None = None
        try:
            while True:
                await self._bell.wait()
                taken = self._take()
                if not taken:
                    self._bell.clear()
                    continue
                try:
                    connection = connection or await self._connect()
                    await self._store(connection, taken)
                except (psycopg.Error, OSError, TimeoutError) as error:
                    logger.warning("events_not_stored", error=type(error).__name__, requests=len(taken))
                    for waiting in taken:
                        if not waiting.done.done():
                            waiting.done.set_exception(Unavailable())
                    if connection is not None:
                        await connection.close()
                        connection = None
        finally:
            if connection is not None:
                await connection.close()

    async def _connect(self) -> "psycopg.AsyncConnection[Any]":
        connection = await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True, connect_timeout=2)
        connection.prepare_threshold = 0
        return connection

    async def _store(self, connection: "psycopg.AsyncConnection[Any]", taken: Sequence[_Waiting]) -> None:
        rows = [row for waiting in taken for row in waiting.rows]
        for number, row in enumerate(rows):
            row["n"] = number
        async with asyncio.timeout(PATIENCE):
            cursor = await connection.execute(STORE, [orjson.dumps(rows).decode()])
            stored = {number for (number,) in await cursor.fetchall()}
        number = 0
        for waiting in taken:
            told: list[Status] = []
            for _ in waiting.rows:
                told.append("accepted" if number in stored else "duplicate")
                number += 1
            if not waiting.done.done():
                waiting.done.set_result(told)
