"""``/api/v1/links``: made, listed, changed, put away, counted; and the builders."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings

from chat33.lib.clock import utcnow
from contacts.models import Contact
from tests.factories import make_channel, make_contact
from tests.people import Person
from tests.tracking.edges import RunningEdge
from tests.tracking.links import add_click, count_clicks, make_link
from tracking.models import Event, Link, Term

pytestmark = pytest.mark.django_db


def made(person: Person, **body: Any) -> dict[str, Any]:
    reply = person.api().send("POST", "links", body)
    assert reply.status_code == 201, reply.json()
    found: dict[str, Any] = reply.json()
    return found


def refused(person: Person, **body: Any) -> dict[str, str]:
    """Paths to messages of the 400."""
    reply = person.api().send("POST", "links", body)
    assert reply.status_code == 400, reply.json()
    assert reply.json()["error"] == "VALIDATION_ERROR"
    return {detail["path"]: detail["message"] for detail in reply.json()["details"]}


def test_a_tracked_link_is_a_short_address(owner: Person) -> None:
    link = made(owner, url="https://shop.example/a?b=1", title=" Sign  up ", tags=["Launch", "#launch", "DM"])

    assert link["kind"] == "tracked"
    assert link["shortUrl"] == f"{settings.BASE_URL}/l/{link['code']}"
    assert (link["title"], link["tags"], link["clicks"]) == ("Sign up", ["launch", "dm"], 0)
    assert owner.api().send("GET", f"links/{link['id']}").json() == link


def test_codes_are_long_enough_and_all_different(owner: Person) -> None:
    codes = {make_link(owner.organization).code for _ in range(50)}

    assert len(codes) == 50
    assert {len(code) for code in codes} == {8}
    assert not set("".join(codes)) & set("aeiouAEIOU01lI")


def test_a_smart_link_leads_by_device_and_names_whom_it_is_for(owner: Person) -> None:
    contact = Contact.objects.create(organization=owner.organization, name="Ana")
    channel = make_channel(owner.organization, "instagram")

    link = made(
        owner, iosUrl="https://apps.apple.com/app/id1", androidUrl="https://play.google.com/store/apps/details?id=a.b",
        deepLink="shop://sale", contactId=contact.public_id, channelId=channel.public_id, flowId="flow123",
        influencerId="mia", postId="post_1", campaign="Spring", clickLimit=10,
    )  # fmt: skip

    assert link["kind"] == "smart"
    assert link["url"] == "https://apps.apple.com/app/id1"
    assert (link["contactId"], link["channelId"]) == (contact.public_id, channel.public_id)
    assert (link["flowId"], link["influencerId"], link["postId"]) == ("flow123", "mia", "post_1")


def test_a_utm_link_holds_its_parameters_and_its_campaign(owner: Person) -> None:
    link = made(
        owner, url="https://shop.example/?x=1#y", utm={"source": "IG", "medium": "Social", "campaign": "Spring Sale"}
    )

    assert link["kind"] == "utm"
    assert link["url"] == "https://shop.example/?x=1&utm_source=ig&utm_medium=social&utm_campaign=spring-sale#y"
    assert link["utm"] == {"source": "ig", "medium": "social", "campaign": "spring-sale"}
    assert link["campaign"] == "spring-sale"


def test_a_store_link_is_built_for_both_stores(owner: Person) -> None:
    link = made(
        owner,
        kind="store",
        store={
            "appStore": {"app": "id1234567890", "provider": "118326", "campaign": "spring"},
            "googlePlay": {"package": "com.example.app", "source": "ig", "campaign": "spring"},
        },
    )

    assert link["kind"] == "store"
    assert link["iosUrl"] == "https://apps.apple.com/app/apple-store/id1234567890?pt=118326&ct=spring&mt=8"
    query = parse_qs(urlsplit(link["androidUrl"]).query)
    assert query["referrer"] == ["utm_source=ig&utm_campaign=spring"]
    assert link["url"] == link["iosUrl"]


def test_everything_wrong_is_said_at_once_by_the_api_s_names(owner: Person) -> None:
    told = refused(
        owner, url="javascript:alert(1)", iosUrl="ftp://x", deepLink="data://x", expiredUrl="https://a@b.example",
        utm={"source": "x"}, flowId="has blanks", campaign="c" * 101, expiresAt="2020-01-01T00:00:00Z", code="-",
    )  # fmt: skip

    assert set(told) == {
        "url", "iosUrl", "deepLink", "expiredUrl", "utm.medium", "utm.campaign", "flowId", "campaign", "expiresAt", "code",
    }  # fmt: skip


def test_a_wrapped_link_leads_anybody_on_and_is_bent_to_nobody_else(
    owner: Person, stranger: Person, edge: RunningEdge
) -> None:
    contact, other = make_contact(owner.organization), make_contact(stranger.organization)
    body = {"url": "https://never-verified.example/a?b=c", "contactId": contact.public_id, "flowId": "welcome"}
    wrapped = owner.api().send("POST", "links/wrap", body).json()["url"]
    path = wrapped.removeprefix(settings.BASE_URL)

    onward = edge.get(path)
    assert onward.status_code == 302
    assert onward.headers["Location"] == f"https://never-verified.example/a?b=c&cid={contact.public_id}&fid=welcome"
    assert Event.objects.get().organization == owner.organization
    assert edge.get(path.replace(contact.public_id, other.public_id)).status_code == 200  # the page that asks
    assert edge.get(path.replace("never-verified", "elsewhere")).status_code == 200
    assert Event.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "path"),
    [({"url": "data:text/html,x"}, "url"), ({"contactId": "cm1"}, "contactId"), ({"flowId": "a b"}, "flowId")],
)
def test_what_cannot_be_wrapped_is_said(owner: Person, changes: dict[str, str], path: str) -> None:
    reply = owner.api().send("POST", "links/wrap", {"url": "https://x.example/", **changes})
    assert reply.status_code == 400
    assert [one["path"] for one in reply.json()["details"]] == [path]


@pytest.mark.parametrize("path", ["/l/abc", "/api/t?url=https://shop.example"])
def test_a_link_never_leads_back_to_our_own_redirects(owner: Person, path: str) -> None:
    assert "own links" in refused(owner, url=f"{settings.BASE_URL}{path}")["url"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "url"), ({"url": 5}, "url"), ({"url": "https://x.example/", "kind": "smart"}, "iosUrl"),
        ({"url": "https://x.example/", "kind": "utm"}, "utm.source"),
        ({"url": "https://x.example/", "kind": "store"}, "url"), ({"url": "https://x.example/", "kind": "none"}, "kind"),
        ({"url": "https://x.example/", "clickLimit": 0}, "clickLimit"),
        ({"url": "https://x.example/", "tags": ["t"] * 21}, "tags"),
        ({"url": "https://x.example/", "tags": ["t" * 41]}, "tags"),
        ({"url": "https://x.example/", "contactId": "cm1"}, "contactId"),
        ({"url": "https://x.example/", "channelId": "chan_1"}, "channelId"), ({"store": {}}, "url"),
        ({"store": {"appStore": {"app": "x"}}}, "store.appStore.app"),
    ],
)  # fmt: skip
def test_what_does_not_hold_is_refused_where_it_stands(owner: Person, body: dict[str, Any], path: str) -> None:
    assert path in refused(owner, **body)
    assert not Link.objects.exists()


def test_nobody_names_a_contact_or_account_of_another_organization(owner: Person, stranger: Person) -> None:
    theirs = Contact.objects.create(organization=stranger.organization, name="Not yours")
    channel = make_channel(stranger.organization)

    assert (
        refused(owner, url="https://x.example/", contactId=theirs.public_id)["contactId"] == "There is no such contact."
    )
    assert "channelId" in refused(owner, url="https://x.example/", channelId=channel.public_id)


def test_a_chosen_code_is_given_once_for_all_organizations(owner: Person, stranger: Person) -> None:
    assert made(owner, url="https://x.example/", code="spring-26")["code"] == "spring-26"

    assert refused(stranger, url="https://y.example/", code="spring-26")["code"].startswith(
        "This short address is taken"
    )


def test_a_repeated_request_makes_one_link(owner: Person) -> None:
    first, second = (
        owner.api(**{"Idempotency-Key": "once"}).send("POST", "links", {"url": "https://x.example/"}) for _ in range(2)
    )

    assert first.json() == second.json()
    assert second.headers["Idempotent-Replayed"] == "true"
    assert Link.objects.count() == 1


def test_a_change_keeps_what_is_left_out_and_the_short_address(owner: Person) -> None:
    link = made(
        owner, url="https://x.example/", title="One", utm={"source": "a", "medium": "b", "campaign": "c", "term": "d"}
    )

    changed = (
        owner.api()
        .send("PATCH", f"links/{link['id']}", {"utm": {"source": "a", "medium": "b", "campaign": "e"}})
        .json()
    )

    assert changed["url"] == "https://x.example/?utm_source=a&utm_medium=b&utm_campaign=e"
    assert (changed["campaign"], changed["title"], changed["code"]) == ("e", "One", link["code"])

    plain = owner.api().send("PATCH", f"links/{link['id']}", {"utm": None}).json()
    assert (plain["url"], plain["utm"], plain["kind"]) == ("https://x.example/", {}, "tracked")


def test_a_change_does_not_undo_clicks_counted_meanwhile(owner: Person) -> None:
    link = make_link(owner.organization)
    Link.objects.filter(pk=link.pk).update(clicks=5)

    assert owner.api().send("PATCH", f"links/{link.public_id}", {"title": "New"}).status_code == 200
    link.refresh_from_db()
    assert (link.clicks, link.title) == (5, "New")


def test_an_ended_link_may_be_changed_without_giving_it_a_new_end(owner: Person) -> None:
    link = make_link(owner.organization, expires_at=utcnow() + timedelta(hours=1))
    Link.objects.filter(pk=link.pk).update(expires_at=utcnow() - timedelta(hours=1))

    assert owner.api().send("PATCH", f"links/{link.public_id}", {"title": "Over"}).status_code == 200


def test_deleting_puts_away_and_may_be_taken_back(owner: Person) -> None:
    link = make_link(owner.organization)
    api = owner.api()

    assert api.send("DELETE", f"links/{link.public_id}").json()["archivedAt"]
    assert api.send("DELETE", f"links/{link.public_id}").status_code == 200
    assert api.send("GET", "links").json()["items"] == []
    assert [one["id"] for one in api.send("GET", "links?archived=true").json()["items"]] == [link.public_id]
    assert api.send("PATCH", f"links/{link.public_id}", {"archived": False}).json()["archivedAt"] is None
    assert api.send("GET", "links").json()["total"] == 1


def test_the_list_is_filtered(owner: Person) -> None:
    sale = make_link(owner.organization, title="Summer sale", folder="Summer", tags=["dm"])
    make_link(owner.organization, ios_url="https://apps.apple.com/app/id1")

    def found(query: str) -> list[str]:
        return [one["id"] for one in owner.api().send("GET", f"links?{query}").json()["items"]]

    assert len(found("")) == 2
    for query in ("q=summer", "folder=Summer", "tag=dm", "kind=tracked", f"q={settings.BASE_URL}/l/{sale.code}"):
        assert found(query) == [sale.public_id], query
    assert found("q=summer+winter") == []
    assert owner.api().send("GET", "links?kind=none").status_code == 400
    assert owner.api().send("GET", "links?archived=maybe").status_code == 400


def test_figures_tell_people_from_previews_and_programs(owner: Person) -> None:
    link = make_link(owner.organization)
    today = utcnow().date()
    for name, by, number in (("click", "person", 7), ("click.confirmed", "person", 4), ("click", "preview", 3),
                             ("click", "bot", 2), ("click.expired", "person", 1)):  # fmt: skip
        count_clicks(link, today, number, name=name, by=by)
    count_clicks(link, today - timedelta(days=1), 5)
    count_clicks(make_link(owner.organization), today, 100)
    add_click(link, referrer="https://l.instagram.com/", agent="ios")
    add_click(link, by="preview", agent="WhatsApp")

    stats = owner.api().send("GET", f"links/{link.public_id}/stats?days=2").json()

    assert stats["total"] == {"people": 12, "confirmed": 4, "previews": 3, "prefetches": 0, "bots": 2, "expired": 1}
    assert [day["people"] for day in stats["days"]] == [5, 7]
    assert stats["referrers"] == [{"name": "l.instagram.com", "clicks": 1}]
    assert stats["devices"] == [{"name": "ios", "clicks": 1}]
    assert stats["previews"] == [{"name": "WhatsApp", "clicks": 1}]
    assert stats["sourcesOf"] == 2


@pytest.mark.parametrize("days", ["0", "367", "x", "-1", "9999999999"])
def test_a_period_is_a_number_of_days(owner: Person, days: str) -> None:
    assert (
        owner.api().send("GET", f"links/{make_link(owner.organization).public_id}/stats?days={days}").status_code == 400
    )


def test_the_qr_code_is_a_picture_of_the_short_address(owner: Person) -> None:
    reply = owner.api().send("GET", f"links/{make_link(owner.organization).public_id}/qr.svg")

    assert reply.headers["Content-Type"] == "image/svg+xml"
    assert reply.content.startswith(b"<svg ")
    assert b"style" not in reply.content


def test_the_builders_build_and_keep_nothing(owner: Person) -> None:
    Term.objects.create(organization=owner.organization, field="source", value="instagram")
    utm = owner.api().send(
        "POST", "links/utm", {"url": "https://x.example/", "source": "instagarm", "medium": "social", "campaign": "A B"}
    )
    store = owner.api().send("POST", "links/store", {"googlePlay": {"package": "a.b"}})
    stray = owner.api().send("POST", "links/store", {"googlePlay": {"package": "a.b", "source": "Instagarm"}})

    assert utm.json()["url"] == "https://x.example/?utm_source=instagarm&utm_medium=social&utm_campaign=a-b"
    assert "Did you mean instagram?" in utm.json()["warnings"][-1]
    assert utm.json()["channelGroup"] == "Organic Social"
    assert store.json() == {
        "iosUrl": "", "androidUrl": "https://play.google.com/store/apps/details?id=a.b", "warnings": [],
    }  # fmt: skip
    assert stray.json()["warnings"] == ["instagarm is not among your words for source. Did you mean instagram?"]
    assert not Link.objects.exists()


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("links/utm", {"url": "https://x.example/", "source": "a"}, "medium"),
        ("links/utm", {"url": "nowhere", "source": "a", "medium": "b", "campaign": "c"}, "url"),
        ("links/store", {}, "appStore"),
        ("links/store", {"appStore": {"app": "x", "provider": "1", "campaign": "c"}}, "appStore.app"),
    ],
)
def test_a_builder_says_what_is_missing(owner: Person, path: str, body: dict[str, Any], field: str) -> None:
    reply = owner.api().send("POST", path, body)

    assert reply.status_code == 400
    assert field in {detail["path"] for detail in reply.json()["details"]}
