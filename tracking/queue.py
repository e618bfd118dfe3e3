"""Rows as work (``docs/decisions/0002-rows-are-the-queue.md``), for work that goes in batches.

A worker claims a batch of due rows: each is leased by ``due_at`` and numbered by ``fence``. Whoever writes for a row asks
first whether it is still its own (``held``), so that a worker that slept through its lease writes nothing. The rows of one
that died come due again by themselves. All times are the database's.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection
from django.db.models.functions import Now

from chat33.lib.failpoints import reach
from tracking.models import EventWork, Postback, Recount

logger = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
LONGEST_WAIT = timedelta(hours=1)  # between tries at a row that cannot be carried
ALONE = 4  # claims after which a row is carried by itself

Row = TypeVar("Row", EventWork, Postback, Recount)


@dataclass(frozen=True)
class Claim:
    """A row in hand."""

    pk: int
    fence: int  # how often it has been claimed, this time counted


Work = Callable[[Sequence[Claim]], None]


@dataclass(frozen=True)
class Queue(Generic[Row]):
    """A model's rows as work, ``batch`` of them at once. Its ``name`` is in the log and in the crash point."""

    model: type[Row]
    name: str
    batch: int

    def due(self, limit: int) -> int:
        """How many batches are due, counted up to ``limit``."""
        rows = self.model.objects.filter(due_at__lte=Now()).order_by()
        return -(-rows[: limit * self.batch].count() // self.batch)

    def drain(self, work: Work, *, seconds: float) -> int:
        """Carry what is due until there is nothing, or for so long. Returns how many rows were carried."""
        until, carried = time.monotonic() + seconds, 0
        while time.monotonic() < until and (claims := self.claim()):
            reach(f"{self.name}.claimed")
            self.carry(claims, work)
            carried += len(claims)
        return carried

    def claim(self, limit: int | None = None) -> list[Claim]:
        """Take up to ``limit`` due rows, else a batch, longest due first. Two claimers never get the same."""
        table = self.model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                WITH due AS (
                    SELECT id FROM {table} WHERE due_at <= statement_timestamp()
                    ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
                )
                UPDATE {table} AS work SET
                    fence = work.fence + 1, due_at = statement_timestamp() + make_interval(secs => %s)
                FROM due WHERE work.id = due.id RETURNING work.id, work.fence
                """,  # noqa: S608  # the table is a model's
                [self.batch if limit is None else limit, LEASE.total_seconds()],
            )
            return [Claim(*found) for found in sorted(cursor.fetchall())]

    def held(self, claims: Sequence[Claim]) -> list[Claim]:
        """Those that are still the claimer's, held until the transaction ends."""
        rows = self.model.objects.select_for_update(no_key=True).filter(pk__in=[one.pk for one in claims])
        fences = dict(rows.order_by("pk").values_list("pk", "fence"))
        return [one for one in claims if fences.get(one.pk) == one.fence]

    def carry(self, claims: Sequence[Claim], work: Work) -> None:
        """Do the work for the claimed together; if that does not work, one by one, so that one does not keep the others.
        One that cannot be carried is tried again later and later, and by itself.
        """
        together: list[Claim] = [one for one in claims if one.fence <= ALONE]
        alone: list[Claim] = [one for one in claims if one.fence > ALONE]
        if together:
            try:
                work(together)
            except SoftTimeLimitExceeded:
                raise
            except Exception as error:  # whatever is wrong with one of them, the others go on
                logger.warning("carried_one_by_one", queue=self.name, error=type(error).__name__, rows=len(together))
                alone = [*together, *alone]
        for one in alone:
            try:
                work([one])
            except SoftTimeLimitExceeded:
                raise
            except Exception as error:
                logger.exception(
                    "not_carried", queue=self.name, row=one.pk, claimed=one.fence, error=type(error).__name__
                )
                wait = min(LONGEST_WAIT, timedelta(seconds=2 ** min(one.fence, 12)))
                self.model.objects.filter(pk=one.pk, fence=one.fence).update(due_at=Now() + wait)
