"""Signing up, proving an address, logging in with a second factor, and choosing a new password; by the pages themselves."""

import re
import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa import app_settings as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings as django_settings
from django.core.management import call_command
from django.test import Client
from pytest_django.fixtures import Settings

from chat33.lib.secrets import new_cipher_key
from chat33.orgs.adapter import MfaAdapter
from chat33.orgs.models import Membership, Organization, OutgoingEmail, Role, User
from tests.factories import make_user
from tests.people import Person

PASSWORD = "correct horse battery"
NEW = {
    "name": "Ana", "email": "ana@example.com", "password1": PASSWORD,
    "organization": "Ana's Flowers", "timezone": "America/New_York",
}  # fmt: skip
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def link_in(email: OutgoingEmail) -> str:
    found = re.search(r"https?://[^/\s]+(/\S+)", email.text)
    assert found
    return found[1]


def latest(to: str) -> OutgoingEmail:
    return OutgoingEmail.objects.filter(to=to).latest("id")


def logged_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def log_in(client: Client, email: str, password: str = PASSWORD) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": password})


def code() -> str:
    """Of the half minute that runs: right also when it is read in the next one, as the one before's is not."""
    return str(format_hotp_value(hotp_value(SECRET, int(time.time()) // mfa.TOTP_PERIOD)))


@pytest.fixture
def guarded(owner: Person) -> Person:
    """The owner, with a code generator."""
    Authenticator.objects.create(
        user=owner.user, type=Authenticator.Type.TOTP, data={"secret": MfaAdapter().encrypt(SECRET)}
    )
    return owner


@pytest.mark.django_db
def test_who_signs_up_owns_their_organization_and_logs_in_once_their_address_is_proved(client: Client) -> None:
    assert client.post("/accounts/signup/", NEW).status_code == 302
    assert not logged_in(client)
    place = Membership.objects.select_related("organization", "user").get()
    assert (place.role, place.user.name) == (Role.OWNER, "Ana")
    assert (place.organization.name, place.organization.timezone) == ("Ana's Flowers", "America/New_York")

    confirm = link_in(OutgoingEmail.objects.filter(to=NEW["email"]).earliest("id"))
    assert client.get(confirm).status_code == 200
    assert not logged_in(client)  # a mail scanner that follows links proves nothing
    client.post(confirm)

    assert logged_in(client)
    assert EmailAddress.objects.get(user=place.user).verified


@pytest.mark.django_db
def test_an_address_that_is_not_proved_opens_nothing(client: Client) -> None:
    client.post("/accounts/signup/", NEW)
    other = Client()
    log_in(other, NEW["email"])

    assert not logged_in(other)
    assert other.get("/api/v1/posts").status_code == 401


def test_signing_up_does_not_tell_who_has_an_account(owner: Person) -> None:
    known, unknown = Client(), Client()
    replies = [
        client.post("/accounts/signup/", {**NEW, "email": email})
        for client, email in ((known, owner.user.email), (unknown, "nobody@example.com"))
    ]

    assert len({(reply.status_code, reply["Location"]) for reply in replies}) == 1
    assert not logged_in(known)
    assert latest(owner.user.email).subject == "You have an account already"
    assert Organization.objects.filter(name="Ana's Flowers").count() == 1


def test_a_new_password_does_not_tell_who_has_an_account(owner: Person) -> None:
    replies = [
        Client().post("/accounts/password/reset/", {"email": email}) for email in (owner.user.email, "who@example.com")
    ]

    assert len({(reply.status_code, reply["Location"]) for reply in replies}) == 1
    assert "no account" in latest("who@example.com").text


def test_a_forgotten_password_is_chosen_anew_and_its_link_works_once(owner: Person) -> None:
    client = Client()
    client.post("/accounts/password/reset/", {"email": owner.user.email})
    link = link_in(latest(owner.user.email))

    form = client.get(link, follow=True)
    chosen = {"password1": "a whole new horse", "password2": "a whole new horse"}
    assert client.post(form.redirect_chain[-1][0], chosen).status_code == 302
    assert latest(owner.user.email).subject == "Your password was changed"

    assert not logged_in(client)
    log_in(client, owner.user.email)
    assert not logged_in(client)
    log_in(client, owner.user.email, "a whole new horse")
    assert logged_in(client)
    again = Client().get(link, follow=True)
    assert not again.redirect_chain


def test_a_password_that_is_easily_guessed_is_refused_where_it_is_typed(db: None, client: Client) -> None:
    reply = client.post("/accounts/signup/", {**NEW, "password1": "password123"})

    assert reply.status_code == 200
    assert "too common" in reply.content.decode()
    assert not User.objects.exists()


def test_an_organization_without_a_name_or_in_no_zone_is_not_made(db: None, client: Client) -> None:
    for wrong in ({"organization": " "}, {"timezone": "Mars/Olympus"}):
        assert client.post("/accounts/signup/", {**NEW, **wrong}).status_code == 200
    assert not User.objects.exists()
    assert not Organization.objects.exists()


def test_two_factor_asks_for_the_code_before_anything_opens(guarded: Person) -> None:
    client = Client()
    log_in(client, guarded.user.email)
    assert not logged_in(client)
    assert client.get("/api/v1/posts").status_code == 401

    assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 200
    assert not logged_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": code()})
    assert logged_in(client)


def test_the_operators_door_is_no_way_around_the_code(guarded: Person) -> None:
    User.objects.filter(pk=guarded.user.pk).update(is_staff=True, is_superuser=True)
    client = Client()

    reply = client.post("/admin/login/", {"username": guarded.user.email, "password": PASSWORD})

    assert "two-factor" in reply.content.decode()
    assert not logged_in(client)


def test_second_factors_are_encrypted_and_outlive_the_rotation_of_the_keys(guarded: Person, settings: Settings) -> None:
    assert SECRET not in str(Authenticator.objects.values())
    settings.ENCRYPTION_KEYS = [new_cipher_key(), *django_settings.ENCRYPTION_KEYS]
    call_command("rotate_keys")
    settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]

    client = Client()
    log_in(client, guarded.user.email)
    client.post("/accounts/2fa/authenticate/", {"code": code()})
    assert logged_in(client)


def test_whom_an_operator_made_needs_no_verification(db: None, client: Client) -> None:
    make_user(email="made@example.com")

    log_in(client, "made@example.com")

    assert logged_in(client)
    assert not OutgoingEmail.objects.exists()
