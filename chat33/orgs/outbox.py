"""E-mail on its way: whoever has something to say inserts a row, workers claim due rows and hand them to the mail server.

At least once: the row is settled after the server took the mail, so a worker that is killed between the two sends it again
when its lease ends. Both copies bear the same ``Message-ID``, by which mailboxes tell that they are one.
"""

import random
import smtplib
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parseaddr

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import connection, transaction
from django.db.models.functions import Now

from chat33.lib.clock import utcnow
from chat33.lib.failpoints import reach
from chat33.logs import current_request_id
from chat33.orgs.models import OutgoingEmail

logger = structlog.get_logger(__name__)

# Seconds before each of the 10 attempts: 28 h 36 m in all.
SCHEDULE = (0, 5, 30, 300, 900, 3600, 7200, 14400, 28800, 46800)
LEASE = timedelta(seconds=60)
AT_ONCE = 2  # senders; a mail server that hangs must not take all the threads of the chores
KEPT = timedelta(days=30)
ERASED = {"text": "", "html": "", "headers": {}}


def queue_email(
    *,
    to: str,
    subject: str,
    text: str,
    now: datetime,
    html: str = "",
    key: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> bool:
    """Queue an e-mail; it leaves within seconds of the commit. One with a key that was used before is dropped: whether it
    was news.
    """
    row = OutgoingEmail(
        to=to,
        subject=" ".join(subject.split())[:300],
        text=text,
        html=html,
        headers=dict(headers or {}),
        key=key,
        due_at=now,
        created_at=now,
        request_id=current_request_id(),
    )
    OutgoingEmail.objects.bulk_create([row], ignore_conflicts=True)
    return OutgoingEmail.objects.filter(public_id=row.public_id).exists()


def due_emails(limit: int) -> int:
    """How many e-mails wait to be sent, counted up to ``limit``; none where there is no mail server."""
    if not settings.SENDS_EMAIL:
        return 0
    return OutgoingEmail.objects.filter(due_at__lte=Now()).order_by()[:limit].count()


def oldest_due_email() -> datetime | None:
    """Since when the e-mail that waits longest has been due; None when nothing waits, or where there is no mail server."""
    if not settings.SENDS_EMAIL:
        return None
    due = OutgoingEmail.objects.filter(due_at__lte=Now()).order_by("due_at")
    return due.values_list("due_at", flat=True).first()


def hurry_email(*, email: OutgoingEmail, now: datetime) -> bool:
    """Try one that waits for its next attempt at once. Whether it waited: what is settled or in hand stays as it is."""
    waiting = OutgoingEmail.objects.filter(pk=email.pk, due_at__gt=now).exclude(leased_until__gt=now)
    return bool(waiting.update(due_at=now))


def claim_email() -> OutgoingEmail | None:
    """The e-mail that is due longest, leased; None when there is none, enough are being sent, or there is no mail server."""
    if not settings.SENDS_EMAIL:
        return None
    with transaction.atomic(), connection.cursor() as cursor:
        # One claim at a time, or each would count the others' as not there yet.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('emails:claim', 0))")
        cursor.execute(
            """
            UPDATE orgs_outgoingemail SET
                fence = fence + 1,
                attempts = attempts + 1,
                leased_until = statement_timestamp() + make_interval(secs => %(lease)s),
                due_at = statement_timestamp() + make_interval(secs => %(lease)s)
            WHERE id = (
                SELECT id FROM orgs_outgoingemail WHERE due_at <= statement_timestamp() AND (
                    SELECT count(*) FROM orgs_outgoingemail
                    WHERE due_at > statement_timestamp() AND leased_until > statement_timestamp()
                ) < %(at_once)s
                ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
            ) RETURNING id
            """,
            {"lease": LEASE.total_seconds(), "at_once": AT_ONCE},
        )
        row = cursor.fetchone()
    return OutgoingEmail.objects.get(pk=row[0]) if row else None


def deliver_email(*, email: OutgoingEmail, now: datetime) -> bool:
    """Hand it to the mail server and store what came of it, unless the lease was lost meanwhile. Whether it was taken."""
    try:
        _send(email)
    except (OSError, smtplib.SMTPException) as error:
        _failed(email, error, now)
        return False
    reach("email_taken")
    _settle(email, {**ERASED, "due_at": None, "sent_at": now, "last_error": ""})
    logger.info("email_sent", email=email.public_id, attempt=email.attempts)
    return True


def _send(email: OutgoingEmail) -> None:
    _, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    host = sender.rpartition("@")[2] or "localhost"
    headers = {**email.headers, "Message-ID": f"<{email.public_id}@{host}>", "Auto-Submitted": "auto-generated"}
    message = EmailMultiAlternatives(
        email.subject, email.text, settings.DEFAULT_FROM_EMAIL, [email.to], headers=headers, connection=get_connection()
    )
    if email.html:
        message.attach_alternative(email.html, "text/html")
    message.send()


def _failed(email: OutgoingEmail, error: Exception, now: datetime) -> None:
    again = email.attempts < len(SCHEDULE) and not _is_final(error)
    fields: dict[str, object] = {"last_error": _told(error), "due_at": None}
    if again:
        fields["due_at"] = now + timedelta(seconds=SCHEDULE[email.attempts] * random.uniform(0.8, 1.2))
    else:
        fields |= ERASED
    _settle(email, fields)
    logger.warning(
        "email_not_sent", email=email.public_id, attempt=email.attempts, again=again, error=type(error).__name__
    )


def _settle(email: OutgoingEmail, fields: Mapping[str, object]) -> None:
    OutgoingEmail.objects.filter(pk=email.pk, fence=email.fence).update(**fields, leased_until=None)


def _is_final(error: Exception) -> bool:
    """Whether the server refused this very e-mail for good: 5yz (RFC 5321, 4.2.1) about its addresses or its text."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPDataError) and 500 <= error.smtp_code < 600


def _told(error: Exception) -> str:
    """In plain words, without what the server repeated of the e-mail."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({str(code) for code, _ in error.recipients.values()})
        return f"The mail server refused the address ({', '.join(codes)})."
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"The mail server refused our user name and password ({error.smtp_code})."
    if isinstance(error, smtplib.SMTPResponseException):
        return f"The mail server answered {error.smtp_code}."
    return f"The mail server could not be reached ({type(error).__name__})."


def send_due(*, seconds: float) -> int:
    """Send due e-mails one after another until there are none or the time is up. Returns how many were taken."""
    until = time.monotonic() + seconds
    sent = 0
    while time.monotonic() < until and (email := claim_email()):
        with structlog.contextvars.bound_contextvars(request_id=email.request_id):
            sent += deliver_email(email=email, now=utcnow())
    return sent


def send_again(*, email: OutgoingEmail, now: datetime) -> bool:
    """Try one that waits for its next attempt now. False for one that is settled: what it said is gone."""
    waits = OutgoingEmail.objects.filter(pk=email.pk, due_at__isnull=False, leased_until=None)
    return bool(waits.update(due_at=now))


def prune(*, now: datetime) -> int:
    """Forget what is a month old. Returns how many."""
    return OutgoingEmail.objects.filter(created_at__lt=now - KEPT).delete()[0]
