"""One event a request under an id that its work repeats in the workers, and no secret in any of them."""

import io
import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from celery import signals
from django.conf import settings as installation
from django.test import Client
from pytest_django.fixtures import Settings

from chat33 import bell
from chat33.celery import app
from chat33.dashboard import receivers
from chat33.lib.clock import utcnow
from chat33.logs import REDACTED, given_request_id, logging_config, redact
from integrations.callbacks import send_due
from integrations.channels import account
from integrations.models import Callback, Channel
from integrations.services import signing_secrets
from integrations.tasks import refresh_tokens
from posts import services
from posts.models import Post, PostStatus
from tests.factories import make_post
from tests.people import Person
from tests.posts.flow import publish, queued, sandbox_channel
from tests.sandboxes import RunningSandbox


class Journal:
    """What was written, as production writes it."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def events(self, name: str = "") -> list[dict[str, Any]]:
        found = [json.loads(line) for line in self.text.splitlines()]
        return [event for event in found if not name or event["event"] == name]


@pytest.fixture
def journal() -> Iterator[Journal]:
    """All that any logger says while the test runs, JSON by the installation's own formatter."""
    journal = Journal()
    made = logging_config(json=True, level="DEBUG")["formatters"]["event"]
    made = dict(made)
    handler = logging.StreamHandler(journal.stream)
    handler.setFormatter(made.pop("()")(**made))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield journal
    root.removeHandler(handler)
    root.setLevel(level)


# The request's event and its id


def test_a_request_is_one_event(owner: Person, channel: Channel, journal: Journal) -> None:
    reply = owner.api().send("GET", f"posts/{make_post(channel).public_id}")

    (event,) = journal.events("request")
    assert event["ms"] > 0
    assert {name: event[name] for name in ("method", "route", "status", "organization", "key_prefix", "level")} == {
        "method": "GET",
        "route": "api/v1/posts/<str:post_id>",
        "status": 200,
        "organization": owner.organization.public_id,
        "key_prefix": owner.key[:12],
        "level": "info",
    }
    assert event["caller"].startswith("key_")
    assert event["request_id"] == reply.headers["X-Request-ID"]


def test_a_session_is_told_by_person(owner: Person, journal: Journal) -> None:
    owner.browser().send("GET", "posts")

    (event,) = journal.events("request")
    assert (event["caller"], event["organization"]) == (owner.user.public_id, owner.organization.public_id)
    assert "key_prefix" not in event


@pytest.mark.django_db
def test_refusals_and_nowhere_are_events_too(journal: Journal) -> None:
    Client().get("/api/v1/posts")
    Client().get("/nowhere/at/all?token=abc")

    assert [(event["status"], event["route"]) for event in journal.events("request")] == [
        (401, "api/v1/posts"),
        (404, "unrouted"),
    ]


def test_probes_and_files_are_quiet_while_all_is_well(db: None, journal: Journal) -> None:
    for path in ("/healthz", "/static/dashboard/admin.css"):
        Client().get(path).close()
    Client().post("/healthz")

    found = [(event["route"], event["status"], event["level"]) for event in journal.events("request")]
    assert found == [("healthz", 200, "debug"), ("static", 200, "debug"), ("healthz", 405, "info")]


@pytest.mark.parametrize("given", ["req-12345678", "0af7651916cd43dd8448eb211c80319c", "a.b_c-d9"])
def test_a_well_formed_id_of_the_caller_s_is_kept(given: str, db: None, journal: Journal) -> None:
    reply = Client().get("/healthz", headers={"X-Request-ID": given})

    assert reply.headers["X-Request-ID"] == given


@pytest.mark.parametrize(
    "given", ["short", "x" * 65, "with space 1", "tab\tinside", "semi;colon1", "-leading-dash", "ü" * 9, ""]
)
def test_any_other_is_replaced(given: str) -> None:
    assert given_request_id(given) == ""


def test_a_secret_in_the_wrong_header_is_no_id(owner: Person) -> None:
    reply = Client().get("/healthz", headers={"X-Request-ID": owner.key})

    assert reply.headers["X-Request-ID"].startswith("req_")


def test_each_answer_bears_an_id_of_its_own(db: None) -> None:
    ids = {Client().get(path).headers["X-Request-ID"] for path in ("/healthz", "/api/v1/posts", "/nowhere", "/admin/")}

    assert len(ids) == 4


def test_a_failure_of_ours_is_one_event_with_its_traceback(
    owner: Person, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError(f"it broke on {owner.key} and Bearer {'t' * 20}")

    monkeypatch.setattr("posts.api.v1.posts.posts_like", broken)
    client = owner.api()
    client.raise_request_exception = False
    reply = client.send("GET", "posts", headers={"X-Request-ID": "my-request-1"})

    assert reply.status_code == 500
    assert "my-request-1" in reply.json()["message"]
    (event,) = journal.events("request")
    assert (event["level"], event["status"]) == ("error", 500)
    assert "RuntimeError: it broke on" in event["exception"]
    assert owner.key not in journal.text
    assert owner.key not in reply.content.decode()
    assert [found for found in journal.events() if found.get("request_id") == "my-request-1"] == [event]


# The id in the workers


def test_the_id_follows_a_post_through_publishing_and_its_callback(
    owner: Person, sandboxed: RunningSandbox, journal: Journal
) -> None:
    channel = sandbox_channel(owner.organization, sandboxed, "x")
    body = {"accountIds": [channel.public_id], "text": "Hello", "callbackUrl": f"{sandboxed.url}/_control/posts"}
    owner.api().send("POST", "posts", body, headers={"X-Request-ID": "order-number-7"})

    publish(Post.objects.get(), sandboxed)
    send_due(seconds=60)

    for name in ("request", "post_finished", "callback_attempted"):
        assert [event["request_id"] for event in journal.events(name)] == ["order-number-7"], name
    assert Callback.objects.get().request_id == "order-number-7"


def test_a_person_s_word_keeps_the_post_s_id(channel: Channel, owner: Person) -> None:
    post = make_post(
        channel,
        status=PostStatus.FAILED,
        error_code="UNCONFIRMED",
        callback_url="https://example.com/",
        request_id="first-one",
    )
    services.resolve_post(post=post, outcome="published", now=utcnow(), by=owner.user.public_id)

    assert Callback.objects.get().request_id == "first-one"


def test_a_ring_bears_the_id_and_the_worker_takes_it_up(
    monkeypatch: pytest.MonkeyPatch, journal: Journal, db: None
) -> None:
    sent: dict[str, Any] = {}
    heard = threading.Event()

    def before(sender: Any = None, headers: Any = None, **_: Any) -> None:
        if headers.get("request_id") == "rang-for-this":  # an earlier test's ring may come now, too
            sent.update(headers)
            heard.set()

    signals.before_task_publish.connect(before)
    structlog.contextvars.bind_contextvars(request_id="rang-for-this")
    try:
        bell.ring("posts.publish_due_posts")
        assert heard.wait(60)
    finally:
        signals.before_task_publish.disconnect(before)
        structlog.contextvars.clear_contextvars()

    structlog.contextvars.bind_contextvars(left_by="the task before")
    refresh_tokens.push_request(**sent)
    receivers.worker_took(task=refresh_tokens)
    refresh_tokens.pop_request()
    found = structlog.contextvars.get_contextvars()
    structlog.contextvars.clear_contextvars()
    assert found == {"task": "integrations.refresh_tokens", "request_id": "rang-for-this"}


def test_celery_leaves_logging_as_the_settings_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    monkeypatch.setattr(app.log, "already_setup", False)

    app.log.setup_logging_subsystem(loglevel="CRITICAL")

    assert (root.level, list(root.handlers)) == before


# No secret


def test_a_whole_flow_leaves_no_secret_anywhere(
    owner: Person, sandboxed: RunningSandbox, journal: Journal, settings: Settings
) -> None:
    given = sandboxed.account("x")
    channel = sandbox_channel(owner.organization, sandboxed, "x")
    (signing,) = signing_secrets(organization=owner.organization, now=utcnow())
    answers: list[str] = []

    def say(person: Person, method: str, path: str, body: Any = None, **headers: str) -> None:
        answers.append(person.api(**headers).send(method, path, body).content.decode())

    browser = Client()
    browser.post("/admin/login/", {"username": owner.user.email, "password": "correct horse battery"})
    browser.post("/accounts/login/", {"login": owner.user.email, "password": "correct horse battery"})
    made = owner.browser().send("POST", "api-keys", {"name": "Second"})
    fresh = made.json()["key"]
    say(owner, "GET", "accounts")
    callback = f"{sandboxed.url}/_control/posts"
    say(owner, "POST", "posts", {"accountIds": [channel.public_id], "text": "One", "callbackUrl": callback})
    publish(Post.objects.latest("id"), sandboxed)
    for mode in ("error", "drop_after"):
        sandboxed.rule("x", "commit", mode, status=401)
        publish(queued(channel, text=f"After {mode}", callback_url=callback), sandboxed)
    send_due(seconds=60)
    for post in Post.objects.all():
        say(owner, "GET", f"posts/{post.public_id}")
        say(owner, "GET", f"posts/{post.public_id}/logs")
    for row in Callback.objects.all():
        say(owner, "GET", f"callbacks/{row.public_id}")
    say(owner, "POST", "posts", {"accountIds": ["nobody"], "callbackUrl": f"https://u:{fresh}@example.com/"})
    say(owner, "GET", f"posts?status={fresh}")
    mistyped = Person(owner.user, owner.organization, f"{owner.key[:-1]}!")
    say(mistyped, "GET", "posts", Authorization=f"Bearer {fresh}")
    metrics = Client().get("/metrics", headers={"Authorization": f"Bearer {installation.METRICS_TOKEN}"})
    answers.append(metrics.content.decode())

    tokens = account(Channel.objects.get(pk=channel.pk)).credentials
    secrets = {
        "key": owner.key, "fresh key": fresh, "mistyped": mistyped.key, "access": given["access_token"],
        "refresh": given["refresh_token"], "renewed access": tokens.access_token, "renewed refresh": tokens.refresh_token,
        "signing": signing, "signing's bytes": signing.removeprefix("whsec_"), "password": "correct horse battery",
        "metrics": installation.METRICS_TOKEN, "cookie": browser.cookies["csrftoken"].value,
    }  # fmt: skip
    assert len(journal.events()) > 20
    assert {name for name, secret in secrets.items() if secret in journal.text} == set()
    assert {name for name, secret in secrets.items() if any(secret in answer for answer in answers)} == set()


def test_what_is_shown_once_is_shown_there_alone(owner: Person, journal: Journal) -> None:
    made = owner.browser().send("POST", "api-keys", {"name": "Second"})

    assert made.json()["key"] not in journal.text


@pytest.mark.parametrize("name", ["token", "access_token", "client-secret", "password1", "Authorization", "Set-Cookie",
                                  "x-api-key", "apikey", "credentials", "webhook-signature"])  # fmt: skip
def test_a_value_is_taken_out_by_its_name(name: str, journal: Journal) -> None:
    structlog.get_logger("test").warning("said", **{name: "opensesame"}, nested={"deep": [{name: "opensesame"}]})

    assert "opensesame" not in journal.text
    assert journal.events("said")[0][name] == REDACTED


@pytest.mark.parametrize(
    "secret",
    [
        "sk_" + "live_" + "a" * 36,
        "whsec" + "_" + "QUJD" * 8 + "=",
        "sbx-" + "instagram-AbC_d-1",
        "EAA" + "G" * 40,
        "ya29." + "a0" * 20,
    ],
)
def test_a_value_is_taken_out_by_its_look(secret: str, journal: Journal) -> None:
    logging.getLogger("a.library").warning("it said %s and {'x': %r}", secret, secret.encode())
    structlog.get_logger("test").warning(
        "said", text=f"before {secret} after", items=(secret, {secret}), thing=Exception(secret)
    )
    try:
        raise ValueError(secret)
    except ValueError:
        logging.getLogger("a.library").exception("caught")

    assert secret not in journal.text
    assert secret[-12:] not in journal.text
    assert "before " in journal.text
    assert " after" in journal.text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET /v1/me?access_token=abcdef&fields=id", f"GET /v1/me?access_token={REDACTED}&fields=id"),
        ('{"refresh_token": "abcdef", "expires_in": 1}', f'{{"refresh_token": "{REDACTED}", "expires_in": 1}}'),
        ("Authorization: Bearer abcdefghij", f"Authorization: Bearer {REDACTED}"),
        ("https://x.example/cb?code=abc&state=1", f"https://x.example/cb?code={REDACTED}&state=1"),
        ("sk_live_abcd", "sk_live_abcd"),
        ("The token has expired: connect again.", "The token has expired: connect again."),
        ("status_code=200", "status_code=200"),
    ],
)
def test_text_keeps_what_opens_nothing(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_numbers_and_flags_stay_what_they_are() -> None:
    assert redact({"tokens": 3, "token_ok": True, "token": "", "ms": 1.5, "none": None}) == {
        "tokens": 3, "token_ok": True, "token": "", "ms": 1.5, "none": None,
    }  # fmt: skip


def test_the_console_s_tracebacks_show_no_local_variables(capsys: pytest.CaptureFixture[str]) -> None:
    made = dict(logging_config(json=False, level="INFO")["formatters"]["event"])
    formatter: logging.Formatter = made.pop("()")(**made)
    hidden = "local" + "-variable"
    try:
        raise ValueError("shown")
    except ValueError as error:
        record = logging.LogRecord("n", logging.ERROR, "p", 1, "m", (), (ValueError, error, error.__traceback__))
    text = formatter.format(record)

    assert "ValueError: shown" in text
    assert hidden not in text
