"""Clicks that this process has seen confirmed: a page's later events carry the click's id, too, and need not ask again."""

from collections import OrderedDict
from collections.abc import Iterable

from tracking.edge.events import Row

MOST = 50_000


class Arrived:
    """The latest of them."""

    def __init__(self) -> None:
        self._clicks: OrderedDict[tuple[int, object], None] = OrderedDict()

    def is_new(self, arrival: Row) -> bool:
        """Whether it may confirm something."""
        return arrival["click"] is None or (arrival["organization_id"], arrival["click"]) not in self._clicks

    def remember(self, arrivals: Iterable[Row]) -> None:
        """These are stored."""
        for arrival in arrivals:
            if arrival["click"] is not None:
                self._clicks[arrival["organization_id"], arrival["click"]] = None
        while len(self._clicks) > MOST:
            self._clicks.popitem(last=False)
