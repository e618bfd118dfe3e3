"""Long lists: pages by key, so that page 1,000 costs what page 1 costs and nothing is counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)
LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Slice(Generic[Row]):
    """Some rows of a list, newest first, and the keys that lead on: ``before`` to older, ``after`` to newer ones."""

    rows: Sequence[Row]
    before: int | None
    after: int | None


def slice_of(rows: QuerySet[Row], given: Any, *, size: int = 50) -> Slice[Row]:
    """The page that ``?before=`` or ``?after=`` in ``given`` (a QueryDict) names, by primary key; nonsense is the first."""
    before, after = key_of(given.get("before")), key_of(given.get("after"))
    if after is not None:
        newer = list(rows.filter(pk__gt=after).order_by("pk")[: size + 1])
        more, found = len(newer) > size, newer[:size][::-1]
        if not found:
            return slice_of(rows, {}, size=size)
        return Slice(found, found[-1].pk, found[0].pk if more else None)
    older = rows.filter(pk__lt=before) if before is not None else rows
    found = list(older.order_by("-pk")[: size + 1])
    more, found = len(found) > size, found[:size]
    return Slice(found, found[-1].pk if more else None, found[0].pk if before is not None and found else None)


def key_of(text: Any) -> int | None:
    """The primary key that an address names; None for nonsense."""
    try:
        number = int(str(text))
    except ValueError:
        return None
    return number if 0 < number <= LARGEST else None
