"""What MMPs and app stores report."""

from django.db import models
from django.db.models import Q

from chat33.lib.clock import utcnow
from chat33.lib.ids import new_id
from chat33.orgs.models import Organization
from contacts.models import Contact


class PostbackStatus(models.TextChoices):
    """What became of an MMP's postback."""

    PENDING = "PENDING"
    MATCHED = "MATCHED"
    UNMATCHED = "UNMATCHED"
    AGGREGATE = "AGGREGATE"
    DUPLICATE = "DUPLICATE"
    IGNORED = "IGNORED"
    UNREADABLE = "UNREADABLE"


def postback_id() -> str:
    """``pb_…``."""
    return new_id("pb")


class Postback(models.Model):
    """An MMP's message as it came, kept before anything else, and what was made of it."""

    public_id = models.CharField(max_length=40, unique=True, default=postback_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="postbacks", db_index=False)
    received_at = models.DateTimeField(default=utcnow)
    method = models.CharField(max_length=6)
    content_type = models.CharField(max_length=100, blank=True)
    query = models.TextField(blank=True, help_text="Without the secret.")
    body = models.TextField(blank=True)
    is_test = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=PostbackStatus.choices, default=PostbackStatus.PENDING)
    why = models.TextField(blank=True, help_text="In plain words.")
    mmp = models.CharField(max_length=10, blank=True)
    event_name = models.CharField(max_length=100, blank=True)
    key = models.CharField(max_length=120, blank=True, help_text="What tells it from others of the same MMP.")
    contact_ref = models.CharField(max_length=64, blank=True)
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="postbacks")
    stored_as = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="Id of the event or report that it brought."
    )
    fields = models.JSONField(default=dict, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["due_at"], name="postback_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["organization", "-id"], name="postback_by_organization"),
            models.Index(
                fields=["organization", "contact_ref"], name="postback_waiting", condition=Q(status="UNMATCHED")
            ),
            models.Index(fields=["organization", "status", "-id"], name="postback_by_status"),
            models.Index(fields=["organization", "stored_as"], name="postback_by_event", condition=~Q(stored_as="")),
        ]

    def __str__(self) -> str:
        return self.public_id


class StoreAggregate(models.Model):
    """Installs that a store reports without saying whose: SKAdNetwork and AdAttributionKit, by campaign."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="store_aggregates", db_index=False
    )
    key = models.CharField(max_length=120, help_text="The postback's own, so that it counts once.")
    day = models.DateField()
    framework = models.CharField(max_length=10)
    network = models.CharField(max_length=100, blank=True)
    campaign = models.CharField(max_length=100, blank=True)
    app = models.CharField(max_length=100, blank=True)
    conversion = models.CharField(max_length=20, blank=True)
    won = models.BooleanField(default=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["organization", "key"], name="store_aggregate_once")]
        indexes = [models.Index(fields=["organization", "day"], name="store_aggregate_by_day")]

    def __str__(self) -> str:
        return self.key
