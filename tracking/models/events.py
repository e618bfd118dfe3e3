"""Events, and the figures that are kept with each of them.

``Event`` and ``EventKey`` are written by the edge (``tracking.edge``) with SQL of their own. Events are partitioned by the
month they came in; a key of an event is in a table of its own, because a partitioned table can only promise what is unique
within a month. What is written with each event has no foreign key in the database: to check one costs as much as to store
the row, and organizations are deleted by Django, which knows.
"""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from chat33.orgs.models import Organization
from tracking.models.links import Link


class Source(models.TextChoices):
    """Which door an event came through."""

    PIXEL = "pixel"
    SERVER = "server"
    LINK = "link"
    MMP = "mmp"


class Event(models.Model):
    """Something that happened: a page view, a click, a purchase, an install. Partitioned by ``received_at``."""

    id = models.BigAutoField(primary_key=True)
    organization = models.ForeignKey(Organization, on_delete=models.DO_NOTHING, related_name="+")
    key = models.UUIDField(help_text="Of its event id; unique in the organization.")
    event_id = models.CharField(max_length=64)
    name = models.CharField(max_length=100)
    source = models.CharField(max_length=6, choices=Source.choices)
    by = models.CharField(max_length=10, help_text="Who caused it: person, bot, preview, prefetch, server.")
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    contact_ref = models.CharField(max_length=64, help_text="The contact id as it was given.")
    visitor = models.CharField(max_length=40)
    link = models.ForeignKey(Link, on_delete=models.DO_NOTHING, null=True, related_name="+")
    flow = models.CharField(max_length=60)
    channel = models.CharField(max_length=60)
    campaign = models.CharField(max_length=100)
    post = models.CharField(max_length=60)
    influencer = models.CharField(max_length=100)
    url = models.TextField()
    referrer = models.TextField()
    agent = models.CharField(max_length=40)
    value = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    currency = models.CharField(max_length=3)
    order_ref = models.CharField(max_length=100)
    verified = models.BooleanField()
    confirmed_at = models.DateTimeField(null=True, help_text="Of a click: when the pixel saw the arrival.")
    data = models.JSONField(default=dict)

    class Meta:
        managed = False
        db_table = "tracking_event"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} {self.event_id}"


class EventKey(models.Model):
    """That an event of this id is there. One row an event, for as long as events are kept."""

    pk = models.CompositePrimaryKey("organization_id", "key")
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    key = models.UUIDField()
    received_at = models.DateTimeField()

    class Meta:
        indexes = [BrinIndex(fields=["received_at"], name="eventkey_by_time", autosummarize=True)]

    def __str__(self) -> str:
        return str(self.key)


class EventWork(models.Model):
    """An event that a worker has yet to look at: whose it is, what it earns, which labels follow. A row in the queue."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    event = models.BigIntegerField()
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    fence = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["due_at"], name="eventwork_due")]

    def __str__(self) -> str:
        return str(self.event)


class Axis(models.IntegerChoices):
    """What a rollup is by."""

    TOTAL = 0
    SOURCE = 1
    LINK = 2
    CAMPAIGN = 3
    FLOW = 4
    CHANNEL = 5
    POST = 6
    INFLUENCER = 7


class Rollup(models.Model):
    """How often an event happened on a day of the organization's zone, by an axis, and what it was worth."""

    pk = models.CompositePrimaryKey("organization_id", "axis", "ref", "name", "by", "currency", "day")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    axis = models.PositiveSmallIntegerField(choices=Axis.choices)
    ref = models.CharField(max_length=100)
    name = models.CharField(max_length=100)
    by = models.CharField(max_length=10)
    currency = models.CharField(max_length=3)
    day = models.DateField()
    events = models.BigIntegerField()
    verified = models.DecimalField(max_digits=24, decimal_places=4)
    unverified = models.DecimalField(max_digits=24, decimal_places=4)

    class Meta:
        indexes = [models.Index(fields=["organization", "axis", "name", "by", "day"], name="rollup_by_name")]

    def __str__(self) -> str:
        return f"{self.name} on {self.day}"


class Visitor(models.Model):
    """That a visitor was there on a day."""

    pk = models.CompositePrimaryKey("organization_id", "day", "visitor")
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    day = models.DateField()
    visitor = models.CharField(max_length=40)

    class Meta:
        indexes = [
            # The smallest hashes of a day are a sample of its visitors.
            models.Index(
                models.F("organization"),
                models.F("day"),
                models.Func(models.F("visitor"), models.Value(0), function="hashtextextended"),
                name="visitor_by_hash",
            )
        ]

    def __str__(self) -> str:
        return self.visitor


class Ledger(models.Model):
    """What came to a door on a day: accepted is stored and duplicate together; rejected was answered so."""

    pk = models.CompositePrimaryKey("organization_id", "day", "source")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    source = models.CharField(max_length=6, choices=Source.choices)
    received = models.BigIntegerField(default=0)
    stored = models.BigIntegerField(default=0)
    duplicates = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.source} on {self.day}"


class Word(models.Model):
    """A word that an organization's rollups know: an event's name, a flow, a channel. How many there may be is bounded
    (``tracking.edge.words``), so that strangers cannot make rollups grow without end.
    """

    pk = models.CompositePrimaryKey("organization_id", "kind", "word")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.PositiveSmallIntegerField(help_text="0 a name, else the axis.")
    word = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.word
