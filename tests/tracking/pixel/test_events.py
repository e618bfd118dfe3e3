"""What a website reports arrives as it meant it, and never disturbs the website."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from playwright.sync_api import Page

from tests.tracking.pixel.places import Door, Site
from tracking.events.intake import Sent, events_in, read_body, read_event

pytestmark = pytest.mark.browser


def test_a_purchase_arrives_as_it_was_meant(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/checkout"))
    page.evaluate("chat33.track('purchase', {value: '49.99', currency: 'USD', orderId: 'A/7', product: 'Pro Plan'})")
    (event,) = door.wait_for("purchase")

    assert (event["value"], event["currency"]) == (49.99, "USD")
    assert event["metadata"] == {"orderId": "A/7", "product": "Pro Plan"}
    assert event["url"] == site.at("/checkout")


def test_what_it_sends_is_what_is_read_here(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/checkout?cid=cmA"))
    page.evaluate("chat33.track('purchase', {value: 49.99, currency: 'usd', orderId: 'A/7'})")
    (event,) = door.wait_for("purchase")
    body = read_body(json.dumps({"events": [event]}).encode())
    (read,) = (read_event(given, now=datetime.now(UTC)) for given in events_in(body))

    assert isinstance(read, Sent)
    assert (read.name, read.contact, read.value, read.currency) == ("purchase", "cmA", Decimal("49.99"), "USD")
    assert (read.event_id, read.order) == (event["eventId"], "A/7")
    assert read.occurred_at == datetime.fromisoformat(event["occurredAt"])


def test_an_event_needs_no_metadata(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/"))
    page.evaluate("chat33.track('signup')")

    (event,) = door.wait_for("signup")
    assert event["metadata"] == {}


def test_a_website_s_own_event_id_counts_a_reloaded_page_once(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/thanks"))
    for _ in range(2):
        page.evaluate("chat33.track('purchase', {eventId: 'order-7', value: 5, currency: 'EUR'})")

    page.evaluate("chat33.track('end')")
    door.wait_for("end")
    assert [event["eventId"] for event in door.named("purchase")] == ["order-7"]
    assert len(door.duplicates) == 1


def test_events_keep_their_order(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/"))
    page.evaluate("for (let i = 0; i < 30; i++) chat33.track('step_' + i)")
    events = door.wait(31)

    assert [event["event"] for event in events[1:]] == [f"step_{number}" for number in range(30)]
    assert [event["eventId"] for event in events] == sorted(event["eventId"] for event in events)


@pytest.mark.parametrize(
    "call",
    [
        "chat33.track()",
        "chat33.track('   ')",
        "chat33.track(Symbol('a'))",
        "const a = {}; a.a = a; chat33.track('loop', a)",
        "chat33.track('deep', 'a text')",
        "chat33.track('nothing', null)",
        "chat33.track('large', {text: 'x'.repeat(70000)})",
        "chat33.consent('perhaps')",
        "localStorage.setItem('c33.0', 'no JSON')",
        "localStorage.setItem('c33.1', '[1]')",
    ],
)
def test_nothing_that_a_website_says_throws_or_stops_what_follows(
    page: Page, site: Site, door: Door, call: str
) -> None:
    page.goto(site.at("/"))
    page.evaluate(f"() => {{ {call} }}")
    page.evaluate("chat33.track('end')")

    door.wait_for("end")


def test_a_large_outbox_goes_in_requests_that_the_door_takes(page: Page, site: Site, door: Door) -> None:
    page.goto(site.at("/"))
    page.evaluate("for (let i = 0; i < 30; i++) chat33.track('page', {text: 'ß'.repeat(4000)})")
    door.wait_for("page", 30)

    assert max(len(request.body.encode()) for request in door.requests) < 65_536


@pytest.mark.parametrize("status", [202, 403])
def test_who_builds_the_website_reads_why_something_was_refused(
    page: Page, site: Site, door: Door, status: int
) -> None:
    door.status = lambda _: status
    door.words = b'{"events": [{"status": "rejected", "details": [{"message": "A value needs its currency"}]}]}'
    with page.expect_console_message(lambda message: message.text.startswith("chat33: refused")) as said:
        page.goto(site.at("/"))

    assert "A value needs its currency" in said.value.text
