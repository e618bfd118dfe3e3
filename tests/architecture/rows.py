"""An organization's rows of every kind, and their ids by the parameter of an address that takes them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db.models import Model

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization
from contacts.models import Contact, Kind
from contacts.services import delete_contact
from contacts.timeline import Told, tell
from integrations.channels import disconnect_channel
from integrations.connecting import Way, start_attempt
from integrations.models import ApiKey, ApiRequest, Callback, CallbackAttempt, CallbackStatus, Channel, Platform
from integrations.services import create_api_key, rotate_signing_secret
from posts.models import Attempt, Import, ImportedPost, ImportRow, Media, Post, PostStatus, Review, Slot
from tests.architecture.test_models import MODELS, NOBODYS, label
from tests.factories import make_callback, make_channel, make_contact, make_post
from tests.people import Person
from tests.tracking.links import make_link
from tracking.models import Digest, Link


def add_rows(person: Person, number: int) -> None:
    """One more row of everything the organization can have, each on a channel of its own."""
    organization, now = person.organization, utcnow()
    channel = make_channel(organization, "x")
    create_api_key(organization=organization, name=f"Key {number}", by=person.user)
    post = make_post(channel, status=PostStatus.FAILED, error_code="MEDIA", callback_url="https://example.com/")
    for _ in range(number):
        Attempt.objects.create(post=post, organization=organization, event="publish_failure", created_at=now)
    Review.objects.create(
        organization=organization, post=make_post(channel), asked_by=person.user, asked_at=now, note="Ready?", fence=0
    )
    callback = make_callback(organization, subject=post.public_id, status=CallbackStatus.FAILED)
    for attempt in range(number):
        CallbackAttempt.objects.create(callback=callback, organization=organization, number=attempt)
    ApiRequest.objects.create(
        organization=organization, user=person.user, method="GET", route="/posts", path="/api/v1/posts", status=404,
        error="Not found", milliseconds=2, request_id=f"req_{number}", created_at=now,
    )  # fmt: skip
    Slot.objects.create(organization=organization, channel=channel, weekday=0, minute=540)
    made = Import.objects.create(organization=organization, name="a.csv", timezone="UTC", created_by="nobody")
    row = ImportRow.objects.create(import_of=made, organization=organization, number=2)
    ImportedPost.objects.create(organization=organization, row=row, channel=channel, post=post)
    make_link(organization, url=f"https://shop{number}.example/", contact=None, channel=channel)
    Media.objects.create(
        organization=organization, token=f"{organization.public_id[-20:]}-{number}", file="a/b.jpg", name="b.jpg",
        kind="image", content_type="image/jpeg", size=10, width=3, height=4,
    )  # fmt: skip
    contact = make_contact(organization, email="ada@example.com", labels=["VIP", f"Label {number}"])
    tell(
        Told(
            contact=contact.pk, organization=organization.pk, at=now, kind=Kind.CLICK, title="Clicked", key=f"click:{told}"
        )
        for told in range(number)
    )  # fmt: skip


def add_every_state(person: Person) -> None:
    """Posts in every state, a post whose outcome is unconfirmed, a channel disconnected, one on its way, a secret."""
    channel = make_channel(person.organization, "x")
    for status in PostStatus:
        make_post(channel, status=status, due_at=utcnow() + timedelta(days=1) if status == "QUEUED" else None)
    make_post(channel, status=PostStatus.FAILED, error_code="UNCONFIRMED", intent_at=utcnow())
    disconnect_channel(channel=make_channel(person.organization, "facebook"), reason="Gone.", now=utcnow())
    rotate_signing_secret(organization=person.organization, now=utcnow())
    delete_contact(contact=make_contact(person.organization), by="nobody", now=utcnow())
    make_contact(person.organization)
    start_attempt(
        organization=person.organization,
        user=person.user,
        session_key="none",
        to=Way(platform=Platform.X, is_sandbox=True),
        redirect_uri="http://127.0.0.1/",
        now=utcnow(),
    )


@dataclass(frozen=True)
class Named:
    """What an address' parameter stands for: the rows, and the beginning of their ids."""

    model: type[Model]
    prefix: str


# A new parameter of the public API is told here, and is tested with everything from then on.
PARAMETERS: dict[str, Named] = {
    "post_id": Named(Post, "post"),
    "key_id": Named(ApiKey, "key"),
    "callback_id": Named(Callback, "cb"),
    "contact_id": Named(Contact, "cm"),
    "link_id": Named(Link, "link"),
}


def latest(name: str, organization: Organization) -> str:
    """The public id of the organization's latest row that the parameter stands for."""
    rows: Any = PARAMETERS[name].model._default_manager
    return str(rows.filter(organization=organization).latest("id").public_id)


def all_ids(organization: Organization) -> set[str]:
    """Everything by which anything of the organization could be called: public ids, keys of rows, names, tokens."""
    found = {organization.public_id, str(organization.pk)}
    for model in tenants():
        for row in model._default_manager.filter(organization=organization):
            found |= {str(row.pk), str(getattr(row, "public_id", row.pk))}
    found |= {media.token for media in Media.objects.filter(organization=organization)}
    found |= {channel.remote_id for channel in Channel.objects.filter(organization=organization)}
    found |= {membership.user.public_id for membership in organization.memberships.all()}
    return found


def tenants() -> list[type[Any]]:
    """The models whose rows are an organization's."""
    return [model for model in MODELS if label(model) not in NOBODYS]


def snapshot(organization: Organization) -> dict[str, list[Any]]:
    """Every column of every row of the organization, but for when a key was last used and figures that were looked at."""
    found = {}
    for model in [*(each for each in tenants() if each is not Digest), apps.get_model("orgs.Organization")]:
        mine = {"pk": organization.pk} if model is Organization else {"organization": organization}
        rows = model._default_manager.filter(**mine).order_by("pk").values()
        found[label(model)] = [{name: value for name, value in row.items() if name != "last_used_at"} for row in rows]
    return found
