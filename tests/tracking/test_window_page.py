"""The attribution window and the recount: who may change them, and that a marketer sees how far it is."""

from datetime import timedelta

import pytest

from chat33.lib.clock import utcnow
from tests.people import Person
from tests.tracking.came_back import said
from tracking.attribution.recount import latest_recount, recount_due, window_of

pytestmark = pytest.mark.django_db

PAGE = "/tracking/revenue/window/"


def page_of(person: Person, **headers: str) -> str:
    reply = person.browser().get(PAGE, headers=headers)
    assert reply.status_code == 200
    return said(reply.content.decode())


def test_the_window_is_changed_by_who_manages_and_by_nobody_else(owner: Person, teammate: Person) -> None:
    assert "in the 30 days before it" in page_of(teammate)
    assert "Work out anew" not in page_of(teammate)
    assert teammate.browser().post(f"{PAGE}change/", {"days": "7"}).status_code == 403
    assert owner.browser().post(f"{PAGE}change/", {"days": "7"}).status_code == 302

    assert window_of(owner.organization) == 7
    assert "in the 7 days before it" in page_of(owner)


@pytest.mark.parametrize("days", ["0", "366", "-1", "x", ""])
def test_a_window_that_is_none_is_told_so(owner: Person, days: str) -> None:
    assert owner.browser().post(f"{PAGE}change/", {"days": days}).status_code == 422
    assert window_of(owner.organization) == 30


def test_a_recount_is_begun_once_and_shows_how_far_it_is(owner: Person) -> None:
    today = utcnow().date()
    asked = {"first": str(today - timedelta(days=9)), "last": str(today)}
    assert owner.browser().post(f"{PAGE}again/", asked).status_code == 302
    refused = owner.browser().post(f"{PAGE}again/", asked)

    assert refused.status_code == 422
    assert "under way" in refused.content.decode()
    fragment = page_of(owner, **{"HX-Request": "true", "HX-Target": "recount"})
    assert "0 of 0" in fragment
    recount_due(seconds=60)
    assert "worked out anew" in page_of(owner)
    found = latest_recount(owner.organization)
    assert found is not None
    assert found.finished_at is not None


def test_days_in_the_wrong_order_are_told_so(owner: Person) -> None:
    reply = owner.browser().post(f"{PAGE}again/", {"first": "2026-11-09", "last": "2026-11-01"})

    assert reply.status_code == 422
    assert latest_recount(owner.organization) is None
