"""What the demo organization has for tracking: a token of each kind, a host of its own, a link that was sent to somebody."""

from datetime import datetime
from typing import Any

from django.db import transaction

from chat33.orgs.models import Organization
from contacts.models import Contact
from contacts.services import create_contact
from tracking.links.domains import add_domain
from tracking.links.signing import wrap_link
from tracking.models import Domain, Token, TokenKind
from tracking.tokens import make_token, revoke_token

HOST = "demo-coffee.example"
FACTS = {"mmp_token": TokenKind.SERVER, "mmp_secret": TokenKind.MMP, "pixel_token": TokenKind.PIXEL}


def has_tracking(facts: dict[str, Any]) -> bool:
    """Whether the facts tell all of it."""
    return {*FACTS, "contact_id", "tracked_link", "verified_host"} <= facts.keys()


@transaction.atomic
def tracking_facts(*, organization: Organization, contact_id: str, by: str, now: datetime) -> dict[str, Any]:
    """Make it, anew where it was there and is not known any more."""
    contact = Contact.objects.filter(organization=organization, public_id=contact_id, deleted_at=None).first()
    if contact is None:
        contact = create_contact(organization=organization, name="Ada Byron", source="demo", by=by, now=now)
    for token in Token.objects.filter(organization=organization, revoked_at=None):
        revoke_token(token=token, now=now)
    tokens = {name: make_token(organization=organization, kind=kind, by=by, now=now)[1] for name, kind in FACTS.items()}
    if not Domain.objects.filter(organization=organization, host=HOST).exists():
        add_domain(organization=organization, host=HOST, now=now)
    # Never checked, so never found to be without proof: a host of .example cannot have any (RFC 2606).
    Domain.objects.filter(organization=organization, host=HOST).update(verified_at=now, checked_at=None)
    return {
        **tokens,
        "contact_id": contact.public_id,
        "tracked_link": demo_link(organization=organization, contact_id=contact.public_id),
        "verified_host": HOST,
    }


def demo_link(*, organization: Organization, contact_id: str) -> str:
    """A link as a flow sends it."""
    return wrap_link(f"https://{HOST}/menu", organization=organization, contact=contact_id, flow="flow_demo")
