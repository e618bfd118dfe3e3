"""Channels: what is kept of their credentials, and what the networks tell of their allowance."""

from io import StringIO

from cryptography.fernet import Fernet
from django.core.management import call_command
from pytest_django.fixtures import Settings

from chat33.lib.clock import utcnow
from integrations.channels import account, refresh_quotas
from integrations.models import Channel
from integrations.services import signing_secrets
from tests.factories import make_channel
from tests.people import Person
from tests.sandboxes import RunningSandbox


def test_credentials_are_stored_encrypted_and_move_to_a_new_key(owner: Person, settings: Settings) -> None:
    given = {"access_token": "opensesame", "refresh_token": "again"}
    channel = make_channel(owner.organization, "x", account=given)
    secret = signing_secrets(organization=owner.organization, now=utcnow())[0]
    assert "opensesame" not in channel.credentials

    old, new = settings.ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, old]
    said = StringIO()
    call_command("rotate_keys", stdout=said)
    settings.ENCRYPTION_KEYS = [new]

    channel.refresh_from_db()
    assert account(channel).credentials.access_token == "opensesame"
    assert signing_secrets(organization=owner.organization, now=utcnow())[0] == secret
    assert said.getvalue().startswith("2 encrypted anew")


def test_the_live_allowance_is_in_the_accounts_metadata(owner: Person, sandboxed: RunningSandbox) -> None:
    given = sandboxed.account("instagram", "limited", metadata={"quota_total": 7})
    make_channel(owner.organization, "instagram", account=given)
    make_channel(owner.organization, "x", account=sandboxed.account("x"))

    assert refresh_quotas(now=utcnow()) == 1

    items = owner.api().send("GET", "accounts").json()["items"]
    limits = {item["platform"]: item["metadata"]["quota"]["limit"] for item in items}
    assert limits == {"instagram": 7, "x": 300}
    assert Channel.objects.get(platform="x").quota is None
