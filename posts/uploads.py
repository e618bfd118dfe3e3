"""Counting uploads: one limit, whichever door a file comes in by."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chat33.api import limits
from chat33.api.limits import Usage
from chat33.orgs.models import Organization

LIMIT = "MEDIA"


@dataclass
class Count:
    """Where the organization stands, with this upload if it was counted; None where there is no limit."""

    usage: Usage | None = None


@contextmanager
def counted(*, organization: Organization, overrides: Mapping[str, Any], now: datetime, count: Count) -> Iterator[None]:
    """Count one upload while its work is done; work that fails costs nothing. Raises ``RateLimited``."""
    limit, subject = limits.limit_for(LIMIT, overrides), organization.public_id
    count.usage = limits.consume_now(name=LIMIT, subject=subject, limit=limit, now=now)
    try:
        yield
    except BaseException:
        count.usage = limits.refund(name=LIMIT, subject=subject, limit=limit, now=now)
        raise
