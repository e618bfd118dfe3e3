"""What comes in to the posting API, checked field by field."""

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from chat33.api.bodies import Body
from chat33.api.fields import BoundedListField, StringField
from chat33.lib.http import Refused
from integrations.addresses import LONGEST, check_address
from integrations.providers.registry import PROVIDERS
from posts.media import ALT_TEXTS
from posts.models import MediaType

MAX_FILES = 35
MAX_OPTIONS = 100  # of one platform, and platforms: far more than there are


@extend_schema_field({"type": "string", "format": "uri", "maxLength": 2000})
class AddressField(StringField):
    """An http or https address on the public internet."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": LONGEST, **kwargs})

    def to_internal_value(self, data: Any) -> str:
        """The address. Raises ``ValidationError``."""
        url: str = super().to_internal_value(data)
        try:
            if url:
                check_address(url)
        except Refused as error:
            raise serializers.ValidationError(str(error)) from None
        return url


class PlatformConfigField(serializers.DictField):
    """Options by platform. What is inside is checked by each platform's own schema."""

    def to_internal_value(self, data: Any) -> dict[Any, Any]:
        """The options. Raises ``ValidationError``."""
        if isinstance(data, dict) and len(data) > MAX_OPTIONS:
            raise serializers.ValidationError(f"Use at most {MAX_OPTIONS} keys.")
        config: dict[Any, Any] = super().to_internal_value(data)
        wrong = {name: ["Use an object."] for name in PROVIDERS if not isinstance(config.get(name, {}), dict)}
        if wrong:
            raise serializers.ValidationError(wrong)
        large = [name for name, options in config.items() if isinstance(options, dict) and len(options) > MAX_OPTIONS]
        if large:
            raise serializers.ValidationError({name: [f"Use at most {MAX_OPTIONS} keys."] for name in large})
        return config


class PlatformConfigComponent(OpenApiSerializerFieldExtension):
    """The field in the schema: each network's published options, by platform. More may be there; it is ignored."""

    target_class = PlatformConfigField

    def get_name(self) -> str:
        """A component of its own."""
        return "PlatformConfig"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """Its schema."""
        sections = {
            name: {"type": "object", **provider.rules.options, "additionalProperties": True}
            for name, provider in PROVIDERS.items()
        }
        alternatives = {
            "type": "array",
            "items": {"type": "string"},
            "description": "What each picture shows, for who cannot see it, in the order of mediaUrls.",
        }
        properties = {**sections, ALT_TEXTS: alternatives}
        return {"type": "object", "properties": properties, "additionalProperties": True}


class AccountsField(serializers.Serializer[Any]):
    """The channels, first of all fields."""

    accountIds = BoundedListField(
        child=StringField(max_length=60), min_length=1, max_length=10,
        help_text="Channel IDs from /accounts. One ScheduledPost is created per channel. At most 10.",
    )  # fmt: skip


class ContentFields(serializers.Serializer[Any]):
    """What a post says, as creating, validating and editing share it."""

    text = StringField(
        required=False, allow_null=True, allow_blank=True, trim_whitespace=False, max_length=100_000,
        help_text="Caption / post text",
    )  # fmt: skip
    mediaUrls = BoundedListField(
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
        help_text="Platform-specific options (YouTube title, privacy, per-platform caption overrides), nested by "
        "platform. A key that a platform does not know is ignored; `validate` warns of it.",
    )  # fmt: skip
    callbackUrl = AddressField(
        required=False, allow_null=True, allow_blank=True,
        help_text="Webhook URL — POSTed { postId, status, externalPostId, externalPostUrl, error } on completion.",
    )  # fmt: skip


class CreatePostRequest(AccountsField, ContentFields):
    """A post to create, or to validate."""

    scheduledAt = StringField(
        required=False, allow_null=True, max_length=40,
        help_text="ISO 8601 datetime. Omit to publish immediately on next cron tick (~1 min). An offset in it wins over "
        "`timezone`.",
    )  # fmt: skip
    timezone = StringField(
        required=False, default="UTC", max_length=64, help_text="IANA timezone for scheduling (e.g. America/New_York)"
    )
    status = serializers.ChoiceField(
        choices=["DRAFT", "QUEUED"], required=False, default="QUEUED", help_text="DRAFT keeps it until it is queued."
    )


class UpdatePostRequest(ContentFields):
    """What may change on a draft or queued post."""

    scheduledAt = StringField(
        required=False, allow_null=True, max_length=40,
        help_text="Set to null to publish immediately on next cron tick",
    )  # fmt: skip
    timezone = StringField(
        required=False, max_length=64,
        help_text='How a `scheduledAt` without an offset is read. Default: the post\'s own, which is "UTC" if none was '
        "given.",
    )  # fmt: skip
    status = serializers.ChoiceField(choices=["DRAFT", "QUEUED", "CANCELLED"], required=False)


class DuplicatePostRequest(serializers.Serializer[Any]):
    """How the copy differs."""

    scheduledAt = StringField(
        required=False, allow_null=True, max_length=40, help_text="ISO 8601 datetime. Not copied from the original."
    )
    timezone = StringField(required=False, max_length=64, help_text="Default: the original's.")
    accountIds = BoundedListField(
        child=StringField(max_length=60), required=False, min_length=1, max_length=10,
        help_text="Override target channels. Defaults to original channel.",
    )  # fmt: skip
    status = serializers.ChoiceField(choices=["DRAFT", "QUEUED"], required=False, default="DRAFT")


class ResolvePostRequest(Body):
    """A person's word on an unconfirmed post."""

    as_ = serializers.ChoiceField(choices=["published", "failed"], help_text="What a person has seen.")


class UploadUrlRequest(serializers.Serializer[Any]):
    """An address to fetch a file from."""

    url = AddressField(help_text="Public URL to fetch")
    filename = StringField(required=False, allow_blank=True, max_length=200, help_text="Optional filename hint")


class UploadFileRequest(serializers.Serializer[Any]):
    """A file in the request."""

    file = serializers.FileField(help_text="The image or video, up to 4.5MB")
