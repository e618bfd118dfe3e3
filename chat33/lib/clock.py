"""The one place that asks what time it is; services take ``now=`` instead."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    """The present moment, in UTC with its zone."""
    return datetime.now(UTC)
