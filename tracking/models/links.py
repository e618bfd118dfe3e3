"""Links that lead out, and the words that campaigns are named by."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, HashIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from chat33.lib.clock import utcnow
from chat33.lib.ids import new_id
from chat33.orgs.models import Organization
from contacts.models import Contact
from integrations.models import Channel


def link_id() -> str:
    """``link_…``."""
    return new_id("link")


def term_id() -> str:
    """``term_…``."""
    return new_id("term")


class LinkKind(models.TextChoices):
    """What kind of link it is."""

    TRACKED = "tracked", "Tracked link"
    SMART = "smart", "Smart link"
    UTM = "utm", "UTM link"
    STORE = "store", "App store link"


class Link(models.Model):
    """A stored link with a short code. Where it leads may depend on the device."""

    public_id = models.CharField(max_length=40, unique=True, default=link_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="links", db_index=False)
    code = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=10, choices=LinkKind.choices, default=LinkKind.TRACKED)
    title = models.CharField(max_length=200, blank=True)
    url = models.TextField(help_text="Where it leads without a better target.")
    ios_url = models.TextField(blank=True)
    android_url = models.TextField(blank=True)
    deep_link = models.TextField(blank=True, help_text="Opened first on a phone.")
    contact = models.ForeignKey(Contact, on_delete=models.SET_NULL, null=True, blank=True, related_name="links")
    channel = models.ForeignKey(Channel, on_delete=models.SET_NULL, null=True, blank=True, related_name="links")
    flow = models.CharField(max_length=60, blank=True)
    campaign = models.CharField(max_length=100, blank=True)
    post = models.CharField(max_length=60, blank=True)
    influencer = models.CharField(max_length=100, blank=True)
    utm = models.JSONField(default=dict, blank=True)
    folder = models.CharField(max_length=80, blank=True)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    expired_url = models.TextField(blank=True)
    click_limit = models.PositiveIntegerField(null=True, blank=True)
    clicks = models.PositiveBigIntegerField(default=0, help_text="By people; counted with each click.")
    archived_at = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=40)
    created_at = models.DateTimeField(default=utcnow, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["organization", "-id"], name="link_by_organization"),
            GinIndex(fields=["tags"], name="link_by_tags"),
            HashIndex(fields=["url"], name="link_by_url"),
            models.Index(
                fields=["organization", "created_at"],
                name="link_sent",
                condition=Q(contact__isnull=False) | ~Q(flow=""),
            ),
            # What is offered as filters: of a million links a few are put away in order.
            models.Index(
                fields=["organization", "folder"],
                name="link_in_folder",
                condition=Q(archived_at=None) & ~Q(folder=""),
            ),
            models.Index(fields=["organization"], name="link_with_tags", condition=Q(archived_at=None) & ~Q(tags=[])),
        ]

    def __str__(self) -> str:
        return self.title or self.code


class Term(models.Model):
    """A word of the organization's vocabulary for sources, media and campaigns."""

    public_id = models.CharField(max_length=40, unique=True, default=term_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="terms")
    field = models.CharField(max_length=10)
    value = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=utcnow, editable=False)

    class Meta:
        ordering = ["field", "value"]
        constraints = [models.UniqueConstraint("organization", "field", Lower("value"), name="term_once")]

    def __str__(self) -> str:
        return f"{self.field}={self.value}"
