"""Deleting files with care: what has not gone out is not broken unseen, what is going out not at all."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.files.storage import default_storage

from chat33.lib.clock import utcnow
from integrations.models import Channel
from posts.library import StillUsed, delete_media
from posts.media import media_url
from posts.models import Media, MediaUse, Post
from posts.preflight import Content
from posts.services import Plan, create_posts
from posts.shelf import uses_of
from tests.crowd import together
from tests.factories import make_channel
from tests.library.files import make_media
from tests.media_files import jpeg
from tests.people import Person
from tests.posts.flow import publish, sandbox_channel
from tests.sandboxes import RunningSandbox


def delete(media: Media, **given: Any) -> int:
    wish: dict[str, Any] = {"seen": None, "may_break_planned": True, "from_drafts": False, "now": utcnow(), **given}
    return delete_media(organization=media.organization, ids=[media.public_id], **wish)


def seen(media: Media) -> int:
    return uses_of([media]).newest


def post_with(channel: Channel, media: Media, status: str = "DRAFT", **given: Any) -> Post:
    """A post that shows the file, made as every post is."""
    (post,) = create_posts(
        organization=channel.organization,
        channels=[channel],
        content=Content(text="Hello", media_urls=(media_url(media),), media_type="image", **given),
        plan=Plan(status="DRAFT", scheduled_at=utcnow() + timedelta(days=1)),  # type: ignore[arg-type]
        by="usr_nobody",
        now=utcnow(),
    )
    Post.objects.filter(pk=post.pk).update(status=status)
    return post


@pytest.fixture
def picture(owner: Person) -> Media:
    return make_media(owner.organization, body=jpeg(640, 640), alt_text="A cup")


def test_a_file_that_nothing_shows_goes_with_its_copies(
    owner: Person, picture: Media, django_capture_on_commit_callbacks: Any
) -> None:
    copy = make_media(owner.organization, variant_of=picture, variant_key="jpeg-1")
    with django_capture_on_commit_callbacks(execute=True):
        assert delete(picture) == 1

    assert not Media.objects.exists()
    assert not default_storage.exists(str(picture.file.name))
    assert not default_storage.exists(str(copy.file.name))


def test_a_file_that_only_published_posts_show_goes_and_they_stay(channel: Channel, picture: Media) -> None:
    post = post_with(channel, picture, "PUBLISHED")
    assert delete(picture) == 1

    assert Post.objects.get().media_urls == post.media_urls


@pytest.mark.parametrize("status", ["DRAFT", "QUEUED", "FAILED"])
def test_what_has_not_gone_out_must_have_been_seen(channel: Channel, picture: Media, status: str) -> None:
    post = post_with(channel, picture, status)
    with pytest.raises(StillUsed) as refused:
        delete(picture)

    assert [one.pk for one in refused.value.uses.waiting] == [post.pk]
    assert delete(picture, seen=seen(picture)) == 1


def test_a_post_made_since_the_person_looked_is_asked_about(channel: Channel, picture: Media) -> None:
    post_with(channel, picture)
    looked = seen(picture)
    post_with(channel, picture)

    with pytest.raises(StillUsed):
        delete(picture, seen=looked)
    assert Media.objects.exists()


def test_whoever_may_not_publish_may_not_break_what_is_planned(channel: Channel, picture: Media) -> None:
    post_with(channel, picture, "QUEUED")

    with pytest.raises(StillUsed):
        delete(picture, seen=seen(picture), may_break_planned=False)


@pytest.mark.parametrize(("status", "code"), [("PUBLISHING", ""), ("FAILED", "UNCONFIRMED")])
def test_what_is_on_its_way_keeps_its_files(channel: Channel, picture: Media, status: str, code: str) -> None:
    post = post_with(channel, picture, status)
    Post.objects.filter(pk=post.pk).update(error_code=code)

    with pytest.raises(StillUsed) as refused:
        delete(picture, seen=seen(picture))
    assert len(refused.value.uses.busy) == 1


def test_it_is_taken_out_of_drafts_with_what_they_said_of_it(owner: Person, channel: Channel, picture: Media) -> None:
    other = make_media(owner.organization)
    urls = (media_url(picture), media_url(other))
    (draft,) = create_posts(
        organization=owner.organization, channels=[channel], by="usr_nobody", now=utcnow(),
        content=Content(
            text="Hello", media_urls=urls, media_type="carousel", cover_image_url=urls[0],
            platform_config={"altTexts": ["A cup", "A jug"]},
        ),
        plan=Plan(status="DRAFT"),  # type: ignore[arg-type]
    )  # fmt: skip
    planned = post_with(channel, picture, "QUEUED")

    delete(picture, seen=seen(picture), from_drafts=True)

    draft.refresh_from_db()
    planned.refresh_from_db()
    assert (draft.media_urls, draft.cover_image_url) == ([urls[1]], "")
    assert draft.platform_config == {"altTexts": ["A jug"]}
    assert planned.media_urls == [urls[0]]
    assert [use.media for use in MediaUse.objects.all()] == [other]


def test_preflight_says_that_the_file_is_gone_and_the_post_would_fail(
    owner: Person, channel: Channel, picture: Media
) -> None:
    post = post_with(channel, picture)
    delete(picture, seen=seen(picture))

    body = {"accountIds": [channel.public_id], "text": "Hello", "mediaUrls": post.media_urls}
    (result,) = owner.api().send("POST", "posts/validate", body).json()["results"]
    assert [(one["code"], one["path"]) for one in result["errors"]] == [("MEDIA_GONE", "mediaUrls.0")]
    assert "deleted from the library" in result["errors"][0]["message"]


def test_a_planned_post_whose_file_is_gone_fails_saying_so(
    owner: Person, picture: Media, sandboxed: RunningSandbox
) -> None:
    post = post_with(sandbox_channel(owner.organization, sandboxed, "instagram"), picture, "QUEUED")
    delete(picture, seen=seen(picture))
    Post.objects.filter(pk=post.pk).update(due_at=utcnow())
    publish(post, sandboxed)

    assert (post.status, post.error_code) == ("FAILED", "MEDIA_GONE")


def test_other_organizations_files_are_not_there(stranger: Person, picture: Media) -> None:
    wish: dict[str, Any] = {"seen": None, "may_break_planned": True, "from_drafts": False, "now": utcnow()}
    assert delete_media(organization=stranger.organization, ids=[picture.public_id], **wish) == 0
    assert Media.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_post_made_while_its_file_is_deleted_is_counted_or_finds_it_gone(owner: Person) -> None:
    channel = make_channel(owner.organization, "x")
    for _ in range(8):
        picture = make_media(owner.organization)

        def deleted(picture: Media = picture) -> int:
            try:
                return delete(picture)
            except StillUsed:
                return 0

        gone, post = together([deleted, partial(post_with, channel, picture)])
        uses = MediaUse.objects.filter(post=post).count()
        assert (gone, uses, Media.objects.filter(pk=picture.pk).exists()) in ((1, 0, False), (0, 1, True))
