"""The abuse walk: what anybody could try at any page. Each check goes over the pages it is given and tells what is wrong."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from chat33.orgs.models import Organization, Role
from chat33.orgs.roles import may
from tests.architecture.made import make_row
from tests.architecture.routes import Route
from tests.architecture.rows import snapshot, tenants
from tests.factories import make_member
from tests.people import Person

SHUT = 403
FORM_ONLY = 405  # takes forms and shows nothing
NOWHERE = (404, FORM_ONLY)
SCRIPT = "<script>alert(1)</script>"
JUNK = (
    "-1", "0", "99999999999999999999", "9999-99-99", "2026-02-30", "0000-00-00", "2026-13", "2026-W99", "\x00", "a\x00b",
    "x" * 10_000, SCRIPT, "é \U0001f600 %00", "[]", "{}", "null", "NaN", "1e309", "' OR 1=1 --", "../../../etc/passwd",
    "2026-11-21T25:61", "post_", "\ud83d", " ", "",
)  # fmt: skip
# What an address' parameter may be other than the id of a row: some value that is right.
WORDS: dict[str, str] = {
    "platform": "x",
    "kind": "connection",
    "slug": "create-post",
    "token_kind": "mmp",
    "event_key": "0b8d4f0e-4a52-4f0e-9a55-0f3c7e1c2d33",
}


@dataclass(frozen=True)
class Try:
    """One request of the walk, and what came of it."""

    method: str
    url: str
    status: int
    text: str
    location: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.url[:120]} -> {self.status}"


def tried(client: Client, method: str, url: str, data: Any = None, **more: Any) -> Try:
    """Send it. What raises in a view counts as 500, with its words."""
    try:
        send = client.post if method == "POST" else client.get
        reply: Any = send(url, data or {}, **more)
    except Exception as error:  # whatever a view raises is what is looked for
        return Try(method, url, 500, f"{type(error).__name__}: {error}")
    body = b"".join(reply.streaming_content) if reply.streaming else reply.content
    return Try(method, url, reply.status_code, body.decode("utf-8", "replace"), reply.headers.get("Location", ""))


@cache
def _named() -> Mapping[str, type[Any]]:
    """Which rows an address' parameter means: ``post_id`` those whose public ids begin with ``post_``, or are made by a
    function of that name.
    """
    found: dict[str, type[Any]] = {}
    for model in apps.get_models():
        column = {field.name: field for field in model._meta.concrete_fields}.get("public_id")
        maker = getattr(column, "default", None)
        if callable(maker):
            found[maker.__name__] = found[f"{str(maker()).partition('_')[0]}_id"] = model
    return found


def unknown(routes: Iterable[Route]) -> set[str]:
    """The parameters that nobody has said the meaning of."""
    return {name for route in routes for name in route.names if name not in _named() and name not in WORDS}


def right(route: Route, organization: Organization) -> dict[str, str]:
    """The parameters' values, as one of the organization's own members would have them."""
    return {name: _right(name, organization) for name in route.names}


def _right(name: str, organization: Organization) -> str:
    model = _named().get(name)
    if model is None:
        return WORDS.get(name, "x")
    if model is Organization:
        return organization.public_id
    found = _rows_of(model, organization).order_by("pk").last() or make_row(model, organization)
    return str(found.public_id)


def places(routes: Iterable[Route], organization: Organization) -> list[tuple[Route, str]]:
    """The pages with their addresses at the organization; rows that they need are there from then on."""
    return [(route, route.filled(right(route, organization))) for route in routes]


def _rows_of(model: type[Any], organization: Organization) -> Any:
    if model in tenants():
        return model._default_manager.filter(organization=organization)
    return model._default_manager.filter(memberships__organization=organization)


ASIDE = ("django_session", "tracking_digest")
"""What looking may write: who was there when, and what it found, ready for the next look."""


def row_counts() -> dict[str, int]:
    """How many rows every table has, those that looking writes aside."""
    tables = {
        model._meta.label: connection.ops.quote_name(model._meta.db_table)
        for model in apps.get_models()
        if model._meta.managed and model._meta.db_table not in ASIDE
    }
    with connection.cursor() as cursor:  # one question, not a hundred
        cursor.execute(
            " UNION ALL ".join(f"SELECT '{label}', count(*) FROM {table}" for label, table in tables.items())
        )
        return dict(cursor.fetchall())


def written() -> list[tuple[str, int]]:
    """How often this transaction has made, changed or deleted a row of each other table; what it took back too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relid::regclass::text, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
            " WHERE relname <> ALL(%s) AND n_tup_ins + n_tup_upd + n_tup_del > 0 ORDER BY 1",
            [list(ASIDE)],
        )
        found: list[tuple[str, int]] = cursor.fetchall()
    return found


def strangers(routes: Iterable[Route], owner: Person, stranger: Person) -> list[str]:
    """Another organization's ids lead to 404, as ids that nobody has, and change nothing."""
    named = places([route for route in routes if any(name in _named() for name in route.names)], owner.organization)
    client, before, wrong = stranger.browser(), snapshot(owner.organization), []
    for _, url in named:
        for method in ("GET", "POST"):
            made = tried(client, method, url)
            if made.status not in NOWHERE or owner.organization.name in made.text:
                wrong.append(f"{made} for another organization's id")
    return wrong + ([] if snapshot(owner.organization) == before else ["another organization's rows were changed"])


def roles(routes: Iterable[Route], owner: Person, *, own: Mapping[str, str]) -> list[str]:
    """Each role opens what its door allows and is told 403 otherwise; a viewer changes nothing but what is their ``own``."""
    wrong = []
    found = places(routes, owner.organization)
    for role in (Role.VIEWER, Role.CONTRIBUTOR, Role.EDITOR):
        client = Person(make_member(owner.organization, role), owner.organization, "").browser()
        before = snapshot(owner.organization)
        for route, url in found:
            assert route.permission is not None
            allowed = may(role, route.permission)
            looked = tried(client, "GET", url)
            if looked.status != FORM_ONLY and (looked.status == SHUT) == allowed:
                wrong.append(f"{looked} for a {role}, whose role {'allows' if allowed else 'does not allow'} it")
            if (allowed and role != Role.VIEWER) or any(re.fullmatch(known, route.template) for known in own):
                continue
            sent = tried(client, "POST", url)
            if sent.status != SHUT and sent.status not in NOWHERE:
                wrong.append(f"{sent} for a {role}")
        if snapshot(owner.organization) != before:
            wrong.append(f"a {role} has changed something")
    return wrong


def forgeries(routes: Iterable[Route], owner: Person) -> list[str]:
    """A form that another site sends, or one with a wrong token, is 403 wherever it goes."""
    wrong = []
    client = owner.browser(csrf=True)
    client.cookies["csrftoken"] = "a" * 32
    for _, url in places(routes, owner.organization):
        for data in ({}, {"csrfmiddlewaretoken": "b" * 32}):
            sent = tried(client, "POST", url, data)
            if sent.status != SHUT:
                wrong.append(f"{sent} for a forged form")
    return wrong


def anonymous(routes: Iterable[Route], owner: Person) -> list[str]:
    """Who is not logged in is led to the login and back, and sees nothing."""
    wrong = []
    for _, url in places(routes, owner.organization):
        looked, sent = tried(Client(), "GET", url), tried(Client(), "POST", url)
        if looked.status != FORM_ONLY and not looked.location.startswith("/accounts/login/?next="):
            wrong.append(f"{looked} to {looked.location!r} for nobody")
        if sent.status not in (302, 401, 403, 405) or (sent.status == 302 and "/accounts/login/" not in sent.location):
            wrong.append(f"{sent} for nobody")
    return wrong


def readings(routes: Iterable[Route], owner: Person) -> list[str]:
    """Opening every page changes no row of any table. Rows are compared where something was written, and at the end."""
    wrong, client = [], owner.browser()
    found = places(routes, owner.organization)
    rows, before, writes = row_counts(), snapshot(owner.organization), written()
    for number, (_, url) in enumerate(found, 1):
        looked = tried(client, "GET", url)
        if looked.status >= 500:
            wrong.append(f"{looked} {looked.text}")
        known, writes = writes, written()
        if writes == known and number < len(found):
            continue
        after, now = row_counts(), snapshot(owner.organization)
        if after != rows or now != before:
            changed = {name: after[name] - rows[name] for name in rows if after[name] != rows[name]}
            wrong.append(f"{looked} changed rows: {changed or 'their content'}")
            rows, before = after, now
    return wrong


def floods(routes: Iterable[Route], owner: Person) -> list[str]:
    """A form of 2 MB is answered, not carried, in whatever encoding it comes."""
    wrong, client = [], owner.browser(csrf=True)
    client.cookies["csrftoken"] = "a" * 32
    token = {"X-CSRFToken": "a" * 32}
    big = {"text": "x" * 2_000_000}
    many = {f"field{number}": "" for number in range(5_000)}
    bodies = (
        (urlencode(big), "application/x-www-form-urlencoded"),
        (encode_multipart(BOUNDARY, big), MULTIPART_CONTENT),
        (encode_multipart(BOUNDARY, many), MULTIPART_CONTENT),
    )
    for _, url in places(routes, owner.organization):
        sent = [tried(client, "POST", url, body, content_type=kind, headers=token) for body, kind in bodies]
        wrong += [
            f"{made} for a body that is too large {made.text[:200] if made.status == 500 else ''}"
            for made in sent
            if made.status not in (400, 403, 404, 405, 413) or not made.text.strip()
        ]
    return wrong


def junk(routes: Iterable[Route], owner: Person) -> list[str]:
    """Nonsense in every parameter that a page asks for never breaks it and is never repeated as markup; nor does nonsense
    in place of an id.
    """
    wrong, client = [], owner.browser()
    for route, url in places(routes, owner.organization):
        for number, query in enumerate(_queries(sorted(asked(client, url)))):
            text = urlencode(query, errors="surrogatepass")
            made = tried(client, "GET", f"{url}?{text}", headers={"HX-Request": "true"} if number % 2 else {})
            if made.status >= 500:
                wrong.append(f"{made} {made.text[:200]} for {str(query)[:100]}")
            if SCRIPT in made.text:
                wrong.append(f"{made} repeats a script")
        for value in ("\x00", "x" * 3_000, SCRIPT, "0", "post_" + "z" * 26, "..", "%2e%2e%2f") if route.names else ():
            for method in ("GET", "POST"):
                made = tried(client, method, route.filled(dict.fromkeys(route.names, value)))
                if made.status not in (400, *NOWHERE):
                    wrong.append(f"{made} {made.text[:200] if made.status >= 500 else ''} for an id that is none")
    return wrong


def _queries(names: list[str]) -> Iterator[dict[str, str]]:
    """Every kind of junk in all parameters at once, and in every parameter alone some kinds of it."""
    for number, value in enumerate(JUNK if names else ()):
        yield dict.fromkeys(names, value)
        yield {names[number % len(names)]: value}
    for number, name in enumerate(names):
        yield {name: JUNK[number % len(JUNK)]}


def scribbles(routes: Iterable[Route], owner: Person) -> list[str]:
    """Nonsense in every field of every form is answered, never a failure of ours."""
    wrong, client = [], owner.browser()
    for _, url in places(routes, owner.organization):
        if tried(client, "POST", url).status == 405:
            continue
        sent: list[dict[str, str]] = []
        for query in _queries(sorted(asked(client, url, "POST"))):
            if query in sent:
                continue
            sent.append(query)
            data = {
                name: value.encode("utf-8", "surrogatepass").decode("utf-8", "replace") for name, value in query.items()
            }
            made = tried(client, "POST", url, data)
            if made.status >= 500:
                wrong.append(f"{made} {made.text[:200]} for {str(query)[:100]}")
            if SCRIPT in made.text:
                wrong.append(f"{made} repeats a script")
    return wrong


def asked(client: Client, url: str, method: str = "GET") -> set[str]:
    """The parameters or fields that the page asks for, those too that it asks for only when others are there."""
    names: set[str] = set()
    with pytest.MonkeyPatch.context() as patch:
        for way in ("get", "getlist", "__getitem__", "__contains__"):
            patch.setattr(QueryDict, way, _recording(getattr(QueryDict, way), names))
        for value in ("", "1", "list", "2026-11-21"):
            known = {"_", *names}
            data = dict.fromkeys(known, value)
            tried(
                client,
                method,
                f"{url}?{urlencode(data)}" if method == "GET" else url,
                data if method == "POST" else None,
            )
    return {name for name in names if name not in ("_", "csrfmiddlewaretoken")}


def _recording(method: Callable[..., Any], names: set[str]) -> Callable[..., Any]:
    def record(self: Any, key: Any, *rest: Any, **more: Any) -> Any:
        names.add(str(key))
        return method(self, key, *rest, **more)

    return record
