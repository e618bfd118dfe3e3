"""How an operation describes itself in OpenAPI."""

from drf_spectacular.openapi import AutoSchema


class Schema(AutoSchema):
    """drf-spectacular's, as the settings name it."""
