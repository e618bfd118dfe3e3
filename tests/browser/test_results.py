"""Results in a browser: charts that can be read by keys, an event in a panel, and a feed that goes on by itself."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visits
from tests.factories import make_contact
from tests.people import Person
from tests.tracking.came_back import credit, store
from tracking.models import Axis
from tracking.settling import settle_due

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_chart_is_read_by_keys_and_says_the_same_as_its_table(owner: Person, visit: Visits) -> None:
    store(owner.organization, visitor="v1")
    store(owner.organization, "purchase", value="1234.5", currency="EUR", visitor="v1")
    here = visit(owner)
    page = here.open("/tracking/")
    page.get_by_role("link", name="Revenue in EUR").click()
    chart = page.locator("chart-figure")
    stage = chart.locator("[data-stage]")
    page.wait_for_function("() => document.querySelector('chart-figure')?.chart")
    stage.focus()
    page.keyboard.press("End")

    expect(chart.locator("[data-said]")).to_contain_text("Revenue in EUR 1,234.50 EUR")
    page.keyboard.press("ArrowLeft")
    expect(chart.locator("[data-said]")).to_contain_text("Revenue in EUR 0.00 EUR")
    page.keyboard.press("Escape")
    expect(chart.locator("[data-said]")).to_be_empty()
    assert "chart=revenue" in page.url
    assert here.wrong == []


def test_an_event_opens_beside_the_list(owner: Person, visit: Visits) -> None:
    store(owner.organization, "purchase", value="20", currency="EUR", order_ref="o-77")
    store(owner.organization, "signup")
    here = visit(owner)
    page = here.open("/tracking/events/")
    page.get_by_label("Event", exact=True).fill("purchase")
    page.get_by_role("button", name="Show", exact=True).last.click()
    page.wait_for_url("**name=purchase**")
    expect(page.locator(".event-name")).to_have_count(1)
    page.get_by_role("link", name="purchase").click()
    panel = page.get_by_role("dialog", name="purchase, 20.00 EUR")

    expect(panel).to_contain_text("o-77")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert here.wrong == []


def test_what_happens_appears_by_itself_until_it_is_paused(owner: Person, visit: Visits) -> None:
    here = visit(owner)
    page = here.open("/tracking/live/")
    expect(page.get_by_role("heading", name="Quiet")).to_be_visible()
    store(owner.organization, "signup")
    expect(page.locator(".feed-title", has_text="signup")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("live-feed.htmx-request")).to_have_count(0)  # what it had asked for before
    store(owner.organization, "lead")
    assert not page.locator("live-feed").evaluate("feed => { feed.tick(); return feed.matches('.htmx-request') }")
    expect(page.locator(".feed-title", has_text="lead")).to_have_count(0)
    page.get_by_role("button", name="Pause").click()

    expect(page.locator(".feed-title", has_text="lead")).to_be_visible()
    assert here.wrong == []


def test_on_a_phone_the_part_that_is_open_is_in_view(owner: Person, visit: Visits) -> None:
    here = visit(owner, phone=True)
    for path, name in (("/tracking/live/", "Live"), ("/links/domains/", "Domains"), ("/links/", "Links")):
        parts = here.open(path).locator(".tabs")
        expect(parts.get_by_role("link", name=name, exact=True)).to_be_in_viewport(ratio=0.9)
    assert here.wrong == []


def test_a_phone_says_at_each_row_what_is_unverified(owner: Person, visit: Visits) -> None:
    for axis, ref in ((Axis.CAMPAIGN, "spring"), (Axis.TOTAL, "")):
        credit(owner.organization, axis, ref, money="80", unverified="20", currency="EUR", share="3")
    store(owner.organization)
    row = visit(owner, phone=True).open("/tracking/revenue/").get_by_role("row", name="spring")

    expect(row.get_by_text("20.00 unverified")).to_be_visible()
    row = visit(owner).open("/tracking/revenue/").get_by_role("row", name="spring")
    expect(row.get_by_role("cell", name="20.00", exact=True)).to_be_visible()
    expect(row.get_by_text("20.00 unverified")).to_be_hidden()


TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
CLIPPED = """[...document.querySelectorAll(".tile, .entry")]
    .filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"""


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_long_names_and_large_sums_stay_where_they_belong(owner: Person, visit: Visits, phone: bool) -> None:
    company = owner.organization
    contact = make_contact(company, name="Wolfeschlegelsteinhausenbergerdorff Blaine")
    known: dict[str, Any] = {"contact_ref": contact.public_id, "campaign": "c" * 100, "influencer": "i" * 100}
    for currency in ("EUR", "JPY", "IDR"):
        store(company, "purchase", value="98765432109", currency=currency, order_ref=f"{currency}{'o' * 77}", **known)
        credit(company, Axis.TOTAL, "", money="98765432109", unverified="12345678901", currency=currency, days_ago=1)
    settle_due(seconds=60)
    here = visit(owner, phone=phone)

    for path in ("/tracking/", "/tracking/revenue/", "/tracking/events/", f"/contacts/{contact.public_id}/"):
        page = here.open(path)
        page.wait_for_load_state("networkidle")
        assert (path, page.evaluate(TOO_WIDE)) == (path, 0)
        assert (path, page.evaluate(CLIPPED)) == (path, [])
    assert here.wrong == []
