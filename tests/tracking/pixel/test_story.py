"""From a message to a purchase: a real Chromium on a website's pages, the pixel as it is shipped, the real edge."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page
from pytest_django.fixtures import Settings

from chat33.lib.clock import utcnow
from contacts.models import Contact, Labelling, TimelineEntry
from tests.people import Person
from tests.tracking.edges import PERSON, RunningEdge, make_token, running_edge
from tests.tracking.pixel.places import PATIENCE, Site, opened_site, until
from tracking import settling
from tracking.links.signing import wrap_link
from tracking.models import Event, EventWork, Link, Token, Visitor

pytestmark = pytest.mark.browser

GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"


@pytest.fixture
def bakery(edge: RunningEdge, owner: Person) -> Iterator[Site]:
    """A website whose pages hold the tag as it is printed for its owner."""
    token = make_token(owner.organization, "pixel")
    with opened_site() as site:
        site.head = tag(edge, token)
        yield site


@pytest.fixture
def person(visitor: BrowserContext) -> Page:
    """A tab of somebody whose browser does not say that a program drives it."""
    visitor.set_extra_http_headers({"User-Agent": PERSON})
    return visitor.new_page()


def tag(edge: RunningEdge, token: str, **attributes: str) -> str:
    """The script tag."""
    more = "".join(f' data-{name}="{value}"' for name, value in attributes.items())
    return f'<script src="{edge.url}/pixel.js" data-token="{token}"{more}></script>'


def here(edge: RunningEdge, link: str, settings: Settings) -> str:
    """A link of ours, at the address that this edge has."""
    return link.replace(settings.BASE_URL, edge.url)


def stored(name: str, count: int = 1) -> list[Event]:
    """The events of this name, once there are so many."""
    until(lambda: Event.objects.filter(name=name).count() >= count)
    return list(Event.objects.filter(name=name).order_by("pk"))


def stays(true: Callable[[], bool], seconds: float = 0.7) -> bool:
    """Whether it holds for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not true():
            return False
        time.sleep(0.05)
    return True


def settle() -> None:
    """The worker looks at all that came."""
    EventWork.objects.update(due_at=utcnow() - timedelta(seconds=1))
    settling.settle_due(seconds=PATIENCE)


def test_from_the_message_to_the_purchase(
    owner: Person, edge: RunningEdge, bakery: Site, person: Page, settings: Settings
) -> None:
    """Ada gets a link in a message, follows it, looks around, buys; the shop's server reports the same order."""
    ada = Contact.objects.create(organization=owner.organization, name="Ada")
    sent = wrap_link(
        bakery.at("/bread?size=large"), organization=owner.organization, contact=ada.public_id, flow="welcome"
    )

    person.goto(here(edge, sent, settings))
    assert person.url == bakery.at(f"/bread?size=large&cid={ada.public_id}&fid=welcome")
    (click,) = stored("click")
    assert (click.contact_ref, click.flow, click.source, click.by) == (ada.public_id, "welcome", "link", "person")
    (view,) = stored("page_view")
    assert (view.contact_ref, view.flow, view.by) == (ada.public_id, "welcome", "person")
    click.refresh_from_db()
    assert click.confirmed_at is not None  # no preview: a page of the shop was seen
    assert person.evaluate("chat33.getContactId()") == ada.public_id

    person.goto(bakery.at("/checkout"))
    person.evaluate("chat33.track('purchase', {value: 49.99, currency: 'USD', orderId: 'A-1001', product: 'Pro Plan'})")
    (purchase,) = stored("purchase")
    assert (purchase.contact_ref, purchase.flow, str(purchase.value)) == (ada.public_id, "welcome", "49.9900")
    assert (purchase.order_ref, purchase.verified, purchase.data["product"]) == ("A-1001", False, "Pro Plan")
    assert purchase.visitor == view.visitor

    server = make_token(owner.organization, "server")
    paid = {"event": "purchase", "contactId": ada.public_id, "value": 49.99, "currency": "USD", "orderId": "A-1001"}
    assert edge.send(paid, server).status_code == 202
    assert stored("purchase", 2)[1].verified

    settle()
    assert [labelling.label.name for labelling in Labelling.objects.filter(contact=ada)] == ["Purchased"]
    story = " ".join(TimelineEntry.objects.filter(contact=ada).values_list("title", flat=True)).lower()
    assert "purchase" in story
    ada.refresh_from_db()
    assert ada.last_seen_at is not None
    until(lambda: Token.objects.get(kind="pixel").seen_origin == bakery.at(""))  # noted once a second


def test_a_short_link_confirms_its_own_click_on_the_page_that_it_leads_to(
    owner: Person, edge: RunningEdge, bakery: Site, person: Page
) -> None:
    link = Link.objects.create(organization=owner.organization, code="bread", url=bakery.at("/bread"), created_by="x")
    edge.get("/l/bread", agent="WhatsApp/2.24.1 A")  # the messenger draws a preview first
    person.goto(f"{edge.url}/l/bread?cid=cmA")
    stored("page_view")
    until(lambda: Event.objects.filter(name="click", confirmed_at__isnull=False).exists())
    clicks = Event.objects.filter(name="click").order_by("pk")
    assert [(click.by, click.confirmed_at is not None) for click in clicks] == [("preview", False), ("person", True)]
    link.refresh_from_db()
    assert link.clicks == 1


def test_who_is_named_by_the_website_is_known_from_then_on(edge: RunningEdge, bakery: Site, person: Page) -> None:
    person.goto(bakery.at("/login"))
    stored("page_view")
    person.evaluate("chat33.identify('cmBea')")
    person.goto(bakery.at("/account"))
    first, second = stored("page_view", 2)
    assert (first.contact_ref, second.contact_ref) == ("", "cmBea")
    assert first.visitor == second.visitor
    assert Visitor.objects.get().visitor == first.visitor


def test_what_happens_without_a_network_arrives_later_and_once(
    edge: RunningEdge, bakery: Site, person: Page, visitor: BrowserContext
) -> None:
    person.goto(bakery.at("/"))
    stored("page_view")
    visitor.set_offline(True)
    person.evaluate("chat33.track('signup'); chat33.track('lead')")
    assert stays(lambda: Event.objects.count() == 1)
    visitor.set_offline(False)
    person.goto(bakery.at("/later"))
    stored("page_view", 2)
    assert (len(stored("signup")), len(stored("lead"))) == (1, 1)


@pytest.mark.parametrize(("consent", "before"), [("queue", 0), ("anonymous", 1), ("off", 0)])
def test_before_consent_nothing_names_anybody(
    owner: Person, edge: RunningEdge, bakery: Site, person: Page, consent: str, before: int
) -> None:
    bakery.head = tag(edge, make_token(owner.organization, "pixel"), consent=consent)
    person.goto(bakery.at("/bread?cid=cmA&fid=welcome"))
    if before:
        stored("page_view")
    assert stays(lambda: Event.objects.count() == before)
    assert not Event.objects.exclude(contact_ref="", visitor="").exists()
    assert not Event.objects.filter(url__contains="cmA").exists()
    person.evaluate("chat33.consent('granted'); chat33.track('signup')")
    (signup,) = stored("signup")
    assert (signup.contact_ref, bool(signup.visitor)) == ("cmA", True)


def test_a_browser_that_asks_not_to_be_tracked_is_counted_and_named_nowhere(
    edge: RunningEdge, bakery: Site, person: Page, visitor: BrowserContext
) -> None:
    visitor.set_extra_http_headers({"User-Agent": PERSON, "Sec-GPC": "1"})
    person.add_init_script(GPC)
    person.goto(bakery.at("/bread?cid=cmA&fid=welcome&utm_source=dm"))
    person.evaluate("chat33.identify('cmA'); chat33.track('purchase', {value: 5, currency: 'EUR'})")
    (purchase,) = stored("purchase")
    assert (purchase.contact_ref, purchase.visitor, purchase.flow) == ("", "", "welcome")
    assert purchase.url == bakery.at("/bread?utm_source=dm")
    assert not Visitor.objects.exists()
    assert not EventWork.objects.exclude(event=purchase.pk).exists()


def test_only_the_origins_that_a_token_names_report_and_others_read_why_not(
    owner: Person, edge: RunningEdge, bakery: Site, person: Page
) -> None:
    token = make_token(owner.organization, "pixel", origins=[bakery.at("").rstrip("/")])
    bakery.head = tag(edge, token)
    with person.expect_console_message(lambda message: message.text.startswith("chat33: refused")) as said:
        person.goto(bakery.at("/", "www.butcher.co.uk"))
    assert "403" in said.value.text
    assert "takes no events from http://www.butcher.co.uk" in said.value.text
    person.goto(bakery.at("/"))
    assert stored("page_view")[0].url == bakery.at("/")
    assert Event.objects.count() == 1


ASKED = """async ([door, body]) => {
    const answer = await fetch(door, {method: 'POST', body});
    return [answer.status, (await answer.json()).error];
}"""


def test_a_page_of_another_origin_can_read_every_refusal(
    owner: Person, bakery: Site, person: Page, settings: Settings, edge: RunningEdge
) -> None:
    settings.LIMITS = {**settings.LIMITS, "PIXEL": "1/m"}
    with running_edge() as narrow:
        token = make_token(owner.organization, "pixel")
        bakery.head = ""
        person.goto(bakery.at("/"))

        def ask(body: str) -> Any:
            return person.evaluate(ASKED, [f"{narrow.url}/api/pixel", body])

        one = f'{{"token":"{token}","events":[{{"event":"lead"}}]}}'
        assert ask("no JSON") == [400, "VALIDATION_ERROR"]
        assert ask('{"event":"lead"}') == [401, "Unauthorized"]
        assert ask("x" * 70_000) == [413, "PAYLOAD_TOO_LARGE"]
        assert ask(one)[0] == 202
        assert ask(one) == [429, "RATE_LIMIT"]


def test_a_full_hour_is_waited_for_and_then_everything_is_there(
    owner: Person, transactional_db: None, person: Page, settings: Settings
) -> None:
    """A token's limit is no loss: what is refused for now stays in the browser until there is room."""
    settings.LIMITS = {**settings.LIMITS, "PIXEL": "2/2s"}
    with running_edge() as narrow, opened_site() as site:
        site.head = tag(narrow, make_token(owner.organization, "pixel"))
        person.goto(site.at("/"))
        stored("page_view")
        person.evaluate("for (const name of ['a', 'b']) chat33.track(name)")
        assert (len(stored("a")), len(stored("b"))) == (1, 1)
