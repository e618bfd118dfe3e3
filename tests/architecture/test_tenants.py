"""The tenant walk: every address, with every id of another organization, by every method, with a key and with a session.

A stranger learns nothing, not even that a thing exists: the answer is the one for an id that nobody has.
"""

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from chat33.lib.ids import new_id
from posts.models import Post
from tests.architecture.routes import METHODS, api_routes
from tests.architecture.rows import PARAMETERS, add_every_state, add_rows, all_ids, latest, snapshot
from tests.factories import make_channel, make_post
from tests.people import Client, Person

Walker = tuple[str, Callable[[Person], Client]]
WALKERS: list[Walker] = [("key", Person.api), ("session", Person.browser)]
NAMED = [route for route in api_routes() if route.names]
# Whatever an operation takes, so that it is not the body that is refused.
BODY = {"as": "published", "text": "Changed", "status": "CANCELLED", "scheduledAt": None, "name": "Changed"}


@pytest.fixture(autouse=True)
def _no_wall(settings: Settings) -> None:
    """Many requests in a row are what is tested here."""
    settings.LIMITS = {**settings.LIMITS, "API": "off"}


@pytest.fixture
def victim(owner: Person, stranger: Person) -> Person:
    """The owner, with rows of everything in every state; the stranger has some too."""
    add_rows(owner, 1)
    add_every_state(owner)
    add_rows(stranger, 1)
    return owner


def answer(client: Client, method: str, url: str) -> tuple[int, Any]:
    reply = (
        client.generic(method, url) if method == "GET" else getattr(client, method.lower())(url, BODY, format="json")
    )
    if not reply.headers.get("Content-Type", "").startswith("application/json"):
        return reply.status_code, reply.content
    return reply.status_code, reply.json() if reply.content else None


def test_every_parameter_is_known() -> None:
    assert {name for route in NAMED for name in route.names} == set(PARAMETERS)
    assert {len(route.names) for route in NAMED} == {1}


@pytest.mark.parametrize("walker", WALKERS, ids=lambda walker: walker[0])
def test_no_id_of_another_organization_leads_anywhere(victim: Person, stranger: Person, walker: Walker) -> None:
    client = walker[1](stranger)
    ids = sorted(all_ids(victim.organization) - all_ids(stranger.organization))
    before, walked = snapshot(victim.organization), 0

    for route in NAMED:
        nobodys = new_id(PARAMETERS[route.names[0]].prefix)
        for method in METHODS:
            nothing = answer(client, method, route.url(nobodys))
            assert nothing[0] in ((404, 401) if method in route.methods else (405, 401)), (method, route)
            for given in ids if method in route.methods else ids[-1:]:
                assert answer(client, method, route.url(given)) == nothing, (method, route, given)
                walked += 1

    assert snapshot(victim.organization) == before
    assert walked > 300


@pytest.mark.parametrize("walker", WALKERS, ids=lambda walker: walker[0])
def test_their_own_ids_do_lead_somewhere(victim: Person, stranger: Person, walker: Walker) -> None:
    """Else the walk would prove nothing."""
    client = walker[1](stranger)
    for route in NAMED:
        if "GET" in route.methods:
            assert answer(client, "GET", route.url(latest(route.names[0], stranger.organization)))[0] == 200, route


@pytest.mark.parametrize("walker", WALKERS, ids=lambda walker: walker[0])
def test_no_list_shows_another_organization_s_rows(victim: Person, stranger: Person, walker: Walker) -> None:
    client = walker[1](stranger)
    ids = {given for given in all_ids(victim.organization) if "_" in given}
    for route in api_routes():
        if not route.names and "GET" in route.methods:
            text = client.get(route.url()).content.decode()
            assert [given for given in ids if given in text] == [], route


@pytest.mark.parametrize("walker", WALKERS, ids=lambda walker: walker[0])
def test_a_filter_by_another_organization_s_row_finds_nothing(victim: Person, stranger: Person, walker: Walker) -> None:
    client = walker[1](stranger)
    post = Post.objects.filter(organization=victim.organization).latest("id")

    assert client.send("GET", f"posts?channelId={post.channel.public_id}").json()["items"] == []
    assert client.send("GET", f"callbacks?postId={post.public_id}").json()["items"] == []


@pytest.mark.parametrize("walker", WALKERS, ids=lambda walker: walker[0])
@pytest.mark.parametrize("path", ["posts", "posts/validate", "posts/{mine}/duplicate"])
def test_nothing_is_made_for_another_organization_s_channel(
    victim: Person, stranger: Person, walker: Walker, path: str
) -> None:
    client, before = walker[1](stranger), snapshot(victim.organization)
    mine = make_post(make_channel(stranger.organization)).public_id
    count = Post.objects.count()

    def made_for(channel: str) -> tuple[int, Any]:
        reply = client.send("POST", path.format(mine=mine), {"accountIds": [channel], "text": "Hello"})
        return reply.status_code, reply.json()

    theirs = victim.organization.channels.get(platform="facebook").public_id
    assert made_for(theirs) == made_for(new_id("chan"))
    assert made_for(theirs)[0] == 400
    assert Post.objects.count() == count
    assert snapshot(victim.organization) == before


def test_a_session_does_not_open_an_organization_its_person_is_not_in(victim: Person, stranger: Person) -> None:
    def named(organization: str) -> tuple[int, Any]:
        reply = stranger.browser().send("GET", "posts", headers={"X-Organization": organization})
        return reply.status_code, reply.json()

    assert named(victim.organization.public_id) == named(new_id("org"))
    assert named(victim.organization.public_id)[0] == 401


def test_the_admin_is_closed_to_both(victim: Person, stranger: Person) -> None:
    post = Post.objects.filter(organization=victim.organization).latest("id")

    for url in ("/admin/", "/admin/posts/post/", f"/admin/posts/post/{post.pk}/change/", "/metrics"):
        assert stranger.browser().get(url).status_code in (302, 403)
        assert stranger.api().get(url).status_code in (302, 401)
