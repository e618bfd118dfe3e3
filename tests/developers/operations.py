"""Every operation of the reference with something for it to work on, so that its examples can be run as they are shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chat33.dashboard.developers import build
from chat33.dashboard.developing.standins import times
from chat33.dashboard.reference.reading import Page, read
from chat33.dashboard.reference.samples import Call, calls
from chat33.lib.clock import utcnow
from integrations.models import Channel
from integrations.services import create_api_key
from posts.models import PostStatus
from tests.factories import make_callback, make_contact, make_post
from tests.people import Person
from tests.tracking.links import make_link

PAGES = [page for page in read(build()).pages if not page.is_webhook]


@dataclass(frozen=True)
class Shown:
    """One call that the reference shows: ``createPost`` and what the example is called."""

    page: Page
    name: str

    def call(self, base_url: str, ids: dict[str, str]) -> Call:
        """It, with these ids in it."""
        return calls(self.page, f"{base_url}/api/v1", ids)[self.name]

    def __str__(self) -> str:
        return f"{self.page.id}-{self.name}".rstrip("-").replace(" ", "-")


def every_call() -> Iterator[Shown]:
    for page in PAGES:
        for name in calls(page, "", {}):
            yield Shown(page, name)


def stand_for(owner: Person, channel: Channel, page: Page) -> dict[str, str]:
    """Ids of rows that the operation can work on."""
    ids = {"chan_abc123": channel.public_id, "chan_def456": channel.public_id}
    ids |= times(utcnow())
    unsure: dict[str, Any] = {"status": PostStatus.FAILED, "error_code": "UNCONFIRMED", "intent_at": utcnow()}
    posts: dict[str, dict[str, Any]] = {
        "retryPost": {"status": PostStatus.FAILED, "error_code": "MEDIA"},
        "reconcilePost": unsure,
        "resolvePost": unsure,
    }
    if page.path.startswith("/posts/{id}"):
        ids["post_abc123"] = make_post(channel, **posts.get(page.id, {})).public_id
    if page.path.startswith("/callbacks/{id}"):
        ids["cb_abc123"] = make_callback(owner.organization).public_id
    if page.path.startswith("/contacts/{id}") or page.id == "wrapLink":
        ids["cm1abc123"] = make_contact(owner.organization).public_id
    if page.path.startswith("/links/{id}"):
        ids["link_abc123"] = make_link(owner.organization).public_id
    if page.path.startswith("/api-keys/{id}"):
        ids["key_abc123"] = create_api_key(organization=owner.organization, name="Old", by=owner.user)[0].public_id
    return ids
