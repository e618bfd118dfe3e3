"""Making links in a browser: what is built is seen while it is written, and kept when asked."""

import pytest
from playwright.sync_api import expect

from chat33.lib.clock import utcnow
from tests.browser.conftest import Visits
from tests.people import Person
from tests.tracking.links import count_clicks, make_link
from tracking.models import Link

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_preview_follows_what_is_written_and_the_link_is_made(owner: Person, visit: Visits) -> None:
    here = visit(owner)
    page = here.open("/links/new/")
    page.get_by_label("Destination").fill("https://shop.example/spring")
    page.get_by_label("Short address").fill("spring-26")
    preview = page.get_by_role("region", name="Preview")

    expect(preview).to_contain_text("/l/spring-26")
    expect(preview.locator("dd").last).to_have_text("https://shop.example/spring")
    page.get_by_text("Campaign", exact=True).first.click()
    page.get_by_label("Campaign source").fill("Instagram")
    page.get_by_label("Campaign medium").fill("social")
    page.get_by_label("Campaign name").fill("Spring Sale")
    expect(preview).to_contain_text("utm_campaign=spring-sale")
    expect(preview).to_contain_text("Organic Social")
    page.get_by_role("button", name="Make the link").click()

    page.wait_for_url("**/links/link_*/")
    expect(page.get_by_role("img", name="QR code of")).to_be_visible()
    assert Link.objects.get().code == "spring-26"
    assert here.wrong == []


def test_the_utm_builder_builds_while_one_writes_and_stands_in_the_address(owner: Person, visit: Visits) -> None:
    here = visit(owner)
    page = here.open("/links/utm/")
    for label, words in (
        ("Website address", "https://shop.example/"), ("Campaign source", "ig"), ("Campaign medium", "dm"),
        ("Campaign name", "May"),
    ):  # fmt: skip
        page.get_by_label(label).fill(words)

    link = page.get_by_role("region", name="The link", exact=True)
    expect(link).to_contain_text("https://shop.example/?utm_source=ig&utm_medium=dm&utm_campaign=may")
    page.reload()
    expect(link).to_contain_text("utm_campaign=may")
    link.get_by_role("link", name="Make a short link of it").click()
    expect(page.get_by_label("Destination")).to_have_value("https://shop.example/")
    assert here.wrong == []


@pytest.mark.parametrize("path", ["/links/domains/", "/settings/integrations/"])
def test_on_a_phone_one_sees_which_of_many_tabs_one_is_at(owner: Person, visit: Visits, path: str) -> None:
    page = visit(owner, phone=True).open(path)

    here = page.locator("main :is(.tabs, .subnav) [aria-current]")
    expect(here).to_be_in_viewport(ratio=0.9)  # a pixel of it lies under the row's line


def test_a_phone_shows_the_chart_of_each_link(owner: Person, visit: Visits) -> None:
    link = make_link(owner.organization, title="Spring")
    count_clicks(link, utcnow().date(), 7)
    page = visit(owner, phone=True).open("/links/")

    expect(page.get_by_role("img", name="7 clicks in 28 days")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Copy the short address of Spring")).to_be_in_viewport(ratio=1)
