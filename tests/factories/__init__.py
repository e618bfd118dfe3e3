"""Rows to test with, valid as they come; anything may be given."""

import itertools
from typing import Any

from chat33.lib.clock import utcnow
from chat33.orgs.models import Membership, Organization, Role, User
from contacts.models import Contact
from contacts.services import create_contact
from integrations.channels import connect_channel
from integrations.models import Callback, Channel
from integrations.providers.base import Credentials
from posts.models import Post, PostStatus

_number = itertools.count(1)


def make_organization(**given: Any) -> Organization:
    """An organization without members."""
    return Organization.objects.create(**{"name": f"Company {next(_number)}", **given})


def make_user(**given: Any) -> User:
    """A person who logs in with ``correct horse battery``."""
    fields = {"email": f"person{next(_number)}@example.com", "password": "correct horse battery", **given}
    return User.objects.create_user(**fields)


def make_member(organization: Organization, role: Role = Role.EDITOR, **given: Any) -> User:
    """A person with a place in the organization."""
    user = make_user(**given)
    Membership.objects.create(organization=organization, user=user, role=role)
    return user


def make_channel(organization: Organization, platform: str = "x", **given: Any) -> Channel:
    """A connected channel. ``account``: what the sandbox gave for it; without one its tokens open nothing."""
    account = given.pop("account", None) or {}
    number = next(_number)
    channel = connect_channel(
        organization=organization,
        platform=platform,
        remote_id=account.get("remote_id", f"remote-{number}"),
        name=given.pop("name", f"Account {number}"),
        username=account.get("username", f"account{number}"),
        credentials=Credentials(
            access_token=account.get("access_token", "none"),
            refresh_token=account.get("refresh_token") or "",
            expires_at=given.pop("expires_at", None),
            scopes=tuple(account.get("scopes", ())),
        ),
        metadata=account.get("metadata", {}),
        is_sandbox=True,
        now=utcnow(),
    )
    for name, value in given.items():
        setattr(channel, name, value)
    channel.save()
    return channel


def make_post(channel: Channel, **given: Any) -> Post:
    """A post for the channel; a draft unless told otherwise."""
    fields = {
        "status": PostStatus.DRAFT,
        "text": f"Post number {next(_number)}",
        "created_by": "key_of_nobody",
        **given,
    }
    if fields["status"] in (PostStatus.PUBLISHED, PostStatus.FAILED):
        fields.setdefault("settled_at", utcnow())
    return Post.objects.create(organization=channel.organization, channel=channel, **fields)


def make_callback(organization: Organization, **given: Any) -> Callback:
    """A callback that is not due."""
    fields = {"subject": "post_of_nobody", "url": "https://example.com/hook", "body": {}, **given}
    return Callback.objects.create(organization=organization, **fields)


def make_contact(organization: Organization, **given: Any) -> Contact:
    """A contact with a name; ``labels`` by name."""
    fields = {"name": f"Person {next(_number)}", "by": "key_of_nobody", "now": utcnow(), **given}
    return create_contact(organization=organization, **fields)
