"""Networks that refuse, hang, drop replies or answer nonsense, at each step: one visible post at most, and a true answer."""

from collections import Counter
from typing import Any

import pytest

from integrations.providers.registry import PROVIDERS
from posts.models import Attempt, Post
from tests.people import Person
from tests.posts.flow import publish, queued, sandbox_channel, with_media
from tests.sandboxes import RunningSandbox

BEHAVIOURS: dict[str, dict[str, Any]] = {
    "500": {"mode": "error", "status": 500},
    "503 twice": {"mode": "error", "status": 503, "times": 2},
    "429 with Retry-After": {"mode": "error", "status": 429},
    "403": {"mode": "error", "status": 403},
    "400": {"mode": "error", "status": 400},
    "nonsense": {"mode": "error", "status": 200, "body": "<html>not what you asked for"},
    "a list": {"mode": "error", "status": 200, "body": []},
    "silence": {"mode": "hang", "seconds": 0.2},
    "done, reply lost": {"mode": "drop_after"},
    "slow": {"mode": "slow", "seconds": 0.3},
}

# The whole table takes minutes, so two networks stand for all in `make test`; `make faults` does the others.
QUICK = ("x", "instagram")
EVERY_NETWORK = [name if name in QUICK else pytest.param(name, marks=pytest.mark.fault) for name in PROVIDERS]


@pytest.mark.parametrize("step", ["prepare", "poll", "commit", "confirm"])
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
@pytest.mark.parametrize("platform", EVERY_NETWORK)
def test_at_most_one_post_is_visible_and_the_row_tells_the_truth(
    owner: Person, sandboxed: RunningSandbox, platform: str, behaviour: str, step: str
) -> None:
    post = queued(sandbox_channel(owner.organization, sandboxed, platform), **with_media(owner, platform))
    sandboxed.rule(platform, step, **{"times": 1, **BEHAVIOURS[behaviour]})

    post = publish(post, sandboxed)

    visible = len(sandboxed.posts(platform))
    events = Counter(Attempt.objects.filter(post=post).values_list("event", flat=True))
    assert visible <= 1
    assert post.error_code != "INTERNAL_ERROR", events
    if post.status == "PUBLISHED":
        assert visible == 1
    elif visible:
        assert (post.status, post.error_code) == ("FAILED", "UNCONFIRMED") or post.held_until, events
    assert post.status in ("PUBLISHED", "FAILED") or post.held_until, (post.status, post.step, events)
    if post.status == "FAILED":
        assert post.error_message
        assert post.error_message.endswith((".", "!"))
    assert Post.objects.filter(due_at__isnull=False, held_until=None).count() == 0
