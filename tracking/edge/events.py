"""Storing events: what is asked of a batch beside its rows, and what became of each of them."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from chat33.lib.rates import Limit
from tracking.edge.limits import Shield, wait
from tracking.edge.line import Connection


def _statement(name: str) -> bytes:
    """A statement without comments and indentation, which would travel with each batch that is not prepared."""
    lines = (Path(__file__).parent / name).read_text().splitlines()
    return " ".join(line.strip() for line in lines if line and not line.startswith("--")).encode()


STORE = _statement("store.sql")
CONFIRM = _statement("confirm.sql")

Row = dict[str, Any]
Status = Literal["accepted", "duplicate"]

_LOCK = b"SELECT pg_advisory_xact_lock(hashtextextended('chat33.events:' || token, 0)) FROM unnest(%s::text[]) AS token"
_USES = b"""
SELECT token_id, moment, events FROM tracking_tokenuse
WHERE token_id = ANY(%s::bigint[]) AND moment > %s ORDER BY token_id, moment"""
_USED = b"""
INSERT INTO tracking_tokenuse (organization_id, token_id, moment, events)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::int[])
ON CONFLICT (token_id, moment) DO UPDATE SET events = tracking_tokenuse.events + excluded.events"""
_PRUNE = b"DELETE FROM tracking_tokenuse WHERE token_id = ANY(%s::bigint[]) AND moment <= %s"


class Counted(NamedTuple):
    """That a request's events count against a token's limit."""

    token: int
    organization: int
    limit: Limit
    now: int  # millisecond


class Asked(NamedTuple):
    """What a request wants stored."""

    rows: Sequence[Row]
    counted: Counted | None = None
    arrivals: Sequence[Row] = ()


class Kept(NamedTuple):
    """What became of it: the events by their order, or the seconds to wait because a limit is reached."""

    statuses: Sequence[Status] = ()
    clicks: int | None = None  # of the link of the first, with this click
    wait: float = 0.0


@dataclass
class Keeper:
    """Stores batches; keeps the shield in front of the limits informed."""

    shield: Shield = field(default_factory=Shield)

    async def keep(self, connection: Connection, asked: Sequence[Asked]) -> Sequence[Kept]:
        """All of it in one transaction."""
        if not any(one.counted or one.arrivals for one in asked):
            return await _store(connection, asked, [0.0] * len(asked))
        async with connection.transaction():
            waits = await self._count(connection, asked)
            kept = await _store(connection, asked, waits)
            arrivals = [row for one, wanted in zip(asked, waits, strict=True) if not wanted for row in one.arrivals]
            if arrivals:
                await connection.execute(CONFIRM, [msgspec.json.encode(arrivals).decode()])
        return kept

    async def _count(self, connection: Connection, asked: Sequence[Asked]) -> list[float]:
        """The seconds that each has to wait: 0 for those whose events fit their limit, which are counted now."""
        limits = {one.counted.token: one.counted for one in asked if one.counted}
        if not limits:
            return [0.0] * len(asked)
        tokens = sorted(limits)
        oldest = min(one.now - one.limit.window * 1000 for one in limits.values())
        await connection.execute(_LOCK, [[str(token) for token in tokens]])
        cursor = await connection.execute(_USES, [tokens, oldest])
        known: dict[int, list[tuple[int, int]]] = {token: [] for token in tokens}
        for token, moment, events in await cursor.fetchall():
            known[token].append((moment, events))
        waits: list[float] = []
        used: Counter[tuple[int, int, int]] = Counter()
        for one in asked:
            counted = one.counted
            wanted = len(one.rows)
            seconds = wait(known[counted.token], counted.limit, now=counted.now, wanted=wanted) if counted else 0.0
            waits.append(seconds)
            if counted and not seconds:
                known[counted.token].append((counted.now, wanted))
                used[counted.organization, counted.token, counted.now] += wanted
        if used:
            keys = sorted(used)
            columns = [[key[0] for key in keys], [key[1] for key in keys], [key[2] for key in keys]]
            await connection.execute(_USED, [*columns, [used[key] for key in keys]])
            await connection.execute(_PRUNE, [tokens, oldest - 60_000])
        for token, uses in known.items():
            self.shield.learn(token, uses)
        return waits


async def _store(connection: Connection, asked: Sequence[Asked], waits: Sequence[float]) -> list[Kept]:
    rows = [row for one, seconds in zip(asked, waits, strict=True) if not seconds for row in one.rows]
    stored: dict[int, int | None] = {}
    if rows:
        for number, row in enumerate(rows):
            row["n"] = number
        cursor = await connection.execute(STORE, [msgspec.json.encode(rows).decode()])
        stored = dict(await cursor.fetchall())
    ranks = _ranks(rows, stored)
    kept: list[Kept] = []
    number = 0
    for one, seconds in zip(asked, waits, strict=True):
        if seconds:
            kept.append(Kept(wait=seconds))
            continue
        numbers = range(number, number + len(one.rows))
        number += len(one.rows)
        statuses: list[Status] = ["accepted" if one_of in stored else "duplicate" for one_of in numbers]
        kept.append(Kept(statuses=statuses, clicks=ranks.get(numbers[0])))
    return kept


def _ranks(rows: Sequence[Row], stored: Mapping[int, int | None]) -> dict[int, int]:
    """How many clicks its link had with each: what it has now, without those that came after in the batch."""
    ranks: dict[int, int] = {}
    later: Counter[int] = Counter()
    for number in range(len(rows) - 1, -1, -1):
        clicks, row = stored.get(number), rows[number]
        if clicks is not None and row["by"] == "person":
            ranks[number] = clicks - later[row["link_id"]]
            later[row["link_id"]] += 1
    return ranks


def retry_after(seconds: float) -> int:
    """Whole seconds for the header; a batch that never fits is told an hour."""
    return 3600 if math.isinf(seconds) else max(1, math.ceil(seconds))
