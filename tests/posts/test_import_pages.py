"""The import room's doors."""

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat33.lib.clock import utcnow
from chat33.orgs.models import Role
from integrations.models import Channel
from posts.imports import MAX_BYTES, run_imports, start_import
from posts.models import Import, Post
from tests.factories import make_channel, make_member
from tests.people import Client, Person

GOOD = "text,accounts,status,mood\nHello,x,draft,fine\n"
SCHEDULED = "text,accounts,scheduled_at\nHello,x,{year}-01-02 09:00\n"


@pytest.fixture
def account(owner: Person) -> Channel:
    return make_channel(owner.organization, "x", name="Demo Coffee")


def upload(client: Client, body: str | bytes = GOOD) -> Any:
    content = body.encode() if isinstance(body, str) else body
    return client.post("/posts/import/", {"file": SimpleUploadedFile("may.csv", content)})


def checked(owner: Person, body: str = GOOD) -> str:
    found = start_import(
        organization=owner.organization, name="may.csv", body=body.encode(), timezone="UTC",
        by=owner.user.public_id, now=utcnow(),
    )  # fmt: skip
    run_imports(seconds=60)
    return f"/posts/import/{found.public_id}/"


def test_a_file_is_uploaded_checked_and_made_into_posts(owner: Person, account: Channel) -> None:
    client = owner.browser()
    assert "No files yet" in client.get("/posts/import/").content.decode()

    url = upload(client).headers["Location"]
    waiting = client.get(url).content.decode()
    assert "0 of 1" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    run_imports(seconds=60)
    page = client.get(url).content.decode()
    assert "Create 1 post<" in page
    assert "This column is not read: mood." in page
    client.post(f"{url}create/")
    run_imports(seconds=60)

    assert Post.objects.get().text == "Hello"
    assert Post.objects.get().public_id in client.get(f"{url}?show=all").content.decode()
    assert 'hx-trigger="every 2s"' not in client.get(url).content.decode()
    assert "may.csv" in client.get("/posts/import/").content.decode()


@pytest.mark.parametrize(
    ("body", "says"), [(b"text\nHi", "accounts"), (b"\xff", "UTF-8"), (b"x" * (MAX_BYTES + 1), "2 MB")]
)
def test_a_file_that_cannot_be_read_is_refused_beside_the_field(owner: Person, body: bytes, says: str) -> None:
    reply = upload(owner.browser(), body)

    assert reply.status_code == 422
    assert says in reply.content.decode()
    assert owner.browser().post("/posts/import/").status_code == 422
    assert not Import.objects.exists()


def test_the_rows_with_problems_are_shown_and_downloaded_to_be_mended(owner: Person, account: Channel) -> None:
    url = checked(owner, "text,accounts,mood\nGood,x,a\n=Bad,nobody,b\n")
    client: Any = owner.browser()

    page = client.get(url).content.decode()
    assert "There is no account called nobody." in page
    body = b"".join(client.get(f"{url}problems/").streaming_content).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(body, newline=""))

    assert (row["text"], row["accounts"]) == ("'=Bad", "nobody")
    assert "no account called" in row["problem"]
    again = upload(client, body.replace("nobody", "x"))
    run_imports(seconds=60)
    assert "Create 1 post<" in client.get(again.headers["Location"]).content.decode()


def test_the_template_can_be_uploaded_as_it_is(owner: Person, account: Channel) -> None:
    client: Any = owner.browser()
    body = b"".join(client.get("/posts/import/template/").streaming_content)

    url = upload(client, body).headers["Location"]
    run_imports(seconds=60)

    assert "Create 1 post<" in client.get(url).content.decode()


def test_a_contributor_imports_drafts_and_schedules_nothing(owner: Person, account: Channel) -> None:
    client = Person(make_member(owner.organization, Role.CONTRIBUTOR), owner.organization, "").browser()
    drafts, scheduled = checked(owner), checked(owner, SCHEDULED.format(year=utcnow().year + 1))

    assert "your role may not schedule" in client.get(scheduled).content.decode()
    assert client.post(f"{scheduled}create/").status_code == 403
    assert client.post(f"{drafts}create/").status_code == 302
    run_imports(seconds=60)
    assert list(Post.objects.values_list("status", flat=True)) == ["DRAFT"]


def test_an_import_is_cancelled(owner: Person, account: Channel) -> None:
    url = checked(owner)

    owner.browser().post(f"{url}cancel/")

    assert Import.objects.get().status == "CANCELLED"
    assert "Only a file that has been checked" in owner.browser().post(f"{url}create/", follow=True).content.decode()


def test_another_organization_s_import_does_not_exist(owner: Person, stranger: Person, account: Channel) -> None:
    url, client = checked(owner), stranger.browser()

    assert client.get(url).status_code == client.get(f"{url}problems/").status_code == 404
    assert client.post(f"{url}create/").status_code == client.post(f"{url}cancel/").status_code == 404
    assert client.get("/posts/import/x/").status_code == 404
    assert "may.csv" not in client.get("/posts/import/").content.decode()


def test_a_viewer_and_nobody_do_not_come_in(owner: Person, account: Channel) -> None:
    viewer = Person(make_member(owner.organization, Role.VIEWER), owner.organization, "").browser()
    url = checked(owner)

    for path in ("/posts/import/", url, f"{url}problems/"):
        assert viewer.get(path).status_code == 403
        assert Client().get(path).status_code == 302
    assert owner.browser(csrf=True).post(f"{url}create/").status_code == 403


def test_a_thousand_rows_cost_as_many_queries_as_one(owner: Person, account: Channel) -> None:
    client = owner.browser()

    def cost(url: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"{url}?show=all").status_code == 200
        return len(queries)

    few = checked(owner, GOOD * 1)
    many = checked(owner, "text,accounts,status\n" + "Hello,x,draft\n" * 20)
    client.get(few)

    assert cost(few) == cost(many)
