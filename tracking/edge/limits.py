"""How many events a token may send.

A server token's are counted where they are stored, in the same transaction, so that several processes keep one limit and
refused ones cost nothing. What a process has seen counted shields the database: uses only ever come free at a time that
is known, so it may refuse without asking for as long as what it knows fills the window. A pixel's limit is a wall against
floods, counted in memory by each process for itself.
"""

import math
from collections import OrderedDict
from collections.abc import Iterable

from chat33.lib.rates import Limit

TOKENS = 10_000  # remembered


def wait(uses: Iterable[tuple[int, int]], limit: Limit, *, now: int, wanted: int) -> float:
    """Seconds until ``wanted`` more fit in, 0 when they do now; infinite when they never will. ``uses`` are (millisecond,
    number), ``now`` is a millisecond.
    """
    if wanted > limit.count:
        return math.inf
    window = limit.window * 1000
    live = sorted(use for use in uses if use[0] > now - window)
    over = sum(number for _, number in live) + wanted - limit.count
    if over <= 0:
        return 0.0
    for moment, number in live:
        over -= number
        if over <= 0:
            return max(moment + window - now, 1) / 1000
    return math.inf  # cannot be: without any use they fit


class Shield:
    """What is known to be counted of limited tokens."""

    def __init__(self) -> None:
        self._known: OrderedDict[int, list[tuple[int, int]]] = OrderedDict()

    def wait(self, token: int, limit: Limit, *, now: int, wanted: int) -> float:
        """As ``wait``, of what is known; the truth may be longer, never shorter."""
        return wait(self._known.get(token, ()), limit, now=now, wanted=wanted)

    def learn(self, token: int, uses: list[tuple[int, int]]) -> None:
        """These are counted now."""
        self._known[token] = uses
        self._known.move_to_end(token)
        while len(self._known) > TOKENS:
            self._known.popitem(last=False)


class Wall:
    """A count in memory, by the hundredth of the window."""

    def __init__(self) -> None:
        self._used: OrderedDict[int, dict[int, int]] = OrderedDict()

    def use(self, token: int, limit: Limit, *, now: int, wanted: int) -> float:
        """Count them and give 0, or the seconds until they would fit."""
        step = max(1, limit.window * 10)  # milliseconds
        used = self._used.get(token)
        if used is None:
            used = self._used[token] = {}
            while len(self._used) > TOKENS:
                self._used.popitem(last=False)
        slot = now // step
        if slot not in used:
            for old in [one for one in used if one < slot - 100]:
                del used[old]
        over = sum(used.values()) + wanted - limit.count
        if over > 0:
            return wait([(one * step + step, number) for one, number in used.items()], limit, now=now, wanted=wanted)
        used[slot] = used.get(slot, 0) + wanted
        self._used.move_to_end(token)
        return 0.0
