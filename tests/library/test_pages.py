"""The library's pages: what each role sees and may do, and what they cost."""

from typing import Any

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django_cotton import render_component

from chat33.orgs.models import Role
from posts.media import media_url
from posts.models import Media, MediaUse, Post
from tests.factories import make_channel, make_member, make_post
from tests.library.files import furnish, in_use, make_media
from tests.people import Client, Person

PAGES = ["/library/", "/library/picker/", "/library/{id}/", "/library/delete/?id={id}"]
READING = PAGES[:3]


def member(owner: Person, role: Role) -> Person:
    return Person(make_member(owner.organization, role), owner.organization, "")


def html(person: Person, address: str, **headers: str) -> str:
    reply = person.browser().get(address, headers=headers)
    assert reply.status_code == 200, address
    return str(reply.content.decode())


@pytest.fixture
def picture(owner: Person) -> Media:
    return make_media(owner.organization, name="cup.jpg", tags=["cups"], alt_text="A cup")


class TestLooking:
    """What is shown to whom."""

    def test_the_owner_finds_files_by_the_filters_in_the_address(self, owner: Person) -> None:
        furnish(owner)

        assert "7 pictures, 1 video" in html(owner, "/library/")
        assert "new-beans.jpg" in html(owner, "/library/?q=sack&kind=image")
        assert "new-beans.jpg" not in html(owner, "/library/?unused=1")
        assert "No file fits" in html(owner, "/library/?q=zebra")
        assert "1:23" in html(owner, "/library/?kind=video&shape=landscape")
        assert "No files yet" not in html(owner, "/library/?kind=nonsense&shape=%00&before=x&after=-1")

    def test_pages_lead_on(self, owner: Person) -> None:
        for number in range(50):
            make_media(owner.organization, name=f"file-{number:02}.jpg")
        first = html(owner, "/library/")
        last = Media.objects.order_by("-id")[47].pk

        assert ("file-49.jpg" in first, "file-01.jpg" in first) == (True, False)
        assert f"?before={last}" in first
        assert "file-01.jpg" in html(owner, f"/library/?before={last}")

    def test_a_file_tells_where_it_is_used(self, owner: Person) -> None:
        furnish(owner)
        page = html(owner, f"/library/{in_use(owner).public_id}/")

        for word in ("Draft", "Scheduled", "Failed", "Published", "4 posts in all", "A sack of beans", "autumn, beans"):
            assert word in page
        assert media_url(in_use(owner)) in page

    def test_the_grid_alone_is_for_htmx(self, owner: Person, picture: Media) -> None:
        part = html(owner, "/library/", **{"HX-Request": "true", "HX-Target": "shelf"})

        assert part.startswith("<media-shelf")
        assert "<html" not in part

    def test_the_picker_tells_what_a_post_needs(self, owner: Person, picture: Media) -> None:
        page = html(owner, "/library/picker/?kind=image", **{"HX-Request": "true"})

        for part in (f'value="{picture.public_id}"', f'data-url="{media_url(picture)}"', 'data-alt="A cup"',
                     'data-kind="image"', 'data-name="cup.jpg"', 'data-preview="/media/'):  # fmt: skip
            assert part in page
        assert "<media-picker data-several>" in page
        assert "<media-picker>" in html(owner, "/library/picker/?several=0")

    def test_other_pages_open_the_picker_and_upload_by_a_component(self, rf: RequestFactory) -> None:
        button = render_component(rf.get("/"), "pick_media", {"kind": "image", "several": "0", "slot": "Add a cover"})
        upload = render_component(rf.get("/"), "media_upload", {"label": "Add files", "drop": "#main"})

        assert 'hx-get="/library/picker/?kind=image&amp;several=0"' in button
        assert "Add a cover" in button
        assert 'data-url="/library/upload/"' in upload
        assert 'data-max-video="1000000000" data-drop="#main"' in upload

    def test_what_people_wrote_is_words_and_never_markup(self, owner: Person) -> None:
        evil = '"><script>alert(1)</script>'
        media = make_media(owner.organization, name=f"{evil}.jpg", alt_text=evil, tags=[evil], source_url=evil)
        for address in PAGES:
            assert "<script>alert" not in html(owner, address.format(id=media.public_id)), address

    @pytest.mark.parametrize("address", PAGES)
    def test_twenty_files_cost_as_many_queries_as_one(self, owner: Person, address: str) -> None:
        def cost() -> int:
            picture = Media.objects.filter(variant_of=None).latest("id")
            client = owner.browser()
            client.get("/library/")
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address.format(id=picture.public_id)).status_code == 200
            return len(captured)

        channel = make_channel(owner.organization, "x")

        def add() -> None:
            media = make_media(owner.organization, tags=[f"tag {Media.objects.count()}"])
            make_media(owner.organization, variant_of=media, variant_key="thumbnail")
            for shown in Media.objects.filter(variant_of=None):
                body = {"accountIds": [channel.public_id], "mediaUrls": [media_url(shown)], "status": "DRAFT"}
                assert owner.api().send("POST", "posts", body).status_code == 201

        add()
        one = cost()
        for _ in range(4):
            add()
        for _ in range(16):
            make_media(owner.organization, tags=["another"])
        add_uses_to_latest(channel)
        assert cost() == one
        assert one <= 14


def add_uses_to_latest(channel: Any) -> None:
    """The latest file is shown by some posts too."""
    latest = Media.objects.filter(variant_of=None).latest("id")
    for _ in range(5):
        MediaUse.objects.create(organization=channel.organization, media=latest, post=make_post(channel))


class TestDoors:
    """Who comes in."""

    @pytest.mark.parametrize("address", PAGES)
    def test_nobody_is_led_to_the_login_and_back(self, picture: Media, address: str) -> None:
        reply = Client().get(address.format(id=picture.public_id))

        assert (reply.status_code, "/accounts/login/?next=/library/" in reply["Location"]) == (302, True)

    @pytest.mark.parametrize("address", ["/library/{id}/", "/library/delete/?id={id}"])
    def test_other_organizations_files_are_not_there(self, stranger: Person, picture: Media, address: str) -> None:
        given, nobodys = address.format(id=picture.public_id), address.format(id="media_nobody")

        assert [stranger.browser().get(url).status_code for url in (given, nobodys)] == [404, 404]
        assert stranger.browser().post(given, {"name": "Mine"}).status_code == 404
        stranger.browser().post("/library/delete/", {"id": picture.public_id, "seen": "999"})
        stranger.browser().post("/library/tags/", {"id": picture.public_id, "tags": "mine"})
        picture.refresh_from_db()
        assert (picture.name, picture.tags) == ("cup.jpg", ["cups"])
        assert "cup.jpg" not in html(stranger, "/library/") + html(stranger, "/library/picker/?q=cup")

    def test_a_viewer_looks_at_everything_and_changes_nothing(self, owner: Person, picture: Media) -> None:
        viewer = member(owner, Role.VIEWER)
        for address in READING:
            page = html(viewer, address.format(id=picture.public_id))
            assert "cup.jpg" in page
            assert not {"<media-upload", "delete_files", "Delete", 'name="name"'} & {
                word for word in ("<media-upload", "delete_files", "Delete", 'name="name"') if word in page
            }
        answers = [
            viewer.browser().get(f"/library/delete/?id={picture.public_id}"),
            viewer.browser().post("/library/delete/", {"id": picture.public_id}),
            viewer.browser().post("/library/tags/", {"id": picture.public_id, "tags": "mine"}),
            viewer.browser().post(f"/library/{picture.public_id}/", {"name": "mine"}),
        ]
        assert [reply.status_code for reply in answers] == [403, 403, 403, 403]
        picture.refresh_from_db()
        assert (picture.name, picture.tags) == ("cup.jpg", ["cups"])

    @pytest.mark.parametrize("address", ["/library/{id}/", "/library/tags/", "/library/delete/"])
    def test_a_forged_form_is_refused(self, owner: Person, picture: Media, address: str) -> None:
        form = {"id": picture.public_id, "tags": "forged", "name": "forged"}
        assert owner.browser(csrf=True).post(address.format(id=picture.public_id), form).status_code == 403
        picture.refresh_from_db()
        assert (picture.name, picture.tags) == ("cup.jpg", ["cups"])


class TestChanging:
    """What a writer may do."""

    def test_what_is_said_of_a_file(self, owner: Person, picture: Media) -> None:
        address = f"/library/{picture.public_id}/"
        form = {"name": "Blue cup", "alt_text": "A blue cup", "tags": "Cups, Summer Sale"}
        assert owner.browser().post(address, form).status_code == 302

        picture.refresh_from_db()
        assert (picture.name, picture.alt_text, picture.tags) == ("Blue cup.jpg", "A blue cup", ["cups", "summer sale"])
        wrong = owner.browser().post(address, {**form, "tags": "x" * 41})
        assert wrong.status_code == 422
        assert "at most 40 characters" in wrong.content.decode()

    def test_a_name_with_dots_keeps_them(self, owner: Person, picture: Media) -> None:
        owner.browser().post(f"/library/{picture.public_id}/", {"name": "v1.2 final"})
        picture.refresh_from_db()

        assert picture.name == "v1.2 final.jpg"

    def test_many_files_are_tagged_and_the_filters_stay(self, owner: Person, picture: Media) -> None:
        other = make_media(owner.organization)
        form = {"id": [picture.public_id, other.public_id], "tags": "New", "remove": "cups",
                "back": "https://elsewhere.example/?q=cup"}  # fmt: skip
        reply = owner.browser().post("/library/tags/", form, format="multipart")

        assert (reply.status_code, reply["Location"]) == (302, "/library/?q=cup")
        assert {tuple(media.tags) for media in Media.objects.all()} == {("new",)}

    def test_deleting_asks_first_and_names_the_posts(self, owner: Person) -> None:
        furnish(owner)
        media = in_use(owner)
        address = f"/library/delete/?id={media.public_id}"
        asked = html(owner, address)
        assert "These posts would fail without it" in asked
        assert "New beans from Huila" in asked

        unseen = owner.browser().post("/library/delete/", {"id": media.public_id})
        assert unseen.status_code == 422
        assert "Look again" in unseen.content.decode()
        seen = asked.partition('name="seen" value="')[2].partition('"')[0]
        gone = owner.browser().post("/library/delete/", {"id": media.public_id, "seen": seen, "from_drafts": "1"})
        assert gone.status_code == 302
        assert not Media.objects.filter(pk=media.pk).exists()
        assert Post.objects.get(status="DRAFT").media_urls == []

    def test_a_contributor_may_not_break_what_is_planned(self, owner: Person) -> None:
        furnish(owner)
        media, contributor = in_use(owner), member(owner, Role.CONTRIBUTOR)
        asked = html(contributor, f"/library/delete/?id={media.public_id}")
        assert "Somebody else must do this" in asked

        reply = contributor.browser().post("/library/delete/", {"id": media.public_id, "seen": "999999"})
        assert reply.status_code == 422
        assert Media.objects.filter(pk=media.pk).exists()
        free = Media.objects.get(name="team.jpg")
        assert contributor.browser().post("/library/delete/", {"id": free.public_id}).status_code == 302

    def test_while_a_post_is_on_its_way_its_file_stays(self, owner: Person) -> None:
        furnish(owner)
        Post.objects.filter(status="QUEUED").update(status="PUBLISHING")
        asked = html(owner, f"/library/delete/?id={in_use(owner).public_id}")

        assert "Being sent right now" in asked
        assert "Delete anyway" not in asked
