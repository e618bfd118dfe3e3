"""Who comes by a link is known on the pages that follow, and nowhere else."""

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.tracking.pixel.places import Door, Site, snippet

pytestmark = pytest.mark.browser

CLICK = "0199a0b2-7c11-7d5e-8f00-1234567890ab"


def told(page: Page, name: str) -> object:
    return page.evaluate(f"chat33.{name}()")


def test_who_comes_by_a_link_is_known_on_the_pages_that_follow(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/offer?cid=cmA&fid=welcome&ch=chan_1"))
    assert told(page, "getContactId") == "cmA"
    page.goto(site.at("/checkout"))
    page.evaluate("chat33.track('purchase', {value: 49.99, currency: 'USD'})")
    (purchase,) = door.wait_for("purchase")

    assert (purchase["contactId"], purchase["fid"], purchase["ch"]) == ("cmA", "welcome", "chan_1")
    assert len({event["visitor"] for event in door.accepted}) == 1


@pytest.mark.parametrize("host", ["shop.bakery.co.uk", "bakery.co.uk", "a.b.bakery.co.uk"])
def test_and_on_the_site_s_other_subdomains(page: Page, site: Site, door: Door, host: str) -> None:
    page.goto(site.at("/offer?cid=cmA&fid=welcome"))
    page.goto(site.at("/", host))
    events = door.wait(2)

    assert [(event["contactId"], event["fid"]) for event in events] == [("cmA", "welcome")] * 2
    assert events[0]["visitor"] == events[1]["visitor"]


def test_but_not_at_a_neighbour_of_the_same_public_suffix(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/offer?cid=cmA"))
    door.wait(1)  # another origin's outbox sends nothing of this one's, and may be faster
    page.goto(site.at("/", "www.butcher.co.uk"))
    first, second = door.wait(2)

    assert "contactId" not in second
    assert first["visitor"] != second["visitor"]


def test_it_leaves_one_cookie_of_the_whole_site(visitor: BrowserContext, page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/offer?cid=cmA"))
    page.goto(site.at("/", "shop.bakery.co.uk"))
    door.wait(2)

    (cookie,) = visitor.cookies()
    assert (cookie["name"], cookie["domain"], cookie["path"], cookie["sameSite"]) == (
        "c33",
        ".bakery.co.uk",
        "/",
        "Lax",
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "shop.localhost"])
def test_a_host_without_a_domain_remembers_too(page: Page, site: Site, door: Door, host: str) -> None:
    page.goto(site.at("/offer?cid=cmA", host))
    page.goto(site.at("/next", host))

    assert [event["contactId"] for event in door.wait(2)] == ["cmA", "cmA"]


def test_a_browser_without_cookies_knows_it_on_that_page(page: Page, site: Site, door: Door) -> None:
    page.add_init_script("Object.defineProperty(document, 'cookie', {get() { throw new Error() }, set() {}})")
    page.goto(site.at("/offer?cid=cmA"))
    page.evaluate("chat33.track('signup')")
    first, second = door.wait(2)

    assert (second["contactId"], second["visitor"]) == ("cmA", first["visitor"])


def test_the_website_can_say_who_it_is(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/account"))
    assert told(page, "getContactId") is None
    page.evaluate("chat33.identify('cmB')")
    assert told(page, "getContactId") == "cmB"
    page.goto(site.at("/next"))

    assert [event.get("contactId") for event in door.wait(2)] == [None, "cmB"]


@pytest.mark.parametrize("wrong", ["'jo@example.com'", "'two words'", "{}", "'" + "x" * 65 + "'"])
def test_what_is_no_contact_id_changes_nothing(page: Page, site: Site, wrong: str) -> None:
    page.goto(site.at("/offer?cid=cmA"))
    page.evaluate(f"chat33.identify({wrong})")

    assert told(page, "getContactId") == "cmA"


def test_who_logs_out_is_forgotten(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/offer?cid=cmA&fid=welcome"))
    page.evaluate("chat33.identify(null)")
    page.goto(site.at("/next"))
    first, second = door.wait(2)

    assert not {"contactId", "fid"} & second.keys()
    assert second["visitor"] != first["visitor"]


def test_another_person_has_not_come_by_the_first_one_s_link(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/offer?cid=cmA&fid=welcome&ch=chan_1"))
    page.evaluate("chat33.identify('cmB')")
    page.evaluate("history.pushState({}, '', '/account?cid=cmA&fid=welcome&ch=chan_1')")
    second = door.wait(2)[1]

    assert second["contactId"] == "cmB"
    assert not {"fid", "ch"} & second.keys()


def test_a_later_link_replaces_where_somebody_came_from(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/offer?cid=cmA&fid=welcome&ch=chan_1"))
    page.goto(site.at("/offer?fid=autumn"))
    second = door.wait(2)[1]

    assert (second["contactId"], second["fid"]) == ("cmA", "autumn")
    assert "ch" not in second


def test_the_click_that_led_here_is_told_on_arrival_alone(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at(f"/offer?cid=cmA&c33={CLICK}"))
    page.goto(site.at("/next"))
    arrival, later = door.wait(2)

    assert arrival["c33"] == CLICK
    assert arrival["url"] == site.at(f"/offer?cid=cmA&c33={CLICK}")
    assert "c33" not in later


def test_a_forged_id_is_no_id(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/offer?cid=%3Cscript%3E&fid=a~b&c33=a%20b"))

    assert not {"contactId", "fid", "c33"} & door.wait(1)[0].keys()


def test_calls_made_before_it_loaded_are_heard(page: Page, site: Site, door: Door) -> None:
    site.head = (
        "<script>window.chat33=window.chat33||{q:[]};['track','identify','consent'].forEach(function(name){"
        "chat33[name]=function(){chat33.q.push([name].concat([].slice.call(arguments)))}});"
        "chat33.track('lead',{source:'form'});chat33.identify('cmB')</script>"
        + snippet(door).replace("<script", "<script async")
    )
    page.goto(site.at("/"))
    view, lead = door.wait(2)

    assert (view["event"], view["contactId"]) == ("page_view", "cmB")
    assert (lead["event"], lead["contactId"], lead["metadata"]) == ("lead", "cmB", {"source": "form"})
    assert view["occurredAt"] < lead["occurredAt"]
