"""An operator sees what a member sees, changes nothing, and leaves a trace."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization, Role, User, ViewAs
from chat33.orgs.viewing import LASTS, RIGHT
from integrations.models import Channel
from tests.architecture.rows import snapshot
from tests.factories import make_member, make_post
from tests.operators.test_access import staff
from tests.people import Person

REASON = "Ticket 41: posts do not leave"
STOP = "/view-as/stop/"


def start(client: Client, organization: Organization, whom: str = "role:owner", reason: str = REASON) -> Any:
    return client.post(f"/admin/view-as/{organization.public_id}/", {"whom": whom, "reason": reason})


def posts_seen(client: Client, **headers: str) -> list[str]:
    reply = client.get("/api/v1/posts", headers=headers)
    assert reply.status_code == 200, reply.content
    return [item["id"] for item in reply.json()["items"]]


@pytest.fixture
def viewer(desk: Client, owner: Person, channel: Channel) -> Client:
    """The operator's browser, looking at Demo Coffee as its owner does."""
    make_post(channel)
    assert start(desk, owner.organization).headers["Location"] == "/"
    return desk


def test_a_viewing_is_written_down_from_start_to_end(viewer: Client, owner: Person, operator: User) -> None:
    row = ViewAs.objects.get()
    assert (row.operator, row.organization, row.role, row.member) == (operator, owner.organization, "owner", None)
    assert row.reason == REASON
    assert row.ends_at - row.started_at == LASTS
    assert row.runs(utcnow())

    assert viewer.post(STOP).headers["Location"] == f"/admin/orgs/organization/{owner.organization.pk}/change/"

    row.refresh_from_db()
    assert row.ended_at is not None
    assert "ended" in viewer.get("/admin/orgs/viewas/").content.decode()


def test_a_member_s_eyes_are_their_role_s(desk: Client, owner: Person) -> None:
    contributor = make_member(owner.organization, Role.CONTRIBUTOR)
    start(desk, owner.organization, f"member:{contributor.public_id}")

    row = ViewAs.objects.get()
    assert (row.role, row.member) == (Role.CONTRIBUTOR, contributor)


@pytest.mark.parametrize("reason", ["", "    ", "why", "x" * 501])
def test_there_is_no_viewing_without_a_reason(desk: Client, owner: Person, reason: str) -> None:
    assert start(desk, owner.organization, reason=reason).status_code == 200
    assert not ViewAs.objects.exists()


def test_somebody_elsewhere_cannot_be_looked_through(desk: Client, owner: Person, stranger: Person) -> None:
    assert start(desk, owner.organization, f"member:{stranger.user.public_id}").status_code == 200
    assert start(desk, owner.organization, "role:emperor").status_code == 200
    assert not ViewAs.objects.exists()
    assert desk.get("/admin/view-as/org_of_nobody/").status_code == 404


def test_only_operators_with_the_right_may(owner: Person, stranger: Person) -> None:
    assert start(staff("orgs.change_organization"), owner.organization).status_code == 403
    assert start(stranger.browser(), owner.organization).status_code == 302
    assert not ViewAs.objects.exists()
    assert start(staff(RIGHT), owner.organization).status_code == 302


def test_the_organization_s_rows_are_seen_through_the_session_api(viewer: Client, owner: Person) -> None:
    assert len(posts_seen(viewer)) == 1
    assert posts_seen(viewer, **{"X-Organization": owner.organization.public_id}) == posts_seen(viewer)
    viewer.post(STOP)
    assert viewer.get("/api/v1/posts").status_code == 401


def test_no_other_organization_is_seen_meanwhile(viewer: Client, stranger: Person, operator: User) -> None:
    stranger.organization.memberships.create(user=operator, role=Role.OWNER)

    headers = {"X-Organization": stranger.organization.public_id}
    assert viewer.get("/api/v1/posts", headers=headers).status_code == 401


def test_nothing_is_changed_through_the_session_api(viewer: Client, owner: Person, channel: Channel) -> None:
    before = snapshot(owner.organization)
    post = posts_seen(viewer)[0]
    body = {"text": "Changed", "accountIds": [channel.public_id]}

    def refused(method: Callable[..., Any], path: str) -> None:
        reply = method(f"/api/v1/{path}", body, content_type="application/json")
        assert reply.status_code == 403, path
        assert "You are viewing this organization as an operator" in reply.json()["message"]

    refused(viewer.post, "posts")
    refused(viewer.patch, f"posts/{post}")
    refused(viewer.delete, f"posts/{post}")
    refused(viewer.post, f"posts/{post}/retry")
    refused(viewer.post, "media/upload")
    refused(viewer.post, "api-keys")
    assert snapshot(owner.organization) == before


def test_a_key_goes_on_being_a_key(viewer: Client, owner: Person, channel: Channel) -> None:
    body = {"text": "By key", "accountIds": [channel.public_id], "status": "DRAFT"}
    headers = {"x-api-key": owner.key}

    assert viewer.post("/api/v1/posts", body, content_type="application/json", headers=headers).status_code == 201


@pytest.mark.parametrize("path", ["/", "/accounts/email/", "/accounts/password/change/", "/nowhere/", "/ui/"])
def test_no_form_anywhere_is_taken(viewer: Client, path: str) -> None:
    reply = viewer.post(path, {"text": "Changed"})

    assert reply.status_code == 403
    assert "nothing can be changed" in reply.content.decode()
    assert "nothing can be changed" in reply.headers["X-Says"]


def test_the_admin_and_the_way_out_stay_open(viewer: Client, channel: Channel) -> None:
    form = {"action": "disconnect", "_selected_action": channel.pk, "index": 0, "select_across": 0}

    assert viewer.post("/admin/integrations/channel/", form).status_code == 302
    assert viewer.post("/accounts/logout/").status_code == 302
    assert viewer.get("/api/v1/posts").status_code == 401


def test_it_ends_by_itself_and_what_was_open_on_the_screen_is_not_done(viewer: Client, operator: User) -> None:
    mine = Organization.objects.create(name="The operator's own")
    mine.memberships.create(user=operator, role=Role.OWNER)
    ViewAs.objects.update(ends_at=utcnow() - timedelta(seconds=1))

    reply = viewer.post("/ui/")

    assert reply.status_code == 403
    assert "Your viewing has ended" in reply.content.decode()
    assert posts_seen(viewer) == []
    assert "viewing" not in viewer.session


def test_a_form_from_before_is_refused_after(operator: User, owner: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)
    url = f"/admin/view-as/{owner.organization.public_id}/"

    def token() -> str:
        client.get(url)
        return client.cookies["csrftoken"].value

    old = token()
    client.post(url, {"whom": "role:viewer", "reason": REASON, "csrfmiddlewaretoken": old})
    assert ViewAs.objects.get().runs(utcnow())

    assert client.post(STOP, {"csrfmiddlewaretoken": old}).status_code == 403
    assert ViewAs.objects.get().runs(utcnow())
    assert client.post(STOP, {"csrfmiddlewaretoken": token()}).status_code == 302


def test_who_loses_the_right_sees_nothing_more(owner: Person, operator: User) -> None:
    client = staff(RIGHT)
    start(client, owner.organization)
    assert posts_seen(client) == []
    viewing = ViewAs.objects.get()

    viewing.operator.user_permissions.clear()

    assert client.get("/api/v1/posts").status_code == 401
    viewing.refresh_from_db()
    assert viewing.ended_at is not None


def test_another_operator_ends_it_from_the_list(viewer: Client, act: Callable[..., list[str]]) -> None:
    assert act("end", ViewAs.objects.get()) == ["1 viewing ended."]
    assert viewer.get("/api/v1/posts").status_code == 401
    assert act("end", ViewAs.objects.get())[0].endswith("It is over already.")


def test_a_second_viewing_ends_the_first(viewer: Client, stranger: Person) -> None:
    start(viewer, stranger.organization, "role:viewer")

    first, second = ViewAs.objects.order_by("pk")
    assert first.ended_at is not None
    assert second.runs(utcnow())
    assert posts_seen(viewer) == []


def test_another_s_viewing_is_not_taken_by_its_number(viewer: Client, stranger: Person) -> None:
    other = staff(RIGHT)
    session = other.session
    session["viewing"] = ViewAs.objects.get().pk
    session.save()

    assert other.get("/api/v1/posts").status_code == 401
    assert ViewAs.objects.get().runs(utcnow())


def test_nobody_writes_or_deletes_the_trace(viewer: Client) -> None:
    row = ViewAs.objects.get()

    assert viewer.post(f"/admin/orgs/viewas/{row.pk}/change/", {"reason": "Other"}).status_code == 403
    assert viewer.post(f"/admin/orgs/viewas/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert viewer.get("/admin/orgs/viewas/add/").status_code == 403
