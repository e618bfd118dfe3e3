"""The pages of connecting an account, as a browser gets them: there, back, choosing, and every way it can go wrong."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from chat33.orgs.models import Membership, Role
from integrations.models import Channel, ConnectAttempt, Platform
from tests.consent import answer
from tests.factories import make_channel, make_member, make_organization
from tests.people import Person
from tests.sandboxes import RunningSandbox


@pytest.fixture
def desk(owner: Person, sandboxed: RunningSandbox) -> Client:
    """The owner's browser, which calls us by an address that the sandbox may send it back to."""
    client = owner.browser()
    client.defaults["SERVER_NAME"] = "127.0.0.1"
    return client


def start(desk: Client, platform: str = "x", **fields: str) -> str:
    """Press Connect; the network's address, to which the page goes on by itself."""
    reply = desk.post(f"/channels/connect/{platform}/", {"practice": "1", **fields})
    assert reply.status_code == 200
    [address] = re.findall(r'<meta http-equiv="refresh" content="0;url=([^"]+)">', reply.content.decode())
    return unescape(address)


def come_back(desk: Client, url: str, **choice: Any) -> Any:
    """Answer at the network, follow the way back; the page at its end."""
    where, query = answer(url, **choice)
    return desk.get(f"{urlsplit(where).path}?{urlencode(query)}", follow=True)


# There and back


@pytest.mark.parametrize("platform", Platform.values)
def test_connecting_ends_at_a_page_that_says_so(desk: Client, platform: str) -> None:
    page = come_back(desk, start(desk, platform), accounts=["corner.cafe"])

    assert page.status_code == 200
    assert "Corner Cafe is connected" in page.content.decode()
    [(address, _)] = page.redirect_chain
    assert address.startswith("/channels/connecting/con_")
    assert Channel.objects.get(platform=platform).username == "corner.cafe"


def test_the_choice_offers_every_practice_network_and_says_what_it_will_ask(desk: Client) -> None:
    page = desk.get("/channels/connect/").content.decode()

    assert page.count('name="practice" value="1"') == 5
    assert "Publish posts, reels and carousels" in page
    assert "Real networks are not set up here yet" in page


def test_a_registered_network_is_offered_beside_the_practice_one(desk: Client, settings: Settings) -> None:
    settings.BASE_URL = "https://chat33.example"
    settings.PROVIDER_APPS = {**settings.PROVIDER_APPS, "x": {"client_id": "ours", "client_secret": "s", "version": ""}}

    page = desk.get("/channels/connect/")
    url = urlsplit(start(desk, "x", practice="0"))

    assert page.content.decode().count('action="/channels/connect/x/"') == 2
    assert url.netloc == "x.com"
    query = parse_qs(url.query)
    assert (query["client_id"], query["redirect_uri"]) == (["ours"], ["https://chat33.example/channels/callback/x/"])


def test_the_content_policy_is_nowhere_wider_than_elsewhere(desk: Client) -> None:
    replies = [desk.get(path) for path in ("/channels/", "/channels/connect/", "/ui/")]
    replies.append(desk.post("/channels/connect/x/", {"practice": "1"}))

    policies = [sorted(part.strip() for part in reply["Content-Security-Policy"].split(";")) for reply in replies]

    assert policies == [policies[0]] * 4
    assert "form-action 'self'" in policies[0]


def test_cancelling_says_that_nothing_happened_and_offers_another_try(desk: Client) -> None:
    page = come_back(desk, start(desk), decision="cancel").content.decode()

    assert "X is not connected" in page
    assert "Try again" in page
    assert not Channel.objects.exists()


def test_a_permission_left_out_is_told_at_once(desk: Client) -> None:
    page = come_back(desk, start(desk, "tiktok"), accounts=["corner.cafe"], untick=["video.publish"])

    assert "a permission is missing" in page.content.decode()
    assert "publish videos and photos" in page.content.decode()


# Choosing


def test_pages_are_all_ticked_and_what_is_unticked_is_not_connected(desk: Client, sandboxed: RunningSandbox) -> None:
    ids = [sandboxed.account("facebook", name)["remote_id"] for name in ("bakery", "bistro")]
    page = come_back(desk, start(desk, "facebook"), accounts=["bakery", "bistro"])
    address = page.redirect_chain[-1][0]
    assert page.content.decode().count("checked") == 2

    nothing = desk.post(address, {})
    assert (nothing.status_code, "Tick at least one account" in nothing.content.decode()) == (422, True)
    done = desk.post(address, {"account": ids[1]}, follow=True)

    assert "bistro is connected" in done.content.decode()
    assert [channel.remote_id for channel in Channel.objects.all()] == [ids[1]]


def test_reconnecting_with_another_account_asks_first(desk: Client) -> None:
    come_back(desk, start(desk), accounts=["corner.cafe"])
    channel = Channel.objects.get()

    page = come_back(desk, start(desk, channel=channel.public_id), accounts=["other.cafe"])

    assert "That was another account" in page.content.decode()
    assert Channel.objects.count() == 1
    again = come_back(desk, start(desk, channel=channel.public_id), accounts=["corner.cafe"])
    assert "Corner Cafe is connected" in again.content.decode()
    assert Channel.objects.get().pk == channel.pk


# What is refused


def test_a_forged_or_replayed_return_is_a_page_with_a_way_on(desk: Client) -> None:
    url = start(desk)
    where, query = answer(url, accounts=["corner.cafe"])
    path = f"{urlsplit(where).path}?{urlencode(query)}"

    forged = desk.get("/channels/callback/x/?state=guessed&code=guessed")
    desk.get(path)
    replayed = desk.get(path)

    assert (forged.status_code, replayed.status_code) == (400, 400)
    assert "did not begin here" in forged.content.decode()
    assert "was used already" in replayed.content.decode()
    assert "Try again" in replayed.content.decode()
    assert Channel.objects.count() == 1


def test_a_return_under_another_login_or_organization_is_refused(desk: Client, owner: Person) -> None:
    admin = make_member(owner.organization, Role.ADMIN)
    where, query = answer(start(desk), accounts=["corner.cafe"])
    path = f"{urlsplit(where).path}?{urlencode(query)}"

    colleague = Client()
    colleague.force_login(admin)
    other = colleague.get(path)
    moved = make_organization()
    Membership.objects.create(organization=moved, user=owner.user, role=Role.OWNER)
    session = desk.session
    session["organization_id"] = moved.public_id
    session.save()
    elsewhere = desk.get(path)

    assert (other.status_code, elsewhere.status_code) == (400, 400)
    assert "another login" in other.content.decode()
    assert "another organization" in elsewhere.content.decode()
    assert not Channel.objects.exists()


def test_who_is_not_logged_in_is_led_to_the_login(desk: Client, db: None) -> None:
    for path in ("/channels/connect/", "/channels/connect/x/", "/channels/callback/x/?state=a&code=b"):
        reply = Client().get(path)
        assert (reply.status_code, urlsplit(reply["Location"]).path) == (302, "/accounts/login/")


def test_who_may_not_connect_reads_who_may(teammate: Person, sandboxed: RunningSandbox) -> None:
    theirs = teammate.browser()
    for path in ("/channels/connect/", "/channels/connect/x/", "/channels/callback/x/?state=a&code=b"):
        reply = theirs.get(path)
        assert reply.status_code == 403
        assert "owner, admin" in reply.content.decode().lower()
    assert theirs.post("/channels/connect/x/", {"practice": "1"}).status_code == 403


def test_a_stranger_s_attempt_or_channel_is_nothing_here(desk: Client, owner: Person, stranger: Person) -> None:
    start(desk)
    attempt = ConnectAttempt.objects.get()
    theirs = make_channel(owner.organization, "x")
    outside = stranger.browser()

    assert outside.get(f"/channels/connecting/{attempt.public_id}/").status_code == 404
    assert outside.post(f"/channels/connecting/{attempt.public_id}/", {"account": "1"}).status_code == 404
    assert outside.post("/channels/connect/x/", {"channel": theirs.public_id}).status_code == 404
    assert desk.get("/channels/connect/nowhere/").status_code == 404
    assert desk.get("/channels/connecting/%00/").status_code == 404
    assert desk.get("/channels/callback/%00/").status_code == 404
    for path in ("nowhere/?state=x", "x/?state=%00", "x/?code=x"):
        assert desk.get(f"/channels/callback/{path}").status_code == 400


def test_a_forged_form_starts_nothing(owner: Person, sandboxed: RunningSandbox) -> None:
    strict = owner.browser(csrf=True)

    assert strict.post("/channels/connect/x/", {"practice": "1"}).status_code == 403
    assert not ConnectAttempt.objects.exists()


def test_a_network_that_is_not_set_up_leads_back_to_the_choice(desk: Client, settings: Settings) -> None:
    settings.SANDBOX_URL = ""

    reply = desk.post("/channels/connect/x/", {"practice": "1"}, follow=True)

    assert "Ask your operator to register Chat33 there" in reply.content.decode()
