"""Contacts in a real browser: choosing many, finding by typing, and a timeline that goes on."""

import pytest
from playwright.sync_api import Route, expect

from contacts.models import Contact, Kind
from contacts.selectors import labels_of
from contacts.timeline import Told, tell
from tests.browser.conftest import Visits
from tests.contacts.scenes import crowd, one
from tests.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_many_are_chosen_with_shift_and_labelled(owner: Person, visit: Visits) -> None:
    crowd(owner)
    there = visit(owner)
    page = there.open("/contacts/")
    expect(page.get_by_role("toolbar")).to_be_hidden()
    boxes = page.locator(".pick")
    boxes.nth(0).check()
    boxes.nth(2).click(modifiers=["Shift"])
    expect(page.locator(".chosen-count")).to_have_text("3 chosen")
    page.get_by_role("button", name="Add label").first.click()
    page.get_by_label("Label to add").fill("Spring")
    page.get_by_label("Label to add").press("Enter")
    expect(page.locator("toast-note")).to_contain_text("Spring is on 3 contacts more")

    chosen = list(Contact.objects.order_by("-id")[:4])
    on = labels_of(chosen)
    assert [any(label.name == "Spring" for label in on[contact.pk]) for contact in chosen] == [True, True, True, False]
    assert there.wrong == []


def test_typing_finds_people_and_stays_in_the_address(owner: Person, visit: Visits) -> None:
    crowd(owner)
    there = visit(owner)
    page = there.open("/contacts/")
    page.get_by_label("Search contacts").fill("gra")
    expect(page.locator("contact-list tbody tr")).to_have_count(1)
    expect(page.locator("contact-list")).to_contain_text("Grace Hopper")
    page.reload()
    expect(page.locator("contact-list tbody tr")).to_have_count(1)
    page.locator(".pick-all").check()
    expect(page.locator(".chosen-count")).to_have_text("1 chosen")

    assert there.wrong == []


def test_who_is_found_is_found_by_all_that_was_asked(owner: Person, visit: Visits) -> None:
    crowd(owner)
    page = visit(owner).open("/contacts/")
    held: list[Route] = []
    page.route("**/contacts/?**", lambda route: held.append(route))
    page.get_by_label("Search contacts").press_sequentially("example")
    while len(held) < 1:
        page.wait_for_timeout(10)
    page.get_by_label("Label", exact=True).select_option("VIP")
    while len(held) < 2:
        page.wait_for_timeout(10)
    first, second = held
    first.continue_()
    expect(page.locator(".search .htmx-request")).to_have_count(0)
    second.continue_()

    expect(page.locator("contact-list tbody tr")).to_have_count(2)


def test_a_timeline_goes_on_and_a_label_comes_and_goes(owner: Person, visit: Visits) -> None:
    crowd(owner)
    ada = Contact.objects.get(name="Ada Byron")
    tell(
        Told(
            contact=ada.pk, organization=ada.organization_id, at=ada.created_at, kind=Kind.CLICK, title=f"Click {number}",
            key=f"click:{number}",
        )
        for number in range(40)
    )  # fmt: skip
    there = visit(owner, phone=True)
    page = there.open(one(owner))
    page.get_by_role("link", name="Older").click()
    expect(page.locator(".entry")).to_have_count(40 + 7 + 4)
    page.get_by_label("Label to add").fill("Regular")
    page.get_by_role("button", name="Add label").click()
    expect(page.get_by_role("button", name="Take Regular off")).to_be_visible()
    page.get_by_role("button", name="Take VIP off").click()
    expect(page.get_by_role("button", name="Take VIP off")).to_have_count(0)

    assert [label.name for label in labels_of([ada])[ada.pk]] == ["Purchased", "Regular", "Signed up"]
    assert there.wrong == []
