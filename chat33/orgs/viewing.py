"""Viewing: an operator sees the dashboard as an organization's member does, and can change nothing there.

The session holds the number of a ``ViewAs`` row, and the row decides: whoever ends it, or takes the operator's right away,
ends the viewing with the next request. Each start and end also renews the CSRF token, so that a form in a forgotten tab is
refused instead of acting in another organization than the one it shows.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.http import HttpRequest
from django.middleware.csrf import rotate_token

from chat33.lib.clock import utcnow
from chat33.orgs.models import Membership, Organization, Role, User, ViewAs

logger = structlog.get_logger(__name__)

SESSION_KEY = "viewing"
RIGHT = "orgs.add_viewas"
LASTS = timedelta(minutes=30)
SHORTEST = 5  # characters of a reason
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
REFUSED = "You are viewing this organization as an operator, so nothing can be changed. Stop viewing first."


class UnableToView(Exception):
    """The operator may not, or has not said enough; the message says which."""


def may_view(user: Any) -> bool:
    """Whether somebody may look at organizations that are not theirs."""
    return isinstance(user, User) and user.is_active and user.is_staff and user.has_perm(RIGHT)


def start_viewing(
    *,
    request: HttpRequest,
    organization: Organization,
    role: Role,
    member: User | None = None,
    reason: str,
    now: datetime,
) -> ViewAs:
    """From the next request on, the request's operator sees the organization as a member of that role does, for half an
    hour; a viewing of before ends. Raises ``UnableToView``.
    """
    operator = request.user
    if not isinstance(operator, User) or not may_view(operator):
        raise UnableToView("You may not view organizations.")
    if len(reason.strip()) < SHORTEST:
        raise UnableToView("Say why: the organization may ask who looked and what for.")
    stop_viewing(request=request, now=now)
    viewing = ViewAs.objects.create(
        organization=organization,
        operator=operator,
        role=role,
        member=member,
        reason=reason.strip(),
        started_at=now,
        ends_at=now + LASTS,
    )
    request.session[SESSION_KEY] = viewing.pk
    rotate_token(request)
    logger.info("viewing_started", organization=organization.public_id, operator=operator.public_id, role=role)
    return viewing


def stop_viewing(*, request: HttpRequest, now: datetime) -> ViewAs | None:
    """The operator is themselves again. What was ended, if anything was."""
    number = request.session.pop(SESSION_KEY, None)
    if number is None:
        return None
    rotate_token(request)
    request._viewing = None  # type: ignore[attr-defined]  # what viewing_in remembers
    viewing = ViewAs.objects.select_related("organization").filter(pk=number, operator=_operator(request)).first()
    if viewing is not None and viewing.runs(now):
        end_viewing(viewing=viewing, now=now)
    return viewing


def end_viewing(*, viewing: ViewAs, now: datetime) -> bool:
    """It ends, whoever's session holds it. Whether it was running."""
    ended = bool(ViewAs.objects.filter(pk=viewing.pk, ended_at=None, ends_at__gt=now).update(ended_at=now))
    if ended:
        logger.info("viewing_ended", viewing=viewing.pk)
    return ended


def is_flagged(request: HttpRequest) -> bool:
    """Whether the session views, or did until it ran out; costs nothing where there is no session."""
    return SESSION_KEY in request.session


def viewing_in(request: HttpRequest) -> ViewAs | None:
    """What the request's operator is looking at; None for everybody else. One that has ended is forgotten here."""
    if not hasattr(request, "_viewing"):
        request._viewing = _running(request) if is_flagged(request) else None  # type: ignore[attr-defined]  # ours
    found: ViewAs | None = request._viewing  # type: ignore[attr-defined]  # as above
    return found


def membership_while(viewing: ViewAs) -> Membership:
    """The place that the operator looks from; no row is kept of it."""
    return Membership(organization=viewing.organization, user=viewing.operator, role=viewing.role)


def _running(request: HttpRequest) -> ViewAs | None:
    now = utcnow()
    operator = _operator(request)
    rows = ViewAs.objects.select_related("organization__package", "operator")
    viewing = rows.filter(pk=request.session[SESSION_KEY], operator=operator).first()
    if viewing is not None and viewing.runs(now) and may_view(operator):
        return viewing
    stop_viewing(request=request, now=now)
    return None


def _operator(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None
