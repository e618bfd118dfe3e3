"""Approval: who may only write asks, who may publish decides, on what they have seen."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from chat33.lib.clock import utcnow
from chat33.orgs.models import Membership, Role
from posts import reviews
from posts.composing import Composition
from posts.drafts import NotPermitted, Timing, opened, save_composition
from posts.models import Post, PostStatus, Review
from posts.reviews import Faulty, TooLate, is_changed
from posts.selectors import open_reviews
from posts.services import ChangedMeanwhile, UnableToChange
from tests.factories import make_channel, make_member
from tests.people import Person

TOMORROW = timedelta(days=1)


def member(owner: Person, role: Role) -> Membership:
    user = make_member(owner.organization, role)
    return Membership.objects.select_related("organization", "user").get(user=user)


@pytest.fixture
def editor(owner: Person) -> Membership:
    return member(owner, Role.EDITOR)


@pytest.fixture
def contributor(owner: Person) -> Membership:
    return member(owner, Role.CONTRIBUTOR)


def draft(membership: Membership, *, text: str = "Please", at: datetime | None = None, **given: Any) -> list[Post]:
    channels = given.pop("channels", None) or tuple(
        make_channel(membership.organization, platform) for platform in ("x", "facebook")
    )
    return save_composition(
        membership=membership, composition=Composition(channels=channels, text=text), status=PostStatus.DRAFT,
        seen=given.pop("seen", {}), timing=Timing(when="at" if at else "now", at=at), now=utcnow(),
    )  # fmt: skip


def asked(contributor: Membership, *, at: datetime | None = None, text: str = "Please") -> list[Post]:
    posts = draft(contributor, at=at, text=text)
    reviews.ask_for_approval(membership=contributor, posts=posts, note="Ready?", now=utcnow())
    return posts


def fences(posts: list[Post]) -> dict[str, int]:
    return dict(Post.objects.filter(pk__in=[post.pk for post in posts]).values_list("public_id", "fence"))


def statuses() -> set[str]:
    return set(Post.objects.values_list("status", flat=True))


def test_an_editor_approves_and_it_goes_when_it_was_planned_for(contributor: Membership, editor: Membership) -> None:
    at = utcnow() + TOMORROW
    posts = asked(contributor, at=at)
    assert open_reviews(editor.organization).count() == 2
    assert statuses() == {"DRAFT"}

    reviews.approve(membership=editor, posts=posts, seen=fences(posts), now=utcnow())

    assert set(Post.objects.values_list("status", "scheduled_at", "due_at")) == {("QUEUED", at, at)}
    assert set(Review.objects.values_list("verdict", "decided_by")) == {("approved", editor.user_id)}
    assert open_reviews(editor.organization).count() == 0


def test_nobody_who_may_not_publish_approves_or_declines(contributor: Membership, owner: Person) -> None:
    posts = asked(contributor)

    for someone in (contributor, member(owner, Role.VIEWER), member(owner, Role.CONTRIBUTOR)):
        with pytest.raises(NotPermitted):
            reviews.approve(membership=someone, posts=posts, seen=fences(posts), now=utcnow())
        with pytest.raises(NotPermitted):
            reviews.decline(membership=someone, posts=posts, comment="No", now=utcnow())

    with pytest.raises(NotPermitted):
        reviews.ask_for_approval(membership=member(owner, Role.VIEWER), posts=posts, note="", now=utcnow())
    assert statuses() == {"DRAFT"}


def test_a_time_that_has_passed_asks_for_a_new_one(contributor: Membership, editor: Membership) -> None:
    posts = asked(contributor, at=utcnow() - timedelta(hours=1))

    with pytest.raises(TooLate, match="Choose a new one"):
        reviews.approve(membership=editor, posts=posts, seen=fences(posts), now=utcnow())
    assert statuses() == {"DRAFT"}

    at = utcnow() + TOMORROW
    reviews.approve(membership=editor, posts=posts, seen=fences(posts), now=utcnow(), scheduled_at=at)
    assert set(Post.objects.values_list("status", "scheduled_at")) == {("QUEUED", at)}


def test_a_draft_that_changed_since_says_so_and_is_not_approved_unseen(
    contributor: Membership, editor: Membership
) -> None:
    posts = asked(contributor)
    before = fences(posts)
    channels = tuple(post.channel for post in posts)
    draft(contributor, text="Something else", channels=channels, seen=before)

    assert all(is_changed(review, review.post) for review in open_reviews(editor.organization))
    with pytest.raises(ChangedMeanwhile):
        reviews.approve(membership=editor, posts=posts, seen=before, now=utcnow())
    assert statuses() == {"DRAFT"}

    reviews.approve(membership=editor, posts=posts, seen=fences(posts), now=utcnow())
    assert statuses() == {"QUEUED"}


def test_asking_again_replaces_what_was_asked(contributor: Membership, editor: Membership) -> None:
    posts = asked(contributor)
    draft(contributor, text="Better", channels=tuple(post.channel for post in posts), seen=fences(posts))

    reviews.ask_for_approval(membership=contributor, posts=posts, note="Better now", now=utcnow())

    found = list(open_reviews(editor.organization))
    assert [(review.note, is_changed(review, review.post)) for review in found] == [("Better now", False)] * 2


def test_a_network_s_rules_stand_against_an_approval(contributor: Membership, editor: Membership) -> None:
    posts = asked(contributor, text="a" * 300)

    with pytest.raises(Faulty, match="at most 280") as caught:
        reviews.approve(membership=editor, posts=posts, seen=fences(posts), now=utcnow())

    assert [result.channel.platform for result in caught.value.results if result.errors] == ["x"]
    assert statuses() == {"DRAFT"}


def test_declining_says_why_and_leaves_the_draft(contributor: Membership, editor: Membership) -> None:
    posts = asked(contributor)

    with pytest.raises(UnableToChange, match="Say what should change"):
        reviews.decline(membership=editor, posts=posts, comment=" ", now=utcnow())
    reviews.decline(membership=editor, posts=posts, comment="Too long", now=utcnow())

    assert set(Review.objects.values_list("verdict", "comment")) == {("declined", "Too long")}
    assert statuses() == {"DRAFT"}
    with pytest.raises(UnableToChange, match="no longer waits"):
        reviews.approve(membership=editor, posts=posts, seen=fences(posts), now=utcnow())


def test_who_asked_takes_it_back_and_nobody_else_who_only_writes(
    contributor: Membership, owner: Person, editor: Membership
) -> None:
    posts = asked(contributor)

    with pytest.raises(NotPermitted):
        reviews.withdraw(membership=member(owner, Role.CONTRIBUTOR), posts=posts, now=utcnow())
    reviews.withdraw(membership=contributor, posts=posts, now=utcnow())

    assert open_reviews(editor.organization).count() == 0


def test_queueing_it_is_approving_it(contributor: Membership, editor: Membership) -> None:
    posts = asked(contributor)
    found = opened(Post.objects.get(pk=posts[0].pk))

    save_composition(
        membership=editor, composition=found.composition, timing=Timing(), status=PostStatus.QUEUED, seen=found.seen,
        now=utcnow(),
    )  # fmt: skip

    assert set(Review.objects.values_list("verdict", "decided_by")) == {("approved", editor.user_id)}


def test_another_organization_s_draft_is_not_approved(contributor: Membership, stranger: Person) -> None:
    posts = asked(contributor)
    outside = Membership.objects.select_related("organization", "user").get(user=stranger.user)

    with pytest.raises(UnableToChange):
        reviews.approve(membership=outside, posts=posts, seen=fences(posts), now=utcnow())
    assert statuses() == {"DRAFT"}
