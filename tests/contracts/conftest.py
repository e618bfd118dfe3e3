"""What tests of the documents share: a running edge, as tests of tracking have it."""

from tests.tracking.conftest import edge

__all__ = ["edge"]
