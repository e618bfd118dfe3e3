"""Pages by number: ``page`` from 1, ``limit`` 20, at most 100. Lists that grow without end go by a cursor and ``limit``."""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

Row = TypeVar("Row", bound=Model)

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
MAX_PAGE = 999_999_999


def page_of(request: Request, rows: "QuerySet[Row]") -> tuple[list[Row], dict[str, Any]]:
    """The asked-for page of rows, and the fields around it. Raises ``ValidationError`` for nonsense."""
    page = _number(request, "page", 1)
    if page > MAX_PAGE:
        raise ValidationError({"page": ["There are not so many pages."]})
    limit = limit_of(request)
    total = rows.count()
    start = (page - 1) * limit
    # Those before the page are counted off by their keys, which an index gives; only its own rows are read whole.
    wanted = rows.filter(pk__in=rows.values("pk")[start : start + limit]) if start else rows[:limit]
    items = list(wanted) if start < total else []
    return items, {"total": total, "page": page, "limit": limit, "hasMore": start + len(items) < total}


def limit_of(request: Request) -> int:
    """How many items a page has, as asked for. Raises ``ValidationError`` for nonsense."""
    return min(_number(request, "limit", DEFAULT_LIMIT), MAX_LIMIT)


def _number(request: Request, name: str, default: int) -> int:
    given = request.query_params.get(name)
    if given is None:
        return default
    digits = given.lstrip("0")
    if not (given.isascii() and given.isdigit() and digits):
        raise ValidationError({name: ["Use a whole number from 1."]})
    return int(digits[:12])  # what has more digits is too large all the same
