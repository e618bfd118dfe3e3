"""What is happening now: the newest events and how many came in each of the last minutes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count
from django.db.models.functions import TruncMinute

from chat33.orgs.models import Organization
from tracking.models import Event
from tracking.results.exploring import shortly

NEWEST = 50
MINUTES = 30
BACK = timedelta(days=1)  # an event older than this is no news
NOW = timedelta(minutes=5)  # a visitor seen within it is there now


@dataclass(frozen=True)
class Minute:
    """How many events came in a minute, by people and servers and by others."""

    at: datetime
    people: int
    others: int


@dataclass(frozen=True)
class Pulse:
    """The last minutes, oldest first, the one that has just begun among them, and how many visitors are there now."""

    minutes: Sequence[Minute]
    visitors: int

    @property
    def most(self) -> int:
        """The fullest minute's events, at least 1."""
        return max([1, *(minute.people + minute.others for minute in self.minutes)])

    @property
    def events(self) -> int:
        """All of them."""
        return sum(minute.people + minute.others for minute in self.minutes)


def newest(organization: Organization, *, now: datetime) -> list[Event]:
    """The newest events of the last day. Raises ``TooSlow``."""
    rows = Event.objects.filter(organization=organization, received_at__gt=now - BACK)
    with shortly():
        return list(rows.order_by("-received_at", "-id")[:NEWEST])


def pulse(organization: Organization, *, now: datetime) -> Pulse:
    """The last half hour. Raises ``TooSlow``."""
    begins = now.replace(second=0, microsecond=0) - timedelta(minutes=MINUTES - 1)
    rows = Event.objects.filter(organization=organization, received_at__gte=begins).order_by()
    with shortly():
        counted = list(
            rows.annotate(at=TruncMinute("received_at")).values_list("at", "by").annotate(number=Count("pk"))
        )
        visitors = (
            rows.filter(received_at__gt=now - NOW, by="person")
            .exclude(visitor="")
            .aggregate(number=Count("visitor", distinct=True))["number"]
        )
    people: dict[datetime, int] = {}
    others: dict[datetime, int] = {}
    for at, by, number in counted:
        column = people if by in ("person", "server") else others
        column[at] = column.get(at, 0) + number
    minutes = [begins + timedelta(minutes=number) for number in range(MINUTES)]
    return Pulse([Minute(at, people.get(at, 0), others.get(at, 0)) for at in minutes], visitors)
