"""What a member wants to be told by e-mail, and when their day's digest is due."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chat33.orgs.models import Membership, NotificationPreference, Often
from chat33.orgs.roles import Permission, may

DIGEST_HOUR = 8


@dataclass(frozen=True, kw_only=True)
class Preference:
    """When to tell of failed posts and of accounts that need care, and the hour of the digest in the member's zone."""

    posts: Often
    accounts: Often
    digest_hour: int = DIGEST_HOUR

    @property
    def wants_nothing(self) -> bool:
        """Whether no e-mail is wanted at all."""
        return self.posts == self.accounts == Often.OFF


def preference_of(membership: Membership) -> Preference:
    """The member's choice; until they chose, those who can mend something are told at once, the others never."""
    row = getattr(membership, "preference", None)
    if row is not None:
        return Preference(posts=Often(row.posts), accounts=Often(row.accounts), digest_hour=row.digest_hour)
    return Preference(
        posts=Often.NOW if may(membership.role, Permission.PUBLISH) else Often.OFF,
        accounts=Often.NOW if may(membership.role, Permission.CONNECT) else Often.OFF,
    )


def set_preference(*, membership: Membership, preference: Preference) -> None:
    """Store the member's choice. Raises ``ValueError`` for an hour that no day has."""
    if not 0 <= preference.digest_hour < 24:
        raise ValueError("A digest's hour is 0 to 23.")
    NotificationPreference.objects.update_or_create(
        membership=membership,
        defaults={
            "organization_id": membership.organization_id,
            "posts": preference.posts,
            "accounts": preference.accounts,
            "digest_hour": preference.digest_hour,
        },
    )


def stop_all(*, membership: Membership) -> None:
    """No more e-mails about this organization."""
    hour = preference_of(membership).digest_hour
    set_preference(membership=membership, preference=Preference(posts=Often.OFF, accounts=Often.OFF, digest_hour=hour))


def zone_of(membership: Membership) -> str:
    """The member's own time zone, or else the organization's."""
    return membership.user.timezone or membership.organization.timezone


def next_digest(*, zone: str, hour: int, after: datetime) -> datetime:
    """When it is next that hour there, in UTC. An hour that the clock skips comes when it would have; of one that it
    repeats, the first counts.
    """
    here = ZoneInfo(zone)
    day = after.astimezone(here).date()
    while True:
        moment = datetime.combine(day, time(hour), tzinfo=here).astimezone(UTC)
        if moment > after:
            return moment
        day += timedelta(days=1)
