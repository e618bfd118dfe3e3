"""The page that the operators' admin opens with: what needs a person, how far the queues are behind, what was published
in the last day and what was refused, and the processes.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncHour
from django.http import HttpRequest

from chat33.dashboard.health import SILENCE
from chat33.dashboard.models import Heartbeat
from chat33.lib.clock import utcnow
from chat33.operators import change_url, excerpt, list_url
from chat33.orgs.models import OutgoingEmail
from chat33.orgs.outbox import oldest_due_email
from integrations.models import ApiRequest, Callback, CallbackStatus, Channel, Notice
from integrations.selectors import HEALTH, health
from posts.models import Attempt, Post, PostStatus
from posts.outcomes import UNCONFIRMED
from posts.queue import oldest_due

DAY = timedelta(hours=24)
WEEK = timedelta(days=7)
HOURS = 24
MANY = 1000  # what is counted for a badge or a card is counted up to here
BEHIND = 60.0  # seconds that a queue may be behind before it is a trouble

# The queues, in the order of their cards: what waits, since when the oldest is due, and where its late rows are listed.
Queue = tuple[str, Callable[[], datetime | None], str]


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the page shows. Each number is bounded or read from an index, however many rows there are."""
    now = utcnow()
    hours = _published(now)
    return {
        **context,
        "cards": _cards(now),
        "lags": _lags(now),
        "hours": hours,
        "published": sum(hour["count"] for hour in hours),
        "day": _day(now),
        "categories": _categories(now),
        "processes": _processes(now),
        "failures": _failures(),
    }


def _cards(now: datetime) -> list[dict[str, Any]]:
    """What needs a person; each leads to its list."""
    unconfirmed = Q(status=PostStatus.FAILED, error_code=UNCONFIRMED)
    recent = Q(status=PostStatus.FAILED, created_at__gt=now - DAY) & ~Q(error_code=UNCONFIRMED)
    channels: dict[str, int] = dict(Channel.objects.order_by().values_list(health(now)).annotate(Count("id")))
    given_up = Callback.objects.filter(status=CallbackStatus.FAILED, created_at__gt=now - WEEK)
    return [
        _card("Unconfirmed posts", _up_to(Post.objects.filter(unconfirmed)), list_url(Post, trouble="unconfirmed"),
              "Nobody knows whether they went out", "help", bad="danger"),
        _card("Failed posts", _up_to(Post.objects.filter(recent)), list_url(Post, trouble="failed"),
              "of those made in the last 24 hours", "error", bad="warning"),
        _card("Channels in trouble", sum(channels.get(word, 0) for word in HEALTH), list_url(Channel, health="trouble"),
              "disconnected, expired or failing", "hub", bad="warning"),
        _card("Failed callbacks", _up_to(given_up),
              list_url(Callback, status__exact="FAILED"), "given up in the last 7 days", "webhook", bad="warning"),
        _card("E-mails given up",
              _up_to(OutgoingEmail.objects.filter(due_at=None, sent_at=None, created_at__gt=now - WEEK)),
              list_url(OutgoingEmail, state="given_up"), "in the last 7 days", "mail_off", bad="warning"),
        _card("Open notices", _up_to(Notice.objects.filter(resolved_at=None)), list_url(Notice, state="open"),
              "that people have been told", "notifications", bad="info"),
    ]  # fmt: skip


def _lags(now: datetime) -> list[dict[str, Any]]:
    """How long the oldest due row of each queue has been waiting."""
    cards = []
    for title, oldest, url in queues():
        since = oldest()
        late = max(0.0, (now - since).total_seconds()) if since else 0.0
        bad = "danger" if late > BEHIND else "info"
        cards.append(
            _card(title, f"{late:.0f} s" if late else 0, url, "the oldest waits past its time", "schedule", bad=bad)
        )
    return [*cards, _requests(now)]


def _requests(now: datetime) -> dict[str, Any]:
    """API requests of the last minute. The latest rows are read by their key, as no index knows their time."""
    latest = ApiRequest.objects.order_by("-id").values_list("created_at", flat=True)[: MANY + 1]
    count = sum(1 for at in latest if at > now - timedelta(minutes=1))
    shown = f"over {MANY:,}" if count > MANY else count
    return {**_card("API requests", shown, list_url(ApiRequest), "in the last minute", "api", bad="info"), "word": ""}


def queues() -> list[Queue]:
    """Every queue that keeps its work in rows."""
    return [
        ("Posts due", oldest_due, list_url(Post, trouble="late")),
        ("Callbacks due", _oldest_callback, list_url(Callback, status__exact="PENDING")),
        ("E-mails due", oldest_due_email, list_url(OutgoingEmail, state="late")),
    ]


def _oldest_callback() -> datetime | None:
    due = Callback.objects.filter(due_at__lte=utcnow(), leased_until=None).order_by("due_at")
    return due.values_list("due_at", flat=True).first()


def _published(now: datetime) -> list[dict[str, Any]]:
    """Posts that went out, for each of the last 24 hours, oldest first. Read from the log of attempts, which is written in
    the order of time.
    """
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    first = this_hour - timedelta(hours=HOURS - 1)
    rows = Attempt.objects.filter(event="publish_success", created_at__gte=first).order_by()
    counted = dict(rows.annotate(hour=TruncHour("created_at")).values_list("hour").annotate(Count("id")))
    most = max(counted.values(), default=0) or 1
    return [
        {"at": at, "count": counted.get(at, 0), "share": round(100 * counted.get(at, 0) / most)}
        for at in (first + timedelta(hours=number) for number in range(HOURS))
    ]


def _categories(now: datetime) -> list[dict[str, Any]]:
    """What the networks refused for good in the last day, by why; each leads to those attempts."""
    since = (now - DAY).replace(microsecond=0)
    rows = Attempt.objects.filter(event="publish_failure", created_at__gte=since).order_by()
    counted = rows.values_list("category").annotate(count=Count("id")).order_by("-count")
    return [
        {
            "name": (category or "our side").replace("_", " "),
            "count": count,
            "url": list_url(
                Attempt, category__exact=category, event__exact="publish_failure", created_at__gte=since.isoformat()
            ),
        }
        for category, count in counted
    ]


def _card(title: str, value: Any, url: str, note: str, icon: str, *, bad: str) -> dict[str, Any]:
    return {
        "title": title,
        "value": value,
        "url": url,
        "note": note,
        "icon": icon,
        "color": bad if value else "success",
        "word": "look" if value else "fine",
    }


def _up_to(rows: Any) -> Any:
    """How many, as far as it is worth counting."""
    count = rows.order_by()[: MANY + 1].count()
    return f"over {MANY:,}" if count > MANY else count


def _day(now: datetime) -> list[dict[str, Any]]:
    """The posts made in the last 24 hours, by status."""
    counted = dict(Post.objects.filter(created_at__gt=now - DAY).order_by().values_list("status").annotate(Count("id")))
    most = max(counted.values(), default=0) or 1
    return [
        {
            "status": status,
            "count": counted.get(status, 0),
            "share": round(100 * counted.get(status, 0) / most),
            "url": list_url(Post, status__exact=status),
        }
        for status in PostStatus.values
    ]


def _processes(now: datetime) -> list[dict[str, Any]]:
    return [
        {"name": beat.name, "seen_at": beat.seen_at, "works": now - beat.seen_at < SILENCE}
        for beat in Heartbeat.objects.order_by("name")
    ]


def _failures() -> list[dict[str, Any]]:
    """The latest posts that failed."""
    rows = Post.objects.filter(status=PostStatus.FAILED).select_related("channel", "organization").order_by("-id")[:8]
    return [
        {
            "url": change_url(Post, post.pk),
            "id": post.public_id,
            "channel": str(post.channel),
            "organization": str(post.organization),
            "code": post.error_code,
            "message": excerpt(post.error_message, 110),
            "at": post.updated_at,
        }
        for post in rows
    ]
