"""What is served is what the source says, and small."""

import re

import pytest

from tracking.pixel.script import BUILT, MOST, weight


def test_what_is_checked_in_is_made_from_the_source() -> None:
    built = pytest.importorskip("tracking.pixel.build", exc_type=ImportError).built
    assert BUILT.read_text() == built(), "Run manage.py build_pixel."


def test_it_is_under_three_kilobytes_gzipped() -> None:
    assert weight(BUILT.read_text()) <= MOST < 3_000


@pytest.mark.parametrize("word", [r"\bimport\b", r"\brequire\b", r"https?://", r"\beval\b", r"innerHTML"])
def test_it_needs_nothing_and_nobody_else(word: str) -> None:
    assert not re.search(word, BUILT.read_text())
