"""Small charts beside a number, as the points of an SVG line. Pure."""

from collections.abc import Sequence

WIDTH, HEIGHT, EDGE = 96, 24, 2  # of the picture, and what stays free above and below the line


def points(values: Sequence[int]) -> str:
    """``x,y`` of each value, from the oldest at the left; the largest is at the top, nothing at the bottom."""
    most = max(*values, 1, 1)
    step = WIDTH / max(len(values) - 1, 1)
    depth = HEIGHT - 2 * EDGE
    return " ".join(f"{n * step:.1f},{HEIGHT - EDGE - depth * value / most:.1f}" for n, value in enumerate(values))
