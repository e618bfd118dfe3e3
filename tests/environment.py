"""Loaded before anything else: where the tests' PostgreSQL, Redis and files live."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

os.environ.setdefault("CHAT33_DATA_DIR", str(ROOT / "var" / "test"))
os.environ.setdefault("CHAT33_ENV", "test")
