"""People's pages: joining, switching, members and settings, for each who may and who may not."""

import io
import re
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image
from pytest_django.fixtures import Settings

from chat33.dashboard import notifications
from chat33.lib.clock import utcnow
from chat33.orgs.invitations import invite_member
from chat33.orgs.models import Invitation, Membership, Often, Organization, OutgoingEmail, Role, User
from chat33.orgs.outbox import send_due
from chat33.orgs.preferences import preference_of
from chat33.orgs.services import create_organization
from tests.factories import make_member, make_organization, make_user
from tests.people import Person

PAGES = ["/settings/", "/settings/members/", "/settings/profile/", "/settings/notifications/", "/organizations/"]
FORMS = [
    "/settings/organization/", "/settings/logo/", "/settings/leave/", "/settings/profile/", "/settings/notifications/",
    "/settings/members/invite/", "/organizations/switch/", "/organizations/new/",
]  # fmt: skip


def place(person: Person) -> Membership:
    return Membership.objects.select_related("organization", "user").get(
        user=person.user, organization=person.organization
    )


def with_role(owner: Person, role: Role) -> Person:
    return Person(make_member(owner.organization, role), owner.organization, "")


def link(owner: Person, email: str = "", role: Role = Role.EDITOR) -> str:
    made = invite_member(organization=owner.organization, email=email, role=role, by=place(owner), now=utcnow())
    return made.url.removeprefix(django_settings.BASE_URL)


def text(reply: Any) -> str:
    found: str = reply.content.decode()
    return re.sub(r"\s+", " ", found)


def said(client: Client) -> list[str]:
    return re.findall(r"<toast-note.*?<p>(.*?)</p>", text(client.get("/settings/profile/")))


@pytest.mark.parametrize("path", PAGES)
def test_every_member_reads_and_anonymous_is_led_to_the_login(owner: Person, path: str) -> None:
    for role in Role:
        assert with_role(owner, role).browser().get(path).status_code == 200
    assert Client().get(path)["Location"].startswith("/accounts/login/?next=/")


@pytest.mark.parametrize("path", FORMS)
def test_a_forged_form_is_refused(owner: Person, path: str) -> None:
    assert owner.browser(csrf=True).post(path).status_code == 403


@pytest.mark.parametrize("role", [Role.EDITOR, Role.CONTRIBUTOR, Role.VIEWER])
def test_who_may_not_manage_is_told_who_may(owner: Person, teammate: Person, role: Role) -> None:
    browser = with_role(owner, role).browser()
    link(owner)
    invitation = Invitation.objects.get()
    for path in (
        "/settings/organization/", "/settings/logo/", "/settings/members/invite/",
        f"/settings/members/{teammate.user.public_id}/", f"/settings/members/{teammate.user.public_id}/remove/",
        f"/settings/invitations/{invitation.public_id}/renew/", f"/settings/invitations/{invitation.public_id}/revoke/",
    ):  # fmt: skip
        reply = browser.post(path, {"role": "owner", "name": "Mine", "timezone": "UTC", "email": ""})
        assert (reply.status_code, "owner, admin" in text(reply)) == (403, True), path

    assert place(teammate).role == Role.EDITOR
    assert Invitation.objects.get().revoked_at is None
    assert "/settings/members/invite/" not in text(browser.get("/settings/members/"))


def test_ids_of_another_organization_lead_nowhere(owner: Person, stranger: Person) -> None:
    link(owner)
    browser, invitation = stranger.browser(), Invitation.objects.get()

    for path in (
        f"/settings/members/{owner.user.public_id}/", f"/settings/members/{owner.user.public_id}/remove/",
        f"/settings/invitations/{invitation.public_id}/renew/", f"/settings/invitations/{invitation.public_id}/revoke/",
    ):  # fmt: skip
        assert browser.post(path, {"role": "viewer"}).status_code == 404, path
    there = {"organization": owner.organization.public_id}
    assert browser.post("/organizations/switch/", there).status_code == 404
    assert owner.user.email not in text(browser.get("/settings/members/"))
    assert place(owner).role == Role.OWNER


@pytest.mark.parametrize("path", ["/settings/members/", "/organizations/", "/settings/"])
def test_twenty_rows_cost_as_many_queries_as_one(owner: Person, path: str) -> None:
    def cost() -> int:
        browser = owner.browser()
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(path).status_code == 200
        return len(captured)

    def more() -> None:
        make_member(owner.organization)
        link(owner)
        create_organization(name="Another", owner=owner.user)

    more()
    one = cost()
    for _ in range(19):
        more()
    assert cost() == one
    assert one <= 8


def test_a_new_person_follows_the_link_they_got_and_is_in_at_once(owner: Person) -> None:
    browser, path = Client(), link(owner, "ana@example.com", Role.CONTRIBUTOR)

    assert "owner@example.com invites you as <strong>contributor" in text(browser.get(path))
    form = text(browser.get("/accounts/signup/"))
    assert 'value="ana@example.com"' in form
    assert 'name="organization"' not in form
    reply = browser.post(
        "/accounts/signup/", {"name": "Ana", "email": "ana@example.com", "password1": "correct horse battery"}
    )

    assert reply["Location"] == "/"
    member = Membership.objects.get(user__email="ana@example.com")
    assert (member.organization, member.role) == (owner.organization, Role.CONTRIBUTOR)
    assert browser.get("/settings/profile/").status_code == 200
    assert Client().get(path).status_code == 404


def test_a_link_that_was_sent_proves_no_other_address(owner: Person) -> None:
    browser = Client()
    browser.get(link(owner, "ana@example.com"))
    other = {"name": "Bob", "email": "bob@example.com", "password1": "correct horse battery"}

    assert browser.post("/accounts/signup/", other)["Location"] == "/accounts/confirm-email/"
    assert browser.get("/settings/profile/").status_code == 302


def test_where_sign_up_is_closed_the_link_opens_it_and_nothing_else_does(owner: Person, settings: Settings) -> None:
    settings.SIGNUP_OPEN = False
    browser = Client()
    assert "closed" in text(browser.get("/accounts/signup/"))
    assert "Create an account" not in text(browser.get("/accounts/login/"))

    browser.get(link(owner))
    assert "Join Demo Coffee" in text(browser.get("/accounts/signup/"))


def test_somebody_with_another_address_is_told_so_and_may_join_all_the_same(owner: Person, stranger: Person) -> None:
    browser, path = stranger.browser(), link(owner, "ana@example.com")

    page = text(browser.get(path))
    assert "The invitation was sent to ana@example.com; you are logged in as stranger@example.com." in page
    browser.post(path)

    assert owner.organization.memberships.filter(user=stranger.user, role=Role.EDITOR).exists()
    assert "You are in. This is Demo Coffee." in said(browser)
    assert owner.user.email in text(browser.get("/settings/members/"))


def test_joining_itself_needs_the_form_s_token(owner: Person, stranger: Person) -> None:
    assert stranger.browser(csrf=True).post(link(owner)).status_code == 403


def test_a_link_that_is_no_more_says_so(owner: Person) -> None:
    path = link(owner)
    Invitation.objects.update(revoked_at=utcnow())

    assert Client().get(path).status_code == 404
    assert "Ask for a new one" in text(Client().get(path))


def test_an_invitation_s_link_is_shown_once(owner: Person) -> None:
    browser = owner.browser()
    shown = text(browser.post("/settings/members/invite/", {"email": "", "role": "viewer"}))
    (path,) = re.findall(r"/join/[\w-]+/", shown)

    assert Client().get(path).status_code == 200
    assert path not in text(browser.get("/settings/members/"))
    assert path not in str(browser.session.items())


def test_a_wrong_address_is_told_where_it_was_typed(owner: Person) -> None:
    reply = owner.browser().post("/settings/members/invite/", {"email": "nobody", "role": "viewer"})

    assert reply.status_code == 422
    assert "valid email" in text(reply)
    assert 'value="nobody"' in text(reply)


def test_an_invitation_by_email_arrives(owner: Person, mailoutbox: list[Any]) -> None:
    owner.browser().post("/settings/members/invite/", {"email": "ana@example.com", "role": "viewer"})
    send_due(seconds=60)

    (email,) = mailoutbox
    assert email.to == ["ana@example.com"]
    assert re.search(r"/join/[\w-]+/", email.body)


def test_an_admin_is_not_offered_to_make_owners(owner: Person) -> None:
    admin = with_role(owner, Role.ADMIN).browser()

    assert 'value="owner"' not in text(admin.get("/settings/members/invite/"))
    assert admin.post("/settings/members/invite/", {"email": "", "role": "owner"}).status_code == 422
    assert admin.post(f"/settings/members/{owner.user.public_id}/", {"role": "viewer"}).status_code == 422
    assert place(owner).role == Role.OWNER


def test_a_role_is_changed_and_holds_with_the_next_request(owner: Person, teammate: Person) -> None:
    browser = teammate.browser()
    owner.browser().post(f"/settings/members/{teammate.user.public_id}/", {"role": "admin"})

    assert browser.get("/settings/members/invite/").status_code == 200
    owner.browser().post(f"/settings/members/{teammate.user.public_id}/", {"role": "viewer"})
    assert browser.get("/settings/members/invite/").status_code == 403


def test_before_removing_somebody_the_page_says_what_stops(owner: Person, teammate: Person) -> None:
    browser = owner.browser()
    path = f"/settings/members/{teammate.user.public_id}/"
    assert "1 API key that they made stops working" in text(browser.get(path))

    browser.post(f"{path}remove/")

    assert not Membership.objects.filter(user=teammate.user).exists()
    assert teammate.browser().get("/settings/")["Location"] == "/welcome/"
    assert teammate.api().send("GET", "posts").status_code == 401


def test_the_last_owner_is_told_what_to_do_before_leaving(owner: Person) -> None:
    browser = owner.browser()
    assert "Make somebody else an owner" in text(browser.get("/settings/"))
    browser.post("/settings/leave/")
    assert place(owner)

    with_role(owner, Role.OWNER)
    browser.post("/settings/leave/")
    assert not Membership.objects.filter(user=owner.user).exists()


def test_switching_leads_to_one_s_other_organization(owner: Person) -> None:
    other = make_organization(name="Second Shop")
    Membership.objects.create(organization=other, user=owner.user, role=Role.VIEWER)
    browser = owner.browser()
    assert "Second Shop" in text(browser.get("/organizations/"))

    browser.post("/organizations/switch/", {"organization": other.public_id})

    assert "You work in Second Shop now." in said(browser)
    assert browser.get("/settings/members/invite/").status_code == 403
    assert browser.get("/api/v1/accounts").status_code == 200


def test_who_belongs_nowhere_makes_an_organization(db: None) -> None:
    user = make_user()
    browser = Client()
    browser.force_login(user)
    assert "You belong to no organization yet" in text(browser.get("/welcome/"))

    wrong = browser.post("/organizations/new/", {"name": "", "timezone": "UTC"})
    assert wrong.status_code == 422
    browser.post("/organizations/new/", {"name": "Ana's Flowers", "timezone": "Asia/Kolkata"})

    made = Organization.objects.get(name="Ana's Flowers")
    assert made.memberships.get().role == Role.OWNER
    assert browser.get("/welcome/")["Location"] == "/"


def test_where_sign_up_is_closed_operators_make_organizations(db: None, settings: Settings) -> None:
    settings.SIGNUP_OPEN = False
    user = make_user()
    browser = Client()
    browser.force_login(user)

    assert browser.post("/organizations/new/", {"name": "Mine", "timezone": "UTC"}).status_code == 403
    assert "Make an organization" not in text(browser.get("/welcome/"))
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    assert browser.post("/organizations/new/", {"name": "Mine", "timezone": "UTC"}).status_code == 302


def test_the_organization_is_changed_and_an_unknown_zone_or_currency_refused(owner: Person) -> None:
    browser = owner.browser()
    browser.post("/settings/organization/", {"name": "Demo Tea", "timezone": "Asia/Tokyo", "currency": "JPY"})
    owner.organization.refresh_from_db()
    here = owner.organization
    assert (here.name, here.timezone, here.currency) == ("Demo Tea", "Asia/Tokyo", "JPY")

    for wrong in ({"timezone": "Mars/Olympus"}, {"currency": "XXX"}):
        given = {"name": "Demo Tea", "timezone": "Asia/Tokyo", "currency": "JPY", **wrong}
        assert browser.post("/settings/organization/", given).status_code == 422


def picture(kind: str = "PNG", size: tuple[int, int] = (900, 600)) -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", size, "teal").save(out, kind)
    return SimpleUploadedFile("logo.png", out.getvalue(), "image/png")


def test_a_logo_is_made_small_and_anew(owner: Person) -> None:
    browser = owner.browser()
    browser.post("/settings/logo/", {"logo": picture()})
    owner.organization.refresh_from_db()

    reply: Any = Client().get(f"/{owner.organization.logo.name}")
    with Image.open(io.BytesIO(b"".join(reply.streaming_content))) as made:
        assert (made.format, made.size) == ("JPEG", (256, 171))
    assert text(browser.get("/settings/")).count(f'src="/{owner.organization.logo.name}"') == 2

    first = owner.organization.logo.name
    browser.post("/settings/logo/", {"remove": "1"})
    owner.organization.refresh_from_db()
    assert not owner.organization.logo
    assert first


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (SimpleUploadedFile("logo.png", b"<svg onload=alert(1)>"), "no picture we know"),
        (SimpleUploadedFile("logo.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 40), "incomplete"),
        (SimpleUploadedFile("logo.png", b"\x89PNG" + b"\0" * 2_000_001), "larger than 2 MB"),
        (SimpleUploadedFile("logo.png", b""), "empty"),
    ],
    ids=["svg", "broken", "large", "empty"],
)
def test_a_hostile_logo_is_refused_in_words(owner: Person, file: SimpleUploadedFile, reason: str) -> None:
    reply = owner.browser().post("/settings/logo/", {"logo": file})

    assert reply.status_code == 422
    assert reason in text(reply)
    owner.organization.refresh_from_db()
    assert not owner.organization.logo


@pytest.mark.parametrize("name", ["..%2f..%2fsecrets.json", "none.jpg", "x.png"])
def test_no_other_file_is_had_as_a_logo(db: None, name: str) -> None:
    assert Client().get(f"/logos/{name}").status_code == 404


def test_preferences_are_the_member_s_own(owner: Person, teammate: Person) -> None:
    browser = owner.browser()
    browser.post("/settings/notifications/", {"posts": "daily", "accounts": "off", "digest_hour": "18"})

    found = preference_of(place(owner))
    assert (found.posts, found.accounts, found.digest_hour) == (Often.DAILY, Often.OFF, 18)
    assert preference_of(place(teammate)).posts == Often.NOW
    wrong = {"posts": "hourly", "accounts": "off", "digest_hour": "25"}
    assert browser.post("/settings/notifications/", wrong).status_code == 422


def test_emails_are_stopped_without_logging_in_by_a_press_and_not_by_a_look(owner: Person) -> None:
    path = notifications.stop_url(place(owner)).removeprefix(django_settings.BASE_URL)
    browser = Client(enforce_csrf_checks=True)

    browser.get(path)
    assert not preference_of(place(owner)).wants_nothing
    assert browser.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert preference_of(place(owner)).wants_nothing
    assert browser.post("/notifications/stop/forged:token/").status_code == 404


def test_the_practice_inbox_shows_what_was_sent_and_its_links_work(
    owner: Person, settings: Settings, tmp_path: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    browser = Client()
    assert "Nothing yet" in text(browser.get("/mail/"))

    reply = browser.post("/accounts/password/reset/", {"email": owner.user.email}, follow=True)
    assert "/mail/" in text(reply)
    send_due(seconds=60)

    page = text(browser.get("/mail/"))
    assert "Choose a new password" in page
    (path,) = set(re.findall(r'href="http://testserver(/accounts/password/reset/key/[^"]+)"', page))
    assert "New Password" in text(browser.get(path, follow=True))
    assert browser.get("/mail/..%2fsecrets/").status_code == 404


@pytest.mark.parametrize(
    "production", [{"LOCAL": False}, {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend"}]
)
def test_elsewhere_there_is_no_practice_inbox(db: None, settings: Settings, production: dict[str, Any]) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    for name, value in production.items():
        setattr(settings, name, value)

    assert Client().get("/mail/").status_code == 404


def test_a_profile_is_changed(owner: Person) -> None:
    owner.browser().post("/settings/profile/", {"name": "Olga", "timezone": "Europe/Berlin"})

    owner.user.refresh_from_db()
    assert (owner.user.name, owner.user.timezone) == ("Olga", "Europe/Berlin")
    assert not OutgoingEmail.objects.exists()
