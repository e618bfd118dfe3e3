"""Reading posts: filters, pages, one post, its log; always the same number of queries."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat33.lib.clock import stamp, utcnow
from integrations.models import Channel
from posts.models import Attempt, Post
from tests.factories import make_callback, make_channel, make_post
from tests.people import Person


@pytest.fixture
def posts(owner: Person, channel: Channel) -> list[Post]:
    """Five of an X account and two of a Facebook page, of several states."""
    page = make_channel(owner.organization, "facebook", name="Demo Page")
    states = ["DRAFT", "QUEUED", "PUBLISHED", "PUBLISHED", "FAILED"]
    return [make_post(channel, status=status) for status in states] + [
        make_post(page, status=status) for status in ("QUEUED", "PUBLISHED")
    ]


def listed(person: Person, query: str = "") -> dict[str, Any]:
    reply = person.api().send("GET", f"posts?{query}")
    assert reply.status_code == 200, reply.json()
    return dict(reply.json())


def ids(page: dict[str, Any]) -> list[str]:
    return [item["id"] for item in page["items"]]


def newest_first(posts: list[Post], keep: Callable[[Post], bool] = lambda post: True) -> list[str]:
    return [post.public_id for post in reversed(posts) if keep(post)]


def test_all_posts_come_newest_first(owner: Person, posts: list[Post]) -> None:
    page = listed(owner)

    assert ids(page) == newest_first(posts)
    assert {name: page[name] for name in ("total", "page", "limit", "hasMore")} == {
        "total": 7, "page": 1, "limit": 20, "hasMore": False,
    }  # fmt: skip


@pytest.mark.parametrize("status", ["DRAFT", "QUEUED", "PUBLISHING", "PUBLISHED", "FAILED", "CANCELLED"])
def test_by_status(owner: Person, posts: list[Post], status: str) -> None:
    assert ids(listed(owner, f"status={status}")) == newest_first(posts, lambda post: post.status == status)


def test_by_platform_and_by_channel_and_all_together(owner: Person, posts: list[Post], channel: Channel) -> None:
    page = posts[-1].channel

    assert ids(listed(owner, "platform=facebook")) == newest_first(posts[5:])
    assert ids(listed(owner, f"channelId={channel.public_id}")) == newest_first(posts[:5])
    assert ids(listed(owner, f"channelId={page.public_id}&platform=x")) == []
    both = listed(owner, f"channelId={page.public_id}&platform=facebook&status=PUBLISHED")
    assert (ids(both), both["total"]) == ([posts[6].public_id], 1)


def test_empty_filters_and_unknown_channels(owner: Person, stranger: Person, posts: list[Post]) -> None:
    assert listed(owner, "status=&platform=&channelId=")["total"] == 7
    assert listed(owner, "channelId=chan_nobody")["total"] == 0
    theirs = make_post(make_channel(stranger.organization))
    assert listed(owner, f"channelId={theirs.channel.public_id}")["total"] == 0
    assert listed(owner, "channelId=%00")["total"] == 0


def test_pages_cover_everything_once(owner: Person, posts: list[Post]) -> None:
    pages = [listed(owner, f"limit=3&page={number}") for number in (1, 2, 3, 4)]

    assert [item for page in pages for item in ids(page)] == newest_first(posts)
    assert [page["hasMore"] for page in pages] == [True, True, False, False]
    assert {page["total"] for page in pages} == {7}


@pytest.mark.parametrize(("given", "used"), [("100", 100), ("101", 100), ("1000000", 100), ("1", 1), ("007", 7)])
def test_a_limit_is_at_most_100(owner: Person, posts: list[Post], given: str, used: int) -> None:
    assert listed(owner, f"limit={given}")["limit"] == used


def test_a_page_far_beyond_the_end_is_empty(owner: Person, posts: list[Post]) -> None:
    page = listed(owner, "page=999999999")

    assert (page["items"], page["hasMore"], page["page"]) == ([], False, 999999999)


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("page=0", "page"), ("page=-1", "page"), ("page=one", "page"), ("page=1.5", "page"), ("page=", "page"),
        ("page=٣", "page"), ("page=" + "9" * 5000, "page"), ("limit=0", "limit"), ("limit=many", "limit"),
        ("limit=%00", "limit"), ("status=published", "status"), ("status=ALL", "status"), ("platform=myspace", "platform"),
    ],
)  # fmt: skip
def test_nonsense_is_refused(owner: Person, query: str, path: str) -> None:
    reply = owner.api().send("GET", f"posts?{query}")

    assert (reply.status_code, reply.json()["error"]) == (400, "VALIDATION_ERROR")
    assert [detail["path"] for detail in reply.json()["details"]] == [path]


def test_a_stranger_sees_none_of_them(stranger: Person, posts: list[Post]) -> None:
    assert listed(stranger)["total"] == 0
    for way in ("", "/logs"):
        assert stranger.api().send("GET", f"posts/{posts[0].public_id}{way}").status_code == 404


def test_a_list_costs_the_same_for_one_post_and_for_sixty(owner: Person, channel: Channel) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            listed(owner, "limit=100")
        return len(captured)

    make_post(channel)
    listed(owner)
    owner.noted()
    one = queries()
    for number in range(59):
        make_post(make_channel(owner.organization, "facebook") if number % 3 else channel)

    assert queries() == one <= 4


@pytest.mark.parametrize("path", ["accounts", "callbacks"])
def test_other_lists_cost_the_same_for_one_and_for_thirty(owner: Person, channel: Channel, path: str) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert owner.api().send("GET", path).status_code == 200
        return len(captured)

    make_callback(owner.organization)
    queries()
    owner.noted()
    one = queries()
    for _ in range(29):
        make_callback(owner.organization)
        make_post(make_channel(owner.organization, "youtube"), slot_at=utcnow())

    assert queries() == one <= 4


def test_a_post_that_waits_says_until_when_and_why(owner: Person, channel: Channel) -> None:
    until = utcnow()
    post = make_post(channel, status="QUEUED", held_until=until, held_reason="The day is full.")

    for seen in (listed(owner)["items"][0], owner.api().send("GET", f"posts/{post.public_id}").json()):
        assert (seen["status"], seen["heldUntil"], seen["heldReason"]) == ("QUEUED", stamp(until), "The day is full.")


def test_a_post_shows_every_documented_field(owner: Person, channel: Channel) -> None:
    post = make_post(channel)

    seen = owner.api().send("GET", f"posts/{post.public_id}").json()

    documented = [
        "id", "channelId", "groupId", "status", "text", "mediaUrls", "mediaType", "scheduledAt", "publishedAt",
        "externalPostId", "externalPostUrl", "errorMessage", "retryCount", "createdBy", "createdAt", "platform",
        "accountName",
    ]  # fmt: skip
    assert list(seen)[: len(documented)] == documented
    assert (seen["channelId"], seen["platform"], seen["accountName"]) == (channel.public_id, "x", channel.name)
    assert seen == listed(owner)["items"][0]


def test_the_log_tells_every_attempt_in_order(owner: Person, channel: Channel) -> None:
    post, now = make_post(channel, status="FAILED"), utcnow()
    Attempt.objects.create(
        post=post, organization=owner.organization, event="publish_attempt", created_at=now, step="prepare", milliseconds=12,
        http_status=200, trace_id="trace",
    )  # fmt: skip
    Attempt.objects.create(
        post=post, organization=owner.organization, event="publish_failure", created_at=now, step="commit", attempt=2,
        http_status=400, provider_code="187", category="duplicate", source="user", retryable=False, message="Twice.",
        next_action="Say something else.",
    )  # fmt: skip

    first, second = owner.api().send("GET", f"posts/{post.public_id}/logs").json()["logs"]

    assert (first["event"], first["step"], first["milliseconds"], first["traceId"]) == (
        "publish_attempt", "prepare", 12, "trace",
    )  # fmt: skip
    assert (second["event"], second["attempt"], second["httpStatus"], second["providerCode"]) == (
        "publish_failure", 2, 400, "187",
    )  # fmt: skip
    assert (second["category"], second["retryable"], second["nextAction"]) == (
        "duplicate",
        False,
        "Say something else.",
    )
    assert set(first) == set(second) >= {
        "event", "createdAt", "attempt", "step", "httpStatus", "providerCode", "traceId", "category", "retryable",
        "nextAction", "milliseconds",
    }  # fmt: skip
