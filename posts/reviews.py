"""Approval: who may write but not publish asks, who may publish decides."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from chat33.orgs.models import Membership
from chat33.orgs.roles import Permission, may
from posts.drafts import NotPermitted, refuse_unpermitted
from posts.models import Post, PostStatus, Review, Verdict
from posts.preflight import Result, examine, inspect
from posts.selectors import open_reviews_of, posts_for
from posts.services import ChangedMeanwhile, UnableToChange, content_of, plan_of, update_post

NOTE = 2000  # characters of a note or a comment
GRACE = timedelta(minutes=1)  # that a planned time may be past while the form is sent


class TooLate(UnableToChange):
    """The time that the draft was planned for has passed."""


class Faulty(UnableToChange):
    """The network's rules stand against it: ``results`` name every fault."""

    def __init__(self, results: Sequence[Result]) -> None:
        first = next(issue for result in results for issue in result.errors)
        super().__init__(first.message)
        self.results = tuple(results)


@transaction.atomic
def ask_for_approval(*, membership: Membership, posts: Sequence[Post], note: str, now: datetime) -> list[Review]:
    """Ask somebody who may publish for these drafts; asking again replaces the note and marks them as seen anew. Raises
    ``NotPermitted`` and ``UnableToChange``.
    """
    refuse_unpermitted(membership, [PostStatus.DRAFT])
    rows = _locked(membership, posts)
    if not rows or any(row.status != PostStatus.DRAFT for row in rows):
        raise UnableToChange("Approval is asked for drafts, and this is none any more.")
    asked = []
    for row in rows:
        facts = {"asked_by": membership.user, "asked_at": now, "note": note[:NOTE], "fence": row.fence}
        review, _ = Review.objects.update_or_create(
            organization=membership.organization, post=row, decided_at=None, defaults=facts
        )
        asked.append(review)
    return asked


def approve(
    *,
    membership: Membership,
    posts: Sequence[Post],
    seen: Mapping[str, int],
    now: datetime,
    scheduled_at: datetime | None = None,
    at_once: bool = False,
) -> list[Post]:
    """Queue drafts under review as they were ``seen`` (their fences), for the time they were planned for, another one,
    or at once. Raises ``NotPermitted``, ``TooLate``, ``Faulty``, ``UnableToChange`` and ``ChangedMeanwhile``.
    """
    _refuse_undeciding(membership)
    for post in posts:
        at = None if at_once else scheduled_at or post.scheduled_at
        if at is not None and at < now - GRACE:
            raise TooLate("The time it was planned for has passed. Choose a new one, or publish it now.")
    _refuse_faults(posts, now=now)
    with transaction.atomic():
        rows = _locked(membership, posts)
        reviews = _under_review(rows)
        if {row.public_id: row.fence for row in rows} != dict(seen):
            raise ChangedMeanwhile
        _decide(reviews, Verdict.APPROVED, membership=membership, comment="", now=now)
        return [
            update_post(
                post=row,
                content=content_of(row),
                plan=replace(
                    plan_of(row),
                    status=PostStatus.QUEUED,
                    scheduled_at=None if at_once else scheduled_at or row.scheduled_at,
                ),
                now=now,
                retime=True,
            )
            for row in rows
        ]


@transaction.atomic
def decline(*, membership: Membership, posts: Sequence[Post], comment: str, now: datetime) -> list[Review]:
    """Say no, and why: the drafts stay. Raises ``NotPermitted`` and ``UnableToChange``."""
    _refuse_undeciding(membership)
    if not comment.strip():
        raise UnableToChange("Say what should change, so that the author can go on.")
    reviews = _under_review(_locked(membership, posts))
    return _decide(reviews, Verdict.DECLINED, membership=membership, comment=comment, now=now)


@transaction.atomic
def withdraw(*, membership: Membership, posts: Sequence[Post], now: datetime) -> list[Review]:
    """Take the asking back: its author may, and who may publish. Raises ``NotPermitted`` and ``UnableToChange``."""
    reviews = _under_review(_locked(membership, posts))
    mine = all(review.asked_by_id == membership.user_id for review in reviews)
    if not mine and not may(membership.role, Permission.PUBLISH):
        raise NotPermitted("Only who asked for approval, or an editor, can take it back.")
    return _decide(reviews, Verdict.WITHDRAWN, membership=membership, comment="", now=now)


def is_changed(review: Review, post: Post) -> bool:
    """Whether the draft says something else, or is planned for another time, than when approval was asked for."""
    return review.fence != post.fence


def _refuse_undeciding(membership: Membership) -> None:
    if not may(membership.role, Permission.PUBLISH):
        raise NotPermitted("Who approves a post publishes it, and your role does not allow that. Ask an editor.")


def _refuse_faults(posts: Sequence[Post], *, now: datetime) -> None:
    results: list[Result] = []
    for post in posts:
        inspected = inspect(organization=post.organization, content=content_of(post))
        results += examine(inspected=inspected, channels=[post.channel], now=now)
    if any(result.errors for result in results):
        raise Faulty(results)


def _locked(membership: Membership, posts: Sequence[Post]) -> list[Post]:
    rows = posts_for(membership.organization).filter(pk__in=[post.pk for post in posts])
    return list(rows.select_for_update(of=("self",)).order_by("id"))


def _under_review(rows: Sequence[Post]) -> list[Review]:
    reviews = open_reviews_of(rows)
    if not rows or len(reviews) != len(rows):
        raise UnableToChange("This no longer waits for approval: somebody has decided it, or taken it back.")
    return reviews


def _decide(
    reviews: Sequence[Review], verdict: Verdict, *, membership: Membership, comment: str, now: datetime
) -> list[Review]:
    for review in reviews:
        review.verdict, review.comment = verdict, comment.strip()[:NOTE]
        review.decided_by, review.decided_at = membership.user, now
        review.save(update_fields=["verdict", "comment", "decided_by", "decided_at"])
    return list(reviews)
