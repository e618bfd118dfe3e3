"""Which label an event puts on its contact."""

from django.db import models

from chat33.lib.clock import utcnow
from chat33.lib.ids import new_id
from chat33.orgs.models import Organization
from contacts.models import Label


def rule_id() -> str:
    """``rule_…``."""
    return new_id("rule")


class Rule(models.Model):
    """An event's name puts a label on its contact."""

    public_id = models.CharField(max_length=40, unique=True, default=rule_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="rules")
    event = models.CharField(max_length=100, help_text="In small letters; events are compared so.")
    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="rules")
    created_at = models.DateTimeField(default=utcnow, editable=False)

    class Meta:
        ordering = ["event", "id"]
        constraints = [models.UniqueConstraint(fields=["organization", "event", "label"], name="rule_once")]

    def __str__(self) -> str:
        return f"{self.event} → {self.label}"
