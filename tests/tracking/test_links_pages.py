"""The pages about links: who sees them, who may change what, and that what is built there is what comes out."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat33.lib.clock import utcnow
from chat33.orgs.models import Role
from contacts.models import Contact
from tests.factories import make_channel, make_contact, make_member
from tests.people import Client, Person
from tests.tracking.links import add_click, count_clicks, make_link
from tracking.models import Domain, Link, Term

pytestmark = pytest.mark.django_db

PAGES = ["/links/", "/links/wrap/", "/links/utm/", "/links/stores/", "/links/words/", "/links/domains/"]


def viewer_of(owner: Person) -> Client:
    return Person(make_member(owner.organization, Role.VIEWER), owner.organization, "").browser()


def text(client: Client, path: str, status: int = 200) -> str:
    reply = client.get(path)
    assert reply.status_code == status, path
    return str(reply.content.decode())


@pytest.mark.parametrize(
    "path", [*PAGES, "/links/new/", "/links/link_1/", "/links/link_1/edit/", "/links/link_1/qr.svg"]
)
def test_nobody_comes_in_without_logging_in(db: None, path: str) -> None:
    reply = Client().get(path)

    assert reply.status_code == 302
    assert reply.headers["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("path", PAGES)
def test_a_viewer_sees_everything_and_is_offered_nothing(owner: Person, path: str) -> None:
    make_link(owner.organization)
    Domain.objects.create(organization=owner.organization, host="shop.example", challenge="c")
    Term.objects.create(organization=owner.organization, field="source", value="ig")
    viewer = viewer_of(owner)

    assert 'method="post"' in text(owner.browser(), path) or path in ("/links/wrap/", "/links/utm/", "/links/stores/")
    page = text(viewer, path).partition("<main")[2].partition("</main>")[0]
    assert "/links/new/" not in page
    assert 'name="field"' not in page
    assert 'name="host"' not in page


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/links/new/", {"url": "https://x.example/"}),
        ("/links/{id}/edit/", {"url": "https://x.example/"}),
        ("/links/preview/", {"url": "https://x.example/"}),
        ("/links/move/", {"id": "{id}", "folder": "Mine"}),
        ("/links/{id}/archive/", {}),
        ("/links/{id}/restore/", {}),
        ("/links/words/", {"field": "source", "value": "ig"}),
        ("/links/words/{word}/remove/", {}),
        ("/links/domains/", {"host": "x.example"}),
        ("/links/domains/{domain}/check/", {}),
        ("/links/domains/{domain}/remove/", {}),
    ],
)
def test_who_may_not_and_who_forges_change_nothing(
    owner: Person, stranger: Person, path: str, body: dict[str, str]
) -> None:
    link = make_link(owner.organization)
    domain = Domain.objects.create(organization=owner.organization, host="shop.example", challenge="c")
    word = Term.objects.create(organization=owner.organization, field="source", value="tiktok")
    named = "{" in path
    path = path.format(id=link.public_id, word=word.public_id, domain=domain.public_id)
    body = {name: value.format(id=link.public_id) for name, value in body.items()}

    def state() -> list[Any]:
        models = (Link, Domain, Term)
        return [list(model._default_manager.filter(organization=owner.organization).values()) for model in models]

    before = state()
    assert viewer_of(owner).post(path, body).status_code == 403
    assert owner.browser(csrf=True).post(path, body).status_code == 403
    theirs = stranger.browser().post(path, body).status_code
    assert theirs == 404 if named else theirs in (200, 302, 422)
    assert state() == before


@pytest.mark.parametrize("path", ["", "edit/", "qr.svg", "archive/", "restore/"])
def test_another_organization_s_link_is_not_there(owner: Person, stranger: Person, path: str) -> None:
    address = f"/links/{make_link(owner.organization).public_id}/{path}"
    ask = stranger.browser().post if path in ("archive/", "restore/") else stranger.browser().get

    assert ask(address).status_code == 404
    assert ask(f"/links/none/{path}").status_code == 404


def test_each_link_in_the_list_has_a_chart_of_its_clicks(owner: Person) -> None:
    clicked, _ = make_link(owner.organization, title="Clicked"), make_link(owner.organization, title="Quiet")
    today = utcnow().date()
    for ago, number in ((0, 30), (1, 15), (27, 7), (28, 100)):
        count_clicks(clicked, today - timedelta(days=ago), number)
    count_clicks(clicked, today, 90, by="bot")
    page = text(owner.browser(), "/links/")

    assert page.count("<polyline") == 1
    assert 'aria-label="52 clicks in 28 days"' in page
    line = page.partition('points="')[2].partition('"')[0].split()
    assert len(line) == 28
    assert (line[-1], line[-2]) == ("96.0,2.0", "92.4,12.0")  # the most at the top, half of it in the middle


@pytest.mark.parametrize("path", [*PAGES, "/links/new/"])
def test_twenty_rows_cost_as_many_queries_as_one(owner: Person, path: str) -> None:
    client = owner.browser()

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    def one_more(number: int) -> None:
        make_link(
            owner.organization,
            title=f"Link {number}",
            utm={"source": "a", "medium": "b", "campaign": f"c{number}"},
            contact=Contact.objects.create(organization=owner.organization),
            channel=make_channel(owner.organization),
        )
        Domain.objects.create(organization=owner.organization, host=f"s{number}.example", challenge="c")
        Term.objects.create(organization=owner.organization, field="source", value=f"s{number}")

    one_more(0)
    client.get(path)
    before = cost()
    for number in range(1, 20):
        one_more(number)

    assert cost() == before


def test_an_editor_makes_a_link_and_is_led_to_it(teammate: Person) -> None:
    channel = make_channel(teammate.organization, "instagram", name="Demo Coffee")
    contact = Contact.objects.create(organization=teammate.organization, name="Ana")

    reply = teammate.browser().post(
        "/links/new/",
        {
            "url": "https://shop.example/", "title": "Spring", "code": "spring-26", "ios_url": "https://apps.apple.com/app/id1",
            "utm_source": "Instagram", "utm_medium": "social", "utm_campaign": "Spring", "channel": channel.public_id,
            "contact": contact.public_id, "influencer": "mia", "folder": "Launch", "tags": "dm, Bio",
            "expires_at": "2030-01-02T03:04", "click_limit": "10", "expired_url": "https://shop.example/over",
        },
    )  # fmt: skip

    link = Link.objects.get()
    assert reply.headers["Location"] == f"/links/{link.public_id}/"
    assert (link.code, link.kind, link.campaign, link.tags) == ("spring-26", "smart", "spring", ["dm", "bio"])
    assert (link.channel, link.contact, link.click_limit, link.created_by) == (
        channel, contact, 10, teammate.user.public_id,
    )  # fmt: skip
    assert link.url == "https://shop.example/?utm_source=instagram&utm_medium=social&utm_campaign=spring"


def test_the_end_is_in_the_organization_s_zone(owner: Person) -> None:
    owner.organization.timezone = "America/New_York"
    owner.organization.save()

    owner.browser().post("/links/new/", {"url": "https://x.example/", "code": "one", "expires_at": "2030-01-02T03:04"})

    end = Link.objects.get().expires_at
    assert end is not None
    assert end.isoformat() == "2030-01-02T08:04:00+00:00"
    assert 'value="2030-01-02T03:04"' in text(owner.browser(), f"/links/{Link.objects.get().public_id}/edit/")


def test_a_link_that_has_ended_is_changed_though_the_page_shows_its_end_by_the_minute(owner: Person) -> None:
    link = make_link(owner.organization, expires_at=utcnow() + timedelta(hours=1))
    ended = (utcnow() - timedelta(days=1)).replace(second=31, microsecond=500)
    Link.objects.filter(pk=link.pk).update(expires_at=ended)
    client = owner.browser()
    form = client.get(f"/links/{link.public_id}/edit/").context["form"]
    shown = {"url": link.url, "expires_at": f"{form['expires_at'].value():%Y-%m-%dT%H:%M}"}

    assert client.post(f"/links/{link.public_id}/edit/", {**shown, "title": "Over"}).status_code == 302
    link.refresh_from_db()
    assert (link.title, link.expires_at) == ("Over", ended)


def test_what_is_wrong_stands_at_its_field_and_nothing_is_made(owner: Person) -> None:
    reply = owner.browser().post(
        "/links/new/", {"url": "javascript:alert(1)", "code": "x", "contact": "cm1", "utm_source": "ig"}
    )

    assert reply.status_code == 422
    page = reply.content.decode()
    for words in ("Only http and https", "3 to 32 letters", "There is no such contact", "The campaign is missing"):
        assert words in page
    assert not Link.objects.exists()


def test_a_link_is_changed_as_it_is_shown(owner: Person) -> None:
    link = make_link(owner.organization, title="Old", utm={"source": "a", "medium": "b", "campaign": "c"}, tags=["x"])
    client = owner.browser()
    form = client.get(f"/links/{link.public_id}/edit/").context["form"]
    shown = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False, "")}

    before = Link.objects.values().get()

    assert client.post(f"/links/{link.public_id}/edit/", {**shown, "title": "New"}).status_code == 302
    after = Link.objects.values().get()
    assert after == {**before, "title": "New", "updated_at": after["updated_at"]}


def test_the_preview_shows_each_device_and_keeps_nothing(owner: Person) -> None:
    page = owner.browser().post(
        "/links/preview/",
        {"url": "https://shop.example/", "code": "spring", "android_url": "https://play.google.com/store/apps/details?id=a.b",
         "utm_source": "facebook", "utm_medium": "cpc", "utm_campaign": "s"},
    ).content.decode()  # fmt: skip

    assert f"{settings.BASE_URL}/l/spring" in page
    assert "play.google.com/store/apps/details?id=a.b" in page
    assert "Paid Social" in page
    assert "<svg" in page
    assert not Link.objects.exists()
    unclear = owner.browser().post("/links/preview/", {"url": "https://a@b.example/", "code": "<b>"}).content.decode()
    assert "Not clear yet: Destination" in unclear
    assert "<b>" not in unclear


def test_the_new_page_begins_as_a_builder_says(owner: Person) -> None:
    page = text(owner.browser(), "/links/new/?url=https://x.example/&utm_source=ig&utm_medium=dm&utm_campaign=s")

    assert 'value="https://x.example/"' in page
    assert "utm_source=ig&amp;utm_medium=dm&amp;utm_campaign=s" in page


def test_a_link_s_page_tells_what_came_of_it(owner: Person) -> None:
    link = make_link(owner.organization, title="Spring <b>", tags=["dm"])
    count_clicks(link, utcnow().date(), 1234)
    count_clicks(link, utcnow().date(), 17, by="preview")
    count_clicks(link, utcnow().date() - timedelta(days=60), 5000)
    add_click(link, referrer="https://l.instagram.com/", agent="android")

    page = text(owner.browser(), f"/links/{link.public_id}/")
    assert "1,234" in page
    assert "l.instagram.com" in page
    assert "Android" in page
    assert "Spring &lt;b&gt;" in page
    assert "6,234" not in page
    assert "6,234" in text(owner.browser(), f"/links/{link.public_id}/?days=90")
    assert "1,234" in text(owner.browser(), f"/links/{link.public_id}/?days=nonsense")


def test_the_list_is_searched_and_narrowed(owner: Person) -> None:
    make_link(owner.organization, title="Summer sale", folder="Summer", tags=["dm"])
    make_link(owner.organization, title="Winter")

    for query in ("q=summer", "folder=Summer", "tag=dm"):
        page = text(owner.browser(), f"/links/?{query}")
        assert "Summer sale" in page
        assert "Winter" not in page.partition("<tbody")[2]
    assert "No link fits" in text(owner.browser(), "/links/?q=autumn")


def test_chosen_links_are_moved_and_nobody_else_s(owner: Person, stranger: Person) -> None:
    mine, theirs = make_link(owner.organization), make_link(stranger.organization)

    owner.browser().post("/links/move/", {"id": [mine.public_id, theirs.public_id], "folder": " Autumn  sale "})

    assert list(Link.objects.order_by("pk").values_list("folder", flat=True)) == ["Autumn sale", ""]
    before = mine.updated_at
    mine.refresh_from_db()
    assert mine.updated_at > before


def test_archiving_is_taken_back(owner: Person) -> None:
    link = make_link(owner.organization)
    client = owner.browser()

    client.post(f"/links/{link.public_id}/archive/")
    assert link.public_id not in text(client, "/links/")
    assert link.public_id in text(client, "/links/?archived=1")
    client.post(f"/links/{link.public_id}/restore/")
    assert link.public_id in text(client, "/links/")


def test_the_utm_builder_is_the_document_s(owner: Person) -> None:
    page = text(owner.browser(), "/links/utm/")
    assert "Generate tracked URLs with UTM parameters for Google Analytics" in page
    assert "Use UTM links in your Chat33 flow messages." in page

    built = text(owner.browser(), "/links/utm/?url=https://x.example/&utm_source=ig&utm_medium=dm&utm_campaign=A%20B")
    assert "https://x.example/?utm_source=ig&amp;utm_medium=dm&amp;utm_campaign=a-b" in built
    assert "/links/new/?url=https" in built
    assert "The medium is missing" not in text(owner.browser(), "/links/utm/?url=nowhere")


def test_a_tracked_link_is_built_for_a_contact_of_one_s_own(owner: Person, stranger: Person) -> None:
    contact, other = make_contact(owner.organization), make_contact(stranger.organization)
    asked = "/links/wrap/?url=https://x.example/%3Fa%3Db&flow=welcome&contact="

    built = text(owner.browser(), f"{asked}{contact.public_id}")
    assert f"/api/t?url=https%3A%2F%2Fx.example%2F%3Fa%3Db&amp;cid={contact.public_id}&amp;fid=welcome&amp;s=" in built
    refused = text(owner.browser(), f"{asked}{other.public_id}")
    assert "There is no such contact." in refused
    assert "/api/t?" not in refused
    assert "Only http and https addresses can be tracked." in text(owner.browser(), "/links/wrap/?url=javascript:1")


def test_the_store_builder_is_the_document_s(owner: Person) -> None:
    page = text(owner.browser(), "/links/stores/")
    assert "Found in your App Store Connect URL: apps.apple.com/app/id[THIS_NUMBER]" in page
    assert "Use these links in your DM flows with the Smart Link node." in page

    built = text(owner.browser(), "/links/stores/?app=1234567890&provider=1&campaign=spring&package=a.b&source=ig")
    assert "https://apps.apple.com/app/apple-store/id1234567890?pt=1&amp;ct=spring&amp;mt=8" in built
    assert "referrer=utm_source%3Dig" in built
    assert "Write the app&#x27;s package" in text(owner.browser(), "/links/stores/?package=nothing")


def test_the_vocabulary_is_offered_and_warns_of_others(owner: Person) -> None:
    client = owner.browser()

    assert client.post("/links/words/", {"field": "source", "value": "Instagram Reels"}).status_code == 302
    assert client.post("/links/words/", {"field": "source", "value": "instagram-reels"}).status_code == 422
    assert client.post("/links/words/", {"field": "none", "value": "x"}).status_code == 422

    assert '<option value="instagram-reels">' in text(client, "/links/utm/")
    page = text(client, "/links/utm/?url=https://x.example/&utm_source=instagram-reel&utm_medium=dm&utm_campaign=s")
    assert "Did you mean instagram-reels?" in page
    stores = text(client, "/links/stores/?package=a.b&source=instagram-reel")
    assert "Did you mean instagram-reels?" in stores
    client.post(f"/links/words/{Term.objects.get().public_id}/remove/")
    assert not Term.objects.exists()


def test_the_store_builder_offers_the_words_for_every_field_that_has_them(owner: Person) -> None:
    page = text(owner.browser(), "/links/stores/")

    lists = {"campaign": "campaign", "source": "source", "medium": "medium", "name": "campaign", "term": "term",
             "content": "content"}  # fmt: skip
    for field, words in lists.items():
        (tag,) = [one for one in page.split("<") if one.startswith("input") and f' name="{field}"' in one]
        assert f'list="words-{words}"' in tag, field


def test_the_qr_code_comes_as_a_file(owner: Person) -> None:
    link = make_link(owner.organization, code="spring")
    reply = owner.browser().get(f"/links/{link.public_id}/qr.svg")

    assert reply.headers["Content-Disposition"] == 'attachment; filename="spring.svg"'
    assert reply.content.startswith(b"<svg")
    assert b"viewBox=" in reply.content  # else a box that is smaller cuts it off
    assert b"width=" not in reply.content.partition(b">")[0]
