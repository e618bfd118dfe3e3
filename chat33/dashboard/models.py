"""What the installation knows of its own processes."""

from django.db import models

from chat33.orgs.models import Membership, Organization


class Heartbeat(models.Model):
    """When a kind of process was last seen doing its work."""

    name = models.CharField(max_length=40, primary_key=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.seen_at}"


class Desk(models.Model):
    """What a member has seen and put away of their organization's home."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    membership = models.OneToOneField(Membership, on_delete=models.CASCADE, related_name="desk")
    notices_seen_at = models.DateTimeField(null=True, blank=True)
    setup_dismissed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"The desk of {self.membership_id}"
