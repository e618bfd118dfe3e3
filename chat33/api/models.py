"""What the API remembers of callers: answers kept for ``Idempotency-Key``, and uses counted against a limit.

Neither row knows an organization's table: ``owner`` and ``subject`` are public ids, so that this room stays below ``orgs``.
"""

from django.db import models


class IdempotencyRecord(models.Model):
    """The first answer to a keyed request. ``status`` is null while slow work is still running under a lease."""

    owner = models.CharField(max_length=40)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    leased_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="idempotency_once")]

    def __str__(self) -> str:
        return f"{self.owner} {self.key}"


class LimitUse(models.Model):
    """One use of a limited thing."""

    name = models.CharField(max_length=20)
    subject = models.CharField(max_length=40)
    used_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["name", "subject", "used_at"], name="limit_use_window")]

    def __str__(self) -> str:
        return f"{self.name} {self.subject} {self.used_at}"
