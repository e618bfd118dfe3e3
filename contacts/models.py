"""Who we talk to: contacts, their labels, and what happened to each, in order."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import F, Func, Q, TextField, Value
from django.db.models.functions import Lower

from chat33.lib.clock import utcnow
from chat33.lib.ids import new_id
from chat33.orgs.models import Organization


def contact_id() -> str:
    """``cm…``, without a separator: it travels in links as ``cid``."""
    return new_id("cm").replace("_", "")


def label_id() -> str:
    """``lbl_…``."""
    return new_id("lbl")


def _translated(field: str, characters: str, to: str) -> Func:
    return Func(F(field), Value(characters), Value(to), function="translate", output_field=TextField())


# What a search for a contact looks through: words and their beginnings, in any language. An address is cut where people
# cut it, a phone number is there as it was written and without what is written between its digits.
BREAKS = "@.+_-/"
BETWEEN = " +()-./"
WORDS = SearchVector(
    "name", _translated("email", BREAKS, " " * len(BREAKS)), "phone", _translated("phone", BETWEEN, ""), config="simple"
)


class Contact(models.Model):
    """A person, as far as we know them. ``public_id`` is what links carry as ``cid``; it cannot be guessed."""

    public_id = models.CharField(max_length=40, unique=True, default=contact_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="contacts", db_index=False)
    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=32, blank=True)
    source = models.CharField(max_length=40, blank=True, help_text="Where they came from: api, import, a network.")
    created_at = models.DateTimeField(default=utcnow, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["organization", "-id"], name="contact_by_organization"),
            models.Index("organization", Lower("email"), name="contact_by_email", condition=~Q(email="")),
            models.Index(fields=["organization", "phone"], name="contact_by_phone", condition=~Q(phone="")),
            GinIndex(WORDS, name="contact_by_words"),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.phone or self.public_id


class Label(models.Model):
    """A word that marks contacts: Purchased, VIP."""

    public_id = models.CharField(max_length=40, unique=True, default=label_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="labels", db_index=False)
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField(default=utcnow, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint("organization", Lower("name"), name="label_once")]

    def __str__(self) -> str:
        return self.name


class Labelling(models.Model):
    """A label on a contact, and who or what put it there."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="labellings", db_index=False)
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="labellings", db_index=False)
    by = models.CharField(max_length=60, help_text="Public id of the person, key or rule.")
    added_at = models.DateTimeField(default=utcnow)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["contact", "label"], name="labelling_once")]
        indexes = [models.Index(fields=["label", "-contact"], name="labelling_by_label")]

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.label_id}"


class Kind(models.TextChoices):
    """What sort of thing happened."""

    MESSAGE = "message", "Message"
    CAMPAIGN = "campaign", "Campaign"
    CLICK = "click", "Click"
    PAGE = "page", "Page view"
    EVENT = "event", "Event"
    PURCHASE = "purchase", "Purchase"
    INSTALL = "install", "Install"
    LABEL = "label", "Label"
    CONTACT = "contact", "Contact"


class TimelineEntry(models.Model):
    """Something that happened to or by a contact. ``key`` makes telling it twice harmless."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="timeline", db_index=False)
    at = models.DateTimeField()
    kind = models.CharField(max_length=20, choices=Kind.choices)
    title = models.CharField(max_length=200)
    data = models.JSONField(default=dict, blank=True)
    key = models.CharField(max_length=100)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [models.UniqueConstraint(fields=["contact", "key"], name="timeline_once")]
        indexes = [models.Index(fields=["contact", "-at", "-id"], name="timeline_by_contact")]

    def __str__(self) -> str:
        return self.title
