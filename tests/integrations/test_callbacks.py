"""Callbacks: what an integrator's server receives, when, how often, and what it can do to us."""

import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.db import connection
from pytest_django.fixtures import Settings
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from chat33.lib.clock import utcnow
from integrations import callbacks, services
from integrations.models import Callback, CallbackAttempt, CallbackStatus, Channel, SigningSecret
from integrations.services import rotate_signing_secret, signing_secrets
from integrations.signing import new_secret
from posts import publishing
from tests.crowd import together
from tests.factories import make_callback
from tests.lib.misbehaving import Peer, Script, Server, answer, says, serving
from tests.people import Person
from tests.posts.flow import publish, queued, sandbox_channel
from tests.sandboxes import RunningSandbox

BODY = {"postId": "post_1", "status": "PUBLISHED", "externalPostId": "17", "externalPostUrl": None, "error": None}
OK = says(answer("200 OK"))


@pytest.fixture
def receiver() -> Iterator[Server]:
    """A server that takes every callback."""
    with serving(OK) as server:
        yield server


def due(person: Person, url: str, **given: Any) -> Callback:
    """A callback whose time has come."""
    return make_callback(person.organization, **{"url": url, "body": BODY, "due_at": utcnow(), **given})


def send(callback: Callback, now: datetime | None = None) -> Callback:
    """Send it once, as a worker does, and read it again."""
    callback.refresh_from_db()
    callbacks.deliver_callback(callback=callback, now=now or utcnow())
    callback.refresh_from_db()
    return callback


def message(raw: bytes) -> tuple[dict[str, str], bytes]:
    """Headers (in lower case) and body of a request."""
    head, _, body = raw.partition(b"\r\n\r\n")
    fields = [line.decode().split(": ", 1) for line in head.split(b"\r\n")[1:]]
    return {name.lower(): value for name, value in fields}, body


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
        for changed in (
            (body.replace(b"post_1", b"post_2"), headers),
            (body, {**headers, "webhook-id": "cb_other"}),
            (body, {**headers, "webhook-timestamp": str(int(time.time()) - 1)}),
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


def delivered(these: list[Callback]) -> int:
    return Callback.objects.filter(pk__in=[each.pk for each in these], status=CallbackStatus.DELIVERED).count()


def untried(these: list[Callback]) -> int:
    return Callback.objects.filter(pk__in=[each.pk for each in these], attempts=0).count()


def when_back(over: threading.Event, look: Callable[[], tuple[int, ...]], *, others: int) -> tuple[int, ...]:
    """Three workers send what is due. What there is to see when so many have come back and the rest waits for who says
    nothing, which is over then.
    """
    looks: list[tuple[int, ...]] = []
    lock = threading.Lock()

    def work() -> None:
        callbacks.send_due(seconds=60)
        with lock:
            looks.append(look())
            if len(looks) == others:
                over.set()

    together([work] * 3)
    return looks[others - 1]


def after_reading(then: Script) -> Script:
    """Read the request, then do that."""

    def script(peer: Peer) -> None:
        peer.read()
        then(peer)

    return script


def drips_its_body(peer: Peer) -> None:
    peer.write(answer("200 OK", "Content-Length: 5000", length=False))
    peer.drip(b"x" * 5000)


TROUBLE: dict[str, Script] = {
    "says nothing": lambda peer: peer.hang(),
    "reads and says nothing": after_reading(lambda peer: peer.hang()),
    "drips its head": after_reading(lambda peer: peer.drip(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 5000)),
    "drips its body": after_reading(drips_its_body),
    "endless head": after_reading(lambda peer: peer.write(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 1_000_000)),
    "resets": lambda peer: peer.reset(),
    "no HTTP": says(b"220 smtp.example.com\r\n"),
    "closes": after_reading(lambda peer: None),
}


class TestHostileReceivers:
    """A receiver costs ten seconds and sixteen kilobytes at most."""

    @pytest.fixture(autouse=True)
    def _short(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert (callbacks.WALL, callbacks.READ) == (10.0, 16_384)
        monkeypatch.setattr(callbacks, "WALL", 0.5)

    @pytest.mark.parametrize("trouble", TROUBLE)
    def test_it_ends_in_time_and_is_tried_again(self, owner: Person, trouble: str) -> None:
        with serving(TROUBLE[trouble]) as server:
            started = time.monotonic()
            callback = send(due(owner, server.url))
            seconds = time.monotonic() - started

        assert seconds < 3
        assert (callback.status, callback.attempts) == ("PENDING", 1)
        assert callback.last_error
        assert callback.tries.get().milliseconds <= seconds * 1000

    def test_a_huge_answer_counts_and_is_not_read(self, owner: Person) -> None:
        def flood(peer: Peer) -> None:
            peer.read()
            peer.write(answer("200 OK", length=False))
            for _ in range(2000):
                peer.write(b"x" * 65_536)

        with serving(flood) as server:
            callback = send(due(owner, server.url))

        assert callback.status == "DELIVERED"
        assert server.written < 20_000_000
        assert len(callback.tries.get().response_head) == 1000

    @pytest.mark.parametrize(
        "url",
        ["http://127.0.0.1/", "http://[::1]/", "http://169.254.169.254/", "http://2130706433/", "http://localhost/"],
    )
    def test_nothing_inside_is_reached(self, owner: Person, settings: Settings, url: str) -> None:
        settings.ALLOW_PRIVATE_HOSTS = []

        callback = send(due(owner, url))

        assert (callback.status, callback.due_at) == ("FAILED", None)
        assert "not on the public internet" in callback.last_error

    def test_a_name_that_leads_inside_is_not_followed(
        self, owner: Person, receiver: Server, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", receiver.port))]
        callback = due(owner, "http://hooks.example.com/")
        with monkeypatch.context() as lying:
            lying.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)
            settings.ALLOW_PRIVATE_HOSTS = []
            send(callback)

        assert (callback.status, receiver.connections) == ("FAILED", 0)


@pytest.mark.django_db(transaction=True)
class TestManySenders:
    """Several workers, one queue."""

    def test_nothing_is_sent_twice(self, owner: Person, stranger: Person) -> None:
        with serving(OK) as one, serving(OK) as two:
            for number in range(12):
                due(owner, [one, two][number % 2].url + str(number))
                due(stranger, [one, two][number % 2].url + str(number))

            def work() -> int:
                sent = 0
                while Callback.objects.filter(due_at__lte=utcnow()).exists():
                    sent += callbacks.send_due(seconds=60)
                return sent

            assert sum(together([work] * 6)) == 24

        arrived = Counter(message(raw)[0]["webhook-id"] for raw in [*one.requests, *two.requests])
        assert set(arrived.values()) == {1}
        assert set(arrived) == set(Callback.objects.values_list("public_id", flat=True))
        assert CallbackAttempt.objects.count() == 24

    def test_a_dead_receiver_delays_nobody_else(self, owner: Person) -> None:
        over = threading.Event()
        with serving(lambda peer: peer.hang(over)) as dead, serving(OK) as alive:
            waiting = [due(owner, dead.url + str(number)) for number in range(6)]
            quick = [due(owner, alive.url + str(number)) for number in range(6)]
            seen = when_back(over, lambda: (delivered(quick), dead.connections, untried(waiting)), others=2)

        assert seen == (6, 1, 6)  # found nothing to do beside the dead one, and did not join the wait

    def test_many_dead_receivers_of_one_company_delay_no_other(self, owner: Person, stranger: Person) -> None:
        over = threading.Event()
        with ExitStack() as stack, serving(OK) as alive:
            silent = [stack.enter_context(serving(lambda peer: peer.hang(over))) for _ in range(4)]
            waiting = [due(owner, server.url) for server in silent]
            quick = [due(stranger, alive.url + str(number)) for number in range(3)]
            seen = when_back(
                over, lambda: (delivered(quick), sum(one.connections for one in silent), untried(waiting)), others=1
            )

        assert seen == (3, 2, 4)

    def test_a_receiver_hears_one_voice_at_a_time(self, owner: Person) -> None:
        talking, most = 0, 0
        lock = threading.Lock()

        def listen(peer: Peer) -> None:
            nonlocal talking, most
            with lock:
                talking += 1
                most = max(most, talking)
            peer.read()
            time.sleep(0.03)
            with lock:
                talking -= 1
            peer.write(answer("200 OK"))

        with serving(listen) as server:
            for number in range(8):
                due(owner, f"{server.url}{number}")
            together([lambda: callbacks.send_due(seconds=2)] * 4)

        assert most == 1


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
