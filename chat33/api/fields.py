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


class BoundedListField(serializers.ListField):
    """A list that is counted before it is read: a million items cost one error, not a million."""

    def run_child_validation(self, data: Any) -> list[Any]:
        """Raises ``ValidationError`` for too many items, or for any that is wrong."""
        if self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        items: list[Any] = super().run_child_validation(data)
        return items
