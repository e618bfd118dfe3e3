"""A row of every kind that the admin shows."""

from datetime import timedelta

from django.contrib.auth.models import Group

from chat33.api.models import IdempotencyRecord, LimitUse
from chat33.dashboard.models import Heartbeat
from chat33.lib.clock import utcnow
from chat33.orgs.models import Invitation, Package, ViewAs
from chat33.orgs.outbox import queue_email
from integrations.callbacks import create_callback
from integrations.models import ApiRequest, CallbackAttempt, ConnectAttempt, Notice
from integrations.services import create_api_key, rotate_signing_secret
from posts.models import Attempt, Import, Media, MediaUse, PostStatus
from tests.architecture.made import make_row
from tests.factories import make_channel, make_contact, make_member, make_organization, make_post
from tests.tracking.edges import make_token
from tests.tracking.links import make_link
from tests.tracking.postbacks import keep
from tracking.models import Domain, Rule, StoreAggregate


def fill(number: int) -> None:
    """One more row of every kind, each in an organization, channel and package of its own."""
    now = utcnow()
    package = Package.objects.create(name=f"Package {number}", limits={"POSTS": "100/h"})
    organization = make_organization(package=package)
    member = make_member(organization)
    create_api_key(organization=organization, name="Key", by=member)
    rotate_signing_secret(organization=organization, now=now)
    channel = make_channel(organization, "x")
    Notice.objects.create(organization=organization, channel=channel, kind="k", text="Look")
    media = Media.objects.create(
        organization=organization, token=f"token{number}", file="a/b.jpg", name="b.jpg", kind="image",
        content_type="image/jpeg", size=10, width=3, height=4, source_url="https://example.com/b.jpg",
    )  # fmt: skip
    post = make_post(
        channel, status=PostStatus.FAILED, error_code="MEDIA", error_message="Too wide.", intent_at=now,
        media_urls=[f"http://127.0.0.1:8033/media/{media.token}/b.jpg"], callback_url="https://example.com/hook",
        external_post_url="https://x.com/1", state={"upload_url": "https://example.com/up?signature=1"},
    )  # fmt: skip
    MediaUse.objects.create(organization=organization, media=media, post=post)
    Attempt.objects.create(
        post=post, organization=organization, event="publish_failure", created_at=now, step="commit", message="No"
    )
    callback = create_callback(
        organization=organization,
        subject=post.public_id,
        url="https://example.com/hook?token=t0ps3cret",
        body={},
        now=now,
    )
    CallbackAttempt.objects.create(callback=callback, organization=organization, number=1, http_status=500)
    ViewAs.objects.create(
        organization=organization, operator=member, role="viewer", reason="Asked", started_at=now,
        ends_at=now + timedelta(minutes=30),
    )  # fmt: skip
    make_row(ConnectAttempt, organization)
    for model in (ApiRequest, Import, Invitation):
        make_row(model, organization)
    queue_email(to="person@example.com", subject="Look", text="https://example.com/?token=t0ps3cret", now=now)
    IdempotencyRecord.objects.create(owner=organization.public_id, key=f"k{number}", fingerprint="f", created_at=now)
    LimitUse.objects.create(name="POSTS", subject=organization.public_id, used_at=now)
    Heartbeat.objects.create(name=f"worker:{number}", seen_at=now - timedelta(minutes=number))
    make_contact(organization, labels=["VIP"])
    make_link(organization)
    for tracked in (Domain, Rule):
        make_row(tracked, organization)
    StoreAggregate.objects.create(organization=organization, key="k", day=now.date(), framework="SKAN", campaign="May")
    make_token(organization, "mmp")
    keep(organization, "secret=t0ps3cret&activity_kind=install", body={"secret": "t0ps3cret"})
    Group.objects.create(name=f"Group {number}")
