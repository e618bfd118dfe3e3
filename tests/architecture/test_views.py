"""Every address is meant to be there, and every operation says who may call it."""

import re

import pytest
from drf_spectacular.generators import SchemaGenerator

from chat33.api import scopes
from chat33.api.permissions import HasScope
from chat33.api.views import ApiView
from integrations.auth import ApiKeyAuthentication, SessionAuthentication
from tests.architecture.routes import API, METHODS, Route, api_routes, patterns

# What is neither an operation of the public API nor a page behind the door, and why it is there.
ELSEWHERE = {
    r"(welcome|organizations/(new|switch))/": "for whoever is logged in, also without an organization",
    r"join/.*": "where an invitation's link leads",
    r"notifications/stop/.*": "where the link in an e-mail leads that ends them",
    r"logos/<str:name>": "pictures for whoever was told their address",
    r"mail/.*": "the practice inbox of a local installation",
    r"\^api/": "answers 404 in the API's own shape",
    r"api/v1/openapi\.json": "describes the API",
    r"llms\.txt": "describes it to programs that read",
    r"developers/(api/|reference/<slug:slug>\.md)": "describes it to whoever reads",
    r"media/<str:token>/<str:name>": "files for whoever was told their address",
    r"(healthz|readyz|metrics)": "for those who watch the installation",
    r"admin/.*": "for operators",
    r"view-as/stop/": "an operator's way back to the admin",
    r"(accounts|_allauth)/.*": "logging in, by allauth",
}
ROUTES = api_routes()


def test_every_address_is_an_operation_or_a_page_with_its_permission_or_has_its_reason() -> None:
    every = list(patterns())
    others = [route.template for route in every if route not in ROUTES and route.permission is None]

    assert [template for template in others if not any(re.fullmatch(known, template) for known in ELSEWHERE)] == []
    assert [known for known in ELSEWHERE if not any(re.fullmatch(known, route.template) for route in every)] == []


def test_the_public_api_is_below_one_address() -> None:
    assert [route.template for route in ROUTES if not route.template.startswith(API)] == []
    assert len(ROUTES) >= 16


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_every_method_declares_a_scope_that_is_on_the_list(route: Route) -> None:
    view = route.view

    assert issubclass(view, ApiView)
    assert set(view.scopes) == set(route.methods)
    assert set(view.scopes.values()) <= set(scopes.ALL)
    assert view.permission_classes == [HasScope]
    assert all(issubclass(kind, ApiKeyAuthentication | SessionAuthentication) for kind in view.authentication_classes)


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_method_that_only_reads_asks_for_no_more_than_reading(route: Route) -> None:
    reading = {scope for method, scope in route.view.scopes.items() if method == "GET"}

    assert reading <= scopes.READING


def test_every_operation_is_in_the_schema_and_no_other() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    described = {
        (method.upper(), re.sub(r"\{[^}]+\}", "{}", path).strip("/"))
        for path, item in schema["paths"].items()
        for method in item
        if method.upper() in METHODS
    }
    served = {
        (method, re.sub(r"<[^>]+>", "{}", route.template.removeprefix(API)))
        for route in ROUTES
        for method in route.methods
    }

    assert described == served
