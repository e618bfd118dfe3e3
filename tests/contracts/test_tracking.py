"""Document 000, "Integrate Chat33": tracking pixel, webhook events and link tracking, as written there."""

import json
import re
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from chat33.lib.clock import utcnow
from contacts.models import Label, TimelineEntry
from tests.factories import make_contact
from tests.people import Person
from tests.tracking.edges import PERSON, RunningEdge, make_token
from tracking.models import Domain, Event
from tracking.settling import settle_due

CURL_BODY = '{"event":"purchase","value":29.99,"currency":"USD"}'


def verify(owner: Person, host: str) -> None:
    Domain.objects.create(organization=owner.organization, host=host, challenge="c", verified_at=utcnow())


class TestPixel:
    """ "Tracking Pixel"."""

    def test_the_script_is_where_the_snippet_says(self, edge: RunningEdge) -> None:
        reply = requests.get(f"{edge.url}/pixel.js", timeout=60)

        assert reply.status_code == 200
        assert reply.headers["Content-Type"].partition(";")[0] in ("text/javascript", "application/javascript")
        for name in ("track", "identify", "getContactId"):
            assert name in reply.text

    def test_the_token_of_the_snippet_is_the_mmp_token(self, owner: Person, edge: RunningEdge) -> None:
        token = make_token(owner.organization, "server")
        reply = edge.pixel({"token": token, "events": [{"event": "signup", "eventId": "1"}]})

        assert reply.status_code == 202
        assert Event.objects.get().name == "signup"

    @pytest.mark.parametrize(
        ("event", "metadata"),
        [
            ("purchase", {"value": 49.99, "currency": "USD", "product": "Pro Plan"}),
            ("signup", {}),
            ("lead", {"source": "landing_page"}),
            ("tutorial_complete", {"step": 5}),
        ],
    )
    def test_each_event_shown_is_stored(
        self, owner: Person, edge: RunningEdge, event: str, metadata: dict[str, object]
    ) -> None:
        value, currency = metadata.pop("value", None), metadata.pop("currency", None)
        sent = {"event": event, "eventId": "1", "value": value, "currency": currency, "metadata": metadata}
        given = {name: one for name, one in sent.items() if one is not None}
        token = make_token(owner.organization, "pixel")

        assert edge.pixel({"token": token, "events": [given]}).status_code == 202
        stored = Event.objects.get()
        assert (stored.name, stored.source, stored.data) == (event, "pixel", metadata)
        assert (stored.value, stored.currency) == (Decimal("49.99") if value else None, currency or "")


class TestEvents:
    """ "Webhook Events API"."""

    def test_the_example_of_the_endpoint(self, owner: Person, edge: RunningEdge) -> None:
        contact = make_contact(owner.organization)
        body = {
            "event": "purchase",
            "contactId": contact.public_id,
            "value": 49.99,
            "currency": "USD",
            "metadata": {"product": "Pro Plan", "source": "checkout"},
        }
        reply = edge.send(body, make_token(owner.organization))

        assert (reply.status_code, set(reply.json())) == (202, {"eventId", "status"})
        settle_due(seconds=60)
        assert list(Label.objects.filter(labellings__contact=contact).values_list("name", flat=True)) == ["Purchased"]
        assert TimelineEntry.objects.filter(contact=contact, kind="purchase").exists()

    def test_the_example_of_curl(self, owner: Person, edge: RunningEdge) -> None:
        token = make_token(owner.organization)
        reply = requests.post(
            f"{edge.url}/api/webhooks/events?token={token}", data=CURL_BODY,
            headers={"Content-Type": "application/json", "User-Agent": "curl/8.5.0"}, timeout=60,
        )  # fmt: skip

        assert reply.status_code == 202
        stored = Event.objects.get()
        assert (stored.name, str(stored.value), stored.currency) == ("purchase", "29.9900", "USD")

    @pytest.mark.parametrize("left_out", ["contactId", "value", "currency", "metadata"])
    def test_only_the_event_is_required(self, owner: Person, edge: RunningEdge, left_out: str) -> None:
        body = {"event": "lead", "contactId": "cm1abc123", "value": 5, "currency": "EUR", "metadata": {}}
        del body[left_out]
        assert edge.send(body, make_token(owner.organization)).status_code == 202

    def test_without_its_event_it_is_refused(self, owner: Person, edge: RunningEdge) -> None:
        reply = edge.send({"value": 1, "currency": "EUR"}, make_token(owner.organization))

        assert reply.status_code == 400
        assert set(reply.json()) == {"error", "message", "details"}
        assert reply.json()["details"][0]["path"] == "event"

    def test_the_hundred_and_first_in_a_minute_waits(self, owner: Person, edge: RunningEdge) -> None:
        token, other = make_token(owner.organization), make_token(owner.organization)
        session = requests.Session()
        said = [
            session.post(
                f"{edge.url}/api/webhooks/events?token={token}", json={"event": "lead"}, timeout=60
            ).status_code
            for _ in range(101)
        ]

        assert said == [202] * 100 + [429]
        assert edge.send({"event": "lead"}, other).status_code == 202
        assert Event.objects.count() == 101


class TestLinks:
    """ "Link Tracking"."""

    def test_the_example_of_a_link(self, owner: Person, edge: RunningEdge) -> None:
        verify(owner, "yoursite.com")
        contact = make_contact(owner.organization)
        reply = edge.get(f"/api/t?url=https://yoursite.com/signup&cid={contact.public_id}&fid=flow123")

        assert reply.status_code == 302
        assert reply.headers["Location"] == f"https://yoursite.com/signup?cid={contact.public_id}&fid=flow123"
        click = Event.objects.get()
        assert (click.name, click.contact_ref, click.flow, click.by) == (
            "click",
            contact.public_id,
            "flow123",
            "person",
        )

    def test_each_parameter_is_appended(self, owner: Person, edge: RunningEdge) -> None:
        verify(owner, "yoursite.com")
        reply = edge.get("/api/t?url=https%3A%2F%2Fyoursite.com%2F%3Fa%3Db&cid=cm1abc&fid=flow123&ch=chan_1")

        assert dict(parse_qsl(urlsplit(reply.headers["Location"]).query)) == {
            "a": "b",
            "cid": "cm1abc",
            "fid": "flow123",
            "ch": "chan_1",
        }

    def test_the_pixel_on_the_page_attributes_to_that_contact(self, owner: Person, edge: RunningEdge) -> None:
        """The tip: what the pixel then sends carries the contact of the address."""
        verify(owner, "yoursite.com")
        contact = make_contact(owner.organization)
        onward = edge.get(f"/api/t?url=https://yoursite.com/signup&cid={contact.public_id}").headers["Location"]
        cid = re.search(r"cid=(\w+)", onward)
        assert cid
        token = make_token(owner.organization, "pixel")
        event = {"event": "purchase", "eventId": "1", "contactId": cid[1], "value": 9, "currency": "EUR", "url": onward}
        requests.post(
            f"{edge.url}/api/pixel", data=json.dumps({"token": token, "events": [event]}),
            headers={"Content-Type": "text/plain", "User-Agent": PERSON}, timeout=60,
        )  # fmt: skip
        settle_due(seconds=60)

        assert contact.labellings.get().label.name == "Purchased"
