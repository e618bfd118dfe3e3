"""The months of ``tracking_event``: made ahead by beat, dropped when they are older than promised.

Making one takes no lock that stops writing: it is attached (PostgreSQL 18, "Table Partitioning", 5.12.2.2), and dropping
detaches it first, concurrently.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper

logger = structlog.get_logger(__name__)

TABLE = "tracking_event"
AHEAD = 3  # months beyond this one
PATIENCE = 3  # seconds that dropping waits for who reads
DROPPING = "chat33.events.dropping"


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month in UTC."""

    year: int
    month: int

    @classmethod
    def of(cls, at: datetime) -> "Month":
        """The month of a moment."""
        local = at.astimezone(UTC)
        return cls(local.year, local.month)

    def plus(self, months: int) -> "Month":
        """So many months on."""
        year, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return Month(year, month + 1)

    @property
    def first(self) -> datetime:
        """When it begins."""
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def table(self) -> str:
        """Its partition."""
        return f"{TABLE}_{self.year:04}_{self.month:02}"


def months() -> list[Month]:
    """Those that have a partition, in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = %s::regclass",
            [TABLE],
        )
        names = [name for (name,) in cursor.fetchall()]
    return sorted(Month(int(name[-7:-3]), int(name[-2:])) for name in names)


def ensure_months(*, now: datetime, ahead: int = AHEAD) -> list[Month]:
    """Make the partitions of this month and of those ahead that are missing. Returns the new ones."""
    present = set(months())
    made = [month for month in _from(Month.of(now), ahead + 1) if month not in present]
    for month in made:
        ensure_month(month)
    return made


def ensure_month(month: Month) -> None:
    """Make one month's partition; twice changes nothing."""
    bounds = [month.first, month.plus(1).first]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [month.table])
        try:
            if month in months():
                return
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS {month.table} (LIKE {TABLE} INCLUDING DEFAULTS INCLUDING INDEXES)"
            )
            cursor.execute(f"ALTER TABLE {TABLE} ATTACH PARTITION {month.table} FOR VALUES FROM (%s) TO (%s)", bounds)
            logger.info("events_partition_made", table=month.table)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [month.table])


def drop_months(*, before: datetime) -> list[Month]:
    """Drop the partitions that end at or before the moment, without stopping those who write. Returns them. One that cannot
    be had within seconds, because somebody reads it, is left to the next time; what an earlier time has begun is finished.
    """
    dropped: list[Month] = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [DROPPING])
        if cursor.fetchone() != (True,):
            return []  # somebody is at it
        try:
            cursor.execute(f"SET lock_timeout = '{PATIENCE}s'")
            for month, attached, pending in _old(cursor, before):
                try:
                    if pending:
                        cursor.execute(f"ALTER TABLE {TABLE} DETACH PARTITION {month.table} FINALIZE")
                    elif attached:
                        cursor.execute(f"ALTER TABLE {TABLE} DETACH PARTITION {month.table} CONCURRENTLY")
                    cursor.execute(f"DROP TABLE {month.table}")
                except OperationalError as error:
                    logger.warning("events_partition_not_dropped", table=month.table, error=type(error).__name__)
                    continue
                dropped.append(month)
                logger.info("events_partition_dropped", table=month.table)
        finally:
            cursor.execute("RESET lock_timeout")
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [DROPPING])
    return dropped


def _old(cursor: CursorWrapper, before: datetime) -> list[tuple[Month, bool, bool]]:
    """The months' tables that end by then: whether each is attached, and whether its detaching was begun and not ended."""
    cursor.execute(
        """
        SELECT c.relname, i.inhrelid IS NOT NULL, coalesce(i.inhdetachpending, false)
        FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
        WHERE c.relkind = 'r' AND c.relname ~ %s
            AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = %s::regclass)
        """,
        [rf"^{TABLE}_\d{{4}}_\d{{2}}$", TABLE],
    )
    found = [(Month(int(name[-7:-3]), int(name[-2:])), *state) for name, *state in cursor.fetchall()]
    return sorted(one for one in found if one[0].plus(1).first <= before)


def _from(month: Month, count: int) -> Iterator[Month]:
    return (month.plus(number) for number in range(count))
