"""What every request passes on its way in and every answer on its way out."""

import logging
import re
import sys
import time
from collections.abc import Callable
from functools import cache
from ipaddress import ip_address
from typing import Any

import structlog
from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.conf import settings
from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponseBase

from chat33.lib import metrics
from chat33.lib.clock import utcnow
from chat33.lib.ids import new_id
from chat33.logs import given_request_id
from integrations import requestlog
from integrations.auth import Caller
from integrations.models import ApiKey

logger = structlog.get_logger("chat33.requests")

Handler = Callable[[HttpRequest], HttpResponseBase]

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
API = "/api/v1/"
STATIC = "static"
UNROUTED = "unrouted"  # addresses that lead nowhere
QUIET = frozenset({"healthz", "readyz", "metrics", STATIC})  # told at debug level while all is well


class RequestLog:
    """Gives each request an id, which the answer bears and all events of its work repeat, here and in the workers; when it
    is answered, tells one event and measures it. The outermost, so that nothing is answered without.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, measured."""
        began = time.monotonic()
        request_id = given_request_id(request.headers.get("X-Request-ID")) or new_id("req")
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = request_id
            seconds = time.monotonic() - began
            _tell(request, response, seconds)
            if request.path_info.startswith(API):
                _keep(request, response, seconds, request_id)
        finally:
            structlog.contextvars.clear_contextvars()
        return response


def _tell(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    method = request.method if request.method in METHODS else "OTHER"
    route = _route(request)
    metrics.count(metrics.requests, method, route, str(response.status_code))
    metrics.measure(metrics.request_seconds, seconds, method, route)
    level = logging.ERROR if response.status_code >= 500 else logging.INFO
    if response.status_code < 400 and route in QUIET:
        level = logging.DEBUG
    facts: dict[str, Any] = {"method": method, "route": route, "status": response.status_code}
    raised = getattr(request, "raised", None)
    if raised is not None:
        facts["exc_info"] = raised
    logger.log(level, "request", **facts, ms=round(seconds * 1000, 1), **_caller(request))


def _keep(request: HttpRequest, response: HttpResponseBase, seconds: float, request_id: str) -> None:
    """Into the log of whoever called, if that is known: by a good key or session, or by a key that was one."""
    caller: Caller | None = getattr(request, "auth", None)
    key: ApiKey | None = caller.key if caller else getattr(request, "dead_key", None)
    owner = caller.organization.pk if caller else key.organization_id if key else None
    if owner is None:
        return
    error, message = _error(response)
    requestlog.note(
        requestlog.Note(
            organization_id=owner,
            key_id=key.pk if key else None,
            user_id=caller.membership.user_id if caller and caller.membership else None,
            method=request.method if request.method in METHODS else "OTHER",
            route=_template(_route(request)),
            path=request.path_info,
            query=request.META.get("QUERY_STRING", ""),
            status=response.status_code,
            error=error,
            message=message,
            milliseconds=seconds * 1000,
            request_id=request_id,
            address=_address(request),
            client=request.headers.get("User-Agent", ""),
            at=utcnow(),
        )
    )


def _error(response: HttpResponseBase) -> tuple[str, str]:
    """Code and message of an answer that is an error of the API's."""
    body = getattr(response, "data", None) if response.status_code >= 400 else None
    if isinstance(body, dict):
        return str(body.get("error", "")), str(body.get("message", ""))
    return ("INTERNAL_ERROR", "") if response.status_code >= 500 else ("", "")


def _address(request: HttpRequest) -> str | None:
    """Where the request came from, as our edge or proxy saw it where there is one."""
    passed_on = request.headers.get("X-Forwarded-For", "") if settings.BEHIND_ANY else ""
    try:
        return str(ip_address(passed_on.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return None


@cache
def _template(route: str) -> str:
    """``api/v1/posts/<str:post_id>`` as the reference has it: ``/posts/{id}``."""
    return "/" + re.sub(r"<[^>]+>", "{id}", route).removeprefix(API.lstrip("/"))


def _route(request: HttpRequest) -> str:
    """The address' template, so that neither ids nor secrets of addresses are told."""
    if request.resolver_match is not None:
        return str(request.resolver_match.route)
    return STATIC if request.path_info.startswith(settings.STATIC_URL) else UNROUTED


def _caller(request: HttpRequest) -> dict[str, str]:
    """Who called, as far as that was asked: organization, public id, and of a key its prefix."""
    caller: Caller | None = getattr(request, "auth", None)  # set by DRF once it has authenticated
    if caller is not None:
        key = {"key_prefix": caller.key.prefix} if caller.key else {}
        return {"organization": caller.organization.public_id, "caller": caller.public_id, **key}
    person = getattr(request, "_cached_user", None)  # Django's, once somebody has asked for the user
    return {"caller": person.public_id} if person is not None and person.is_authenticated else {}


def _remember(sender: Any, request: HttpRequest | None = None, **_: Any) -> None:
    if request is not None:
        request.raised = sys.exc_info()  # type: ignore[attr-defined]  # read by _tell


got_request_exception.connect(_remember, dispatch_uid="chat33.requests")


# django-unfold's pages run Alpine.js, which evaluates what its attributes say, and set style attributes.
ADMIN_POLICY: dict[str, list[str]] = {
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF],
    "style-src-attr": [UNSAFE_INLINE],
}
PERMISSIONS = ", ".join(
    f"{name}=()" for name in ("accelerometer", "camera", "geolocation", "gyroscope", "microphone", "payment", "usb")
)


class Policies:
    """Headers that say what a page of ours may do: a content policy of its own for the admin, no devices for anybody, and
    nothing of ours inside other people's pages.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, with the headers that the view has not set itself."""
        response = self.get_response(request)
        if request.path_info.startswith("/admin/"):
            response._csp_replace = ADMIN_POLICY  # type: ignore[attr-defined]  # django-csp reads it
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response
