"""What may be done with a post as it stands. The services refuse everything else; a test holds both together."""

from collections.abc import Mapping
from enum import StrEnum

from chat33.orgs.roles import Permission
from posts.models import Post, PostStatus
from posts.outcomes import UNCONFIRMED


class Offer(StrEnum):
    """Something that a person may do with a post."""

    EDIT = "edit"
    PUBLISH = "publish"  # a scheduled one, now
    RETRY = "retry"
    RECONCILE = "reconcile"
    RESOLVE = "resolve"
    CANCEL = "cancel"
    DELETE = "delete"
    DUPLICATE = "duplicate"


NEEDED: Mapping[Offer, Permission] = {
    Offer.EDIT: Permission.PUBLISH,  # of a draft: whoever may write
    Offer.PUBLISH: Permission.PUBLISH,
    Offer.RETRY: Permission.PUBLISH,
    Offer.RECONCILE: Permission.PUBLISH,
    Offer.RESOLVE: Permission.PUBLISH,
    Offer.CANCEL: Permission.PUBLISH,
    Offer.DELETE: Permission.WRITE,
    Offer.DUPLICATE: Permission.WRITE,
}


def offers(post: Post) -> frozenset[Offer]:
    """What the post's state allows."""
    status = PostStatus(post.status)
    always = {Offer.DUPLICATE}
    if status == PostStatus.DRAFT:
        return frozenset({Offer.EDIT, Offer.DELETE, *always})
    if status == PostStatus.QUEUED:
        return frozenset({Offer.EDIT, Offer.PUBLISH, Offer.CANCEL, *always})
    if status != PostStatus.FAILED:
        return frozenset(always)
    if post.error_code == UNCONFIRMED:
        asking = {Offer.RECONCILE} if post.intent_at is not None else set()
        return frozenset({Offer.RESOLVE, *asking, *always})
    return frozenset({Offer.RETRY, Offer.CANCEL, *always})


def needed(offer: Offer, post: Post) -> Permission:
    """What whoever does it must be allowed: a draft may be changed by all who write."""
    if offer == Offer.EDIT and post.status == PostStatus.DRAFT:
        return Permission.WRITE
    return NEEDED[offer]
