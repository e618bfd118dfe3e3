"""The door of every page: who comes in, where they work, and whether they may."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, Protocol, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django_htmx.middleware import HtmxDetails

from chat33.orgs.models import Membership, Organization, User
from chat33.orgs.roles import Permission, may, roles_that_may
from chat33.orgs.selectors import membership_for
from chat33.orgs.viewing import SAFE, viewing_in

ORGANIZATION = "organization_id"  # what a session remembers: the public id of where the person works now


@dataclass(frozen=True)
class Here:
    """Who is at the page and in which organization. ``viewing``: an operator who looks on, until a moment, and may change
    nothing.
    """

    user: User
    organization: Organization
    role: str
    membership: Membership | None = None
    viewing: bool = False
    until: datetime | None = None

    def may(self, permission: Permission) -> bool:
        """Whether they may."""
        if self.viewing and permission != Permission.READ:
            return False
        return may(self.role, permission)

    @property
    def zone(self) -> ZoneInfo:
        """The zone that times are shown in: the organization's."""
        return ZoneInfo(self.organization.timezone)

    @property
    def by(self) -> str:
        """The person's public id, for the rows they make."""
        return self.user.public_id


class PageRequest(HttpRequest):
    """A request that came through the door."""

    here: Here
    htmx: HtmxDetails


Page = Callable[Concatenate[PageRequest, ...], HttpResponseBase]


class Door(Protocol):
    """A page view behind its door; ``permission`` is what the door asks."""

    permission: Permission

    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, or refuse."""
        ...


def door(permission: Permission) -> Callable[[Page], Door]:
    """Lets members in who have the permission, and shows everything in their organization's zone.

    Without a session it leads to the login and back; a request of htmx or of a script gets 401 instead, so that what the
    person typed stays. Who belongs to no organization is led to make one. Who may not come in reads who may.
    """

    def behind(page: Page) -> Door:
        @wraps(page)
        @never_cache
        def entered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_login(request)
            if any("\x00" in str(value) for value in kwargs.values()):
                raise Http404
            _leave_out_nul(request)
            here = resolve(request)
            if here is None:
                return redirect("no_organization")
            guest = cast(PageRequest, request)
            guest.here = here
            if not _lets_in(here, permission, request):
                return refused(guest, permission)
            with timezone.override(here.zone):
                response = page(guest, *args, **kwargs)
                if hasattr(response, "render"):
                    response.render()
                return response

        # Read by the tests that walk all pages.
        entered.permission = permission  # type: ignore[attr-defined]
        return cast(Door, entered)

    return behind


def resolve(request: HttpRequest) -> Here | None:
    """Where the logged-in person works: where the session says, else in their oldest organization; None without any. An
    operator who views an organization is there.
    """
    user = cast(User, request.user)
    viewing = viewing_in(request)
    if viewing is not None:
        return Here(
            user=user, organization=viewing.organization, role=viewing.role, viewing=True, until=viewing.ends_at
        )
    membership = membership_for(user=user, organization_id=request.session.get(ORGANIZATION, ""))
    membership = membership or membership_for(user=user)
    if membership is None:
        return None
    return Here(user=user, organization=membership.organization, role=membership.role, membership=membership)


def _leave_out_nul(request: HttpRequest) -> None:
    """Take NUL characters out of what came in: PostgreSQL keeps them in no text, and no page has to think of it."""
    for name in ("GET", "POST"):
        given: QueryDict = getattr(request, name)
        if any("\x00" in str(text) for _, texts in given.lists() for text in texts):
            cleaned = given.copy()
            for key, texts in given.lists():
                cleaned.setlist(key, [str(text).replace("\x00", "") for text in texts])
            setattr(request, name, cleaned)


def _lets_in(here: Here, permission: Permission, request: HttpRequest) -> bool:
    """Whether they may; who views may look wherever the role they view as may be."""
    looks = here.viewing and request.method in SAFE
    return here.may(permission) or (looks and may(here.role, permission))


def refused(request: PageRequest, permission: Permission) -> HttpResponse:
    """403 that says what is missing and who has it."""
    context = {"permission": permission, "roles": [role.label for role in roles_that_may(permission)]}
    response = render(request, "errors/refused.html", context, status=403)
    response["X-Says"] = f"Your role may not {permission}."
    return response


def _to_login(request: HttpRequest) -> HttpResponseBase:
    quiet = getattr(request, "htmx", None) or request.headers.get("X-Requested-With")
    if quiet:
        return HttpResponse("Log in again.", status=401, content_type="text/plain")
    back = request.get_full_path() if request.method in ("GET", "HEAD") else "/"
    return redirect_to_login(back, login_url=settings.LOGIN_URL)
