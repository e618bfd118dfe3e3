"""What every test would pay for again, paid once a process: reading the static files' names, and looking for garbage."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from whitenoise.middleware import WhiteNoiseMiddleware

YOUNG = 50_000
"""Objects made before Python looks for circles among them: 700 is what it does by itself."""


@contextmanager
def static_files_known() -> Iterator[None]:
    """Let the middleware that serves static files look for them once, not at the first request of each test client."""
    look = WhiteNoiseMiddleware.add_files_from_finders
    known: dict[str, dict[str, object]] = {}

    def add(self: WhiteNoiseMiddleware) -> None:
        if self.static_prefix not in known:
            look(self)
            known[self.static_prefix] = dict(self.files)
        self.files.update(known[self.static_prefix])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", add)
        yield


def settle() -> None:
    """Take all that exists now for what stays: the modules and thousands of tests are not looked through again and again."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)
