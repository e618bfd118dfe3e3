"""Who gets into the admin, how often they may guess, and what each operator may do there."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings

from chat33.orgs.models import Membership, Organization, Package, Role, User
from integrations.models import ApiKey, Channel
from posts.models import Post, PostStatus
from tests.factories import make_organization, make_post, make_user
from tests.people import Person

PASSWORD = "correct horse battery"


def log_in(client: Client, email: str, password: str = PASSWORD, address: str = "192.0.2.1") -> int:
    form = {"username": email, "password": password, "next": "/admin/"}
    return client.post("/admin/login/", form, REMOTE_ADDR=address).status_code


def staff(*permissions: str) -> Client:
    """An operator who may do these things alone."""
    user = make_user(is_staff=True)
    names = [name.split(".")[1] for name in permissions]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(user)
    return client


def test_an_operator_logs_in_by_e_mail(operator: User) -> None:
    client = Client()

    assert log_in(client, operator.email) == 302
    assert client.get("/admin/").status_code == 200


def test_a_customer_does_not_get_in(owner: Person) -> None:
    assert log_in(Client(), owner.user.email) == 200
    assert owner.browser().get("/admin/posts/post/").status_code == 302


@pytest.fixture
def limited(settings: Settings) -> None:
    """The limits of production, with nothing counted yet."""
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
    cache.clear()


def test_after_five_wrong_tries_even_the_right_password_has_to_wait(operator: User, limited: None) -> None:
    for number in range(5):
        assert log_in(Client(), operator.email, "wrong", f"192.0.2.{number}") == 200

    client = Client()
    reply = client.post("/admin/login/", {"username": operator.email, "password": PASSWORD}, REMOTE_ADDR="192.0.2.9")
    assert reply.status_code == 200
    assert "Too many failed login attempts" in reply.content.decode()
    assert "_auth_user_id" not in client.session


def test_ten_wrong_tries_from_one_address_close_it_for_all_accounts(operator: User, limited: None) -> None:
    for number in range(10):
        assert log_in(Client(), f"person{number}@example.com", "wrong") == 200

    assert log_in(Client(), operator.email) == 200
    assert log_in(Client(), operator.email, address="192.0.2.77") == 302


def test_behind_a_proxy_the_address_is_the_one_it_saw(operator: User, limited: None, settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1

    def tried(seen: str, email: str, password: str) -> bool:
        client = Client(headers={"X-Forwarded-For": f"198.51.100.{password}, {seen}"})
        log_in(client, email, password)
        return "_auth_user_id" in client.session

    for number in range(10):
        assert not tried("203.0.113.1", f"person{number}@example.com", "wrong")
    assert not tried("203.0.113.1", operator.email, PASSWORD)
    assert tried("203.0.113.2", operator.email, PASSWORD)


def test_nobody_gets_in_uncounted_while_redis_is_away(operator: User, limited: None, settings: Settings) -> None:
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:9/0"}}
    client = Client()

    reply = client.post("/admin/login/", {"username": operator.email, "password": PASSWORD})

    assert reply.status_code == 200
    assert "Redis, which counts the tries, is away" in reply.content.decode()
    assert "_auth_user_id" not in client.session


def test_the_customers_door_counts_into_the_same_limit(operator: User, limited: None) -> None:
    for number in range(5):
        form = {"login": operator.email, "password": "wrong"}
        Client().post("/accounts/login/", form, REMOTE_ADDR=f"192.0.2.{number}")

    assert log_in(Client(), operator.email, address="192.0.2.99") == 200


def test_who_may_only_look_is_offered_no_action_and_none_is_done(channel: Channel) -> None:
    post = make_post(channel, status=PostStatus.FAILED)
    client = staff("posts.view_post")
    page = client.get(f"/admin/posts/post/{post.pk}/change/")
    assert page.status_code == 200
    assert page.context["row_actions"] == []

    client.post("/admin/posts/post/", {"action": "retry", "_selected_action": post.pk, "index": 0, "select_across": 0})

    post.refresh_from_db()
    assert post.status == "FAILED"


def test_who_may_change_posts_may_retry_them(channel: Channel, act: Callable[..., list[str]]) -> None:
    post = make_post(channel, status=PostStatus.FAILED)

    assert act("retry", post, client=staff("posts.change_post")) == ["1 post queued again."]


def test_who_may_see_posts_may_not_see_keys(owner: Person) -> None:
    client = staff("posts.view_post")

    assert client.get("/admin/posts/post/").status_code == 200
    assert client.get("/admin/integrations/apikey/").status_code == 403
    assert client.get(f"/admin/integrations/apikey/{ApiKey.objects.get().pk}/change/").status_code == 403
    entries = [entry for group in client.get("/admin/").context["sidebar_navigation"] for entry in group["items"]]
    shown = [entry["title"] for entry in entries if entry["has_permission"]]
    assert "Posts" in shown
    assert "API keys" not in shown


def test_a_person_is_made_with_a_password_and_a_place(desk: Client) -> None:
    organization = make_organization()
    form = {
        "email": "New.Person@Example.com", "name": "New", "usable_password": "true",
        "password1": PASSWORD, "password2": PASSWORD,
        "memberships-TOTAL_FORMS": 1, "memberships-INITIAL_FORMS": 0,
        "memberships-0-organization": organization.pk, "memberships-0-role": Role.EDITOR,
    }  # fmt: skip

    assert desk.post("/admin/orgs/user/add/", form).status_code == 302

    user = User.objects.get(email="new.person@example.com")
    assert user.check_password(PASSWORD)
    assert Membership.objects.get(user=user).organization == organization


def test_an_address_is_taken_in_any_spelling(desk: Client) -> None:
    make_user(email="person@example.com")
    form = {
        "email": "PERSON@example.com", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD,
        "memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0,
    }  # fmt: skip

    assert "Somebody has this e-mail address." in desk.post("/admin/orgs/user/add/", form).content.decode()


def test_a_member_is_added_on_the_organization_s_page(desk: Client, operator: User) -> None:
    organization = make_organization()
    form = {
        "name": "Renamed", "timezone": "Europe/Lisbon", "memberships-TOTAL_FORMS": 1, "memberships-INITIAL_FORMS": 0,
        "memberships-0-user": operator.pk, "memberships-0-role": Role.VIEWER,
    }  # fmt: skip

    assert desk.post(f"/admin/orgs/organization/{organization.pk}/change/", form).status_code == 302
    organization.refresh_from_db()
    assert organization.name == "Renamed"
    assert organization.memberships.get().user == operator


def test_an_operator_does_not_make_themselves_a_superuser(operator: User) -> None:
    client = staff("orgs.change_user")
    me = User.objects.get(pk=client.session["_auth_user_id"])
    form = {
        "email": me.email, "is_active": "on", "is_staff": "on", "is_superuser": "on",
        "memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0,
    }  # fmt: skip

    client.post(f"/admin/orgs/user/{me.pk}/change/", form)

    me.refresh_from_db()
    assert not me.is_superuser
    assert client.post(f"/admin/orgs/user/{operator.pk}/change/", form).status_code == 403
    assert client.get(f"/admin/orgs/user/{operator.pk}/password/").status_code == 403


@pytest.mark.django_db
def test_an_operator_cannot_make_a_superuser_either() -> None:
    client = staff("orgs.add_user", "orgs.change_user")
    form = {
        "email": "x@example.com", "is_superuser": "on", "is_staff": "on", "usable_password": "true",
        "password1": PASSWORD, "password2": PASSWORD, "memberships-TOTAL_FORMS": 0, "memberships-INITIAL_FORMS": 0,
    }  # fmt: skip

    assert client.post("/admin/orgs/user/add/", form).status_code == 302
    assert not User.objects.get(email="x@example.com").is_staff


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ('{"POSTS": "100/h", "DAILY_X": 50, "MEDIA": "off", "DAILY_TIKTOK": "off"}', ""),
        ('{"POSTS": "many"}', "POSTS is"),
        ('{"POSTS": "0/0h"}', "POSTS is"),
        ('{"DAILY_X": "30/h"}', "DAILY_X is"),
        ('{"FLIGHTS": "1/h"}', "There is no limit FLIGHTS"),
        ("[1]", "Write an object"),
    ],
)
def test_a_package_s_limits_are_read_before_they_are_kept(desk: Client, limits: str, said: str) -> None:
    form = {"name": "Team", "price": "10", "validity_days": "30", "limits": limits}

    reply = desk.post("/admin/orgs/package/add/", form)

    assert Package.objects.exists() == (not said)
    assert said in reply.content.decode()


def test_nobody_deletes_an_organization_a_person_or_a_post(desk: Client, operator: User, channel: Channel) -> None:
    post = make_post(channel)

    for url in (f"orgs/organization/{channel.organization_id}", f"orgs/user/{operator.pk}", f"posts/post/{post.pk}"):
        assert desk.post(f"/admin/{url}/delete/", {"post": "yes"}).status_code == 403
    assert Post.objects.exists()
    assert Organization.objects.exists()
