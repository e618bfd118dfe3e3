"""The inbox of postbacks: who sees it, what it tells, replaying, a test over real HTTP, and stores' reports by campaign."""

import html
import socket
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from chat33.lib.clock import utcnow
from chat33.orgs.models import Role
from tests.factories import make_contact, make_member
from tests.people import Client, Person
from tests.tracking.edges import RunningEdge
from tests.tracking.postbacks import carried, keep
from tracking.mmp.registry import MMPS
from tracking.models import Event, Postback, PostbackStatus, StoreAggregate, Token
from tracking.postbacks import trying

INBOX = "/tracking/postbacks/"
PAGES = [INBOX, f"{INBOX}stores/"]


def text(client: Client, path: str = INBOX) -> str:
    reply = client.get(path)
    assert reply.status_code == 200, path
    return html.unescape(reply.content.decode())


def person(owner: Person, role: Role) -> Client:
    return Person(make_member(owner.organization, role), owner.organization, "").browser()


def adjust(person: Person, label: str, **given: Any) -> Postback:
    fields = {"activity_kind": "install", "adid": f"a{Postback.objects.count()}", "label": label}
    return carried(keep(person.organization, fields, **given))


@pytest.mark.django_db
@pytest.mark.parametrize("path", [*PAGES, f"{INBOX}test/", f"{INBOX}pb_1/"])
def test_nobody_comes_in_without_logging_in(path: str) -> None:
    assert Client().get(path).headers["Location"].startswith("/accounts/login/")


@pytest.mark.django_db
def test_a_list_tells_what_came_whose_it_is_and_why(owner: Person) -> None:
    ada = make_contact(owner.organization, name="Ada Byron")
    adjust(owner, ada.public_id)
    adjust(owner, "{label}")
    page = text(owner.browser())

    for word in ("Adjust", "Ada Byron", "Matched by label.", "Adjust did not replace {label}", "install"):
        assert word in page


@pytest.mark.django_db
def test_filters_stand_in_the_address_and_nonsense_is_none(owner: Person) -> None:
    ada = make_contact(owner.organization)
    matched, unmatched = adjust(owner, ada.public_id), adjust(owner, "")
    browser = owner.browser()

    def shown(query: str) -> set[str]:
        page = text(browser, f"{INBOX}?{query}")
        return {row.public_id for row in (matched, unmatched) if row.public_id in page}

    assert shown("status=MATCHED") == {matched.public_id}
    assert shown("status=UNMATCHED") == {unmatched.public_id}
    assert shown("mmp=tenjin") == set()
    assert shown(f"q={ada.public_id}") == {matched.public_id}
    assert len(shown("q=INSTALL")) == len(shown("mmp=nonsense&status=nonsense&before=x")) == 2


@pytest.mark.django_db
def test_a_message_is_shown_as_it_came_and_as_it_was_read_and_never_with_a_secret(owner: Person) -> None:
    row = carried(
        keep(
            owner.organization, "mmp=appsflyer&secret=hush-query", body={"af_sub1": "{af_sub1}", "secret": "hush-body"}
        )
    )
    page = text(owner.browser(), f"{INBOX}{row.public_id}/")

    assert "af_sub1 came as {af_sub1}" in page
    assert "AppsFlyer did not replace" in page
    assert "hush" not in page


@pytest.mark.django_db
def test_what_strangers_send_is_shown_as_text(owner: Person) -> None:
    row = carried(keep(owner.organization, {"activity_kind": "install", "adid": "<script>alert(1)</script>"}))
    reply = owner.browser().get(f"{INBOX}{row.public_id}/")
    assert b"<script>alert(1)" not in reply.content


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "replays", "tests"),
    [(Role.VIEWER, False, False), (Role.EDITOR, True, False), (Role.ADMIN, True, True)],
)
def test_each_role_sees_and_does_its_own(owner: Person, role: Role, replays: bool, tests: bool) -> None:
    row, browser = adjust(owner, ""), person(owner, role)

    for path in [*PAGES, f"{INBOX}{row.public_id}/"]:
        text(browser, path)
    assert ("Replay" in text(browser)) is replays
    assert browser.post(f"{INBOX}{row.public_id}/replay/").status_code == (302 if replays else 403)
    assert browser.post(f"{INBOX}replay/").status_code == (302 if replays else 403)
    assert browser.get(f"{INBOX}test/").status_code == (200 if tests else 403)


@pytest.mark.django_db
def test_a_stranger_s_message_is_not_there_and_a_forged_form_is_refused(owner: Person, stranger: Person) -> None:
    row = adjust(owner, "")

    assert stranger.browser().get(f"{INBOX}{row.public_id}/").status_code == 404
    assert stranger.browser().post(f"{INBOX}{row.public_id}/replay/").status_code == 404
    stranger.browser().post(f"{INBOX}replay/")
    assert row.public_id not in text(stranger.browser())
    for path in (f"{row.public_id}/replay/", "replay/", "test/"):
        assert owner.browser(csrf=True).post(f"{INBOX}{path}").status_code == 403
    row.refresh_from_db()
    assert row.status == PostbackStatus.UNMATCHED


@pytest.mark.django_db
def test_replaying_reads_it_once_more(owner: Person) -> None:
    row = adjust(owner, "")
    Postback.objects.update(query=row.query.replace("label=", f"label={make_contact(owner.organization).public_id}"))
    owner.browser().post(f"{INBOX}{row.public_id}/replay/")
    page = text(owner.browser(), f"{INBOX}{row.public_id}/")
    assert 'hx-trigger="every 1s"' in page

    assert carried(row).status == PostbackStatus.MATCHED
    assert Event.objects.count() == 1
    page = text(owner.browser(), f"{INBOX}{row.public_id}/")
    assert 'hx-trigger="every 1s"' not in page


@pytest.mark.django_db
def test_long_lists_go_by_pages_and_cost_the_same(owner: Person) -> None:
    def cost() -> int:
        browser = owner.browser()
        text(browser)
        with CaptureQueriesContext(connection) as captured:
            text(browser)
        return len(captured)

    for _ in range(2):
        adjust(owner, make_contact(owner.organization).public_id)
    few = cost()
    for _ in range(58):
        adjust(owner, make_contact(owner.organization).public_id)
    assert cost() == few
    assert "Older" in text(owner.browser())


@pytest.mark.django_db
def test_stores_reports_are_summed_by_campaign(owner: Person, stranger: Person) -> None:
    today = utcnow().date()
    for number in range(5):
        StoreAggregate.objects.create(
            organization=owner.organization, key=f"k{number}", day=today - timedelta(days=40 * (number == 4)),
            framework="SKAN", network="x.skadnetwork", campaign="spring-sale", app="525463029",
            conversion="20" if number else "", won=number != 3,
        )  # fmt: skip
    page = text(owner.browser(), f"{INBOX}stores/")
    row = page.partition("spring-sale")[2].partition("</tr>")[0]

    assert [part.partition("<")[0] for part in row.split('">')[-4:-1]] == ["3", "2", "1"]
    assert "spring-sale" not in text(stranger.browser(), f"{INBOX}stores/")
    assert ">4<" in text(owner.browser(), f"{INBOX}stores/?days=90")
    assert ">3<" in text(owner.browser(), f"{INBOX}stores/?days=99999999999")


@pytest.mark.parametrize("mmp", sorted(MMPS))
def test_a_test_goes_over_http_through_the_public_door_and_counts_nowhere(
    owner: Person, edge: RunningEdge, settings: Settings, mmp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "SECONDS", 20)  # a busy machine is no door that does not answer
    settings.BASE_URL = edge.url
    ada = make_contact(owner.organization)
    reply = owner.browser().post(f"{INBOX}test/", {"mmp": mmp, "contact": ada.public_id}, follow=True)
    row = Postback.objects.get()

    assert reply.redirect_chain[-1][0] == f"{INBOX}{row.public_id}/"
    assert (row.mmp, row.is_test, row.status, row.contact) == (mmp, True, PostbackStatus.MATCHED, ada)
    assert "The door answered 200" in reply.content.decode()
    assert not Event.objects.exists()
    assert not Token.objects.exists()  # the secret of the test went with it
    assert "secret" not in row.query


def test_a_test_whose_door_is_shut_says_so(owner: Person, transactional_db: None, settings: Settings) -> None:
    with socket.socket() as shut:  # nobody listens there, and nobody else may
        shut.bind(("127.0.0.1", 0))
        settings.BASE_URL = f"http://127.0.0.1:{shut.getsockname()[1]}"
        reply = owner.browser().post(f"{INBOX}test/", {"mmp": "adjust"})

    assert reply.status_code == 422
    assert "could not be reached" in html.unescape(reply.content.decode())
    assert not Token.objects.exists()
