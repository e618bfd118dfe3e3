"""The demo organization: what a newcomer finds on the first start, wired to the sandbox."""

import json
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from chat33.api import scopes
from chat33.dashboard.demo_month import move_month
from chat33.dashboard.demo_tracking import demo_link, has_tracking, tracking_facts
from chat33.orgs.models import Organization, User
from chat33.orgs.services import create_organization
from contacts.services import create_contact
from integrations.channels import connect_channel, http_client
from integrations.models import Channel, Platform
from integrations.providers.base import Credentials
from integrations.services import create_api_key, signing_secrets

EMAIL = "demo@chat33.example"
NAMES = {
    "instagram": "Demo Coffee",
    "facebook": "Demo Coffee",
    "tiktok": "Demo Coffee",
    "youtube": "Demo Coffee TV",
    "x": "Demo Coffee",
}


class UnableToReachSandbox(Exception):
    """The sandbox gave no account."""


def demo_facts(*, now: datetime, moved: bool = False) -> dict[str, Any]:
    """The demo's addresses and keys, made on the first call and read from the data directory afterwards.

    ``moved`` says that the addresses may have changed since and are to be written anew.
    """
    path = settings.LAYOUT.demo_file
    if path.exists():
        kept: dict[str, Any] = json.loads(path.read_text())
        organization = Organization.objects.filter(public_id=kept["organization"]).first()
        if organization is not None:
            if moved:
                move_month(organization=organization, was=kept["base_url"])
                kept |= {"base_url": settings.BASE_URL, "sandbox_url": settings.SANDBOX_URL}
            if not has_tracking(kept):  # made before there was any
                kept |= tracking_facts(
                    organization=organization, contact_id=kept.get("contact_id", ""), by=EMAIL, now=now
                )
                moved = True
            if moved:
                kept["tracked_link"] = demo_link(organization=organization, contact_id=kept["contact_id"])
                _write(path, kept)
            return kept
    facts = _create(now)
    _write(path, facts)
    return facts


@transaction.atomic
def _create(now: datetime) -> dict[str, Any]:
    password = secrets.token_urlsafe(12)
    owner = User.objects.create_user(EMAIL, password, name="Demo", is_staff=True, is_superuser=True)
    organization = create_organization(name="Demo Coffee", owner=owner)
    stranger = User.objects.create_user("stranger@chat33.example", None, name="Stranger")
    elsewhere = create_organization(name="Another Company", owner=stranger)
    channels = [
        connect_sandbox(organization=organization, platform=platform, username="demo", now=now)
        for platform in Platform.values
    ]
    _, key = create_api_key(organization=organization, name="Demo", by=owner)
    everything = sorted(scopes.ALL)
    _, admin_key = create_api_key(organization=organization, name="Demo (admin)", by=owner, scopes=everything)
    _, stranger_key = create_api_key(organization=elsewhere, name="Stranger", by=stranger)
    contact = create_contact(
        organization=organization,
        name="Ada Byron",
        email="ada@chat33.example",
        source="demo",
        by=owner.public_id,
        now=now,
    )
    return {
        "base_url": settings.BASE_URL,
        "sandbox_url": settings.SANDBOX_URL,
        "email": EMAIL,
        "password": password,
        "organization": organization.public_id,
        "api_key": key,
        "admin_api_key": admin_key,
        "stranger_api_key": stranger_key,
        "webhook_secret": signing_secrets(organization=organization, now=now)[0],
        "accounts": [{"id": channel.public_id, "platform": channel.platform} for channel in channels],
        **tracking_facts(organization=organization, contact_id=contact.public_id, by=owner.public_id, now=now),
    }


def connect_sandbox(
    *, organization: Organization, platform: str, username: str, now: datetime, name: str = ""
) -> Channel:
    """Connect an account of the sandbox, made there if it is new. Raises ``UnableToReachSandbox``."""
    reply = http_client().request(
        "POST",
        f"{settings.SANDBOX_URL}/_control/accounts",
        json={"platform": platform, "username": username, "name": name or NAMES[platform]},
    )
    given = reply.json()
    if not reply.ok or not isinstance(given, dict):
        raise UnableToReachSandbox(f"The sandbox at {settings.SANDBOX_URL} answered {reply.status}.")
    lifetime = given["expires_in"]
    return connect_channel(
        organization=organization,
        platform=platform,
        remote_id=given["remote_id"],
        name=given["name"],
        username=given["username"],
        credentials=Credentials(
            access_token=given["access_token"],
            refresh_token=given["refresh_token"] or "",
            expires_at=now + timedelta(seconds=lifetime) if lifetime else None,
            scopes=tuple(given["scopes"]),
        ),
        metadata=given["metadata"],
        is_sandbox=True,
        now=now,
    )


def _write(path: Path, facts: dict[str, Any]) -> None:
    """For this user's eyes alone, from the first byte on."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(facts, indent=2) + "\n")
    partial.replace(path)
