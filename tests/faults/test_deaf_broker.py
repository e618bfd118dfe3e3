"""A broker connection whose other end is gone without a word costs half a minute at most, and no post."""

import time
from collections.abc import Iterator

import pytest

from tests.faults.plant import Plant, running_plant
from tests.faults.proxy import Proxy
from tests.faults.test_crashes import verdict
from tests.media_files import jpeg, mp4
from tests.ports import free_port

pytestmark = pytest.mark.fault


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Plant, Proxy]]:
    """A plant that reaches its Redis through a proxy."""
    data = tmp_path_factory.mktemp("deaf")
    plant = Plant(data / "paths", 1, {})
    proxy = Proxy(plant.layout.redis_socket)
    del plant
    media = {"image": jpeg(640, 640), "video": mp4(width=720, height=1280, seconds=5)}
    url = f"redis://127.0.0.1:{proxy.port}/0"
    with running_plant(data / "paths", free_port(), media, REDIS_URL=url, CHAT33_LEASE_SECONDS="25") as running:
        yield running, proxy
    proxy.close()


@pytest.mark.parametrize("break_it", ["half_open", "reset"])
def test_a_broken_broker_connection_costs_at_most_thirty_seconds(proxied: tuple[Plant, Proxy], break_it: str) -> None:
    plant, proxy = proxied
    getattr(proxy, break_it)()
    began = time.monotonic()
    text = f"deaf {break_it}"
    assert plant.post("x", text).status_code == 201
    assert time.monotonic() - began < 3, "the request waited for Redis"
    plant.settle(seconds=35)
    verdict(plant, [text])
    print(f"\n{break_it}: published {time.monotonic() - began:.1f} s after the break")
