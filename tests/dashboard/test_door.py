"""The door of every page: who comes in, and what the others are told."""

from django.test import Client

from chat33.orgs.models import Role
from tests.factories import make_member, make_user
from tests.people import Person


def test_without_a_session_it_leads_to_the_login_and_back(db: None) -> None:
    reply = Client().get("/ui/?a=1")

    assert reply.status_code == 302
    assert reply.headers["Location"] == "/accounts/login/?next=/ui/%3Fa%3D1"


def test_a_script_without_a_session_is_told_so(db: None) -> None:
    assert Client().get("/ui/", headers={"HX-Request": "true"}).status_code == 401
    assert Client().get("/ui/", headers={"X-Requested-With": "fetch"}).status_code == 401


def test_a_member_comes_in_and_sees_where_they_are(owner: Person) -> None:
    page = owner.browser().get("/ui/")

    assert page.status_code == 200
    assert "Demo Coffee" in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]


def test_times_are_in_the_organization_s_zone_and_say_so(owner: Person) -> None:
    owner.organization.timezone = "Asia/Kolkata"
    owner.organization.save()

    assert " IST</time>" in owner.browser().get("/ui/").content.decode()


def test_what_is_said_comes_with_the_answer_and_once(owner: Person) -> None:
    browser = owner.browser()

    said = browser.post("/ui/").content.decode()

    assert said.count("<toast-note") == 1
    assert "Moved to Tuesday, 09:00." in said
    assert "data-undo" in said
    assert "<toast-note" not in browser.get("/ui/").content.decode()


def test_a_forged_form_is_refused_in_words(owner: Person) -> None:
    reply = owner.browser(csrf=True).post("/ui/")

    assert reply.status_code == 403
    assert "This was refused" in reply.content.decode()


def test_the_scheme_that_a_person_chose_is_in_the_first_answer(owner: Person) -> None:
    browser = owner.browser()
    browser.cookies["theme"] = "dark"
    assert '<html lang="en" data-theme="dark">' in browser.get("/ui/").content.decode()

    browser.cookies["theme"] = '"><script>'
    assert "<script>" not in browser.get("/ui/").content.decode().split("<head>")[0]


def test_a_role_sees_the_rooms_it_may_open(owner: Person) -> None:
    viewer = Person(make_member(owner.organization, Role.VIEWER), owner.organization, "")

    assert viewer.browser().get("/ui/").status_code == 200


def test_who_belongs_nowhere_is_led_to_make_an_organization(db: None) -> None:
    lonely = Client()
    lonely.force_login(make_user())

    assert lonely.get("/ui/").headers["Location"] == "/welcome/"
