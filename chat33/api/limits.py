"""Limits, one table (``settings.LIMITS``) and one door.

What a limit promises to customers (posts an hour, uploads, keys) is counted in PostgreSQL: exact in any rolling window,
durable, and in the transaction of the effect, so that a refused or failed request costs nothing. In front stands
django-ratelimit on Redis as a wall against floods; when Redis is away the wall is open and the counted limits still hold.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest
from django_ratelimit.core import get_usage
from redis.exceptions import RedisError

from chat33.api.errors import RateLimited
from chat33.api.models import LimitUse

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Limit:
    """So many uses in so many seconds."""

    count: int
    window: int


@dataclass(frozen=True)
class Usage:
    """Where a caller stands after this request: the limit, what is left of it, and seconds until a use comes free."""

    limit: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        """RateLimit-* as in the IETF draft (draft-ietf-httpapi-ratelimit-headers-07, §5)."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }


def parse(rate: str) -> Limit | None:
    """``30/h`` or ``10/15m`` as a limit, ``off`` as None. Raises ValueError for anything else."""
    if rate == "off":
        return None
    count, _, per = rate.partition("/")
    return Limit(int(count), int(per[:-1] or 1) * _UNITS[per[-1]])


def limit_for(name: str, overrides: Mapping[str, Any]) -> Limit | None:
    """The limit called ``name``: the package's where it has one, else the settings'."""
    return parse(str(overrides.get(name) or settings.LIMITS[name]))


def check(*, name: str, subject: str, limit: Limit | None, now: datetime) -> None:
    """Raise ``RateLimited`` when no use is left, counting none: for refusing before work is done."""
    if limit is None:
        return
    usage = _usage(name, subject, limit, now)
    if usage.remaining == 0:
        raise too_many(usage)


def consume(*, name: str, subject: str, limit: Limit | None, now: datetime) -> Usage | None:
    """Count one use in the open transaction, which undoes it when it fails. Raises ``RateLimited`` when none is left."""
    if limit is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"limit:{name}:{subject}"])
    usage = _usage(name, subject, limit, now)
    if usage.remaining == 0:
        raise too_many(usage)
    LimitUse.objects.create(name=name, subject=subject, used_at=now)
    return Usage(limit.count, usage.remaining - 1, usage.reset)


def consume_now(*, name: str, subject: str, limit: Limit | None, now: datetime) -> Usage | None:
    """Count one use at once, for slow work that is in no transaction; ``refund`` it when the work fails."""
    with transaction.atomic():
        return consume(name=name, subject=subject, limit=limit, now=now)


def refund(*, name: str, subject: str, now: datetime) -> None:
    """Give back the use counted at ``now``: what it was for did not happen."""
    LimitUse.objects.filter(name=name, subject=subject, used_at=now).delete()


def _usage(name: str, subject: str, limit: Limit, now: datetime) -> Usage:
    since = now - timedelta(seconds=limit.window)
    uses = LimitUse.objects.filter(name=name, subject=subject, used_at__gt=since).order_by("used_at")
    times = list(uses.values_list("used_at", flat=True)[: limit.count])
    oldest = times[0] if times else now
    reset = max(1, math.ceil((oldest + timedelta(seconds=limit.window) - now).total_seconds()))
    return Usage(limit.count, limit.count - len(times), reset)


def wall(request: HttpRequest, *, subject: str, overrides: Mapping[str, Any]) -> None:
    """The outer wall, by caller. Raises ``RateLimited``."""
    limit = limit_for("API", overrides)
    if limit is None:
        return
    try:
        usage = get_usage(
            request,
            group="api",
            key=lambda group, request: subject,
            rate=f"{limit.count}/{limit.window}s",
            increment=True,
        )
    except RedisError:
        return
    if usage and usage["should_limit"]:
        raise too_many(Usage(limit.count, 0, int(usage["time_left"]) + 1))


def too_many(usage: Usage) -> RateLimited:
    """The 429 for a usage."""
    message = f"The limit of {usage.limit} is reached. Try again in {usage.reset} seconds."
    return RateLimited(message, headers={**usage.headers(), "Retry-After": str(usage.reset)})


def prune(*, now: datetime) -> int:
    """Forget uses that no window of a day or less can see."""
    deleted, _ = LimitUse.objects.filter(used_at__lt=now - timedelta(days=2)).delete()
    return deleted
