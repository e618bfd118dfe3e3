"""The finishing touches on the OpenAPI document, as hooks that drf-spectacular calls (``SPECTACULAR_SETTINGS``)."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from django.conf import settings
from drf_spectacular.plumbing import load_enum_name_overrides

from chat33.lib.rates import parse

PREFIX = "/api/v1/"

_PERIODS = {"s": "second", "m": "minute", "h": "hour", "d": "day"}
_MARKER = re.compile(r"\{(limit|daily|hours):(\w+)\}")

Endpoint = tuple[str, str, str, Callable[..., Any]]


def only_v1(endpoints: list[Endpoint], **_: Any) -> list[Endpoint]:
    """Before: leave out what speaks another dialect."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith(PREFIX)]


def name_enums(result: dict[str, Any], generator: Any, **_: Any) -> dict[str, Any]:
    """After: the enums of ``ENUM_NAME_OVERRIDES`` become components of their own; the others stay where they are."""
    names = load_enum_name_overrides()
    schemas = result["components"]["schemas"]
    for schema in [*_dicts(result)]:
        name = names.get(schema.pop("x-spec-enum-id", None))
        if name is None:
            continue
        schemas[name] = {"type": "string", "enum": [value for value in schema["enum"] if value is not None]}
        nullable = None in schema["enum"]
        del schema["enum"], schema["type"]
        reference = {"$ref": f"#/components/schemas/{name}"}
        schema.update({"anyOf": [reference, {"type": "null"}]} if nullable else reference)
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result


def tell_limits(result: dict[str, Any], generator: Any, **_: Any) -> dict[str, Any]:
    """After: ``{limit:POSTS}``, ``{daily:x}`` and ``{hours:LATE_LIMIT}`` in descriptions become this installation's."""
    for schema in _dicts(result):
        for name in ("description", "summary"):
            if isinstance(schema.get(name), str):
                schema[name] = _MARKER.sub(_told, schema[name])
    return result


def _told(marker: re.Match[str]) -> str:
    kind, name = marker.groups()
    if kind == "hours":
        return f"{getattr(settings, name) / timedelta(hours=1):g}"
    return str(settings.DAILY_LIMITS[name]) if kind == "daily" else rate_words(settings.LIMITS[name])


def rate_words(rate: str) -> str:
    """``30/h`` as ``30/hour``, ``10/15m`` as ``10/15 minutes``, ``off`` as ``unlimited``."""
    if parse(rate) is None:
        return "unlimited"
    count, _, per = rate.partition("/")
    number, period = per[:-1], _PERIODS[per[-1]]
    return f"{count}/{number} {period}s" if number not in ("", "1") else f"{count}/{period}"


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from _dicts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _dicts(item)
