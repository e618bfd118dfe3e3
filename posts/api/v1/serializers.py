"""The posting API's bodies: what comes in, checked field by field, and what goes out."""

import socket
from typing import Any

from django.conf import settings
from rest_framework import serializers

from chat33.lib.clock import stamp
from chat33.lib.http import Guard, Refused, is_public
from integrations.models import Channel, Platform
from posts.models import Attempt, MediaType, Post, PostStatus

MAX_FILES = 35
_INSIDE = ("localhost", ".localhost", ".local", ".internal", ".home.arpa")


def check_address(url: str) -> None:
    """Refuse an address that can never be reached from here, without asking any name server."""
    guard = Guard(frozenset(settings.ALLOW_PRIVATE_HOSTS))
    try:
        target = guard.check_url(url)
    except Refused as error:
        raise serializers.ValidationError(str(error)) from None
    host = target.host
    if {host, f"{host}:{target.port}"} & guard.allow_hosts:
        return
    if host.endswith(_INSIDE):
        raise serializers.ValidationError(f"The host {host} is not on the public internet.")
    try:
        answers = socket.getaddrinfo(host, None, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return
    if not all(is_public(str(answer[4][0])) for answer in answers):
        raise serializers.ValidationError(f"The host {host} is not on the public internet.")


class AddressField(serializers.CharField):
    """An http or https address on the public internet."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 2000, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        """The address. Raises ``ValidationError``."""
        url: str = super().to_internal_value(data)
        if url:
            check_address(url)
        return url


class PlatformConfigField(serializers.DictField):
    """Options by platform. What is inside is checked by each platform's own schema."""


class ContentFields(serializers.Serializer[Any]):
    """What a post says, as creating, validating and editing share it."""

    text = serializers.CharField(
        required=False, allow_null=True, allow_blank=True, trim_whitespace=False, max_length=100_000,
        help_text="Caption / post text",
    )  # fmt: skip
    mediaUrls = serializers.ListField(
        child=AddressField(), required=False, allow_null=True, max_length=MAX_FILES,
        help_text="Public URLs to media. Use /media/upload first or pass any public URL.",
    )  # fmt: skip
    mediaType = serializers.ChoiceField(
        choices=MediaType.choices, required=False, allow_null=True,
        help_text="Left out, it is inferred from the files.",
    )  # fmt: skip
    coverImageUrl = AddressField(
        required=False, allow_null=True, allow_blank=True, help_text="Video thumbnail (YouTube/TikTok)"
    )
    platformConfig = PlatformConfigField(
        required=False, allow_null=True,
        help_text="Platform-specific options (YouTube title, privacy, per-platform caption overrides)",
    )  # fmt: skip
    callbackUrl = AddressField(
        required=False, allow_null=True, allow_blank=True,
        help_text="Webhook URL — POSTed { postId, status, externalPostId, externalPostUrl, error } on completion.",
    )  # fmt: skip
    scheduledAt = serializers.CharField(
        required=False, allow_null=True, max_length=40,
        help_text="ISO 8601 datetime. Omit to publish immediately on next cron tick (~1 min).",
    )  # fmt: skip
    timezone = serializers.CharField(
        required=False, max_length=64, help_text="IANA timezone for scheduling (e.g. America/New_York)"
    )


class CreatePostRequest(ContentFields):
    """A post to create, or to validate."""

    accountIds = serializers.ListField(
        child=serializers.CharField(max_length=60), min_length=1, max_length=10,
        help_text="Channel IDs from /accounts. One ScheduledPost is created per channel.",
    )  # fmt: skip
    status = serializers.ChoiceField(choices=["DRAFT", "QUEUED"], required=False, default="QUEUED")


class UpdatePostRequest(ContentFields):
    """What may change on a draft or queued post."""

    status = serializers.ChoiceField(choices=["DRAFT", "QUEUED", "CANCELLED"], required=False)


class DuplicatePostRequest(serializers.Serializer[Any]):
    """How the copy differs."""

    scheduledAt = serializers.CharField(required=False, allow_null=True, max_length=40)
    timezone = serializers.CharField(required=False, max_length=64)
    accountIds = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, min_length=1, max_length=10,
        help_text="Override target channels. Defaults to original channel.",
    )  # fmt: skip
    status = serializers.ChoiceField(choices=["DRAFT", "QUEUED"], required=False, default="DRAFT")


class ResolvePostRequest(serializers.Serializer[Any]):
    """A person's word on an unconfirmed post."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """``as`` is a keyword of Python's, so it cannot be an attribute."""
        return {"as": serializers.ChoiceField(choices=["published", "failed"])}


class PostSummary(serializers.Serializer[Any]):
    """A post just made."""

    id = serializers.CharField()
    accountId = serializers.CharField()
    platform = serializers.ChoiceField(choices=Platform.choices)
    accountName = serializers.CharField()
    status = serializers.ChoiceField(choices=PostStatus.choices)
    scheduledAt = serializers.DateTimeField(allow_null=True)
    createdAt = serializers.DateTimeField()


class PostBody(serializers.Serializer[Any]):
    """A post in full."""

    id = serializers.CharField()
    channelId = serializers.CharField()
    groupId = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=PostStatus.choices)
    text = serializers.CharField(allow_null=True)
    mediaUrls = serializers.ListField(child=serializers.CharField())
    mediaType = serializers.ChoiceField(choices=MediaType.choices, allow_null=True)
    scheduledAt = serializers.DateTimeField(allow_null=True)
    publishedAt = serializers.DateTimeField(allow_null=True)
    externalPostId = serializers.CharField(allow_null=True)
    externalPostUrl = serializers.CharField(allow_null=True)
    errorMessage = serializers.CharField(allow_null=True)
    retryCount = serializers.IntegerField()
    createdBy = serializers.CharField()
    createdAt = serializers.DateTimeField()
    platform = serializers.ChoiceField(choices=Platform.choices)
    accountName = serializers.CharField()
    errorCode = serializers.CharField(allow_null=True)
    coverImageUrl = serializers.CharField(allow_null=True)
    platformConfig = serializers.DictField()
    callbackUrl = serializers.CharField(allow_null=True)
    timezone = serializers.CharField()
    heldUntil = serializers.DateTimeField(allow_null=True)
    heldReason = serializers.CharField(allow_null=True)
    updatedAt = serializers.DateTimeField()


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
    """A ``PostBody``: the documented fields, then ours."""
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
