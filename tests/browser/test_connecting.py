"""A marketer connects accounts in a real Chromium: every network's consent page, yes, no, some of it, and on a phone."""

import pytest
from playwright.sync_api import expect

from integrations.models import Channel, Platform
from posts.models import PostStatus
from tests.browser.axe import violations
from tests.browser.conftest import Visit, Visits
from tests.factories import make_channel, make_post
from tests.people import Person
from tests.sandboxes import RunningSandbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(owner: Person, sandboxed: RunningSandbox, visit: Visits) -> Visit:
    """The owner before the choice of networks."""
    here = visit(owner, elsewhere=(sandboxed.url,))
    here.open("/channels/connect/")
    return here


def choose(here: Visit, network: str) -> None:
    here.page.get_by_role("button", name=f"Connect {network}, practice", exact=True).click()
    expect(here.page.get_by_role("heading", level=1)).to_contain_text(f"wants to use your {network}")


@pytest.mark.parametrize("platform", Platform.values)
def test_a_newcomer_connects_an_account_at_its_network_s_page(desk: Visit, platform: str) -> None:
    page = desk.page
    choose(desk, Platform(platform).label)
    page.get_by_label("Its username").fill("corner.cafe")
    page.get_by_role("button", name="Allow").click()

    expect(page.get_by_role("heading", name="Corner Cafe is connected")).to_be_visible()
    page.get_by_role("link", name="All accounts").click()
    expect(page.get_by_role("link", name="Corner Cafe")).to_be_visible()
    assert Channel.objects.get().platform == platform
    assert desk.wrong == []


def test_who_cancels_is_told_and_may_try_again(desk: Visit) -> None:
    page = desk.page
    choose(desk, "Instagram")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Instagram is not connected")).to_be_visible()

    page.get_by_role("button", name="Try again").click()
    page.get_by_label("Its username").fill("corner.cafe")
    page.get_by_role("button", name="Allow").click()

    expect(page.get_by_role("heading", name="Corner Cafe is connected")).to_be_visible()
    assert desk.wrong == []


def test_pages_are_picked_on_a_phone_by_keyboard(owner: Person, sandboxed: RunningSandbox, visit: Visits) -> None:
    for name in ("Bakery", "Bistro"):
        sandboxed.account("facebook", name.lower(), name=name)
    here = visit(owner, phone=True, elsewhere=(sandboxed.url,))
    page = here.open("/channels/connect/")
    choose(here, "Facebook")
    page.get_by_role("button", name="Allow").press("Enter")
    page.get_by_role("checkbox", name="Bistro").press("Space")
    page.get_by_role("button", name="Connect these").press("Enter")

    expect(page.get_by_role("heading", name="Bakery is connected")).to_be_visible()
    assert [channel.name for channel in Channel.objects.all()] == ["Bakery"]
    assert here.wrong == []


def test_a_permission_unticked_there_is_named_here_and_mended_by_reconnecting(desk: Visit) -> None:
    page = desk.page
    choose(desk, "TikTok")
    page.get_by_label("Its username").fill("corner.cafe")
    page.get_by_role("checkbox", name="Post content to TikTok").uncheck()
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_text("Chat33 was not allowed to publish videos and photos")).to_be_visible()

    page.get_by_role("button", name="Reconnect with every permission").click()
    page.get_by_role("button", name="Allow").click()

    expect(page.get_by_text("Working")).to_be_visible()
    assert Channel.objects.count() == 1
    assert desk.wrong == []


def test_disconnecting_says_what_stops_and_reconnecting_brings_it_back(
    owner: Person, sandboxed: RunningSandbox, visit: Visits
) -> None:
    channel = make_channel(owner.organization, "x", account=sandboxed.account("x"), name="Demo Coffee")
    make_post(channel, status=PostStatus.QUEUED)
    here = visit(owner, elsewhere=(sandboxed.url,))
    page = here.open("/channels/")
    page.get_by_role("button", name="More for Demo Coffee").click()
    page.get_by_role("link", name="Disconnect …").click()
    dialog = page.get_by_role("dialog", name="Disconnect Demo Coffee?")
    expect(dialog).to_contain_text("1 scheduled post uses this account")
    assert violations(page) == []

    dialog.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_text("Demo Coffee is disconnected.")).to_be_visible()
    page.get_by_role("button", name="Reconnect Demo Coffee").click()
    page.get_by_role("button", name="Allow").click()

    expect(page.get_by_role("heading", name="demo is connected")).to_be_visible()
    assert Channel.objects.get().pk == channel.pk
    assert here.wrong == []


@pytest.mark.parametrize("platform", ["facebook", "x"])
def test_the_consent_pages_are_sound_in_both_schemes_and_sizes(
    owner: Person, sandboxed: RunningSandbox, visit: Visits, platform: str
) -> None:
    sandboxed.account(platform, "bakery", name="The Bakery with a name that goes on and on until it has to wrap")
    wrong = []
    for phone in (False, True):
        here = visit(owner, phone=phone, elsewhere=(sandboxed.url,))
        page = here.open("/channels/connect/")
        choose(here, Platform(platform).label)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            wrong += violations(page)
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        wrong += here.wrong
    assert wrong == []
