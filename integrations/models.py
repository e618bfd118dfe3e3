"""Every door to the outside as rows: keys in, channels out, callbacks."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from chat33.lib.clock import utcnow
from chat33.lib.ids import new_id
from chat33.orgs.models import Organization, User


def key_id() -> str:
    """``key_…``."""
    return new_id("key")


def channel_id() -> str:
    """``chan_…``."""
    return new_id("chan")


def callback_id() -> str:
    """``cb_…``."""
    return new_id("cb")


def attempt_id() -> str:
    """``con_…``."""
    return new_id("con")


def request_id() -> str:
    """``call_…``: of our record; the request's own id may be the client's, and so come twice."""
    return new_id("call")


class Platform(models.TextChoices):
    """The networks a channel can be on."""

    INSTAGRAM = "instagram", "Instagram"
    FACEBOOK = "facebook", "Facebook"
    TIKTOK = "tiktok", "TikTok"
    YOUTUBE = "youtube", "YouTube"
    X = "x", "X"


class ApiKey(models.Model):
    """A key into the APIs. Only its digest is stored; ``prefix`` is for people to recognize it."""

    public_id = models.CharField(max_length=40, unique=True, default=key_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="api_keys")
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=40))
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=utcnow, editable=False)

    class Meta:
        verbose_name = "API key"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def is_live(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


class Channel(models.Model):
    """A connected account on a network."""

    public_id = models.CharField(max_length=40, unique=True, default=channel_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="channels")
    platform = models.CharField(max_length=20, choices=Platform.choices)
    remote_id = models.CharField(max_length=100, help_text="The account's id at its network.")
    name = models.CharField(max_length=200)
    username = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    is_sandbox = models.BooleanField(default=False, help_text="Lives in the sandbox, not at the real network.")
    metadata = models.JSONField(default=dict, blank=True)
    credentials = models.TextField(editable=False, help_text="Encrypted.")
    token_expires_at = models.DateTimeField(null=True, blank=True, db_index=True)
    scopes = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    quota = models.JSONField(null=True, blank=True, editable=False, help_text="The allowance its network told last.")
    last_error = models.TextField(blank=True, help_text="In plain words.")
    last_error_at = models.DateTimeField(null=True, blank=True)
    disconnected_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=utcnow, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["organization", "platform", "remote_id"], name="channel_once")]

    def __str__(self) -> str:
        return f"{self.get_platform_display()}: {self.name}"


class ConnectStage(models.TextChoices):
    """How far connecting an account has come."""

    STARTED = "started", "At the network"
    PICKING = "picking", "Choosing accounts"
    OTHER = "other", "Another account came back"
    CONNECTED = "connected", "Connected"
    CANCELLED = "cancelled", "Cancelled"
    FAILED = "failed", "Failed"


class ConnectAttempt(models.Model):
    """One way to a network's authorization page and back, by one person in one session. Its ``state`` is good for one
    return and is kept as a digest; the verifier and what came back are encrypted, and forgotten when it is over.
    """

    public_id = models.CharField(max_length=40, unique=True, default=attempt_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="connect_attempts")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    channel = models.ForeignKey(
        Channel, on_delete=models.SET_NULL, null=True, related_name="+", help_text="The one to connect again."
    )
    platform = models.CharField(max_length=20, choices=Platform.choices)
    is_sandbox = models.BooleanField(default=False)
    stage = models.CharField(max_length=10, choices=ConnectStage.choices, default=ConnectStage.STARTED)
    state_digest = models.CharField(max_length=64, unique=True, editable=False)
    session_digest = models.CharField(max_length=64, editable=False)
    redirect_uri = models.CharField(max_length=500)
    verifier = models.TextField(editable=False, help_text="Encrypted.")
    candidates = models.TextField(blank=True, editable=False, help_text="Encrypted.")
    connected = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    message = models.TextField(blank=True, help_text="In plain words.")
    created_at = models.DateTimeField(default=utcnow)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True, help_text="When the browser came back.")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_platform_display()}: {self.get_stage_display()}"


class Notice(models.Model):
    """Something a person should know of, once per incident; resolved when the cause is gone."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="notices")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, null=True, blank=True, related_name="notices")
    kind = models.CharField(max_length=40)
    text = models.TextField()
    created_at = models.DateTimeField(default=utcnow)
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "kind"], condition=Q(resolved_at__isnull=True), name="notice_once_an_incident"
            )
        ]

    def __str__(self) -> str:
        return self.text


class SigningSecret(models.Model):
    """What an organization's callbacks are signed with. While rotating, the old one signs too until it retires."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="signing_secrets")
    secret = models.TextField(editable=False, help_text="Encrypted.")
    created_at = models.DateTimeField(default=utcnow)
    retires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.organization}, since {self.created_at:%Y-%m-%d}"


class CallbackStatus(models.TextChoices):
    """Where a callback stands."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


class Callback(models.Model):
    """One message to an integrator's URL, as a row in the queue: ``due_at`` is set while it is to be tried."""

    public_id = models.CharField(max_length=40, unique=True, default=callback_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="callbacks")
    subject = models.CharField(max_length=40, db_index=True, help_text="The public id of what it tells about.")
    url = models.URLField(max_length=2000)
    body = models.JSONField()
    status = models.CharField(max_length=10, choices=CallbackStatus.choices, default=CallbackStatus.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0)
    last_error = models.TextField(blank=True)
    is_test = models.BooleanField(default=False, help_text="Sent by a person to see it arrive; tried once.")
    request_id = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(default=utcnow)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["due_at"], name="callback_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["organization", "-id"], name="callback_by_organization"),
        ]

    def __str__(self) -> str:
        return self.public_id


class CallbackAttempt(models.Model):
    """One try at delivering a callback, and what the receiver answered."""

    callback = models.ForeignKey(Callback, on_delete=models.CASCADE, related_name="tries")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(default=utcnow)
    http_status = models.PositiveSmallIntegerField(null=True)
    error = models.TextField(blank=True)
    milliseconds = models.PositiveIntegerField(default=0)
    address = models.CharField(max_length=50, blank=True, help_text="The receiver's IP address.")
    request_headers = models.JSONField(default=dict)
    response_head = models.TextField(blank=True, help_text="The first of what it answered.")

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.callback_id} #{self.number}"


class ApiRequest(models.Model):
    """One request to the API whose caller was known, kept for some days: what was asked and how it ended, no bodies."""

    public_id = models.CharField(max_length=40, unique=True, default=request_id, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="api_requests", db_index=False
    )
    key = models.ForeignKey(ApiKey, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)
    user = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", help_text="Who called with a session."
    )
    method = models.CharField(max_length=7)
    route = models.CharField(max_length=120, help_text="The operation's address: /posts/{id}.")
    path = models.CharField(max_length=500, help_text="As it was called, without secrets.")
    query = models.CharField(max_length=500, blank=True, help_text="Without secrets.")
    status = models.PositiveSmallIntegerField()
    error = models.CharField(max_length=60, blank=True, help_text="The answer's error code.")
    message = models.CharField(max_length=500, blank=True, help_text="The error's message.")
    milliseconds = models.FloatField()
    request_id = models.CharField(max_length=64, help_text="What the answer carries as X-Request-ID.")
    address = models.GenericIPAddressField(null=True)
    client = models.CharField(max_length=200, blank=True, help_text="What it calls itself.")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "API request"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["organization", "-id"], name="request_by_organization"),
            models.Index(fields=["key", "-id"], name="request_by_key"),
            models.Index(fields=["organization", "-id"], name="request_errors", condition=Q(status__gte=400)),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def soon_expiring(now: datetime, margins: Mapping[str, timedelta]) -> Q:
    """Channels whose token ends within their platform's margin."""
    condition: Any = Q(pk__in=[])
    for platform, margin in margins.items():
        condition |= Q(platform=platform, token_expires_at__lt=now + margin)
    return Q(condition)
