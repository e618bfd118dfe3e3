"""The calendar in a real Chromium: by keyboard, by pointer, several at once; and a file of posts."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from chat33.lib.clock import utcnow
from integrations.models import Channel
from posts.imports import run_imports
from posts.models import Post, PostStatus
from tests.browser.conftest import Visits
from tests.factories import make_channel, make_post
from tests.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def account(owner: Person) -> Channel:
    """Demo Coffee on X, its organization in New York."""
    owner.organization.timezone = "America/New_York"
    owner.organization.save()
    return make_channel(owner.organization, "x", name="Demo Coffee")


def middle() -> datetime:
    """14:30 UTC on a Wednesday ahead with its whole week in one month and no change of clocks near."""
    day = utcnow().replace(hour=14, minute=30, second=0, microsecond=0) + timedelta(days=7)
    while day.weekday() != 2 or not 8 <= day.day <= 20 or day.month in (3, 11):
        day += timedelta(days=1)
    return day


def scheduled(account: Channel, at: datetime, text: str) -> Post:
    return make_post(account, status=PostStatus.QUEUED, scheduled_at=at, due_at=at, text=text)


def calendar(at: datetime, view: str = "month") -> str:
    return f"/posts/?view={view}&date={at:%Y-%m-%d}"


def at_of(post: Post) -> datetime | None:
    return Post.objects.get(pk=post.pk).scheduled_at


def test_a_post_is_moved_by_keyboard_told_aloud_and_taken_back(owner: Person, account: Channel, visit: Visits) -> None:
    at = middle()
    post = scheduled(account, at, "Fresh beans")
    here = visit(owner)
    page = here.open(calendar(at))
    card, live = page.locator(f"#card-{post.public_id}"), page.locator("[data-live]")

    card.focus()
    page.keyboard.press("Space")
    expect(live).to_contain_text("Picked up")
    page.keyboard.press("ArrowRight")
    expect(live).to_have_text(f"{at + timedelta(days=1):%A} {at.day + 1} {at:%B}")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(live).to_have_text("Left where it was.")
    assert at_of(post) == at

    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.locator("toast-note")).to_contain_text(f"Moved to {at + timedelta(days=8):%A}")
    assert at_of(post) == at + timedelta(days=8)
    expect(card).to_be_focused()

    page.keyboard.press("Control+z")
    expect(page.locator("toast-note").last).to_contain_text("Undone.")
    assert at_of(post) == at
    expect(page.locator(f"[data-day='{at:%Y-%m-%d}'] [data-post]")).to_have_count(1)
    assert here.wrong == []


def test_a_post_is_dragged_to_another_hour_of_another_day(owner: Person, account: Channel, visit: Visits) -> None:
    at = middle()
    post = scheduled(account, at, "Fresh beans")
    here = visit(owner)
    page = here.open(calendar(at, "week"))
    target = at + timedelta(days=2)

    page.locator(f"[data-post='{post.public_id}']").drag_to(
        page.locator(f"[data-day='{target:%Y-%m-%d}'][data-hour='11']")
    )

    expect(page.locator("toast-note")).to_contain_text("11:30")
    moved = at_of(post)
    assert moved is not None
    assert f"{moved.astimezone(ZoneInfo('America/New_York')):%d %H:%M}" == f"{target:%d} 11:30"
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(f"[data-day='{at:%Y-%m-%d}'] [data-post]")).to_have_count(1)
    assert at_of(post) == at
    assert here.wrong == []


def test_n_on_a_day_writes_a_post_for_it(owner: Person, account: Channel, visit: Visits) -> None:
    at = middle()
    here = visit(owner)
    page = here.open(calendar(at))

    page.locator(f"[data-day='{at:%Y-%m-%d}'] .day-link").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(f"[data-day='{at + timedelta(days=1):%Y-%m-%d}'] .day-link")).to_be_focused()
    with page.expect_request(f"**/posts/new/?at={at + timedelta(days=1):%Y-%m-%d}T09:00"):
        page.keyboard.press("n")


def test_several_are_selected_and_moved_and_taken_back(owner: Person, account: Channel, visit: Visits) -> None:
    at = middle()
    posts = [scheduled(account, at + timedelta(minutes=number), f"Post {number}") for number in range(4)]
    make_post(account, status=PostStatus.PUBLISHED, scheduled_at=at, published_at=at, text="Out already")
    here = visit(owner)
    page = here.open(calendar(at, "day"))

    page.locator(f"#pick-{posts[0].public_id}").check()
    page.locator(f"#pick-{posts[2].public_id}").click(modifiers=["Shift"])
    expect(page.locator("[data-count]")).to_contain_text("selected")
    page.get_by_role("button", name="Select all shown").click()
    expect(page.locator("[data-count]")).to_have_text("5 selected")
    page.get_by_role("button", name="Move …").click()
    page.get_by_label("Days").fill("7")
    page.locator("#selection-move").get_by_role("button", name="Move", exact=True).click()

    expect(page.locator("toast-note")).to_contain_text("Moved 4 posts.")
    expect(page.locator(".alert")).to_contain_text("Duplicate it to post it again")
    assert [at_of(post) for post in posts] == [at + timedelta(days=7, minutes=number) for number in range(4)]
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-post]")).to_have_count(5)
    assert at_of(posts[3]) == at + timedelta(minutes=3)
    assert here.wrong == []


def test_what_is_being_published_shows_by_itself_when_it_is_out(owner: Person, account: Channel, visit: Visits) -> None:
    at = utcnow()
    post = make_post(account, status=PostStatus.PUBLISHING, scheduled_at=at, text="On its way")
    here = visit(owner)
    page = here.open("/posts/?view=list&list=past")
    expect(page.locator(".pill")).to_have_text("Publishing")

    Post.objects.filter(pk=post.pk).update(status=PostStatus.PUBLISHED, published_at=at)

    expect(page.locator(".pill")).to_have_text("Published")
    assert here.wrong == []


def test_a_file_of_posts_is_checked_and_made(owner: Person, account: Channel, visit: Visits, tmp_path: Path) -> None:
    file = tmp_path / "may.csv"
    file.write_text("text,accounts,status\nHello,x,draft\nBad,nobody,draft\n")
    here = visit(owner)
    page = here.open("/posts/import/")

    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Upload and check").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    run_imports(seconds=60)
    page.get_by_role("button", name="Create 1 post").click()
    expect(page.get_by_text("You may leave this page")).to_be_visible()
    run_imports(seconds=60)

    expect(page.get_by_text("post made")).to_be_visible()
    assert Post.objects.get().text == "Hello"
    assert here.wrong == []


def test_on_a_phone_a_month_is_a_list_by_day(owner: Person, account: Channel, visit: Visits) -> None:
    at = middle()
    scheduled(account, at, "Fresh beans")
    here = visit(owner, phone=True)
    page = here.open(calendar(at))

    expect(page.locator(f"[data-day='{at:%Y-%m-%d}']")).to_be_visible()
    expect(page.locator(f"[data-day='{at + timedelta(days=1):%Y-%m-%d}']")).to_be_hidden()
    expect(page.locator(f"[data-day='{at:%Y-%m-%d}'] .day-name").first).to_have_text(f"{at:%A}")
