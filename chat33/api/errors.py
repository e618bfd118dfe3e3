"""Every error of the public APIs has one shape, made here: ``{"error", "message", "details"}``."""

from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from django.core.exceptions import ObjectDoesNotExist, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response

from chat33.logs import current_request_id

logger = structlog.get_logger(__name__)


class Conflict(exceptions.APIException):
    """409: the thing is not in a state that allows this."""

    status_code = 409
    default_code = "CONFLICT"
    default_detail = "This is not possible in the present state."


class PayloadTooLarge(exceptions.APIException):
    """413: the body is over its limit."""

    status_code = 413
    default_code = "PAYLOAD_TOO_LARGE"
    default_detail = "The request body is too large."


class IdempotencyMismatch(exceptions.APIException):
    """422: the key was used for another request."""

    status_code = 422
    default_code = "IDEMPOTENCY_MISMATCH"
    default_detail = "This Idempotency-Key was used with another request. Use a new key for a new request."


class InsufficientScope(exceptions.PermissionDenied):
    """403: names the scope that is missing."""

    default_code = "Insufficient scope"


class CsrfFailed(exceptions.PermissionDenied):
    """403: a session's write without its CSRF token."""

    default_code = "CSRF_FAILED"


class RateLimited(exceptions.APIException):
    """429, with the headers that say when to come back."""

    status_code = 429
    default_code = "RATE_LIMIT"

    def __init__(self, message: str, *, headers: Mapping[str, str]) -> None:
        super().__init__(message)
        self.headers = headers


class Unavailable(exceptions.APIException):
    """503: come back soon; nothing was changed."""

    status_code = 503
    default_code = "UNAVAILABLE"
    default_detail = "The service cannot answer right now. Nothing was changed; try again in a few seconds."


_WORDS = {400: "VALIDATION_ERROR", 401: "Unauthorized", 404: "Not found"}


def error_body(error: str, message: str, details: list[Any] | None = None) -> dict[str, Any]:
    """The one shape."""
    return {"error": error, "message": message, "details": details or []}


def handle(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: translate what is ours to say, leave the rest to be a 500."""
    if isinstance(exc, Http404 | ObjectDoesNotExist):
        exc = exceptions.NotFound()
    elif isinstance(exc, DjangoPermissionDenied):
        exc = exceptions.PermissionDenied()
    elif isinstance(exc, RequestDataTooBig):
        exc = PayloadTooLarge()
    elif isinstance(exc, SuspiciousOperation):  # too many form fields or files, a name with a path in it
        exc = exceptions.ParseError("The form cannot be read.")
    elif isinstance(exc, OperationalError | InterfaceError):
        logger.warning("database_unavailable", error=str(exc).splitlines()[0] if str(exc) else "")
        exc = Unavailable()
    if not isinstance(exc, exceptions.APIException):
        return None
    return Response(_body(exc), status=exc.status_code, headers=_headers(exc))


def _body(exc: exceptions.APIException) -> dict[str, Any]:
    if isinstance(exc, exceptions.ValidationError):
        details = list(_flatten(exc.detail, ""))
        first = details[0] if details else {"path": "", "message": "The request is not valid."}
        message = f"{first['path']}: {first['message']}" if first["path"] else first["message"]
        return error_body("VALIDATION_ERROR", message, details)
    code = getattr(exc.detail, "code", "") or exc.default_code
    word = _WORDS.get(exc.status_code) or (code if code in _VERBATIM else code.upper())
    message = "Not found." if isinstance(exc, exceptions.NotFound) else str(exc.detail)
    return error_body(word, message)


_VERBATIM = {"Insufficient scope"}


def _headers(exc: exceptions.APIException) -> dict[str, str]:
    headers = dict(getattr(exc, "headers", {}))
    if getattr(exc, "auth_header", ""):
        headers["WWW-Authenticate"] = str(exc.auth_header)  # type: ignore[attr-defined]  # set by APIView
    if exc.status_code == 503:
        headers["Retry-After"] = "2"
    return headers


def _flatten(detail: Any, path: str) -> Iterator[dict[str, str]]:
    """DRF's nested detail as a list of ``{"path", "message"}``, paths joined by dots."""
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            here = path if key == "non_field_errors" else f"{path}.{key}" if path else str(key)
            yield from _flatten(value, here)
    elif isinstance(detail, list | tuple):
        for index, value in enumerate(detail):
            nested = isinstance(value, Mapping | list | tuple)
            if value or not nested:
                yield from _flatten(value, f"{path}.{index}" if nested and path else path)
    else:
        yield {"path": path, "message": str(detail)}


@csrf_exempt
def not_found(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """404 for an address below /api/ that does not exist."""
    return JsonResponse(error_body("Not found", "There is nothing at this address."), status=404)


def server_error(request: HttpRequest) -> JsonResponse:
    """500 below /api/: says that it is ours and gives the request's id to quote."""
    message = f"Something went wrong on our side. Quote request {current_request_id()} when you report it."
    return JsonResponse(error_body("INTERNAL_ERROR", message), status=500)
