"""What operators do to rows: by the services alone, with a word on each row that was refused, and a note of who did it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from pytest_django.fixtures import Settings

from chat33 import operators
from chat33.lib.clock import utcnow
from chat33.orgs.models import OutgoingEmail, User
from chat33.orgs.outbox import queue_email
from integrations.channels import RECONNECT, account, disconnect_channel
from integrations.models import ApiKey, Callback, CallbackStatus, Channel, Notice
from integrations.services import create_api_key
from posts.models import Attempt, Post, PostStatus
from tests.factories import make_callback, make_channel, make_post
from tests.people import Person
from tests.sandboxes import RunningSandbox

Act = Callable[..., list[str]]


@pytest.fixture
def posts(channel: Channel) -> dict[str, Post]:
    """One post in each state, failed ones of both kinds."""
    found = {status.value: make_post(channel, status=status) for status in PostStatus}
    found["FAILED"].error_code = "MEDIA"
    found["UNCONFIRMED"] = make_post(
        channel,
        status=PostStatus.FAILED,
        error_code="UNCONFIRMED",
        intent_at=utcnow(),
        callback_url="https://example.com/h",
    )
    found["FAILED"].save()
    return found


def status(post: Post) -> tuple[str, str]:
    post.refresh_from_db()
    return post.status, post.error_code


def test_failed_posts_are_queued_again_and_others_refused_one_by_one(
    act: Act, posts: dict[str, Post], operator: User
) -> None:
    told = act("retry", *posts.values())

    assert status(posts["FAILED"]) == ("QUEUED", "")
    assert posts["FAILED"].due_at is not None
    assert told[0] == "1 post queued again."
    assert len(told) == len(posts)
    assert f"{posts['DRAFT']}: Only a failed post can be retried; this one is DRAFT." in told
    assert any(str(posts["UNCONFIRMED"]) in text and "Reconcile it" in text for text in told)
    assert Attempt.objects.get(event="retry_requested").message == f"Asked for by {operator.public_id}."
    assert [status(posts[name])[0] for name in ("DRAFT", "PUBLISHED", "CANCELLED")] == [
        "DRAFT",
        "PUBLISHED",
        "CANCELLED",
    ]


def test_only_what_is_queued_or_failed_is_cancelled(act: Act, posts: dict[str, Post]) -> None:
    told = act("cancel", *posts.values())

    assert {name: status(post)[0] for name, post in posts.items()} == {
        "DRAFT": "DRAFT", "QUEUED": "CANCELLED", "PUBLISHING": "PUBLISHING", "PUBLISHED": "PUBLISHED",
        "FAILED": "CANCELLED", "CANCELLED": "CANCELLED", "UNCONFIRMED": "CANCELLED",
    }  # fmt: skip
    assert told[0] == "3 posts cancelled."
    assert f"{posts['PUBLISHED']}: It is PUBLISHED; only what is queued or failed is cancelled here." in told


def test_an_unconfirmed_post_is_looked_for_again(act: Act, posts: dict[str, Post]) -> None:
    told = act("reconcile", posts["UNCONFIRMED"], posts["FAILED"])

    assert status(posts["UNCONFIRMED"])[0] == "PUBLISHING"
    assert told == [
        "1 post being looked for.",
        f"{posts['FAILED']}: Only a post whose outcome is unconfirmed can be reconciled.",
    ]


def test_an_operator_s_word_settles_an_unconfirmed_post_and_its_callback_leaves(
    act: Act, posts: dict[str, Post]
) -> None:
    act("resolve_published", posts["UNCONFIRMED"])

    assert status(posts["UNCONFIRMED"]) == ("PUBLISHED", "")
    assert Callback.objects.get().body["status"] == "PUBLISHED"


def test_or_says_that_it_failed(act: Act, posts: dict[str, Post]) -> None:
    told = act("resolve_failed", posts["UNCONFIRMED"], posts["QUEUED"])

    assert status(posts["UNCONFIRMED"]) == ("FAILED", "RESOLVED_FAILED")
    assert told[0] == "1 post resolved as failed."
    assert status(posts["QUEUED"])[0] == "QUEUED"


def test_a_post_s_page_offers_what_its_state_allows_and_comes_back_to_it(desk: Client, posts: dict[str, Post]) -> None:
    def offered(post: Post) -> list[str]:
        return [name for name, _ in desk.get(f"/admin/posts/post/{post.pk}/change/").context["row_actions"]]

    assert offered(posts["UNCONFIRMED"]) == ["reconcile", "resolve_published", "resolve_failed"]
    assert offered(posts["FAILED"]) == ["retry", "cancel"]
    assert offered(posts["QUEUED"]) == ["cancel"]
    assert offered(posts["PUBLISHED"]) == []
    row = posts["FAILED"].pk
    form = {"action": "retry", "_selected_action": row, "_from_row": row, "index": 0, "select_across": 0}
    reply = desk.post("/admin/posts/post/", form)
    assert reply.headers["Location"] == f"/admin/posts/post/{row}/change/"
    assert status(posts["FAILED"])[0] == "QUEUED"


def test_who_did_it_is_in_the_row_s_history(act: Act, posts: dict[str, Post], operator: User) -> None:
    act("retry", posts["FAILED"], posts["DRAFT"])

    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id, entry.get_change_message()) == (
        operator,
        str(posts["FAILED"].pk),
        "Queued again.",
    )


def test_no_more_rows_at_once_than_somebody_waits_for(act: Act, channel: Channel) -> None:
    rows = [make_post(channel, status=PostStatus.FAILED) for _ in range(operators.MANY + 1)]

    assert act("retry", *rows) == [f"Choose at most {operators.MANY} at once; nothing was changed."]
    assert {status(row)[0] for row in rows} == {"FAILED"}


def test_and_fewer_where_each_asks_a_network(act: Act, owner: Person) -> None:
    rows = [make_channel(owner.organization, "x") for _ in range(21)]

    assert act("refresh", *rows) == ["Choose at most 20 at once; nothing was changed."]


def test_many_refusals_do_not_fill_the_page(act: Act, channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operators, "REFUSALS", 2)

    told = act("retry", *[make_post(channel) for _ in range(5)])

    assert len(told) == 3
    assert told[-1] == "… and 3 more were refused."


def test_a_key_is_revoked_and_opens_nothing(act: Act, owner: Person) -> None:
    key = ApiKey.objects.get()
    assert owner.api().send("GET", "posts").status_code == 200

    assert act("revoke", key) == ["1 API key revoked."]
    assert owner.api().send("GET", "posts").status_code == 401
    assert act("revoke", key) == [f"{key}: It has been revoked before."]


def test_a_channel_is_disconnected_with_a_notice(act: Act, channel: Channel) -> None:
    assert act("disconnect", channel) == ["1 channel disconnected."]

    channel.refresh_from_db()
    assert not channel.is_active
    assert Notice.objects.get(channel=channel, resolved_at=None).kind == RECONNECT
    assert act("disconnect", channel) == [f"{channel}: It is disconnected already."]
    assert act("refresh", channel) == [f"{channel}: It is disconnected; its owner has to connect it again."]


def test_a_token_is_refreshed_now(act: Act, owner: Person, sandboxed: RunningSandbox) -> None:
    given = sandboxed.account("x")
    channel = make_channel(owner.organization, "x", account=given, expires_at=utcnow() + timedelta(days=5))
    before = account(channel).credentials.access_token

    assert act("refresh", channel) == ["1 channel refreshed."]
    channel.refresh_from_db()
    assert account(channel).credentials.access_token != before


def test_a_network_that_cannot_be_reached_is_told_as_such(act: Act, owner: Person, settings: Settings) -> None:
    settings.SANDBOX_URL = "http://127.0.0.1:9"
    channel = make_channel(owner.organization, "x", account={"refresh_token": "any"})

    assert act("refresh", channel) == [f"{channel}: The network could not be reached. Try again later."]
    channel.refresh_from_db()
    assert channel.is_active


def test_credentials_that_cannot_be_read_are_told_as_such(act: Act, channel: Channel) -> None:
    Channel.objects.update(credentials="altered")

    assert act("refresh", channel) == [f"{channel}: The stored secret cannot be read with the keys given."]


def test_a_notice_is_resolved_once(act: Act, channel: Channel) -> None:
    disconnect_channel(channel=channel, reason="Gone.", now=utcnow())
    notice = Notice.objects.get()

    assert act("resolve", notice) == ["1 notice resolved."]
    assert act("resolve", notice) == [f"{notice}: It is resolved already."]


def test_a_callback_is_sent_again(act: Act, owner: Person) -> None:
    callback = make_callback(owner.organization, status=CallbackStatus.FAILED, attempts=13)

    assert act("resend", callback) == ["1 callback queued again."]
    callback.refresh_from_db()
    assert (callback.status, callback.attempts, callback.fence) == ("PENDING", 0, 1)
    assert callback.due_at is not None


def test_an_email_that_waits_is_tried_at_once(act: Act, db: None) -> None:
    queue_email(to="person@example.com", subject="Look", text="Hello", now=utcnow())
    OutgoingEmail.objects.update(due_at=utcnow() + timedelta(hours=8), attempts=9)
    email = OutgoingEmail.objects.get()

    assert act("hurry", email) == ["1 outgoing email about to be sent."]
    email.refresh_from_db()
    assert email.due_at is not None
    assert email.due_at <= utcnow()
    OutgoingEmail.objects.update(due_at=None, sent_at=utcnow())
    assert act("hurry", email)[0].endswith("It does not wait: it is sent, given up, due or just being sent.")


@pytest.mark.parametrize(
    "made",
    [lambda person: make_post(make_channel(person.organization)), lambda person: make_callback(person.organization)],
)
def test_nobody_writes_a_row_of_the_queue_by_hand(desk: Client, owner: Person, made: Callable[[Person], Any]) -> None:
    row = made(owner)
    address = f"/admin/{row._meta.app_label}/{row._meta.model_name}"

    assert (
        desk.post(f"{address}/{row.pk}/change/", {"status": "DELIVERED", "due_at_0": "", "fence": 9}).status_code == 403
    )
    assert desk.get(f"{address}/add/").status_code == 403
    assert desk.post(f"{address}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    row.refresh_from_db()
    assert (row.fence, type(row).objects.count()) == (0, 1)


def test_an_action_by_get_changes_nothing(desk: Client, owner: Person) -> None:
    key, _ = create_api_key(organization=owner.organization, name="Another", by=owner.user)

    desk.get("/admin/integrations/apikey/", {"action": "revoke", "_selected_action": str(key.pk), "index": "0"})

    key.refresh_from_db()
    assert key.revoked_at is None
