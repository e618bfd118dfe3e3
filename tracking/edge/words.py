"""How many different words an organization may have in a rollup, so that nothing a stranger sends grows without end: names
of events, and the flows and channels that come in addresses. What is too many is counted as ``(other)`` and kept in the
event's data.
"""

import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tracking.edge.lookups import Lookups

OTHER = "(other)"
MOST: Mapping[str, int] = {"name": 500, "flow": 5_000, "channel": 2_000}
KINDS: Mapping[str, int] = {"name": 0, "flow": 4, "channel": 5}
OURS = frozenset({"page_view", "click", "click.confirmed", "click.expired", "purchase", "signup", "lead", "install"})
BELIEVED = 60.0  # seconds that an organization's words are not read again because of one that has no room
KEPT = 5_000  # sets of words


class Words:
    """The words of each organization, as far as this process has met them."""

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups
        self._known: OrderedDict[tuple[int, str], tuple[float, set[str]]] = OrderedDict()

    async def bound(self, organization: int, rows: Sequence[dict[str, Any]]) -> None:
        """Put ``(other)`` for what there is no room for, with the word kept in the data. Raises ``Unavailable``."""
        for field in MOST:
            words = {row[field] for row in rows if field in row}
            if field == "name":
                words -= OURS
            if not words:
                continue
            refused = words - await self._known_of(organization, field, words)
            for row in rows if refused else ():
                if row.get(field) in refused:
                    row["data"] = {**row.get("data", {}), field: row[field]}
                    row[field] = OTHER

    async def _known_of(self, organization: int, field: str, words: Iterable[str]) -> set[str]:
        at, known = self._known.get((organization, field), (0.0, set()))
        new = [word for word in words if word not in known]
        if not new or (len(known) >= MOST[field] and time.monotonic() - at < BELIEVED):
            return known
        known = await self._lookups.words(organization, KINDS[field], new, MOST[field])
        self._known[organization, field] = (time.monotonic(), known)
        self._known.move_to_end((organization, field))
        while len(self._known) > KEPT:
            self._known.popitem(last=False)
        return known
