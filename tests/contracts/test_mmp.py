"""MMP install postbacks, as the public document of the developer integrations writes them down."""

from collections.abc import Mapping
from urllib.parse import urlencode

import pytest
import requests

from contacts.models import Kind, TimelineEntry
from tests.factories import make_contact
from tests.people import Person
from tests.tracking.edges import RunningEdge, make_token
from tracking.models import Event, Postback
from tracking.postbacks.reading import read_due
from tracking.settling import settle_due

# What the document says that is read of each: "AppsFlyer reads event_type, app_id, appsflyer_id, af_sub1/af_sub2", "Adjust
# reads activity_kind, tracker_name, label", "Tenjin reads campaign_id, site_id", "Singular reads network, source".
DOCUMENTED: Mapping[str, Mapping[str, str]] = {
    "appsflyer": {
        "event_type": "install",
        "app_id": "id1",
        "appsflyer_id": "a-1",
        "af_sub1": "{contact}",
        "af_sub2": "mia",
    },
    "adjust": {"activity_kind": "install", "tracker_name": "Chat33::Spring", "label": "{contact}"},
    "tenjin": {"campaign_id": "spring", "site_id": "s-1", "click_id": "{contact}"},
    "singular": {"network": "Chat33", "source": "{contact}"},
}


def documented(mmp: str, contact: str) -> dict[str, str]:
    return {name: value.format(contact=contact) for name, value in DOCUMENTED[mmp].items()}


@pytest.mark.parametrize("how", ["GET", "json", "form"])
@pytest.mark.parametrize("mmp", sorted(DOCUMENTED))
def test_the_documented_fields_alone_attribute_an_install(owner: Person, edge: RunningEdge, mmp: str, how: str) -> None:
    secret, ada = make_token(owner.organization, "mmp"), make_contact(owner.organization, name="Ada")
    given = documented(mmp, ada.public_id)
    url = f"{edge.url}/api/webhooks/mmp?secret={secret}"
    if how == "GET":
        reply = requests.get(url, params=given, timeout=60)
    elif how == "json":
        reply = requests.post(url, json=given, timeout=60)
    else:
        reply = requests.post(url, data=given, timeout=60)
    assert reply.status_code == 200
    read_due(seconds=60)
    settle_due(seconds=60)

    found = Postback.objects.get()
    assert (found.mmp, found.status, found.contact) == (mmp, "MATCHED", ada)
    assert Event.objects.get().name == "install"
    assert TimelineEntry.objects.filter(contact=ada, kind=Kind.INSTALL).count() == 1


def test_installs_are_attributed_to_the_influencer_and_campaign_too(owner: Person, edge: RunningEdge) -> None:
    secret, ada = make_token(owner.organization, "mmp"), make_contact(owner.organization)
    for mmp in ("appsflyer", "adjust"):
        edge.get(f"/api/webhooks/mmp?secret={secret}&{urlencode(documented(mmp, ada.public_id))}")
    read_due(seconds=60)

    assert set(Event.objects.values_list("influencer", "campaign")) == {("mia", ""), ("", "Spring")}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("event_type=install&appsflyer_id=a", 200),
        ("event_type=something-new&appsflyer_id=a", 200),
        ("nothing=known", 200),
        ("", 200),
    ],
)
def test_everything_under_a_good_secret_is_taken(owner: Person, edge: RunningEdge, query: str, status: int) -> None:
    secret = make_token(owner.organization, "mmp")
    for _ in range(2):  # a repetition as well
        assert edge.get(f"/api/webhooks/mmp?secret={secret}&{query}").status_code == status
    assert edge.get(f"/api/webhooks/mmp?secret=not-{secret}&{query}").status_code == 401
    assert edge.get(f"/api/webhooks/mmp?secret={secret}", method="HEAD").status_code == 200
    read_due(seconds=60)

    assert Postback.objects.count() == 2
    assert not Postback.objects.filter(status="PENDING").exists()
