"""An operator at work, and one row or more of everything there is to look at."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from chat33.api.models import IdempotencyRecord, LimitUse
from chat33.dashboard.models import Heartbeat
from chat33.lib.clock import utcnow
from chat33.orgs.models import Package, User
from integrations.callbacks import create_callback
from integrations.models import Callback, CallbackAttempt, Notice
from integrations.services import create_api_key, rotate_signing_secret
from posts.models import Attempt, Media, Post, PostStatus
from tests.factories import make_channel, make_member, make_organization, make_post


@pytest.fixture
def operator(db: None) -> User:
    """May do everything in the admin."""
    return User.objects.create_superuser("operator@example.com", "correct horse battery", name="Olga")


@pytest.fixture
def desk(operator: User) -> Client:
    """The operator's browser."""
    client = Client()
    client.force_login(operator)
    return client


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
    IdempotencyRecord.objects.create(owner=organization.public_id, key=f"k{number}", fingerprint="f", created_at=now)
    LimitUse.objects.create(name="POSTS", subject=organization.public_id, used_at=now)
    Heartbeat.objects.create(name=f"worker:{number}", seen_at=now - timedelta(minutes=number))
    Group.objects.create(name=f"Group {number}")


@pytest.fixture
def act(desk: Client) -> Callable[..., list[str]]:
    """Choose an action for rows in their list; what the operator is told."""

    def run(action: str, *rows: Any, client: Client | None = None) -> list[str]:
        name = f"{rows[0]._meta.app_label}/{rows[0]._meta.model_name}"
        form = {"action": action, "_selected_action": [row.pk for row in rows], "index": 0, "select_across": 0}
        reply = (client or desk).post(f"/admin/{name}/", form, follow=True)
        assert reply.status_code == 200
        return [str(message) for message in reply.context["messages"]]

    return run


def last_callback() -> Callback:
    return Callback.objects.latest("id")


def only_post() -> Post:
    return Post.objects.get()
