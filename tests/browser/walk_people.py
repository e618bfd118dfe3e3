"""What the walk needs for the pages of members and settings."""

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings

from chat33.dashboard import notifications
from chat33.lib.clock import utcnow
from chat33.orgs.invitations import invite_member
from chat33.orgs.models import Membership, Role
from tests.factories import make_member
from tests.people import Person


def team(owner: Person) -> None:
    """A member of each role, and two invitations."""
    for number, role in enumerate(Role):
        make_member(
            owner.organization, role, email=f"{role}@coffee.example", name="" if number % 2 else f"Ana {role.title()}"
        )
    for email in ("new.colleague@example.com", ""):
        _invite(owner, email)


def invitation(owner: Person) -> str:
    """Where an invitation's link leads."""
    return _invite(owner, "new@example.com").removeprefix(settings.BASE_URL)


def member(owner: Person) -> str:
    """A teammate's page."""
    return f"/settings/members/{make_member(owner.organization, Role.EDITOR).public_id}/"


def stopping(owner: Person) -> str:
    """Where the link leads that ends e-mails."""
    return notifications.stop_url(_place(owner)).removeprefix(settings.BASE_URL)


def two_factor(owner: Person) -> None:
    """Codes of an app are asked for at each login, and there are spare ones."""
    TOTP.activate(owner.user, generate_totp_secret())
    RecoveryCodes.activate(owner.user)


def _invite(owner: Person, email: str) -> str:
    by = _place(owner)
    return invite_member(organization=owner.organization, email=email, role=Role.EDITOR, by=by, now=utcnow()).url


def _place(owner: Person) -> Membership:
    return Membership.objects.select_related("user", "organization").get(
        user=owner.user, organization=owner.organization
    )
