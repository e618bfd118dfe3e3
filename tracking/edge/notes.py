"""What is worth knowing but no answer waits for: written once a second, lost if the process is killed before."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import psycopg
import structlog

from chat33.lib import metrics
from tracking.edge.line import Unavailable
from tracking.edge.lookups import Lookups

logger = structlog.get_logger(__name__)

EVERY = 1.0  # seconds
MOST = 10_000  # tokens between two writings

REJECTED = b"""
INSERT INTO tracking_ledger (organization_id, day, source, received, stored, duplicates, rejected)
SELECT new.organization_id, new.day, new.source, new.rejected, 0, 0, new.rejected
FROM unnest(%s::bigint[], %s::date[], %s::text[], %s::bigint[]) AS new(organization_id, day, source, rejected)
JOIN orgs_organization ON orgs_organization.id = new.organization_id
ORDER BY 1, 2, 3
ON CONFLICT (organization_id, day, source) DO UPDATE SET
    received = tracking_ledger.received + excluded.received, rejected = tracking_ledger.rejected + excluded.rejected"""
_SEEN = b"""
UPDATE tracking_token AS token SET seen_at = now(), seen_origin = coalesce(nullif(seen.origin, ''), token.seen_origin)
FROM unnest(%s::bigint[], %s::text[]) AS seen(id, origin) WHERE token.id = seen.id"""


class Notes:
    """Rejected events by day and door, when a token was last seen and where, and what was answered."""

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups
        self._rejected: Counter[tuple[int, str, str]] = Counter()
        self._seen: dict[int, str] = {}
        self._answered: Counter[tuple[str, str, int]] = Counter()

    def rejected(self, organization: int, day: str, source: str, count: int) -> None:
        """So many events were answered with an error."""
        if len(self._rejected) < MOST:
            self._rejected[organization, day, source] += count

    def seen(self, token: int, origin: str) -> None:
        """A token was shown."""
        if len(self._seen) < MOST:
            self._seen[token] = origin[:260] or self._seen.get(token, "")

    def answered(self, method: str, door: str, status: int) -> None:
        """A door answered."""
        self._answered[method, door, status] += 1

    async def write_on(self) -> None:
        """For as long as the process lives."""
        while True:
            await asyncio.sleep(EVERY)
            with suppress(Unavailable):
                await self.write()

    async def write(self) -> None:
        """Now. Raises ``Unavailable``, and keeps what could not be written."""
        answered, self._answered = self._answered, Counter()
        for (method, door, status), count in answered.items():
            with suppress(OSError, ValueError):
                metrics.requests.labels(method, door, str(status)).inc(count)
        if self._rejected:
            rejected, self._rejected = self._rejected, Counter()
            columns = [list(column) for column in zip(*rejected, strict=True)]
            try:
                await self._put(REJECTED, [*columns, list(rejected.values())])
            except Unavailable:
                self._rejected += rejected
                raise
        if self._seen:
            seen, self._seen = self._seen, {}
            try:
                await self._put(_SEEN, [list(seen), list(seen.values())])
            except Unavailable:
                self._seen = {**seen, **self._seen}
                raise

    async def _put(self, query: bytes, columns: Sequence[Any]) -> None:
        """Write it; what the database will not have is let go, for it would keep all later ones from being written."""
        try:
            await self._lookups.write(query, columns)
        except psycopg.Error as error:
            logger.warning("edge_notes_not_written", error=type(error).__name__)
