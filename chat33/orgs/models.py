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
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="May open the operators' admin.")
    date_joined = models.DateTimeField(default=utcnow, editable=False)

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
