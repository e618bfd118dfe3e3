"""Page views come by themselves, from single-page applications too."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Page

from tests.tracking.pixel.places import TOKEN, Door, Site, snippet

pytestmark = pytest.mark.browser


def paths(door: Door) -> list[str]:
    return [event["url"].partition(".co.uk")[2].partition("/")[2] for event in door.named("page_view")]


def test_a_page_that_is_opened_is_one_view(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/menu"), referer=site.at("/?utm_source=news&session=1"))

    (event,) = door.wait(1)
    assert event["event"] == "page_view"
    assert event["url"] == site.at("/menu")
    assert event["referrer"] == site.at("/?utm_source=news")
    assert UUID(event["eventId"]).version == 7
    assert UUID(event["visitor"]).version == 7
    assert abs(datetime.now(UTC) - datetime.fromisoformat(event["occurredAt"])) < timedelta(minutes=1)
    assert not {"contactId", "fid", "ch", "c33", "value", "currency"} & event.keys()
    (sent,) = door.requests
    assert sent.path == "/api/pixel"
    assert TOKEN in sent.body


def test_it_is_sent_without_preflight_cookies_or_referrer(page: Page, site: Site, door: Door) -> None:
    page.context.add_cookies([{"name": "sessionid", "value": "secret", "url": door.url}])
    page.goto(site.at("/menu?cid=cmA"))
    door.wait(1)

    (sent,) = door.requests
    assert sent.method == "POST"
    assert sent.headers["content-type"].startswith("text/plain")
    assert sent.headers["origin"] == site.at("")
    assert not {"cookie", "referer"} & sent.headers.keys()


def test_pages_of_a_single_page_application_are_viewed(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/"))
    page.evaluate("history.pushState({}, '', '/bread')")
    page.evaluate("history.pushState({}, '', '/bread?page=2')")
    page.evaluate("history.replaceState({}, '', '/cake')")
    page.go_back()
    events = door.wait(5)

    assert paths(door) == ["", "bread", "bread", "cake", "bread"]
    assert [event.get("referrer", "") for event in events][1:3] == [site.at("/"), site.at("/bread")]
    assert len({event["eventId"] for event in events}) == 5


def test_what_is_no_new_page_is_no_view(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/bread?utm_source=news"))
    page.evaluate("history.replaceState({}, '', '/bread')")
    page.evaluate("history.replaceState({}, '', '/bread?search=ry')")
    page.evaluate("history.replaceState({}, '', '/bread?search=rye')")
    page.evaluate("history.pushState({}, '', '/bread?search=rye')")
    page.evaluate("location.hash = 'prices'")
    page.evaluate("chat33.track('end')")
    door.wait_for("end")

    assert paths(door) == ["bread?utm_source=news"]


def test_routes_in_the_fragment_are_pages(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/app#/basket"))
    page.evaluate("location.hash = '#/pay?card=4242'")
    door.wait(2)

    assert paths(door) == ["app#/basket", "app#/pay"]


def test_the_site_s_own_history_calls_work_as_before(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/"))

    assert page.evaluate("(history.pushState({n: 1}, '', '/bread'), history.state.n)") == 1
    assert page.evaluate("try { history.pushState({}, '', 'http://elsewhere.co.uk/') } catch (e) { e.name }") == (
        "SecurityError"
    )


def test_a_page_drawn_ahead_is_viewed_when_somebody_looks(page: Page, site: Site, door: Door) -> None:
    page.add_init_script(
        "let ahead = true; Object.defineProperty(Document.prototype, 'prerendering', {get: () => ahead});"
        "window.look = () => { ahead = false; document.dispatchEvent(new Event('prerenderingchange')) }"
    )
    page.goto(site.at("/menu?cid=cmA"))
    page.evaluate("chat33.track('early')")
    assert door.stays_silent()

    page.evaluate("look()")
    door.wait(2)
    assert {(event["event"], event["contactId"]) for event in door.accepted} == {
        ("page_view", "cmA"),
        ("early", "cmA"),
    }


def test_two_copies_of_the_tag_are_one_pixel(page: Page, site: Site, door: Door) -> None:
    site.head = snippet(door) * 2
    page.goto(site.at("/menu"))
    page.evaluate("chat33.track('end')")
    door.wait_for("end")

    assert paths(door) == ["menu"]


def test_another_host_may_take_the_reports(page: Page, site: Site, door: Door) -> None:
    site.head = snippet(door, host=door.url.replace("127.0.0.1", "t.bakery.co.uk"))
    page.goto(site.at("/menu"))
    door.wait(1)

    assert door.requests[0].headers["host"].startswith("t.bakery.co.uk:")
