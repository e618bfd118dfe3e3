"""One search finds everything by the beginning of its id, e-mail address or name, for who may see it."""

from typing import Any

import pytest
from django.contrib import admin
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chat33.orgs.models import Organization, User
from integrations.models import ApiKey, Channel
from posts.models import Media, Post
from tests.operators.rows import fill
from tests.operators.test_access import staff


@pytest.fixture(autouse=True)
def _nothing_remembered(db: None) -> None:
    cache.clear()  # the admin keeps what it found for some minutes


def found(client: Client, term: str) -> list[str]:
    reply = client.get("/admin/search/", {"s": term, "extended": "1"})
    assert reply.status_code == 200
    return [result.link for result in reply.context["results"]] if reply.context else []


def page(row: Any) -> str:
    return f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/"


def test_everything_is_found_by_its_id_whole_or_begun(desk: Client) -> None:
    fill(1)
    for model in (Organization, User, Channel, ApiKey, Post, Media):
        row = model._default_manager.latest("pk")
        assert page(row) in found(desk, row.public_id), model
        assert page(row) in found(desk, row.public_id[:-2]), model
        assert page(row) in found(desk, row.public_id.upper()), model


def test_and_by_the_beginning_of_an_address_or_a_name(desk: Client, operator: User) -> None:
    fill(1)
    organization, channel, key = Organization.objects.get(), Channel.objects.get(), ApiKey.objects.get()

    assert page(operator) in found(desk, "operator@")
    assert page(operator) in found(desk, "olg")
    assert page(organization) in found(desk, organization.name[:9].upper())
    assert page(channel) in found(desk, channel.username)
    assert page(key) in found(desk, key.prefix)


@pytest.mark.parametrize("term", ["x", "%%", "post_\x00", "nothing that is there", "' OR 1=1", "post_" + "z" * 3000])
def test_what_is_nowhere_is_not_found(desk: Client, term: str) -> None:
    fill(1)

    assert found(desk, term) == []


def test_nobody_finds_what_they_may_not_see() -> None:
    fill(1)
    client = staff("posts.view_post")

    assert found(client, Organization.objects.get().public_id) == []
    assert found(client, Post.objects.get().public_id) == [page(Post.objects.get())]


def test_it_costs_the_same_however_many_rows_there_are(desk: Client) -> None:
    def cost() -> int:
        cache.clear()
        with CaptureQueriesContext(connection) as captured:
            found(desk, "post_0")
        return len(captured)

    fill(1)
    cost()
    one = cost()
    for number in range(2, 12):
        fill(number)

    assert cost() == one
    assert len(found(desk, "post_0")) == 6


def test_every_list_can_be_searched() -> None:
    assert [model.__name__ for model, page in admin.site._registry.items() if not page.search_fields] == []
