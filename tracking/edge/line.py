"""Group commit: what the requests of the same few milliseconds bring is stored by one transaction.

A request waits in a line; whoever carries the line takes all that wait, stores it and tells each what became of its own.
While that commit is on its way the next requests gather, so the batch grows with the load and a lonely request waits for
nobody. What cannot be stored now is refused at once: nobody waits for a database that is away.
"""

import asyncio
import os
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import psycopg
import structlog

logger = structlog.get_logger(__name__)

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")
Connection = psycopg.AsyncConnection[Any]

LARGEST = 1_000  # rows of one transaction
WAITING = 20_000  # rows in the line; beyond it the door says so at once
PATIENCE = 1.2  # seconds for one transaction; with what comes before it, a client waits less than two
AGAIN = 0.1  # seconds between two tries to connect
CONNECTING = 2  # seconds that one such try may take
LETTING_GO = 1.0  # seconds in which who waits for a connection that was hung up hears of it; a turn of the loop will do
TRIES = 5  # of a transaction that another one stood in the way of


class Full(Exception):
    """The line is full: come back in a second."""


class Unavailable(Exception):
    """The database does not answer: nothing of this was acknowledged."""


class NotStorable(Exception):
    """The database answers, and will not have this."""


@dataclass
class _Waiting(Generic[Item, Outcome]):
    item: Item
    size: int
    done: "asyncio.Future[Outcome]"


class Line(Generic[Item, Outcome]):
    """The line and who carries it, ``carriers`` connections. ``keep`` stores items in one transaction of its own and gives
    the outcome of each; ``size`` says how many rows an item is; ``mend`` may put right what kept a transaction from being
    stored, and says whether it did.
    """

    def __init__(
        self,
        conninfo: str,
        keep: Callable[[Connection, Sequence[Item]], Awaitable[Sequence[Outcome]]],
        *,
        size: Callable[[Item], int] = lambda _: 1,
        carriers: int = 1,
        mend: Callable[[psycopg.Error], Awaitable[bool]] | None = None,
    ) -> None:
        self._conninfo = conninfo
        self._keep = keep
        self._size = size
        self._mend = mend
        self._carriers = carriers
        self._line: deque[_Waiting[Item, Outcome]] = deque()
        self._length = 0
        self._up = 0
        self._carried = 0  # batches on their way
        self._bell = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def is_up(self) -> bool:
        """Whether somebody carries."""
        return self._up > 0

    def start(self) -> None:
        """Begin to carry."""
        self._tasks = [asyncio.create_task(self._carry()) for _ in range(self._carriers)]

    async def stop(self) -> None:
        """Store what waits, then end."""
        while (self._line or self._carried) and self._up:
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._refuse_all()

    async def put(self, item: Item) -> Outcome:
        """Store it; what became of it. Raises ``Full``, ``Unavailable`` and ``NotStorable``."""
        if not self._up:
            raise Unavailable
        size = self._size(item)
        if self._length + size > WAITING:
            raise Full
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._line.append(_Waiting(item, size, done))
        self._length += size
        self._bell.set()
        return await done

    def _take(self) -> list[_Waiting[Item, Outcome]]:
        taken: list[_Waiting[Item, Outcome]] = []
        size = 0
        while self._line and (not taken or size + self._line[0].size <= LARGEST):
            waiting = self._line.popleft()
            self._length -= waiting.size
            if not waiting.done.done():  # whoever asked has gone, and was told nothing
                size += waiting.size
                taken.append(waiting)
        return taken

    async def _carry(self) -> None:
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(
                    self._conninfo, autocommit=True, connect_timeout=CONNECTING, prepare_threshold=0
                )
            except (psycopg.Error, OSError) as error:
                logger.warning("edge_cannot_connect", error=type(error).__name__)
                await asyncio.sleep(AGAIN)
                continue
            self._up += 1
            try:
                await self._carry_by(connection)
            finally:
                self._up -= 1
                await connection.close()
                if not self._up:
                    self._refuse_all()

    async def _carry_by(self, connection: Connection) -> None:
        """Until the connection is of no use any more."""
        while True:
            taken = self._take()
            if not taken:
                self._bell.clear()
                await self._bell.wait()
                continue
            self._carried += 1
            try:
                useful = await self._store(connection, taken)
            except BaseException:
                _refuse(taken, Unavailable())
                raise
            finally:
                self._carried -= 1
            if not useful:
                _refuse(taken, Unavailable())
                return

    async def _store(self, connection: Connection, taken: Sequence[_Waiting[Item, Outcome]]) -> bool:
        """Store these and tell who waits; whether the connection can be used on."""
        for attempt in range(TRIES):
            keeping = asyncio.ensure_future(self._keep(connection, [waiting.item for waiting in taken]))
            try:
                done, _ = await asyncio.wait({keeping}, timeout=PATIENCE)
            except asyncio.CancelledError:
                abandon(connection, keeping)
                await asyncio.wait({keeping}, timeout=LETTING_GO)
                raise
            if not done:
                logger.warning("edge_not_stored", error="timeout", requests=len(taken))
                _refuse(taken, Unavailable())
                abandon(connection, keeping)
                await asyncio.wait({keeping}, timeout=LETTING_GO)  # for it listens to the socket that is closed next
                return False
            error = keeping.exception()
            if error is None:
                for waiting, outcome in zip(taken, keeping.result(), strict=True):
                    if not waiting.done.done():
                        waiting.done.set_result(outcome)
                return True
            if isinstance(error, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure):
                continue
            if connection.broken or not isinstance(error, psycopg.Error):
                logger.warning("edge_not_stored", error=type(error).__name__, requests=len(taken), exc_info=error)
                return False
            if attempt == 0 and self._mend is not None and await self._mend(error):
                continue
            return await self._one_by_one(connection, taken, error)
        _refuse(taken, Unavailable())
        return True

    async def _one_by_one(
        self, connection: Connection, taken: Sequence[_Waiting[Item, Outcome]], error: psycopg.Error
    ) -> bool:
        """One of them is at fault: halve them until it stands alone, so that the others are stored all the same."""
        if len(taken) == 1 or isinstance(error, psycopg.OperationalError):
            logger.warning("edge_not_stored", error=type(error).__name__, requests=len(taken))
            _refuse(taken, Unavailable() if isinstance(error, psycopg.OperationalError) else NotStorable())
            return True
        middle = len(taken) // 2
        return await self._store(connection, taken[:middle]) and await self._store(connection, taken[middle:])

    def _refuse_all(self) -> None:
        _refuse(self._line, Unavailable())
        self._line.clear()
        self._length = 0


def _refuse(waiting: "Sequence[_Waiting[Any, Any]] | deque[_Waiting[Any, Any]]", error: Exception) -> None:
    for one in waiting:
        if not one.done.done():
            one.done.set_exception(error)


def abandon(connection: Connection | None, task: "asyncio.Future[Any]") -> None:
    """Let go of a connection that does not answer and of who waits for it. One that is there is hung up, and whoever waits
    for it meets the end of it by itself: to cancel a query would ask the server to end it and wait for that, and a socket
    that is closed while the loop listens to it ends the whole process (libuv, ``uv__io_poll``).
    """
    task.add_done_callback(_forget)
    if connection is None:
        task.cancel()
    else:
        hang_up(connection)


def hang_up(connection: Connection) -> None:
    """End a connection without a word to a server that may not answer."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.pgconn.socket)) as own:
        own.shutdown(socket.SHUT_RDWR)


def _forget(task: "asyncio.Future[Any]") -> None:
    if not task.cancelled():
        task.exception()
