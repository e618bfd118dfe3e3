"""Links: list, create, read, change, archive, their figures and their QR codes."""

from datetime import timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from chat33.api import idempotency
from chat33.api.bodies import read_body
from chat33.api.pagination import page_of
from chat33.api.schema import Operation
from chat33.api.views import ApiView
from chat33.lib.clock import utcnow
from chat33.lib.ids import is_id
from integrations.auth import caller
from tracking.api.v1 import docs, intake
from tracking.api.v1.replies import link_body, stats_body
from tracking.api.v1.serializers import CreateLinkRequest, PatchLinkRequest
from tracking.links.drafts import draft_of
from tracking.links.qr import qr_svg
from tracking.links.selectors import Wish, link_named, links_like
from tracking.links.services import archive_link, create_link, restore_link, update_link
from tracking.links.signing import short_url
from tracking.links.stats import MOST_DAYS, sources_of, stats_of
from tracking.models import Link, LinkKind


def named(request: Request, link_id: str) -> Link:
    """The caller's link of this id. Raises ``Http404``."""
    link = link_named(caller(request).organization, link_id) if is_id(link_id, "link") else None
    if link is None:
        raise Http404
    return link


class LinksView(ApiView):
    """``/links``."""

    scopes: ClassVar[dict[str, str]] = {"GET": "links:read", "POST": "links:write"}
    operations: ClassVar[dict[str, Operation]] = {"GET": docs.LIST_LINKS, "POST": docs.CREATE_LINK}

    def get(self, request: Request) -> Response:
        """A page of links, newest first."""
        items, around = page_of(request, links_like(caller(request).organization, _wish(request)))
        return Response({"items": [link_body(link) for link in items], **around})

    def post(self, request: Request) -> Response:
        """A new one."""
        who, now = caller(request), utcnow()
        key = idempotency.keyed(request, owner=who.organization.public_id)
        kept = idempotency.recall(key, now=now)
        if kept is not None:
            return kept
        draft = intake.draft_from(read_body(CreateLinkRequest, request), organization=who.organization)

        def effect() -> Response:
            made = create_link(organization=who.organization, draft=draft, by=who.public_id, now=now)
            return Response(link_body(made), status=201)

        return intake.told(lambda: idempotency.once(key, effect, now=now))


class LinkView(ApiView):
    """``/links/{id}``."""

    scopes: ClassVar[dict[str, str]] = {"GET": "links:read", "PATCH": "links:write", "DELETE": "links:write"}
    operations: ClassVar[dict[str, Operation]] = {
        "GET": docs.GET_LINK,
        "PATCH": docs.UPDATE_LINK,
        "DELETE": docs.DELETE_LINK,
    }

    def get(self, request: Request, link_id: str) -> Response:
        """One link."""
        return Response(link_body(named(request, link_id)))

    def patch(self, request: Request, link_id: str) -> Response:
        """Change it."""
        link, now = named(request, link_id), utcnow()
        data = read_body(PatchLinkRequest, request)
        if data.keys() - {"archived"}:
            draft = intake.draft_from(data, organization=link.organization, base=draft_of(link))
            intake.told(lambda: update_link(link=link, draft=draft, now=now))
        if "archived" in data:
            link = archive_link(link=link, now=now) if data["archived"] else restore_link(link=link)
        return Response(link_body(link))

    def delete(self, request: Request, link_id: str) -> Response:
        """Put it away."""
        return Response(link_body(archive_link(link=named(request, link_id), now=utcnow())))


class StatsView(ApiView):
    """``/links/{id}/stats``."""

    scopes: ClassVar[dict[str, str]] = {"GET": "links:read"}
    operations: ClassVar[dict[str, Operation]] = {"GET": docs.LINK_STATS}

    def get(self, request: Request, link_id: str) -> Response:
        """By day, and where the latest came from."""
        link, now, days = named(request, link_id), utcnow(), _days(request)
        link.organization = caller(request).organization
        today = now.astimezone(ZoneInfo(link.organization.timezone)).date()
        stats = stats_of(link, last=today, days=days)
        return Response(stats_body(link, stats, sources_of(link, since=now - timedelta(days=days))))


class QrView(ApiView):
    """``/links/{id}/qr.svg``."""

    scopes: ClassVar[dict[str, str]] = {"GET": "links:read"}
    operations: ClassVar[dict[str, Operation]] = {"GET": docs.LINK_QR}

    def get(self, request: Request, link_id: str) -> HttpResponse:
        """The picture."""
        return HttpResponse(qr_svg(short_url(named(request, link_id).code)), content_type="image/svg+xml")


def _wish(request: Request) -> Wish:
    given = {name: request.query_params.get(name, "") for name in ("q", "kind", "folder", "tag", "archived")}
    if given["kind"] and given["kind"] not in LinkKind.values:
        raise ValidationError({"kind": [f"Use one of {', '.join(LinkKind.values)}."]})
    if given["archived"] not in ("", "true", "false"):
        raise ValidationError({"archived": ["Use true or false."]})
    return Wish(
        search=given["q"],
        kind=given["kind"],
        folder=given["folder"],
        tag=given["tag"],
        archived=given["archived"] == "true",
    )


def _days(request: Request) -> int:
    given = request.query_params.get("days", "") or "30"
    if not (given.isascii() and given.isdigit() and len(given) < 6 and 1 <= int(given) <= MOST_DAYS):
        raise ValidationError({"days": [f"Use a whole number from 1 to {MOST_DAYS}."]})
    return int(given)
