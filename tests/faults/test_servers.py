"""PostgreSQL and Redis that die, go away or go deaf under load; beats and messages that come twice or not at all."""

import time
from collections import Counter

import pytest

from chat33.runtime.servers import require_ready
from tests.faults.plant import PLATFORMS, Plant
from tests.faults.test_crashes import verdict

pytestmark = pytest.mark.fault


def restart(plant: Plant, name: str, *, away: float = 0.0) -> None:
    """SIGKILL a server, leave it away for a while, start it again."""
    assert plant.servers is not None
    plant.servers.children[name].process.kill()
    plant.servers.children[name].process.wait()
    time.sleep(away)
    server = next(server for server in plant.servers.servers if server.name == name)
    require_ready(server, plant.servers.restart(name))


def test_posts_are_taken_with_redis_down_and_go_out_when_it_is_back(plant: Plant) -> None:
    assert plant.servers is not None
    plant.servers.children["redis"].process.kill()
    plant.servers.children["redis"].process.wait()
    texts = [f"no redis {number}" for number in range(20)]
    slowest = 0.0
    for number, text in enumerate(texts):
        began = time.monotonic()
        assert plant.post(PLATFORMS[number % len(PLATFORMS)], text).status_code == 201
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 3, f"a request waited {slowest:.1f} s for Redis"
    time.sleep(5)
    restart(plant, "redis")
    plant.settle(seconds=90)
    verdict(plant, texts)


def test_a_redis_that_forgets_everything_loses_no_post(plant: Plant) -> None:
    texts = []
    for number in range(30):
        texts.append(f"amnesia {number}")
        assert plant.post(PLATFORMS[number % len(PLATFORMS)], texts[-1]).status_code == 201
        if number % 10 == 5:
            plant.redis().flushall()
            restart(plant, "redis")
    plant.settle(seconds=120)
    verdict(plant, texts)


def test_postgresql_killed_under_load_loses_no_accepted_post(plant: Plant) -> None:
    accepted = []
    answers: Counter[int] = Counter()
    for number in range(60):
        text = f"database {number}"
        reply = plant.post(PLATFORMS[number % len(PLATFORMS)], text)
        answers[reply.status_code] += 1
        if reply.status_code == 201:
            accepted.append(text)
        if number == 30:
            restart(plant, "postgres")
    assert set(answers) <= {201, 503}, answers
    plant.settle(seconds=120)
    rows = plant.rows("SELECT count(*) FROM posts_post WHERE text LIKE 'database %'")
    assert rows[0][0] >= len(accepted)
    verdict(plant, accepted)


def test_two_beats_and_messages_sent_three_times_publish_once(plant: Plant) -> None:
    plant.start("beat-2")
    plant.start("worker-2")
    texts = []
    for number in range(50):
        texts.append(f"echo {number}")
        assert plant.post(PLATFORMS[number % len(PLATFORMS)], texts[-1]).status_code == 201
        plant.ring(3)
    plant.settle(seconds=120)
    verdict(plant, texts)
    visible = Counter(post["text"] for post in plant.visible())
    assert [text for text in texts if visible[text] != 1] == []
    for name in ("beat-2", "worker-2"):
        plant.kill(name)
        del plant.children[name]


def test_a_worker_stopped_in_order_gives_its_work_back(plant: Plant) -> None:
    texts = []
    for number in range(40):
        texts.append(f"deploy {number}")
        assert plant.post(PLATFORMS[number % len(PLATFORMS)], texts[-1]).status_code == 201
        if number % 10 == 9:
            plant.children["worker"].stop()
            plant.tend()
    plant.settle(seconds=120)
    verdict(plant, texts)
    visible = Counter(post["text"] for post in plant.visible())
    assert [text for text in texts if visible[text] != 1] == []


def test_work_orphaned_by_a_crash_is_taken_up_within_thirty_seconds(plant: Plant) -> None:
    plant.arm("x.prepare")
    began = time.monotonic()
    assert plant.post("x", "orphan").status_code == 201
    plant.settle(seconds=30)
    assert time.monotonic() - began < 30
    verdict(plant, ["orphan"])
