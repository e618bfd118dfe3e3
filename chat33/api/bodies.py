"""Bodies of public requests and replies: what they declare, and how a request's is read."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request


class Body(serializers.Serializer[Any]):
    """Fields of a request or a reply. One whose name is a word of Python's or of every serializer's is declared with an
    underscore after it: ``source_`` is ``source``.
    """

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """All of them, as they are called in JSON."""
        return {name.removesuffix("_"): field for name, field in super().get_fields().items()}


def read_body(kind: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The request's body, checked. Raises ``ValidationError``."""
    serializer = kind(data=request.data)
    serializer.is_valid(raise_exception=True)
    data: dict[str, Any] = serializer.validated_data
    return data
