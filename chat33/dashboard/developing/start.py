"""The developers' front page: from nothing to a post in three steps, with the reader's own account in the code."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chat33.dashboard.developing.reference import Block, reference, shown
from chat33.dashboard.developing.standins import CHANNELS, usable
from chat33.dashboard.reference.samples import KEY, Call, samples
from chat33.orgs.models import Organization
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from integrations.auth import MANAGING_KEYS
from integrations.selectors import RequestFilter, requests_page

WORDS_ALONE = ("x", "facebook")  # networks that take a post without a picture
TEXT = "Hello from the Chat33 API"
RECENT = 5


@require_safe
@door(Permission.READ)
def developers(request: PageRequest) -> HttpResponse:
    """``/developers/``."""
    organization = request.here.organization
    context = {
        "base_url": reference().base_url,
        "variable": KEY,
        "steps": steps(organization),
        "recent": requests_page(organization, RequestFilter(), limit=RECENT).rows,
        "is_logging": settings.REQUEST_LOG_DAYS > 0,
        "may_manage_keys": request.here.may(MANAGING_KEYS),
    }
    return render(request, "developers/start.html", context)


def steps(organization: Organization) -> list[Block]:
    """The quick start: list the accounts, check a post, create it."""
    base_url, body = reference().base_url, first_post(organization)
    found = (
        ("accounts", "List your accounts", Call(method="GET", url=f"{base_url}/accounts", is_keyed=True)),
        ("check", "Check a post", Call(method="POST", url=f"{base_url}/posts/validate", is_keyed=True, body=body)),
        ("create", "Create it", Call(method="POST", url=f"{base_url}/posts", is_keyed=True, body=body)),
    )
    return [Block(id=name, title=title, samples=shown(samples(call))) for name, title, call in found]


def first_post(organization: Organization) -> dict[str, Any]:
    """A post that copied code may create: at the sandbox it is published, elsewhere it stays a draft."""
    channels = usable(organization)
    fitting = [channel for channel in channels if channel.platform in WORDS_ALONE] or channels
    body: dict[str, Any] = {"accountIds": [fitting[0].public_id if fitting else CHANNELS[0]], "text": TEXT}
    return body if fitting and fitting[0].is_sandbox else {**body, "status": "DRAFT"}
