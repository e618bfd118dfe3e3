"""Which posts show which file: written with the post, and true after every change of it."""

import importlib
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat33.lib.clock import utcnow
from integrations.models import Channel
from posts.media import media_url, open_files
from posts.models import Media, MediaUse, Post
from tests.factories import make_channel, make_post
from tests.library.files import make_media
from tests.media_files import jpeg
from tests.people import Person
from tests.posts.flow import publish, queued, sandbox_channel
from tests.sandboxes import RunningSandbox


def shown_by(post: str) -> set[int]:
    return set(MediaUse.objects.filter(post__public_id=post).values_list("media_id", flat=True))


def created(person: Person, channel: Channel, **body: Any) -> str:
    reply = person.api().send(
        "POST", "posts", {"accountIds": [channel.public_id], "text": "Hello", "status": "DRAFT", **body}
    )
    assert reply.status_code in (200, 201), reply.json()
    return str(Post.objects.latest("id").public_id)


@pytest.fixture
def pictures(owner: Person) -> list[Media]:
    return [make_media(owner.organization) for _ in range(3)]


def test_a_new_post_is_known_to_show_its_files_and_its_cover(
    owner: Person, channel: Channel, pictures: list[Media]
) -> None:
    first, second, cover = pictures
    post = created(
        owner, channel, mediaUrls=[media_url(first), media_url(second), media_url(first)], mediaType="carousel",
        coverImageUrl=media_url(cover),
    )  # fmt: skip

    assert shown_by(post) == {first.pk, second.pk, cover.pk}


def test_posts_made_together_each_show_the_file(owner: Person, channel: Channel, pictures: list[Media]) -> None:
    other = make_channel(owner.organization, "facebook")
    created(
        owner, channel, accountIds=[channel.public_id, other.public_id], mediaUrls=[media_url(pictures[0])],
        mediaType="image",
    )  # fmt: skip

    assert MediaUse.objects.filter(media=pictures[0]).count() == 2


def test_an_edit_writes_what_changed_and_an_edit_of_the_words_nothing(
    owner: Person, channel: Channel, pictures: list[Media]
) -> None:
    first, second, _ = pictures
    post = created(owner, channel, mediaUrls=[media_url(first)], mediaType="image")
    kept = MediaUse.objects.get().pk

    owner.api().send("PATCH", f"posts/{post}", {"text": "Other words"})
    assert MediaUse.objects.get().pk == kept
    owner.api().send(
        "PATCH", f"posts/{post}", {"mediaUrls": [media_url(first), media_url(second)], "mediaType": "carousel"}
    )
    assert shown_by(post) == {first.pk, second.pk}
    owner.api().send("PATCH", f"posts/{post}", {"mediaUrls": [media_url(second)], "mediaType": "image"})
    assert shown_by(post) == {second.pk}
    owner.api().send("PATCH", f"posts/{post}", {"mediaUrls": []})
    assert shown_by(post) == set()


def test_a_draft_that_is_deleted_shows_nothing_any_more_and_a_cancelled_post_still_does(
    owner: Person, channel: Channel, pictures: list[Media]
) -> None:
    draft = created(owner, channel, mediaUrls=[media_url(pictures[0])], mediaType="image")
    at = f"{utcnow().year + 1}-12-31T09:00:00Z"
    planned = created(owner, channel, mediaUrls=[media_url(pictures[0])], status="QUEUED", scheduledAt=at)
    for post in (draft, planned):
        assert owner.api().send("DELETE", f"posts/{post}").status_code == 200

    assert MediaUse.objects.get().post.public_id == planned


def test_words_alone_cost_no_query_more(owner: Person, channel: Channel, pictures: list[Media]) -> None:
    def cost(**body: Any) -> int:
        with CaptureQueriesContext(connection) as captured:
            created(owner, channel, **body)
        return len(captured)

    cost()
    plain = cost()
    assert cost(mediaUrls=[media_url(one) for one in pictures], mediaType="carousel") == plain + 2


def test_addresses_elsewhere_and_of_other_organizations_are_no_use_of_ours(
    owner: Person, channel: Channel, stranger: Person
) -> None:
    theirs = make_media(stranger.organization)
    created(owner, channel, mediaUrls=["https://example.com/a.jpg", media_url(theirs)], mediaType="carousel")

    assert not MediaUse.objects.exists()


def test_a_copy_made_for_a_network_counts_as_its_original(
    owner: Person, channel: Channel, pictures: list[Media]
) -> None:
    copy = make_media(owner.organization, variant_of=pictures[0], variant_key="jpeg-1")
    post = created(owner, channel, mediaUrls=[media_url(copy), media_url(pictures[0])], mediaType="carousel")

    assert shown_by(post) == {pictures[0].pk}


def test_a_file_fetched_to_be_published_is_shown_by_its_post(owner: Person, sandboxed: RunningSandbox) -> None:
    source = make_media(owner.organization, body=jpeg(640, 640))
    elsewhere = media_url(source).replace("/media/", "//media/")  # not an address of the library
    post = queued(
        sandbox_channel(owner.organization, sandboxed, "instagram"), media_urls=[elsewhere], media_type="image"
    )
    publish(post, sandboxed)

    assert post.status == "PUBLISHED", post.error_message
    assert MediaUse.objects.get().media.source_url == elsewhere


def test_what_the_library_says_of_a_picture_goes_with_it_where_the_post_says_nothing(
    owner: Person, channel: Channel, pictures: list[Media]
) -> None:
    described, silent, _ = pictures
    Media.objects.filter(pk=described.pk).update(alt_text="A cup")
    copy = make_media(owner.organization, variant_of=described, variant_key="jpeg-1")
    files = {"state": {"files": [copy.pk, described.pk, silent.pk]}}

    def told(**given: Any) -> list[str]:
        return [file.alt_text for file in open_files(make_post(channel, **files, **given))[0]]

    assert told() == ["A cup", "A cup", ""]
    assert told(platform_config={"altTexts": ["", "Another"]}) == ["", "Another", ""]


class TestBackfill:
    """The posts that were there before anybody wrote down what they show."""

    backfill = importlib.import_module("posts.migrations.0006_note_media_uses")

    def test_every_post_there_is_read_in_batches_and_may_be_read_again(
        self, owner: Person, channel: Channel, stranger: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(self.backfill, "BATCH", 2)
        first, cover = make_media(owner.organization), make_media(owner.organization)
        theirs = make_media(stranger.organization)
        posts = [make_post(channel, media_urls=[media_url(first), "https://example.com/a.jpg"]) for _ in range(5)]
        covered = make_post(channel, cover_image_url=media_url(cover))
        make_post(channel, media_urls=[media_url(theirs), 7])
        make_post(channel)

        for _ in range(2):
            self.backfill.note_uses(apps, None)

        assert {(use.media_id, use.post_id) for use in MediaUse.objects.all()} == {
            *((first.pk, post.pk) for post in posts), (cover.pk, covered.pk),
        }  # fmt: skip
        self.backfill.forget_uses(apps, None)
        assert not MediaUse.objects.exists()
