"""What the posting API answers: the shape of each reply as the schema tells it, and the making of those about posts.

The classes are declarations. Rows become replies by plain functions, which cost a list of a hundred posts next to nothing.
"""

from typing import Any

from rest_framework import serializers

from chat33.api.bodies import Body
from chat33.lib.clock import stamp
from integrations.models import Channel, Platform
from posts.models import Attempt, MediaType, Post, PostStatus


class PlatformField(serializers.ChoiceField):
    """A network."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=Platform.choices, **kwargs)


class StatusField(serializers.ChoiceField):
    """Where a post stands."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=PostStatus.choices, **kwargs)


class QuotaReply(Body):
    """The channel's daily allowance, in a rolling window."""

    limit = serializers.IntegerField(allow_null=True, help_text="Posts in the window; null is unlimited.")
    used = serializers.IntegerField()
    remaining = serializers.IntegerField(allow_null=True)
    windowHours = serializers.IntegerField()
    nextFreeAt = serializers.DateTimeField(allow_null=True, help_text="When the oldest use leaves the window.")


class HealthReply(Body):
    """How the connection to the network is."""

    tokenExpiresAt = serializers.DateTimeField(allow_null=True, help_text="Renewed by itself ahead of that.")
    scopes = serializers.ListField(child=serializers.CharField(), help_text="What the network has granted.")
    lastError = serializers.CharField(allow_null=True, help_text="In plain words.")
    lastErrorAt = serializers.DateTimeField(allow_null=True)


class AccountMetadataReply(Body):
    """What else is known of a channel; networks add facts of their own."""

    pageId = serializers.CharField(required=False, help_text="The channel's numeric id.")
    sandbox = serializers.BooleanField(help_text="Lives in the local stand-in of its network.")
    quota = QuotaReply()
    health = HealthReply()


class AccountReply(Body):
    """A connected social media channel."""

    id = serializers.CharField()
    platform = PlatformField()
    name = serializers.CharField()
    username = serializers.CharField(allow_null=True)
    isActive = serializers.BooleanField()
    metadata = AccountMetadataReply()
    createdAt = serializers.DateTimeField()


class AccountListReply(Body):
    """List of accounts."""

    items = AccountReply(many=True)


class FileRulesReply(Body):
    """What one file may be: sizes in bytes, lengths in seconds, edges in pixels, ratio = width / height."""

    contentTypes = serializers.ListField(child=serializers.CharField())
    maxBytes = serializers.IntegerField()
    maxBytesByType = serializers.DictField(
        child=serializers.IntegerField(), help_text="Where a type has its own limit."
    )
    convertible = serializers.BooleanField(help_text="An image outside the rules is sent as a JPEG made of it.")
    minWidth = serializers.IntegerField(allow_null=True)
    maxWidth = serializers.IntegerField(allow_null=True)
    minHeight = serializers.IntegerField(allow_null=True)
    maxHeight = serializers.IntegerField(allow_null=True)
    minRatio = serializers.FloatField(allow_null=True)
    maxRatio = serializers.FloatField(allow_null=True)
    minSeconds = serializers.FloatField(allow_null=True)
    maxSeconds = serializers.FloatField(allow_null=True)


class MediaTypeRulesReply(Body):
    """How many files of which kinds make a post of this mediaType."""

    minFiles = serializers.IntegerField()
    maxFiles = serializers.IntegerField()
    mixed = serializers.BooleanField(help_text="Images and videos may come together.")
    files = serializers.DictField(child=FileRulesReply(), help_text="By kind: image, video.")


class TextRulesReply(Body):
    """What the text may be."""

    required_ = serializers.BooleanField()
    limit = serializers.IntegerField()
    unit = serializers.ChoiceField(choices=["characters", "utf16", "weighted", "bytes"])
    maxHashtags = serializers.IntegerField(allow_null=True)
    maxMentions = serializers.IntegerField(allow_null=True)
    forbiddenCharacters = serializers.CharField()
    withoutMedia = serializers.BooleanField(help_text="A post may be text alone.")


class PlatformRulesReply(Body):
    """What a network accepts."""

    platform = PlatformField()
    dailyLimit = serializers.IntegerField(allow_null=True, help_text="Posts a channel may publish in 24 hours.")
    text = TextRulesReply()
    mediaTypes = serializers.DictField(child=MediaTypeRulesReply(), help_text="By mediaType; a missing one is refused.")
    coverImage = FileRulesReply(allow_null=True, help_text="null where the network takes none.")
    platformConfig = serializers.DictField(help_text="JSON Schema of this network's part of platformConfig.")
    notes = serializers.ListField(child=serializers.CharField())


class PlatformListReply(Body):
    """The networks' rules."""

    items = PlatformRulesReply(many=True)


class PostSummaryReply(Body):
    """A post just made."""

    id = serializers.CharField()
    accountId = serializers.CharField()
    platform = PlatformField()
    accountName = serializers.CharField()
    status = StatusField()
    scheduledAt = serializers.DateTimeField(allow_null=True)
    createdAt = serializers.DateTimeField()


class CreatedPostsReply(Body):
    """The posts made, one for each channel."""

    posts = PostSummaryReply(many=True)
    groupId = serializers.CharField(allow_null=True, help_text="Set for multi-channel posts to group sibling posts")


class DuplicatedPostsReply(CreatedPostsReply):
    """The copies made, one for each channel."""

    duplicatedFrom = serializers.CharField(help_text="The original's id.")


class PostReply(Body):
    """A post in full."""

    id = serializers.CharField()
    channelId = serializers.CharField()
    groupId = serializers.CharField(allow_null=True)
    status = StatusField()
    text = serializers.CharField(allow_null=True)
    mediaUrls = serializers.ListField(child=serializers.CharField())
    mediaType = serializers.ChoiceField(choices=MediaType.choices, allow_null=True, help_text="null for text alone.")
    scheduledAt = serializers.DateTimeField(allow_null=True)
    publishedAt = serializers.DateTimeField(allow_null=True)
    externalPostId = serializers.CharField(allow_null=True)
    externalPostUrl = serializers.CharField(allow_null=True)
    errorMessage = serializers.CharField(allow_null=True, help_text="What happened and what to do next.")
    retryCount = serializers.IntegerField()
    createdBy = serializers.CharField(help_text="Public id of the person or API key.")
    createdAt = serializers.DateTimeField()
    platform = PlatformField()
    accountName = serializers.CharField()
    errorCode = serializers.CharField(
        allow_null=True, help_text="UNCONFIRMED: it could not be known whether it went out; see reconcile and resolve."
    )
    coverImageUrl = serializers.CharField(allow_null=True)
    platformConfig = serializers.DictField()
    callbackUrl = serializers.CharField(allow_null=True)
    timezone = serializers.CharField()
    heldUntil = serializers.DateTimeField(
        allow_null=True, help_text="A QUEUED post over its channel's daily limit goes by itself at this time."
    )
    heldReason = serializers.CharField(allow_null=True)
    updatedAt = serializers.DateTimeField()


class PostPageReply(Body):
    """A page of posts, newest first."""

    items = PostReply(many=True)
    total = serializers.IntegerField()
    page = serializers.IntegerField()
    limit = serializers.IntegerField()
    hasMore = serializers.BooleanField()


class DeletedPostReply(Body):
    """A draft that is gone."""

    id = serializers.CharField()
    deleted = serializers.ChoiceField(choices=[True])


class IssueReply(Body):
    """Something wrong, or doubtful."""

    code = serializers.CharField(help_text="E.g. TEXT_TOO_LONG, MEDIA_FORMAT, OPTION_UNKNOWN, DUPLICATE_TEXT")
    path = serializers.CharField(help_text="The field, e.g. mediaUrls.0")
    message = serializers.CharField()


class AccountResultReply(Body):
    """One channel's verdict."""

    accountId = serializers.CharField()
    platform = PlatformField()
    ok = serializers.BooleanField()
    errors_ = IssueReply(many=True, help_text="What stands in the way.")
    warnings = IssueReply(many=True, help_text="What to know; the post would be taken.")


class ValidationResultReply(Body):
    """Every channel's verdict."""

    ok = serializers.BooleanField(help_text="Whether creating it would be accepted for every channel.")
    results = AccountResultReply(many=True)


class LogEntryReply(Body):
    """One thing that was tried for the post."""

    event = serializers.CharField(help_text="E.g. publish_attempt, publish_retry, publish_success, publish_failure")
    createdAt = serializers.DateTimeField()
    attempt = serializers.IntegerField()
    source_ = serializers.CharField(allow_null=True)
    step = serializers.CharField(allow_null=True)
    httpStatus = serializers.IntegerField(allow_null=True)
    providerCode = serializers.CharField(allow_null=True)
    traceId = serializers.CharField(allow_null=True, help_text="The network's own id of the request.")
    category = serializers.CharField(allow_null=True)
    retryable = serializers.BooleanField(allow_null=True)
    message = serializers.CharField(allow_null=True)
    nextAction = serializers.CharField(allow_null=True)
    milliseconds = serializers.IntegerField(allow_null=True)


class PostLogsReply(Body):
    """Everything that was tried, oldest first."""

    logs = LogEntryReply(many=True)


class MediaReply(Body):
    """A file taken in."""

    url = serializers.CharField(help_text="Use it in mediaUrls or coverImageUrl.")
    type = serializers.ChoiceField(choices=["image", "video"])
    size = serializers.IntegerField(help_text="Bytes.")
    name = serializers.CharField()
    contentType = serializers.CharField()
    id = serializers.CharField()
    width = serializers.IntegerField(allow_null=True)
    height = serializers.IntegerField(allow_null=True)
    duration = serializers.FloatField(allow_null=True, help_text="Seconds.")


def post_summary(post: Post, channel: Channel) -> dict[str, Any]:
    """A ``PostSummary``."""
    return {
        "id": post.public_id,
        "accountId": channel.public_id,
        "platform": channel.platform,
        "accountName": channel.name,
        "status": post.status,
        "scheduledAt": stamp(post.scheduled_at),
        "createdAt": stamp(post.created_at),
    }


def post_body(post: Post) -> dict[str, Any]:
    """A ``Post``: the documented fields, then ours."""
    return {
        "id": post.public_id,
        "channelId": post.channel.public_id,
        "groupId": post.group_id,
        "status": post.status,
        "text": post.text,
        "mediaUrls": post.media_urls,
        "mediaType": post.media_type,
        "scheduledAt": stamp(post.scheduled_at),
        "publishedAt": stamp(post.published_at),
        "externalPostId": post.external_post_id,
        "externalPostUrl": post.external_post_url,
        "errorMessage": post.error_message,
        "retryCount": post.retry_count,
        "createdBy": post.created_by,
        "createdAt": stamp(post.created_at),
        "platform": post.channel.platform,
        "accountName": post.channel.name,
        "errorCode": post.error_code or None,
        "coverImageUrl": post.cover_image_url or None,
        "platformConfig": post.platform_config,
        "callbackUrl": post.callback_url or None,
        "timezone": post.timezone,
        "heldUntil": stamp(post.held_until),
        "heldReason": post.held_reason or None,
        "updatedAt": stamp(post.updated_at),
    }


def log_entry(entry: Attempt) -> dict[str, Any]:
    """One line of a post's log."""
    return {
        "event": entry.event,
        "createdAt": stamp(entry.created_at),
        "attempt": entry.attempt,
        "step": entry.step or None,
        "httpStatus": entry.http_status,
        "providerCode": entry.provider_code or None,
        "traceId": entry.trace_id or None,
        "category": entry.category or None,
        "source": entry.source or None,
        "retryable": entry.retryable,
        "message": entry.message or None,
        "nextAction": entry.next_action or None,
        "milliseconds": entry.milliseconds,
    }
