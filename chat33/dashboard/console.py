"""The operators' admin as a whole: its sidebar, ordered by what an operator does, and the page it opens with."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

from chat33.dashboard.health import SILENCE
from chat33.dashboard.models import Heartbeat
from chat33.lib.clock import utcnow
from chat33.operators import change_url, excerpt, list_url
from integrations.models import Callback, CallbackStatus, Channel, Notice
from integrations.selectors import HEALTH, health
from posts.models import Post, PostStatus
from posts.outcomes import UNCONFIRMED
from posts.queue import oldest_due

DAY = timedelta(hours=24)
MANY = 1000  # what is counted for a badge or a card is counted up to here


def may(permission: str) -> Callable[[HttpRequest], bool]:
    """Whether the operator may see what an entry leads to: who may view it, or change it."""
    app, _, model = permission.partition(".")
    names = [f"{app}.{verb}_{model}" for verb in ("view", "change")]
    return lambda request: any(request.user.has_perm(name) for name in names)


def entry(title: str, icon: str, model: str) -> dict[str, Any]:
    """A list of the sidebar; ``model`` is ``app.model``."""
    app, _, name = model.partition(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": may(model),
    }


SIDEBAR: list[dict[str, Any]] = [
    {
        "items": [{"title": "Overview", "icon": "monitoring", "link": reverse_lazy("admin:index")}],
    },
    {
        "title": "Publishing",
        "separator": True,
        "items": [
            entry("Posts", "send", "posts.post"),
            entry("Attempts", "history", "posts.attempt"),
            entry("Media", "image", "posts.media"),
        ],
    },
    {
        "title": "Connections",
        "separator": True,
        "items": [
            entry("Channels", "hub", "integrations.channel"),
            entry("Notices", "notifications", "integrations.notice"),
            entry("Callbacks", "webhook", "integrations.callback"),
        ],
    },
    {
        "title": "Customers",
        "separator": True,
        "items": [
            entry("Organizations", "business", "orgs.organization"),
            entry("People", "person", "orgs.user"),
            entry("Packages", "package_2", "orgs.package"),
        ],
    },
    {
        "title": "Access",
        "separator": True,
        "items": [
            entry("API keys", "key", "integrations.apikey"),
            entry("Signing secrets", "draw", "integrations.signingsecret"),
            entry("Operators' rights", "shield_person", "auth.group"),
        ],
    },
    {
        "title": "Installation",
        "separator": True,
        "items": [
            entry("Processes", "memory", "dashboard.heartbeat"),
            entry("Remembered answers", "replay", "api.idempotencyrecord"),
            entry("Uses of limits", "speed", "api.limituse"),
            {"title": "Metrics", "icon": "show_chart", "link": reverse_lazy("metrics")},
            {"title": "Readiness", "icon": "favorite", "link": reverse_lazy("readyz")},
        ],
    },
]


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The way to every list."""
    return SIDEBAR


def stylesheet(request: HttpRequest) -> str:
    """Our colors, and the few rules that the pages of ours need."""
    return static("dashboard/admin.css")


def favicon(request: HttpRequest) -> str:
    """The sign in the browser's tab."""
    return static("dashboard/favicon.svg")


def environment(request: HttpRequest) -> list[str]:
    """What is told beside the title: which installation this is."""
    colors = {"production": "danger", "local": "info"}
    return [settings.ENVIRONMENT.capitalize(), colors.get(settings.ENVIRONMENT, "warning")]


def without_inline_style(request: HttpRequest) -> dict[str, Any]:
    """The colors come from a file of ours, so that the content policy can forbid style elements."""
    return {"colors": None}


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the opening page shows: what needs a person, how the last day went, and the processes."""
    return {**context, "cards": _cards(), "day": _day(), "processes": _processes(), "failures": _failures()}


def _cards() -> list[dict[str, Any]]:
    """What needs a person; each leads to its list."""
    now = utcnow()
    unconfirmed = Q(status=PostStatus.FAILED, error_code=UNCONFIRMED)
    recent = Q(status=PostStatus.FAILED, created_at__gt=now - DAY) & ~Q(error_code=UNCONFIRMED)
    channels: dict[str, int] = dict(Channel.objects.order_by().values_list(health(now)).annotate(Count("id")))
    given_up = Callback.objects.filter(status=CallbackStatus.FAILED, created_at__gt=now - 7 * DAY)
    since = oldest_due()
    late = (now - since).total_seconds() if since else 0.0
    return [
        _card("Unconfirmed posts", _up_to(Post.objects.filter(unconfirmed)), list_url(Post, trouble="unconfirmed"),
              "Nobody knows whether they went out", "help", bad="danger"),
        _card("Failed posts", _up_to(Post.objects.filter(recent)), list_url(Post, trouble="failed"),
              "of those made in the last 24 hours", "error", bad="warning"),
        _card("Channels in trouble", sum(channels.get(word, 0) for word in HEALTH), list_url(Channel),
              "disconnected, expired or failing", "hub", bad="warning"),
        _card("Failed callbacks", _up_to(given_up),
              list_url(Callback, status__exact="FAILED"), "given up in the last 7 days", "webhook", bad="warning"),
        _card("Open notices", _up_to(Notice.objects.filter(resolved_at=None)), list_url(Notice, state="open"),
              "that people have been told", "notifications", bad="info"),
        _card("Oldest due post", f"{late:.0f} s" if late else 0, list_url(Post, trouble="late"),
              "waits so long past its time", "schedule", bad="danger" if late > 60 else "info"),
    ]  # fmt: skip


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


def _day() -> list[dict[str, Any]]:
    """The posts made in the last 24 hours, by status."""
    counted = dict(
        Post.objects.filter(created_at__gt=utcnow() - DAY).order_by().values_list("status").annotate(Count("id"))
    )
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


def _processes() -> list[dict[str, Any]]:
    now = utcnow()
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
