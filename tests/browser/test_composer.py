"""Composing as a person does it: written, checked, shown, kept, and never lost."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import FilePayload, Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from chat33.lib.clock import utcnow
from chat33.orgs.models import Role
from integrations.providers.rules import count
from posts.models import Media, Post
from posts.slots import set_slots
from tests.browser.conftest import Visit, Visits
from tests.factories import make_channel, make_member, make_post
from tests.media_files import jpeg
from tests.people import Person
from tests.posts.flow import stored

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NEW_YORK = ZoneInfo("America/New_York")
TEXTS = [
    "Good morning",
    "☕ 👩‍🌾👨‍👩‍👧‍👦 🇩🇪 ❤️ 1️⃣ emoji of many parts",
    "See https://example.com/a/long/path?with=much&more=1#here and example.com too",
    "日本語のテキスト 한국어 中文",
    "cafe\u0301 “quoted” – dashes — and … \u200d joined",
    "العربية עברית हिन्दी ไทย",
    "Line\nbreaks\n\nand   spaces ",
    "@someone #coffee $CASH 100% a_b@example.com",
]


@pytest.fixture(autouse=True)
def _own_address(settings: Settings, live_server: LiveServer) -> None:
    """Our files are where the pages are."""
    settings.BASE_URL = live_server.url


@pytest.fixture
def shop(owner: Person) -> Person:
    """Demo Coffee in New York, on three networks."""
    owner.organization.timezone = "America/New_York"
    owner.organization.save()
    for platform in ("instagram", "facebook", "x"):
        make_channel(owner.organization, platform, name=f"Coffee {platform}")
    return owner


def choose(page: Page, *names: str) -> None:
    for name in names:
        page.get_by_role("checkbox", name=re.compile(name)).check()


ANSWERED = """() => {
    const composer = document.querySelector("post-composer");
    return (composer.asked ?? 0) === composer.revision
        && !document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling");
}"""


def at_rest(page: Page) -> None:
    """Once the server has answered what is written now."""
    page.wait_for_function(ANSWERED)
    page.wait_for_load_state("networkidle")


def saved(page: Page) -> None:
    expect(page.locator("[data-state]")).to_contain_text("Draft saved")


def left(page: Page) -> dict[str, int]:
    counters = page.locator("#counter-common li")
    return {
        counter.get_attribute("data-unit") or "": int(counter.locator("[data-left]").inner_text())
        for counter in counters.all()
    }


def sound(*visits: Visit, but: str = "nothing") -> None:
    assert [text for visit in visits for text in visit.wrong if but not in text] == []


def test_a_picture_for_three_networks_with_another_text_for_one_tomorrow_at_nine(shop: Person, visit: Visits) -> None:
    stored(shop, "cup.jpg", jpeg(1080, 1080))
    media = Media.objects.get()
    tomorrow = (utcnow().astimezone(NEW_YORK) + timedelta(days=1)).date()
    here = visit(shop)
    page = here.open(f"/posts/new/?media={media.public_id}")

    choose(page, "Coffee instagram", "Coffee facebook", "Coffee x")
    page.get_by_label("Text for all accounts").fill("Our winter roast is here")
    page.get_by_role("tab", name="X", exact=True).click()
    page.get_by_label("A text of its own on X").check()
    page.get_by_label("Text on X").fill("Winter roast!")
    page.get_by_label("Alternative text of cup.jpg").fill("A red cup")
    page.get_by_label("At a time").check()
    page.get_by_label("Day", exact=True).fill(f"{tomorrow}")
    page.get_by_label("Time", exact=True).fill("09:00")
    expect(page.locator("#when-hint")).to_contain_text("09:00 E")
    expect(page.locator("#findings")).to_contain_text("All 3 accounts take it as it is")
    expect(page.locator(".look.is-x")).to_contain_text("Winter roast!")
    saved(page)
    page.get_by_role("button", name="Schedule").click()
    page.wait_for_url("**/posts/")

    at = datetime(tomorrow.year, tomorrow.month, tomorrow.day, 9, tzinfo=NEW_YORK)
    rows = Post.objects.order_by("id").values_list("channel__platform", "status", "scheduled_at", "text")
    assert list(rows) == [(name, "QUEUED", at, "Our winter roast is here") for name in ("instagram", "facebook", "x")]
    post = Post.objects.latest("id")
    assert post.platform_config == {"x": {"text": "Winter roast!"}, "altTexts": ["A red cup"]}
    assert page.evaluate("localStorage.length") == 0
    sound(here)


def test_the_counters_are_the_networks_own_at_rest(shop: Person, visit: Visits) -> None:
    make_channel(shop.organization, "tiktok", name="Coffee tiktok")
    make_channel(shop.organization, "youtube", name="Coffee youtube")
    here = visit(shop)
    page = here.open("/posts/new/")
    choose(page, "instagram", "tiktok", "youtube", "Coffee x")
    at_rest(page)
    limits = {"characters": 2200, "utf16": 2200, "bytes": 5000, "weighted": 280}

    for text in TEXTS:
        expected = {unit: limit - count(text, unit) for unit, limit in limits.items()}  # type: ignore[arg-type]
        page.get_by_label("Text for all accounts").fill(text)
        assert left(page) == expected, f"at once: {text}"
        at_rest(page)
        assert left(page) == expected, f"at rest: {text}"
    sound(here)


def test_a_fault_leads_to_its_field(shop: Person, visit: Visits) -> None:
    here = visit(shop)
    page = here.open("/posts/new/")
    choose(page, "Coffee x")
    page.get_by_role("tab", name="X", exact=True).click()
    page.get_by_label("A text of its own on X").check()
    page.get_by_label("Text on X").fill("a" * 300)
    page.get_by_role("tab", name="All", exact=True).click()

    page.get_by_role("button", name="at most 280 are allowed").click()
    expect(page.get_by_label("Text on X")).to_be_focused()

    page.get_by_role("tab", name="All", exact=True).click()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_label("Text on X")).to_be_focused()
    expect(page.get_by_label("Text on X")).to_have_attribute("aria-invalid", "true")
    assert not Post.objects.exclude(status="DRAFT").exists()
    sound(here, but="status of 422")


def test_a_session_that_ends_in_mid_compose_loses_nothing(shop: Person, visit: Visits) -> None:
    here = visit(shop)
    page = here.open("/posts/new/")
    choose(page, "Coffee x")
    page.get_by_label("Text for all accounts").fill("Before it ended")
    saved(page)
    at_rest(page)  # nothing that was asked before is answered after

    Session.objects.all().delete()
    page.get_by_label("Text for all accounts").fill("Written after it ended")
    dialog = page.get_by_role("dialog", name="You have been logged out")
    expect(dialog).to_be_visible()
    assert Post.objects.get().text == "Before it ended"

    with here.context.expect_page() as opened:
        dialog.get_by_role("link", name="Log in").click()
    login = opened.value
    login.get_by_label(re.compile("e-?mail", re.IGNORECASE)).fill(shop.user.email)
    login.get_by_label(re.compile("password", re.IGNORECASE)).first.fill("correct horse battery")
    login.get_by_role("button", name=re.compile("sign in|log in", re.IGNORECASE)).first.click()
    login.wait_for_url(lambda url: "login" not in url)
    dialog.get_by_role("button", name="Go on").click()

    saved(page)
    expect(page.get_by_label("Text for all accounts")).to_have_value("Written after it ended")
    assert Post.objects.get().text == "Written after it ended"
    sound(here, but="status of 401")


READ_LATER = """() => {
    const read = Response.prototype.json;
    Response.prototype.json = async function () {
        Response.prototype.json = read;
        await new Promise((done) => { window.readOn = done; });
        return read.call(this);
    };
}"""


def test_what_is_sent_before_the_answer_to_a_save_was_read_is_no_conflict(shop: Person, visit: Visits) -> None:
    here = visit(shop)
    page = here.open("/posts/new/")
    choose(page, "Coffee x")
    page.get_by_label("Text for all accounts").fill("Saved")
    saved(page)
    page.evaluate(READ_LATER)
    page.get_by_label("Text for all accounts").fill("Saved again")
    page.wait_for_function("() => Boolean(window.readOn)")
    page.keyboard.press("Control+Enter")
    page.evaluate("readOn()")
    page.wait_for_url("**/posts/")

    assert Post.objects.get().text == "Saved again"
    sound(here)


def test_what_a_crash_left_unsaved_is_offered_back(shop: Person, visit: Visits) -> None:
    here = visit(shop)
    page = here.open("/posts/new/")
    choose(page, "Coffee x")
    page.get_by_label("Text for all accounts").fill("Saved")
    saved(page)
    page.route("**/compose/save/", lambda route: route.abort())
    page.get_by_label("Text for all accounts").fill("Not saved any more")
    expect(page.locator("[data-state]")).to_contain_text("Kept in this browser")
    address = page.url
    page.close(run_before_unload=False)

    again = here.context.new_page()
    again.goto(address)
    expect(again.get_by_label("Text for all accounts")).to_have_value("Saved")
    again.get_by_role("button", name="Put it back").click()
    expect(again.get_by_label("Text for all accounts")).to_have_value("Not saved any more")
    saved(again)
    assert Post.objects.get().text == "Not saved any more"


def test_a_second_tab_does_not_write_over_the_first(shop: Person, visit: Visits) -> None:
    post = make_post(shop.organization.channels.get(platform="x"), text="Both begin here")
    here = visit(shop)
    one = here.open(f"/posts/{post.public_id}/edit/")
    two = here.context.new_page()
    two.goto(one.url)
    one.get_by_label("Text for all accounts").fill("From the first tab")
    saved(one)

    two.get_by_label("Text for all accounts").fill("From the second tab")
    expect(two.get_by_role("alert").filter(has_text="changed meanwhile")).to_be_visible()
    post.refresh_from_db()
    assert post.text == "From the first tab"

    two.get_by_role("button", name="Save mine over it").click()
    saved(two)
    post.refresh_from_db()
    assert post.text == "From the second tab"
    sound(here, but="status of 409")


def test_pictures_move_by_keyboard_and_go(shop: Person, visit: Visits) -> None:
    ids: list[str] = []
    for name in ("one", "two", "three"):
        stored(shop, f"{name}.jpg", jpeg(1080, 1080, seed=len(ids)))
        ids.append(Media.objects.latest("id").public_id)
    here = visit(shop)
    page = here.open("/posts/new/?" + "&".join(f"media={given}" for given in ids))
    choose(page, "Coffee facebook")

    page.get_by_role("button", name=re.compile("Move three")).focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator("[data-spoken]")).to_have_text("Number 1 of 3.")
    page.get_by_role("button", name="Remove one.jpg").click()
    saved(page)

    assert [url.rsplit("/", 1)[1] for url in Post.objects.get().media_urls] == ["three.jpg", "two.jpg"]
    sound(here)


def test_pictures_move_by_pointer(shop: Person, visit: Visits) -> None:
    ids: list[str] = []
    for name in ("one", "two", "three"):
        stored(shop, f"{name}.jpg", jpeg(1080, 1080, seed=len(ids)))
        ids.append(Media.objects.latest("id").public_id)
    here = visit(shop)
    page = here.open("/posts/new/?" + "&".join(f"media={given}" for given in ids))
    choose(page, "Coffee facebook")
    saved(page)
    at_rest(page)  # what comes moves what is there

    page.get_by_role("button", name=re.compile("Move one")).hover()
    page.mouse.down()
    expect(page.locator(".is-moving")).to_have_count(1)
    last = page.get_by_role("button", name=re.compile("Move three")).bounding_box()
    assert last
    page.mouse.move(last["x"] + 5, last["y"] + last["height"] + 20, steps=8)
    page.mouse.up()
    saved(page)

    assert [url.rsplit("/", 1)[1] for url in Post.objects.get().media_urls] == ["two.jpg", "three.jpg", "one.jpg"]
    sound(here)


def test_a_contributor_asks_and_an_editor_approves(shop: Person, teammate: Person, visit: Visits) -> None:
    contributor = Person(make_member(shop.organization, Role.CONTRIBUTOR, name="Kim"), shop.organization, "")
    theirs = visit(contributor)
    page = theirs.open("/posts/new/")
    choose(page, "Coffee x")
    page.get_by_label("Text for all accounts").fill("May this go out?")
    assert page.get_by_role("button", name="Publish now").count() == 0
    page.get_by_role("button", name="Ask for approval").click()
    page.get_by_label("A word to them").fill("Look at the tone")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.wait_for_url("**/posts/reviews/")
    assert page.get_by_role("button", name="Approve").count() == 0
    assert Post.objects.get().status == "DRAFT"

    editors = visit(teammate)
    queue = editors.open("/posts/reviews/")
    expect(queue.get_by_role("main")).to_contain_text("Look at the tone")
    expect(queue.locator(".look.is-x")).to_contain_text("May this go out?")
    queue.get_by_role("button", name="Approve").click()
    expect(queue.get_by_role("main")).to_contain_text("Nothing waits for approval")

    assert Post.objects.get().status == "QUEUED"
    sound(theirs, editors)


def test_leaving_asks_while_something_is_unsaved(shop: Person, visit: Visits) -> None:
    here = visit(shop)
    page = here.open("/posts/new/")
    page.get_by_label("Text for all accounts").fill("No account chosen yet")

    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog", name="Leave without saving?")).to_be_visible()
    page.get_by_role("button", name="Stay").click()
    expect(page.get_by_label("Text for all accounts")).to_have_value("No account chosen yet")
    sound(here)


def file_of(name: str, body: bytes, kind: str = "image/jpeg") -> FilePayload:
    return {"name": name, "mimeType": kind, "buffer": body}


def test_files_are_uploaded_and_picked(shop: Person, visit: Visits) -> None:
    stored(shop, "from-the-library.jpg", jpeg(1080, 1080))
    here = visit(shop)
    page = here.open("/posts/new/")
    choose(page, "Coffee facebook")

    page.locator(".compose-media input[type=file]").set_input_files([file_of("uploaded.jpg", jpeg(1080, 1080, seed=2))])
    expect(page.locator("[data-file] [data-name]")).to_have_text(["uploaded.jpg"])
    page.get_by_role("button", name="From the library").click()
    page.get_by_role("dialog").get_by_role("checkbox", name="from-the-library.jpg").check()
    page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("[data-file] [data-name]")).to_have_text(["uploaded.jpg", "from-the-library.jpg"])
    saved(page)

    expect(page.locator(".look.is-facebook img")).to_have_count(2)
    assert [url.rsplit("/", 1)[1] for url in Post.objects.get().media_urls] == ["uploaded.jpg", "from-the-library.jpg"]
    sound(here)


def test_hostile_files_get_a_clear_answer(shop: Person, visit: Visits) -> None:
    here = visit(shop)
    page = here.open("/posts/new/")
    choose(page, "Coffee facebook")
    script = b'<svg xmlns="http://www.w3.org/2000/svg"><script>window.ran = true</script></svg>'
    upload = page.locator(".compose-media input[type=file]")

    upload.set_input_files(
        [file_of("words.jpg", b"These are words, no picture."), file_of("drawn.png", script, "image/png")]
    )
    expect(page.locator(".upload.is-bad")).to_have_count(2)
    upload.set_input_files([file_of("../../<b>cup</b>.jpg", jpeg(1080, 1080))])
    expect(page.locator("[data-file] [data-name]")).to_have_count(1)

    name = page.locator("[data-file] [data-name]").inner_text()
    assert "/" not in name
    assert "<" not in name
    assert Media.objects.count() == 1
    assert page.evaluate("window.ran") is None
    sound(here, but="status of 400")


def test_it_goes_at_the_next_free_queue_time(shop: Person, visit: Visits) -> None:
    channel = shop.organization.channels.get(platform="x")
    set_slots(channel=channel, times=[(day, 9 * 60) for day in range(7)])
    here = visit(shop)
    ahead = utcnow().astimezone(NEW_YORK) + timedelta(days=30)
    page = here.open(f"/posts/new/?at={ahead:%Y-%m-%d}T14:30")
    expect(page.get_by_label("Day", exact=True)).to_have_value(f"{ahead:%Y-%m-%d}")
    expect(page.get_by_label("Time", exact=True)).to_have_value("14:30")
    choose(page, "Coffee x", "Coffee facebook")
    page.get_by_label("Text for all accounts").fill("From the queue")
    page.get_by_label("At the next free queue time").check()
    expect(page.locator("#slots-hint")).to_contain_text("09:00 E")
    expect(page.locator("#findings")).to_contain_text("Coffee facebook has no free queue time")

    page.get_by_role("checkbox", name=re.compile("Coffee facebook")).uncheck()
    expect(page.locator("#findings")).to_contain_text("X takes it as it is")
    page.get_by_role("button", name="Add to queue").click()
    page.wait_for_url("**/posts/")

    post = Post.objects.get(status="QUEUED")
    assert post.scheduled_at
    assert post.scheduled_at.astimezone(NEW_YORK).hour == 9
    sound(here)
