"""What we publish: posts on their way to a channel, every attempt at it, and media files."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.core.files import File
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce

from chat33.lib.clock import utcnow
from chat33.lib.ids import new_id
from chat33.orgs.models import Organization, User
from integrations.models import Channel


def post_id() -> str:
    """``post_…``."""
    return new_id("post")


def media_id() -> str:
    """``media_…``."""
    return new_id("media")


def import_id() -> str:
    """``imp_…``."""
    return new_id("imp")


def review_id() -> str:
    """``rev_…``."""
    return new_id("rev")


class MediaType(models.TextChoices):
    """What kind of post it is; none is text alone."""

    IMAGE = "image"
    VIDEO = "video"
    REEL = "reel"
    CAROUSEL = "carousel"


class PostStatus(models.TextChoices):
    """Where a post stands."""

    DRAFT = "DRAFT"
    QUEUED = "QUEUED"
    PUBLISHING = "PUBLISHING"
    PUBLISHED = "PUBLISHED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


WHEN = Coalesce("published_at", "scheduled_at", "created_at")  # where a post stands on the calendar


class Post(models.Model):
    """One post on its way to one channel, and its place in the queue.

    The row is the queue: ``due_at`` is set while there is something to do, and claiming it moves ``due_at`` to the end of
    the lease, so that the work of a dead worker comes due again by itself. ``fence`` counts the claims: a worker writes
    only while its number is the row's.
    """

    # No index beyond those below: each step towards a network writes the row, and every index, once more. ``unique``
    # and a foreign key would bring three that repeat others.
    public_id = models.CharField(max_length=40, default=post_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="posts", db_index=False)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="posts", db_index=False)
    group_id = models.CharField(max_length=40, null=True, blank=True, help_text="Shared by posts made together.")
    status = models.CharField(max_length=10, choices=PostStatus.choices, default=PostStatus.QUEUED)
    text = models.TextField(null=True, blank=True)
    media_urls = models.JSONField(default=list, blank=True)
    media_type = models.CharField(max_length=10, choices=MediaType.choices, null=True, blank=True)
    cover_image_url = models.TextField(blank=True)
    platform_config = models.JSONField(default=dict, blank=True)
    callback_url = models.TextField(blank=True)
    scheduled_at = models.DateTimeField(null=True, blank=True)
    timezone = models.CharField(max_length=64, default="UTC")
    created_by = models.CharField(max_length=40, help_text="Public id of the person or key.")
    created_at = models.DateTimeField(default=utcnow, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    request_id = models.CharField(max_length=64, blank=True, editable=False)

    # What came of it
    published_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True, help_text="When it was published or failed at last.")
    external_post_id = models.CharField(max_length=200, null=True, blank=True)
    external_post_url = models.TextField(null=True, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    error_message = models.TextField(null=True, blank=True)
    retry_count = models.PositiveSmallIntegerField(default=0)
    held_until = models.DateTimeField(null=True, blank=True)
    held_reason = models.TextField(blank=True)

    # The queue
    due_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0)
    crashes = models.PositiveSmallIntegerField(
        default=0, help_text="Leases that ended without a word since the last step."
    )

    # The way to the network
    step = models.CharField(max_length=10, default="fetch")
    state = models.JSONField(default=dict, blank=True)
    intent_at = models.DateTimeField(null=True, blank=True, help_text="When the visible step was about to be sent.")
    reads = models.PositiveSmallIntegerField(default=0, help_text="Proof reads since then.")
    slot_at = models.DateTimeField(null=True, blank=True, help_text="When it took its place in the day's allowance.")

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["public_id"], name="post_public_id")]
        indexes = [
            models.Index(fields=["due_at"], name="post_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["leased_until"], name="post_suspects", condition=Q(crashes__gt=0)),
            models.Index(fields=["organization", "-id"], name="post_by_organization"),
            models.Index(fields=["organization", "status", "-id"], name="post_by_status"),
            # Written once a post, at the end of its road. What is included lets causes be counted from the index alone.
            models.Index(
                fields=["organization", "status", "-settled_at"],
                include=["channel", "error_code", "id"],
                name="post_results",
                condition=Q(settled_at__isnull=False),
            ),
            models.Index(fields=["channel", "-id"], include=["organization"], name="post_by_channel"),
            models.Index(fields=["channel", "held_until"], name="post_held", condition=Q(held_until__isnull=False)),
            models.Index(fields=["channel", "slot_at"], name="post_slots", condition=Q(slot_at__isnull=False)),
            models.Index(fields=["channel", "scheduled_at"], name="post_by_minute"),
            models.Index(fields=["group_id"], name="post_by_group", condition=Q(group_id__isnull=False)),
            BrinIndex(fields=["created_at"], name="post_recent", autosummarize=True),
            # The calendar: without it a month of what was published at once reads every such post there ever was.
            models.Index("organization", WHEN, "id", name="post_by_time"),
        ]

    def __str__(self) -> str:
        return self.public_id

    def is_editable(self) -> bool:
        """Only what is not on its way yet can change."""
        return self.status in (PostStatus.DRAFT, PostStatus.QUEUED)


class Attempt(models.Model):
    """One thing that was tried for a post: which step, what the network answered, what follows."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="log")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    event = models.CharField(max_length=40)
    created_at = models.DateTimeField()
    attempt = models.PositiveSmallIntegerField(default=1)
    step = models.CharField(max_length=10, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    provider_code = models.CharField(max_length=100, blank=True)
    trace_id = models.CharField(max_length=200, blank=True)
    category = models.CharField(max_length=20, blank=True)
    source = models.CharField(max_length=10, blank=True)
    retryable = models.BooleanField(null=True)
    message = models.TextField(blank=True)
    next_action = models.TextField(blank=True)
    milliseconds = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [BrinIndex(fields=["created_at"], name="attempt_recent", autosummarize=True)]

    def __str__(self) -> str:
        return f"{self.event} {self.step}"


class DismissedCause(models.Model):
    """What need not be shown as trouble any more: failures of a kind on a channel up to a moment. Later ones show again."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20)
    dismissed_at = models.DateTimeField()
    dismissed_by = models.CharField(max_length=40, help_text="Public id of the person.")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["channel", "kind"], name="cause_dismissed_once")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.channel_id}"


class Verdict(models.TextChoices):
    """How asking for approval ended."""

    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class Review(models.Model):
    """A draft that somebody asked to have published, until somebody who may publishes it or says no."""

    public_id = models.CharField(max_length=40, unique=True, default=review_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="reviews", db_index=False)
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="reviews")
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField()
    note = models.TextField(blank=True)
    fence = models.BigIntegerField(help_text="The post's, when it was asked for: another one now is a change since.")
    verdict = models.CharField(max_length=10, choices=Verdict.choices, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    comment = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["post"], condition=Q(decided_at__isnull=True), name="review_once_open")
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="review_open", condition=Q(decided_at__isnull=True)),
            models.Index(fields=["organization", "-id"], name="review_by_organization"),
        ]

    def __str__(self) -> str:
        return self.public_id


class Media(models.Model):
    """A file of ours, its facts read from its bytes. ``token`` is what makes its address unguessable."""

    public_id = models.CharField(max_length=40, unique=True, default=media_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="media")
    token = models.CharField(max_length=43, unique=True)
    file = models.FileField(max_length=200)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=5)
    content_type = models.CharField(max_length=50)
    size = models.PositiveBigIntegerField()
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    duration = models.FloatField(null=True)
    source_url = models.TextField(blank=True, help_text="Where it was fetched from.")
    alt_text = models.TextField(blank=True, help_text="What the picture shows, for who cannot see it.")
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    variant_of = models.ForeignKey("self", on_delete=models.CASCADE, null=True, blank=True, related_name="variants")
    variant_key = models.CharField(max_length=60, blank=True)
    thumbnail_at = models.DateTimeField(
        null=True, blank=True, help_text="When a small picture of it was made, or found not to be needed or possible."
    )
    created_by = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(default=utcnow)

    class Meta:
        verbose_name_plural = "media"
        ordering = ["-id"]
        indexes = [
            # copies are no part of a list
            models.Index(fields=["organization", "-id"], name="media_on_shelf", condition=Q(variant_of=None)),
            # what a library counts, so that counting reads no row
            models.Index(
                fields=["organization", "kind"], include=["size"], name="media_sizes", condition=Q(variant_of=None)
            ),
            GinIndex(fields=["tags"], name="media_by_tag"),
            models.Index(
                fields=["id"],
                name="media_without_thumbnail",
                condition=Q(kind="image", variant_of=None, thumbnail_at=None),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["variant_of", "variant_key"], condition=Q(variant_of__isnull=False), name="media_variant_once"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def opened(self) -> "File[bytes]":
        """The stored file, to read; the caller closes it."""
        return self.file.storage.open(str(self.file.name), "rb")


class MediaUse(models.Model):
    """A post shows a file of the library, as content or as cover."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    media = models.ForeignKey(Media, on_delete=models.CASCADE, related_name="uses", db_index=False)
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="media_uses")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["media", "post"], name="media_use_once")]

    def __str__(self) -> str:
        return f"{self.media_id} in {self.post_id}"


class Slot(models.Model):
    """A time of the week at which a channel publishes what is queued, on the clocks of the organization's zone."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="slots")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="slots", db_index=False)
    weekday = models.PositiveSmallIntegerField(help_text="0 is Monday.")
    minute = models.PositiveSmallIntegerField(help_text="Of the day: 540 is 9:00.")

    class Meta:
        ordering = ["weekday", "minute"]
        constraints = [
            models.UniqueConstraint(fields=["channel", "weekday", "minute"], name="slot_once"),
            models.CheckConstraint(condition=Q(weekday__lte=6, minute__lt=24 * 60), name="slot_in_the_week"),
        ]

    def __str__(self) -> str:
        return f"{self.weekday} {self.minute // 60:02}:{self.minute % 60:02}"


class ImportStatus(models.TextChoices):
    """Where an import stands."""

    CHECKING = "CHECKING"
    CHECKED = "CHECKED"
    CREATING = "CREATING"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


class Import(models.Model):
    """A file of posts, its rows being checked or made into posts. ``due_at`` is set while a worker has something to do;
    claiming moves it to the end of the lease and counts ``fence``, as with posts.
    """

    public_id = models.CharField(max_length=40, unique=True, default=import_id, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="imports", db_index=False)
    name = models.CharField(max_length=200)
    status = models.CharField(max_length=10, choices=ImportStatus.choices, default=ImportStatus.CHECKING)
    timezone = models.CharField(max_length=64, help_text="How times without a zone are read.")
    columns = models.JSONField(default=list)
    created_by = models.CharField(max_length=40)
    created_at = models.DateTimeField(default=utcnow, editable=False)
    due_at = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["organization", "-id"], name="import_by_organization"),
            models.Index(fields=["due_at"], name="import_due", condition=Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name


class ImportRowStatus(models.TextChoices):
    """Where a row stands."""

    WAITING = "WAITING"
    READY = "READY"
    FAULTY = "FAULTY"
    CREATED = "CREATED"


class ImportRow(models.Model):
    """One row of the file: its cells as they came, what is wrong with them, and the posts it became."""

    import_of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows", db_index=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField(help_text="Of its line in the file, as spreadsheets count.")
    cells = models.JSONField(default=dict)
    status = models.CharField(max_length=10, choices=ImportRowStatus.choices, default=ImportRowStatus.WAITING)
    issues = models.JSONField(default=list, help_text="[{column, message, severity}]")
    accounts = models.PositiveSmallIntegerField(default=0, help_text="Posts that it makes.")
    schedules = models.BooleanField(default=False, help_text="Its posts are queued, not drafts.")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["import_of", "number"], name="import_row_once")]

    def __str__(self) -> str:
        return f"row {self.number}"


class ImportedPost(models.Model):
    """A post that came from a row. A row makes one post for a channel, ever."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    row = models.ForeignKey(ImportRow, on_delete=models.CASCADE, related_name="made", db_index=False)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    post = models.OneToOneField(Post, on_delete=models.CASCADE, related_name="imported")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["row", "channel"], name="imported_once")]

    def __str__(self) -> str:
        return f"{self.row_id}: {self.post_id}"
