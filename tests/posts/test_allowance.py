"""A channel's day: so many posts in any 24 hours, whoever asks at whatever moment; the rest wait in line."""

from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from pytest_django.fixtures import Settings

from chat33.lib.clock import utcnow
from chat33.orgs.models import Package
from integrations.models import Channel
from posts import allowance, publishing
from posts.models import Post
from tests.crowd import together
from tests.factories import make_channel, make_post
from tests.people import Person
from tests.posts.flow import queued, sandbox_channel
from tests.sandboxes import RunningSandbox

NOON = "2026-06-01T12:00:00Z"


@pytest.fixture
def account(owner: Person) -> Channel:
    """A Facebook page."""
    return make_channel(owner.organization, "facebook")


def daily(settings: Settings, **limits: str) -> None:
    settings.DAILY_LIMITS = {**settings.DAILY_LIMITS, **limits}


def at_work(channel: Channel, **given: Any) -> Post:
    """A post that a worker has in hand."""
    return make_post(channel, status="PUBLISHING", **given)


def take(post: Post) -> allowance.Held | None:
    """What the worker does before it goes on."""
    post = Post.objects.select_related("channel__organization__package").get(pk=post.pk)
    return allowance.take_place(post=post, now=utcnow())


def quota(person: Person, channel: Channel) -> dict[str, Any]:
    """What the API says of the channel's day."""
    items = person.api().send("GET", "accounts").json()["items"]
    return next(dict(item["metadata"]["quota"]) for item in items if item["id"] == channel.public_id)


@pytest.mark.parametrize(
    ("platform", "limit"), [("instagram", 25), ("facebook", 50), ("tiktok", 20), ("youtube", 6), ("x", 300)]
)
def test_each_platform_has_its_own_day(owner: Person, platform: str, limit: int) -> None:
    channel = make_channel(owner.organization, platform)

    assert quota(owner, channel) == {
        "limit": limit, "used": 0, "remaining": limit, "windowHours": 24, "nextFreeAt": None,
    }  # fmt: skip
    platforms = owner.api().send("GET", "platforms").json()["items"]
    assert [rules["dailyLimit"] for rules in platforms if rules["platform"] == platform] == [limit]


def test_the_window_rolls(owner: Person, account: Channel, settings: Settings) -> None:
    daily(settings, facebook="2")
    with time_machine.travel(NOON, tick=False) as clock:
        assert take(at_work(account)) is None
        clock.shift(timedelta(hours=5))
        assert take(at_work(account)) is None
        waiting = at_work(account)
        hold = take(waiting)
        assert hold is not None
        assert hold.until == utcnow() + timedelta(hours=19)
        assert quota(owner, account) == {
            "limit": 2, "used": 2, "remaining": 0, "windowHours": 24, "nextFreeAt": "2026-06-02T12:00:00.000Z",
        }  # fmt: skip
        clock.shift(timedelta(hours=18, minutes=59, seconds=59))
        assert take(waiting) is not None
        clock.shift(timedelta(seconds=1))
        assert take(waiting) is None
        assert quota(owner, account)["nextFreeAt"] == "2026-06-02T17:00:00.000Z"


def test_other_channels_have_days_of_their_own(owner: Person, account: Channel, settings: Settings) -> None:
    daily(settings, facebook="1")
    assert take(at_work(account)) is None

    assert take(at_work(make_channel(owner.organization, "facebook"))) is None
    assert take(at_work(account)) is not None


@pytest.mark.parametrize(
    ("setting", "package", "live", "limit"),
    [
        ("50", None, None, 50), ("50", None, 25, 25), ("25", None, 100, 25), ("50", 10, None, 10), ("50", 80, None, 80),
        ("50", 80, 60, 60), ("50", 10, 60, 10), ("off", None, None, None), ("off", None, 30, 30), ("off", 7, None, 7),
        ("50", "off", None, None), ("50", "off", 30, 30), ("50", 0, None, 0), ("50", "nonsense", None, 50),
    ],
)  # fmt: skip
def test_the_lower_of_ours_and_the_networks_wins_and_a_package_replaces_ours(
    owner: Person, account: Channel, settings: Settings, setting: str, package: Any, live: int | None, limit: int | None
) -> None:
    daily(settings, facebook=setting)
    if package is not None:
        owner.organization.package = Package.objects.create(name="Business", limits={"DAILY_FACEBOOK": package})
        owner.organization.save()
    if live is not None:
        Channel.objects.update(quota={"used": 0, "total": live, "window": 86400, "checked_at": utcnow().isoformat()})

    assert quota(owner, account)["limit"] == limit


def test_what_the_network_counted_itself_counts(owner: Person, account: Channel, settings: Settings) -> None:
    daily(settings, facebook="5")
    told = {"used": 4, "total": 10, "window": 86400, "checked_at": utcnow().isoformat()}
    Channel.objects.update(quota=told)

    assert quota(owner, account)["remaining"] == 1
    assert take(at_work(account)) is None  # since the network told, so it is not among its 4
    assert quota(owner, account)["remaining"] == 0
    assert take(at_work(account)) is not None
    Channel.objects.update(quota={**told, "checked_at": (utcnow() - timedelta(minutes=6)).isoformat()})
    assert quota(owner, account)["used"] == 1


def test_those_who_wait_go_one_after_another(account: Channel, settings: Settings) -> None:
    daily(settings, facebook="3")
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(3):
            assert take(at_work(account)) is None
            clock.shift(timedelta(hours=1))
        now = utcnow()
        holds = [take(post) for post in reversed([at_work(account) for _ in range(7)])]

    hours = [(hold.until - now) / timedelta(hours=1) for hold in holds if hold]
    assert hours == [21, 22, 23, 45, 46, 47, 69]  # three places a day
    for hold in holds:
        assert hold
        assert "3 posts" in hold.reason


def test_those_who_wait_differ_even_when_the_network_alone_knows(account: Channel) -> None:
    Channel.objects.update(quota={"used": 9, "total": 9, "window": 86400, "checked_at": utcnow().isoformat()})

    holds = [take(at_work(account)) for _ in range(4)]

    untils = [hold.until for hold in holds if hold]
    assert len(untils) == 4
    assert all(first < second for first, second in pairwise(untils))
    assert untils[0] - utcnow() < timedelta(hours=1, seconds=1)


def test_who_waited_longer_goes_first(account: Channel, settings: Settings) -> None:
    daily(settings, facebook="1")
    with time_machine.travel(NOON, tick=False) as clock:
        assert take(at_work(account)) is None
        early, late = at_work(account), at_work(account)
        assert take(early) is not None
        assert take(late) is not None
        clock.shift(timedelta(hours=24))
        newcomer = at_work(account)
        assert take(newcomer) is not None
        assert take(early) is None
        clock.shift(timedelta(hours=24))
        assert take(newcomer) is not None
        assert take(late) is None


def test_a_place_that_nobody_waits_for_any_more_is_given_away(
    owner: Person, account: Channel, settings: Settings
) -> None:
    daily(settings, facebook="1")
    with time_machine.travel(NOON, tick=False) as clock:
        assert take(at_work(account)) is None
        gives_up = at_work(account)
        assert take(gives_up) is not None
        Post.objects.filter(pk=gives_up.pk).update(status="QUEUED")
        owner.api().send("DELETE", f"posts/{gives_up.public_id}")
        hold = take(at_work(account))
        assert hold is not None
        assert hold.until == utcnow() + timedelta(hours=24)
        clock.shift(timedelta(hours=24))
        assert take(at_work(account)) is not None  # the one that waits has it


@pytest.mark.parametrize("fate", ["PUBLISHED", "CANCELLED", "UNCONFIRMED"])
def test_a_place_counts_whatever_becomes_of_the_post(
    owner: Person, account: Channel, settings: Settings, fate: str
) -> None:
    daily(settings, facebook="1")
    post = at_work(account)
    assert take(post) is None
    published = {"status": "PUBLISHED", "published_at": utcnow()}
    unconfirmed = {"status": "FAILED", "error_code": "UNCONFIRMED", "intent_at": utcnow()}
    Post.objects.filter(pk=post.pk).update(**unconfirmed if fate == "UNCONFIRMED" else published)
    if fate != "PUBLISHED":
        assert owner.api().send("DELETE", f"posts/{post.public_id}").json()["status"] == "CANCELLED"

    assert quota(owner, account)["used"] == 1
    assert take(at_work(account)) is not None


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_moment_never_take_more_than_there_is(account: Channel, settings: Settings) -> None:
    daily(settings, facebook="5")
    posts = [at_work(account) for _ in range(20)]

    holds = together([partial(take, post) for post in posts])

    assert sum(1 for hold in holds if hold is None) == 5
    assert Post.objects.filter(slot_at__isnull=False).count() == 5
    untils = sorted(hold.until for hold in holds if hold)
    assert len(set(untils)) == 15
    assert max(untils) - min(untils) > timedelta(hours=48)  # five a day


def test_at_the_network_there_are_no_more_than_the_day_has(
    owner: Person, sandboxed: RunningSandbox, settings: Settings
) -> None:
    daily(settings, x="2")
    channel = sandbox_channel(owner.organization, sandboxed, "x")
    posts = [queued(channel, text=f"Post {number}") for number in range(4)]

    publishing.publish_due(seconds=60)

    assert [post["text"] for post in sandboxed.posts("x")] == ["Post 0", "Post 1"]
    seen = [owner.api().send("GET", f"posts/{post.public_id}").json() for post in posts]
    assert [post["status"] for post in seen] == ["PUBLISHED", "PUBLISHED", "QUEUED", "QUEUED"]
    assert "2 posts" in seen[2]["heldReason"]
    assert seen[0]["heldUntil"] is None
    assert seen[2]["heldUntil"] < seen[3]["heldUntil"]
    events = [entry["event"] for entry in owner.api().send("GET", f"posts/{posts[2].public_id}/logs").json()["logs"]]
    assert events == ["publish_held"]
