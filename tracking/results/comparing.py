"""A figure beside the one of the days before."""

from dataclasses import dataclass
from decimal import Decimal

MUCH = 1000  # percent; beyond it a number says nothing


@dataclass(frozen=True)
class Change:
    """How far a figure went: ``way`` is up, down or even; ``words`` say it, ``spoken`` say it in a sentence."""

    way: str
    words: str
    spoken: str


def change(now: int | Decimal, before: int | Decimal) -> Change:
    """From ``before`` to ``now``. Out of nothing there is no percentage: that is said instead."""
    if now == before:
        return Change("even", "same", "as much as in the days before")
    if not before:
        return Change("up" if now > 0 else "down", "new", "nothing in the days before")
    percent = abs(100 * (Decimal(now) - Decimal(before)) / Decimal(before))
    way = "up" if now > before else "down"
    words = f"over {MUCH} %" if percent > MUCH else "under 1 %" if percent < 1 else f"{percent:.0f} %"
    return Change(way, words, f"{words} {'more' if way == 'up' else 'less'} than in the days before")
