"""What was given credit for an event, and the sums of it."""

from django.db import models

from chat33.orgs.models import Organization
from contacts.models import Contact
from tracking.models.events import Axis
from tracking.models.links import Link


class Model(models.TextChoices):
    """How credit is given."""

    FIRST = "first"
    LAST = "last"
    LINEAR = "linear"


class Credit(models.Model):
    """A share of an event's worth given to a touch before it, by a model. Recomputable: rows are replaced as a whole."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    event_key = models.UUIDField()
    day = models.DateField()
    name = models.CharField(max_length=100)
    model = models.CharField(max_length=6, choices=Model.choices)
    certainty = models.CharField(max_length=10, help_text="certain, probable, or none where no touch is known.")
    share = models.DecimalField(max_digits=9, decimal_places=8)
    value = models.DecimalField(max_digits=24, decimal_places=8, null=True)
    currency = models.CharField(max_length=3, blank=True)
    verified = models.BooleanField(default=False)
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    link = models.ForeignKey(Link, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    campaign = models.CharField(max_length=100, blank=True)
    flow = models.CharField(max_length=60, blank=True)
    channel = models.CharField(max_length=60, blank=True)
    post = models.CharField(max_length=60, blank=True)
    influencer = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["organization", "event_key"], name="credit_by_event"),
            models.Index(fields=["organization", "model", "day"], name="credit_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.share}"


class CreditRollup(models.Model):
    """What an axis earned on a day by a model: the sum of its credits, kept in the transaction that writes them."""

    pk = models.CompositePrimaryKey("organization_id", "model", "axis", "ref", "name", "certainty", "currency", "day")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    model = models.CharField(max_length=6, choices=Model.choices)
    axis = models.PositiveSmallIntegerField(choices=Axis.choices)
    ref = models.CharField(max_length=100, blank=True, help_text="As rollups have it; blank is what no touch earned.")
    name = models.CharField(max_length=100)
    certainty = models.CharField(max_length=10)
    currency = models.CharField(max_length=3, blank=True)
    day = models.DateField()
    share = models.DecimalField(max_digits=24, decimal_places=8)
    verified = models.DecimalField(max_digits=24, decimal_places=8)
    unverified = models.DecimalField(max_digits=24, decimal_places=8)

    class Meta:
        indexes = [models.Index(fields=["organization", "model", "axis", "day"], name="credit_rollup_by_day")]

    def __str__(self) -> str:
        return f"{self.model} {self.ref} on {self.day}"


class CreditDay(models.Model):
    """How often a day's credits have changed, counted in the transactions that change them: figures that are kept of the day
    (``tracking.results.keeping``) hold until it moves on.
    """

    pk = models.CompositePrimaryKey("organization_id", "day")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    changes = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.changes} on {self.day}"


class Digest(models.Model):
    """A figure of some days, ready-made (``tracking.results.keeping``), and how many events and changes of credits of these
    days it knows of.
    """

    pk = models.CompositePrimaryKey("organization_id", "figure", "first", "last")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    figure = models.CharField(max_length=60, help_text="What it is, and all that it depends on beside its days.")
    first = models.DateField()
    last = models.DateField()
    events = models.BigIntegerField()
    credits = models.BigIntegerField()
    made_at = models.DateTimeField()
    body = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.figure} of {self.first} to {self.last}"
