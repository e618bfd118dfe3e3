"""The developers' pages: who may see what, whose rows they show, and what each button does."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as DjangoClient
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings
from standardwebhooks import Webhook

from chat33.api import scopes
from chat33.lib.clock import utcnow
from chat33.lib.ids import new_id
from chat33.orgs.models import Role
from integrations.models import ApiKey, ApiRequest, Callback, CallbackStatus, SigningSecret
from integrations.services import rotate_signing_secret, signing_secrets
from integrations.signing import sign
from tests.developers.rows import delivered_callback, latest_request, live_in
from tests.factories import make_callback, make_channel, make_member
from tests.people import Client, Person

LISTS = ["/developers/", "/developers/requests/", "/developers/callbacks/", "/settings/keys/"]
READING = [*LISTS, "/developers/callbacks/signing/", "/developers/reference/", "/developers/reference/errors/",
           "/developers/reference/create-post/", "/search/?q=post"]  # fmt: skip
WRITING = ["/settings/keys/new/", "/developers/callbacks/test/"]


@pytest.fixture
def lived_in(owner: Person) -> Person:
    live_in(owner)
    return owner


def as_role(person: Person, role: Role) -> Client:
    return Person(make_member(person.organization, role), person.organization, "").browser()


def key_of(person: Person, name: str = "Website") -> ApiKey:
    return ApiKey.objects.get(organization=person.organization, name=name)


def posts(person: Person) -> list[str]:
    """Every address that changes or reveals something."""
    replay = delivered_callback(person) + "replay/"
    signing = "/developers/callbacks/signing/"
    revoke = f"/settings/keys/{key_of(person).public_id}/revoke/"
    return [revoke, replay, f"{signing}reveal/", f"{signing}rotate/", *WRITING]


def test_the_owner_sees_every_page(lived_in: Person) -> None:
    browser = lived_in.browser()

    for path in [*READING, *WRITING, latest_request(lived_in), delivered_callback(lived_in)]:
        assert browser.get(path).status_code == 200, path


def test_a_viewer_reads_and_is_offered_nothing_that_would_be_refused(lived_in: Person) -> None:
    viewer = as_role(lived_in, Role.VIEWER)
    before = list(ApiKey.objects.values()), list(Callback.objects.values()), SigningSecret.objects.count()

    for path in [*READING, latest_request(lived_in), delivered_callback(lived_in)]:
        page = viewer.get(path)
        assert page.status_code == 200, path
        for word in ("Revoke</button>", "New API key", "Replay</button>", "Send a test", "Show the secret"):
            assert word not in page.content.decode(), (path, word)
    for path in posts(lived_in):
        assert viewer.post(path, {"name": "x", "url": "https://example.com"}).status_code == 403, path
    assert (list(ApiKey.objects.values()), list(Callback.objects.values()), SigningSecret.objects.count()) == before


def test_an_editor_manages_keys_and_callbacks_but_not_the_secret(lived_in: Person) -> None:
    editor = as_role(lived_in, Role.EDITOR)
    allowed = {path: editor.post(path, {}).status_code != 403 for path in posts(lived_in)}

    assert [path for path, fine in allowed.items() if not fine] == [
        "/developers/callbacks/signing/reveal/",
        "/developers/callbacks/signing/rotate/",
    ]


def test_another_organization_s_ids_are_404(lived_in: Person, stranger: Person) -> None:
    browser = stranger.browser()

    for path in (latest_request(lived_in), delivered_callback(lived_in)):
        assert browser.get(path).status_code == 404
    for path in posts(lived_in)[:2]:
        assert browser.post(path).status_code == 404
    for path in (
        f"/developers/requests/{new_id('call')}/",
        "/developers/callbacks/nonsense/",
        "/developers/reference/no/",
    ):
        assert browser.get(path).status_code == 404
    assert key_of(lived_in).revoked_at is None
    for path in LISTS:
        page = browser.get(path).content.decode()
        assert not [word for word in ("Website", "post_abc123", "VALIDATION_ERROR", "New beans") if word in page], path
    assert browser.get(f"/developers/requests/?key={key_of(lived_in).public_id}").content.count(b"call_") == 0


def test_nobody_is_led_to_the_login(lived_in: Person) -> None:
    for path in [*READING, *WRITING, latest_request(lived_in)]:
        assert "/accounts/login/" in DjangoClient().get(path).headers["Location"], path


def test_a_forged_form_is_refused(lived_in: Person) -> None:
    browser = lived_in.browser(csrf=True)

    for path in posts(lived_in):
        assert browser.post(path, {"name": "x"}).status_code == 403, path
    assert key_of(lived_in).revoked_at is None


def test_twenty_rows_cost_as_many_queries_as_one(owner: Person) -> None:
    live_in(owner)
    browser = owner.browser()
    one = {path: queries(browser, path) for path in LISTS}
    for _ in range(19):
        live_in_again(owner)

    assert {path: queries(browser, path) for path in LISTS} == one
    assert max(one.values()) <= 8


def queries(browser: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(path).status_code == 200
    return len(captured)


def live_in_again(owner: Person) -> None:
    key = key_of(owner)
    ApiRequest.objects.create(
        organization=owner.organization, key=key, user=owner.user, method="GET", route="/posts", path="/api/v1/posts",
        status=200, milliseconds=1, request_id="req_1", created_at=utcnow(),
    )  # fmt: skip
    make_callback(owner.organization)
    ApiKey.objects.create(
        organization=owner.organization, created_by=owner.user, name="More", prefix="sk_live_more",
        digest=new_id("digest"), scopes=["posts:read"],
    )  # fmt: skip


class TestKeys:
    """``/settings/keys/``."""

    def make(self, person: Person, **given: Any) -> Any:
        return person.browser().post(
            "/settings/keys/new/", {"name": "CI", "access": "all", "expires": "never", **given}
        )

    def test_a_key_is_shown_once_and_works(self, owner: Person) -> None:
        page = self.make(owner)

        raw = page.context["raw"]
        assert raw in page.content.decode()
        assert "no-store" in page.headers["Cache-Control"]
        assert Client(headers={"x-api-key": raw}).send("GET", "accounts").status_code == 200
        assert raw not in owner.browser().get("/settings/keys/").content.decode()
        row = key_of(owner, "CI")
        assert (row.created_by, set(row.scopes), row.expires_at) == (owner.user, set(scopes.ORDINARY), None)

    @pytest.mark.parametrize(
        ("given", "held"),
        [
            ({"access": "read"}, {"accounts:read", "posts:read", "contacts:read", "links:read"}),
            (
                {"access": "read", "scopes": ["posts:write"]},
                {"accounts:read", "posts:read", "contacts:read", "links:read"},
            ),
            ({"access": "some", "scopes": ["media:write"]}, {"media:write"}),
        ],
    )
    def test_it_may_what_was_chosen(self, owner: Person, given: dict[str, Any], held: set[str]) -> None:
        assert self.make(owner, **given).status_code == 200

        assert set(key_of(owner, "CI").scopes) == held

    def test_it_ends_when_it_was_told_to(self, owner: Person) -> None:
        self.make(owner, expires="30")

        ends = key_of(owner, "CI").expires_at
        assert ends is not None
        assert abs(ends - utcnow() - timedelta(days=30)) < timedelta(minutes=1)

    @pytest.mark.parametrize(
        "given",
        [{"name": ""}, {"name": "x" * 101}, {"access": "some"}, {"access": "root"}, {"expires": "1000000"},
         {"access": "some", "scopes": ["users:admin"]}],
    )  # fmt: skip
    def test_what_is_wrong_is_said_and_nothing_is_made(self, owner: Person, given: dict[str, Any]) -> None:
        page = self.make(owner, **given)

        assert page.status_code == 422
        assert "errorlist" in page.content.decode()
        assert ApiKey.objects.count() == 1

    def test_so_many_an_hour_together_with_the_api(self, owner: Person, settings: Settings) -> None:
        settings.LIMITS = {**settings.LIMITS, "API_KEYS": "2/h"}
        owner.browser().send("POST", "api-keys", {})
        self.make(owner)

        page = self.make(owner)

        assert page.status_code == 422
        assert "The limit of 2 is reached" in page.content.decode()

    def test_revoked_it_opens_nothing(self, owner: Person) -> None:
        raw = self.make(owner).context["raw"]

        reply = owner.browser().post(f"/settings/keys/{key_of(owner, 'CI').public_id}/revoke/", follow=True)

        assert "CI is revoked." in reply.content.decode()
        assert Client(headers={"x-api-key": raw}).send("GET", "accounts").status_code == 401


class TestRequests:
    """``/developers/requests/``."""

    @pytest.mark.parametrize(
        ("query", "count"),
        [("", 6), ("status=errors", 4), ("status=5xx", 1), ("status=ok", 2), ("method=GET", 3), ("path=post_01jd", 1),
         ("status=nonsense&method=HACK", 6), ("key=key_of_nobody", 0), ("before=nonsense", 6), ("path=%00", 6)],
    )  # fmt: skip
    def test_it_is_narrowed_by_its_address(self, lived_in: Person, query: str, count: int) -> None:
        page = lived_in.browser().get(f"/developers/requests/?{query}")

        assert (page.status_code, len(page.context["found"].rows)) == (200, count)

    def test_an_error_leads_to_what_it_means(self, lived_in: Person) -> None:
        page = lived_in.browser().get(latest_request(lived_in)).content.decode()

        assert "accountIds.0: There is no such account." in page
        assert 'href="/developers/reference/errors/#validation-error"' in page
        assert 'href="/developers/reference/create-post/"' in page

    def test_a_fresh_look_costs_nothing_while_nothing_has_come(self, lived_in: Person) -> None:
        browser = lived_in.browser()
        newest = browser.get("/developers/requests/").context["newest"]
        htmx = {"HX-Request": "true"}

        assert browser.get(f"/developers/requests/?newest={newest}", headers=htmx).status_code == 204
        live_in_again(lived_in)
        fragment = browser.get(f"/developers/requests/?newest={newest}", headers=htmx)
        assert fragment.status_code == 200
        assert "<html" not in fragment.content.decode()
        assert f"newest={newest}" not in fragment.content.decode()


class TestCallbacks:
    """``/developers/callbacks/``."""

    def test_replay_queues_it_again_under_its_id(self, lived_in: Person) -> None:
        url = delivered_callback(lived_in)

        reply = lived_in.browser().post(f"{url}replay/", follow=True)

        assert "It is on its way again" in reply.content.decode()
        row = Callback.objects.get(public_id=url.split("/")[-2])
        assert (row.status, row.attempts) == (CallbackStatus.PENDING, 0)
        assert row.due_at is not None

    def test_a_test_is_queued_and_shown(self, owner: Person) -> None:
        page = owner.browser().post("/developers/callbacks/test/", {"url": "https://example.com/hook"}, follow=True)

        assert "Not tried yet." in page.content.decode()
        assert Callback.objects.get().is_test

    @pytest.mark.parametrize("url", ["", "nonsense", "https://10.0.0.1/", "https://user:pass@example.com/"])
    def test_a_bad_address_is_told(self, owner: Person, url: str) -> None:
        page = owner.browser().post("/developers/callbacks/test/", {"url": url})

        assert page.status_code == 422
        assert "errorlist" in page.content.decode()
        assert not Callback.objects.exists()

    def test_what_the_receiver_answered_is_shown_as_text(self, lived_in: Person) -> None:
        row = Callback.objects.get(status=CallbackStatus.DELIVERED)
        row.tries.update(response_head="<script>alert(1)</script>")

        page = lived_in.browser().get(delivered_callback(lived_in)).content.decode()

        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)" in page

    @pytest.mark.parametrize("query", ["status=FAILED", "post=post_abc123", "status=nonsense", "post=%00"])
    def test_it_is_narrowed_by_its_address(self, lived_in: Person, query: str) -> None:
        page = lived_in.browser().get(f"/developers/callbacks/?{query}")

        assert len(page.context["found"].rows) == (3 if "nonsense" in query or "%00" in query else 1)


class TestSecret:
    """``/developers/callbacks/signing/``."""

    def test_it_is_shown_when_asked_for_and_not_before(self, owner: Person) -> None:
        (secret,) = signing_secrets(organization=owner.organization, now=utcnow())
        browser = owner.browser()

        assert secret not in browser.get("/developers/callbacks/signing/").content.decode()
        page = browser.post("/developers/callbacks/signing/reveal/")
        assert secret in page.content.decode()
        assert "no-store" in page.headers["Cache-Control"]
        assert browser.get("/developers/callbacks/signing/reveal/").status_code == 405

    def test_replaced_both_sign_for_a_day(self, owner: Person) -> None:
        now = utcnow()
        (old,) = signing_secrets(organization=owner.organization, now=now)

        owner.browser().post("/developers/callbacks/signing/rotate/")

        new, kept = signing_secrets(organization=owner.organization, now=now)
        assert (kept, new != old) == (old, True)
        headers = sign(secrets=[new, kept], message_id="cb_1", timestamp=int(now.timestamp()), body=b"{}")
        assert Webhook(old).verify("{}", headers) == Webhook(new).verify("{}", headers) == {}
        assert signing_secrets(organization=owner.organization, now=now + timedelta(hours=25)) == [new]


def test_the_quick_start_posts_for_real_only_at_the_sandbox(owner: Person) -> None:
    channel = make_channel(owner.organization, "x")
    assert "DRAFT" not in str(owner.browser().get("/developers/").context["steps"])

    channel.is_sandbox = False
    channel.save()
    steps = str(owner.browser().get("/developers/").context["steps"])
    assert "DRAFT" in steps
    assert channel.public_id in steps


def test_an_id_that_a_write_would_change_is_nobody_s(lived_in: Person) -> None:
    browser = lived_in.browser()
    post = lived_in.organization.posts.latest("id").public_id

    assert post in browser.get("/developers/reference/get-post/").content.decode()
    assert post not in browser.get("/developers/reference/delete-post/").content.decode()


def test_a_secret_that_cannot_be_read_is_told(owner: Person) -> None:
    rotate_signing_secret(organization=owner.organization, now=utcnow())
    SigningSecret.objects.update(secret="not-encrypted-here")

    page = owner.browser().post("/developers/callbacks/signing/reveal/")

    assert "cannot be read here" in page.content.decode()
