"""E-mail leaves once, soon, and later when the mail server was away; what it said is then forgotten."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from chat33.lib.clock import utcnow
from chat33.orgs import outbox
from chat33.orgs.models import OutgoingEmail
from chat33.orgs.outbox import queue_email, send_due
from tests.mailserver import MailServer, running
from tests.ports import free_port

TO = "ana@example.com"


@pytest.fixture
def mail(settings: Settings) -> MailServer:
    """A mail server that is not running yet, where ours sends to."""
    server = MailServer(port=free_port())
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    return server


@pytest.fixture
def working(mail: MailServer) -> Iterator[MailServer]:
    with running(mail):
        yield mail


def queued(subject: str = "Hello", key: str | None = None) -> OutgoingEmail:
    queue_email(to=TO, subject=subject, text="Secret: 123", html="<p>Secret: 123</p>", key=key, now=utcnow())
    return OutgoingEmail.objects.latest("id")


def come_due() -> None:
    OutgoingEmail.objects.filter(due_at__isnull=False).update(due_at=Now() - timedelta(seconds=1), leased_until=None)


@pytest.mark.django_db
def test_an_email_is_sent_and_what_it_said_is_erased(working: MailServer) -> None:
    email = queued("Grüße")

    assert send_due(seconds=60) == 1
    (sent,) = working.taken
    assert (sent["To"], sent["Subject"]) == (TO, "Grüße")
    assert [part.get_content().strip() for part in sent.iter_parts()] == ["Secret: 123", "<p>Secret: 123</p>"]
    email.refresh_from_db()
    assert (email.text, email.html, email.due_at, email.attempts) == ("", "", None, 1)
    assert email.sent_at is not None
    assert send_due(seconds=60) == 0


@pytest.mark.django_db
def test_a_key_is_sent_once(working: MailServer) -> None:
    assert queue_email(to=TO, subject="One", text="…", key="told:1", now=utcnow())
    assert not queue_email(to=TO, subject="Two", text="…", key="told:1", now=utcnow())

    send_due(seconds=60)
    assert working.subjects() == ["One"]


@pytest.mark.django_db
def test_while_the_server_is_down_an_email_waits_and_then_goes_once(mail: MailServer) -> None:
    email, before = queued(), utcnow()

    assert send_due(seconds=60) == 0
    email.refresh_from_db()
    assert email.due_at is not None
    assert email.due_at - before >= timedelta(seconds=0.8 * outbox.SCHEDULE[1])
    assert "could not be reached" in email.last_error
    assert email.text

    come_due()
    with running(mail):
        assert send_due(seconds=60) == 1
        come_due()
        assert send_due(seconds=60) == 0
    assert mail.subjects() == ["Hello"]


@pytest.mark.django_db
def test_a_server_that_hangs_costs_its_timeout_and_no_more(working: MailServer, settings: Settings) -> None:
    settings.EMAIL_TIMEOUT = 1
    working.pause = 60.0
    queued()

    assert send_due(seconds=60) == 0
    assert "could not be reached" in OutgoingEmail.objects.get().last_error


@pytest.mark.django_db
def test_an_address_that_is_refused_for_good_is_not_tried_again(working: MailServer) -> None:
    working.refuse = "550 no such person"
    email = queued()

    assert send_due(seconds=60) == 0
    email.refresh_from_db()
    assert (email.due_at, email.sent_at, email.text) == (None, None, "")
    assert email.last_error == "The mail server refused the address (550)."


@pytest.mark.django_db
def test_an_address_that_is_refused_for_now_is_tried_again_and_given_up_after_a_day(working: MailServer) -> None:
    working.refuse = "451 later"
    email = queued()

    for _ in outbox.SCHEDULE:
        send_due(seconds=60)
        email.refresh_from_db()
        assert "451" in email.last_error
        come_due()

    assert (email.attempts, email.due_at, email.text) == (len(outbox.SCHEDULE), None, "")
    assert sum(outbox.SCHEDULE) > 24 * 3600


@pytest.mark.django_db
def test_a_sender_that_lost_its_lease_writes_nothing(working: MailServer) -> None:
    queued()
    slow = outbox.claim_email()
    assert slow is not None
    come_due()
    assert send_due(seconds=60) == 1

    working.refuse = "550 gone"
    outbox.deliver_email(email=slow, now=utcnow())
    row = OutgoingEmail.objects.get()
    assert row.sent_at is not None
    assert row.last_error == ""


@pytest.mark.django_db
def test_both_copies_after_a_killed_sender_bear_one_message_id(working: MailServer) -> None:
    """At least once: a sender killed after the server took the e-mail leaves it to be sent again."""
    queued()
    killed = outbox.claim_email()
    assert killed is not None
    outbox._send(killed)
    come_due()
    send_due(seconds=60)

    first, second = working.taken
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.django_db
def test_nothing_is_claimed_where_there_is_no_mail_server(working: MailServer, settings: Settings) -> None:
    settings.SENDS_EMAIL = False
    queued()

    assert (outbox.due_emails(5), send_due(seconds=1), working.taken) == (0, 0, [])


@pytest.mark.django_db(transaction=True)
def test_two_senders_share_the_work(working: MailServer) -> None:
    for number in range(6):
        queued(f"Number {number}")
    counts: list[int] = []

    def send() -> None:
        counts.append(send_due(seconds=60))
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(counts) == 6
    assert sorted(working.subjects()) == [f"Number {number}" for number in range(6)]


@pytest.mark.django_db
def test_a_month_later_it_is_forgotten(working: MailServer) -> None:
    queued()
    send_due(seconds=60)

    assert outbox.prune(now=utcnow() + timedelta(days=29)) == 0
    assert outbox.prune(now=utcnow() + timedelta(days=31)) == 1
