"""Home: what it shows to whom, what its buttons do, and what it costs."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chat33.lib.clock import utcnow
from chat33.lib.ids import new_id
from chat33.orgs.models import Role
from integrations.channels import disconnect_channel
from integrations.models import Channel, Notice
from posts.models import DismissedCause, Post, PostStatus, Slot
from posts.outcomes import UNCONFIRMED
from tests.factories import make_channel, make_member, make_post
from tests.people import Person


def page(person: Person, path: str = "/") -> str:
    reply = person.browser().get(path)
    assert reply.status_code == 200
    return str(reply.content.decode())


def failed(channel: Channel, code: str = "NETWORK", number: int = 1) -> list[Post]:
    fields = {"status": PostStatus.FAILED, "error_code": code, "error_message": "It could not be reached."}
    return [make_post(channel, **fields) for _ in range(number)]


@pytest.fixture
def viewer(owner: Person) -> Person:
    """Sees everything, changes nothing."""
    return Person(make_member(owner.organization, Role.VIEWER), owner.organization, "")


def test_a_newcomer_is_led_to_connect_an_account(owner: Person) -> None:
    shown = page(owner)

    assert "Connect your first account" in shown
    assert "0 of 5" in shown


def test_the_checklist_follows_the_rows_and_can_be_put_away_by_each_person(owner: Person, channel: Channel) -> None:
    teammate = make_member(owner.organization, Role.ADMIN)
    assert "2 of 5" in page(owner)
    make_post(channel, status=PostStatus.PUBLISHED)
    Slot.objects.create(organization=owner.organization, channel=channel, weekday=0, minute=540)
    assert "4 of 5" in page(owner)
    Authenticator.objects.create(user=owner.user, type=Authenticator.Type.TOTP, data={})
    assert "Getting started" not in page(owner)

    Post.objects.all().delete()
    assert owner.browser().post("/home/setup/dismiss/").status_code == 302
    assert "Getting started" not in page(owner)
    assert "Getting started" in page(Person(teammate, owner.organization, ""))


def test_it_shows_what_is_the_matter_what_comes_and_what_came(owner: Person, channel: Channel) -> None:
    now = utcnow()
    failed(channel, number=2)
    at = now + timedelta(hours=3)
    make_post(channel, status=PostStatus.QUEUED, scheduled_at=at, due_at=at, text="Coming up")
    make_post(channel, status=PostStatus.PUBLISHING, text="On its way")
    make_post(channel, status=PostStatus.PUBLISHED, external_post_url="https://x.com/1", text="Went out")

    shown = page(owner)

    assert f"2 posts for X @{channel.username} did not get through" in shown
    assert "Retry all 2" in shown
    for text in ("Coming up", "On its way", "Went out", 'href="https://x.com/1"', "Times are in UTC"):
        assert text in shown


def test_all_posts_of_a_cause_go_out_again_by_one_click(owner: Person, channel: Channel) -> None:
    failed(channel, number=3)

    reply = owner.browser().post(f"/causes/{channel.public_id}/network/retry/", follow=True)

    assert "3 posts go out again now." in reply.content.decode()
    assert "did not get through" not in reply.content.decode()
    assert set(Post.objects.values_list("status", flat=True)) == {"QUEUED"}


def test_a_disconnected_account_is_to_be_reconnected_and_a_retry_says_so(owner: Person, channel: Channel) -> None:
    disconnect_channel(channel=channel, reason="The permission has ended.", now=utcnow())
    failed(channel, "AUTH_EXPIRED", 2)

    shown = page(owner)
    assert f"X @{channel.username} needs reconnecting" in shown
    assert "Retry all" not in shown

    reply = owner.browser().post(f"/causes/{channel.public_id}/connection/retry/", follow=True)
    assert "Reconnect it first" in reply.content.decode()


def test_unconfirmed_posts_are_asked_about_together(owner: Person, channel: Channel) -> None:
    for post in failed(channel, UNCONFIRMED, 2):
        Post.objects.filter(pk=post.pk).update(intent_at=utcnow(), step="commit")
    assert "Ask about all 2" in page(owner)

    reply = owner.browser().post(f"/causes/{channel.public_id}/unconfirmed/ask/", follow=True)
    assert "2 posts are looked for at the network." in reply.content.decode()

    reply = owner.browser().post(f"/causes/{channel.public_id}/unconfirmed/retry/", follow=True)
    assert "not sent again" in reply.content.decode()


def test_a_cause_is_put_away_and_taken_back(owner: Person, channel: Channel) -> None:
    failed(channel)
    browser = owner.browser()

    said = browser.post(f"/causes/{channel.public_id}/network/dismiss/", follow=True).content.decode()
    assert "data-undo" in said
    assert "Nothing needs you right now." in said

    back = browser.post(f"/causes/{channel.public_id}/network/restore/", headers={"HX-Request": "true"})
    assert back.headers["HX-Redirect"] == "/"
    assert "did not get through" in page(owner)


def test_who_may_not_publish_sees_causes_but_no_button(owner: Person, viewer: Person, channel: Channel) -> None:
    failed(channel)

    assert "did not get through" in page(viewer)
    assert "/retry/" not in page(viewer)
    for door in ("network/retry", "network/dismiss", "network/restore", "unconfirmed/ask"):
        assert viewer.browser().post(f"/causes/{channel.public_id}/{door}/").status_code == 403
    assert not DismissedCause.objects.exists()


def test_another_organization_s_accounts_are_nobody_s(owner: Person, stranger: Person, channel: Channel) -> None:
    failed(channel)
    browser = stranger.browser()

    for given in (channel.public_id, new_id("chan"), "chan_", "nonsense"):
        for door in ("network/retry", "network/dismiss", "network/restore", "unconfirmed/ask"):
            assert browser.post(f"/causes/{given}/{door}/").status_code == 404
    assert owner.browser().post(f"/causes/{channel.public_id}/nonsense/retry/").status_code == 404
    assert channel.username not in page(stranger)


@pytest.mark.parametrize("path", ["/", "/home/sending/", "/notices/"])
def test_anonymous_people_log_in_first(db: None, path: str) -> None:
    reply = Client().get(path)

    assert (reply.status_code, reply.headers["Location"]) == (302, f"/accounts/login/?next={path}")


def test_a_forged_click_does_nothing(owner: Person, channel: Channel) -> None:
    failed(channel)

    for path in (f"/causes/{channel.public_id}/network/retry/", "/home/setup/dismiss/", "/notices/seen/"):
        assert owner.browser(csrf=True).post(path).status_code == 403
    assert Post.objects.get().status == "FAILED"


def test_asking_what_is_sent_ends_when_nothing_is(owner: Person, channel: Channel) -> None:
    post = make_post(channel, status=PostStatus.PUBLISHING, text="On its way")
    moving = page(owner, "/home/sending/")
    assert 'hx-trigger="every 5s"' in moving
    assert "On its way" in moving

    Post.objects.filter(pk=post.pk).update(status=PostStatus.PUBLISHED, settled_at=utcnow())

    ended = page(owner, "/home/sending/")
    assert "every 5s" not in ended
    assert 'id="results" hx-swap-oob="true"' in ended
    assert "On its way" in ended


def test_the_bell_counts_what_a_person_has_not_seen(owner: Person, teammate: Person, channel: Channel) -> None:
    assert "unread" not in page(owner, "/notices/")
    failed(channel)
    Notice.objects.create(organization=owner.organization, kind="k", text="Something else")
    assert "Notices, 2 unread" in page(owner, "/notices/")

    assert owner.browser().post("/notices/seen/").status_code == 204

    seen = page(owner, "/notices/")
    assert "unread" not in seen
    assert "Something else" in seen
    assert "Notices, 2 unread" in page(teammate, "/notices/")
    failed(channel)
    assert "Notices, 1 unread" in page(owner, "/notices/")


def test_one_of_everything_and_twenty_cost_the_same(owner: Person) -> None:
    def cost(path: str) -> int:
        browser = owner.browser()
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(path).status_code == 200
        return len(captured)

    some(owner)
    paths = ("/", "/home/sending/", "/notices/")
    one = [cost(path) for path in paths]
    for _ in range(19):
        some(owner)

    assert [cost(path) for path in paths] == one
    assert max(one) <= 26, one


def some(person: Person) -> None:
    """A channel with a post in every state."""
    now, channel = utcnow(), make_channel(person.organization, "x")
    disconnect_channel(channel=channel, reason="Gone.", now=now)
    failed(channel, "AUTH_EXPIRED")
    failed(channel)
    at = now + timedelta(hours=1)
    make_post(channel, status=PostStatus.QUEUED, scheduled_at=at, due_at=at)
    make_post(channel, status=PostStatus.QUEUED, held_until=at, held_reason="Full.")
    make_post(channel, status=PostStatus.PUBLISHING)
    make_post(channel, status=PostStatus.PUBLISHED)
    Notice.objects.create(organization=person.organization, kind="k", text="Look")
