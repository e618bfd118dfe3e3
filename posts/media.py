"""Media files: taken in from uploads and URLs, told apart by their bytes, kept in storage, served by unguessable address.

Nothing here holds a whole file in memory.
"""

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from django.conf import settings
from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction

from chat33.lib.http import HttpClient, NotSent, Refused, ReplyLost
from chat33.orgs.models import Organization
from integrations.providers.base import MediaFile
from integrations.providers.registry import PROVIDERS
from integrations.providers.rules import FileRule, MediaFacts
from posts.models import Media, Post
from posts.probe import Probe, UnreadableMedia, probe, sniff
from posts.variants import jpeg_variant

MAX_BYTES: Mapping[str, int] = {"image": 10_000_000, "video": 100_000_000}
EXTENSIONS: Mapping[str, str] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
}
ALT_TEXTS = "altTexts"  # the one key of platformConfig that all platforms share: a text for each of mediaUrls
KEEP_EVERY = 5.0  # seconds between two signs of life while a file comes in


class UnableToFetch(Exception):
    """A file could not be had. ``unreachable``: its bytes were never seen; ``retryable``: a later try may do better."""

    def __init__(self, code: str, message: str, *, retryable: bool = False, unreachable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable
        self.unreachable = unreachable


def media_url(media: Media) -> str:
    """Where anyone who was told may fetch the file."""
    return f"{settings.BASE_URL}/media/{media.token}/{quote(media.name)}"


def own_media(organization: Organization, url: str) -> Media | None:
    """The organization's file behind one of our addresses; None for any other."""
    if not url.startswith(f"{settings.BASE_URL}/media/"):
        return None
    token = urlsplit(url).path.removeprefix("/media/").partition("/")[0]
    return Media.objects.filter(organization=organization, token=token).first()


def facts_of(media: Media, url: str) -> MediaFacts:
    """What is known of a file of ours."""
    return MediaFacts(
        url=url,
        checked=True,
        kind=media.kind,  # type: ignore[arg-type]  # written from a Probe
        content_type=media.content_type,
        size=media.size,
        width=media.width,
        height=media.height,
        duration=media.duration,
    )


def store_upload(*, organization: Organization, upload: "UploadedFile[bytes]", by: str) -> Media:
    """Take in an uploaded file. Raises ``UnableToFetch`` for what is no media or too large."""
    with _scratch() as path:
        with path.open("wb") as out:
            for chunk in upload.chunks():
                out.write(chunk)
        return _keep(organization, path, name=upload.name or "", by=by)


def ingest_url(*, organization: Organization, url: str, filename: str, http: HttpClient, by: str) -> Media:
    """Fetch a file from the public web into storage. Raises ``UnableToFetch`` and ``Refused``."""
    with _scratch() as path:
        _download(url, path, http=http, wall=300.0)
        name = filename or unquote(PurePosixPath(urlsplit(url).path).name)
        return _keep(organization, path, name=name, by=by, source_url=url)


def inspect_url(url: str, *, http: HttpClient, wall: float) -> MediaFacts:
    """Fetch a file only to see what it is. Raises ``UnableToFetch`` and ``Refused``."""
    with _scratch() as path:
        _download(url, path, http=http, wall=wall)
        found = _probe(path)
    return MediaFacts(
        url=url,
        checked=True,
        kind=found.kind,
        content_type=found.content_type,
        size=found.size,
        width=found.width,
        height=found.height,
        duration=found.duration,
    )


def fetch_files(
    *, post: Post, http: HttpClient, keep: Callable[[], None]
) -> tuple[tuple[MediaFacts, ...], MediaFacts | None, dict[str, Any]]:
    """Bring the post's files into our storage in the form its network takes. Returns facts of the files, of the cover,
    and the state that ``open_files`` reads. ``keep`` is called while it lasts. Raises ``UnableToFetch``.
    """
    rules = PROVIDERS[post.channel.platform].rules
    kinds = rules.types[post.media_type].files if post.media_type and post.media_type in rules.types else {}
    files = [_fitting(_ours(post, url, http, keep), kinds) for url in post.media_urls]
    cover = None
    if post.cover_image_url and rules.cover is not None:
        cover = _fitting(_ours(post, post.cover_image_url, http, keep), {"image": rules.cover})
    state: dict[str, Any] = {"files": [media.pk for media in files], "cover_file": cover.pk if cover else None}
    facts = tuple(facts_of(media, url) for media, url in zip(files, post.media_urls, strict=True))
    return facts, facts_of(cover, post.cover_image_url) if cover else None, state


def open_files(post: Post) -> tuple[tuple[MediaFile, ...], MediaFile | None]:
    """The post's files as its adapter takes them."""
    wanted = [pk for pk in (*post.state.get("files", []), post.state.get("cover_file")) if pk]
    rows = {media.pk: media for media in Media.objects.filter(pk__in=wanted)} if wanted else {}
    alt_texts = _alt_texts(post)
    files = tuple(
        _open(rows[pk], alt_texts[index] if index < len(alt_texts) else "")
        for index, pk in enumerate(post.state.get("files", []))
    )
    cover = post.state.get("cover_file")
    return files, _open(rows[cover], "") if cover else None


def _alt_texts(post: Post) -> list[str]:
    given = post.platform_config.get(ALT_TEXTS)
    return [text if isinstance(text, str) else "" for text in given] if isinstance(given, list) else []


def _open(media: Media, alt_text: str) -> MediaFile:
    def read(offset: int, length: int) -> bytes:
        with media.opened() as file:
            file.seek(offset)
            return bytes(file.read(length))

    return MediaFile(
        url=media_url(media),
        kind=media.kind,  # type: ignore[arg-type]  # written from a Probe
        content_type=media.content_type,
        size=media.size,
        name=media.name,
        width=media.width,
        height=media.height,
        duration=media.duration,
        alt_text=alt_text,
        read=read,
    )


def _ours(post: Post, url: str, http: HttpClient, keep: Callable[[], None]) -> Media:
    """The file behind a post's URL in our storage; posts that were made together fetch it once."""
    mine = own_media(post.organization, url)
    if mine is None:
        mine = Media.objects.filter(
            organization=post.organization, source_url=url, created_at__gte=post.created_at, variant_of=None
        ).first()
    if mine is not None:
        return mine
    with _scratch() as path:
        try:
            _download(url, path, http=http, wall=300.0, keep=keep)
        except Refused as error:
            raise UnableToFetch("MEDIA_URL", str(error)) from error
        name = unquote(PurePosixPath(urlsplit(url).path).name)
        return _keep(post.organization, path, name=name, by=post.created_by, source_url=url)


def _fitting(media: Media, rules: Mapping[Any, FileRule]) -> Media:
    """The file itself where the network takes it, else the JPEG we make of it."""
    rule = rules.get(media.kind)
    if rule is None or media.kind != "image" or not rule.convertible:
        return media
    widest = _widest(media, rule)
    narrow = media.width is None or media.width <= widest
    if media.content_type in rule.content_types and media.size <= rule.limit(media.content_type) and narrow:
        return media
    key = f"jpeg-{rule.max_bytes}-{widest}"
    made = Media.objects.filter(variant_of=media, variant_key=key).first()
    if made is not None:
        return made
    with _scratch() as source, _scratch() as target:
        with media.opened() as stored, source.open("wb") as out:
            while chunk := stored.read(262_144):
                out.write(chunk)
        try:
            jpeg_variant(source, target, max_bytes=rule.max_bytes, max_width=widest)
        except UnreadableMedia as error:
            raise UnableToFetch(error.code, str(error)) from error
        name = f"{PurePosixPath(media.name).stem}.jpg"
        return _keep(media.organization, target, name=name, by=media.created_by, variant_of=media, variant_key=key)


def _widest(media: Media, rule: FileRule) -> int:
    """The width in pixels at which the picture is within the rule's width and height."""
    widest = rule.max_width or 8192
    if rule.max_height is not None and media.width and media.height and media.height > rule.max_height:
        widest = min(widest, media.width * rule.max_height // media.height)
    return widest


def _download(url: str, path: Path, *, http: HttpClient, wall: float, keep: Callable[[], None] = lambda: None) -> None:
    """The file at a URL into ``path``, at most as large as its kind may be. Raises ``UnableToFetch`` and ``Refused``."""
    try:
        with http.download(url, wall=wall) as (status, _, chunks), path.open("wb") as out:
            if status != 200:
                raise UnableToFetch(
                    "MEDIA_FETCH",
                    f"The file at {url[:200]} could not be fetched: its server answered {status}. Check the address.",
                    retryable=status >= 500 or status in (408, 425, 429),
                    unreachable=True,
                )
            _copy(chunks, out.write, keep)
    except Refused:
        raise
    except (NotSent, ReplyLost) as error:
        message = f"The file at {url[:200]} could not be fetched: {error} Check the address."
        raise UnableToFetch("MEDIA_FETCH", message, retryable=True, unreachable=True) from error


def _copy(chunks: Iterator[bytes], write: Callable[[bytes], Any], keep: Callable[[], None]) -> None:
    size = 0
    limit = MAX_BYTES["video"]
    head = b""
    kept = time.monotonic()
    for chunk in chunks:
        size += len(chunk)
        if len(head) < 64:
            head = (head + chunk)[:4096]
            limit = MAX_BYTES["image"] if (sniff(head) or "").startswith("image/") else MAX_BYTES["video"]
        if size > limit:
            raise UnableToFetch("MEDIA_TOO_LARGE", _too_large(limit))
        write(chunk)
        if time.monotonic() - kept > KEEP_EVERY:
            keep()
            kept = time.monotonic()


def _too_large(limit: int) -> str:
    kind = "an image" if limit == MAX_BYTES["image"] else "a video"
    return f"The file is larger than the {limit // 1_000_000} MB allowed for {kind}."


def _probe(path: Path) -> Probe:
    try:
        found = probe(path)
    except UnreadableMedia as error:
        raise UnableToFetch(error.code, str(error)) from error
    if found.size > MAX_BYTES[found.kind]:
        raise UnableToFetch("MEDIA_TOO_LARGE", _too_large(MAX_BYTES[found.kind]))
    return found


def _keep(
    organization: Organization,
    path: Path,
    *,
    name: str,
    by: str,
    source_url: str = "",
    variant_of: Media | None = None,
    variant_key: str = "",
) -> Media:
    found = _probe(path)
    token = secrets.token_urlsafe(32)
    extension = EXTENSIONS[found.content_type]
    media = Media(
        organization=organization,
        token=token,
        name=_safe_name(name, extension),
        kind=found.kind,
        content_type=found.content_type,
        size=found.size,
        width=found.width,
        height=found.height,
        duration=found.duration,
        source_url=source_url,
        variant_of=variant_of,
        variant_key=variant_key,
        created_by=by,
    )
    with path.open("rb") as file:
        media.file.save(f"{organization.public_id}/{token}.{extension}", File(file), save=False)
    try:
        with transaction.atomic():
            media.save()
    except IntegrityError:  # the same variant was made at the same moment
        media.file.storage.delete(str(media.file.name))
        return Media.objects.get(variant_of=variant_of, variant_key=variant_key)
    return media


def _safe_name(name: str, extension: str) -> str:
    """The name for people and the address: no path, nothing unprintable, the extension its bytes deserve."""
    stem = PurePosixPath(name.replace("\\", "/")).stem
    clean = "".join(character for character in stem if character.isprintable() and character not in '/?#%"<>|:*')
    return f"{clean.strip('. ')[:100] or 'file'}.{extension}"


@contextmanager
def _scratch() -> Iterator[Path]:
    directory = settings.SCRATCH_DIR
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=directory) as file:
        yield Path(file.name)


def prune_scratch(*, now: datetime) -> None:
    """Remove what a killed process left behind in the scratch directory, after a day."""
    for path in (settings.SCRATCH_DIR).glob("*"):
        if now.timestamp() - path.stat().st_mtime > 86_400:
            path.unlink(missing_ok=True)
