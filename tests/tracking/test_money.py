"""Money from the doors to the figures: exact, each currency for itself, and refused where it is none."""

from decimal import Decimal
from typing import Any

import pytest

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization
from tests.people import Person
from tests.tracking.edges import RunningEdge
from tests.tracking.journeys import Shop, assert_sound
from tracking.events.currencies import shown
from tracking.models import Event
from tracking.results import figures
from tracking.results.figures import Revenue
from tracking.results.period import Period


@pytest.fixture
def shop(owner: Person, edge: RunningEdge) -> Shop:
    return Shop(edge, owner.organization)


def test_amounts_are_kept_to_the_digit_and_currencies_apart(shop: Shop) -> None:
    """JPY has no minor unit, KWD three digits of it, EUR two (ISO 4217); an advertiser's cents may be finer than all."""
    body = b'{"events": [%s]}' % b", ".join(
        b'{"event": "purchase", "value": %s, "currency": "%s"}' % pair
        for pair in [
            (b"1200", b"JPY"), (b"0.1", b"EUR"), (b"0.2", b"EUR"), (b"12.345", b"KWD"), (b"0.0012", b"USD"),
            (b"9007199254740.993", b"KWD"), (b"0", b"EUR"), (b"1e2", b"jpy"),
        ]
    )  # fmt: skip
    assert shop.edge.send(body, shop.server, headers={"Content-Type": "application/json"}).status_code == 202
    shop.pixel("purchase", value=19.99, currency="EUR")
    shop.settle()

    assert shop.money() == {
        "JPY": (Decimal(1300), Decimal(0)), "EUR": (Decimal("0.3"), Decimal("19.99")),
        "KWD": (Decimal("9007199254753.338"), Decimal(0)), "USD": (Decimal("0.0012"), Decimal(0)),
    }  # fmt: skip
    today = utcnow().date()
    found = figures.headline(shop.organization, Period(today, today)).revenue
    assert [one.currency for one in found] == ["KWD", "JPY", "EUR", "USD"]
    assert found[2] == Revenue("EUR", Decimal("0.3"), Decimal("19.99"))
    assert_sound(shop.organization)


@pytest.mark.parametrize("value", ["-5", "-0.0001", "NaN", "Infinity", "1e400", '"5"', "true", "10000000000001", "[5]"])
def test_what_is_no_money_is_refused_by_both_doors(shop: Shop, value: str) -> None:
    """A refund is no event of negative worth: the contract takes none."""
    event = b'{"event": "purchase", "value": %s, "currency": "EUR"}' % value.encode()
    assert shop.edge.send(event, shop.server, headers={"Content-Type": "application/json"}).status_code == 400
    reply = shop.edge.pixel(b'{"token": "%s", "events": [%s]}' % (shop.browser.encode(), event))
    assert reply.status_code == 400 or reply.json()["events"][0]["status"] == "rejected"
    assert not Event.objects.exists()


@pytest.mark.parametrize("told", [{}, {"currency": None}])
def test_money_that_is_told_without_a_currency_is_in_the_organization_s(shop: Shop, told: dict[str, Any]) -> None:
    Organization.objects.filter(pk=shop.organization.pk).update(currency="CHF")
    assert shop.edge.send({"event": "purchase", "value": 5, **told}, shop.server).status_code == 202
    shop.pixel("purchase", value=7, **told)
    shop.edge.send({"event": "signup", **told}, shop.server)

    found = {(event.name, event.value, event.currency) for event in Event.objects.all()}
    assert found == {("purchase", Decimal(5), "CHF"), ("purchase", Decimal(7), "CHF"), ("signup", None, "")}


@pytest.mark.parametrize("currency", ["", "EURO", "XXX", "BTC", 978])
def test_money_in_a_currency_that_does_not_exist_is_refused(shop: Shop, currency: Any) -> None:
    assert shop.edge.send({"event": "purchase", "value": 5, "currency": currency}, shop.server).status_code == 400


@pytest.mark.parametrize(
    ("value", "currency", "words"),
    [
        ("1200", "JPY", "1,200 JPY"), ("5", "KWD", "5.000 KWD"), ("1234.5", "EUR", "1,234.50 EUR"),
        ("0.0012", "USD", "0.0012 USD"),
    ],
)  # fmt: skip
def test_amounts_are_written_as_their_currency_has_it(value: str, currency: str, words: str) -> None:
    assert shown(Decimal(value), currency) == words
