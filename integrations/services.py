"""Writes about keys, signing secrets and notices."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from chat33.api import limits
from chat33.api import scopes as known_scopes
from chat33.lib import secrets
from chat33.orgs.models import Organization, User
from integrations.channels import cipher
from integrations.models import ApiKey, Channel, Notice, SigningSecret
from integrations.selectors import signing_secrets_of
from integrations.signing import new_secret

ROTATION = timedelta(hours=24)


def create_api_key(
    *,
    organization: Organization,
    name: str,
    by: User | None,
    scopes: Sequence[str] | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A key and its row. The raw key exists only here; by default it holds every ordinary scope."""
    raw = secrets.new_key()
    row = ApiKey.objects.create(
        organization=organization,
        created_by=by,
        name=name,
        prefix=secrets.prefix(raw),
        digest=secrets.digest(raw),
        scopes=list(scopes if scopes is not None else known_scopes.ORDINARY),
        expires_at=expires_at,
    )
    return row, raw


@transaction.atomic
def make_api_key(
    *,
    organization: Organization,
    name: str,
    by: User,
    scopes: Sequence[str] | None,
    expires_at: datetime | None,
    overrides: Mapping[str, Any],
    now: datetime,
) -> tuple[ApiKey, str, limits.Usage | None]:
    """A key as a person makes one: row, raw key, and where the person's limit stands. Raises ``RateLimited``.

    ``overrides`` are the package's limits.
    """
    limit = limits.limit_for("API_KEYS", overrides)
    usage = limits.consume(name="API_KEYS", subject=by.public_id, limit=limit, now=now)
    row, raw = create_api_key(organization=organization, name=name, by=by, scopes=scopes, expires_at=expires_at)
    return row, raw, usage


def revoke_api_key(*, key: ApiKey, now: datetime) -> None:
    """The key opens nothing from now on; revoking twice changes nothing."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)


@transaction.atomic
def rotate_signing_secret(*, organization: Organization, now: datetime, overlap: timedelta = ROTATION) -> str:
    """A new secret for callbacks; the ones before sign beside it until the overlap ends."""
    _lock(organization)
    SigningSecret.objects.filter(organization=organization, retires_at=None).update(retires_at=now + overlap)
    return _new_signing_secret(organization, now)


def signing_secrets(*, organization: Organization, now: datetime) -> list[str]:
    """The secrets that sign now, newest first; the first one is made when there is none."""
    rows = list(signing_secrets_of(organization, now=now))
    if rows:
        return [cipher().decrypt(row.secret, context=organization.public_id) for row in rows]
    with transaction.atomic():
        _lock(organization)
        if SigningSecret.objects.filter(organization=organization, retires_at=None).exists():
            return signing_secrets(organization=organization, now=now)  # another sender has just made it
        return [_new_signing_secret(organization, now)]


def _lock(organization: Organization) -> None:
    Organization.objects.select_for_update().get(pk=organization.pk)


def _new_signing_secret(organization: Organization, now: datetime) -> str:
    raw = new_secret()
    sealed = cipher().encrypt(raw, context=organization.public_id)
    SigningSecret.objects.create(organization=organization, secret=sealed, created_at=now)
    return raw


def resolve_notice(*, notice: Notice, now: datetime) -> bool:
    """Its cause is gone. Whether that was news."""
    return bool(Notice.objects.filter(pk=notice.pk, resolved_at=None).update(resolved_at=now))


def reencrypt() -> int:
    """Encrypt every stored credential and secret with the first key, row by row. Returns how many."""
    box, done = cipher(), 0
    stored: tuple[tuple[type[Channel] | type[SigningSecret], str], ...] = (
        (Channel, "credentials"),
        (SigningSecret, "secret"),
    )
    for model, column in stored:
        for pk in list(model._default_manager.values_list("pk", flat=True)):
            with transaction.atomic():
                row = model._default_manager.select_for_update().get(pk=pk)
                setattr(row, column, box.rotate(getattr(row, column)))
                row.save(update_fields=[column])
            done += 1
    return done
