"""Reads about organizations and people."""

from chat33.orgs.models import Membership, User


def membership_for(*, user: User, organization_id: str = "") -> Membership | None:
    """The person's place in the organization of that public id; in their oldest one when none is named."""
    memberships = Membership.objects.filter(user=user).select_related("organization__package")
    if organization_id:
        memberships = memberships.filter(organization__public_id=organization_id)
    return memberships.order_by("id").first()
