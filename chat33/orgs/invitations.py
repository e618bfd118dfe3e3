"""Inviting people: a link that works once, for a week, handed over or sent by e-mail."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string

from chat33.lib.secrets import digest
from chat33.orgs.models import Invitation, Membership, Organization, Role, User
from chat33.orgs.outbox import queue_email
from chat33.orgs.roles import Permission, may
from chat33.orgs.services import NotAllowed

VALID = timedelta(days=7)
A_DAY = 50  # invitations of one organization in 24 hours: we are nobody's way to send mail to strangers


@dataclass(frozen=True)
class Invited:
    """An invitation and its link, which exists only here."""

    invitation: Invitation
    url: str


@transaction.atomic
def invite_member(*, organization: Organization, email: str, role: Role, by: Membership, now: datetime) -> Invited:
    """Invite by e-mail, or by a link alone when no address is given. An older invitation to the same address ends.

    Raises ``NotAllowed``.
    """
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    _check(by, role)
    email = email.strip().lower()
    if email and Membership.objects.filter(organization=organization, user__email__iexact=email).exists():
        raise NotAllowed(f"{email} is already a member.")
    made = Invitation.objects.filter(organization=organization, created_at__gt=now - timedelta(days=1))
    if made.count() >= A_DAY:
        raise NotAllowed(
            f"You have made {A_DAY} invitations today. Go on tomorrow, or hand the same people a new link."
        )
    if email:
        open_invitations(organization=organization, now=now).filter(email=email).update(revoked_at=now)
    return _made(organization, email, role, by, now)


@transaction.atomic
def renew_invitation(*, invitation: Invitation, by: Membership, now: datetime) -> Invited:
    """A new link for another week in place of the old one, sent again if that was. Raises ``NotAllowed``."""
    # The organization before the invitation, as by whoever invites: else the two could wait for each other.
    Organization.objects.select_for_update(no_key=True).get(pk=invitation.organization_id)
    row = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if row.accepted_at is not None:
        raise NotAllowed("This invitation has been accepted meanwhile.")
    _check(by, Role(row.role))
    row.revoked_at = row.revoked_at or now
    row.save(update_fields=["revoked_at"])
    return invite_member(organization=row.organization, email=row.email, role=Role(row.role), by=by, now=now)


def revoke_invitation(*, invitation: Invitation, by: Membership, now: datetime) -> None:
    """The link opens nothing from now on. Raises ``NotAllowed``."""
    _check(by, Role(invitation.role))
    Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None).update(revoked_at=now)


@transaction.atomic
def accept_invitation(*, fingerprint: str, user: User, now: datetime) -> Membership:
    """The person's place in the organization; a place they have already keeps its role. ``fingerprint`` is the digest of
    the link's token. Raises ``NotAllowed``.
    """
    row = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("organization")
        .filter(digest=fingerprint)
        .first()
    )
    if row is None or not row.is_open(now):
        raise NotAllowed("This invitation has been used, withdrawn or is too old. Ask for a new one.")
    membership, _ = Membership.objects.get_or_create(
        organization=row.organization, user=user, defaults={"role": row.role}
    )
    row.accepted_at, row.accepted_by = now, user
    row.save(update_fields=["accepted_at", "accepted_by"])
    return membership


def open_invitation(*, fingerprint: str, now: datetime) -> Invitation | None:
    """The invitation whose link's token has this digest, while it can be accepted."""
    row = Invitation.objects.select_related("organization", "invited_by").filter(digest=fingerprint).first()
    return row if row is not None and row.is_open(now) else None


def open_invitations(*, organization: Organization, now: datetime) -> QuerySet[Invitation]:
    """Those of an organization that can still be accepted, newest first."""
    return Invitation.objects.filter(
        organization=organization, accepted_at=None, revoked_at=None, expires_at__gt=now
    ).select_related("invited_by")


def _made(organization: Organization, email: str, role: Role, by: Membership, now: datetime) -> Invited:
    token = secrets.token_urlsafe(32)
    row = Invitation.objects.create(
        organization=organization,
        email=email,
        role=role,
        digest=digest(token),
        invited_by=by.user,
        created_at=now,
        expires_at=now + VALID,
    )
    url = f"{settings.BASE_URL}/join/{token}/"
    if email:
        facts = {"organization": organization, "by": by.user.name or by.user.email, "role": role.label, "url": url}
        queue_email(
            to=email,
            subject=f"{facts['by']} invites you to {organization} on Chat33",
            text=render_to_string("mail/invitation.txt", facts),
            key=row.public_id,
            now=now,
        )
    return Invited(row, url)


def _check(by: Membership, role: Role) -> None:
    if not may(by.role, Permission.MANAGE):
        raise NotAllowed("Only admins and owners invite people. Ask one of them.")
    if role == Role.OWNER and not may(by.role, Permission.OWN):
        raise NotAllowed("Only an owner invites an owner. Ask one of them.")
