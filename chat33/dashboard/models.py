"""What the installation knows of its own processes, and what its members are to be told."""

from django.db import models

from chat33.orgs.models import Membership, Organization
from integrations.models import Channel, Notice
from posts.models import Post


class Heartbeat(models.Model):
    """When a kind of process was last seen doing its work."""

    name = models.CharField(max_length=40, primary_key=True)
    seen_at = models.DateTimeField()

    class Meta:
        permissions = [("steer_sandbox", "Can steer the sandbox")]

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


class Incident(models.Model):
    """Something that went wrong and that members may want to be told of, written with it in one transaction. ``cause`` is
    shared by what one remedy mends.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, null=True, related_name="+")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, null=True, related_name="+")
    notice = models.OneToOneField(Notice, on_delete=models.CASCADE, null=True, related_name="incident")
    cause = models.CharField(max_length=100)
    at = models.DateTimeField(db_index=True)
    spread_at = models.DateTimeField(null=True, help_text="When each member got their notification of it.")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["id"], name="incident_unspread", condition=models.Q(spread_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.cause} at {self.at:%Y-%m-%d %H:%M}"


class Notification(models.Model):
    """That one member is to be told of one incident: ``due_at`` is set until they have been, or no longer need to be."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="notifications")
    due_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["membership", "incident"], name="notification_once")]
        indexes = [models.Index(fields=["due_at"], name="notification_due", condition=models.Q(due_at__isnull=False))]

    def __str__(self) -> str:
        return f"{self.membership_id}: {self.incident_id}"
