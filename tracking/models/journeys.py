"""What attribution knows: touches, conversions, and which visitor is whom. Written by the settling worker alone, one
organization at a time.
"""

from django.db import models
from django.db.models import Q

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization
from contacts.models import Contact

WINDOW = 30  # days


class AttributionSetting(models.Model):
    """How far back an organization looks for touches. Without a row: ``WINDOW``."""

    organization = models.OneToOneField(Organization, on_delete=models.CASCADE, primary_key=True, related_name="+")
    days = models.PositiveSmallIntegerField(default=WINDOW)
    updated_at = models.DateTimeField(default=utcnow)

    def __str__(self) -> str:
        return f"{self.days} days"


class Touch(models.Model):
    """That somebody came our way by something of ours: a click, an arrival with tags, or what an event says of itself. Its
    key is the event's; an arrival by a click that is known is the click's touch.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.UUIDField()
    at = models.DateTimeField()
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    visitor = models.CharField(max_length=40, blank=True)
    link = models.ForeignKey("tracking.Link", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    campaign = models.CharField(max_length=100, blank=True)
    flow = models.CharField(max_length=60, blank=True)
    channel = models.CharField(max_length=60, blank=True)
    post = models.CharField(max_length=60, blank=True)
    influencer = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["organization", "key"], name="touch_once")]
        indexes = [
            models.Index(fields=["organization", "contact", "at"], name="touch_by_contact"),
            models.Index(fields=["organization", "visitor", "at"], name="touch_by_visitor"),
            models.Index(fields=["organization", "at"], name="touch_by_time"),
        ]

    def __str__(self) -> str:
        return str(self.key)


class Conversion(models.Model):
    """An event that earns credit, as far as attribution needs it. Of several that tell of one order one ``earns``;
    ``counted_verified`` is whether its money stands among the verified.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.UUIDField()
    event = models.BigIntegerField()
    received_at = models.DateTimeField()
    at = models.DateTimeField(help_text="Touches up to this moment count.")
    day = models.DateField(help_text="The day that its rollups are on.")
    name = models.CharField(max_length=100)
    value = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    currency = models.CharField(max_length=3, blank=True)
    order_ref = models.CharField(max_length=100, blank=True)
    verified = models.BooleanField()
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    visitor = models.CharField(max_length=40, blank=True)
    flow = models.CharField(max_length=60, blank=True, help_text="That a browser remembered.")
    channel = models.CharField(max_length=60, blank=True, help_text="That a browser remembered.")
    earns = models.BooleanField(default=True)
    counted_verified = models.BooleanField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["organization", "key"], name="conversion_once")]
        indexes = [
            models.Index(fields=["organization", "contact", "at"], name="conversion_by_contact"),
            models.Index(fields=["organization", "visitor", "at"], name="conversion_by_visitor"),
            models.Index(fields=["organization", "day", "id"], name="conversion_by_day"),
            models.Index(fields=["organization", "order_ref"], name="conversion_by_order", condition=~Q(order_ref="")),
        ]

    def __str__(self) -> str:
        return f"{self.name} on {self.day}"


class Recognition(models.Model):
    """That a visitor is a contact: an event said both."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    visitor = models.CharField(max_length=40)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["organization", "visitor", "contact"], name="recognition_once")]
        indexes = [models.Index(fields=["organization", "contact"], name="recognition_by_contact")]

    def __str__(self) -> str:
        return self.visitor


class Recount(models.Model):
    """A period whose credits are worked out anew: a row in the queue, and how far it has come. An organization has one that
    is under way at most.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    first = models.DateField()
    last = models.DateField()
    total = models.BigIntegerField(help_text="Conversions to look at.")
    done = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0, help_text="Conversions whose credits came out differently.")
    cursor_day = models.DateField(null=True)
    cursor_id = models.BigIntegerField(default=0)
    created_by = models.CharField(max_length=40)
    created_at = models.DateTimeField(default=utcnow, editable=False)
    finished_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True, help_text="When a worker may take it; none when it is finished.")
    fence = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization"], name="recount_once", condition=Q(finished_at__isnull=True))
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="recount_by_organization"),
            models.Index(fields=["due_at"], name="recount_due", condition=Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"

    @property
    def percent(self) -> int:
        """How far it has come."""
        return 100 if self.finished_at else min(99, 100 * self.done // max(self.total, 1))
