"""The pages of what came back: the numbers that they show are those of what came in, for who may see them."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat33.orgs.models import Role
from tests.factories import make_channel, make_contact, make_member, make_post
from tests.people import Client, Person
from tests.tracking.came_back import credit, reject, said, store, store_many
from tests.tracking.links import make_link
from tracking.models import Axis, Ledger, StoreAggregate
from tracking.settling import settle_due

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
PAGES = ["/tracking/", "/tracking/funnel/", "/tracking/revenue/", "/tracking/live/", "/tracking/events/"]


def viewer_of(owner: Person) -> Client:
    return Person(make_member(owner.organization, Role.VIEWER), owner.organization, "").browser()


def main_of(client: Client, path: str, **headers: str) -> str:
    """The words of a page's main part."""
    reply = client.get(path, headers=headers)
    assert reply.status_code == 200, path
    page = str(reply.content.decode())
    main = page.partition("<main")[2].partition("</main>")[0] or page
    return said(main.partition(">")[2])


def raw(client: Client, path: str) -> str:
    reply = client.get(path)
    assert reply.status_code == 200, path
    return str(reply.content.decode())


@pytest.mark.parametrize("path", PAGES)
def test_an_empty_organization_is_led_to_the_installation(owner: Person, path: str) -> None:
    page = raw(viewer_of(owner), path)

    assert "/settings/integrations/" in page or path == "/tracking/live/"
    assert "Quiet" in page or path != "/tracking/live/"


def test_the_overview_tells_people_from_bots_and_this_month_from_the_last(owner: Person) -> None:
    here = owner.organization
    store_many(here, [{"name": "page_view", "visitor": f"v{number}"} for number in (1, 1, 2, 3)])
    store_many(
        here, [{"name": "click", "source": "link"}] * 4 + [{"name": "click", "source": "link", "by": "preview"}] * 9
    )
    store(here, "signup", visitor="v1")
    store(here, "page_view", visitor="old", ago=30 * DAY)
    store_many(here, [{"name": "click", "source": "link", "ago": 30 * DAY}] * 8)
    page = main_of(viewer_of(owner), "/tracking/")

    assert "Visitors 3 ↑ 200 %" in page
    assert "Clicks 4 ↓ 50 %" in page
    assert "Signups 1 ↑ new" in page
    assert "Purchases 0 = same" in page


def test_very_many_visitors_are_told_about(owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracking.results.visitors.LARGEST_SAMPLE", 150)
    monkeypatch.setattr("tracking.results.visitors.SMALLEST_SAMPLE", 150)
    monkeypatch.setattr("tracking.results.visitors.DAYS_SAMPLE", 150)
    store_many(owner.organization, [{"visitor": f"v{number}"} for number in range(600)])
    page = main_of(owner.browser(), "/tracking/?period=7")
    by_day = re.findall(r"about (\d+) 0 ", page)

    assert "about, within 3 %" in page
    assert 400 < int(by_day[0]) < 850


def test_money_is_told_by_currency_and_what_only_a_browser_said_is_told_apart(owner: Person) -> None:
    here = owner.organization
    store(here, "purchase", source="server", value="100", currency="EUR")
    store(here, "purchase", value="49.90", currency="EUR")
    store(here, "purchase", source="server", value="1200", currency="JPY")
    store(here, "purchase", source="server", value="50", currency="EUR", ago=40 * DAY)
    page = main_of(owner.browser(), "/tracking/?chart=revenue&currency=JPY")

    assert "Revenue in EUR 149.90 ↑ 200 %" in page
    assert "49.90 unverified" in page
    assert "Revenue in JPY 1,200 ↑ new" in page
    assert "1,200 JPY" in page  # today's row of the chart's table


def test_the_books_add_up_in_words(owner: Person) -> None:
    here = owner.organization
    store_many(here, [{"event_id": "a", "times": 3}, {"event_id": "b"}])
    reject(here, 5)
    page = main_of(owner.browser(), "/tracking/")

    assert "9 events came in = 2 stored + 2 sent twice and counted once + 5 refused" in page
    assert "does not add up" not in page


def test_books_that_do_not_add_up_say_so(owner: Person) -> None:
    store(owner.organization)
    Ledger.objects.filter(organization=owner.organization).update(received=3)

    assert "3 events came in = 1 stored + 0 sent twice and counted once + 0 refused. This does not add up" in main_of(
        owner.browser(), "/tracking/"
    )


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ("", 28),
        ("period=7", 7),
        ("period=90", 90),
        ("period=9999", 28),
        ("period=custom&first=2026-01-05&last=2026-01-09", 5),
        ("period=custom&first=2026-01-09&last=2026-01-05", 1),
        ("period=custom&first=2001-01-01&last=2026-01-09", 366),
        ("period=custom&first=0001-01-01", 28),
        ("period=custom&first=2026-02-31", 28),
        ("period=custom&first=9999-12-31&last=9999-12-31", 28),
    ],
)
def test_the_address_says_which_days_and_each_has_a_row(owner: Person, query: str, days: int) -> None:
    store(owner.organization)
    page = raw(owner.browser(), f"/tracking/?{query}")

    assert page.partition("<chart-figure")[2].partition("</chart-figure>")[0].count('<tr><th scope="row">') == days


def test_today_is_the_organization_s(owner: Person) -> None:
    here = owner.organization
    here.timezone = "Pacific/Kiritimati"  # UTC+14
    here.save()
    store(here, visitor="v1")

    assert "Visitors 1" in main_of(owner.browser(), "/tracking/?period=7")


def test_the_best_campaigns_links_and_posts_lead_to_their_pages(owner: Person) -> None:
    here = owner.organization
    post = make_post(make_channel(here), text="Back in stock: Sunday Morning")
    link = make_link(here, title="The bag", campaign="sunday", post=post.public_id)
    store_many(here, [{"name": "click", "source": "link", "link_id": link.pk, "campaign": "sunday",
                       "post": post.public_id}] * 3)  # fmt: skip
    store(here, "purchase", source="server", value="20", currency="EUR")
    credit(here, Axis.LINK, str(link.pk), money="20", currency="EUR")
    page = raw(owner.browser(), "/tracking/")

    assert f'href="/links/{link.public_id}/">The bag</a>' in page
    assert f'href="/posts/{post.public_id}/">Back in stock: Sunday Morning</a>' in page
    assert "sunday" in main_of(owner.browser(), "/tracking/")


def test_the_funnel_says_how_many_went_on(owner: Person) -> None:
    here = owner.organization
    make_link(here, flow="welcome")
    store_many(here, [{"name": "click", "source": "link"}] * 8)
    store_many(here, [{"name": "click.confirmed", "source": "link"}] * 4)
    credit(here, Axis.TOTAL, "", money="10", currency="EUR")
    page = main_of(viewer_of(owner), "/tracking/funnel/")

    assert "8.0 for each" in page
    assert "50 % went on, 4 did not" in page
    assert "25 % went on, 3 did not" in page
    assert "With revenue 1" in page


def revenue_of(owner: Person) -> None:
    here = owner.organization
    for axis, ref in ((Axis.CAMPAIGN, "spring"), (Axis.TOTAL, "")):
        credit(here, axis, ref, money="80", unverified="20", currency="EUR", share="3")
        credit(here, axis, ref, certainty="probable", share="0.5")
    credit(here, Axis.CAMPAIGN, "autumn", money="300", currency="EUR", share="2")
    credit(here, Axis.CAMPAIGN, "", money="1000", currency="EUR")
    credit(here, Axis.CAMPAIGN, "spring", money="7", currency="USD", model="first")
    credit(here, Axis.TOTAL, "", money="7", currency="USD", model="first")
    store(here)


def names_in(page: str) -> list[str]:
    table = page.partition("Revenue by")[2].partition("</table>")[0]
    return [said(cell).strip() for cell in re.findall(r'class="revenue-name">(.*?)</th>', table, re.S)]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["autumn", "spring", "Not attributed"]),
        ("sort=revenue", ["spring", "autumn", "Not attributed"]),
        ("sort=-conversions", ["spring", "autumn", "Not attributed"]),
        ("sort=label", ["autumn", "spring", "Not attributed"]),
        ("sort=-label", ["spring", "autumn", "Not attributed"]),
        ("sort=drop table", ["autumn", "spring", "Not attributed"]),
        ("model=first", ["spring"]),
        ("by=influencer", []),
    ],
)
def test_revenue_is_sorted_as_asked_and_what_nothing_earned_stands_last(
    owner: Person, query: str, names: list[str]
) -> None:
    revenue_of(owner)

    assert names_in(raw(viewer_of(owner), f"/tracking/revenue/?{query}")) == names


def test_certain_and_probable_verified_and_unverified_are_told_apart(owner: Person) -> None:
    revenue_of(owner)
    page = main_of(owner.browser(), "/tracking/revenue/")

    assert "EUR 100.00 80.00 verified 20.00 unverified" in page
    # What a phone has no column for stands below the number that it is a part of.
    assert "spring 0 3.5 0.5 probable 0.5 80.00 20.00 100.00 20.00 unverified" in page


def test_what_stores_report_stands_by_itself(owner: Person) -> None:
    revenue_of(owner)
    for number in range(3):
        StoreAggregate.objects.create(
            organization=owner.organization, key=str(number), day="2026-11-01", framework="SKAN", network="Meta",
            campaign="app", won=number > 0,
        )  # fmt: skip
    page = main_of(owner.browser(), "/tracking/revenue/?period=custom&first=2026-10-30&last=2026-11-02")

    assert "app Meta SKAN 3 2" in page


def test_revenue_as_a_file_has_a_row_a_thing_and_currency_and_runs_nowhere(owner: Person) -> None:
    revenue_of(owner)
    credit(owner.organization, Axis.CAMPAIGN, '=HYPERLINK("http://evil")', currency="USD", money="1")
    reply: Any = viewer_of(owner).get("/tracking/revenue.csv?by=campaign")
    lines = b"".join(reply.streaming_content).decode().splitlines()

    assert lines[0].lstrip("\ufeff").startswith("campaign,id,model,clicks,conversions,certain,probable,currency")
    assert "autumn,autumn,last,0,2,2,0,EUR,300.00,0.00,300.00" in lines
    assert [line for line in lines if line.startswith(("=", '"='))] == []


def test_live_shows_the_newest_first_and_nobody_else_s(owner: Person, stranger: Person) -> None:
    here = owner.organization
    ada = make_contact(here, name="Ada Byron")
    store(here, "signup", contact_ref=ada.public_id, agent="ios", ago=timedelta(minutes=2))
    store(here, "purchase", value="9", currency="EUR", visitor="abcdef99", referrer="https://www.google.com")
    store(here, "lead", ago=2 * DAY)
    store(stranger.organization, "stranger_event")
    page = main_of(viewer_of(owner), "/tracking/live/")

    assert page.index("purchase, 9.00 EUR") < page.index("signup")
    assert "Ada Byron · iPhone, iPad" in page
    assert "Visitor abcdef · from google.com" in page
    assert "lead" not in page
    assert "stranger_event" not in page
    assert "Events in 30 minutes 2" in page


def test_live_answers_the_feed_alone_when_it_is_asked_again(owner: Person) -> None:
    reply = owner.browser().get("/tracking/live/", headers={"HX-Request": "true", "HX-Target": "feed"})

    assert b"<html" not in reply.content
    assert b"Quiet" in reply.content


@pytest.mark.parametrize("path", [*PAGES, "/tracking/revenue/?by=link"])
def test_twenty_rows_cost_as_many_queries_as_one(owner: Person, path: str) -> None:
    here, client = owner.organization, owner.browser()

    def one_more(number: int) -> None:
        contact = make_contact(here, name=f"C{number}")
        link = make_link(here, url=f"https://s{number}.example/", campaign=f"c{number}")
        store(here, "click", source="link", link_id=link.pk, campaign=f"c{number}", contact_ref=contact.public_id)
        store(here, "purchase", source="server", value="5", currency="EUR", contact_ref=contact.public_id)
        credit(here, Axis.LINK, str(link.pk), money="5", currency="EUR")

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    one_more(0)
    client.get(path)
    before = cost()
    for number in range(1, 20):
        one_more(number)

    assert cost() == before


def test_a_contact_s_page_asks_for_their_numbers(owner: Person, stranger: Person) -> None:
    here = owner.organization
    ada = make_contact(here, name="Ada")
    link = make_link(here, title="The bag")
    known: dict[str, Any] = {"contact_ref": ada.public_id}
    store(here, "click", source="link", link_id=link.pk, ago=3 * DAY, **known)
    store(here, "purchase", value="20", currency="EUR", order_ref="1", **known)
    store(here, "purchase", source="server", value="20", currency="EUR", order_ref="1", **known)
    store(here, "purchase", value="5", currency="USD", **known)
    settle_due(seconds=60)
    address = f"/tracking/contacts/{ada.public_id}/"
    numbers = said(raw(viewer_of(owner), address))

    assert f'hx-get="{address}"' in raw(owner.browser(), f"/contacts/{ada.public_id}/")
    assert "Paid 20.00 EUR Paid 5.00 USD unverified" in numbers
    assert "Purchases 2" in numbers
    assert "First touch The bag" in numbers
    assert stranger.browser().get(address).status_code == 404


def test_a_link_s_page_and_a_post_s_page_say_what_they_earned(owner: Person, stranger: Person) -> None:
    here = owner.organization
    post = make_post(make_channel(here), status="PUBLISHED")
    link = make_link(here, post=post.public_id)
    store(here, "click", source="link", link_id=link.pk, post=post.public_id)
    for axis, ref in ((Axis.LINK, str(link.pk)), (Axis.POST, post.public_id)):
        credit(here, axis, ref, money="30", unverified="10", currency="EUR")
    address = f"/tracking/posts/{post.public_id}/"
    numbers = said(raw(viewer_of(owner), address))

    assert "Conversions 1 Revenue in EUR 40.00 10.00 unverified" in main_of(
        owner.browser(), f"/links/{link.public_id}/"
    )
    assert "Clicks 1 Conversions 1 Revenue 40.00 EUR 10.00 EUR unverified" in numbers
    assert f'hx-get="{address}"' in raw(owner.browser(), f"/posts/{post.public_id}/")
    assert stranger.browser().get(address).status_code == 404


def test_a_purchase_on_the_timeline_is_unverified_until_a_server_tells_of_it(owner: Person) -> None:
    here = owner.organization
    ada = make_contact(here, name="Ada")
    order: dict[str, Any] = {"value": "20", "currency": "EUR", "order_ref": "o-1", "contact_ref": ada.public_id}
    address = f"/contacts/{ada.public_id}/"
    store(here, "purchase", **order)
    settle_due(seconds=60)
    before = main_of(owner.browser(), address)
    store(here, "purchase", source="server", **order)
    settle_due(seconds=60)
    after = main_of(owner.browser(), address)

    assert before.count("Unverified") == 1
    assert "Unverified" not in after
    assert after.count("purchase, 20.00 EUR") == 2
    assert after.count("Same order, counted once") == 1
