"""Media files: taken in from uploads and URLs, told apart by their bytes, kept in storage, served by unguessable address.

Nothing here holds a whole file in memory.
"""

import re
import secrets
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
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
from posts.models import Media, MediaUse, Post
from posts.probe import SNIFFED, Probe, UnreadableMedia, probe, sniff, unsupported
from posts.variants import jpeg_variant

MAX_BYTES: Mapping[str, int] = {"image": 10_000_000, "video": 100_000_000}  # through the API
LIBRARY_MAX_BYTES: Mapping[str, int] = {"image": 30_000_000, "video": 1_000_000_000}  # through our own pages
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
GONE = "MEDIA_GONE"
GONE_SENTENCE = "This file was deleted from the library. Remove it, or choose another."
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


class UnableToFetch(Exception):
    """A file could not be had. ``unreachable``: its bytes were never seen; ``retryable``: a later try may do better."""

    def __init__(self, code: str, message: str, *, retryable: bool = False, unreachable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.retryable = retryable
        self.unreachable = unreachable


def media_url(media: Media) -> str:
    """Where anyone who was told may fetch the file."""
    return f"{settings.BASE_URL}{media_path(media)}"


def media_path(media: Media) -> str:
    """The same for our own pages, which may show nothing from another origin, whatever name they were reached by."""
    return f"/media/{media.token}/{quote(media.name)}"


def own_token(url: str) -> str | None:
    """The token in one of our addresses; None for any other address."""
    begin = f"{settings.BASE_URL}/media/"
    if not url.startswith(begin):
        return None
    token = url.removeprefix(begin).partition("/")[0]
    return token if _TOKEN.fullmatch(token) else None


def own_media(organization: Organization, url: str) -> Media | None:
    """The organization's file behind one of our addresses; None for any other."""
    token = own_token(url)
    return Media.objects.filter(organization=organization, token=token).first() if token else None


def is_gone(url: str) -> bool:
    """Whether the address is one of ours behind which nobody has a file any more."""
    token = own_token(url)
    return token is not None and not Media.objects.filter(token=token).exists()


def own_files(organization: Organization, urls: Iterable[str]) -> dict[str, Media]:
    """The organization's files behind those of the addresses that are ours, in one query."""
    tokens = {url: token for url in urls if (token := own_token(url))}
    if not tokens:
        return {}
    rows = {media.token: media for media in Media.objects.filter(organization=organization, token__in=tokens.values())}
    return {url: rows[token] for url, token in tokens.items() if token in rows}


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
    with scratch() as path:
        with path.open("wb") as out:
            for chunk in upload.chunks():
                out.write(chunk)
        return keep_file(organization, path, name=upload.name or "", by=by)


def store_stream(*, organization: Organization, chunks: Iterable[bytes], name: str, by: str) -> Media:
    """Take in a file as it arrives, up to what our own pages allow. Raises ``UnableToFetch`` for what is no media or too
    large, at the first byte that is too many.
    """
    with scratch() as path:
        with path.open("wb") as out:
            _copy(_media_alone(chunks), out.write, limits=LIBRARY_MAX_BYTES)
        return keep_file(organization, path, name=name, by=by, limits=LIBRARY_MAX_BYTES)


def ingest_url(*, organization: Organization, url: str, filename: str, http: HttpClient, by: str) -> Media:
    """Fetch a file from the public web into storage. Raises ``UnableToFetch`` and ``Refused``."""
    with scratch() as path:
        _download(url, path, http=http, wall=300.0)
        name = filename or unquote(PurePosixPath(urlsplit(url).path).name)
        return keep_file(organization, path, name=name, by=by, source_url=url)


def inspect_url(url: str, *, http: HttpClient, wall: float) -> MediaFacts:
    """Fetch a file only to see what it is. Raises ``UnableToFetch`` and ``Refused``."""
    with scratch() as path:
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
    """The post's files as its adapter takes them; where the post has no word about a picture, the library's describes it.
    Raises ``UnableToFetch`` when one was deleted meanwhile.
    """
    wanted = [pk for pk in (*post.state.get("files", []), post.state.get("cover_file")) if pk]
    rows = Media.objects.select_related("variant_of").in_bulk(wanted) if wanted else {}
    if len(rows) < len(set(wanted)):
        raise UnableToFetch(GONE, GONE_SENTENCE)
    alt_texts = _alt_texts(post)
    files = tuple(
        _open(rows[pk], alt_texts[index] if index < len(alt_texts) else _own_alt_text(rows[pk]))
        for index, pk in enumerate(post.state.get("files", []))
    )
    cover = post.state.get("cover_file")
    return files, _open(rows[cover], "") if cover else None


def _alt_texts(post: Post) -> list[str]:
    given = post.platform_config.get(ALT_TEXTS)
    return [text if isinstance(text, str) else "" for text in given] if isinstance(given, list) else []


def _own_alt_text(media: Media) -> str:
    return media.variant_of.alt_text if media.variant_of else media.alt_text


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
    if mine is not None:
        return mine
    if is_gone(url):
        raise UnableToFetch(GONE, GONE_SENTENCE)
    fetched = Media.objects.filter(
        organization=post.organization, source_url=url, created_at__gte=post.created_at, variant_of=None
    ).first() or _fetched(post, url, http, keep)
    # the library shows it from now on, and must not give it away while the post needs it
    MediaUse.objects.bulk_create(
        [MediaUse(organization=post.organization, media=fetched, post=post)], ignore_conflicts=True
    )
    return fetched


def _fetched(post: Post, url: str, http: HttpClient, keep: Callable[[], None]) -> Media:
    with scratch() as path:
        try:
            _download(url, path, http=http, wall=300.0, keep=keep)
        except Refused as error:
            raise UnableToFetch("MEDIA_URL", str(error)) from error
        name = unquote(PurePosixPath(urlsplit(url).path).name)
        return keep_file(post.organization, path, name=name, by=post.created_by, source_url=url)


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
    with scratch() as source, scratch() as target:
        with media.opened() as stored, source.open("wb") as out:
            while chunk := stored.read(262_144):
                out.write(chunk)
        try:
            jpeg_variant(source, target, max_bytes=rule.max_bytes, max_width=widest)
        except UnreadableMedia as error:
            raise UnableToFetch(error.code, str(error)) from error
        name = f"{PurePosixPath(media.name).stem}.jpg"
        return keep_file(media.organization, target, name=name, by=media.created_by, variant_of=media, variant_key=key)


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
            _copy(chunks, out.write, keep, limits=MAX_BYTES)
    except Refused:
        raise
    except (NotSent, ReplyLost) as error:
        message = f"The file at {url[:200]} could not be fetched: {error} Check the address."
        raise UnableToFetch("MEDIA_FETCH", message, retryable=True, unreachable=True) from error


def _copy(
    chunks: Iterable[bytes],
    write: Callable[[bytes], Any],
    keep: Callable[[], None] = lambda: None,
    *,
    limits: Mapping[str, int],
) -> None:
    size = 0
    limit = limits["video"]
    head, kind = b"", "video"
    kept = time.monotonic()
    for chunk in chunks:
        size += len(chunk)
        if len(head) < 64:
            head = (head + chunk)[:4096]
            kind = "image" if (sniff(head) or "").startswith("image/") else "video"
            limit = limits[kind]
        if size > limit:
            raise UnableToFetch("MEDIA_TOO_LARGE", too_large(kind, limits))
        write(chunk)
        if time.monotonic() - kept > KEEP_EVERY:
            keep()
            kept = time.monotonic()


def _media_alone(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks of what begins as a picture or video. Raises ``UnableToFetch`` for the rest before it has all come."""
    first = True
    for chunk in chunks:
        if first and chunk and sniff(chunk[:SNIFFED]) is None:
            error = unsupported(chunk[:SNIFFED])
            raise UnableToFetch(error.code, error.message)
        first = False
        yield chunk


def too_large(kind: str, limits: Mapping[str, int]) -> str:
    """The sentence for a file over the limit of its kind."""
    article = "an image" if kind == "image" else "a video"
    return f"The file is larger than the {limits[kind] // 1_000_000} MB allowed for {article}."


def _probe(path: Path, limits: Mapping[str, int] = MAX_BYTES) -> Probe:
    try:
        found = probe(path)
    except UnreadableMedia as error:
        raise UnableToFetch(error.code, str(error)) from error
    if found.size > limits[found.kind]:
        raise UnableToFetch("MEDIA_TOO_LARGE", too_large(found.kind, limits))
    return found


def keep_file(
    organization: Organization,
    path: Path,
    *,
    name: str,
    by: str,
    source_url: str = "",
    variant_of: Media | None = None,
    variant_key: str = "",
    limits: Mapping[str, int] = MAX_BYTES,
) -> Media:
    """Put a file that is complete into storage, with its facts. Raises ``UnableToFetch`` for what is no media or too
    large.
    """
    found = _probe(path, limits)
    token = secrets.token_urlsafe(32)
    extension = EXTENSIONS[found.content_type]
    media = Media(
        organization=organization,
        token=token,
        name=safe_name(name, found.content_type),
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


def safe_name(name: str, content_type: str) -> str:
    """The name for people and the address: no path, nothing unprintable, the extension its bytes deserve."""
    extension = EXTENSIONS[content_type]
    stem = PurePosixPath(name.replace("\\", "/")).stem
    clean = "".join(character for character in stem if character.isprintable() and character not in '/?#%"<>|:*')
    return f"{clean.strip('. ')[:100] or 'file'}.{extension}"


@contextmanager
def scratch() -> Iterator[Path]:
    """A file to work on, gone afterwards."""
    directory = settings.SCRATCH_DIR
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=directory) as file:
        yield Path(file.name)


def prune_scratch(*, now: datetime) -> None:
    """Remove what a killed process left behind in the scratch directory, after a day."""
    for path in (settings.SCRATCH_DIR).glob("*"):
        with suppress(FileNotFoundError):  # whoever worked on it is done meanwhile
            if now.timestamp() - path.stat().st_mtime > 86_400:
                path.unlink()
