"""Bodies come in bounded and clean: a size cap, an object at the top, no NUL and no lone surrogate in any string."""

from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from django.conf import settings
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from chat33.api.errors import PayloadTooLarge


class JSONParser(parsers.JSONParser):
    """DRF's, strict (no NaN), and safe against what PostgreSQL cannot store and what would exhaust the stack."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The body as a dict. Raises ``ParseError`` and ``PayloadTooLarge``."""
        raw = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(raw) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise PayloadTooLarge
        if not raw.strip():
            return {}
        try:
            data = super().parse(BytesIO(raw), media_type, parser_context)
            _check(data)
        except RecursionError:
            raise ParseError("The JSON is nested too deeply.") from None
        if not isinstance(data, dict):
            raise ParseError("The body must be a JSON object.")
        return data


def _check(value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise ParseError("A string holds a character that is not allowed (NUL or half of a surrogate pair).")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check(key)
            _check(item)
    elif isinstance(value, list):
        for item in value:
            _check(item)
