"""Replies held against the committed OpenAPI document, strictly: a key that it does not name is as wrong as one missing."""

import copy
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from tests.people import Client

PATH = Path(__file__).resolve().parent.parent.parent / "docs" / "openapi.json"
OPEN = {"AccountMetadata", "PlatformConfig"}
"""What may hold more than is named: networks add facts of their own."""


@cache
def document() -> dict[str, Any]:
    """The committed document."""
    return dict(json.loads(PATH.read_text()))


@cache
def _strict() -> dict[str, Any]:
    strict = copy.deepcopy(document())
    for name, schema in strict["components"]["schemas"].items():
        if "properties" in schema and name not in OPEN:
            schema.setdefault("additionalProperties", False)
    return strict


def conforms(method: str, path: str, reply: Any) -> None:
    """Fail unless the document says that this operation can answer so."""
    operation = _operation(method, path.partition("?")[0].removeprefix("/api/v1"))
    response = operation["responses"].get(str(reply.status_code))
    assert response is not None, (
        f"{method} {path} answered {reply.status_code}, which is not documented: {reply.content!r}"
    )
    response = (
        _strict()["components"]["responses"][response["$ref"].rpartition("/")[2]] if "$ref" in response else response
    )
    assert reply.headers["Content-Type"] == "application/json"
    schema = {**response["content"]["application/json"]["schema"], "components": _strict()["components"]}
    errors = [error.message for error in Draft202012Validator(schema).iter_errors(reply.json())]
    assert not errors, f"{method} {path} {reply.status_code}: {errors} in {reply.json()}"
    undocumented = {name for name in reply.headers if name.startswith(("RateLimit", "Idempotent", "Retry"))}
    assert undocumented <= response.get("headers", {}).keys()


def _operation(method: str, path: str) -> dict[str, Any]:
    known = _strict()["paths"]
    for template in sorted(known, key=lambda template: "{" in template):
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and method.lower() in known[template]:
            return dict(known[template][method.lower()])
    raise AssertionError(f"{method} {path} is not in the document")


class HeldClient(Client):
    """A client whose every reply is held against the document."""

    def send(self, method: str, path: str, body: Any = None, **extra: Any) -> Any:
        reply = super().send(method, path, body, **extra)
        conforms(method, f"/api/v1/{path}", reply)
        return reply
