"""Tokens that open the doors, what is counted of them, and hosts that organizations have shown to be theirs."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models

from chat33.lib.clock import utcnow
from chat33.lib.ids import new_id
from chat33.orgs.models import Organization


def token_id() -> str:
    """``tok_…``."""
    return new_id("tok")


def domain_id() -> str:
    """``dom_…``."""
    return new_id("dom")


class TokenKind(models.TextChoices):
    """Which door a token opens."""

    PIXEL = "pixel", "Pixel token"  # public, may only write
    SERVER = "server", "MMP token"  # the events API; the pixel takes it too
    MMP = "mmp", "MMP webhook secret"


class Token(models.Model):
    """What a website, a server or an MMP shows at our doors. Only a pixel token is kept readable: it is public."""

    public_id = models.CharField(max_length=40, unique=True, default=token_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="tracking_tokens")
    kind = models.CharField(max_length=10, choices=TokenKind.choices)
    name = models.CharField(max_length=100, blank=True)
    prefix = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True)
    shown = models.CharField(max_length=80, blank=True, help_text="The token itself, of a pixel's alone.")
    origins = ArrayField(
        models.CharField(max_length=260), default=list, blank=True, help_text="Origins that may send; none is any."
    )
    created_by = models.CharField(max_length=40)
    created_at = models.DateTimeField(default=utcnow, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Set when a newer one has taken over.")
    revoked_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    seen_origin = models.CharField(max_length=260, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.prefix}…"

    def is_live(self, now: datetime) -> bool:
        """Neither revoked nor taken over for good."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


class TokenUse(models.Model):
    """How many events of a limited token were accepted at a moment, in milliseconds since 1970."""

    pk = models.CompositePrimaryKey("token_id", "moment")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    token = models.ForeignKey(Token, on_delete=models.CASCADE, related_name="uses", db_index=False)
    moment = models.BigIntegerField()
    events = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.token_id} {self.moment}"


class Domain(models.Model):
    """A host that the organization has shown to be its own: unsigned links may lead there."""

    public_id = models.CharField(max_length=40, unique=True, default=domain_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="domains")
    host = models.CharField(max_length=253)
    challenge = models.CharField(max_length=64)
    verified_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True, help_text="When the proof was first not found.")
    problem = models.TextField(blank=True)
    created_at = models.DateTimeField(default=utcnow, editable=False)

    class Meta:
        ordering = ["host"]
        constraints = [models.UniqueConstraint(fields=["organization", "host"], name="domain_once")]

    def __str__(self) -> str:
        return self.host
