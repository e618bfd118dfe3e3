"""Posts as CSV: the columns of an import, and what became of each."""

import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_safe

from chat33.lib.sheets import written
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from posts.import_rows import OVERRIDES
from posts.media import ALT_TEXTS
from posts.models import Post
from posts.selectors import posts_matching
from posts.views.calendar import filters_of

HEADER = (
    "text", "accounts", "scheduled_at", "timezone", "media_urls", "media_type", "first_comment", "alt_texts", "status",
    *OVERRIDES, "id", "published_at", "url", "error",
)  # fmt: skip


@door(Permission.READ)
@require_safe
def posts_csv(request: PageRequest) -> HttpResponseBase:
    """All posts that the filters let through, newest first, as they are read from the database."""
    rows: Any = posts_matching(request.here.organization, filters_of(request.GET)).select_related("channel")
    response = StreamingHttpResponse(written(_rows(rows)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="posts.csv"'
    return response


def _rows(rows: Any) -> Iterator[tuple[object, ...]]:
    yield HEADER
    for post in rows.iterator(chunk_size=500):
        yield _row(post)


def _row(post: Post) -> tuple[object, ...]:
    config = post.platform_config
    mine = config.get(post.channel.platform) or {}
    comment = mine.get("firstComment", "") if isinstance(mine, dict) else ""
    alts = config.get(ALT_TEXTS) or []
    return (
        post.text or "",
        post.channel.public_id,
        post.scheduled_at.isoformat() if post.scheduled_at else "",
        post.timezone,
        " | ".join(str(url) for url in post.media_urls),
        post.media_type or "",
        comment if isinstance(comment, str) else json.dumps(comment),
        " | ".join(str(alt) for alt in alts) if isinstance(alts, list) else "",
        post.status.lower(),
        *(_override(config, platform) for platform in OVERRIDES.values()),
        post.public_id,
        post.published_at.isoformat() if post.published_at else "",
        post.external_post_url or "",
        post.error_message or "",
    )


def _override(config: dict[str, Any], platform: str) -> str:
    section = config.get(platform)
    return str(section.get("text") or "") if isinstance(section, dict) else ""
