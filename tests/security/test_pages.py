"""Nobody does at a page what they may not: every page, every kind of abuse. A new page is walked from its first day."""

import re
from collections.abc import Callable

import pytest
from pytest_django.fixtures import Settings

from tests.architecture.routes import Route, page_routes, patterns
from tests.architecture.rows import add_every_state, add_rows
from tests.people import Person
from tests.security import pages, planted

# Where a viewer may send a form, since what it changes is their own.
OWN: dict[str, str] = {
    r"ui/": "the gallery of components changes nothing",
    r"organizations/": "where they work",
    r"home/setup/dismiss/": "their own desk",
    r"notices/(seen/)?": "what they have seen",
    r"settings/(profile|notifications|leave)/": "who they are, what they hear of, and whether they stay",
}
PAGES = page_routes()


@pytest.fixture(autouse=True)
def _no_wall(settings: Settings) -> None:
    """Many requests in a row are what is tested here."""
    settings.LIMITS = {**settings.LIMITS, "API": "off"}


@pytest.fixture
def filled(owner: Person, stranger: Person) -> Person:
    """The owner, with rows of everything in every state; the stranger has some too."""
    add_rows(owner, 1)
    add_every_state(owner)
    add_rows(stranger, 1)
    return owner


def test_every_address_parameter_of_a_page_is_known() -> None:
    assert pages.unknown(PAGES) == set()


def test_another_organization_s_ids_lead_nowhere(filled: Person, stranger: Person) -> None:
    assert pages.strangers(PAGES, filled, stranger) == []


def test_each_role_does_what_it_may_and_no_more(filled: Person) -> None:
    assert pages.roles(PAGES, filled, own=OWN) == []


def test_no_forged_form_is_taken(filled: Person) -> None:
    assert pages.forgeries(PAGES, filled) == []


def test_nobody_is_led_to_the_login_and_back(filled: Person) -> None:
    assert pages.anonymous(PAGES, filled) == []


def test_looking_changes_nothing(filled: Person) -> None:
    assert pages.readings(PAGES, filled) == []


def test_a_body_that_is_too_large_gets_a_clear_answer(filled: Person) -> None:
    assert pages.floods(PAGES, filled) == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_junk_in_an_address_breaks_nothing(filled: Person, page: Route) -> None:
    assert pages.junk([page], filled) == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_junk_in_a_form_breaks_nothing(filled: Person, page: Route) -> None:
    assert pages.scribbles([page], filled) == []


def test_the_walk_sees_what_a_page_asks_for(owner: Person, settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.security.planted"

    assert pages.asked(owner.browser(), "/believes/") == {"page", "q"}


def test_whatever_a_viewer_may_send_is_still_there() -> None:
    templates = [route.template for route in PAGES]

    assert [known for known in OWN if not any(re.fullmatch(known, template) for template in templates)] == []


FOUND: list[tuple[str, Callable[[list[Route], Person, Person], list[str]], str]] = [
    ("leaks", pages.strangers, "GET /leaks/"),
    ("writes", lambda routes, owner, _: pages.roles(routes, owner, own={}), "POST /writes/"),
    ("visits", lambda routes, owner, _: pages.readings(routes, owner), "changed rows"),
    ("trusts", lambda routes, owner, _: pages.forgeries(routes, owner), "for a forged form"),
    ("swallows", lambda routes, owner, _: pages.floods(routes, owner), "too large"),
    ("believes", lambda routes, owner, _: pages.junk(routes, owner), "ValueError"),
    ("believes", lambda routes, owner, _: pages.junk(routes, owner), "repeats a script"),
    ("stores", lambda routes, owner, _: pages.scribbles(routes, owner), "DataError"),
    ("opens", lambda routes, owner, _: pages.anonymous(routes, owner), "GET /opens/"),
]


@pytest.mark.parametrize(("name", "check", "told"), FOUND, ids=lambda value: value if isinstance(value, str) else "")
def test_the_walk_finds_what_it_looks_for(
    filled: Person,
    stranger: Person,
    settings: Settings,
    name: str,
    check: Callable[[list[Route], Person, Person], list[str]],
    told: str,
) -> None:
    settings.ROOT_URLCONF = "tests.security.planted"
    bad = [route for route in patterns() if route.template.startswith(f"{name}/")]
    assert len(bad) == 1

    assert any(told in text for text in check(bad, filled, stranger)), check(bad, filled, stranger)


def test_every_bad_page_is_found_by_some_check() -> None:
    assert {name for name, _, _ in FOUND} == planted.BAD


def test_a_nul_is_left_out_at_the_door(filled: Person) -> None:
    for made in (
        pages.tried(filled.browser(), "GET", "/posts/?view=list&q=%00"),
        pages.tried(
            filled.browser(),
            "POST",
            "/settings/organization/",
            {"name": "De\x00mo", "timezone": "UTC", "currency": "EUR"},
        ),
    ):
        assert made.status in (200, 302)
    filled.organization.refresh_from_db()
    assert filled.organization.name == "Demo"
