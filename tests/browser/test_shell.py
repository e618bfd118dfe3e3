"""The frame of every page, used as people use it: by keyboard, on a phone, and when the session has ended meanwhile."""

import re

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import Route, expect

from tests.browser.axe import AT_REST, violations
from tests.browser.conftest import DESKTOP, Visits
from tests.factories import make_channel, make_post
from tests.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_command_bar_leads_anywhere_by_keyboard(owner: Person, visit: Visits) -> None:
    here = visit(owner)
    page = here.open("/ui/")

    page.keyboard.press("Control+k")
    line = page.get_by_role("combobox", name="Search or go to")
    expect(line).to_be_focused()
    assert violations(page) == []
    line.fill("sett")
    expect(page.locator("#command-list [aria-selected=true]")).to_have_text("Settings")
    page.keyboard.press("Enter")

    page.wait_for_url("**/settings/**")
    assert here.wrong == []


def test_what_is_chosen_stays_chosen_when_more_is_found(owner: Person, visit: Visits) -> None:
    for text in ("Beans one", "Beans two"):
        make_post(make_channel(owner.organization, "instagram", name="Coffee"), text=text)
    page = visit(owner).open("/ui/")
    held: list[Route] = []
    page.route("**q=beans", lambda route: held.append(route))

    page.keyboard.press("Control+k")
    page.keyboard.type("bean")
    found = page.get_by_role("group", name="Found").get_by_role("option", name="Beans")
    expect(found).to_have_count(2)
    page.keyboard.type("s")
    page.keyboard.press("ArrowDown")
    expect(found.last).to_have_attribute("aria-selected", "true")
    found.last.evaluate("option => option.classList.add('before')")
    while not held:
        page.wait_for_timeout(10)
    held[0].continue_()
    expect(page.locator(".before")).to_have_count(0)

    expect(found.last).to_have_attribute("aria-selected", "true")


def test_two_keys_go_to_a_room_and_a_question_mark_lists_them(owner: Person, visit: Visits) -> None:
    here = visit(owner)
    page = here.open("/ui/")

    page.keyboard.press("?")
    listed = page.get_by_role("dialog", name="Keys")
    expect(listed).to_contain_text("Go to Home")
    expect(listed).to_contain_text("Search and commands")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("h")

    page.wait_for_url(f"{here.home}/")


def test_keys_do_nothing_while_somebody_types(owner: Person, visit: Visits) -> None:
    page = visit(owner).open("/ui/")
    page.get_by_label("Name", exact=True).fill("")
    page.keyboard.type("gh?")

    expect(page.get_by_label("Name", exact=True)).to_have_value("gh?")
    assert page.url.endswith("/ui/")


def test_a_toast_offers_the_way_back_and_is_dismissed(owner: Person, visit: Visits) -> None:
    here = visit(owner)
    page = here.open("/ui/")
    page.get_by_role("button", name="Say something").click()

    toast = page.locator("toast-note")
    expect(toast).to_contain_text("Moved to Tuesday, 09:00.")
    expect(toast.get_by_role("button", name="Undo")).to_be_visible()
    assert violations(page) == []
    toast.get_by_role("button", name="Dismiss").click()
    expect(toast).to_have_count(0)


def test_a_menu_at_the_foot_of_a_long_page_opens_where_it_is_seen(owner: Person, visit: Visits) -> None:
    page = visit(owner).open("/ui/")
    page.evaluate("document.querySelector('button.who[popovertarget=me]').click()")
    box = page.locator("#me").bounding_box()

    assert box is not None
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= DESKTOP["height"]


def test_colors_follow_the_choice_and_stay(owner: Person, visit: Visits) -> None:
    here = visit(owner)
    page = here.open("/ui/")
    page.locator("button.who[popovertarget=me]").click()
    page.get_by_role("button", name="Dark").click()
    page.evaluate(AT_REST)
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    dark = page.evaluate(ground)
    here.open("/ui/")

    assert page.evaluate(ground) == dark
    page.locator("button.who[popovertarget=me]").click()
    page.get_by_role("button", name="Light").click()
    page.evaluate(AT_REST)
    assert page.evaluate(ground) != dark


def test_on_a_phone_the_rooms_are_behind_the_menu_and_below(owner: Person, visit: Visits) -> None:
    here = visit(owner, phone=True)
    page = here.open("/ui/")

    expect(page.locator("#side")).to_be_hidden()
    page.get_by_role("button", name="Menu").tap()
    expect(page.locator("#side")).to_be_visible()
    assert violations(page) == []
    page.locator("#side").get_by_role("link", name="Home").tap()

    page.wait_for_url(f"{here.home}/")


def test_a_time_tells_the_viewer_s_own_clock(owner: Person, visit: Visits) -> None:
    here = visit(owner, timezone_id="America/New_York", locale="en-US")
    page = here.open("/ui/")
    time = page.locator("main time").first
    assert "UTC" in time.inner_text()

    time.hover()

    expect(time).to_have_attribute("title", re.compile("Your time: .*E[SD]T"))


def test_when_the_session_has_ended_the_page_stays_and_says_what_to_do(owner: Person, visit: Visits) -> None:
    here = visit(owner)
    page = here.open("/ui/")
    page.get_by_label("Name", exact=True).fill("Not to be lost")
    Session.objects.all().delete()

    page.evaluate("htmx.ajax('GET', '/ui/', {target: '#main', swap: 'innerHTML'})")

    told = page.get_by_role("dialog", name="You have been logged out")
    expect(told).to_be_visible()
    assert told.get_by_role("link", name="Log in").get_attribute("target") == "_blank"
    expect(page.get_by_label("Name", exact=True)).to_have_value("Not to be lost")


def test_the_first_tab_stop_skips_the_frame(owner: Person, visit: Visits) -> None:
    page = visit(owner).open("/ui/")
    page.keyboard.press("Tab")

    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
