"""Figures and how they are read: medians of repeated measurements, each beside what it is compared with."""

import math
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import psutil


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One thing measured, and what was measured beside it in the same run and the same unit."""

    name: str
    value: float
    unit: str
    beside: tuple[tuple[str, float], ...] = ()
    goal: str = ""
    met: bool | None = None
    promise: bool = False  # not a matter of speed: missing it fails the run


@dataclass
class Report:
    """What one benchmark found."""

    title: str
    figures: list[Figure] = field(default_factory=list)

    def add(self, name: str, value: float, unit: str, *beside: tuple[str, float]) -> None:
        """A figure without a goal."""
        self.figures.append(Figure(name=name, value=value, unit=unit, beside=beside))

    def goal(
        self,
        name: str,
        value: float,
        unit: str,
        *beside: tuple[str, float],
        goal: str,
        met: bool,
        promise: bool = False,
    ) -> None:
        """A figure with a goal, and whether this run met it."""
        self.figures.append(
            Figure(name=name, value=value, unit=unit, beside=beside, goal=goal, met=met, promise=promise)
        )

    def lines(self) -> list[str]:
        """As a table for the terminal."""
        width = max(len(figure.name) for figure in self.figures)
        out = ["", self.title, "-" * len(self.title)]
        for figure in self.figures:
            value = f"{spelled(figure.value)} {figure.unit}".rstrip()
            words = [f"{times(figure.value, other)} {what}" for what, other in figure.beside]
            if figure.met is not None:
                words.append(f"[{figure.goal}: {'met' if figure.met else 'MISSED'}]")
            out.append(f"{figure.name:<{width}}  {value:>12}  {' · '.join(words)}".rstrip())
        return out


def spelled(value: float) -> str:
    """Three figures, no more."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}"


def times(value: float, other: float) -> str:
    """A ratio as it is said: so many times, or one part of so many."""
    if not other or not value:
        return f"{spelled(value)} against {spelled(other)},"
    ratio = value / other
    return f"1/{spelled(1 / ratio)} of" if ratio < 0.5 else f"{spelled(ratio)} ×"


def milliseconds(work: Callable[[], object], *, repeat: int, warm: int = 2) -> list[float]:
    """How long each of ``repeat`` runs took, sorted; the first ``warm`` are not counted."""
    for _ in range(warm):
        work()
    taken = []
    for _ in range(repeat):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return sorted(taken)


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(share * len(ranked)) - 1)]


def cpu_seconds(processes: Iterable[psutil.Process]) -> float:
    """What these processes have spent so far; of the figures here the one that other work on the machine sways least."""
    spent = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            spent += sum(process.cpu_times()[:2])
    return spent
