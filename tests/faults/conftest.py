"""One plant a module: starting one costs more than most of what is done to it."""

import os
import random
from collections.abc import Iterator

import pytest

from tests.faults.plant import Plant, running_plant
from tests.media_files import jpeg, mp4
from tests.ports import free_port


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """A whole Chat33."""
    media = {"image": jpeg(640, 640), "video": mp4(width=720, height=1280, seconds=5)}
    with running_plant(tmp_path_factory.mktemp("plant"), free_port(), media) as running:
        yield running


@pytest.fixture(scope="session")
def seed() -> int:
    """What the randomness of this run starts from; CHAT33_SEED repeats one."""
    chosen = int(os.environ.get("CHAT33_SEED") or random.randrange(10_000))
    print(f"\nseed: {chosen} (repeat with CHAT33_SEED={chosen})")
    return chosen
