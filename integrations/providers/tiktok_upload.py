"""Sending a video to TikTok in chunks (TikTok for Developers, Content Posting API, Media Transfer Guide, read 2026-11).

Chunks go in order, each 5 to 64 MB, the last takes what is left over; their number is the size divided by the chunk's,
rounded down. The last chunk is what makes TikTok post.
"""

from chat33.lib.http import HttpClient, Reply
from integrations.providers.base import MediaFile

_LEAST = 5_300_000  # bytes; just over 5 MB in either way of counting, so that one request stays short
_FILM = {"video/mp4", "video/quicktime", "video/webm"}


def chunk_size(size: int) -> int:
    """The chunk's size for a file: as small as TikTok allows, and about even."""
    return size // max(1, min(size // _LEAST, 1000))


def chunk_count(size: int, chunk: int) -> int:
    """``total_chunk_count`` of a file."""
    return max(1, size // chunk)


def chunk_range(size: int, chunk: int, index: int) -> tuple[int, int]:
    """First and last byte of a chunk, counted from 0; the last chunk reaches to the file's end."""
    first = index * chunk
    return first, size - 1 if index == chunk_count(size, chunk) - 1 else first + chunk - 1


def chunks_there(size: int, chunk: int, uploaded: int) -> int:
    """How many whole chunks are among the first ``uploaded`` bytes."""
    return chunk_count(size, chunk) if uploaded >= size else min(uploaded // chunk, chunk_count(size, chunk) - 1)


def put_chunk(http: HttpClient, upload_url: str, file: MediaFile, chunk: int, index: int) -> Reply:
    """Send one chunk: 206 more to come, 201 all there, 416 out of step, 403 and 404 the session is gone."""
    first, last = chunk_range(file.size, chunk, index)
    return http.request(
        "PUT",
        upload_url,
        headers={
            "Content-Type": file.content_type if file.content_type in _FILM else "video/mp4",
            "Content-Range": f"bytes {first}-{last}/{file.size}",
        },
        data=file.read(first, last - first + 1),
    )
