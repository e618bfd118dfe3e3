"""A browser tells of a purchase and so does the server: the money counts once, and is verified, whoever came first."""

import threading
from dataclasses import replace
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from django.db import connections
from django.db.models import Sum

from contacts.models import Contact
from tests.factories import make_contact
from tests.people import Person
from tests.tracking.edges import RunningEdge
from tests.tracking.journeys import Shop, assert_sound
from tracking import settling
from tracking.models import Axis, Conversion, Credit, Event, Rollup

SERVER: dict[str, Any] = {"value": 50, "currency": "EUR", "metadata": {"orderId": "o-1"}}
BROWSER: dict[str, Any] = {"value": 49, "currency": "EUR", "metadata": {"orderId": "o-1"}}


@pytest.fixture
def shop(owner: Person, edge: RunningEdge) -> Shop:
    return Shop(edge, owner.organization)


@pytest.fixture
def ada(shop: Shop) -> Contact:
    return make_contact(shop.organization, name="Ada")


def purchases(shop: Shop) -> dict[str, int]:
    """How many purchases rollups have, by who caused them."""
    rows = Rollup.objects.filter(organization=shop.organization, axis=Axis.TOTAL, name__iexact="purchase")
    return dict(rows.values_list("by").annotate(Sum("events")).filter(events__sum__gt=0).order_by())


@pytest.mark.parametrize("together", [True, False], ids=["together", "one after the other"])
@pytest.mark.parametrize("first", ["browser", "server"])
def test_the_server_s_amount_counts_once(shop: Shop, first: str, together: bool) -> None:
    tags = shop.click(shop.link(campaign="spring"))
    shop.page("v1", tags=tags)
    tell = {
        "browser": lambda: shop.pixel("purchase", "v1", **BROWSER),
        "server": lambda: shop.tell("Purchase", **SERVER),
    }
    for who in sorted(tell, key=lambda who: who != first):
        tell[who]()
        if not together:
            shop.settle()
    shop.settle()

    assert shop.money() == {"EUR": (Decimal(50), Decimal(0))}
    assert purchases(shop) == {"server": 1, "duplicate": 1}
    (row,) = Credit.objects.filter(model="last")  # what the browser knows of the way is the server's event's, too
    assert (row.campaign, row.certainty, row.value, row.verified) == ("spring", "probable", Decimal(50), True)
    told = Event.objects.get(source="pixel", name="purchase")
    assert (told.verified, told.data["duplicate"]) == (True, True)
    assert_sound(shop.organization)


def test_until_a_server_says_so_it_is_unverified(shop: Shop) -> None:
    shop.pixel("purchase", **BROWSER)
    shop.settle()
    assert shop.money() == {"EUR": (Decimal(0), Decimal(49))}
    assert not Credit.objects.filter(verified=True).exists()
    shop.tell("purchase", value=1, currency="EUR", metadata={"orderId": "another"})
    shop.tell("refund_asked", value=1, currency="EUR", metadata={"orderId": "o-1"})
    shop.settle()
    assert shop.money() == {"EUR": (Decimal(2), Decimal(49))}
    assert_sound(shop.organization)


def test_a_server_that_names_no_amount_verifies_the_browser_s(shop: Shop) -> None:
    shop.pixel("purchase", **BROWSER)
    shop.settle()
    shop.tell("purchase", metadata={"orderId": "o-1"})
    shop.settle()
    assert shop.money() == {"EUR": (Decimal(49), Decimal(0))}
    assert purchases(shop) == {"person": 1, "duplicate": 1}
    assert_sound(shop.organization)


def test_a_thank_you_page_that_is_loaded_again_counts_once(shop: Shop, stranger: Person) -> None:
    other = Shop(shop.edge, stranger.organization)
    for _ in range(3):
        shop.pixel("purchase", "v1", **BROWSER)
        shop.settle()
    other.pixel("purchase", "v1", **BROWSER)
    other.settle()
    assert shop.money() == other.money() == {"EUR": (Decimal(0), Decimal(49))}
    assert purchases(shop) == {"person": 1, "duplicate": 2}
    assert_sound(shop.organization)
    assert_sound(other.organization)


def test_currencies_never_mix_in_an_order(shop: Shop) -> None:
    shop.pixel("purchase", value=5000, currency="JPY", metadata={"orderId": "o-1"})
    shop.settle()
    shop.tell("purchase", **SERVER)
    shop.settle()
    assert shop.money() == {"EUR": (Decimal(50), Decimal(0))}
    assert_sound(shop.organization)


@pytest.mark.parametrize("order", list(permutations("bsn")), ids="".join)
def test_any_order_of_arrival_comes_to_the_same(shop: Shop, ada: Contact, order: tuple[str, ...]) -> None:
    shop.click(shop.link(contact=ada, campaign="spring"))
    for who in order:
        if who == "b":
            shop.pixel("purchase", "v1", contactId=ada.public_id, **BROWSER)
        elif who == "s":
            shop.tell("purchase", **SERVER)
        else:
            shop.tell("purchase", metadata={"orderId": "o-1"})
        shop.settle()
    assert shop.money() == {"EUR": (Decimal(50), Decimal(0))}
    assert shop.credits() == [("spring", "certain", Decimal(1))]
    assert purchases(shop) == {"server": 1, "duplicate": 2}
    assert_sound(shop.organization)


def test_workers_that_settle_at_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "QUEUE", replace(settling.QUEUE, batch=7))
    orders = 60
    for number in range(orders):
        given = {"value": 10, "currency": "EUR", "metadata": {"orderId": f"o-{number}"}}
        shop.pixel("purchase", f"v{number}", **given)
        shop.tell("purchase", **given)
    wrong: list[BaseException] = []

    def work() -> None:
        try:
            settling.settle_due(seconds=60)
        except BaseException as error:
            wrong.append(error)
        finally:
            connections.close_all()

    workers: list[Any] = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    shop.settle()

    assert wrong == []
    assert shop.money() == {"EUR": (Decimal(10 * orders), Decimal(0))}
    assert Conversion.objects.filter(earns=True).count() == orders
    assert_sound(shop.organization)
