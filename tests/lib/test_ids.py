"""Ids sort by time, never repeat, and say what they name."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122, UUID

import pytest

from chat33.lib import ids
from chat33.lib.ids import is_id, layout, new_id, uuid7


def test_the_layout_is_that_of_rfc_9562() -> None:
    # RFC 9562, appendix A.6: 2022-02-22 14:22:22 -05:00
    rand_a, rand_b = 0xCC3, 0x18C4DC0C0C07398F
    counter = rand_a << 30 | rand_b >> 32
    made = layout(milliseconds=0x017F22E279B0, counter=counter, tail=rand_b & 0xFFFFFFFF)
    assert made == UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")


def test_version_variant_and_clock_are_in_each_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "_sequence", ids._Sequence())  # another test's clock may have been ahead
    before = time.time_ns() // 1_000_000
    made = [uuid7() for _ in range(1000)]
    after = time.time_ns() // 1_000_000
    assert {one.version for one in made} == {7}
    assert {one.variant for one in made} == {RFC_4122}
    assert all(before <= one.int >> 80 <= after + 1 for one in made)


def test_ids_sort_as_they_were_made_as_text_too() -> None:
    made = [new_id("post") for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_a_clock_that_goes_back_does_not_take_the_ids_back(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time_ns()
    ticks = iter([now, now - 3_600_000_000_000, now - 1, now + 2_000_000])
    monkeypatch.setattr(ids, "_sequence", ids._Sequence())
    monkeypatch.setattr(time, "time_ns", lambda: next(ticks))
    made = [uuid7() for _ in range(4)]
    assert made == sorted(made)
    assert len(set(made)) == 4


def test_a_full_counter_borrows_the_next_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time_ns()
    sequence = ids._Sequence()
    monkeypatch.setattr(time, "time_ns", lambda: now)
    first = sequence.next()
    sequence._counter = (1 << 42) - 1
    second = sequence.next()
    assert second > first
    assert (second.int >> 80) - (first.int >> 80) == 1


def test_threads_never_share_one() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = [one for batch in pool.map(lambda _: [uuid7() for _ in range(2000)], range(8)) for one in batch]
    assert len(set(made)) == 16_000


def test_a_forked_worker_starts_a_sequence_of_its_own() -> None:
    uuid7()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, bytes([ids._sequence._milliseconds == -1]))
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    assert os.read(read, 1) == b"\x01"
    os.close(read)


def test_the_form() -> None:
    made = new_id("post")
    assert made.startswith("post_")
    assert len(made) == len("post_") + 26
    assert is_id(made, "post")
    contact = new_id("cm", separator="")
    assert len(contact) == 28
    assert is_id(contact, "cm", separator="")


def test_what_is_no_id() -> None:
    made = new_id("post")
    body = made.removeprefix("post_")
    for wrong in (
        "", "post_", made[:-1], made + "0", made + "\n", made.upper(), "chan_" + body, body, " " + made,
        "post_8" + body[1:], "post_" + body[:-1] + "u", "post_" + body[:-1] + "ı", None, 7, b"post_" + body.encode(),
    ):  # fmt: skip
        assert not is_id(wrong, "post"), wrong
