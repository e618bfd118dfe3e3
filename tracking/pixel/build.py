"""``pixel.js`` as websites load it, made from the readable source beside this. Needs what is in requirements-dev.txt."""

import gzip
from pathlib import Path

import minify

SOURCE = Path(__file__).with_name("pixel.js")
BUILT = Path(__file__).parent.parent / "static" / "tracking" / "pixel.js"
MOST = 3_071  # bytes gzipped


def built() -> str:
    """The script without comments, spaces and long names. The same for the same source and version of the minifier."""
    return f"{minify.string('application/javascript', SOURCE.read_text())}\n"


def weight(script: str) -> int:
    """Its bytes on the wire."""
    return len(gzip.compress(script.encode(), 9, mtime=0))
