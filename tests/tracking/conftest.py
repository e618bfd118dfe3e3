"""What tests of tracking share."""

from collections.abc import Iterator

import pytest

from tests.tracking.edges import RunningEdge, running_edge


@pytest.fixture
def edge(transactional_db: None) -> Iterator[RunningEdge]:
    """A running edge."""
    with running_edge() as running:
        yield running
