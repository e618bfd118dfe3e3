"""Callbacks: what an integrator's server receives and when, and what is told of it."""

import json
import random
import time
from datetime import timedelta
from email.utils import format_datetime

import pytest
from django.db import connection
from pytest_django.fixtures import Settings
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from chat33.lib.clock import utcnow
from integrations import callbacks, services
from integrations.models import Callback, CallbackAttempt, Channel, SigningSecret
from integrations.services import rotate_signing_secret, signing_secrets
from integrations.signing import new_secret
from posts import publishing
from tests.crowd import together
from tests.factories import make_callback
from tests.integrations.sending import BODY, OK, due, message, send
from tests.lib.misbehaving import Server, answer, says, serving
from tests.people import Person
from tests.posts.flow import publish, queued, sandbox_channel
from tests.sandboxes import RunningSandbox


def secrets(person: Person) -> list[str]:
    return signing_secrets(organization=person.organization, now=utcnow())


class TestTheMessage:
    """What arrives."""

    def test_a_post_that_was_published_is_told_and_signed(self, owner: Person, sandboxed: RunningSandbox) -> None:
        channel = sandbox_channel(owner.organization, sandboxed, "x")
        with serving(OK) as server:
            given = {"accountIds": [channel.public_id], "text": "Live", "callbackUrl": server.url + "hook?who=me"}
            (made,) = owner.api().send("POST", "posts", given).json()["posts"]
            publishing.publish_due(seconds=60)
            assert callbacks.send_due(seconds=60) == 1

        (raw,) = server.requests
        headers, body = message(raw)
        assert raw.startswith(b"POST /hook?who=me HTTP/1.1\r\n")
        assert headers["content-type"] == "application/json"
        post = owner.api().send("GET", f"posts/{made['id']}").json()
        expected = {
            "postId": made["id"], "status": "PUBLISHED", "externalPostId": post["externalPostId"],
            "externalPostUrl": post["externalPostUrl"], "error": None,
        }  # fmt: skip
        assert json.loads(body) == expected
        assert list(json.loads(body)) == list(expected)
        assert Webhook(secrets(owner)[0]).verify(body, headers) == expected

    def test_a_post_that_failed_is_told_with_the_reason(
        self, owner: Person, channel: Channel, receiver: Server
    ) -> None:
        channel.is_active = False
        channel.save()
        queued(channel, text="Never", callback_url=receiver.url)

        publishing.publish_due(seconds=60)
        callbacks.send_due(seconds=60)

        _, body = message(receiver.requests[0])
        told = json.loads(body)
        assert (told["status"], told["externalPostId"], told["externalPostUrl"]) == ("FAILED", None, None)
        assert "disconnected" in told["error"]

    def test_a_post_without_an_address_is_told_to_nobody(self, owner: Person, sandboxed: RunningSandbox) -> None:
        publish(queued(sandbox_channel(owner.organization, sandboxed, "x"), text="Quiet"), sandboxed)

        assert not Callback.objects.exists()

    def test_any_alteration_is_noticed(self, owner: Person, receiver: Server) -> None:
        send(due(owner, receiver.url, body={**BODY, "error": "Größe 👩‍👩‍👧 <&>\u2028"}))

        headers, body = message(receiver.requests[0])
        webhook = Webhook(secrets(owner)[0])
        assert json.loads(body)["error"] == "Größe 👩‍👩‍👧 <&>\u2028"
        webhook.verify(body, headers)
        earlier = str(int(headers["webhook-timestamp"]) - 1)
        for changed in (
            (body.replace(b"post_1", b"post_2"), headers),
            (body, {**headers, "webhook-id": "cb_other"}),
            (body, {**headers, "webhook-timestamp": earlier}),
        ):
            with pytest.raises(WebhookVerificationError):
                webhook.verify(*changed)

    def test_the_id_stays_and_the_time_is_each_attempts(self, owner: Person) -> None:
        with serving(says(answer("500 No"))) as server:
            callback = due(owner, server.url)
            now = utcnow()
            send(callback, now)
            send(callback, now + timedelta(minutes=1))

        first, second = (message(raw)[0] for raw in server.requests)
        assert first["webhook-id"] == second["webhook-id"] == callback.public_id
        assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 60

    def test_while_secrets_change_both_sign(self, owner: Person, receiver: Server) -> None:
        (old,) = secrets(owner)
        now = utcnow()
        new = rotate_signing_secret(organization=owner.organization, now=now)

        send(due(owner, receiver.url))
        send(due(owner, receiver.url), now + timedelta(hours=24, seconds=1))

        headers, body = message(receiver.requests[0])
        for secret in (old, new):
            Webhook(secret).verify(body, headers)
        assert len(message(receiver.requests[1])[0]["webhook-signature"].split()) == 1

    @pytest.mark.django_db(transaction=True)
    def test_the_first_secret_is_made_once(self, owner: Person, monkeypatch: pytest.MonkeyPatch) -> None:
        def slowly() -> str:
            time.sleep(0.05)
            return new_secret()

        monkeypatch.setattr(services, "new_secret", slowly)

        found = together([lambda: secrets(owner)] * 8)

        assert len({tuple(each) for each in found}) == 1
        assert SigningSecret.objects.count() == 1

    def test_a_secret_that_cannot_be_read_costs_one_try(
        self, owner: Person, receiver: Server, settings: Settings
    ) -> None:
        secrets(owner)
        SigningSecret.objects.update(secret="unreadable")

        callback = send(due(owner, receiver.url))

        assert (callback.status, receiver.connections) == ("PENDING", 0)
        assert "Rotate" in callback.last_error


class TestTheSchedule:
    """When it is tried again, and when no more."""

    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_13_attempts_over_four_days(self, owner: Person, seed: int) -> None:
        random.seed(seed)
        callback, now = due(owner, "http://127.0.0.1:1/"), utcnow()
        pauses = []
        for _ in range(12):
            assert send(callback, now).status == "PENDING"
            assert callback.due_at is not None
            pauses.append((callback.due_at - now).total_seconds())
            now = callback.due_at
        assert send(callback, now).status == "FAILED"

        planned = (5, 30, 120, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400, 86_400)
        assert all(0.8 * plan <= pause <= 1.2 * plan for pause, plan in zip(pauses, planned, strict=True))
        assert pauses != list(planned)
        whole = timedelta(hours=99, minutes=37)
        assert abs(timedelta(seconds=sum(pauses)) - whole) <= whole / 5
        assert (callback.due_at, callback.attempts) == (None, 13)
        assert CallbackAttempt.objects.count() == 13

    @pytest.mark.parametrize("status", ["200 OK", "201 Made", "202 Later", "204 None", "299 Fine"])
    def test_any_2xx_is_enough(self, owner: Person, status: str) -> None:
        with serving(says(answer(status, length="204" not in status))) as server:
            callback = send(due(owner, server.url))

        assert (callback.status, callback.due_at, callback.last_error) == ("DELIVERED", None, "")
        assert callback.delivered_at is not None

    @pytest.mark.parametrize(
        "status", ["400 No", "401 No", "404 No", "429 Slow", "500 No", "503 No", "199 No", "600 No"]
    )
    def test_anything_else_is_tried_again(self, owner: Person, status: str) -> None:
        with serving(says(answer(status))) as server:
            callback = send(due(owner, server.url))

        assert (callback.status, callback.attempts) == ("PENDING", 1)
        assert callback.due_at is not None

    @pytest.mark.parametrize(
        "status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent", "304 Same"]
    )
    def test_a_redirect_is_a_failure_and_never_followed(self, owner: Person, receiver: Server, status: str) -> None:
        with serving(says(answer(status, f"Location: {receiver.url}"))) as server:
            callback = send(due(owner, server.url))

        assert (callback.status, receiver.connections) == ("PENDING", 0)
        assert "redirects are not followed" in callback.last_error

    def test_gone_is_the_end(self, owner: Person) -> None:
        with serving(says(answer("410 Gone"))) as server:
            callback = send(due(owner, server.url))

        assert (callback.status, callback.due_at, callback.attempts) == ("FAILED", None, 1)

    @pytest.mark.parametrize(
        ("asked", "seconds"),
        [
            ("120", 120), ("86400", 86_400), ("999999", 86_400), ("9" * 400, 86_400), ("0", 5), ("1", 5), ("-5", 5),
            ("soon", 5), ("", 5), ("1.5", 5), ("٣٠", 5), ("in an hour", 3600), ("an hour ago", 5),
        ],
    )  # fmt: skip
    def test_a_receiver_may_ask_for_time(self, owner: Person, asked: str, seconds: float) -> None:
        now = utcnow()
        hours = {"in an hour": 1, "an hour ago": -1}.get(asked)
        value = format_datetime(now + timedelta(hours=hours), usegmt=True) if hours else asked
        head = answer("503 Busy", "Content-Length: 0", "Retry-After: ", length=False)
        reply = head.replace(b"Retry-After: ", b"Retry-After: " + value.encode())
        with serving(says(reply)) as server:
            callback = send(due(owner, server.url), now)

        assert callback.due_at is not None
        waits = (callback.due_at - now).total_seconds()
        assert abs(waits - seconds) <= 1.01

    def test_a_worker_that_dies_leaves_it_to_the_next(self, owner: Person, receiver: Server) -> None:
        due(owner, receiver.url)
        assert callbacks.claim_callback() is not None
        assert callbacks.claim_callback() is None

        with connection.cursor() as cursor:
            cursor.execute("UPDATE integrations_callback SET due_at = now(), leased_until = now()")

        assert callbacks.send_due(seconds=60) == 1
        assert Callback.objects.get().status == "DELIVERED"

    def test_a_worker_that_lost_it_writes_nothing(self, owner: Person, receiver: Server) -> None:
        due(owner, receiver.url)
        held = callbacks.claim_callback()
        assert held is not None
        owner.api().send("POST", f"callbacks/{held.public_id}/resend")

        callbacks.deliver_callback(callback=held, now=utcnow())

        assert Callback.objects.get().status == "PENDING"


class TestTheDoors:
    """``/callbacks``: what was sent, what came back, and once more."""

    def test_every_attempt_can_be_looked_at(self, owner: Person) -> None:
        with serving(says(answer("500 No", body=b"went\x00wrong \xff"))) as server:
            callback = send(due(owner, server.url, subject="post_1"))

        seen = owner.api().send("GET", f"callbacks/{callback.public_id}").json()
        assert {name: seen[name] for name in ("id", "postId", "url", "status", "attempts", "body")} == {
            "id": callback.public_id, "postId": "post_1", "url": server.url, "status": "PENDING", "attempts": 1,
            "body": BODY,
        }  # fmt: skip
        assert seen["nextAttemptAt"] is not None
        assert "500" in seen["lastError"]
        (attempt,) = seen["tries"]
        assert (attempt["number"], attempt["httpStatus"], attempt["address"]) == (1, 500, "127.0.0.1")
        assert attempt["responseHead"] == "wentwrong \ufffd"
        kept = callback.tries.get().request_headers
        assert set(kept) == {"Content-Type", "webhook-id", "webhook-timestamp"}

    def test_they_are_listed_by_post_and_page(self, owner: Person, stranger: Person) -> None:
        made = [make_callback(owner.organization, subject=f"post_{number % 2}") for number in range(5)]
        make_callback(stranger.organization, subject="post_1")

        listed = owner.api().send("GET", "callbacks?limit=2").json()
        assert [item["id"] for item in listed["items"]] == [made[4].public_id, made[3].public_id]
        assert (listed["total"], listed["hasMore"]) == (5, True)
        by_post = owner.api().send("GET", "callbacks?postId=post_1").json()
        assert {item["id"] for item in by_post["items"]} == {made[1].public_id, made[3].public_id}

    def test_it_is_sent_once_more_as_it_was(self, owner: Person, receiver: Server) -> None:
        callback = send(due(owner, receiver.url))

        again = owner.api().send("POST", f"callbacks/{callback.public_id}/resend")
        assert (again.status_code, again.json()["status"], again.json()["attempts"]) == (200, "PENDING", 0)
        assert callbacks.send_due(seconds=60) == 1

        first, second = (message(raw) for raw in receiver.requests)
        assert first[1] == second[1]
        assert first[0]["webhook-id"] == second[0]["webhook-id"]
        seen = owner.api().send("GET", f"callbacks/{callback.public_id}").json()
        assert (seen["status"], len(seen["tries"])) == ("DELIVERED", 2)

    def test_one_that_was_given_up_gets_its_whole_schedule_again(self, owner: Person) -> None:
        callback = due(owner, "http://127.0.0.1:1/", status="FAILED", attempts=13, due_at=None)

        owner.api().send("POST", f"callbacks/{callback.public_id}/resend")
        callbacks.send_due(seconds=60)

        callback.refresh_from_db()
        assert (callback.status, callback.attempts) == ("PENDING", 1)

    @pytest.mark.parametrize("way", ["", "/resend"])
    def test_a_stranger_finds_nothing(self, owner: Person, stranger: Person, way: str) -> None:
        callback = make_callback(owner.organization)
        method = "POST" if way else "GET"

        for name in (callback.public_id, "cb_nobody", "%00"):
            assert stranger.api().send(method, f"callbacks/{name}{way}").status_code == 404
        callback.refresh_from_db()
        assert callback.due_at is None
