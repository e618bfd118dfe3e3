"""Limits, one table (``settings.LIMITS``) and one door.

What a limit promises to customers (posts an hour, uploads, keys) is counted in PostgreSQL: exact in any rolling window,
durable, and in the transaction of the effect, so that a refused or failed request costs nothing. In front stands
django-ratelimit on Redis as a wall against floods; when Redis is away the wall is open and the counted limits still hold.
A Redis that hangs is left alone between two probes, so that requests stay fast.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Min
from django.http import HttpRequest
from django_ratelimit.core import get_usage
from redis.exceptions import RedisError

from chat33.api.errors import RateLimited
from chat33.api.models import LimitUse
from chat33.lib.breaker import Breaker
from chat33.lib.rates import Limit, parse

logger = structlog.get_logger(__name__)

redis_breaker = Breaker(pause=5.0)


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


def overrides_problems(overrides: Any) -> list[str]:
    """What is wrong with a package's limits, in words; nothing if all can be read."""
    if not isinstance(overrides, Mapping):
        return ['Write an object, such as {"POSTS": "100/h", "DAILY_X": 50}.']
    problems = []
    for name, value in overrides.items():
        daily = name.removeprefix("DAILY_").lower() if name.startswith("DAILY_") else ""
        if name not in settings.LIMITS and daily not in settings.DAILY_LIMITS:
            known = [*settings.LIMITS, *(f"DAILY_{platform.upper()}" for platform in settings.DAILY_LIMITS)]
            problems.append(f"There is no limit {name}; there are {', '.join(known)}.")
        elif not (is_daily(value) if daily else is_rate(value)):
            problems.append(f"{name} is {value!r}; write {'a number' if daily else 'a rate such as 30/h'}, or off.")
    return problems


def is_rate(value: Any) -> bool:
    """Whether it is a rate: ``30/h``, ``10/15m``, ``off``."""
    try:
        parse(str(value))
    except ValueError:
        return False
    return True


def is_daily(value: Any) -> bool:
    """Whether it is a number of posts a day, or ``off``."""
    text = str(value)
    return text == "off" or (text.isascii() and text.isdigit())


def limit_for(name: str, overrides: Mapping[str, Any]) -> Limit | None:
    """The limit called ``name``: the package's where it has a readable one, else the settings'."""
    given = overrides.get(name)
    if given is not None:
        try:
            return parse(str(given))
        except ValueError:
            logger.warning("package_limit_unreadable", limit=name)
    return parse(settings.LIMITS[name])


def check(*, name: str, subject: str, limit: Limit | None, now: datetime) -> Usage | None:
    """Where the subject stands, counting nothing: for refusing before work is done. Raises ``RateLimited``."""
    if limit is None:
        return None
    usage = _usage(name, subject, limit, now)
    if usage.remaining == 0:
        raise too_many(usage)
    return usage


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


def refund(*, name: str, subject: str, limit: Limit | None, now: datetime) -> Usage | None:
    """Give back the use counted at ``now``: what it was for did not happen."""
    if limit is None:
        return None
    mine = LimitUse.objects.filter(name=name, subject=subject, used_at=now)
    LimitUse.objects.filter(pk__in=mine.values("pk")[:1]).delete()
    return _usage(name, subject, limit, now)


def _usage(name: str, subject: str, limit: Limit, now: datetime) -> Usage:
    since = now - timedelta(seconds=limit.window)
    uses = LimitUse.objects.filter(name=name, subject=subject, used_at__gt=since).order_by("-used_at")
    # Of more uses than the limit (it was lowered), the one that must end first is the limit-th newest.
    found: dict[str, Any] = uses[: limit.count].aggregate(used=Count("id"), first=Min("used_at")) if limit.count else {}
    oldest: datetime = found.get("first") or now
    reset = max(1, math.ceil((oldest + timedelta(seconds=limit.window) - now).total_seconds()))
    return Usage(limit.count, limit.count - found.get("used", 0), reset)


def wall(request: HttpRequest, *, subject: str, overrides: Mapping[str, Any]) -> Usage | None:
    """The outer wall, by caller; None while it is open. Raises ``RateLimited``."""
    limit = limit_for("API", overrides)
    if limit is None or not redis_breaker.allows():
        return None
    try:
        found = get_usage(
            request,
            group="api",
            key=lambda group, request: subject,
            rate=f"{limit.count}/{limit.window}s",
            increment=True,
        )
    except RedisError as error:
        redis_breaker.failed()
        logger.warning("wall_open", error=type(error).__name__)
        return None
    redis_breaker.worked()
    if not found or found["limit"] != limit.count:  # the counter vanished between two commands
        return None
    usage = Usage(limit.count, max(0, limit.count - found["count"]), max(1, int(found["time_left"])))
    if found["should_limit"]:
        raise too_many(usage)
    return usage


def too_many(usage: Usage) -> RateLimited:
    """The 429 for a usage."""
    message = f"The limit of {usage.limit} is reached. Try again in {usage.reset} seconds."
    return RateLimited(message, headers={**usage.headers(), "Retry-After": str(usage.reset)})


def prune(*, now: datetime) -> int:
    """Forget uses that no window of a day or less can see."""
    deleted, _ = LimitUse.objects.filter(used_at__lt=now - timedelta(days=2)).delete()
    return deleted
