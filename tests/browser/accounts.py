"""The accounts room as the walk sees it: accounts in every condition, and every end of connecting one."""

import json
from collections.abc import Callable
from datetime import timedelta

from chat33.lib.clock import utcnow
from integrations.channels import cipher, disconnect_channel, note_error
from integrations.connecting import Way, start_attempt
from integrations.models import Channel, ConnectStage, Platform
from integrations.providers.registry import LOGINS
from posts.models import PostStatus
from tests.factories import make_channel, make_post
from tests.people import Person


def in_every_condition(owner: Person) -> None:
    """One account works, one is disconnected with a post waiting, one lacks a permission, one had trouble."""
    now = utcnow()
    names = {"instagram": "Demo Coffee", "facebook": "Demo Coffee", "tiktok": "Demo", "x": "Demo Coffee, the roastery"}
    good, gone, curtailed, shaky = (make_channel(owner.organization, one, name=name) for one, name in names.items())
    Channel.objects.filter(pk=good.pk).update(scopes=[one.scope for one in LOGINS["instagram"].access])
    Channel.objects.filter(pk=curtailed.pk).update(scopes=["user.info.basic"])
    note_error(channel=shaky, text="X has trouble of its own. We try again by ourselves.", now=now)
    later = now + timedelta(days=1)
    make_post(gone, status=PostStatus.QUEUED, scheduled_at=later, due_at=later)
    make_post(good, status=PostStatus.PUBLISHED, slot_at=now)
    disconnect_channel(channel=gone, reason="Facebook no longer accepts the connection to this account.", now=now)


def facebook(owner: Person) -> str:
    """The address of the disconnected one."""
    return f"/channels/{owner.organization.channels.get(platform='facebook').public_id}/"


def attempt(stage: ConnectStage, message: str = "") -> Callable[[Person], str]:
    """The address of an attempt that has come this far and found two accounts."""

    def address(owner: Person) -> str:
        channel = make_channel(owner.organization, "facebook", name="Bakery")
        row, _ = start_attempt(
            organization=owner.organization,
            user=owner.user,
            session_key="",
            to=Way(platform=Platform.FACEBOOK, is_sandbox=True),
            redirect_uri="http://127.0.0.1/",
            channel=channel,
            now=utcnow(),
        )
        found = [_found(channel.remote_id), _found("2")]
        row.stage, row.message, row.connected = stage, message, [channel.public_id]
        row.candidates = cipher().encrypt(json.dumps(found), context=row.public_id)
        row.save()
        return f"/channels/connecting/{row.public_id}/"

    return address


def _found(remote_id: str) -> dict[str, object]:
    empty = dict.fromkeys(("access_token", "refresh_token"), "") | dict.fromkeys(("expires_at", "refresh_expires_at"))
    return {"remote_id": remote_id, "name": "The Bakery", "username": "bakery", "metadata": {}, "scopes": [], **empty}
