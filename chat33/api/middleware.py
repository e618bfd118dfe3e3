"""What a service that is away looks like from outside: 503 and when to come back, not a fault of ours."""

from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis.exceptions import RedisError

from chat33.api.errors import Unavailable, error_body

logger = structlog.get_logger(__name__)


class UnavailableMiddleware:
    """Where PostgreSQL or Redis is needed and cannot be had. Logging in is such a place: without Redis nobody counts
    wrong passwords, so it stays closed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """As if it were not there."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """503 for what is ours to translate, else None."""
        if not isinstance(exception, RedisError | OperationalError | InterfaceError):
            return None
        logger.warning("service_unavailable", error=type(exception).__name__)
        body = error_body(Unavailable.default_code, Unavailable.default_detail)
        answer: HttpResponse = HttpResponse(body["message"], content_type="text/plain")
        if request.path.startswith(("/api/", "/_allauth/")):
            answer = JsonResponse(body)
        answer.status_code = 503
        answer["Retry-After"] = "2"
        return answer
