"""Who owns everything: organizations, the people in them with their roles, and the packages that bound them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models

from chat33.lib.clock import utcnow
from chat33.lib.ids import new_id


def package_id() -> str:
    """``pkg_…``."""
    return new_id("pkg")


def organization_id() -> str:
    """``org_…``."""
    return new_id("org")


def user_id() -> str:
    """``usr_…``."""
    return new_id("usr")


def invitation_id() -> str:
    """``inv_…``."""
    return new_id("inv")


def email_id() -> str:
    """``mail_…``."""
    return new_id("mail")


class Package(models.Model):
    """What an organization has bought: limits that replace the settings', and for how long."""

    public_id = models.CharField(max_length=40, unique=True, default=package_id, editable=False)
    name = models.CharField(max_length=100, unique=True)
    price = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    validity_days = models.PositiveIntegerField(default=0, help_text="0 does not expire.")
    limits = models.JSONField(
        default=dict,
        blank=True,
        help_text='Limits that replace the settings\', e.g. {"POSTS": "100/h", "DAILY_X": 50}.',
    )
    created_at = models.DateTimeField(default=utcnow, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Organization(models.Model):
    """One business: every row of a tenant hangs on it."""

    public_id = models.CharField(max_length=40, unique=True, default=organization_id, editable=False)
    name = models.CharField(max_length=200)
    timezone = models.CharField(max_length=64, default="UTC")
    currency = models.CharField(max_length=3, default="USD", help_text="Of money that is told without one.")
    logo = models.FileField(max_length=200, blank=True, editable=False, help_text="A JPEG of at most 256 pixels.")
    package = models.ForeignKey(Package, on_delete=models.PROTECT, null=True, blank=True, related_name="organizations")
    package_expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=utcnow, editable=False)

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    def limits(self, now: datetime) -> Mapping[str, Any]:
        """The package's overrides while it is valid."""
        if self.package is None or (self.package_expires_at and self.package_expires_at <= now):
            return {}
        limits: Mapping[str, Any] = self.package.limits
        return limits


class UserManager(BaseUserManager["User"]):
    """Makes people; Django's commands and allauth call it."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A person who logs in by e-mail."""
        if not email:
            raise ValueError("An e-mail address is needed.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """An operator who may do everything in the admin."""
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})


class User(AbstractBaseUser, PermissionsMixin):
    """A person. May belong to several organizations."""

    public_id = models.CharField(max_length=40, unique=True, default=user_id, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=150, blank=True)
    timezone = models.CharField(max_length=64, blank=True, help_text="Empty: the organization's.")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="May open the operators' admin.")
    date_joined = models.DateTimeField(default=utcnow, editable=False)
    signed_up_at = models.DateTimeField(null=True, editable=False, help_text="Empty: an operator made them.")

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["email"]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        """The name, if they gave one."""
        return self.name

    def get_short_name(self) -> str:
        """What the admin greets."""
        return self.name or self.email


class Role(models.TextChoices):
    """A member's part in an organization, from most to least; ``chat33.orgs.roles`` says what each may do."""

    OWNER = "owner"
    ADMIN = "admin"
    EDITOR = "editor"
    CONTRIBUTOR = "contributor"
    VIEWER = "viewer"


class ViewAs(models.Model):
    """An operator's look at an organization through a member's eyes: who looked, as whom, why and how long. Never deleted
    by hand: it is what an organization can be told.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="viewings")
    operator = models.ForeignKey(User, on_delete=models.PROTECT, related_name="viewings")
    role = models.CharField(max_length=20, choices=Role.choices)
    member = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=500)
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="When it ends by itself.")
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When it was ended.")

    class Meta:
        verbose_name = "viewing"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.operator} as {self.role} of {self.organization}"

    def runs(self, now: datetime) -> bool:
        """Neither ended nor run out."""
        return self.ended_at is None and self.ends_at > now


class Membership(models.Model):
    """A person's place in an organization."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.EDITOR)
    created_at = models.DateTimeField(default=utcnow, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["organization", "user"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.organization} ({self.role})"


class Invitation(models.Model):
    """A place in an organization for whoever holds the link. Only the token's digest is stored; it works once."""

    public_id = models.CharField(max_length=40, unique=True, default=invitation_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(blank=True, help_text="Whom it was sent to; empty for a link that was handed over.")
    role = models.CharField(max_length=20, choices=Role.choices)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=utcnow, editable=False)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["organization", "-id"], name="invitation_by_organization")]

    def __str__(self) -> str:
        return f"{self.email or 'A link'} to {self.organization} ({self.role})"

    def is_open(self, now: datetime) -> bool:
        """Whether it can still be accepted."""
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > now


class Often(models.TextChoices):
    """When somebody wants to hear of something."""

    NOW = "now", "At once"
    DAILY = "daily", "Once a day"
    OFF = "off", "Never"


class NotificationPreference(models.Model):
    """What a member wants to be told by e-mail. Without a row, their role's defaults hold."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    membership = models.OneToOneField(Membership, on_delete=models.CASCADE, related_name="preference")
    posts = models.CharField(max_length=10, choices=Often.choices, help_text="When a post fails.")
    accounts = models.CharField(max_length=10, choices=Often.choices, help_text="When an account needs care.")
    digest_hour = models.PositiveSmallIntegerField(default=8, help_text="Of the day in the member's time zone.")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(digest_hour__lt=24), name="digest_hour_of_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id}: posts {self.posts}, accounts {self.accounts}"


class OutgoingEmail(models.Model):
    """An e-mail on its way, as a row in the queue: ``due_at`` is set while it is to be tried. What it says is erased at
    the end, as it may carry links that open something.
    """

    public_id = models.CharField(max_length=40, unique=True, default=email_id, editable=False)
    key = models.CharField(max_length=200, unique=True, null=True, editable=False, help_text="One e-mail a key.")
    to = models.EmailField()
    subject = models.CharField(max_length=300)
    text = models.TextField(blank=True, editable=False)
    html = models.TextField(blank=True, editable=False)
    headers = models.JSONField(default=dict, blank=True, editable=False)
    due_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=utcnow, db_index=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    request_id = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["due_at"], name="email_due", condition=models.Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return self.public_id
