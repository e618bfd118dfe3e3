"""Where ``pixel.js`` is, readable and as websites load it, and how heavy it may be."""

import gzip
from pathlib import Path

SOURCE = Path(__file__).with_name("pixel.js")
BUILT = Path(__file__).parent.parent / "static" / "tracking" / "pixel.js"
MOST = 2_999  # bytes gzipped


def weight(script: str) -> int:
    """Its bytes on the wire."""
    return len(gzip.compress(script.encode(), 9, mtime=0))
