"""Reads about keys, channels and callbacks, always from one organization; and how channels are, for operators."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Q, QuerySet, Value, When

from chat33.orgs.models import Organization
from integrations.models import ApiKey, ApiRequest, Callback, Channel, SigningSecret

WINDOW = 20_000  # rows that one look for rare ones goes through


def channels_for(organization: Organization) -> QuerySet[Channel]:
    """The organization's channels, inactive ones too."""
    return Channel.objects.filter(organization=organization).order_by("id")


def api_keys_for(organization: Organization) -> QuerySet[ApiKey]:
    """The organization's keys, newest first."""
    return ApiKey.objects.filter(organization=organization).order_by("-id")


def callbacks_for(organization: Organization) -> QuerySet[Callback]:
    """The organization's callbacks, newest first."""
    return Callback.objects.filter(organization=organization).order_by("-id")


OUTCOMES: Mapping[str, Q] = {
    "ok": Q(status__lt=400),
    "errors": Q(status__gte=400),
    "4xx": Q(status__gte=400, status__lt=500),
    "5xx": Q(status__gte=500),
}


@dataclass(frozen=True, kw_only=True)
class RequestFilter:
    """Which API requests are wanted; what is empty does not matter."""

    outcome: str = ""  # of OUTCOMES
    method: str = ""
    key: str = ""  # its public id
    path: str = ""  # what the path holds

    @property
    def is_quick(self) -> bool:
        """Whether an index leads to them."""
        return (
            not self.method and not self.path and (self.outcome in ("", "errors") if not self.key else not self.outcome)
        )


@dataclass(frozen=True, kw_only=True)
class RequestPage:
    """Some API requests, newest first; ``older`` is where the next page begins, if there is one."""

    rows: list[ApiRequest]
    older: int | None
    is_partial: bool  # the look ended before the page was full; there may be more further back


def requests_for(organization: Organization) -> QuerySet[ApiRequest]:
    """The organization's API requests, newest first, with their keys and people."""
    return ApiRequest.objects.filter(organization=organization).select_related("key", "user").order_by("-id")


def requests_page(
    organization: Organization, wanted: RequestFilter, *, before: int | None = None, limit: int = 50
) -> RequestPage:
    """The newest of them, before the row ``before`` if given.

    What no index leads to is looked for among ``WINDOW`` rows at a time, so that the rarest costs no more than the rest.
    """
    rows = requests_for(organization)
    if before is not None:
        rows = rows.filter(id__lt=before)
    floor = None
    if not wanted.is_quick:
        floor = rows.values_list("id", flat=True)[WINDOW - 1 : WINDOW].first()
        rows = rows if floor is None else rows.filter(id__gte=floor)
    if wanted.outcome in OUTCOMES:
        rows = rows.filter(OUTCOMES[wanted.outcome])
    if wanted.method:
        rows = rows.filter(method=wanted.method)
    if wanted.key:
        key = api_keys_for(organization).filter(public_id=wanted.key).values_list("pk", flat=True).first()
        rows = rows.filter(key_id=key) if key else rows.none()
    if wanted.path:
        rows = rows.filter(path__icontains=wanted.path)
    found = list(rows[: limit + 1])
    if len(found) > limit:
        return RequestPage(rows=found[:limit], older=found[limit - 1].pk, is_partial=False)
    return RequestPage(rows=found, older=floor, is_partial=floor is not None)


def callbacks_like(organization: Organization, *, status: str = "", subject: str = "") -> QuerySet[Callback]:
    """Those of a status, or about one post."""
    rows = callbacks_for(organization)
    if status:
        rows = rows.filter(status=status)
    return rows.filter(subject=subject) if subject else rows


def signing_secrets_of(organization: Organization, *, now: datetime) -> QuerySet[SigningSecret]:
    """What callbacks are signed with now, newest first."""
    return SigningSecret.objects.filter(organization=organization).exclude(retires_at__lt=now).order_by("-id")


# What may be wrong with a channel, worst first; one that none of it is true of is ok.
HEALTH: Mapping[str, Callable[[datetime], Q]] = {
    "disconnected": lambda now: Q(is_active=False),
    "expired": lambda now: Q(token_expires_at__lte=now),
    "failing": lambda now: Q(last_error_at__gt=now - timedelta(hours=24)),
}


def health(now: datetime) -> Case:
    """How each channel is, as an expression: a word of ``HEALTH`` or ``ok``."""
    return Case(*(When(rule(now), then=Value(word)) for word, rule in HEALTH.items()), default=Value("ok"))
