"""X's refusals, in its two shapes of a problem."""

from collections.abc import Mapping
from typing import Any

from integrations.sandbox.store import Document

_TITLES = {
    400: "Invalid Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class Problem(Exception):
    """A refusal to answer with."""

    def __init__(self, status: int, body: Document, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def problem_body(status: int, detail: str) -> Document:
    """A problem without a type of its own."""
    title = _TITLES.get(status, "Error")
    return {"title": title, "detail": detail, "type": "about:blank", "status": status}


def unauthorized() -> Problem:
    """The token is unknown, expired or revoked."""
    return Problem(401, problem_body(401, "Unauthorized"))


def forbidden(detail: str) -> Problem:
    """The token is good, the deed is not."""
    return Problem(403, problem_body(403, detail))


def invalid(message: str, parameters: Mapping[str, Any] | None = None) -> Problem:
    """A parameter is wrong."""
    error: Document = {"message": message}
    if parameters:
        error["parameters"] = dict(parameters)
    return Problem(
        400,
        {
            "errors": [error],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": "https://api.x.com/2/problems/invalid-request",
        },
    )


def not_found(kind: str, parameter: str, value: str) -> Document:
    """A partial error: it comes with 200."""
    return {
        "value": value,
        "detail": f"Could not find {kind} with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": kind,
        "parameter": parameter,
        "resource_id": value,
        "type": "https://api.x.com/2/problems/resource-not-found",
    }
