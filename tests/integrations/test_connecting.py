"""Connecting an account, from the button to the channel: what it takes, whom it refuses, and that nothing is made twice."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from chat33.lib.clock import utcnow
from chat33.orgs.models import Membership, Role
from integrations import channels, connecting
from integrations.channels import account
from integrations.connecting import (
    UnableToConnect,
    candidates,
    finish_attempt,
    pick_accounts,
    start_attempt,
    take_attempt,
)
from integrations.models import Channel, ConnectAttempt, ConnectStage, Notice, Platform
from tests.consent import answer
from tests.crowd import together
from tests.factories import make_channel, make_organization, make_post
from tests.people import Person
from tests.sandboxes import RunningSandbox

BACK = "http://127.0.0.1:8033/channels/callback/"
SESSION = "a-session-key"


@dataclass
class Traveller:
    """Somebody on the way to a network and back."""

    person: Person
    platform: str = "x"
    session: str = SESSION
    channel: Channel | None = None

    def go(self, **choice: Any) -> dict[str, str]:
        """To the network; what the browser brings back."""
        _, url = start_attempt(
            organization=self.person.organization,
            user=self.person.user,
            session_key=self.session,
            to=connecting.way(self.platform, is_sandbox=True),
            redirect_uri=BACK,
            channel=self.channel,
            now=utcnow(),
        )
        return answer(url, **choice)[1]

    def take(self, query: dict[str, str], **changes: Any) -> ConnectAttempt:
        given: dict[str, Any] = {
            "platform": self.platform,
            "state": query["state"],
            "organization": self.person.organization,
            "user": self.person.user,
            "session_key": self.session,
            "now": utcnow(),
        }
        return take_attempt(**{**given, **changes})

    def arrive(self, query: dict[str, str]) -> ConnectAttempt:
        return finish_attempt(attempt=self.take(query), query=query, now=utcnow())

    def whole(self, **choice: Any) -> ConnectAttempt:
        return self.arrive(self.go(**choice))


@pytest.fixture
def traveller(owner: Person, sandboxed: RunningSandbox) -> Traveller:
    return Traveller(owner)


def why(refused: pytest.ExceptionInfo[UnableToConnect]) -> str:
    return refused.value.reason


# Which networks


def test_only_what_can_be_connected_is_offered(settings: Settings) -> None:
    settings.SANDBOX_URL = "http://127.0.0.1:1"
    settings.PROVIDER_APPS = {**settings.PROVIDER_APPS, "x": {"client_id": "c", "client_secret": "s", "version": ""}}

    offered = [(way.platform, way.is_sandbox) for way in connecting.ways()]

    assert offered == [("x", False), *((platform, True) for platform in Platform)]
    assert not connecting.way("x").is_sandbox
    settings.SANDBOX_URL = ""
    with pytest.raises(UnableToConnect):
        connecting.way("instagram")


# The way itself


@pytest.mark.parametrize("platform", Platform.values)
def test_whoever_allows_has_a_channel_that_opens(
    traveller: Traveller, sandboxed: RunningSandbox, platform: str
) -> None:
    traveller.platform = platform

    done = traveller.whole(accounts=["corner.cafe"])

    assert done.stage == ConnectStage.CONNECTED
    channel = Channel.objects.get(public_id=done.connected[0])
    assert (channel.name, channel.username, channel.is_sandbox) == ("Corner Cafe", "corner.cafe", True)
    assert sandboxed.sandbox.account_for(platform, account(channel).credentials.access_token)


def test_several_pages_are_asked_about_and_only_those_picked_are_connected(
    traveller: Traveller, sandboxed: RunningSandbox
) -> None:
    for name in ("bakery", "bistro", "winery"):
        sandboxed.account("facebook", name)
    traveller.platform = "facebook"

    waiting = traveller.whole(accounts=["bakery", "bistro", "winery"])
    offered = {found.username: found.remote_id for found in candidates(waiting)}
    assert (waiting.stage, set(offered)) == (ConnectStage.PICKING, {"bakery", "bistro", "winery"})
    assert not Channel.objects.exists()
    assert "sbx-" not in waiting.candidates

    done = pick_accounts(attempt=waiting, remote_ids=[offered["bakery"], offered["winery"]], now=utcnow())
    assert {channel.username for channel in Channel.objects.all()} == {"bakery", "winery"}
    assert candidates(done) == []
    assert pick_accounts(attempt=waiting, remote_ids=[offered["bistro"]], now=utcnow()).connected == done.connected
    assert Channel.objects.count() == 2


def test_picking_nothing_or_somebody_else_s_page_connects_nothing(
    traveller: Traveller, sandboxed: RunningSandbox
) -> None:
    for name in ("bakery", "bistro"):
        sandboxed.account("facebook", name)
    theirs = sandboxed.account("facebook", "theirs")
    traveller.platform = "facebook"
    waiting = traveller.whole(accounts=["bakery", "bistro"])

    for picked in ([], [theirs["remote_id"]]):
        with pytest.raises(UnableToConnect) as refused:
            pick_accounts(attempt=waiting, remote_ids=picked, now=utcnow())
        assert why(refused) == "nothing_picked"
    with pytest.raises(UnableToConnect):
        pick_accounts(attempt=waiting, remote_ids=[theirs["remote_id"]], now=utcnow() + timedelta(minutes=16))
    assert not Channel.objects.exists()


def test_cancelling_is_told_and_connects_nothing(traveller: Traveller) -> None:
    done = traveller.whole(decision="cancel")

    assert done.stage == ConnectStage.CANCELLED
    assert "nothing was connected" in done.message
    assert not Channel.objects.exists()


def test_a_network_that_does_not_answer_is_told_and_its_words_are_not(
    traveller: Traveller, sandboxed: RunningSandbox
) -> None:
    sandboxed.rule("x", "connect", "drop_after")

    done = traveller.whole(accounts=["corner.cafe"])

    assert (done.stage, done.message) == (ConnectStage.FAILED, "X could not be reached. Connect again in a minute.")


def test_a_facebook_login_without_pages_says_what_to_do(traveller: Traveller, sandboxed: RunningSandbox) -> None:
    sandboxed.account("facebook", "reader", metadata={"tasks": ["ANALYZE"]})
    traveller.platform = "facebook"

    done = traveller.whole(accounts=["reader"])

    assert done.stage == ConnectStage.FAILED
    assert "Pick at least one page" in done.message


# Again


def test_connecting_again_keeps_id_and_posts_and_ends_the_notice(traveller: Traveller) -> None:
    first = Channel.objects.get(public_id=traveller.whole(accounts=["corner.cafe"]).connected[0])
    post = make_post(first)
    channels.disconnect_channel(channel=first, reason="Gone.", now=utcnow())
    traveller.channel = first

    done = traveller.whole(accounts=["corner.cafe"])

    again = Channel.objects.get()
    assert (done.connected, again.pk, again.is_active) == ([first.public_id], first.pk, True)
    assert post.channel_id == again.pk
    assert not Notice.objects.filter(resolved_at=None).exists()


def test_another_account_than_the_one_to_reconnect_is_asked_about(traveller: Traveller) -> None:
    first = Channel.objects.get(public_id=traveller.whole(accounts=["corner.cafe"]).connected[0])
    traveller.channel = first

    waiting = traveller.whole(accounts=["other.cafe"])

    assert waiting.stage == ConnectStage.OTHER
    assert [found.username for found in candidates(waiting)] == ["other.cafe"]
    assert Channel.objects.count() == 1
    pick_accounts(attempt=waiting, remote_ids=[candidates(waiting)[0].remote_id], now=utcnow())
    assert Channel.objects.count() == 2


def test_a_login_without_a_refresh_token_leaves_the_one_there_is(owner: Person) -> None:
    given = {"remote_id": "r", "access_token": "old", "refresh_token": "keep"}
    make_channel(owner.organization, "youtube", account=given)

    channel = make_channel(owner.organization, "youtube", account={"remote_id": "r", "access_token": "new"})

    known = account(channel).credentials
    assert (known.access_token, known.refresh_token) == ("new", "keep")


def test_what_was_not_granted_is_known_of_the_channel(traveller: Traveller) -> None:
    traveller.platform = "tiktok"

    done = traveller.whole(accounts=["corner.cafe"], untick=["video.publish"])

    channel = Channel.objects.get(public_id=done.connected[0])
    assert "video.publish" not in channel.scopes


# Whom it refuses


def test_a_return_that_did_not_begin_here_is_refused(traveller: Traveller) -> None:
    query = traveller.go(accounts=["corner.cafe"])

    for changes in ({"state": "made-up"}, {"state": ""}, {"platform": "instagram"}):
        with pytest.raises(UnableToConnect) as refused:
            traveller.take(query, **changes)
        assert why(refused) == "unknown"
    assert traveller.arrive(query).stage == ConnectStage.CONNECTED


def test_another_person_session_or_organization_cannot_use_it_and_does_not_use_it_up(
    traveller: Traveller, teammate: Person, stranger: Person
) -> None:
    query = traveller.go(accounts=["corner.cafe"])
    elsewhere = make_organization()
    Membership.objects.create(organization=elsewhere, user=traveller.person.user, role=Role.OWNER)

    changed: list[tuple[dict[str, Any], str]] = [
        ({"user": teammate.user}, "another_login"),
        ({"user": stranger.user, "organization": stranger.organization}, "another_login"),
        ({"session_key": "another-session"}, "another_login"),
        ({"organization": elsewhere}, "another_organization"),
    ]
    for changes, reason in changed:
        with pytest.raises(UnableToConnect) as refused:
            traveller.take(query, **changes)
        assert why(refused) == reason
    assert traveller.arrive(query).stage == ConnectStage.CONNECTED


def test_it_is_over_after_a_quarter_of_an_hour(traveller: Traveller) -> None:
    query = traveller.go(accounts=["corner.cafe"])

    with pytest.raises(UnableToConnect) as refused:
        traveller.take(query, now=utcnow() + timedelta(minutes=15))
    assert why(refused) == "expired"


def test_a_replayed_return_is_refused(traveller: Traveller) -> None:
    query = traveller.go(accounts=["corner.cafe"])
    traveller.arrive(query)

    with pytest.raises(UnableToConnect) as refused:
        traveller.arrive(query)
    assert why(refused) == "used"
    assert Channel.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_return_that_arrives_many_times_at_once_is_used_once(traveller: Traveller) -> None:
    query = traveller.go(accounts=["corner.cafe"])

    def arrive() -> str:
        try:
            return traveller.arrive(query).stage
        except UnableToConnect as refused:
            return refused.reason

    ends = together([arrive] * 6)

    assert sorted(ends) == ["connected", "used", "used", "used", "used", "used"]
    assert Channel.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_ways_to_one_account_that_end_at_once_make_one_channel(traveller: Traveller) -> None:
    queries = [traveller.go(accounts=["corner.cafe"]) for _ in range(4)]

    together([partial(traveller.arrive, query) for query in queries])

    assert Channel.objects.count() == 1


# What is kept


def test_nothing_that_opens_anything_is_kept_readable_or_longer_than_needed(traveller: Traveller) -> None:
    query = traveller.go(accounts=["corner.cafe"])
    row = ConnectAttempt.objects.get()
    assert query["state"] not in str(vars(row))

    traveller.arrive(query)

    row.refresh_from_db()
    assert (row.verifier, row.candidates) == ("", "")
    assert connecting.prune_attempts(now=utcnow()) == 0
    assert connecting.prune_attempts(now=utcnow() + timedelta(days=2)) == 1


def test_disconnecting_keeps_the_channel_for_later_and_leaves_no_alarm(owner: Person, channel: Channel) -> None:
    channels.disconnect_channel(channel=channel, reason="Gone.", now=utcnow())
    Channel.objects.update(is_active=True)

    channels.leave_channel(channel=channel, by="Olga", now=utcnow())

    channel.refresh_from_db()
    assert (channel.is_active, channel.last_error) == (False, "Disconnected by Olga.")
    assert not Notice.objects.filter(resolved_at=None).exists()
