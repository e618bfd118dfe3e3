"""Finding files: by words, by what they are, by whether anything shows them; page by page, at a constant cost."""

from typing import Any

import pytest

from integrations.models import Channel
from posts.library import Unfit, describe_media, tag_media, tags_in
from posts.media import media_path, media_url
from posts.models import Media, MediaUse
from posts.shelf import THUMBNAIL, Storage, Wish, media_for, media_like, media_named, shown, storage, tags_of
from posts.thumbnails import make_missing
from tests.factories import make_post
from tests.library.files import large_jpeg, make_media
from tests.media_files import gif, mp4, png
from tests.people import Person


def found(person: Person, **wish: Any) -> list[str]:
    return [media.name for media in media_like(person.organization, Wish(**wish))]


@pytest.fixture
def files(owner: Person, stranger: Person, channel: Channel) -> dict[str, Media]:
    organization = owner.organization
    made = {
        "cup": make_media(organization, name="cup.jpg", tags=["summer sale", "cups"], alt_text="A blue CUP on a table"),
        "jug": make_media(organization, name="100%_jug.jpg", tags=["cups"], width=480, height=640),
        "square": make_media(organization, name="square.jpg", width=500, height=500),
        "film": make_media(organization, name="film.mp4", kind="video", duration=12.5, size=9_000_000),
    }
    make_media(organization, name="copy of cup.jpg", variant_of=made["cup"], variant_key="jpeg-1")
    make_media(stranger.organization, name="cup of another.jpg", tags=["cups"])
    MediaUse.objects.create(organization=organization, media=made["jug"], post=make_post(channel))
    return made


@pytest.mark.parametrize(
    ("wish", "names"),
    [
        ({}, ["film.mp4", "square.jpg", "100%_jug.jpg", "cup.jpg"]),
        ({"search": "CuP"}, ["100%_jug.jpg", "cup.jpg"]),
        ({"search": "blue table"}, ["cup.jpg"]),
        ({"search": "summer cup"}, ["cup.jpg"]),
        ({"search": "0%_j"}, ["100%_jug.jpg"]),
        ({"search": "%%"}, []),
        ({"search": "nothing\x00 of it"}, []),
        ({"kind": "video"}, ["film.mp4"]),
        ({"shape": "portrait"}, ["100%_jug.jpg"]),
        ({"shape": "square"}, ["square.jpg"]),
        ({"shape": "landscape", "kind": "image"}, ["cup.jpg"]),
        ({"tag": "cups"}, ["100%_jug.jpg", "cup.jpg"]),
        ({"tag": "cup"}, []),
        ({"unused": True, "kind": "image"}, ["square.jpg", "cup.jpg"]),
    ],
)
def test_what_is_looked_for_is_found(
    owner: Person, files: dict[str, Media], wish: dict[str, Any], names: list[str]
) -> None:
    assert found(owner, **wish) == names


def test_tags_and_storage_are_the_organization_s_own_and_count_no_copies(
    owner: Person, files: dict[str, Media]
) -> None:
    assert tags_of(owner.organization) == ["cups", "summer sale"]
    assert storage(owner.organization) == Storage(3, 1, 9_003_000)


def test_ids_that_are_nobody_s_or_another_s_name_nothing(owner: Person, stranger: Person) -> None:
    mine, theirs = make_media(owner.organization), make_media(stranger.organization)
    ids = [mine.public_id, theirs.public_id, "media_nobody", "\x00"]

    assert media_named(owner.organization, ids) == [mine]


class TestWords:
    """What people say of a file."""

    def test_tags_are_short_lower_case_and_each_there_once(self) -> None:
        assert tags_in(" Summer  Sale, cups,, #cups ,SUMMER SALE,\u202eevil") == ["summer sale", "cups", "evil"]
        with pytest.raises(Unfit, match="at most 40"):
            tags_in("x" * 41)
        with pytest.raises(Unfit, match="at most 20"):
            tags_in(",".join(str(number) for number in range(21)))

    def test_many_files_get_a_tag_at_once_and_lose_one(self, owner: Person, stranger: Person) -> None:
        files = [make_media(owner.organization, tags=["old"]) for _ in range(3)]
        theirs = make_media(stranger.organization)
        ids = [*(media.public_id for media in files), theirs.public_id]

        assert tag_media(organization=owner.organization, ids=ids, add=["new", "old"], remove="old") == 3
        assert {tuple(media.tags) for media in media_for(owner.organization)} == {("new",)}
        assert Media.objects.get(pk=theirs.pk).tags == []

    def test_a_new_name_keeps_the_extension_and_the_address_opens_still(self, owner: Person) -> None:
        media = make_media(owner.organization, name="a.jpg")
        before = media_url(media)
        describe_media(media=media, name="../B<b>\u202e.exe", alt_text=" A cup ", tags=["cups"])

        media.refresh_from_db()
        assert (media.name, media.alt_text, media.tags) == ("Bb.jpg", "A cup", ["cups"])
        assert media_url(media).rsplit("/", 1)[0] == before.rsplit("/", 1)[0]

    def test_a_description_has_an_end(self, owner: Person) -> None:
        with pytest.raises(Unfit, match="at most 1000"):
            describe_media(media=make_media(owner.organization), name="a", alt_text="x" * 1001, tags=[])


class TestSmallPictures:
    """Lists show small pictures."""

    def test_large_ones_get_a_small_one_once_and_small_ones_are_shown_as_they_are(self, owner: Person) -> None:
        large = make_media(owner.organization, body=large_jpeg(), width=1600, height=1200)
        tall = make_media(owner.organization, body=png(200, 3000, noise=True), content_type="image/png",
                          width=200, height=3000)  # fmt: skip
        small = make_media(owner.organization, body=gif(64, 48), content_type="image/gif", width=64, height=48)
        broken = make_media(owner.organization, body=large_jpeg()[:200_000])
        lost = make_media(owner.organization, size=5_000_000)
        make_media(owner.organization, body=mp4(seconds=1), kind="video", content_type="video/mp4")

        assert make_missing(seconds=30) == 5
        assert make_missing(seconds=30) == 0

        copies = {copy.variant_of_id: copy for copy in Media.objects.filter(variant_key=THUMBNAIL)}
        assert {pk: (copy.width, copy.height) for pk, copy in copies.items()} == {
            large.pk: (320, 240),
            tall.pk: (21, 315),
        }
        assert all(copy.size <= 60_000 for copy in copies.values())
        previews = {one.media.pk: one.preview for one in shown(list(media_for(owner.organization)))}
        assert previews[large.pk] == media_path(copies[large.pk])
        assert previews[small.pk] == media_path(small)
        assert previews[lost.pk] == ""
        assert broken.pk not in copies
