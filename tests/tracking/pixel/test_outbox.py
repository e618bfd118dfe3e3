"""What was reported arrives, once: after a closed tab, an hour without a network, a door that fails, from several tabs."""

from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.tracking.pixel.places import PATIENCE, Door, Received, Site, until

pytestmark = pytest.mark.browser

SAFE = "shop.localhost"  # a secure context, as a website on https is: there are locks between tabs


def waiting(page: Page) -> int:
    found: int = page.evaluate("Object.keys(localStorage).length")
    return found


def test_what_has_arrived_waits_no_longer(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/"))
    page.evaluate("chat33.track('signup')")
    door.wait_for("signup")

    until(lambda: waiting(page) == 0)


def test_a_closed_tab_loses_nothing(visitor: BrowserContext, site: Site, door: Door) -> None:
    door.status = lambda _: 0
    page = visitor.new_page()
    page.goto(site.at("/checkout?cid=cmA"))
    page.evaluate("chat33.track('purchase', {value: 5, currency: 'EUR'})")
    door.wait(1, "requests")
    page.close()

    door.status = lambda _: 202
    visitor.new_page().goto(site.at("/another-day"))
    door.wait(3)

    # What a closing tab still sends may overtake what it sent before.
    assert sorted(event["event"] for event in door.accepted) == ["page_view", "page_view", "purchase"]
    (purchase,) = (event for event in door.accepted if event["event"] == "purchase")
    assert purchase["url"] == site.at("/checkout?cid=cmA")


def test_an_hour_without_a_network_loses_nothing(visitor: BrowserContext, page: Page, site: Site, door: Door) -> None:
    page.clock.install()
    page.goto(site.at("/"))
    door.wait(1)
    visitor.set_offline(True)
    page.evaluate("chat33.track('signup')")
    page.clock.fast_forward("01:00:00")
    page.evaluate("chat33.track('purchase', {value: 5, currency: 'EUR'})")
    assert len(door.requests) == 1

    visitor.set_offline(False)
    (signup,) = door.wait_for("signup")
    (purchase,) = door.wait_for("purchase")
    apart = datetime.fromisoformat(purchase["occurredAt"]) - datetime.fromisoformat(signup["occurredAt"])
    assert timedelta(minutes=59) < apart < timedelta(minutes=62)


@pytest.mark.parametrize("status", [0, 408, 429, 500, 503])
def test_a_door_that_fails_is_asked_again_with_the_same_event(page: Page, site: Site, door: Door, status: int) -> None:
    failing = [status]
    door.status = lambda _: failing.pop() if failing else 202
    page.goto(site.at("/"))
    door.wait(1)

    first, second = (request.events[0]["eventId"] for request in door.requests)
    assert first == second
    assert len(door.accepted) == 1


def test_a_door_that_keeps_failing_is_asked_ever_more_rarely(page: Page, site: Site) -> None:
    # A door in the page answers at once: an hour passes here in less time than a real one may take.
    page.add_init_script("window.asked = 0; window.fetch = async () => (asked++, {status: 503, text: async () => ''})")
    page.clock.install()
    page.goto(site.at("/"))
    for _ in range(60):
        page.clock.run_for(60_000)
        page.evaluate("chat33.track('again')")

    # 1, 2, 4 … seconds and then every five minutes at most: an hour has room for about 25, not for 60.
    assert 8 < page.evaluate("asked") < 40
    assert waiting(page) == 61


def test_a_clock_that_is_set_back_keeps_nothing_waiting(page: Page, site: Site) -> None:
    page.add_init_script(
        "window.asked = 0; window.fetch = async () => ({status: asked++ ? 202 : 503, text: async () => ''})"
    )
    page.clock.install(time="2026-01-01T12:00:00Z")
    page.clock.pause_at("2026-01-01T12:00:01Z")
    page.goto(site.at("/"))
    page.clock.set_system_time("2026-01-01T11:00:00Z")
    page.clock.run_for(2_000)

    assert (page.evaluate("asked"), waiting(page)) == (2, 0)


def test_what_the_door_refuses_for_good_is_not_sent_again(page: Page, site: Site, door: Door) -> None:
    door.status = lambda _: 403
    page.goto(site.at("/"))
    door.wait(1, "requests")

    until(lambda: waiting(page) == 0)
    assert door.stays_silent()


def test_a_bad_event_takes_no_good_one_with_it(visitor: BrowserContext, page: Page, site: Site, door: Door) -> None:
    def strict(received: Received) -> int:
        return 400 if any(event["event"] == "bad" for event in received.events) else 202

    door.status = strict
    page.goto(site.at("/"))
    door.wait(1)
    page.evaluate("for (const name of ['one', 'two', 'bad', 'three']) chat33.track(name)")
    door.wait_for("three")

    assert [event["event"] for event in door.accepted] == ["page_view", "one", "two", "three"]
    until(lambda: waiting(page) == 0)


def test_what_is_reported_while_leaving_is_sent_along(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/"))
    door.wait(1)
    page.evaluate("void setTimeout(() => { chat33.track('leave'); location.href = '/next' })")

    door.wait_for("leave")
    # A Chromium that is asked to close while a page gives way to the next one may never answer.
    page.wait_for_url("**/next")


def test_it_is_sent_by_beacon_while_another_request_hangs(page: Page, site: Site, door: Door) -> None:
    page.add_init_script("navigator.locks && (navigator.locks.request = () => new Promise(() => {}))")
    page.goto(site.at("/", SAFE))
    page.evaluate("chat33.track('leave')")
    assert door.stays_silent(0.3)
    site.head = ""
    page.goto(site.at("/no-pixel", SAFE))

    door.wait_for("leave")
    (sent,) = door.requests
    assert [event["event"] for event in sent.events] == ["page_view", "leave"]
    assert sent.headers["content-type"].startswith("text/plain")
    assert sent.headers["origin"] == site.at("", SAFE)


def test_tabs_that_share_an_outbox_send_nothing_twice(visitor: BrowserContext, site: Site, door: Door) -> None:
    tabs = [visitor.new_page() for _ in range(3)]
    for tab in tabs:
        tab.goto(site.at("/", SAFE))
    door.wait(3)
    until(lambda: not any(waiting(tab) for tab in tabs))  # what has not heard its answer is rightly sent again
    visitor.set_offline(True)
    for number in range(12):
        tabs[number % 3].evaluate(f"chat33.track('event_{number}')")
    visitor.set_offline(False)
    door.wait(15)

    assert door.stays_silent()
    assert (len(door.accepted), door.duplicates) == (15, [])


@pytest.mark.parametrize("late", [False, True])
def test_an_open_tab_delivers_what_a_closed_one_left(
    visitor: BrowserContext, site: Site, door: Door, late: bool
) -> None:
    left, open_tab = visitor.new_page(), visitor.new_page()
    if (
        late
    ):  # the network is back before the other's event shows: as if this tab had heard of it when there was nothing
        open_tab.add_init_script("addEventListener('online', (event) => event.stopImmediatePropagation(), true)")
    open_tab.goto(site.at("/", SAFE))
    left.goto(site.at("/", SAFE))
    door.wait(2)
    visitor.set_offline(True)
    left.evaluate("chat33.track('signup')")
    left.close()
    visitor.set_offline(False)

    door.wait_for("signup")


def test_what_another_tab_reports_is_left_to_it_for_a_moment(visitor: BrowserContext, site: Site, door: Door) -> None:
    reporting, other = visitor.new_page(), visitor.new_page()
    other.clock.install()
    other.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))  # its moment is over when the test says so
    other.goto(site.at("/"))
    until(lambda: waiting(other) == 0)
    reporting.goto(site.at("/"))
    until(lambda: waiting(reporting) == waiting(other) == 0)
    assert len(door.requests) == 2
    other.evaluate("addEventListener('storage', (event) => event.newValue && (window.seen = true))")
    seen = Event()
    door.status = lambda _: 202 if seen.wait(PATIENCE) else 0
    # On plain http, where no lock keeps two tabs from sending the same at once.
    reporting.evaluate("chat33.track('signup')")
    until(lambda: bool(other.evaluate("window.seen")))
    other.clock.run_for(1_900)
    seen.set()

    door.wait_for("signup")
    until(lambda: waiting(other) == 0)
    other.clock.run_for(1_000)
    assert door.stays_silent()
    assert (len(door.requests), door.duplicates) == (3, [])


def test_a_website_s_storage_is_not_filled(visitor: BrowserContext, page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/"))
    until(lambda: waiting(page) == 0 and len(door.accepted) == 1)
    visitor.set_offline(True)
    with page.expect_event("requestfailed"):
        page.evaluate("for (let i = 0; i < 250; i++) chat33.track('event_' + i)")
    assert waiting(page) == 200

    visitor.set_offline(False)
    door.wait_for("event_249")
    assert [event["event"] for event in door.accepted[:2]] == ["page_view", "event_50"]


def test_what_waited_longer_than_a_month_is_let_go(visitor: BrowserContext, page: Page, site: Site, door: Door) -> None:
    page.clock.install(time="2026-01-01T00:00:00Z")
    page.clock.pause_at("2026-01-01T00:00:01Z")  # so that nothing is tried again but when the network is back
    page.goto(site.at("/"))
    until(lambda: waiting(page) == 0 and len(door.accepted) == 1)
    visitor.set_offline(True)
    with page.expect_event("requestfailed"):
        page.evaluate("chat33.track('old')")
    page.clock.set_system_time("2026-02-10T00:00:00Z")
    page.evaluate("chat33.track('new')")

    visitor.set_offline(False)
    door.wait_for("new")
    assert [event["event"] for event in door.accepted] == ["page_view", "new"]
    until(lambda: waiting(page) == 0)


def test_full_or_forbidden_storage_still_reports(page: Page, site: Site, door: Door) -> None:
    page.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new Error('no') }})")
    page.goto(site.at("/"))
    page.evaluate("chat33.track('signup')")

    door.wait_for("signup")
