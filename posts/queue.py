"""Claiming due posts. All times here are the database's, so that a worker whose clock is wrong publishes nothing early."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from posts.models import Post


class LostClaim(Exception):
    """Another worker has claimed the post since: nothing may be written for it any more."""


@dataclass(frozen=True)
class Claim:
    """A post in hand: the fencing number to write with, when it was due, and whether it came from the queue."""

    post_id: int
    fence: int
    was_due: datetime
    was_queued: bool


def in_seconds(seconds: float) -> CombinedExpression:
    """A moment from now on the database's clock."""
    return Now() + timedelta(seconds=seconds)


def claim_due_posts(*, limit: int) -> list[Claim]:
    """Take up to ``limit`` due posts, longest due first, each leased to the caller. Two claimers never get the same.

    Posts that a dead worker had in hand come one at a time: if one of them kills whoever carries it, the others are not
    in its company when it does so again, and only that one is set aside.
    """
    claims = _claim("due_at <= statement_timestamp() AND leased_until IS NULL AND crashes = 0", limit)
    if claims:
        return claims
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('suspects', 0))")
        if cursor.fetchone() != (True,):
            return []
        return _claim(
            """due_at <= statement_timestamp() AND NOT EXISTS (
                SELECT FROM posts_post WHERE crashes > 0 AND leased_until > statement_timestamp()
            )""",
            1,
        )


def _claim(condition: str, limit: int) -> list[Claim]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH due AS (
                SELECT id, due_at, status, leased_until FROM posts_post
                WHERE {condition} ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
            )
            UPDATE posts_post AS post SET
                fence = post.fence + 1,
                status = CASE post.status WHEN 'QUEUED' THEN 'PUBLISHING' ELSE post.status END,
                crashes = post.crashes + CASE WHEN due.leased_until IS NULL THEN 0 ELSE 1 END,
                leased_until = statement_timestamp() + make_interval(secs => %(lease)s),
                due_at = statement_timestamp() + make_interval(secs => %(lease)s)
            FROM due WHERE post.id = due.id
            RETURNING post.id, post.fence, due.due_at, due.status = 'QUEUED'
            """,  # noqa: S608  # the condition is one of the two above
            {"limit": limit, "lease": settings.LEASE.total_seconds()},
        )
        return [Claim(*row) for row in cursor.fetchall()]


def due_posts(limit: int) -> int:
    """How many posts are due, counted up to ``limit``."""
    return Post.objects.filter(due_at__lte=Now()).order_by()[:limit].count()


def oldest_due() -> datetime | None:
    """Since when the post that waits longest has been due; None when nothing waits."""
    return Post.objects.filter(due_at__lte=Now()).order_by("due_at").values_list("due_at", flat=True).first()


def leased_anew() -> dict[str, CombinedExpression]:
    """What a write sets to keep the post in hand for another lease."""
    end = in_seconds(settings.LEASE.total_seconds())
    return {"due_at": end, "leased_until": end}


def renew(claim: Claim) -> None:
    """Keep the post for another lease. Raises ``LostClaim``."""
    if not Post.objects.filter(pk=claim.post_id, fence=claim.fence).update(**leased_anew()):
        raise LostClaim


def release(claim: Claim) -> None:
    """Give the post back at once, as it is; someone else goes on with it."""
    Post.objects.filter(pk=claim.post_id, fence=claim.fence).update(
        due_at=Now(), leased_until=None, fence=F("fence") + 1
    )
