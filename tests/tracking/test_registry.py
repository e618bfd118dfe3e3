"""What the doors know without asking is never older than they may believe."""

import asyncio
from collections.abc import Mapping, Sequence
from types import SimpleNamespace

import pytest

from tracking.edge import registry
from tracking.edge.registry import BELIEVED, Remembered


def test_what_took_long_to_find_is_as_old_as_its_question(monkeypatch: pytest.MonkeyPatch) -> None:
    now, questions = [0.0], [0]
    monkeypatch.setattr(registry, "time", SimpleNamespace(monotonic=lambda: now[0]))

    async def find(keys: Sequence[str]) -> Mapping[str, int]:
        questions[0] += 1
        now[0] += BELIEVED / 2
        return dict.fromkeys(keys, questions[0])

    async def ask() -> list[int | None]:
        known = Remembered(find)
        first = await known.get("a")
        now[0] += BELIEVED / 2
        return [first, await known.get("a")]

    assert asyncio.run(ask()) == [1, 2]
