"""Which posts show which files of the library, kept in step with the posts in their own transaction."""

from collections.abc import Sequence

from chat33.orgs.models import Organization
from posts.media import own_token
from posts.models import Media, MediaUse, Post


def tokens_of(post: Post) -> set[str]:
    """The tokens of the files of ours among the post's addresses, its cover's too."""
    return {token for url in (*post.media_urls, post.cover_image_url) if (token := own_token(url)) is not None}


def note_uses(*, organization: Organization, posts: Sequence[Post]) -> None:
    """Write down which files the new posts show, in the open transaction. A file that is being deleted is waited for,
    and left out when it is gone.
    """
    wanted = {post.pk: tokens_of(post) for post in posts}
    tokens = set().union(*wanted.values())
    if not tokens:
        return
    files = _locked(organization.pk, tokens)
    MediaUse.objects.bulk_create(
        MediaUse(organization=organization, media_id=pk, post_id=post)
        for post, mine in wanted.items()
        for pk in sorted({files[token] for token in mine if token in files})
    )


def change_uses(*, post: Post) -> None:
    """Write down which files the post shows now, in the open transaction that holds its lock."""
    before = dict(MediaUse.objects.filter(post=post).values_list("media_id", "pk"))
    tokens = tokens_of(post)
    mine = Media.objects.filter(organization=post.organization_id, token__in=tokens) if tokens else Media.objects.none()
    originals = {token: original or pk for token, pk, original in mine.values_list("token", "pk", "variant_of")}
    # only what is new is locked: whoever deletes a file holds the posts that show it already
    new = {token for token, pk in originals.items() if pk not in before}
    added = set(_locked(post.organization_id, new).values()) if new else set()
    MediaUse.objects.bulk_create(
        MediaUse(organization_id=post.organization_id, media_id=pk, post=post) for pk in sorted(added)
    )
    ended = [use for pk, use in before.items() if pk not in originals.values()]
    if ended:
        MediaUse.objects.filter(pk__in=ended).delete()


def _locked(organization: int, tokens: set[str]) -> dict[str, int]:
    """By token, the keys of the files (of a copy: its original's), which nobody deletes before this transaction ends."""
    rows = Media.objects.filter(organization=organization, token__in=tokens).order_by("pk")
    return {row.token: row.variant_of_id or row.pk for row in rows.select_for_update(no_key=True)}
