"""What a post's page tells: where it stands, its log in plain words, and what may be done with it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from chat33.lib.clock import utcnow
from integrations.models import Channel
from posts import publishing, services, story, today
from posts.models import Attempt, Post, PostStatus
from posts.offers import Offer, offers
from posts.outcomes import UNCONFIRMED
from posts.story import Tone
from tests.factories import make_callback, make_channel, make_post
from tests.people import Person
from tests.posts.flow import publish, queued, sandbox_channel
from tests.sandboxes import RunningSandbox


@pytest.fixture
def x(owner: Person, sandboxed: RunningSandbox) -> Channel:
    """An X account at the sandbox."""
    return sandbox_channel(owner.organization, sandboxed, "x")


def log(post: Post) -> list[story.Line]:
    entries = list(Attempt.objects.filter(post=post).order_by("id"))
    return story.told(post, entries, story.names(post.organization, story.people_of(post, entries)))


def sentences(post: Post) -> list[str]:
    return [line.sentence for line in log(post)]


def test_a_post_that_went_out_is_told_from_its_writing_to_its_being_live(
    x: Channel, sandboxed: RunningSandbox, owner: Person
) -> None:
    post = publish(queued(x, created_by=owner.user.public_id), sandboxed)

    told = sentences(post)

    assert told[0] == f"Written by {owner.user.get_short_name()}."
    assert told[1:4] == ["Checked once more.", "About to be sent to X.", "Sent to X."]
    assert told[-1] == "It is live."
    assert log(post)[-1].tone == Tone.GOOD


def test_a_failure_says_why_and_what_to_do_and_a_person_s_retry_is_told(
    x: Channel, sandboxed: RunningSandbox, owner: Person
) -> None:
    sandboxed.rule("x", "commit", "error", status=403)
    post = publish(queued(x), sandboxed)

    standing = story.standing(post, now=utcnow())
    assert (standing.word, standing.tone, standing.head) == ("Failed", Tone.BAD, post.error_message)
    last = log(post)[-1]
    assert (last.sentence, last.tone) == (post.error_message, Tone.BAD)
    assert last.entries[-1].http_status == 403

    services.retry_post(post=post, now=utcnow(), by=owner.user.public_id)
    assert sentences(post)[-1] == f"{owner.user.email.capitalize()} asked to try again."


def test_trying_again_is_told_with_its_reason_and_the_next_moment(x: Channel, sandboxed: RunningSandbox) -> None:
    sandboxed.rule("x", "commit", "error", status=429)
    post = queued(x)

    publishing.publish_due(seconds=60)
    post.refresh_from_db()

    standing = story.standing(post, now=utcnow())
    assert standing.tone == Tone.WAITING
    assert standing.at is not None
    assert standing.hint.startswith("Too many posts in a short time for X.")
    assert sentences(post)[-1] == "X takes no more requests for a while. It waits and goes by itself."


def test_a_post_nobody_is_sure_of_says_that_it_is_not_sent_again(x: Channel, sandboxed: RunningSandbox) -> None:
    sandboxed.rule("x", "commit", "hang", seconds=0.1)
    post = publish(queued(x), sandboxed)

    assert story.standing(post, now=utcnow()).word == "Not sure"
    assert "not sent again by itself" in story.standing(post, now=utcnow()).hint
    told = log(post)
    assert [line.sentence for line in told][-2:] == [
        "The account was read.",
        "Whether it went out could not be found out.",
    ]
    assert told[-2].times == 4


def test_every_kind_of_entry_has_words_and_an_unknown_one_speaks_for_itself(channel: Channel) -> None:
    post = make_post(channel)
    events = (
        "publish_attempt", "publish_intent", "publish_retry", "publish_held", "publish_doubt", "publish_read",
        "publish_unconfirmed", "publish_failure", "publish_warning", "publish_success", "retry_requested",
        "reconcile_requested", "resolved_published", "resolved_failed", "something_new",
    )  # fmt: skip
    for event in events:
        for category in ("", "platform"):
            Attempt.objects.create(
                post=post,
                organization=post.organization,
                event=event,
                created_at=utcnow(),
                category=category,
                step="poll",
            )

    for line in log(post):
        assert line.sentence.endswith("."), line
        assert "{" not in line.sentence


STATES: list[dict[str, Any]] = [
    {"status": PostStatus.DRAFT},
    {"status": PostStatus.QUEUED},
    {"status": PostStatus.QUEUED, "held_until": utcnow()},
    {"status": PostStatus.QUEUED, "retry_count": 2, "error_code": "PLATFORM"},
    {"status": PostStatus.PUBLISHING},
    {"status": PostStatus.PUBLISHED, "published_at": utcnow()},
    {"status": PostStatus.FAILED, "error_code": "MEDIA"},
    {"status": PostStatus.FAILED, "error_code": UNCONFIRMED, "intent_at": utcnow()},
    {"status": PostStatus.FAILED, "error_code": UNCONFIRMED},
    {"status": PostStatus.CANCELLED},
]
SERVICES: dict[Offer, Callable[[Post], Any]] = {
    Offer.EDIT: lambda post: services.update_post(
        post=post, content=services.content_of(post), plan=services.plan_of(post), now=utcnow()
    ),
    Offer.RETRY: lambda post: services.retry_post(post=post, now=utcnow(), by="usr_x"),
    Offer.RECONCILE: lambda post: services.reconcile_post(post=post, now=utcnow(), by="usr_x"),
    Offer.RESOLVE: lambda post: services.resolve_post(post=post, outcome="failed", now=utcnow(), by="usr_x"),
}


@pytest.mark.parametrize("state", STATES, ids=range(len(STATES)))
def test_what_is_offered_is_what_the_services_do(channel: Channel, state: dict[str, Any]) -> None:
    post = make_post(channel, **state)
    story.standing(post, now=utcnow())

    done = set()
    for offer, service in SERVICES.items():
        with transaction.atomic():
            try:
                service(Post.objects.get(pk=post.pk))
                done.add(offer)
            except services.UnableToChange:
                pass
            transaction.set_rollback(True)

    assert offers(post) & set(SERVICES) == done


def test_siblings_callbacks_and_names_are_this_organization_s(
    owner: Person, stranger: Person, channel: Channel
) -> None:
    post = make_post(channel, group_id="grp_1")
    sibling = make_post(make_channel(owner.organization, "facebook"), group_id="grp_1")
    make_post(make_channel(stranger.organization), group_id="grp_1")
    callback = make_callback(owner.organization, subject=post.public_id)
    make_callback(stranger.organization, subject=post.public_id)

    assert story.siblings(post) == [sibling]
    assert list(story.callbacks(post)) == [callback]
    assert story.names(owner.organization, [stranger.user.public_id]) == {}


def test_what_goes_on_now_comes_next_and_came_last(owner: Person, stranger: Person, channel: Channel) -> None:
    now = utcnow()
    make_post(make_channel(stranger.organization), status=PostStatus.PUBLISHING)
    moving = make_post(channel, status=PostStatus.PUBLISHING)
    due = make_post(channel, status=PostStatus.QUEUED, due_at=now)
    soon = make_post(
        channel, status=PostStatus.QUEUED, scheduled_at=now + timedelta(hours=2), due_at=now + timedelta(hours=2)
    )
    make_post(
        channel, status=PostStatus.QUEUED, scheduled_at=now + timedelta(hours=25), due_at=now + timedelta(hours=25)
    )
    make_post(channel, scheduled_at=now + timedelta(hours=3))
    old = make_post(channel, status=PostStatus.FAILED, settled_at=now - timedelta(hours=2))
    new = make_post(channel, status=PostStatus.PUBLISHED, settled_at=now - timedelta(hours=1))

    mine = owner.organization
    assert today.sending(organization=mine, now=now) == [moving, due]
    assert [today.is_moving(post, now=now) for post in (moving, due, soon)] == [True, True, False]
    assert today.coming(organization=mine, now=now) == [soon]
    assert today.results(organization=mine) == [new, old]
