"""Ids that outsiders see: a word that names the kind, then a UUIDv7, so that they sort by when they were made.

UUIDv7 is RFC 9562 (May 2024), section 5.7. The 42 bits after the clock are a counter that starts at random in each
millisecond and goes up within it (section 6.2, method 1), so the ids of one process never go back, whatever its
clock does. An id is not a secret.
"""

import os
import re
import secrets
import threading
import time
from uuid import UUID

# Crockford's base32: no i, l, o, u; its order is ASCII's, so text sorts as the number does.
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [first + second for first in _DIGITS for second in _DIGITS]
_LENGTH = 26  # base32 digits for 128 bits; the first is at most 7
_BODY = re.compile(r"[0-7][0-9a-hjkmnp-tv-z]{25}", re.ASCII)

_COUNTER_BITS = 42
_TAIL_BITS = 32
_DRAWN = 4_096  # random bytes at a time


def layout(*, milliseconds: int, counter: int, tail: int) -> UUID:
    """The UUIDv7 of a moment (milliseconds since 1970, 48 bits), a counter of 42 bits and 32 random bits."""
    low = (counter & (1 << 30) - 1) << _TAIL_BITS | tail
    return UUID(int=milliseconds << 80 | 7 << 76 | (counter >> 30) << 64 | 2 << 62 | low)


class _Sequence:
    """The ids of one process, each greater than the one before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._random = b""  # drawn for many ids at once: the system's is a call that costs as much as the rest of an id
        self._used = 0
        self._milliseconds = -1
        self._counter = 0

    def next(self) -> UUID:
        """The next one."""
        with self._lock:
            now = time.time_ns() // 1_000_000
            if now > self._milliseconds:
                self._milliseconds = now
                # the top bit is left free so that a millisecond's ids have room to count up
                self._counter = self._draw(_COUNTER_BITS - 1)
            else:
                self._counter += 1
                if self._counter >> _COUNTER_BITS:
                    self._milliseconds += 1
                    self._counter = self._draw(_COUNTER_BITS - 1)
            return layout(milliseconds=self._milliseconds, counter=self._counter, tail=self._draw(_TAIL_BITS))

    def _draw(self, bits: int) -> int:
        size = (bits + 7) // 8
        if self._used + size > len(self._random):
            self._random, self._used = secrets.token_bytes(_DRAWN), 0
        drawn = int.from_bytes(self._random[self._used : self._used + size])
        self._used += size
        return drawn & (1 << bits) - 1


_sequence = _Sequence()


def _start_anew() -> None:
    # A forked worker would count on from its parent's number, perhaps with the parent's lock held.
    global _sequence
    _sequence = _Sequence()


os.register_at_fork(after_in_child=_start_anew)


def uuid7() -> UUID:
    """A UUIDv7 greater than every earlier one of this process."""
    return _sequence.next()


def new_id(prefix: str, *, separator: str = "_") -> str:
    """``prefix``, the separator and 26 lower-case base32 digits: ``post_01jd…``. Contacts use no separator."""
    return written(uuid7(), prefix, separator=separator)


def written(uuid: UUID, prefix: str, *, separator: str = "_") -> str:
    """A UUID as such an id."""
    number = uuid.int
    pairs = [_PAIRS[number >> shift & 1023] for shift in range(5 * (_LENGTH - 2), -1, -10)]
    return f"{prefix}{separator}{''.join(pairs)}"


def is_id(value: object, prefix: str, *, separator: str = "_") -> bool:
    """Whether a value has the form of such an id; not whether anything has it."""
    start = prefix + separator
    return isinstance(value, str) and value.startswith(start) and _BODY.fullmatch(value, len(start)) is not None
