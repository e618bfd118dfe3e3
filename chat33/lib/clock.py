"""The one place that asks what time it is (services take ``now=`` instead), and how the APIs write a moment."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    """The present moment, in UTC with its zone."""
    return datetime.now(UTC)


def stamp(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC to the millisecond, as the APIs write it: ``2026-04-15T14:00:00.000Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
