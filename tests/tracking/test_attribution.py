"""Who earned a conversion: through the doors, then the workers, then the credits."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import F

from chat33.lib.clock import utcnow
from contacts.models import Contact
from contacts.services import delete_contact, restore_contact
from tests.factories import make_contact
from tests.people import Person
from tests.tracking.edges import RunningEdge
from tests.tracking.journeys import Shop, assert_sound, pass_days
from tracking.attribution import attributing, crediting, recount
from tracking.models import Axis, Conversion, Credit, CreditRollup, Domain, EventWork, Touch
from tracking.rules import add_rule

WHOLE, HALF = Decimal(1), Decimal("0.5")


@pytest.fixture
def shop(owner: Person, edge: RunningEdge) -> Shop:
    return Shop(edge, owner.organization)


@pytest.fixture
def ada(shop: Shop) -> Contact:
    return make_contact(shop.organization, name="Ada")


def test_the_story_from_a_message_to_a_purchase(shop: Shop, ada: Contact) -> None:
    link = shop.link(contact=ada, campaign="spring", flow="welcome", post="post_1", influencer="mia")
    tags = shop.click(link)
    shop.page("v1", tags=tags, contactId=tags["cid"], fid=tags["fid"])
    shop.page("v1", contactId=ada.public_id)
    shop.pixel("purchase", "v1", contactId=ada.public_id, fid="welcome", value=49.99, currency="USD")
    shop.settle()

    assert Touch.objects.count() == 1  # the click and the arrival it led to are one
    for model in ("first", "last", "linear"):
        (row,) = Credit.objects.filter(model=model)
        assert (row.contact, row.link, row.campaign, row.flow, row.post, row.influencer) == (
            ada, link, "spring", "welcome", "post_1", "mia",
        )  # fmt: skip
        assert (row.certainty, row.share, row.value, row.currency, row.verified) == (
            "certain", WHOLE, Decimal("49.99"), "USD", False,
        )  # fmt: skip
    assert_sound(shop.organization)


def test_first_last_and_linear(shop: Shop, ada: Contact) -> None:
    for campaign in ("spring", "summer", "autumn"):
        shop.click(shop.link(contact=ada, campaign=campaign))
    shop.tell("purchase", contactId=ada.public_id, value=100, currency="EUR")
    shop.settle()

    assert shop.credits("first") == [("spring", "certain", WHOLE)]
    assert shop.credits("last") == [("autumn", "certain", WHOLE)]
    assert shop.credits("linear") == [
        ("autumn", "certain", Decimal("0.33333334")), ("spring", "certain", Decimal("0.33333333")),
        ("summer", "certain", Decimal("0.33333333")),
    ]  # fmt: skip
    parts = Credit.objects.filter(model="linear").values_list("value", flat=True)
    assert sum(part for part in parts if part is not None) == 100
    assert_sound(shop.organization)


def test_the_way_is_the_first_touch_and_the_latest(shop: Shop, ada: Contact, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crediting, "MOST", 3)
    for number in range(6):
        shop.click(shop.link(contact=ada, campaign=f"link-{number}"))
        shop.page("v1", tags={"utm_campaign": f"page-{number}"})
        shop.settle()
    shop.tell("purchase", contactId=ada.public_id, value=10, currency="EUR")
    shop.pixel("purchase", "v1", value=10, currency="EUR")
    shop.settle()
    ways = sorted(campaign for campaign, *_ in shop.credits("linear"))
    assert ways == ["link-0", "link-4", "link-5", "page-0", "page-4", "page-5"]

    shop.page("v1", contactId=ada.public_id)  # all of it was hers
    shop.settle()
    ways = sorted(campaign for campaign, *_ in shop.credits("linear"))
    assert ways == ["link-0", "link-0", "link-5", "link-5", "page-5", "page-5"]
    assert_sound(shop.organization)


def test_a_visitor_who_is_nobody_yet_is_probable(shop: Shop) -> None:
    link = shop.link(campaign="spring")  # in a post: for everybody
    tags = shop.click(link)
    shop.page("v1", tags=tags)
    shop.pixel("purchase", "v1", value=10, currency="EUR")
    shop.page("v2", tags={"utm_campaign": "newsletter", "utm_source": "mail"})
    shop.pixel("signup", "v2")
    shop.pixel("purchase", "v3", value=1, currency="EUR")
    shop.settle()

    assert shop.credits() == [("", "none", WHOLE), ("spring", "probable", WHOLE)]
    assert shop.credits(name="signup") == [("newsletter", "probable", WHOLE)]
    assert Credit.objects.get(model="last", campaign="spring").link == link
    assert_sound(shop.organization)


def test_an_address_that_is_handed_on_is_another_visitor_s_touch(shop: Shop) -> None:
    tags = shop.click(shop.link(campaign="spring"))
    shop.page("v1", tags=tags)
    shop.page("v2", tags=tags)
    shop.page("v2", tags=tags)
    shop.settle()
    shop.pixel("purchase", "v2", value=10, currency="EUR")
    shop.settle()

    assert {(touch.visitor, touch.campaign) for touch in Touch.objects.all()} == {("v1", "spring"), ("v2", "spring")}
    assert shop.credits("linear") == [("spring", "probable", WHOLE)]


def test_a_page_that_is_loaded_again_is_the_same_touch_and_another_campaign_s_is_not(shop: Shop, ada: Contact) -> None:
    for campaign in ("spring", "spring", "summer", "spring"):
        shop.page("v1", tags={"utm_campaign": campaign})
    for campaign in ("mail", "mail", "ads"):
        shop.page("v2", tags={"utm_campaign": campaign}, contactId=ada.public_id)
    shop.settle()
    assert sorted(Touch.objects.values_list("visitor", "campaign")) == [
        ("v1", "spring"), ("v1", "summer"), ("v2", "ads"), ("v2", "mail"),
    ]  # fmt: skip


def test_an_arrival_by_a_link_that_hands_on_no_click_id(shop: Shop, ada: Contact) -> None:
    """As ``/api/t`` does: the contact's click and the page that the address led to are one touch."""
    Domain.objects.create(organization=shop.organization, host="shop.example", challenge="c", verified_at=utcnow())
    path = f"/api/t?url=https://shop.example/?utm_campaign=spring&cid={ada.public_id}&fid=welcome"
    assert shop.edge.get(path).status_code == 302
    tags = {"cid": ada.public_id, "fid": "welcome", "utm_campaign": "spring"}
    shop.page("v1", tags=tags, contactId=ada.public_id, fid="welcome")
    shop.settle()

    (touch,) = Touch.objects.all()
    assert (touch.contact, touch.visitor, touch.flow, touch.campaign) == (ada, "v1", "welcome", "spring")


def test_robots_and_previews_earn_nothing(shop: Shop, ada: Contact) -> None:
    link = shop.link(contact=ada, campaign="spring")
    shop.edge.get(f"/l/{link.code}", agent="WhatsApp/2.23")
    shop.edge.get(f"/l/{link.code}", agent="Mozilla/5.0 (compatible; Googlebot/2.1)")
    shop.edge.pixel(
        {"token": shop.browser, "events": [{"event": "purchase", "value": 5, "currency": "EUR", "visitor": "v1"}]},
        **{"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"},
    )
    shop.tell("purchase", contactId=ada.public_id, value=10, currency="EUR")
    shop.settle()

    assert shop.credits() == [("", "none", WHOLE)]
    assert Conversion.objects.count() == 1


def test_touches_outside_the_window_are_forgotten(shop: Shop, ada: Contact) -> None:
    shop.click(shop.link(contact=ada, campaign="spring"))
    shop.settle()
    pass_days(shop.organization, 29)
    shop.tell("purchase", contactId=ada.public_id, value=10, currency="EUR")
    shop.settle()
    assert shop.credits() == [("spring", "certain", WHOLE)]
    pass_days(shop.organization, 2)
    shop.tell("signup", contactId=ada.public_id)
    shop.settle()

    assert shop.credits(name="signup") == [("", "none", WHOLE)]
    assert_sound(shop.organization)


def test_what_a_server_names_itself_is_a_touch_of_its_own(shop: Shop, ada: Contact) -> None:
    shop.tell("purchase", value=7, currency="EUR", metadata={"campaign": "billboard", "influencer": "mia"})
    shop.settle()
    assert shop.credits() == [("billboard", "certain", WHOLE)]
    shop.click(shop.link(contact=ada, campaign="spring"))
    shop.tell("signup", contactId=ada.public_id, metadata={"campaign": "spring"})  # says no more than the click
    shop.settle()
    assert shop.credits("linear", "signup") == [("spring", "certain", WHOLE)]
    shop.tell("lead", contactId=ada.public_id, metadata={"campaign": "fair"})
    shop.settle()

    found = {campaign for campaign, *_ in shop.credits("linear", "lead")}
    assert "fair" in found
    assert shop.credits("last", "lead") == [("fair", "certain", WHOLE)]
    assert_sound(shop.organization)


def test_what_is_a_conversion(shop: Shop, ada: Contact) -> None:
    add_rule(organization=shop.organization, event="tutorial_complete", label="Learner")
    add_rule(organization=shop.organization, event="page_view", label="Seen")
    for name in ("Signup", "lead", "install", "tutorial_complete", "scrolled"):
        shop.pixel(name, "v1")
    shop.pixel("donation", value=0, currency="EUR")
    shop.page("v1", contactId=ada.public_id)
    shop.settle()

    assert set(Conversion.objects.values_list("name", flat=True)) == {
        "Signup", "lead", "install", "tutorial_complete", "donation",
    }  # fmt: skip
    assert_sound(shop.organization)


def test_a_visitor_who_is_identified_after_the_purchase(shop: Shop, ada: Contact) -> None:
    """The click was the contact's, in another browser; then the visitor turns out to be the contact."""
    shop.click(shop.link(contact=ada, campaign="spring"))
    shop.pixel("purchase", "v1", value=10, currency="EUR")
    shop.settle()
    assert shop.credits() == [("", "none", WHOLE)]
    shop.page("v1", contactId=ada.public_id)
    shop.settle()

    assert shop.credits() == [("spring", "probable", WHOLE)]
    assert Credit.objects.filter(contact=ada).count() == 3
    assert_sound(shop.organization)


def test_who_a_visitor_is_holds_for_conversions_from_before_the_window_too(shop: Shop, ada: Contact) -> None:
    recount.set_window(organization=shop.organization, days=1, now=utcnow())
    shop.click(shop.link(contact=ada, campaign="spring"))
    shop.pixel("purchase", "v1", value=10, currency="EUR")
    shop.settle()
    pass_days(shop.organization, 3)
    Conversion.objects.update(at=F("at") - timedelta(days=3))
    shop.page("v1", contactId=ada.public_id)
    shop.settle()

    assert shop.credits() == [("spring", "probable", WHOLE)]
    assert Credit.objects.filter(contact=ada).count() == 3
    assert_sound(shop.organization)


def test_a_browser_that_two_people_share_is_neither_s_for_sure(shop: Shop, ada: Contact) -> None:
    bob = make_contact(shop.organization, name="Bob")
    for one, campaign in ((ada, "spring"), (bob, "summer")):
        tags = shop.click(shop.link(contact=one, campaign=campaign))
        shop.page("v1", tags=tags, contactId=one.public_id)
    shop.pixel("purchase", "v1", contactId=ada.public_id, value=10, currency="EUR")
    shop.pixel("lead", "v1")
    shop.settle()

    assert shop.credits("linear") == [("spring", "certain", WHOLE)]  # what led Bob here is not Ada's
    assert not Credit.objects.filter(name="lead", contact__isnull=False).exists()


def test_an_id_that_every_visitor_is_called_by_is_no_person(
    shop: Shop, ada: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attributing, "VISITORS", 2)
    for number in range(4):
        shop.page(f"v{number}", tags={"utm_campaign": f"campaign-{number}"})
        shop.pixel("lead", f"v{number}", contactId=ada.public_id)
        shop.settle()
    shop.tell("purchase", contactId=ada.public_id, value=10, currency="EUR")
    shop.settle()

    assert [campaign for campaign, *_ in shop.credits("linear")] == ["campaign-0", "campaign-1"]
    assert_sound(shop.organization)


def test_a_browser_that_is_lent_to_everybody_is_nobody_s(
    shop: Shop, ada: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attributing, "CONTACTS", 2)
    people = [ada, make_contact(shop.organization), make_contact(shop.organization)]
    for person in people:
        shop.pixel("lead", "kiosk", contactId=person.public_id)
        shop.settle()
    shop.page("kiosk", tags={"utm_campaign": "spring"})
    shop.settle()
    for person in people:
        shop.tell("purchase", contactId=person.public_id, value=10, currency="EUR")
    shop.settle()

    assert shop.credits() == [("", "none", WHOLE), ("spring", "probable", WHOLE), ("spring", "probable", WHOLE)]


def test_what_is_learnt_of_somebody_changes_the_latest_of_very_many_conversions_and_a_recount_the_rest(
    shop: Shop, ada: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attributing, "RECONSIDERED", 2)
    shop.page("v1", tags={"utm_campaign": "spring"})
    for value in (1, 2, 3):
        shop.tell("purchase", contactId=ada.public_id, value=value, currency="EUR")
        shop.settle()
    shop.page("v1", contactId=ada.public_id)
    shop.settle()

    def earned() -> dict[str, list[Decimal | None]]:
        rows = Credit.objects.filter(model="last", name="purchase").order_by("value").values_list("campaign", "value")
        found: dict[str, list[Decimal | None]] = {}
        for campaign, value in rows:
            found.setdefault(campaign, []).append(value)
        return found

    assert earned() == {"": [1], "spring": [2, 3]}
    today = utcnow().date()
    recount.start_recount(
        organization=shop.organization, first=today - timedelta(days=1), last=today, by="usr_1", now=utcnow()
    )
    recount.recount_due(seconds=20)
    assert earned() == {"spring": [1, 2, 3]}
    assert_sound(shop.organization)


def test_a_contact_who_appears_after_the_events(shop: Shop, ada: Contact) -> None:
    delete_contact(contact=ada, by="usr_1", now=utcnow())
    shop.pixel("page_view", "v1", contactId=ada.public_id, url="https://shop.example/?cid=x&utm_campaign=spring")
    shop.tell("purchase", contactId=ada.public_id, value=10, currency="EUR")
    shop.settle()
    assert shop.credits() == [("", "none", WHOLE)]
    restore_contact(contact=ada, by="usr_1", now=utcnow())
    shop.settle()

    assert shop.credits() == [("spring", "certain", WHOLE)]
    assert_sound(shop.organization)


def test_a_forged_contact_id_credits_nobody(shop: Shop, stranger: Person, ada: Contact) -> None:
    foreign = make_contact(stranger.organization)
    shop.click(shop.link(contact=ada, campaign="spring"))
    for ref in (foreign.public_id, "cm" + "0" * 26, "x"):
        shop.pixel("purchase", contactId=ref, value=10, currency="EUR")
    shop.settle()

    assert shop.credits() == [("", "none", WHOLE)] * 3
    assert not Credit.objects.filter(contact__isnull=False).exists()
    assert not Credit.objects.filter(organization=stranger.organization).exists()


def test_a_click_id_of_another_organization_says_nothing(shop: Shop, stranger: Person) -> None:
    other = Shop(shop.edge, stranger.organization)
    tags = other.click(other.link(campaign="theirs"))
    shop.page("v1", tags=tags)
    shop.pixel("purchase", "v1", value=10, currency="EUR")
    shop.settle()
    assert shop.credits() == [("", "none", WHOLE)]


def test_who_wants_no_tracking_is_credited_by_flow_alone(shop: Shop) -> None:
    event = {"event": "purchase", "value": 5, "currency": "EUR", "fid": "welcome", "visitor": "v1", "contactId": "cm1"}
    shop.edge.pixel({"token": shop.browser, "events": [event]}, **{"Sec-GPC": "1"})
    shop.settle()
    (row,) = Credit.objects.filter(model="last")
    assert (row.flow, row.certainty, row.contact) == ("welcome", "probable", None)
    assert_sound(shop.organization)


def test_a_touch_that_comes_after_its_conversion_by_a_slow_worker(shop: Shop, ada: Contact) -> None:
    shop.click(shop.link(contact=ada, campaign="spring"))
    held = list(EventWork.objects.values())
    EventWork.objects.all().delete()
    shop.tell("purchase", contactId=ada.public_id, value=10, currency="EUR")
    shop.settle()
    assert shop.credits() == [("", "none", WHOLE)]
    EventWork.objects.bulk_create(EventWork(**row) for row in held)
    shop.settle()

    assert shop.credits() == [("spring", "certain", WHOLE)]
    assert not CreditRollup.objects.filter(certainty="none").exists()
    assert_sound(shop.organization)


def test_each_axis_adds_up_to_the_total(shop: Shop, ada: Contact) -> None:
    shop.click(shop.link(contact=ada, campaign="spring", flow="welcome"))
    shop.click(shop.link(contact=ada, post="post_1"))
    shop.tell("purchase", contactId=ada.public_id, value=0.01, currency="EUR")
    shop.tell("purchase", value=3, currency="JPY")
    shop.settle()

    for axis in (Axis.LINK, Axis.CAMPAIGN, Axis.FLOW, Axis.CHANNEL, Axis.POST, Axis.INFLUENCER):
        rows = CreditRollup.objects.filter(axis=axis, model="linear")
        sums: dict[str, Decimal] = {}
        for row in rows:
            sums[row.currency] = sums.get(row.currency, Decimal(0)) + row.verified
        assert sums == {"EUR": Decimal("0.01"), "JPY": Decimal(3)}
    assert_sound(shop.organization)


def test_as_many_queries_for_fifty_conversions_as_for_two(
    shop: Shop, ada: Contact, django_assert_max_num_queries: Any
) -> None:
    link = shop.link(contact=ada, campaign="spring")
    shop.click(link)
    for number in range(50):
        shop.tell("purchase", contactId=ada.public_id, value=number, currency="EUR", metadata={"orderId": f"o{number}"})
    with django_assert_max_num_queries(45):
        assert shop.settle() == 51
    assert_sound(shop.organization)
