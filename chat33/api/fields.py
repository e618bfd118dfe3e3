"""Fields that public request bodies share."""

from typing import Any

from rest_framework import serializers


class StringField(serializers.CharField):
    """Text that must come as a JSON string: a number or a boolean is a mistake of the caller's, not text."""

    def to_internal_value(self, data: Any) -> str:
        """The text. Raises ``ValidationError``."""
        if not isinstance(data, str):
            self.fail("invalid")
        value: str = super().to_internal_value(data)
        return value
