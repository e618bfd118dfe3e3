"""Callbacks: what a receiver can do to us, and several workers at one queue."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from pytest_django.fixtures import Settings

from chat33.lib.clock import utcnow
from chat33.runtime.processes import wait_until
from integrations import callbacks
from integrations.models import Callback, CallbackAttempt, CallbackStatus
from tests.crowd import together
from tests.integrations.sending import OK, due, message, send
from tests.lib.misbehaving import Peer, Script, Server, answer, says, serving
from tests.people import Person


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


def once(ready: Callable[[], bool]) -> Script:
    """Take what comes as soon as it is so."""

    def script(peer: Peer) -> None:
        wait_until(ready, seconds=30, every=0.01)
        OK(peer)

    return script


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

        assert seconds < 8
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
        with (
            serving(lambda peer: peer.hang(over)) as dead,
            serving(once(lambda: dead.connections >= 1)) as alive,
        ):
            waiting = [due(owner, dead.url + str(number)) for number in range(6)]
            quick = [due(owner, alive.url + str(number)) for number in range(6)]
            seen = when_back(over, lambda: (delivered(quick), dead.connections, untried(waiting)), others=2)

        assert seen == (6, 1, 6)  # found nothing to do beside the dead one, and did not join the wait

    def test_many_dead_receivers_of_one_company_delay_no_other(self, owner: Person, stranger: Person) -> None:
        over = threading.Event()
        with ExitStack() as stack:
            silent = [stack.enter_context(serving(lambda peer: peer.hang(over))) for _ in range(4)]

            def asked() -> int:
                return sum(one.connections for one in silent)

            alive = stack.enter_context(serving(once(lambda: asked() >= 2)))
            waiting = [due(owner, server.url) for server in silent]
            quick = [due(stranger, alive.url + str(number)) for number in range(3)]
            seen = when_back(over, lambda: (delivered(quick), asked(), untried(waiting)), others=1)

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
