"""The room of connected accounts: how each is, what it may still publish, and what disconnecting one would stop."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chat33.lib.clock import utcnow
from chat33.orgs.models import Role
from integrations.channels import disconnect_channel, note_error
from integrations.conditions import permissions_of
from integrations.models import Channel
from posts.models import PostStatus
from posts.publishing import publish_due
from tests.factories import make_channel, make_member, make_post
from tests.people import Person
from tests.sandboxes import RunningSandbox

ALL_OF_X = ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access")


def text(client: Client, path: str = "/channels/") -> str:
    reply = client.get(path)
    assert reply.status_code == 200
    return reply.content.decode()


def test_the_worst_comes_first_and_says_what_to_do(owner: Person) -> None:
    names = ("Fine", "Gone", "Ended", "Curtailed", "Shaky")
    fine, gone, ended, curtailed, shaky = (make_channel(owner.organization, "x", name=name) for name in names)
    disconnect_channel(channel=gone, reason="X no longer accepts this connection.", now=utcnow())
    Channel.objects.filter(pk=ended.pk).update(token_expires_at=utcnow() - timedelta(minutes=1))
    Channel.objects.filter(pk=curtailed.pk).update(scopes=["tweet.read", "users.read", "media.write", "offline.access"])
    note_error(channel=shaky, text="X was slow.", now=utcnow())

    page = text(owner.browser())

    places = [page.index(f">{name}</a>") for name in ("Gone", "Ended", "Curtailed", "Shaky", "Fine")]
    assert places == sorted(places)
    for words in ("X no longer accepts", "could not be renewed", "was not allowed to publish posts", "X was slow."):
        assert words in page
    assert page.count(">Reconnect</button>") == 3
    assert fine.name in page


def test_without_accounts_there_is_one_thing_to_do(owner: Person, teammate: Person) -> None:
    assert "/channels/connect/" in text(owner.browser())
    assert "ask one of them" in text(teammate.browser())
    assert "/channels/connect/" not in text(teammate.browser())


def test_the_allowance_of_the_day_is_shown(owner: Person, channel: Channel) -> None:
    make_post(channel, status=PostStatus.PUBLISHED, slot_at=utcnow())

    assert "1 of 300" in text(owner.browser())
    assert "299 more may go out now" in text(owner.browser(), f"/channels/{channel.public_id}/")


def test_an_account_s_page_tells_permissions_trouble_and_notices(owner: Person, channel: Channel) -> None:
    Channel.objects.filter(pk=channel.pk).update(scopes=[scope for scope in ALL_OF_X if scope != "media.write"])
    disconnect_channel(channel=channel, reason="X no longer accepts this connection.", now=utcnow())

    page = text(owner.browser(), f"/channels/{channel.public_id}/")

    assert "Not allowed: posting does not work without it" in page
    assert "Upload pictures and videos" in page
    assert page.count("Allowed ·") == 4
    assert "X: Account" in page  # the notice


def test_unknown_permissions_are_not_called_missing(channel: Channel) -> None:
    assert permissions_of(channel) == ()


# Disconnecting


def test_disconnecting_says_what_it_would_stop_and_does_only_when_told(owner: Person, channel: Channel) -> None:
    soon = utcnow() + timedelta(days=1)
    for number in range(3):
        make_post(channel, status=PostStatus.QUEUED, scheduled_at=soon + timedelta(days=number), due_at=soon)
    browser, path = owner.browser(), f"/channels/{channel.public_id}/disconnect/"

    page = text(browser, path)
    assert "3 scheduled posts" in page
    assert soon.isoformat() in page
    assert Channel.objects.get(pk=channel.pk).is_active
    reply = browser.post(path, follow=True)

    assert "is disconnected" in reply.content.decode()
    assert not Channel.objects.get(pk=channel.pk).is_active


def test_what_the_dialog_says_is_what_happens(owner: Person, sandboxed: RunningSandbox) -> None:
    """A post whose time comes while its account is disconnected fails, stays, and is retried once it is back."""
    given = sandboxed.account("x")
    channel = make_channel(owner.organization, "x", account=given)
    due, later = (
        make_post(channel, status=PostStatus.QUEUED, due_at=utcnow() + offset, scheduled_at=utcnow() + offset)
        for offset in (timedelta(seconds=-1), timedelta(days=1))
    )
    owner.browser().post(f"/channels/{channel.public_id}/disconnect/")

    publish_due(seconds=60)
    due.refresh_from_db()
    later.refresh_from_db()
    assert (due.status, due.error_code, later.status) == (PostStatus.FAILED, "AUTH_EXPIRED", PostStatus.QUEUED)

    make_channel(owner.organization, "x", account=given)
    assert owner.api().send("POST", f"posts/{due.public_id}/retry").status_code == 200
    publish_due(seconds=60)
    assert len(sandboxed.posts("x")) == 1


def test_disconnecting_twice_is_disconnecting_once(owner: Person, channel: Channel) -> None:
    browser, path = owner.browser(), f"/channels/{channel.public_id}/disconnect/"
    browser.post(path)

    assert "is disconnected already" in browser.post(path, follow=True).content.decode()


def test_the_dialog_comes_alone_to_htmx(owner: Person, channel: Channel) -> None:
    reply = owner.browser().get(f"/channels/{channel.public_id}/disconnect/", headers={"HX-Request": "true"})

    assert reply.content.decode().startswith("<form")


# Who


def test_another_organization_s_account_is_nothing_here(channel: Channel, stranger: Person) -> None:
    browser = stranger.browser()

    for path in (f"/channels/{channel.public_id}/", f"/channels/{channel.public_id}/disconnect/", "/channels/%00/"):
        assert browser.get(path).status_code == 404
    assert browser.post(f"/channels/{channel.public_id}/disconnect/").status_code == 404
    assert channel.name not in text(browser)


def test_a_viewer_sees_everything_and_changes_nothing(owner: Person, channel: Channel) -> None:
    browser = Client()
    browser.force_login(make_member(owner.organization, Role.VIEWER))

    assert "Reconnect" not in text(browser)
    assert "Disconnect" not in text(browser, f"/channels/{channel.public_id}/")
    assert browser.get(f"/channels/{channel.public_id}/disconnect/").status_code == 403
    assert browser.post(f"/channels/{channel.public_id}/disconnect/").status_code == 403
    assert Channel.objects.get(pk=channel.pk).is_active


def test_the_door_asks_for_a_login_and_forms_for_their_token(owner: Person, channel: Channel) -> None:
    path = f"/channels/{channel.public_id}/"

    assert [Client().get(where).status_code for where in ("/channels/", path, f"{path}disconnect/")] == [302, 302, 302]
    assert owner.browser(csrf=True).post(f"{path}disconnect/").status_code == 403


@pytest.mark.parametrize("path", ["/channels/", "/channels/{id}/", "/channels/{id}/disconnect/"])
def test_twenty_accounts_cost_as_many_queries_as_one(owner: Person, path: str) -> None:
    browser = owner.browser()

    def cost() -> int:
        url = path.format(id=Channel.objects.latest("id").public_id)
        browser.get(url)
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(url).status_code == 200
        return len(captured)

    make_post(make_channel(owner.organization, "x"), status=PostStatus.QUEUED)
    one = cost()
    for _ in range(19):
        make_post(make_channel(owner.organization, "x"), status=PostStatus.QUEUED)

    assert cost() == one
