"""Posts and accounts, as the public reference of the posting API writes them down."""

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from chat33.lib.clock import utcnow
from integrations.models import Channel
from integrations.services import create_api_key
from posts.models import Attempt, Post, PostStatus
from tests.contracts.shapes import (
    ACCOUNT,
    CREATED,
    DUPLICATED,
    OURS_ON_A_POST,
    PAGE,
    PLATFORMS,
    POST,
    POST_SUMMARY,
    STATUSES,
    api,
    browser,
    has_shape,
    is_error,
)
from tests.factories import make_channel, make_post
from tests.people import Client, Person

pytestmark = pytest.mark.django_db
YEAR = utcnow().year + 1


def test_accounts_are_the_active_channels(owner: Person) -> None:
    shown = [make_channel(owner.organization, platform) for platform in sorted(PLATFORMS)]
    make_channel(owner.organization, "x", is_active=False)

    body = api(owner).send("GET", "accounts").json()

    assert set(body) == {"items"}
    assert {item["id"] for item in body["items"]} == {channel.public_id for channel in shown}
    for item in body["items"]:
        has_shape(item, ACCOUNT)
        assert item["platform"] in PLATFORMS


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_accounts_of_one_platform(owner: Person, platform: str) -> None:
    for other in PLATFORMS:
        make_channel(owner.organization, other)

    items = api(owner).send("GET", f"accounts?platform={platform}").json()["items"]

    assert [item["platform"] for item in items] == [platform]


def test_accounts_of_no_platform(owner: Person) -> None:
    is_error(api(owner).send("GET", "accounts?platform=myspace"), 400, "VALIDATION_ERROR")


def test_a_session_does_as_well_as_a_key(owner: Person, channel: Channel) -> None:
    assert browser(owner).send("GET", "accounts").json()["items"][0]["id"] == channel.public_id


@pytest.mark.parametrize("path", ["accounts", "posts", "posts/post_1", "posts/post_1/logs", "api-keys"])
def test_without_a_key_nothing_opens(path: str) -> None:
    is_error(Client().send("GET", path), 401, "Unauthorized")


def test_a_wrong_key_opens_nothing(owner: Person) -> None:
    for wrong in ("nonsense", owner.key[:-1] + ("a" if owner.key[-1] != "a" else "b")):
        is_error(Client(headers={"x-api-key": wrong}).send("GET", "accounts"), 401, "Unauthorized")


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "accounts", "accounts:read"),
        ("GET", "posts", "posts:read"),
        ("GET", "posts/post_1", "posts:read"),
        ("GET", "posts/post_1/logs", "posts:read"),
        ("POST", "posts", "posts:write"),
        ("POST", "posts/validate", "posts:write"),
        ("PATCH", "posts/post_1", "posts:write"),
        ("DELETE", "posts/post_1", "posts:write"),
        ("POST", "posts/post_1/duplicate", "posts:write"),
        ("POST", "media/upload", "media:write"),
    ],
)
def test_each_operation_asks_for_its_scope(owner: Person, method: str, path: str, scope: str) -> None:
    others = sorted({"accounts:read", "posts:read", "posts:write", "media:write"} - {scope})
    _, key = create_api_key(organization=owner.organization, name="Narrow", by=owner.user, scopes=others)

    body: dict[str, Any] | None = {} if method in ("POST", "PATCH") else None
    refusal = is_error(Client(headers={"x-api-key": key}).send(method, path, body), 403, "Insufficient scope")

    assert scope in refusal["message"]


def test_a_post_is_created_and_queued(owner: Person, channel: Channel) -> None:
    reply = api(owner).send("POST", "posts", {"accountIds": [channel.public_id], "text": "Hello"})

    assert reply.status_code == 201
    has_shape(reply.json(), CREATED)
    assert reply.json()["groupId"] is None
    (summary,) = reply.json()["posts"]
    has_shape(summary, POST_SUMMARY)
    assert summary["accountId"] == channel.public_id
    assert summary["status"] == "QUEUED"
    assert summary["scheduledAt"] is None


def test_a_post_for_several_channels_is_a_group(owner: Person) -> None:
    channels = [make_channel(owner.organization, platform) for platform in ("x", "facebook")]
    body: dict[str, Any] = {
        "accountIds": [channel.public_id for channel in channels],
        "text": "Coming soon!",
        "scheduledAt": f"{YEAR}-04-15T14:00:00Z",
        "callbackUrl": "https://example.com/webhook",
    }

    made = api(owner).send("POST", "posts", body).json()

    assert [post["accountId"] for post in made["posts"]] == body["accountIds"]
    assert isinstance(made["groupId"], str)
    for post in made["posts"]:
        assert post["scheduledAt"] == f"{YEAR}-04-15T14:00:00.000Z"
        assert api(owner).send("GET", f"posts/{post['id']}").json()["groupId"] == made["groupId"]


def test_a_scheduled_time_is_read_in_the_timezone(owner: Person, channel: Channel) -> None:
    body = {
        "accountIds": [channel.public_id],
        "text": "Good morning",
        "scheduledAt": f"{YEAR}-04-15T09:00:00",
        "timezone": "America/New_York",
    }

    (post,) = api(owner).send("POST", "posts", body).json()["posts"]

    assert post["scheduledAt"] == f"{YEAR}-04-15T13:00:00.000Z"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"accountIds": None}, "accountIds"),
        ({"accountIds": []}, "accountIds"),
        ({"accountIds": ["chan_nobody"]}, "accountIds.0"),
        ({"accountIds": [f"chan_{number}" for number in range(11)]}, "accountIds"),
        ({"text": None}, "text"),
        ({"text": 12}, "text"),
        ({"mediaType": "hologram"}, "mediaType"),
        ({"mediaUrls": ["ftp://example.com/a.jpg"]}, "mediaUrls.0"),
        ({"callbackUrl": "http://169.254.169.254/latest"}, "callbackUrl"),
        ({"scheduledAt": "tomorrow"}, "scheduledAt"),
        ({"scheduledAt": "2020-01-01T00:00:00Z"}, "scheduledAt"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"platformConfig": []}, "platformConfig"),
        ({"platformConfig": {"x": "title"}}, "platformConfig.x"),
    ],
)
def test_what_is_wrong_with_a_post_is_named(owner: Person, channel: Channel, change: dict[str, Any], path: str) -> None:
    body = {"accountIds": [channel.public_id], "text": "Hello", **change}

    refusal = is_error(api(owner).send("POST", "posts", body), 400, "VALIDATION_ERROR")

    assert path in [detail["path"] for detail in refusal["details"]]
    assert not Post.objects.exists()


def test_posts_come_in_pages(owner: Person, channel: Channel) -> None:
    posts = [make_post(channel) for _ in range(5)]

    page = api(owner).send("GET", "posts?page=2&limit=2").json()

    has_shape(page, PAGE)
    assert (page["total"], page["page"], page["limit"], page["hasMore"]) == (5, 2, 2, True)
    assert [item["id"] for item in page["items"]] == [posts[2].public_id, posts[1].public_id]
    for item in page["items"]:
        has_shape(item, POST, ours=OURS_ON_A_POST)


def test_pages_default_to_twenty(owner: Person) -> None:
    page = api(owner).send("GET", "posts").json()

    assert (page["items"], page["total"], page["page"], page["limit"], page["hasMore"]) == ([], 0, 1, 20, False)


@pytest.mark.parametrize("status", sorted(STATUSES))
def test_posts_of_one_status(owner: Person, channel: Channel, status: str) -> None:
    made = {each: make_post(channel, status=each) for each in STATUSES}

    items = api(owner).send("GET", f"posts?status={status}").json()["items"]

    assert [item["id"] for item in items] == [made[PostStatus(status)].public_id]


def test_posts_of_one_platform_and_of_one_channel(owner: Person) -> None:
    posts = {platform: make_post(make_channel(owner.organization, platform)) for platform in PLATFORMS}

    for platform, post in posts.items():
        by_platform = api(owner).send("GET", f"posts?platform={platform}").json()["items"]
        by_channel = api(owner).send("GET", f"posts?channelId={post.channel.public_id}").json()["items"]
        assert [item["id"] for item in by_platform] == [item["id"] for item in by_channel] == [post.public_id]


@pytest.mark.parametrize("query", ["status=LATE", "platform=myspace", "page=0", "page=two", "limit=-1"])
def test_a_filter_that_makes_no_sense(owner: Person, query: str) -> None:
    is_error(api(owner).send("GET", f"posts?{query}"), 400, "VALIDATION_ERROR")


def test_validate_creates_nothing(owner: Person, channel: Channel) -> None:
    tiktok = make_channel(owner.organization, "tiktok")
    body = {"accountIds": [channel.public_id, tiktok.public_id], "text": "Hello"}

    reply = api(owner).send("POST", "posts/validate", body)

    assert reply.status_code == 200
    assert set(reply.json()) == {"ok", "results"}
    good, bad = reply.json()["results"]
    for result in (good, bad):
        assert set(result) == {"accountId", "platform", "ok", "errors", "warnings"}
    assert (good["ok"], bad["ok"], reply.json()["ok"]) == (True, False, False)
    assert all(set(issue) == {"code", "path", "message"} for issue in bad["errors"])
    assert not Post.objects.exists()


def test_validate_refuses_what_is_no_post(owner: Person) -> None:
    is_error(api(owner).send("POST", "posts/validate", {"text": "Hello"}), 400, "VALIDATION_ERROR")


def test_a_post_in_full(owner: Person, channel: Channel) -> None:
    post = make_post(channel, text="Hello")

    body = api(owner).send("GET", f"posts/{post.public_id}").json()

    has_shape(body, POST, ours=OURS_ON_A_POST)
    assert (body["id"], body["channelId"], body["status"]) == (post.public_id, channel.public_id, "DRAFT")
    assert (body["text"], body["mediaUrls"], body["mediaType"]) == ("Hello", [], None)
    assert (body["platform"], body["accountName"]) == ("x", channel.name)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/duplicate"), ("GET", "/logs"), ("POST", "/retry")],
)
def test_what_is_not_yours_is_not_found(stranger: Person, channel: Channel, method: str, path: str) -> None:
    post = make_post(channel, text="Ours")

    for post_id in (post.public_id, "post_of_nobody"):
        body: dict[str, Any] | None = {} if method in ("POST", "PATCH") and path != "/retry" else None
        is_error(api(stranger).send(method, f"posts/{post_id}{path}", body), 404, "Not found")

    post.refresh_from_db()
    assert (post.text, post.status) == ("Ours", "DRAFT")


@pytest.mark.parametrize("status", ["DRAFT", "QUEUED"])
def test_what_is_not_on_its_way_can_be_edited(owner: Person, channel: Channel, status: str) -> None:
    post = make_post(channel, status=status)

    reply = api(owner).send("PATCH", f"posts/{post.public_id}", {"text": "Better"})

    assert reply.status_code == 200
    has_shape(reply.json(), POST, ours=OURS_ON_A_POST)
    assert (reply.json()["text"], reply.json()["status"]) == ("Better", status)


@pytest.mark.parametrize("status", sorted(STATUSES - {"DRAFT", "QUEUED"}))
def test_anything_else_cannot(owner: Person, channel: Channel, status: str) -> None:
    post = make_post(channel, status=status, text="As it was")

    is_error(api(owner).send("PATCH", f"posts/{post.public_id}", {"text": "Better"}), 409, "CONFLICT")

    post.refresh_from_db()
    assert (post.text, post.status) == ("As it was", status)


def test_a_post_is_rescheduled_sent_now_moved_to_draft_and_cancelled(owner: Person, channel: Channel) -> None:
    post = make_post(channel, status="QUEUED")
    address = f"posts/{post.public_id}"

    later = api(owner).send("PATCH", address, {"scheduledAt": f"{YEAR}-04-15T14:00:00Z"}).json()
    now = api(owner).send("PATCH", address, {"scheduledAt": None}).json()
    draft = api(owner).send("PATCH", address, {"status": "DRAFT"}).json()
    cancelled = api(owner).send("PATCH", address, {"status": "CANCELLED"}).json()

    assert later["scheduledAt"] == f"{YEAR}-04-15T14:00:00.000Z"
    assert (now["scheduledAt"], now["status"]) == (None, "QUEUED")
    assert (draft["status"], cancelled["status"]) == ("DRAFT", "CANCELLED")


def test_an_edit_that_is_not_valid_changes_nothing(owner: Person, channel: Channel) -> None:
    post = make_post(channel, text="As it was")

    is_error(api(owner).send("PATCH", f"posts/{post.public_id}", {"status": "PUBLISHED"}), 400, "VALIDATION_ERROR")

    post.refresh_from_db()
    assert (post.text, post.status) == ("As it was", "DRAFT")


def test_a_draft_is_deleted(owner: Person, channel: Channel) -> None:
    post = make_post(channel)

    reply = api(owner).send("DELETE", f"posts/{post.public_id}")

    assert (reply.status_code, reply.json()) == (200, {"id": post.public_id, "deleted": True})
    is_error(api(owner).send("GET", f"posts/{post.public_id}"), 404, "Not found")


@pytest.mark.parametrize("status", ["QUEUED", "PUBLISHED", "FAILED", "CANCELLED"])
def test_anything_else_is_cancelled_and_keeps_its_ids(owner: Person, channel: Channel, status: str) -> None:
    post = make_post(channel, status=status, external_post_id="17889341234")

    reply = api(owner).send("DELETE", f"posts/{post.public_id}")

    assert reply.status_code == 200
    assert (reply.json()["status"], reply.json()["externalPostId"]) == ("CANCELLED", "17889341234")
    assert api(owner).send("GET", f"posts/{post.public_id}").json()["status"] == "CANCELLED"


def test_what_is_being_published_cannot_be_deleted(owner: Person, channel: Channel) -> None:
    post = make_post(channel, status="PUBLISHING")

    is_error(api(owner).send("DELETE", f"posts/{post.public_id}"), 409, "CONFLICT")

    post.refresh_from_db()
    assert post.status == "PUBLISHING"


def test_a_copy_is_a_draft_on_the_same_channel(owner: Person, channel: Channel) -> None:
    post = make_post(channel, status="PUBLISHED", text="Again")

    reply = api(owner).send("POST", f"posts/{post.public_id}/duplicate", {})

    assert reply.status_code == 201
    has_shape(reply.json(), DUPLICATED)
    assert (reply.json()["duplicatedFrom"], reply.json()["groupId"]) == (post.public_id, None)
    (copy,) = reply.json()["posts"]
    has_shape(copy, POST_SUMMARY)
    assert (copy["status"], copy["accountId"]) == ("DRAFT", channel.public_id)
    assert api(owner).send("GET", f"posts/{copy['id']}").json()["text"] == "Again"


def test_a_copy_without_a_body(owner: Person, channel: Channel) -> None:
    post = make_post(channel)

    assert api(owner).send("POST", f"posts/{post.public_id}/duplicate").status_code == 201


def test_a_copy_goes_elsewhere_and_at_its_time(owner: Person, channel: Channel) -> None:
    post = make_post(channel, text="Again")
    others = [make_channel(owner.organization, platform).public_id for platform in ("facebook", "x")]
    body: dict[str, Any] = {"accountIds": others, "status": "QUEUED", "scheduledAt": f"{YEAR}-04-15T14:00:00Z"}

    made = api(owner).send("POST", f"posts/{post.public_id}/duplicate", body).json()

    assert [copy["accountId"] for copy in made["posts"]] == others
    assert {copy["status"] for copy in made["posts"]} == {"QUEUED"}
    assert {copy["scheduledAt"] for copy in made["posts"]} == {f"{YEAR}-04-15T14:00:00.000Z"}
    assert isinstance(made["groupId"], str)


def test_logs_of_a_post(owner: Person, channel: Channel) -> None:
    post = make_post(channel)
    now = post.created_at
    Attempt.objects.create(post=post, organization=owner.organization, event="publish_attempt", created_at=now)

    body = api(owner).send("GET", f"posts/{post.public_id}/logs").json()

    assert set(body) == {"logs"}
    (entry,) = body["logs"]
    assert (entry["event"], entry["attempt"]) == ("publish_attempt", 1)
    documented = {"event", "createdAt", "attempt", "step", "httpStatus", "providerCode", "traceId", "category"}
    assert documented | {"retryable", "nextAction", "milliseconds"} <= set(entry)


def test_an_unconfirmed_post_is_resolved_by_a_person(owner: Person, channel: Channel) -> None:
    out, lost = (make_post(channel, status="FAILED", error_code="UNCONFIRMED") for _ in range(2))

    published = api(owner).send("POST", f"posts/{out.public_id}/resolve", {"as": "published"}).json()
    failed = api(owner).send("POST", f"posts/{lost.public_id}/resolve", {"as": "failed"}).json()
    again = api(owner).send("POST", f"posts/{lost.public_id}/retry").json()

    assert (published["status"], failed["status"], again["status"]) == ("PUBLISHED", "FAILED", "QUEUED")


def test_thirty_posts_an_hour_for_an_organization(
    owner: Person, teammate: Person, channel: Channel, settings: Settings
) -> None:
    assert settings.LIMITS["POSTS"] == "30/h"
    settings.LIMITS = {**settings.LIMITS, "POSTS": "2/h"}
    body = {"accountIds": [channel.public_id], "text": "Hello"}

    first = api(owner).send("POST", "posts", body)
    second = api(teammate).send("POST", f"posts/{first.json()['posts'][0]['id']}/duplicate", {})
    third = api(owner).send("POST", "posts", body)

    assert (first.headers["RateLimit-Remaining"], second.headers["RateLimit-Remaining"]) == ("1", "0")
    is_error(third, 429, "RATE_LIMIT")
    assert 0 < int(third.headers["Retry-After"]) <= 3600


def test_daily_limits_of_channels(owner: Person) -> None:
    limits = {}
    for platform in PLATFORMS:
        make_channel(owner.organization, platform)
    for item in api(owner).send("GET", "accounts").json()["items"]:
        limits[item["platform"]] = item["metadata"]["quota"]["limit"]

    assert limits == {"instagram": 25, "facebook": 50, "tiktok": 20, "youtube": 6, "x": 300}


def test_the_rules_of_every_platform(owner: Person) -> None:
    items = api(owner).send("GET", "platforms").json()["items"]

    assert {item["platform"] for item in items} == PLATFORMS
