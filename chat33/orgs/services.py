"""Writes about organizations and people."""

from django.db import transaction

from chat33.orgs.models import Membership, Organization, Role, User


@transaction.atomic
def create_organization(*, name: str, owner: User, timezone: str = "UTC") -> Organization:
    """An organization with its owner in it."""
    organization = Organization.objects.create(name=name, timezone=timezone)
    Membership.objects.create(organization=organization, user=owner, role=Role.OWNER)
    return organization
