"""Bodies come in bounded and clean: a size cap, an object at the top, no number or string that PostgreSQL cannot store."""

import math
from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from django.conf import settings
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from chat33.api.errors import PayloadTooLarge

MAX_DEPTH = 32
_TOO_DEEP = "The JSON is nested too deeply."


class JSONParser(parsers.JSONParser):
    """DRF's, strict (no NaN), and safe against what PostgreSQL cannot store and what would exhaust the stack."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The body as a dict. Raises ``ParseError`` and ``PayloadTooLarge``."""
        raw = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(raw) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise PayloadTooLarge
        if not raw:
            return {}
        try:
            data = super().parse(BytesIO(raw), media_type, parser_context)
            _check(data, MAX_DEPTH)
        except RecursionError:
            raise ParseError(_TOO_DEEP) from None
        if not isinstance(data, dict):
            raise ParseError("The body must be a JSON object.")
        return data


def _check(value: Any, depth: int) -> None:
    if depth < 0:
        raise ParseError(_TOO_DEEP)
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise ParseError("A string holds a character that is not allowed (NUL or half of a surrogate pair).")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ParseError("A number is out of range.")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check(key, depth)
            _check(item, depth - 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth - 1)
