"""The reader's own ids in place of the examples' of the reference."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from chat33.dashboard.reference.reading import Page
from chat33.orgs.models import Organization
from contacts.selectors import contacts_for
from integrations.models import Channel
from integrations.selectors import api_keys_for, callbacks_for, channels_for
from posts.selectors import posts_for
from tracking.links.selectors import links_for

CONTACT = "cm1abc123"
CHANNELS = ("chan_abc123", "chan_def456")
# What a path's id is of, by the beginning of the path: the example's id, and the rows that could stand there.
_ROWS: Mapping[str, tuple[str, Callable[[Organization], QuerySet[Any]]]] = {
    "posts": ("post_abc123", posts_for),
    "callbacks": ("cb_abc123", callbacks_for),
    "api-keys": ("key_abc123", api_keys_for),
    "contacts": (CONTACT, contacts_for),
    "links": ("link_abc123", links_for),
}
# Pictures go everywhere but to YouTube, which is what the second example is about.
_ORDER = ("instagram", "facebook", "x", "tiktok", "youtube")


def usable(organization: Organization) -> list[Channel]:
    """The channels to show in examples: those of the sandbox first, where nobody is startled by a post."""
    found = channels_for(organization).filter(is_active=True)[:50]
    return sorted(found, key=lambda channel: (not channel.is_sandbox, _ORDER.index(channel.platform), channel.pk))


def standins(organization: Organization, page: Page, *, now: datetime) -> dict[str, str]:
    """What stands for the ids and times of a page's examples.

    Where the operation changes the thing in its path, the example's id stays: who copies the code is not to delete
    their latest post by it.
    """
    ids = times(now)
    if any(body.examples for body in page.bodies):
        channels = usable(organization)
        if channels:
            ids |= dict(zip(CHANNELS, (channels[0].public_id, channels[-1].public_id), strict=True))
        if CONTACT in str(page.bodies) and (latest := contacts_for(organization).first()):
            ids[CONTACT] = latest.public_id
    start = page.path.split("/")[1] if page.path else ""
    if page.method == "GET" and "{id}" in page.path and start in _ROWS:
        example, rows = _ROWS[start]
        newest = rows(organization).values_list("public_id", flat=True).first()
        if newest is not None:
            ids[example] = newest
    return ids


def times(now: datetime) -> dict[str, str]:
    """Times of the examples, ahead of now."""
    tomorrow = (now + timedelta(days=1)).date().isoformat()
    after = (now + timedelta(days=2)).date().isoformat()
    return {"2026-04-15T14:00:00": f"{tomorrow}T14:00:00", "2026-04-16T09:00:00Z": f"{after}T09:00:00Z"}
