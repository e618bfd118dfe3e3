"""What tests of tracking share."""

from collections.abc import Iterator

import pytest
from django.db import connection

from tests.tracking.edges import RunningEdge, running_edge


@pytest.fixture
def edge(transactional_db: None) -> Iterator[RunningEdge]:
    """A running edge."""
    with running_edge() as running:
        yield running


@pytest.fixture
def transactional_db(transactional_db: None) -> Iterator[None]:
    """Django empties its own tables; the partitioned one is ours to empty."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE tracking_event")
