"""Workers that die at every step: nothing is lost, nothing is sent twice, and what cannot be known is said.

Counted at the sandbox: posts made visible, by text.
"""

import random
from collections import Counter

import pytest

from tests.faults.plant import PLATFORMS, Plant

pytestmark = pytest.mark.fault

POINTS = (
    "prepare",
    "prepare.stored",
    "poll",
    "poll.stored",
    "intent",
    "commit",
    "commit.stored",
    "confirm",
    "confirm.stored",
)


def verdict(plant: Plant, texts: list[str]) -> None:
    """Every post became visible exactly once, or is shown as unconfirmed; none is both lost and called published."""
    visible = Counter(post["text"] for post in plant.visible())
    quoted = ",".join("'" + text + "'" for text in texts)
    rows = plant.rows(f"SELECT text, status, error_code FROM posts_post WHERE text IN ({quoted})")
    assert len(rows) == len(texts)
    twice = [text for text in texts if visible[text] > 1]
    lost = [row for row in rows if row[1] == "PUBLISHED" and not visible[row[0]]]
    silent = [row for row in rows if row[1] == "FAILED" and row[2] != "UNCONFIRMED"]
    assert (twice, lost, silent) == ([], [], [])


@pytest.mark.parametrize("point", ["claimed", "fetched", *POINTS])
def test_a_worker_killed_at_a_step_loses_nothing_and_sends_nothing_twice(plant: Plant, point: str) -> None:
    armed = [point] if point in ("claimed", "fetched") else [f"{platform}.{point}" for platform in PLATFORMS]
    texts = []
    for name in armed:
        plant.arm(name)
    for platform in PLATFORMS:
        for number in range(2):
            text = f"{point} {platform} {number}"
            texts.append(text)
            reply = plant.post(platform, text)
            assert reply.status_code == 201, reply.text
    plant.settle(seconds=120)
    reached = [name for name in armed if name not in plant.armed()]
    for name in plant.armed():
        (plant.failpoints / name).unlink()
    assert reached, f"nobody came to {armed}"
    verdict(plant, texts)


def test_two_hundred_posts_survive_workers_dying_at_random(plant: Plant, seed: int) -> None:
    chance = random.Random(seed)
    plant.start("worker-2")
    texts = []
    for number in range(200):
        platform = PLATFORMS[number % len(PLATFORMS)]
        text = f"chaos {seed} {platform} {number}"
        texts.append(text)
        assert plant.post(platform, text).status_code == 201
        if number % 10 == 9:
            plant.kill(chance.choice(["worker", "worker-2"]))
            plant.tend()
    plant.settle(seconds=180)
    verdict(plant, texts)


def test_replies_lost_after_the_commit_are_settled_by_reading(plant: Plant) -> None:
    texts = []
    for platform in PLATFORMS:
        plant.control("POST", "rules", json={"platform": platform, "step": "commit", "mode": "drop_after", "times": 5})
        for number in range(5):
            text = f"dropped {platform} {number}"
            texts.append(text)
            assert plant.post(platform, text).status_code == 201
    plant.settle(seconds=180)
    plant.control("DELETE", "rules")
    verdict(plant, texts)
    visible = Counter(post["text"] for post in plant.visible())
    assert [text for text in texts if visible[text] != 1] == []


@pytest.mark.parametrize("point", ["import.posts", "import.row"])
def test_a_worker_killed_at_a_row_of_a_file_makes_no_post_twice(plant: Plant, point: str) -> None:
    texts = [f"{point} {number}" for number in range(12)]
    body = "\n".join(["text,accounts,status", *(f"{text},x,draft" for text in texts)])
    plant.manage("shell", "-c", IMPORT.format(body=body))
    state = "SELECT status FROM posts_import ORDER BY id DESC LIMIT 1"
    plant.wait(lambda: plant.rows(state) == [("CHECKED",)], seconds=60, what="the file checked")
    plant.arm(point)
    plant.rows("UPDATE posts_import SET status = 'CREATING', due_at = now() WHERE status = 'CHECKED' RETURNING id")
    plant.wait(lambda: not plant.armed(), seconds=60, what="a worker killed")
    plant.rows("UPDATE posts_import SET due_at = now() WHERE status = 'CREATING' RETURNING id")  # its lease has ended
    plant.wait(lambda: plant.rows(state) == [("DONE",)], seconds=60, what="the file made into posts")

    made = Counter(text for (text,) in plant.rows(f"SELECT text FROM posts_post WHERE text LIKE '{point} %'"))
    assert made == Counter(texts)


IMPORT = """
from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization
from integrations.models import Channel
from posts.imports import start_import
x = Channel.objects.filter(platform="x").order_by("id")[0]
start_import(organization=x.organization, name="posts.csv", body={body!r}.encode(), timezone="UTC", by="usr", now=utcnow())
"""
