"""``POST /api/pixel`` and ``/pixel.js``: what browsers send, by a token that anybody may read."""

import gzip
from pathlib import Path
from typing import Any

import pytest
import requests
from pytest_django.fixtures import Settings

from chat33.lib.clock import utcnow
from contacts.models import Contact
from tests.people import Person
from tests.tracking.edges import PERSON, RunningEdge, make_token, running_edge
from tests.tracking.pixel.places import until
from tracking.models import Axis, Event, Ledger, Link, Rollup, Token, Visitor

SITE = "https://shop.example"
VIEW = {"event": "page_view", "url": f"{SITE}/pricing", "visitor": "v1"}


def test_a_page_view_is_stored_and_the_browser_may_read_the_answer(owner: Person, edge: RunningEdge) -> None:
    token = make_token(owner.organization, "pixel")
    given = {**VIEW, "eventId": "e1", "referrer": "https://search.example/?q=secret", "fid": "flow1", "ch": "ch1"}
    reply = edge.pixel({"token": token, "events": [given]}, Origin=SITE)
    assert reply.status_code == 202, reply.text
    assert reply.json() == {"events": [{"eventId": "e1", "status": "accepted"}]}
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    event = Event.objects.get()
    assert (event.name, event.source, event.by, event.verified) == ("page_view", "pixel", "person", False)
    assert (event.url, event.referrer) == (f"{SITE}/pricing", "https://search.example/")
    assert (event.visitor, event.flow, event.channel, event.agent) == ("v1", "flow1", "ch1", "desktop")
    assert Visitor.objects.get().visitor == "v1"


def test_a_purchase_that_a_browser_tells_is_unverified(owner: Person, edge: RunningEdge) -> None:
    for token in (make_token(owner.organization, "pixel"), make_token(owner.organization, "server")):
        body = {"token": token, "events": [{"event": "purchase", "value": 10, "currency": "EUR"}]}
        assert edge.pixel(body).status_code == 202
    rollup = Rollup.objects.get(axis=Axis.TOTAL)
    assert (str(rollup.unverified), str(rollup.verified)) == ("20.0000", "0.0000")


def test_one_bad_event_is_rejected_alone(owner: Person, edge: RunningEdge) -> None:
    token = make_token(owner.organization, "pixel")
    events: list[Any] = [{**VIEW, "eventId": "good"}, {"event": "", "eventId": "bad"}, "nonsense"]
    reply = edge.pixel({"token": token, "events": events})
    assert [(one["eventId"], one["status"]) for one in reply.json()["events"]] == [
        ("good", "accepted"), ("bad", "rejected"), ("", "rejected"),
    ]  # fmt: skip
    assert Event.objects.count() == 1


def test_an_origin_that_the_token_does_not_name_is_403_and_can_be_read(owner: Person, edge: RunningEdge) -> None:
    token = make_token(owner.organization, "pixel", origins=[SITE])
    body = {"token": token, "events": [VIEW]}
    for origin in ("https://evil.example", f"{SITE}.evil.example", "null"):
        reply = edge.pixel(body, Origin=origin)
        assert (reply.status_code, reply.json()["error"]) == (403, "FORBIDDEN")
        assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert edge.pixel(body).status_code == 403
    assert edge.pixel(body, Origin=SITE).status_code == 202


@pytest.mark.parametrize("signal", ["Sec-GPC", "DNT"])
def test_who_wants_no_tracking_is_counted_without_a_name(owner: Person, edge: RunningEdge, signal: str) -> None:
    token = make_token(owner.organization, "pixel")
    given = {**VIEW, "contactId": "cm1", "url": f"{SITE}/?cid=cm1&c33=clk1&gclid=g&utm_source=x"}
    assert edge.pixel({"token": token, "events": [given]}, **{signal: "1"}).status_code == 202
    event = Event.objects.get()
    assert (event.contact_ref, event.visitor, event.url) == ("", "", f"{SITE}/?utm_source=x")
    assert Rollup.objects.get(axis=Axis.TOTAL).events == 1


def test_addresses_are_kept_without_what_names_or_opens(owner: Person, edge: RunningEdge) -> None:
    token = make_token(owner.organization, "pixel")
    url = f"{SITE}/u/jane@example.com/x?utm_source=a&token=abc&email=j@x.com&gclid=g1&cid=cm1&utm_term=me@x.org#secret"
    assert edge.pixel({"token": token, "events": [{**VIEW, "url": url}]}).status_code == 202
    assert Event.objects.get().url == f"{SITE}/u/-/x?utm_source=a&gclid=g1&cid=cm1"
    app = f"{SITE}/app#/orders/jane@example.com?token=1"
    assert edge.pixel({"token": token, "events": [{**VIEW, "url": app}]}).status_code == 202
    assert Event.objects.latest("id").url == f"{SITE}/app#/orders/-"


def test_the_browser_is_told_beforehand_that_it_may_send(edge: RunningEdge) -> None:
    reply = requests.options(f"{edge.url}/api/pixel", headers={"Origin": SITE}, timeout=10)
    assert reply.status_code == 204
    assert reply.headers["Access-Control-Allow-Methods"] == "POST"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"token": 5, "events": [{"event": "x"}]}', b'{"events": 3}'])
def test_nonsense_is_refused_readably(edge: RunningEdge, body: bytes) -> None:
    reply = edge.pixel(body)
    assert reply.status_code in (400, 401)
    assert list(reply.json()) == ["error", "message", "details"]
    assert reply.headers["Access-Control-Allow-Origin"] == "*"


def test_a_flood_meets_the_wall(owner: Person, transactional_db: None, settings: Settings) -> None:
    settings.LIMITS = {**settings.LIMITS, "PIXEL": "10/m"}
    with running_edge() as edge:
        token = make_token(owner.organization, "pixel")
        said = [edge.pixel({"token": token, "events": [VIEW] * 4}).status_code for _ in range(3)]
        assert said == [202, 202, 429]
        reply = edge.pixel({"token": token, "events": [VIEW] * 4})
        assert 1 <= int(reply.headers["Retry-After"]) <= 61
        assert Event.objects.count() == 8


def test_the_token_remembers_when_and_where_it_was_seen(owner: Person, edge: RunningEdge) -> None:
    token = make_token(owner.organization, "pixel")
    edge.pixel({"token": token, "events": [VIEW]}, Origin=SITE)
    until(lambda: Token.objects.filter(seen_at__isnull=False, seen_origin=SITE).exists())


def test_flows_that_strangers_make_up_are_bounded_and_what_cannot_be_one_is_left_out(
    owner: Person, edge: RunningEdge
) -> None:
    token = make_token(owner.organization, "pixel")
    assert edge.pixel({"token": token, "events": [{**VIEW, "fid": "<script>", "ch": 5}]}).status_code == 202
    assert Event.objects.get().flow == ""
    assert not Rollup.objects.filter(axis=Axis.FLOW).exists()


def _click(edge: RunningEdge, path: str) -> None:
    assert edge.get(path).status_code == 302


def _confirmed() -> int:
    return sum(Rollup.objects.filter(axis=Axis.TOTAL, name="click.confirmed").values_list("events", flat=True))


def test_a_click_is_confirmed_once_by_the_page_it_led_to(owner: Person, edge: RunningEdge) -> None:
    link = Link.objects.create(organization=owner.organization, code="go", url=f"{SITE}/", created_by="x", flow="f1")
    where = edge.get("/l/go").headers["Location"]
    click = where.rpartition("c33=")[2]
    token = make_token(owner.organization, "pixel")
    for name in ("a", "b"):
        edge.pixel({"token": token, "events": [{**VIEW, "eventId": name, "url": where, "c33": click}]})
    with running_edge() as other:  # which has not seen it
        other.pixel({"token": token, "events": [{**VIEW, "eventId": "c", "url": where, "c33": click}]})
    event = Event.objects.get(name="click")
    assert event.confirmed_at is not None
    assert _confirmed() == 1
    by_link = Rollup.objects.get(axis=Axis.LINK, name="click.confirmed")
    assert (by_link.ref, by_link.events) == (str(link.pk), 1)
    assert Rollup.objects.get(axis=Axis.FLOW, name="click.confirmed").ref == "f1"


def test_a_click_of_another_organization_or_a_made_up_one_is_not_confirmed(
    owner: Person, stranger: Person, edge: RunningEdge
) -> None:
    Link.objects.create(organization=owner.organization, code="go", url=f"{SITE}/", created_by="x")
    click = edge.get("/l/go").headers["Location"].rpartition("c33=")[2]
    token = make_token(stranger.organization, "pixel")
    for said in (click, "clk_made_up"):
        edge.pixel({"token": token, "events": [{**VIEW, "c33": said}]})
    assert Event.objects.get(name="click").confirmed_at is None
    assert _confirmed() == 0


def test_a_tracked_link_is_confirmed_by_the_contact_that_arrives(owner: Person, edge: RunningEdge) -> None:
    contact = Contact.objects.create(organization=owner.organization)
    owner.organization.domains.create(host="shop.example", challenge="c", verified_at=utcnow())
    _click(edge, f"/api/t?url={SITE}/signup&cid={contact.public_id}")
    token = make_token(owner.organization, "pixel")
    view = {**VIEW, "contactId": contact.public_id}
    edge.pixel({"token": token, "events": [view]})  # a page deeper in the site says nothing of an arrival
    assert _confirmed() == 0
    for _ in range(2):
        edge.pixel({"token": token, "events": [{**view, "url": f"{SITE}/signup?cid={contact.public_id}"}]})
    assert _confirmed() == 1


def test_a_bot_that_runs_scripts_confirms_nothing(owner: Person, edge: RunningEdge) -> None:
    Link.objects.create(organization=owner.organization, code="go", url=f"{SITE}/", created_by="x")
    click = edge.get("/l/go").headers["Location"].rpartition("c33=")[2]
    token = make_token(owner.organization, "pixel")
    edge.pixel({"token": token, "events": [{**VIEW, "c33": click}]}, **{"User-Agent": f"{PERSON} HeadlessChrome/1"})
    assert _confirmed() == 0
    assert Event.objects.get(name="page_view").by == "bot"


def test_what_is_rejected_is_in_the_ledger(owner: Person, edge: RunningEdge) -> None:
    token = make_token(owner.organization, "pixel")
    edge.pixel({"token": token, "events": [VIEW, {"event": ""}]})
    until(lambda: Ledger.objects.filter(received=2, stored=1, rejected=1).exists())


def test_the_script_is_served_packed_with_a_tag_to_any_page(transactional_db: None, tmp_path: Path) -> None:
    script = tmp_path / "pixel.js"
    script.write_text("(()=>{/* a script */})();" * 20)
    with running_edge(script=script) as edge:
        reply = edge.get("/pixel.js", **{"Accept-Encoding": "gzip"})
        assert reply.status_code == 200
        assert reply.text == script.read_text()
        assert reply.headers["Content-Encoding"] == "gzip"
        assert int(reply.headers["Content-Length"]) == len(gzip.compress(script.read_bytes(), 9, mtime=0))
        assert reply.headers["Content-Type"].startswith("text/javascript")
        assert reply.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert edge.get("/pixel.js", **{"Accept-Encoding": "identity"}).content == script.read_bytes()
        again = edge.get("/pixel.js", **{"If-None-Match": reply.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        head = edge.get("/pixel.js", method="HEAD")
        assert (head.status_code, head.content) == (200, b"")
