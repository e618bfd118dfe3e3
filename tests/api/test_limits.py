"""How much a caller may do: exact in any window, per organization, told in headers, and never in the way when Redis is."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from pytest_django.fixtures import Settings

from chat33.api import limits
from chat33.api.models import LimitUse
from chat33.lib.breaker import Breaker
from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization, Package
from integrations.models import Channel
from posts.models import Post
from tests import media_files
from tests.api.files import uploaded
from tests.crowd import together
from tests.factories import make_post
from tests.people import Person

NOON = "2026-06-01T12:00:00Z"


def limit(settings: Settings, **rates: str) -> None:
    settings.LIMITS = {**settings.LIMITS, **rates}


def create(person: Person, channel: Channel, text: str = "Hello", **headers: str) -> Any:
    return person.api(**headers).send("POST", "posts", {"accountIds": [channel.public_id], "text": text})


def give_package(organization: Organization, limits: dict[str, Any], days: int = 30) -> None:
    organization.package = Package.objects.create(name="Business", limits=limits)
    organization.package_expires_at = utcnow() + timedelta(days=days)
    organization.save()


@pytest.mark.django_db(transaction=True)
def test_of_64_posts_at_the_same_moment_exactly_30_are_made(owner: Person, channel: Channel) -> None:
    replies = together([partial(create, owner, channel, f"Post {number}") for number in range(64)])

    codes = [reply.status_code for reply in replies]
    assert (codes.count(201), codes.count(429)) == (30, 34)
    assert Post.objects.count() == LimitUse.objects.count() == 30
    left = sorted(int(reply["RateLimit-Remaining"]) for reply in replies if reply.status_code == 201)
    assert left == list(range(30))


@pytest.mark.django_db(transaction=True)
def test_uploads_at_the_same_moment_never_pass_their_limit_either(owner: Person, settings: Settings) -> None:
    limit(settings, MEDIA="5/h")
    picture = media_files.jpeg(64, 48)

    replies = together([partial(uploaded, owner, picture) for _ in range(12)])

    codes = [reply.status_code for reply in replies]
    assert (codes.count(201), codes.count(429)) == (5, 7)


def test_the_window_rolls_with_every_use(owner: Person, channel: Channel, settings: Settings) -> None:
    limit(settings, POSTS="4/h")
    with time_machine.travel(NOON, tick=False) as clock:
        assert [create(owner, channel).status_code for _ in range(2)] == [201, 201]
        clock.shift(timedelta(minutes=20))
        assert [create(owner, channel).status_code for _ in range(3)] == [201, 201, 429]
        clock.shift(timedelta(minutes=39, seconds=59))
        refused = create(owner, channel)
        assert (refused.status_code, refused["Retry-After"]) == (429, "1")
        clock.shift(timedelta(seconds=1))
        assert [create(owner, channel).status_code for _ in range(3)] == [201, 201, 429]
        clock.shift(timedelta(minutes=20))
        assert [create(owner, channel).status_code for _ in range(3)] == [201, 201, 429]


def test_creating_and_duplicating_count_together(owner: Person, channel: Channel, settings: Settings) -> None:
    limit(settings, POSTS="2/h")
    post = make_post(channel)

    assert create(owner, channel).status_code == 201
    assert owner.api().send("POST", f"posts/{post.public_id}/duplicate", {}).status_code == 201
    assert owner.api().send("POST", f"posts/{post.public_id}/duplicate", {}).status_code == 429
    assert create(owner, channel).status_code == 429


def test_one_request_for_many_channels_is_one_use(owner: Person, channel: Channel, settings: Settings) -> None:
    limit(settings, POSTS="1/h")
    second = Channel.objects.create(organization=owner.organization, platform="x", remote_id="2", name="Second")

    body = {"accountIds": [channel.public_id, second.public_id], "text": "Both"}
    assert owner.api().send("POST", "posts", body)["RateLimit-Remaining"] == "0"
    assert Post.objects.count() == 2


def test_what_is_refused_or_replayed_is_free(owner: Person, channel: Channel, settings: Settings) -> None:
    limit(settings, POSTS="2/h")

    assert owner.api().send("POST", "posts", {"accountIds": [], "text": "Nobody"}).status_code == 400
    assert owner.api().send("POST", "posts/validate", {"accountIds": [channel.public_id]}).status_code == 200
    first = create(owner, channel, **{"Idempotency-Key": "once"})
    again = create(owner, channel, **{"Idempotency-Key": "once"})
    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (201, 201, "true")
    assert create(owner, channel).status_code == 201
    for _ in range(3):
        assert create(owner, channel).status_code == 429
    assert create(owner, channel, **{"Idempotency-Key": "once"}).status_code == 201
    assert LimitUse.objects.count() == 2


def test_an_upload_that_does_not_fit_gives_its_use_back(owner: Person, settings: Settings) -> None:
    limit(settings, MEDIA="2/h")

    refused = uploaded(owner, b"this is no picture")
    assert (refused.status_code, refused["RateLimit-Remaining"]) == (400, "2")
    assert owner.api().send("POST", "media/upload", {"url": "nonsense"}).status_code == 400
    assert uploaded(owner, media_files.jpeg(64, 48))["RateLimit-Remaining"] == "1"


def test_an_organization_shares_its_limit_and_no_other_feels_it(
    owner: Person, teammate: Person, stranger: Person, channel: Channel, settings: Settings
) -> None:
    limit(settings, POSTS="2/h")
    create(owner, channel)
    create(teammate, channel)

    assert create(owner, channel).status_code == 429
    assert owner.browser().send("POST", "posts", {"accountIds": [channel.public_id], "text": "x"}).status_code == 429
    theirs = Channel.objects.create(organization=stranger.organization, platform="x", remote_id="1", name="Theirs")
    assert create(stranger, theirs).status_code == 201


@pytest.mark.parametrize(
    ("given", "total"), [("100/h", "100"), ("7/15m", "7"), ("nonsense", "30"), ("0/h", "0"), (None, "30")]
)
def test_a_package_sets_its_own_limit_and_a_broken_one_falls_back(
    owner: Person, channel: Channel, given: str | None, total: str
) -> None:
    give_package(owner.organization, {"POSTS": given})

    reply = create(owner, channel)

    assert reply["RateLimit-Limit"] == total
    assert reply.status_code == (429 if total == "0" else 201)


def test_an_expired_package_gives_nothing(owner: Person, channel: Channel) -> None:
    give_package(owner.organization, {"POSTS": "100/h"}, days=-1)

    assert create(owner, channel)["RateLimit-Limit"] == "30"


def test_off_is_without_limit(owner: Person, channel: Channel, settings: Settings) -> None:
    limit(settings, POSTS="off", API="off")

    replies = [create(owner, channel, f"Post {number}") for number in range(35)]

    assert {reply.status_code for reply in replies} == {201}
    assert "RateLimit-Limit" not in replies[0]
    assert not LimitUse.objects.exists()


def test_every_limited_answer_says_where_the_caller_stands(owner: Person, channel: Channel) -> None:
    made = create(owner, channel)
    assert (made["RateLimit-Limit"], made["RateLimit-Remaining"], made["RateLimit-Reset"]) == ("30", "29", "3600")
    refused = owner.api().send("POST", "posts", {"accountIds": [channel.public_id]})
    assert (refused.status_code, refused["RateLimit-Remaining"]) == (400, "29")
    assert uploaded(owner, media_files.jpeg(64, 48))["RateLimit-Limit"] == "50"
    assert owner.browser().send("POST", "api-keys", {})["RateLimit-Limit"] == "10"
    read = owner.api().send("GET", "posts")
    assert (read["RateLimit-Limit"], int(read["RateLimit-Remaining"]) < 1200) == ("1200", True)


def test_a_refusal_says_when_to_come_back(owner: Person, channel: Channel, settings: Settings) -> None:
    limit(settings, POSTS="1/h")
    with time_machine.travel(NOON, tick=False) as clock:
        create(owner, channel)
        clock.shift(timedelta(minutes=10))
        reply = create(owner, channel)

    assert reply.status_code == 429
    assert reply.json() == {
        "error": "RATE_LIMIT",
        "message": "The limit of 1 is reached. Try again in 3000 seconds.",
        "details": [],
    }
    assert (reply["Retry-After"], reply["RateLimit-Reset"], reply["RateLimit-Remaining"]) == ("3000", "3000", "0")


def test_a_limit_that_was_lowered_says_when_it_really_ends(owner: Person, channel: Channel, settings: Settings) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(6):
            create(owner, channel)
            clock.shift(timedelta(minutes=5))
        limit(settings, POSTS="2/h")
        reply = create(owner, channel)  # at 12:30; the use of 12:20 must end first, at 13:20
    assert (reply.status_code, reply["Retry-After"]) == (429, str(50 * 60))


@pytest.mark.usefixtures("clean_cache")
def test_a_flood_meets_the_wall(owner: Person, settings: Settings) -> None:
    limit(settings, API="3/d")

    replies = [owner.api().send("GET", "accounts") for _ in range(5)]

    assert [reply.status_code for reply in replies] == [200, 200, 200, 429, 429]
    assert [reply["RateLimit-Remaining"] for reply in replies] == ["2", "1", "0", "0", "0"]
    assert int(replies[-1]["Retry-After"]) > 0


class TestWhenRedisIsAway:
    """The wall opens; what was promised still holds; nobody waits."""

    @pytest.fixture(autouse=True)
    def _breaker(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "redis_breaker", Breaker(pause=60))

    @pytest.fixture
    def black_hole(self) -> Iterator[socket.socket]:
        """A server that takes connections and never says a word."""
        with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
            listener.setblocking(False)
            yield listener

    @pytest.fixture
    def nothing_there(self) -> str:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            return f"redis://127.0.0.1:{listener.getsockname()[1]}/0"

    def lead_to(self, settings: Settings, address: str) -> None:
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": address}}

    def test_limits_stay_exact(self, owner: Person, channel: Channel, settings: Settings, nothing_there: str) -> None:
        limit(settings, POSTS="3/h")
        self.lead_to(settings, nothing_there)

        replies = [create(owner, channel) for _ in range(5)]

        assert [reply.status_code for reply in replies] == [201, 201, 201, 429, 429]

    def test_one_that_hangs_costs_one_request_a_second_and_the_others_nothing(
        self, owner: Person, channel: Channel, settings: Settings, black_hole: socket.socket
    ) -> None:
        self.lead_to(settings, f"redis://127.0.0.1:{black_hole.getsockname()[1]}/0")
        options = settings.CACHES["default"]["OPTIONS"]
        assert (options["socket_timeout"], options["socket_connect_timeout"]) == (1, 1)

        for number in range(10):
            assert create(owner, channel, f"Post {number}").status_code == 201

        black_hole.accept()[0].close()  # the one that waited
        with pytest.raises(BlockingIOError):
            black_hole.accept()

    def test_the_wall_stands_again_when_it_is_back(
        self, owner: Person, settings: Settings, nothing_there: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seconds = 0.0
        monkeypatch.setattr(limits, "redis_breaker", Breaker(pause=2.0, clock=lambda: seconds))
        limit(settings, API="1/d")
        there = settings.CACHES["default"]["LOCATION"]
        cache.clear()
        self.lead_to(settings, nothing_there)
        assert [owner.api().send("GET", "accounts").status_code for _ in range(3)] == [200] * 3

        self.lead_to(settings, there)
        assert owner.api().send("GET", "accounts").status_code == 200
        seconds = 2.1
        assert [owner.api().send("GET", "accounts").status_code for _ in range(2)] == [200, 429]
