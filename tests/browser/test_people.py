"""A first day: signing up, proving the address, a second factor, inviting a colleague, another role, a new password."""

import re
from pathlib import Path

import pytest
from allauth.mfa.totp.internal import auth
from pytest_django.fixtures import Settings

from chat33.lib.clock import utcnow
from chat33.orgs.models import Membership, OutgoingEmail
from chat33.orgs.outbox import queue_email, send_due
from tests.browser.axe import violations
from tests.browser.conftest import Visit, Visits
from tests.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD, NEW_PASSWORD = "correct horse battery", "a whole new horse"


def link_to(visit: Visit, email: str) -> str:
    """The link in the latest e-mail to them, at the server that is being tested."""
    found = re.search(r"https?://[^/\s]+(/\S+)", OutgoingEmail.objects.filter(to=email).latest("id").text)
    assert found
    return found[1]


def code(secret: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What an app shows. It is good for half a minute, so from now on the server's clock of codes stands still."""
    steps = list(auth.yield_hotp_counters_from_time())
    monkeypatch.setattr(auth, "yield_hotp_counters_from_time", lambda: iter(steps))
    return str(auth.format_hotp_value(auth.hotp_value(secret, steps[0])))


def log_in(visit: Visit, email: str, password: str = PASSWORD) -> None:
    page = visit.open("/accounts/login/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def sound(visit: Visit) -> None:
    assert violations(visit.page) == []
    assert visit.wrong == []


def test_from_signing_up_to_a_new_password(visit: Visits, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = visit(timezone_id="Asia/Kolkata")
    page = ana.open("/accounts/signup/")
    page.get_by_label("Your name").fill("Ana")
    page.get_by_label("E-mail").fill("ana@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Organization").fill("Ana's Flowers")
    assert page.get_by_label("Time zone").input_value() in ("Asia/Kolkata", "Asia/Calcutta")
    page.get_by_role("button", name="Create account").click()
    page.get_by_role("heading", name="Look at your e-mail").wait_for()
    sound(ana)

    ana.open(link_to(ana, "ana@example.com"))
    page.get_by_role("button", name="Yes, confirm").click()
    page.wait_for_url(lambda url: "/accounts/" not in url)
    ana.open("/settings/profile/")
    assert "Ana's Flowers" in page.inner_text(".who")

    page.get_by_role("link", name="Set up two-factor authentication").click()
    page.get_by_role("link", name="Turn it on").click()
    page.get_by_label("Password").fill(PASSWORD)  # asked again, as some time may have passed
    page.get_by_role("button", name="Go on").click()
    page.get_by_text("You cannot scan it?").click()
    secret = page.inner_text("#totp-secret")
    page.get_by_label("code").last.fill(code(secret, monkeypatch))
    sound(ana)
    page.get_by_role("button", name="Turn it on").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    spare = page.inner_text("#recovery-codes").split()
    assert len(spare) == 10
    sound(ana)

    again = visit(phone=True)
    log_in(again, "ana@example.com")
    again.page.get_by_role("heading", name="Enter your code").wait_for()
    sound(again)
    again.page.get_by_label("Code").fill(spare[0])
    again.page.get_by_role("button", name="Log in").click()
    again.page.wait_for_url(lambda url: "/accounts/" not in url)
    again.open("/settings/profile/")

    # A colleague is invited from the dialog, by its key, and comes in with another browser.
    ana.open("/settings/members/")
    page.keyboard.press("i")
    page.get_by_label("E-mail").fill("bob@example.com")
    page.get_by_label("Contributor").check()
    page.locator("#invite-form").get_by_role("button", name="Invite").click()
    page.get_by_text("An e-mail is on its way to").wait_for()
    sound(ana)
    bob = visit()
    bob.open(link_to(bob, "bob@example.com"))
    bob.page.get_by_role("link", name="Create an account").click()
    bob.page.get_by_label("Your name").fill("Bob")
    bob.page.get_by_label("Password").fill(PASSWORD)
    bob.page.get_by_role("button", name="Join").click()
    bob.page.wait_for_url(lambda url: "/accounts/" not in url)
    bob.open("/settings/members/")
    assert bob.page.get_by_role("link", name="Invite").count() == 0

    page.get_by_role("link", name="Done").click()
    page.get_by_role("link", name="Change Bob").click()
    page.get_by_label("Admin").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Bob is now admin.").wait_for()
    assert Membership.objects.get(user__email="bob@example.com").role == "admin"
    bob.page.reload()
    assert bob.page.get_by_role("link", name="Invite").count() == 1
    sound(bob)

    forgot = visit()
    forgot.open("/accounts/password/reset/").get_by_label("E-mail").fill("bob@example.com")
    forgot.page.get_by_role("button", name="Send the link").click()
    forgot.page.get_by_role("heading", name="Look at your e-mail").wait_for()
    forgot.open(link_to(forgot, "bob@example.com"))
    for field in forgot.page.locator("input[type=password]").all():
        field.fill(NEW_PASSWORD)
    forgot.page.get_by_role("button", name="Save the password").click()
    forgot.page.get_by_role("heading", name="Your password is changed").wait_for()
    log_in(forgot, "bob@example.com", NEW_PASSWORD)
    forgot.page.wait_for_url(lambda url: "/accounts/" not in url)
    forgot.open("/settings/profile/")
    sound(forgot)


def test_one_switches_between_one_s_organizations_in_the_menu(owner: Person, visit: Visits) -> None:
    here = visit(owner)
    page = here.open("/organizations/new/")
    page.get_by_label("Name").fill("Second Shop")
    page.get_by_role("button", name="Make it").click()
    here.open("/settings/")

    page.locator("button.who").first.click()
    page.get_by_role("button", name="Demo Coffee").click()
    page.wait_for_load_state()
    here.open("/settings/")

    assert "Demo Coffee" in page.inner_text(".who")
    sound(here)


def test_leaving_asks_first(owner: Person, teammate: Person, visit: Visits) -> None:
    here = visit(teammate, phone=True)
    page = here.open("/settings/")
    page.get_by_role("button", name="Leave …").click()
    page.get_by_role("heading", name="Leave Demo Coffee?").wait_for()
    sound(here)
    page.get_by_role("button", name="Leave", exact=True).click()
    page.wait_for_url(lambda url: "/settings/" not in url)
    here.open("/settings/")
    page.get_by_role("heading", name="You belong to no organization yet").wait_for()
    sound(here)

    assert not Membership.objects.filter(user=teammate.user).exists()


def test_the_practice_inbox_is_sound(owner: Person, visit: Visits, settings: Settings, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    here = visit(phone=True, scheme="dark")
    here.open("/mail/").get_by_role("heading", name="Nothing yet").wait_for()
    sound(here)

    queue_email(to="ana@example.com", subject="Hello", text="Look: http://127.0.0.1/settings/", now=utcnow())
    send_due(seconds=60)
    here.page.get_by_role("link", name="Look again").click()
    here.page.get_by_role("heading", name="Hello").wait_for()
    sound(here)
