"""What TikTok refuses in the body of a request to post, told in a sentence; empty when it is well."""

from typing import Any

from integrations.sandbox.store import Document

_MIB = 1_048_576
_TOGGLES = (
    "disable_comment",
    "disable_duet",
    "disable_stitch",
    "brand_content_toggle",
    "brand_organic_toggle",
    "is_aigc",
    "auto_add_music",
)


def video_fault(info: Document, source: Document) -> str:
    """The fault of a ``video/init`` by file upload."""
    if _length(info.get("title")) > 2200:
        return "The title is longer than 2200 UTF-16 runes."
    if told := _toggles(info):
        return told
    if not isinstance(info.get("video_cover_timestamp_ms", 0), int):
        return "video_cover_timestamp_ms must be an integer."
    if source.get("source") != "FILE_UPLOAD":
        return "Only FILE_UPLOAD is served here for videos."
    size, chunk, count = (source.get(name) for name in ("video_size", "chunk_size", "total_chunk_count"))
    if not (isinstance(size, int) and isinstance(chunk, int) and isinstance(count, int)):
        return "video_size, chunk_size and total_chunk_count must be integers."
    return _chunks(size, chunk, count)


def _chunks(size: int, chunk: int, count: int) -> str:
    """Chunks of 5 to 64 MB, the last up to 128 MB, their number the size divided and rounded down, 1 to 1000."""
    if not 0 < size <= 4096 * _MIB:
        return "The video is empty or over 4 GB."
    if chunk <= 0 or chunk > size:
        return "The chunk size is invalid."
    if chunk < 5 * _MIB and chunk != size:
        return "A chunk must have at least 5 MB, or be the whole video."
    if chunk > 64 * _MIB:
        return "A chunk may have at most 64 MB."
    if count != size // chunk or not 1 <= count <= 1000:
        return "The total chunk count is invalid."
    if size - (count - 1) * chunk > 128 * _MIB:
        return "The final chunk may have at most 128 MB."
    return ""


def photo_fault(body: Document) -> str:
    """The fault of a ``content/init``."""
    info, source = body["post_info"], body.get("source_info")
    if body.get("media_type") != "PHOTO" or body.get("post_mode") != "DIRECT_POST":
        return "media_type must be PHOTO and post_mode DIRECT_POST."
    if _length(info.get("title")) > 90 or _length(info.get("description")) > 4000:
        return "The title is longer than 90 or the description longer than 4000 UTF-16 runes."
    if told := _toggles(info):
        return told
    if not isinstance(source, dict) or source.get("source") != "PULL_FROM_URL":
        return "Photos must be sent by PULL_FROM_URL."
    images = source.get("photo_images")
    if not isinstance(images, list) or not 1 <= len(images) <= 35 or not all(isinstance(url, str) for url in images):
        return "photo_images must hold 1 to 35 addresses."
    cover = source.get("photo_cover_index", 0)
    return "" if isinstance(cover, int) and 0 <= cover < len(images) else "photo_cover_index is invalid."


def _toggles(info: Document) -> str:
    wrong = [name for name in _TOGGLES if not isinstance(info.get(name, False), bool)]
    return f"{', '.join(wrong)} must be true or false." if wrong else ""


def _length(text: Any) -> int:
    return len(text.encode("utf-16-le")) // 2 if isinstance(text, str) else 0
