"""Here the sandbox's time passes when a test says so, and never because this machine is busy."""

import pytest

from tests.sandboxes import RunningSandbox


@pytest.fixture
def sandbox(sandbox: RunningSandbox) -> RunningSandbox:
    """A fresh sandbox of the networks whose clock stands still."""
    sandbox.stop_clock()
    return sandbox
