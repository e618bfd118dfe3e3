"""What comes in about keys, checked field by field."""

from typing import Any

from rest_framework import serializers

from chat33.api import scopes as known
from chat33.api.fields import StringField


class CreateApiKeyRequest(serializers.Serializer[Any]):
    """A key to make."""

    name = StringField(required=False, default="Default API Key", max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(known.ORDINARY)), required=False, min_length=1, max_length=20,
        help_text="Default: every ordinary scope.",
    )  # fmt: skip
    expiresAt = serializers.DateTimeField(
        required=False, allow_null=True, help_text="When it stops working. Default: never."
    )
