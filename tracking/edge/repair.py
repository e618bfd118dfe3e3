"""What can be put right when a batch cannot be stored: the month has no partition yet."""

import asyncio

import psycopg
import structlog
from django.db import Error, connections

from chat33.lib.clock import utcnow
from tracking.events.partitions import ensure_months

logger = structlog.get_logger(__name__)


async def mend(error: psycopg.Error) -> bool:
    """Whether it was that, and is so no more."""
    return isinstance(error, psycopg.errors.CheckViolation) and await asyncio.to_thread(make_months)


def make_months() -> bool:
    """Make the partitions that are missing; whether that went well."""
    try:
        ensure_months(now=utcnow())
    except Error as error:
        logger.warning("edge_no_partition", error=type(error).__name__)
        return False
    finally:
        connections.close_all()
    return True
