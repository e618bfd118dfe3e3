"""Writes about organizations and the people in them.

Who changes whom is decided here, under a lock on the organization, so that two changes at once never leave it without an
owner.
"""

from datetime import datetime
from zoneinfo import available_timezones

from django.db import transaction

from chat33.orgs.models import Invitation, Membership, Organization, Role, User
from chat33.orgs.roles import Permission, may
from chat33.orgs.signals import member_changed


class NotAllowed(Exception):
    """The rules forbid it; the message says why and what to do instead."""


@transaction.atomic
def create_organization(*, name: str, owner: User, timezone: str = "UTC") -> Organization:
    """An organization with its owner in it."""
    organization = Organization.objects.create(name=name, timezone=timezone)
    Membership.objects.create(organization=organization, user=owner, role=Role.OWNER)
    return organization


def change_organization(*, organization: Organization, name: str, timezone: str, currency: str) -> None:
    """Its name, the zone its times are shown and its queue is kept in, and the currency (ISO 4217) of money that is told
    without one. Raises ``ValueError`` for an unknown zone.
    """
    if timezone not in available_timezones():
        raise ValueError(f"{timezone!r} is no time zone.")
    organization.name, organization.timezone, organization.currency = name, timezone, currency
    organization.save(update_fields=["name", "timezone", "currency"])


@transaction.atomic
def change_role(*, membership: Membership, role: Role, by: Membership, now: datetime) -> None:
    """Give a member another role. Raises ``NotAllowed``."""
    members = _members(by.organization)
    actor, member = _found(members, by), _found(members, membership)
    _check_reach(actor, member, role)
    if member.role == Role.OWNER and role != Role.OWNER:
        _check_owners(members, member)
    if member.role != role:
        Membership.objects.filter(pk=member.pk).update(role=role)
        _tell(member, role, now)


@transaction.atomic
def remove_member(*, membership: Membership, by: Membership, now: datetime) -> None:
    """End somebody's place. Raises ``NotAllowed``; who wants to go themselves uses ``leave``."""
    members = _members(by.organization)
    actor, member = _found(members, by), _found(members, membership)
    if actor.pk == member.pk:
        raise NotAllowed("To go yourself, leave the organization in its settings.")
    _check_reach(actor, member, None)
    _end(member, members, now)


@transaction.atomic
def leave(*, membership: Membership, now: datetime) -> None:
    """End one's own place. Raises ``NotAllowed`` for the last owner."""
    members = _members(membership.organization)
    _end(_found(members, membership), members, now)


def _members(organization: Organization) -> list[Membership]:
    """All of them, held until the transaction ends."""
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    return list(
        Membership.objects.select_for_update(no_key=True, of=("self",))
        .filter(organization=organization)
        .select_related("user", "organization")
    )


def _found(members: list[Membership], wanted: Membership) -> Membership:
    found = next((member for member in members if member.pk == wanted.pk), None)
    if found is None:
        raise NotAllowed("This person is no longer a member.")
    return found


def _check_reach(actor: Membership, member: Membership, role: Role | None) -> None:
    if not may(actor.role, Permission.MANAGE):
        raise NotAllowed("Only admins and owners manage members. Ask one of them.")
    if Role.OWNER in (member.role, role) and not may(actor.role, Permission.OWN):
        raise NotAllowed("Only an owner makes, changes or removes an owner. Ask one of them.")


def _check_owners(members: list[Membership], going: Membership) -> None:
    if not any(member.role == Role.OWNER and member.pk != going.pk for member in members):
        raise NotAllowed("An organization needs an owner. Make somebody else an owner first.")


def _end(member: Membership, members: list[Membership], now: datetime) -> None:
    if member.role == Role.OWNER:
        _check_owners(members, member)
    pk = member.pk
    member.delete()
    member.pk = pk
    _tell(member, None, now)


def _tell(member: Membership, role: Role | None, now: datetime) -> None:
    theirs = Invitation.objects.filter(
        organization=member.organization, invited_by=member.user, accepted_at=None, revoked_at=None
    )
    if role is not None and may(role, Permission.MANAGE):
        theirs = theirs.none() if may(role, Permission.OWN) else theirs.filter(role=Role.OWNER)
    theirs.update(revoked_at=now)  # or who was removed comes back by a link they kept
    member_changed.send(Membership, organization=member.organization, user=member.user, role=role, now=now)
