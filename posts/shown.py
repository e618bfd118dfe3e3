"""The files of posts as our pages show them: our own alone, by path, so that a page asks no other host for anything."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from django.conf import settings

from chat33.orgs.models import Organization
from integrations.models import Channel
from posts.media import ALT_TEXTS, media_path
from posts.models import Media, Post
from posts.shelf import shown


@dataclass(frozen=True, kw_only=True)
class File:
    """One file of a post. ``source`` is empty where it is not ours to show."""

    url: str
    source: str = ""
    kind: str = "image"
    name: str = ""
    alt: str = ""
    shelf: str = ""  # its public id in the library


def files_of(post: Post) -> list[File]:
    """The post's files in their order, with what they show. One query."""
    ours = _ours(post.organization_id, post.media_urls)
    given = post.platform_config.get(ALT_TEXTS)
    alts = [text if isinstance(text, str) else "" for text in given] if isinstance(given, list) else []
    return [_file(url, ours.get(_token(url)), alts[index] if index < len(alts) else "") for index, url in _urls(post)]


def pictures(organization: Organization, posts: Sequence[Post]) -> Mapping[int, str]:
    """The first small picture of each post, by the post's key. Two queries."""
    ours = _ours(organization.pk, [url for post in posts for _, url in _urls(post)])
    small = {one.media.token: one.preview for one in shown(list(ours.values()))}
    found: dict[int, str] = {}
    for post in posts:
        for _, url in _urls(post):
            if preview := small.get(_token(url)):
                found.setdefault(post.pk, preview)
    return found


# Public addresses of an account, by its username or by its id at the network, as they were in 2026-11.
_PROFILES: Mapping[str, str] = {
    "instagram": "https://www.instagram.com/{username}/",
    "facebook": "https://www.facebook.com/{remote_id}",
    "tiktok": "https://www.tiktok.com/@{username}",
    "youtube": "https://www.youtube.com/channel/{remote_id}",
    "x": "https://x.com/{username}",
}


def account_url(channel: Channel) -> str:
    """Where a person can look at the account; empty where that is not known."""
    if channel.is_sandbox:
        return f"{settings.SANDBOX_URL}/?platform={channel.platform}" if settings.SANDBOX_URL else ""
    names = {"username": quote(channel.username), "remote_id": quote(channel.remote_id)}
    pattern = _PROFILES.get(channel.platform, "")
    return pattern.format(**names) if channel.username or "{username}" not in pattern else ""


def _urls(post: Post) -> list[tuple[int, str]]:
    return [(index, url) for index, url in enumerate(post.media_urls) if isinstance(url, str)]


def _file(url: str, media: Media | None, alt: str) -> File:
    if media is None:
        return File(url=url, name=urlsplit(url).path.rpartition("/")[2] or url, alt=alt)
    return File(url=url, source=media_path(media), kind=media.kind, name=media.name, alt=alt, shelf=media.public_id)


def _ours(organization: int, urls: Iterable[str]) -> dict[str, Media]:
    tokens = {token for url in urls if (token := _token(url))}
    return {media.token: media for media in Media.objects.filter(organization=organization, token__in=tokens)}


def _token(url: str) -> str:
    """Of an address of ours, whatever this installation was called when it was written."""
    return urlsplit(url).path.partition("/media/")[2].partition("/")[0] if "/media/" in url else ""
