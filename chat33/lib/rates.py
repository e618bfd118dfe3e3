"""Rates as they are written: ``30/h``, ``10/15m``, ``off``. Pure."""

import re
from dataclasses import dataclass

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_RATE = re.compile(r"([0-9]{1,9})/([0-9]{0,5})([smhd])")


@dataclass(frozen=True)
class Limit:
    """So many uses in so many seconds."""

    count: int
    window: int


def parse(rate: str) -> Limit | None:
    """``30/h`` or ``10/15m`` as a limit, ``off`` as None. Raises ValueError for anything else."""
    if rate == "off":
        return None
    match = _RATE.fullmatch(rate)
    window = int(match[2] or 1) * _UNITS[match[3]] if match else 0
    if match is None or not window:
        raise ValueError(f"{rate!r} is no limit: write 30/h, 10/15m or off")
    return Limit(int(match[1]), window)
