"""Fixtures of what goes out."""

from collections.abc import Iterator

import pytest

from tests.integrations.sending import OK
from tests.lib.misbehaving import Server, serving


@pytest.fixture
def receiver() -> Iterator[Server]:
    """A server that takes every callback."""
    with serving(OK) as server:
        yield server
