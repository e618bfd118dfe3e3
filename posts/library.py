"""Writes about the media library: what people say of a file, and deleting it with care."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction

from chat33.orgs.models import Organization
from posts.media import ALT_TEXTS, own_token, safe_name
from posts.models import Media, MediaUse, Post, PostStatus
from posts.services import content_of, plan_of, update_post
from posts.shelf import BUSY, WAITING, Uses, uses_of

MAX_TAGS = 20  # a file
MAX_TAG = 40  # characters
MAX_ALT = 1000  # characters; what X takes, the most of all networks that take one


class StillUsed(Exception):
    """Posts that have not gone out show it, and who asks has not seen all of them."""

    def __init__(self, uses: Uses) -> None:
        super().__init__("Posts that have not gone out show it.")
        self.uses = uses


class Unfit(Exception):
    """What was said of a file cannot be kept; the message says why."""


def tags_in(text: str) -> list[str]:
    """The tags in a line of them, separated by commas: lower case, each once. Raises ``Unfit``."""
    tags: list[str] = []
    for part in text.split(","):
        words = " ".join("".join(c if c.isprintable() else " " for c in part).lower().replace("#", " ").split())
        if words and words not in tags:
            tags.append(words)
    if too_long := [tag for tag in tags if len(tag) > MAX_TAG]:
        raise Unfit(f"A tag has at most {MAX_TAG} characters; {too_long[0][:20]}… has {len(too_long[0])}.")
    if len(tags) > MAX_TAGS:
        raise Unfit(f"A file has at most {MAX_TAGS} tags.")
    return tags


def describe_media(*, media: Media, name: str, alt_text: str, tags: Sequence[str]) -> Media:
    """Change what people say of a file; its address and the posts that show it stay as they are. Raises ``Unfit``."""
    alt_text = alt_text.replace("\x00", "").strip()
    if len(alt_text) > MAX_ALT:
        raise Unfit(f"The description has {len(alt_text)} characters; at most {MAX_ALT} are allowed.")
    media.name, media.alt_text, media.tags = safe_name(name, media.content_type), alt_text, list(tags)
    media.save(update_fields=["name", "alt_text", "tags"])
    return media


@transaction.atomic
def tag_media(*, organization: Organization, ids: Sequence[str], add: Sequence[str] = (), remove: str = "") -> int:
    """Put tags on files, and take one off. Returns how many files there were. Raises ``Unfit``."""
    rows = Media.objects.filter(organization=organization, variant_of=None, public_id__in=ids).order_by("pk")
    files = list(rows.select_for_update(no_key=True))
    for media in files:
        media.tags = [tag for tag in dict.fromkeys((*media.tags, *add)) if tag != remove]
        if len(media.tags) > MAX_TAGS:
            raise Unfit(f"A file has at most {MAX_TAGS} tags, and {media.name} would have {len(media.tags)}.")
    Media.objects.bulk_update(files, ["tags"])
    return len(files)


@transaction.atomic
def delete_media(
    *,
    organization: Organization,
    ids: Sequence[str],
    seen: int | None,
    may_break_planned: bool,
    from_drafts: bool,
    now: datetime,
) -> int:
    """Delete files and the copies made of them. Returns how many. Published posts stay as they are.

    ``seen`` is ``Uses.newest`` as the person who confirmed saw it, None before they saw any; ``from_drafts``: take the
    files out of the drafts that show them. Raises ``StillUsed`` while a post is on its way with one of them, while a post
    that has not gone out and was not seen shows one, and while a planned one does where planned ones may not be broken.
    """
    rows = Media.objects.filter(organization=organization, variant_of=None, public_id__in=ids).order_by("pk")
    pks = list(rows.values_list("pk", flat=True))
    # The posts are locked first, as an edit does: none of them is claimed or changed meanwhile, and none deadlocks.
    shown_by = MediaUse.objects.filter(media__in=pks).values("post")
    posts = list(Post.objects.select_for_update(of=("self",)).filter(BUSY | WAITING, pk__in=shown_by).order_by("pk"))
    files = list(rows.select_for_update())
    uses = uses_of(files)
    unseen = MediaUse.objects.filter(media__in=files, pk__gt=-1 if seen is None else seen)
    if (
        uses.busy
        or (uses.planned and not may_break_planned)
        or Post.objects.filter(WAITING, pk__in=unseen.values("post")).exists()
    ):
        raise StillUsed(uses)
    if from_drafts:
        tokens = {media.token for media in files}
        for post in posts:
            if post.status == PostStatus.DRAFT:
                _take_out(post, tokens, now)
    names = list(Media.objects.filter(variant_of__in=files).values_list("file", flat=True))
    names += [str(media.file.name) for media in files]
    Media.objects.filter(pk__in=[media.pk for media in files]).delete()
    transaction.on_commit(lambda: _forget(names))
    return len(files)


def _take_out(post: Post, tokens: set[str], now: datetime) -> None:
    """The draft without the files, and without what it said of them."""
    content = content_of(post)
    kept = [at for at, url in enumerate(content.media_urls) if own_token(url) not in tokens]
    config: dict[str, Any] = dict(content.platform_config)
    alt_texts = config.get(ALT_TEXTS)
    if isinstance(alt_texts, list):
        config[ALT_TEXTS] = [alt_texts[at] for at in kept if at < len(alt_texts)]
    changed = replace(
        content,
        media_urls=tuple(content.media_urls[at] for at in kept),
        cover_image_url="" if own_token(content.cover_image_url) in tokens else content.cover_image_url,
        platform_config=config,
    )
    update_post(post=post, content=changed, plan=plan_of(post), now=now)


def _forget(names: Sequence[str]) -> None:
    for name in names:
        default_storage.delete(name)
