"""Who asks not to be tracked is not: by the browser's signal, by the website's consent, in addresses, ever."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.tracking.pixel.places import Door, Site, snippet

pytestmark = pytest.mark.browser

GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
DNT = "Object.defineProperty(Navigator.prototype, 'doNotTrack', {get: () => '1'})"
NOTHING_LEAVES = "fetch = () => new Promise(() => {}); Navigator.prototype.sendBeacon = () => false"
CLICK = "0199a0b2-7c11-7d5e-8f00-1234567890ab"
AD = "from-an-ad"  # which no id of an event holds by chance
LANDING = f"/offer?cid=cmA&fid=welcome&ch=chan_1&c33={CLICK}&fbclid={AD}&utm_source=dm"


def kept(page: Page) -> object:
    """What the page's browser keeps of us."""
    return page.evaluate("document.cookie + Object.keys(localStorage)")


def nameless(door: Door) -> bool:
    """Whether nothing that ever came names the contact, the click or the visitor."""
    everything = "".join(request.body + str(request.headers) for request in door.requests)
    return not any(word in everything for word in ("cmA", CLICK, AD, "contactId", "visitor"))


@pytest.mark.parametrize("signal", [GPC, DNT], ids=["GPC", "DNT"])
def test_a_browser_s_wish_is_honoured_and_views_still_count(page: Page, site: Site, door: Door, signal: str) -> None:
    page.add_init_script(signal)
    page.goto(site.at(LANDING))
    page.evaluate("chat33.identify('cmA')")
    assert page.evaluate("chat33.getContactId()") is None
    page.evaluate("chat33.track('purchase', {value: 5, currency: 'EUR'})")
    (purchase,) = door.wait_for("purchase")
    page.goto(site.at("/next"))
    door.wait(3)

    assert nameless(door)
    assert kept(page) == ""
    assert purchase["url"] == site.at("/offer?utm_source=dm")
    assert (purchase["fid"], purchase["ch"], purchase["value"]) == ("welcome", "chan_1", 5)


def test_consent_does_not_outvote_the_browser(page: Page, site: Site, door: Door) -> None:
    page.add_init_script(GPC)
    page.goto(site.at(LANDING))
    page.evaluate("chat33.consent('granted')")
    page.evaluate("chat33.track('signup')")
    door.wait_for("signup")

    assert nameless(door)


def test_a_wish_made_later_forgets_what_was_known(visitor: BrowserContext, site: Site, door: Door) -> None:
    before = visitor.new_page()
    before.goto(site.at("/offer?cid=cmA"))
    door.wait(1)
    before.evaluate(NOTHING_LEAVES)
    before.evaluate("chat33.track('signup')")
    assert "c33." in str(kept(before))
    before.close()

    door.requests.clear()
    after = visitor.new_page()
    after.add_init_script(GPC)
    after.goto(site.at("/next"))
    door.wait_for("page_view", 2)
    assert nameless(door)
    assert kept(after) == ""


def test_queue_keeps_it_on_the_page_until_consent(page: Page, site: Site, door: Door) -> None:
    site.head = snippet(door, consent="queue")
    page.goto(site.at(LANDING))
    page.evaluate("chat33.track('lead')")
    page.evaluate("history.pushState({}, '', '/next')")
    assert door.stays_silent()
    assert kept(page) == ""

    page.evaluate("chat33.consent('granted')")
    events = door.wait(3)
    assert [event["event"] for event in events] == ["page_view", "lead", "page_view"]
    assert {event["contactId"] for event in events} == {"cmA"}
    assert events[0]["c33"] == CLICK
    page.goto(site.at("/later"))
    assert door.wait(4)[3]["contactId"] == "cmA"


@pytest.mark.parametrize("mode", ["queue", "off", "a word that nobody knows"])
def test_who_says_no_is_left_alone_for_good(page: Page, site: Site, door: Door, mode: str) -> None:
    site.head = snippet(door, consent=mode)
    page.goto(site.at(LANDING))
    page.evaluate("chat33.consent('denied')")
    page.evaluate("chat33.track('lead')")
    page.goto(site.at("/later"))
    page.evaluate("chat33.track('lead')")

    assert door.stays_silent()
    assert door.requests == []


def test_anonymous_counts_without_a_name_until_consent(page: Page, site: Site, door: Door) -> None:
    site.head = snippet(door, consent="anonymous")
    page.goto(site.at(LANDING))
    page.evaluate("chat33.track('lead')")
    door.wait(2)
    assert nameless(door)
    assert kept(page) == ""

    page.evaluate("chat33.consent('granted')")
    page.evaluate("chat33.track('signup')")
    (signup,) = door.wait_for("signup")
    assert (signup["contactId"], signup["fid"]) == ("cmA", "welcome")
    assert len(door.named("page_view")) == 1


def test_anonymous_still_counts_who_says_no(page: Page, site: Site, door: Door) -> None:
    site.head = snippet(door, consent="anonymous")
    page.goto(site.at(LANDING))
    page.evaluate("chat33.consent('denied')")
    page.goto(site.at("/later"))
    door.wait(2)

    assert [event["event"] for event in door.accepted] == ["page_view", "page_view"]
    assert nameless(door)


def test_off_reports_nothing_before_consent(page: Page, site: Site, door: Door) -> None:
    site.head = snippet(door, consent="off")
    page.goto(site.at(LANDING))
    page.evaluate("chat33.track('lead')")
    assert door.stays_silent()

    page.evaluate("chat33.consent('granted')")
    (event,) = door.wait(1)
    assert (event["event"], event["contactId"]) == ("page_view", "cmA")


def test_consent_that_is_withdrawn_leaves_nothing(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at(LANDING))
    door.wait(1)
    page.evaluate(NOTHING_LEAVES)
    page.evaluate("chat33.track('lead')")
    assert "c33." in str(kept(page))  # it waits
    page.evaluate("chat33.consent('denied')")
    assert re.fullmatch(r"c33=denied~~~~~\d+", str(kept(page)))  # that word and when, nothing else

    page.goto(site.at("/later?cid=cmA"))
    assert door.stays_silent()
    page.evaluate("chat33.consent('granted')")
    page.evaluate("chat33.track('signup')")
    (signup,) = door.wait_for("signup")
    assert signup["visitor"] != door.accepted[0]["visitor"]


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("/search?q=divorce&token=abc&utm_campaign=may", "/search?utm_campaign=may"),
        ("/a?gclid=1&fbclid=2&ttclid=3&msclkid=4&wbraid=5", "/a?gclid=1&fbclid=2&ttclid=3&msclkid=4&wbraid=5"),
        ("/a?utm_source=jo%40example.com&utm_term=x", "/a?utm_term=x"),
        ("/users/jo@example.com/orders", "/users/-/orders"),
        ("/users/jo.b%40example.co.uk", "/users/-"),
        ("/@baker/bread@2.0", "/@baker/bread@2.0"),
        ("/a?email=jo@example.com#jo@example.com", "/a"),
        ("/app#/users/jo@example.com?token=abc", "/app#/users/-"),
    ],
)
def test_addresses_are_told_without_what_is_nobody_s_business(
    page: Page, site: Site, door: Door, path: str, left: str
) -> None:
    page.goto(site.at(path))

    assert door.wait(1)[0]["url"] == site.at(left)


def test_so_are_the_pages_that_somebody_came_from(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/menu"), referer=site.at("/reset?token=abc&email=jo@example.com"))

    assert door.wait(1)[0]["referrer"] == site.at("/reset")


def test_a_website_that_sends_whole_referrers_sends_us_none(page: Page, site: Site, door: Door) -> None:
    site.head = '<meta name="referrer" content="unsafe-url">' + snippet(door)
    page.goto(site.at("/menu?secret=1"))
    door.wait(1)

    assert "referer" not in door.requests[0].headers
