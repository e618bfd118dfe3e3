"""The explorer of events: what is asked for is found, and nothing else; what takes too long is given up with a word."""

import re
import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from chat33.lib.clock import utcnow
from chat33.orgs.models import Role
from tests.factories import make_contact, make_member
from tests.people import Client, Person
from tests.tracking.came_back import said, store, store_many
from tests.tracking.links import make_link
from tracking.edge.config import conninfo
from tracking.models import Credit, Event
from tracking.results import exploring
from tracking.results.period import Period

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def viewer_of(owner: Person) -> Client:
    return Person(make_member(owner.organization, Role.VIEWER), owner.organization, "").browser()


def page_of(client: Client, query: str = "") -> str:
    reply = client.get(f"/tracking/events/?{query}")
    assert reply.status_code == 200
    return str(reply.content.decode())


def listed(page: str) -> list[str]:
    """The names of the events, in the order of the list."""
    return re.findall(r'class="event-name".*?<span class="clip">(.*?)</span>', page)


def test_each_filter_finds_what_it_means(owner: Person) -> None:
    here = owner.organization
    ada, link = make_contact(here, name="Ada"), make_link(here, title="The bag")
    store(here, "signup", url="https://shop.example/checkout/now")
    store(here, "click", source="link", link_id=link.pk, campaign="spring", contact_ref=ada.public_id)
    store(here, "click", source="link", by="preview")
    store(here, "purchase", source="server", value="9", currency="EUR")
    store(here, "purchase", value="9", currency="EUR")
    store(here, "lead", ago=20 * DAY)
    client = viewer_of(owner)
    found = {
        query: listed(page_of(client, query))
        for query in (
            "period=7", "name=signup", "source=server", "by=preview", "verified=yes", "verified=no", "campaign=spring",
            f"contact={ada.public_id}", f"link={link.public_id}", "text=CHECKOUT", "link=link_nobodys", "by=drop&name=lead",
            "name=signup&text=nowhere",
        )
    }  # fmt: skip

    assert found == {
        "period=7": ["purchase", "purchase", "click", "click", "signup"],
        "name=signup": ["signup"],
        "source=server": ["purchase"],
        "by=preview": ["click"],
        "verified=yes": ["purchase"],
        "verified=no": ["purchase"],
        "campaign=spring": ["click"],
        f"contact={ada.public_id}": ["click"],
        f"link={link.public_id}": ["click"],
        "text=CHECKOUT": ["signup"],
        "link=link_nobodys": [],
        "by=drop&name=lead": ["lead"],
        "name=signup&text=nowhere": [],
    }


def test_older_ones_follow_in_order_and_none_twice(owner: Person) -> None:
    here, client = owner.organization, owner.browser()
    store_many(here, [{"name": f"e{number:03}", "ago": timedelta(minutes=number // 3)} for number in range(120)])
    seen: list[str] = []
    query = ""
    for _ in range(3):
        page = page_of(client, query)
        seen += listed(page)
        following = re.search(r'href="\?([^"]*)" rel="next"', page)
        query = following[1].replace("&amp;", "&") if following else ""

    assert len(seen) == 120
    assert sorted(seen) == [f"e{number:03}" for number in range(120)]
    assert [int(name[1:]) // 3 for name in seen] == sorted(int(name[1:]) // 3 for name in seen)
    assert query == ""


def test_an_event_shows_everything_and_what_it_was_credited_to(owner: Person, stranger: Person) -> None:
    here = owner.organization
    ada, link = make_contact(here, name="Ada"), make_link(here, title="The bag")
    event = store(
        here, "purchase", value="1234.5", currency="EUR", order_ref="o-77", contact_ref=ada.public_id, flow="welcome",
        url="https://shop.example/thanks", data={"product": "<b>Pro</b>"},
    )  # fmt: skip
    Credit.objects.create(
        organization=here, event_key=event.key, day="2026-11-21", name="purchase", model="last", certainty="certain",
        share=1, value="1234.5", currency="EUR", link=link,
    )  # fmt: skip
    address = f"/tracking/events/{event.key}/"
    page = viewer_of(owner).get(address)
    words = said(page.content.decode())

    for told in ("1,234.50 EUR", "Unverified", "Ada", "welcome", "o-77", "https://shop.example/thanks", "The bag"):
        assert told in words
    assert b"&lt;b&gt;Pro" in page.content
    assert b"<html" not in owner.browser().get(address, headers={"HX-Request": "true"}).content
    assert stranger.browser().get(address).status_code == 404
    assert owner.browser().get(f"/tracking/events/{uuid4()}/").status_code == 404


def test_money_has_as_many_digits_as_its_currency(owner: Person) -> None:
    here = owner.organization
    dinars = store(here, "purchase", value="1.234", currency="KWD")
    store(here, "purchase", value="1200", currency="JPY")
    words = said(page_of(owner.browser()))

    assert "1.234 KWD" in words
    assert "1,200 JPY" in words
    assert "1.234 KWD" in said(
        owner.browser().get(f"/tracking/events/{dinars.key}/").content.decode().partition("<dl")[2]
    )


def test_an_event_of_another_organization_is_found_by_nothing(owner: Person, stranger: Person) -> None:
    ada = make_contact(stranger.organization, name="Ada")
    link = make_link(stranger.organization)
    store(stranger.organization, "secret", source="link", link_id=link.pk, contact_ref=ada.public_id, campaign="spring")
    client = owner.browser()

    for query in ("", "name=secret", f"contact={ada.public_id}", f"link={link.public_id}", "campaign=spring"):
        assert listed(page_of(client, query)) == []


def test_the_file_has_what_the_page_has_and_no_cell_of_it_runs(owner: Person) -> None:
    here = owner.organization
    store(here, "=cmd|'/c calc'!A0", order_ref="@SUM(1)", value="5", currency="EUR")
    store(here, "signup")
    reply: Any = viewer_of(owner).get("/tracking/events.csv?period=7")
    lines = b"".join(reply.streaming_content).decode().splitlines()

    assert reply.headers["Content-Type"].startswith("text/csv")
    assert len(lines) == 3
    assert lines[1].split(",")[2] == "signup"
    assert "'=cmd" in lines[2]
    assert "'@SUM" in lines[2]


def test_the_file_is_bounded_and_says_so(owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    store_many(owner.organization, [{} for _ in range(30)])
    monkeypatch.setattr("tracking.results.exploring.PIECE", 4)
    monkeypatch.setattr("tracking.views.events.MOST_WRITTEN", 10)
    reply: Any = owner.browser().get("/tracking/events.csv")
    lines = b"".join(reply.streaming_content).decode().splitlines()

    assert len(lines) == 12
    assert "up to 10 events" in lines[-1]


@pytest.mark.django_db(transaction=True)
def test_what_takes_too_long_is_given_up_with_a_word(owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    store(owner.organization)
    monkeypatch.setattr(exploring, "PATIENCE", 80)
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        with psycopg.connect(conninfo(connection.settings_dict), connect_timeout=20, options="") as other:
            other.execute("LOCK TABLE tracking_event IN ACCESS EXCLUSIVE MODE")
            held.set()
            over.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert held.wait(20)
        pages = {path: owner.browser().get(path).content.decode() for path in ("/tracking/events/", "/tracking/live/")}
    finally:
        over.set()
        thread.join(20)

    assert "too much to look through" in pages["/tracking/events/"]
    assert "Too much to show at once" in pages["/tracking/live/"]


def test_a_page_of_a_period_reads_its_months_by_the_index(owner: Person) -> None:
    """However many events there are: no other month, no sorting, no filter that reads on and on."""
    here = owner.organization
    store_many(here, [{"ago": number * DAY} for number in (0, 40, 80)])
    rows = Event.objects.filter(organization=here)
    wishes: dict[str, dict[str, Any]] = {"all": {}, "name": {"name": "purchase"}, "contact": {"contact": "cm1"}}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plans = {
        name: exploring.events_like(here, exploring.Wish(period=period_of(0, 6), **given))[:51].explain()
        for name, given in wishes.items()
    }

    assert rows.count() == 3
    for plan in plans.values():
        assert "Seq Scan" not in plan
        assert len(set(re.findall(r"tracking_event_\d{4}_\d\d", plan))) <= 2
    assert "Sort" not in plans["all"]
    assert "Sort" not in plans["name"]


def period_of(first: int, last: int) -> Period:
    """So many days ago."""
    today = utcnow().date()
    return Period(today - last * DAY, today - first * DAY)
