"""A marketer's first day, from signing up to a failure understood and mended, on a desk and on a phone."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import FilePayload, Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from chat33.lib.clock import utcnow
from chat33.orgs.models import OutgoingEmail
from posts.models import Post
from tests.browser.conftest import Visit, Visits
from tests.media_files import jpeg
from tests.posts.flow import publish
from tests.sandboxes import RunningSandbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NEW_YORK = ZoneInfo("America/New_York")
NETWORKS = ("Instagram", "Facebook", "X")


@pytest.fixture
def world(sandboxed: RunningSandbox, settings: Settings, live_server: LiveServer) -> RunningSandbox:
    """The networks, which fetch our files from where the pages are."""
    settings.BASE_URL = live_server.url
    return sandboxed


def sign_up(here: Visit) -> None:
    page = here.open("/accounts/signup/")
    page.get_by_label("Your name").fill("Ana")
    page.get_by_label("E-mail").fill("ana@example.com")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_label("Organization").fill("Ana's Flowers")
    page.get_by_role("button", name="Create account").click()
    page.get_by_role("heading", name="Look at your e-mail").wait_for()
    link = re.search(r"https?://[^/\s]+(/\S+)", OutgoingEmail.objects.latest("id").text)
    assert link
    here.open(link[1])
    page.get_by_role("button", name="Yes, confirm").click()
    page.get_by_role("heading", name="Connect your first account").wait_for()


def connect(here: Visit, network: str) -> None:
    page = here.open("/channels/connect/")
    page.get_by_role("button", name=f"Connect {network}, practice", exact=True).click()
    page.get_by_label("Its username").fill("anas.flowers")
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("heading", name=re.compile("is connected"))).to_be_visible()


def compose(page: Page, day: datetime) -> None:
    for name in page.get_by_role("checkbox", name=re.compile("Flowers")).all():
        name.check()
    page.get_by_label("Text for all accounts").fill("Tulips are in")
    page.get_by_role("tab", name="X", exact=True).click()
    page.get_by_label("A text of its own on X").check()
    page.get_by_label("Text on X").fill("Tulips!")
    picture = FilePayload(name="tulips.jpg", mimeType="image/jpeg", buffer=jpeg(1080, 1080))
    page.locator("input[type=file]").first.set_input_files(picture)
    page.get_by_label("Alternative text of tulips.jpg").fill("Red tulips in a bucket")
    page.get_by_label("At a time").check()
    page.get_by_label("Day", exact=True).fill(f"{day:%Y-%m-%d}")
    page.get_by_label("Time", exact=True).fill("09:00")
    expect(page.locator("#findings")).to_contain_text("All 3 accounts take it as it is")
    page.get_by_role("button", name="Schedule").click()
    page.wait_for_url("**/posts/")


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_from_signing_up_to_a_failure_mended(world: RunningSandbox, visit: Visits, phone: bool) -> None:
    here = visit(phone=phone, timezone_id="America/New_York", elsewhere=(world.url,))
    sign_up(here)
    for network in NETWORKS:
        connect(here, network)
    page = here.open("/posts/new/")
    tomorrow = (utcnow().astimezone(NEW_YORK) + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
    compose(page, tomorrow)
    assert {post.scheduled_at for post in Post.objects.all()} == {tomorrow}

    x = Post.objects.get(channel__platform="x")
    if not phone:
        here.open(f"/posts/?view=week&date={tomorrow:%Y-%m-%d}")
        page.locator(f"#card-{x.public_id}").focus()
        page.keyboard.press("Space")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Space")
        expect(page.locator("toast-note")).to_contain_text("10:00")
        assert Post.objects.get(pk=x.pk).scheduled_at == tomorrow + timedelta(hours=1)

    for post in Post.objects.exclude(pk=x.pk):
        here.open(f"/posts/{post.public_id}/")
        page.get_by_role("button", name="Publish now").click()
        page.get_by_role("dialog").get_by_role("button", name="Publish now").click()
        expect(page.locator("toast-note")).to_contain_text("It goes out now.")
        assert publish(post, world).status == "PUBLISHED"
    assert [one["text"] for one in world.posts("instagram")] == ["Tulips are in"]
    assert [one["text"] for one in world.posts("facebook")] == ["Tulips are in"]

    world.rule(
        "x", "commit", "error", times=1, status=403, body={"detail": "You are not permitted to perform this action."}
    )
    here.open(f"/posts/{x.public_id}/")
    page.get_by_role("button", name="Publish now").click()
    page.get_by_role("dialog").get_by_role("button", name="Publish now").click()
    expect(page.locator("toast-note")).to_contain_text("It goes out now.")
    failed = publish(x, world)
    assert failed.status == "FAILED"
    here.open(f"/posts/{x.public_id}/")
    expect(page.get_by_role("main")).to_contain_text(str(failed.error_message))
    page.get_by_role("button", name="Retry").first.click()
    expect(page.locator("toast-note")).to_contain_text("It goes out again in a moment.")
    assert publish(x, world).status == "PUBLISHED"
    assert [one["text"] for one in world.posts("x")] == ["Tulips!"]
    here.open(f"/posts/{x.public_id}/")
    expect(page.get_by_role("main")).to_contain_text("It is live.")
    assert here.wrong == []
