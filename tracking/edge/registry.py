"""What the doors know without asking: rows by a key, looked up together and believed for a second from their question on.

A key that is asked for often is looked up again before its second is over, so nobody waits for it; all keys missing at
the same moment are one query. That a key leads nowhere is remembered as long. What is remembered is bounded.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Row = TypeVar("Row")

BELIEVED = 1.0  # seconds
RENEWED = 0.6  # seconds after which it is looked up again beside the answer
KEPT = 50_000  # keys
TOGETHER = 1_000  # keys of one query


class Remembered(Generic[Key, Row]):
    """Rows by key. ``find`` looks many up at once and leaves out those that are not there."""

    def __init__(self, find: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Row]]], *, kept: int = KEPT) -> None:
        self._find = find
        self._kept = kept
        self._rows: OrderedDict[Key, tuple[float, Row | None]] = OrderedDict()
        self._asked: dict[Key, asyncio.Future[Row | None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def get(self, key: Key) -> Row | None:
        """The row, None if there is none. Raises what ``find`` raises."""
        found = self._rows.get(key)
        if found is not None:
            age = time.monotonic() - found[0]
            if age < BELIEVED:
                if age > RENEWED:
                    self._ask(key)
                return found[1]
        return await asyncio.shield(self._ask(key))

    def __len__(self) -> int:
        return len(self._rows)

    def _ask(self, key: Key) -> "asyncio.Future[Row | None]":
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = asyncio.get_running_loop().create_future()
            asked.add_done_callback(_seen)
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._answer())
        return asked

    async def _answer(self) -> None:
        waiting = dict(self._asked)
        while waiting:
            keys = list(waiting)[:TOGETHER]
            asked_at = time.monotonic()  # what is found is no younger, however long the answer takes
            try:
                rows = await self._find(keys)
            except Exception as error:  # whoever waits is told; the next who asks tries again
                for key, future in waiting.items():
                    self._asked.pop(key, None)
                    if not future.done():
                        future.set_exception(error)
                waiting = dict(self._asked)
                continue
            for key in keys:
                row = rows.get(key)
                self._rows[key] = (asked_at, row)
                self._rows.move_to_end(key)
                future = self._asked.pop(key)
                if not future.done():
                    future.set_result(row)
            while len(self._rows) > self._kept:
                self._rows.popitem(last=False)
            waiting = dict(self._asked)


def _seen(future: "asyncio.Future[Any]") -> None:
    if not future.cancelled():
        future.exception()
