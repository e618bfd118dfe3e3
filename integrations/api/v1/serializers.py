"""What comes in about keys, checked field by field."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from chat33.api import scopes as known
from chat33.api.fields import BoundedListField, StringField
from chat33.lib.clock import utcnow


def check_ahead(moment: datetime) -> None:
    """Refuse a time that is past: a key that is born dead helps nobody."""
    if moment <= utcnow():
        raise serializers.ValidationError("The time is past.")


class CreateApiKeyRequest(serializers.Serializer[Any]):
    """A key to make."""

    name = StringField(required=False, default="Default API Key", max_length=100)
    scopes = BoundedListField(
        child=serializers.ChoiceField(choices=sorted(known.ORDINARY)), required=False, min_length=1, max_length=20,
        help_text="Default: every ordinary scope.",
    )  # fmt: skip
    expiresAt = serializers.DateTimeField(
        required=False, allow_null=True, validators=[check_ahead], help_text="When it stops working. Default: never."
    )

    def validate_scopes(self, value: list[str]) -> list[str]:
        """Each once."""
        return list(dict.fromkeys(value))
