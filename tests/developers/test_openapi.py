"""The OpenAPI document: in step with the code, valid, complete, and open to everyone."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver
from jsonschema import Draft202012Validator
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from chat33.api.views import ApiView
from tests.contracts.document import PATH, document
from tests.people import Client

METHODS = ("get", "post", "put", "patch", "delete")
# Limits are told as they are set; the committed document tells those that nobody changed.
DEFAULT_LIMITS = {"POSTS": "30/h", "MEDIA": "50/h", "API_KEYS": "10/h", "API": "1200/m"}
DEFAULT_DAILY = {"instagram": "25", "facebook": "50", "tiktok": "20", "youtube": "6", "x": "300"}


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each operation by its method and path."""
    for path, item in document()["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


OPERATIONS = list(operations())
each_operation = pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])


def routes(patterns: Any = None, prefix: str = "/") -> Iterator[tuple[str, type[Any]]]:
    """Each route below /api/v1/ that a view of the public API stands behind."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and path.startswith("/api/v1/"):
            view = getattr(pattern.callback, "view_class", None)
            if view is not None:
                yield path.removeprefix("/api/v1"), view


def test_the_committed_document_is_what_the_code_says(tmp_path: Path, settings: Settings) -> None:
    settings.LIMITS, settings.DAILY_LIMITS = DEFAULT_LIMITS, DEFAULT_DAILY
    made = tmp_path / "openapi.json"

    call_command("spectacular", file=str(made), format="openapi-json", validate=True, fail_on_warn=True)

    assert made.read_text() == PATH.read_text(), (
        "docs/openapi.json is out of step with the code. Run `make openapi`, look at the difference, and commit it."
    )


def test_every_schema_is_a_json_schema() -> None:
    for schema in document()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere() -> None:
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', PATH.read_text()):
        place: Any = document()
        for name in reference.split("/"):
            place = place[name]


def test_every_example_fits_its_schema() -> None:
    checked = 0
    for name, operation in operations():
        bodies = [operation.get("requestBody", {"content": {}}), *operation["responses"].values()]
        for body in bodies:
            body = document()["components"]["responses"][body["$ref"].rpartition("/")[2]] if "$ref" in body else body
            for content in body["content"].values():
                schema = {**content["schema"], "components": document()["components"]}
                for example in content.get("examples", {}).values():
                    assert Draft202012Validator(schema).is_valid(example["value"]), name
                    checked += 1
    assert checked > 200


def test_every_route_of_the_public_api_is_described() -> None:
    described = {name for name, _ in operations()}
    for path, view in routes():
        assert issubclass(view, ApiView)
        handled = {method.upper() for method in METHODS if hasattr(view, method)}
        assert set(view.scopes) == set(view.operations) == handled, view
        for method in handled:
            assert f"{method} {re.sub('<[^>]+>', '{id}', path)}" in described
    assert len(described) == 36


@each_operation
def test_every_operation_says_what_a_client_needs(name: str, operation: dict[str, Any]) -> None:
    assert re.fullmatch(r"[a-z]+([A-Z][a-z]*)+", operation["operationId"])
    assert operation["summary"]
    assert operation["tags"][0] in {tag["name"] for tag in document()["tags"]}
    assert operation["security"] in ([{"apiKey": []}, {"session": []}], [{"session": []}])
    assert bool(operation["x-required-scopes"]) == ({"apiKey": []} in operation["security"])
    statuses = {int(status) for status in operation["responses"]}
    assert {401, 403, 429, 503} <= statuses
    assert ("{id}" in name) == (404 in statuses)
    if "requestBody" in operation:
        assert {400, 413, 415} <= statuses
        assert all(
            content["examples"] for kind, content in operation["requestBody"]["content"].items() if "json" in kind
        )
    parameters = {parameter["name"] for parameter in operation.get("parameters", ())}
    assert ("Idempotency-Key" in parameters) == (422 in statuses)


@each_operation
def test_every_answer_has_a_shape_and_an_example(name: str, operation: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        shared = "$ref" in response
        response = document()["components"]["responses"][response["$ref"].rpartition("/")[2]] if shared else response
        assert response["description"]
        if "application/json" not in response["content"]:
            assert set(response["content"]) <= {"image/svg+xml"}
            continue
        content = response["content"]["application/json"]
        assert content["examples"]
        assert (content["schema"]["$ref"] == "#/components/schemas/Error") == (int(status) >= 400)


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for _, operation in operations()]

    assert len(set(ids)) == len(ids)


def test_creating_tells_of_its_headers() -> None:
    created = document()["paths"]["/posts"]["post"]["responses"]["201"]["headers"]
    limited = document()["components"]["responses"]["RateLimited"]["headers"]

    assert set(created) == {"Idempotent-Replayed", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}
    assert set(limited) == {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After"}


def test_uploading_takes_json_and_forms() -> None:
    content = document()["paths"]["/media/upload"]["post"]["requestBody"]["content"]

    assert set(content) == {"application/json", "multipart/form-data"}


def test_the_document_is_open_to_everyone_and_costs_nothing(
    django_assert_num_queries: DjangoAssertNumQueries, db: None, settings: Settings
) -> None:
    with django_assert_num_queries(0):
        reply = Client().get("/api/v1/openapi.json")
        again = Client().get("/api/v1/openapi.json", headers={"if-none-match": reply.headers["ETag"]})

    served = json.loads(reply.content)
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "application/json")
    assert "public" in reply.headers["Cache-Control"]
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert (again.status_code, again.content) == (304, b"")
    assert served["openapi"] == "3.1.0"
    assert served["paths"].keys() == document()["paths"].keys()
    assert served["servers"] == [{"url": f"{settings.BASE_URL}/api/v1"}]
