"""What becomes of an MMP's postback: an event of its own, once, with its contact, and why, in words."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from chat33.lib.clock import utcnow
from chat33.lib.ids import new_id
from chat33.orgs.models import Organization
from contacts.models import Contact, Kind, TimelineEntry
from contacts.services import delete_contact, restore_contact
from tests.factories import make_contact, make_organization
from tests.tracking.postbacks import carried, keep
from tracking.edge.words import OTHER
from tracking.models import Axis, Event, EventWork, Ledger, Postback, PostbackStatus, Rollup, StoreAggregate, Word
from tracking.postbacks import reading, recording
from tracking.settling import settle_due

pytestmark = pytest.mark.django_db


@pytest.fixture
def here(db: None) -> Organization:
    return make_organization()


@pytest.fixture
def ada(here: Organization) -> Contact:
    return make_contact(here, name="Ada")


def install(contact: str, **given: Any) -> dict[str, Any]:
    at = f"{utcnow():%Y-%m-%d %H:%M:%S}.000"
    return {
        "event_type": "install", "event_name": "install", "appsflyer_id": new_id("af"), "app_id": "id1", "platform": "ios",
        "media_source": "chat33", "campaign": "spring-sale", "af_sub1": contact, "af_sub2": "mia", "event_time": at, **given,
    }  # fmt: skip


def story(contact: Contact) -> list[tuple[str, str]]:
    rows = TimelineEntry.objects.filter(contact=contact).exclude(kind__in=[Kind.CONTACT, Kind.LABEL]).order_by("id")
    return [(entry.kind, entry.title) for entry in rows]


def test_an_install_becomes_its_contact_s_event_and_is_on_their_timeline(here: Organization, ada: Contact) -> None:
    found = carried(keep(here, body=install(ada.public_id)))
    settle_due(seconds=60)

    assert (found.status, found.why, found.contact) == (PostbackStatus.MATCHED, "Matched by af_sub1.", ada)
    assert (found.mmp, found.event_name, found.due_at) == ("appsflyer", "install", None)
    event = Event.objects.get()
    assert (event.name, event.source, event.by, event.verified, event.contact_ref) == (
        "install", "mmp", "server", True, ada.public_id,
    )  # fmt: skip
    assert (event.campaign, event.influencer, event.received_at) == ("spring-sale", "mia", found.received_at)
    assert story(ada) == [(Kind.INSTALL, "Installed the app")]


def test_it_is_in_the_rollups_of_its_campaign_and_influencer_and_in_the_ledger(
    here: Organization, ada: Contact
) -> None:
    carried(keep(here, body=install(ada.public_id, af_sub2="flow123")))
    carried(keep(here, body=install(ada.public_id, af_sub2="mia")))

    counted = {(row.axis, row.ref): row.events for row in Rollup.objects.filter(organization=here, name="install")}
    assert counted[Axis.TOTAL, ""] == counted[Axis.SOURCE, "mmp"] == counted[Axis.CAMPAIGN, "spring-sale"] == 2
    assert counted[Axis.FLOW, "flow123"] == counted[Axis.INFLUENCER, "mia"] == 1
    ledger = Ledger.objects.get(organization=here, source="mmp")
    assert (ledger.received, ledger.stored, ledger.duplicates) == (2, 2, 0)


def test_a_purchase_is_worth_what_it_says_in_its_currency(here: Organization, ada: Contact) -> None:
    money = {"event_type": "in-app-event", "event_name": "af_purchase", "event_revenue": "9.99"}
    carried(keep(here, body=install(ada.public_id, **money, event_revenue_currency="EUR")))
    carried(keep(here, body=install(ada.public_id, **money, event_revenue_currency="doubloons")))
    settle_due(seconds=60)

    paid, odd = Event.objects.order_by("id")
    assert (paid.name, paid.value, paid.currency, paid.verified) == ("purchase", Decimal("9.99"), "EUR", True)
    assert (odd.value, odd.currency, odd.data["value"], odd.data["currency"]) == (None, "", "9.9900", "DOUBLOONS")
    assert (Kind.PURCHASE, "purchase, 9.99 EUR") in story(ada)


def test_a_repetition_counts_once_and_says_when_it_came_first(here: Organization, ada: Contact) -> None:
    body = install(ada.public_id)
    first = carried(keep(here, body=body))
    again = carried(keep(here, body={**body, "campaign": "renamed"}))
    both = [keep(here, body={**body, "event_name": "level"}) for _ in range(2)]
    reading.read_due(seconds=60)

    assert (first.status, again.status) == (PostbackStatus.MATCHED, PostbackStatus.DUPLICATE)
    assert again.why.startswith("AppsFlyer sent this before on ")
    assert sorted(Postback.objects.get(pk=one.pk).status for one in both) == ["DUPLICATE", "MATCHED"]
    assert Event.objects.count() == 2
    assert Ledger.objects.get(organization=here, source="mmp").duplicates == 2


def test_two_organizations_do_not_repeat_each_other(here: Organization, ada: Contact) -> None:
    elsewhere, body = make_organization(), install(ada.public_id)
    mine, theirs = carried(keep(here, body=body)), carried(keep(elsewhere, body=body))

    assert (mine.status, theirs.status) == (PostbackStatus.MATCHED, PostbackStatus.UNMATCHED)
    assert theirs.contact is None
    settle_due(seconds=60)
    assert len(story(ada)) == 1


def test_who_is_not_there_yet_is_matched_when_they_appear(here: Organization, ada: Contact) -> None:
    delete_contact(contact=ada, by="nobody", now=utcnow())
    waits = carried(keep(here, body=install(ada.public_id)))
    assert (waits.status, waits.contact) == (PostbackStatus.UNMATCHED, None)
    assert waits.why == f"{ada.public_id} is nobody of yours (yet): it is looked at again when they appear."
    assert waits.due_at is not None
    EventWork.objects.all().delete()

    restore_contact(contact=ada, by="nobody", now=utcnow())
    settle_due(seconds=60)

    matched = Postback.objects.get()
    assert (matched.status, matched.contact, matched.due_at) == (PostbackStatus.MATCHED, ada, None)
    assert (Kind.INSTALL, "Installed the app") in story(ada)
    assert Event.objects.count() == 1


def test_who_came_while_it_was_being_read_is_found_by_the_clock(here: Organization, ada: Contact) -> None:
    Contact.objects.filter(pk=ada.pk).update(deleted_at=utcnow())
    waits = carried(keep(here, body=install(ada.public_id)))
    Contact.objects.filter(pk=ada.pk).update(deleted_at=None)  # and nobody said so
    Postback.objects.update(due_at=utcnow())

    assert carried(waits).status == PostbackStatus.MATCHED
    assert Event.objects.count() == 1


def test_nobody_is_awaited_by_the_clock_for_ever(here: Organization) -> None:
    old = utcnow() - timedelta(minutes=4)
    waits = carried(keep(here, body=install(new_id("cm", separator="")), received_at=old))

    assert (waits.status, waits.due_at) == (PostbackStatus.UNMATCHED, None)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"af_sub1": "{af_sub1}"}, "AppsFlyer did not replace {af_sub1}: check the macro in its dashboard."),
        ({"af_sub1": ""}, "It names no contact: af_sub1 is empty, as for whoever came without a link of yours."),
        ({"af_sub1": "Facebook"}, "af_sub1 says “Facebook”, which is no contact's id: those begin with cm."),
    ],
)
def test_what_names_nobody_is_counted_and_says_why(here: Organization, given: dict[str, str], why: str) -> None:
    found = carried(keep(here, body=install("", **given)))

    assert (found.status, found.why, found.due_at) == (PostbackStatus.UNMATCHED, why, None)
    assert Event.objects.get().contact_ref == ""


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("activity_kind=rejected_install&adid=a", "Adjust rejected it"),
        ("activity_kind=cost_updated&adid=a", "what ads cost"),
        ("activity_kind=impression&adid=a", "“impression”"),
    ],
)
def test_what_is_nothing_to_us_is_ignored_and_says_why(here: Organization, query: str, why: str) -> None:
    found = carried(keep(here, query))

    assert found.status == PostbackStatus.IGNORED
    assert why in found.why
    assert not Event.objects.exists()


def test_what_cannot_be_read_is_kept_and_says_why(here: Organization) -> None:
    found = carried(keep(here, body="{", content_type="application/json"))

    assert (found.status, found.why) == (PostbackStatus.UNREADABLE, "The body says it is JSON and is not.")
    assert found.body == "{"


def test_a_store_s_report_is_counted_by_campaign_once_and_against_nobody(here: Organization, ada: Contact) -> None:
    report = {
        "sk_transaction_id": "6aafb7a5", "sk_campaign_id": "42", "sk_network_id": "x.skadnetwork", "sk_version": "2.0",
        "sk_app_id": "1", "sk_conversion_value": "20", "label": ada.public_id, "activity_kind": "sk_install",
    }  # fmt: skip
    first, again = carried(keep(here, report)), carried(keep(here, report))

    assert (first.status, again.status) == (PostbackStatus.AGGREGATE, PostbackStatus.DUPLICATE)
    row = StoreAggregate.objects.get()
    assert (row.framework, row.network, row.campaign, row.conversion, row.won) == (
        "SKAN", "x.skadnetwork", "42", "20", True,
    )  # fmt: skip
    assert (first.contact, Event.objects.count(), story(ada)) == (None, 0, [])


def test_a_test_is_read_and_matched_and_counts_nowhere(here: Organization, ada: Contact) -> None:
    found = carried(keep(here, body=install(ada.public_id), is_test=True))

    assert (found.status, found.contact) == (PostbackStatus.MATCHED, ada)
    assert found.why == "Matched by af_sub1. A test: nothing was counted."
    assert not Event.objects.exists()
    assert not Ledger.objects.exists()


def test_a_replay_counts_nothing_again_and_finds_who_is_there_by_now(here: Organization, ada: Contact) -> None:
    Contact.objects.filter(pk=ada.pk).update(deleted_at=utcnow())
    row = carried(keep(here, body=install(ada.public_id)))
    Postback.objects.update(due_at=None)
    EventWork.objects.all().delete()
    Contact.objects.filter(pk=ada.pk).update(deleted_at=None)
    reading.replay(postback=row, now=utcnow())

    assert carried(row).status == PostbackStatus.MATCHED
    settle_due(seconds=60)
    assert story(ada) == [(Kind.INSTALL, "Installed the app")]
    reading.replay(postback=row, now=utcnow())
    assert carried(row).status == PostbackStatus.MATCHED
    settle_due(seconds=60)
    assert len(story(ada)) == 1
    ledger = Ledger.objects.get()
    assert (ledger.received, ledger.stored, ledger.duplicates) == (1, 1, 0)


def test_all_that_wait_are_replayed_and_no_others(here: Organization, ada: Contact) -> None:
    matched = carried(keep(here, body=install(ada.public_id)))
    carried(keep(here, body=install("")))
    carried(keep(here, body="{", content_type="application/json"))
    theirs = carried(keep(make_organization(), body=install("")))
    again = reading.replay_all(rows=Postback.objects.filter(organization=here), now=utcnow())

    assert again == 2
    assert set(Postback.objects.filter(status="PENDING").values_list("organization", flat=True)) == {here.pk}
    assert Postback.objects.get(pk=matched.pk).status == PostbackStatus.MATCHED
    assert Postback.objects.get(pk=theirs.pk).status == PostbackStatus.UNMATCHED
    reading.read_due(seconds=60)
    assert Event.objects.count() == 3


def test_words_from_outside_cannot_make_rollups_grow_without_end(
    here: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "_MOST", {**recording._MOST, "campaign": 2, "name": 1})
    for number in range(4):
        carried(keep(here, body=install("", campaign=f"c{number}", event_type="in-app-event", event_name=f"e{number}")))

    kept = list(Event.objects.order_by("id").values_list("campaign", "name"))
    assert kept == [("c0", "e0"), ("c1", OTHER), (OTHER, OTHER), (OTHER, OTHER)]
    assert Event.objects.latest("id").data["campaign"] == "c3"
    assert Word.objects.filter(organization=here).count() == 4  # and the influencer


def test_one_that_cannot_be_carried_does_not_keep_the_others(
    here: Organization, ada: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = keep(here, body=install("")), keep(here, body=install(ada.public_id))
    settle = reading._settle

    def stumble(one: reading.Understood, *given: Any, **named: Any) -> None:
        if one.postback.pk == bad.pk:
            raise ValueError("a fault of ours")
        settle(one, *given, **named)

    monkeypatch.setattr(reading, "_settle", stumble)
    began = utcnow()
    reading.read_due(seconds=60)
    bad.refresh_from_db()
    good.refresh_from_db()

    assert good.status == PostbackStatus.MATCHED
    assert (bad.status, Event.objects.count()) == (PostbackStatus.PENDING, 1)
    assert bad.due_at is not None
    assert bad.due_at >= began + timedelta(seconds=2)
    monkeypatch.undo()
    Postback.objects.update(due_at=utcnow())
    assert carried(bad).status == PostbackStatus.UNMATCHED
    assert Event.objects.count() == 2


def test_a_worker_that_lost_its_lease_changes_nothing(here: Organization, ada: Contact) -> None:
    row = keep(here, body=install(ada.public_id))
    late = reading.QUEUE.claim(limit=10)
    Postback.objects.update(due_at=utcnow())
    assert carried(row).status == PostbackStatus.MATCHED
    Postback.objects.update(why="as it was")
    reading.carry(late, now=utcnow())

    row.refresh_from_db()
    assert row.why == "as it was"
    assert Event.objects.count() == 1


def test_a_message_of_an_old_month_finds_a_partition(here: Organization, ada: Contact) -> None:
    old = utcnow() - timedelta(days=90)
    assert carried(keep(here, body=install(ada.public_id), received_at=old)).status == PostbackStatus.MATCHED
    assert Event.objects.get().received_at == old


def test_what_it_says_in_a_form_or_a_query_alone_is_read_too(here: Organization, ada: Contact) -> None:
    query = carried(keep(here, {"mmp": "adjust", "activity_kind": "install", "adid": "a", "label": ada.public_id}))
    form = keep(
        here, body=f"click_id={ada.public_id}&ad_network=x&acquired_at_ms=1763632800000",
        content_type="application/x-www-form-urlencoded",
    )  # fmt: skip

    assert (query.mmp, query.status) == ("adjust", PostbackStatus.MATCHED)
    assert (carried(form).mmp, form.status) == ("tenjin", PostbackStatus.MATCHED)
    assert json.loads(json.dumps(form.fields))["ad_network"] == "x"


def test_what_was_kept_as_long_as_promised_is_forgotten_and_what_it_brought_stays(
    here: Organization, ada: Contact, settings: Settings
) -> None:
    settings.POSTBACK_DAYS = 30
    old = carried(keep(here, body=install(ada.public_id), received_at=utcnow() - timedelta(days=31)))
    late = keep(here, body=install(ada.public_id), received_at=utcnow() - timedelta(days=31))  # nobody has read it
    new = carried(keep(here, body=install(ada.public_id), received_at=utcnow() - timedelta(days=29)))
    Postback.objects.filter(pk=late.pk).update(status="PENDING", due_at=utcnow())

    assert reading.prune(now=utcnow(), seconds=5) == 1
    assert set(Postback.objects.values_list("pk", flat=True)) == {late.pk, new.pk}
    assert Event.objects.filter(event_id=old.stored_as).exists()
    settings.POSTBACK_DAYS = 0
    assert reading.prune(now=utcnow() + timedelta(days=999), seconds=5) == 0
