"""The networks' marks as SVG paths in a 24 by 24 box: Simple Icons 16.37.0 (CC0 1.0), read from its files as vendored."""

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "dashboard/static/vendor/simple-icons/16.37.0"
MARKS = {file.stem: re.findall(r'<path d="([^"]+)"', file.read_text())[0] for file in sorted(FOLDER.glob("*.svg"))}
