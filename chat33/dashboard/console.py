"""The operators' admin as a whole: its sidebar, ordered by what an operator does, its look, and its sign."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.text import format_lazy

from chat33.dashboard.sandbox_desk import may_steer


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


def shortcut(title: str, icon: str, model: str, **filters: str) -> dict[str, Any]:
    """A list of the sidebar that is filtered by what needs somebody."""
    app, _, name = model.partition(".")
    address = reverse_lazy(f"admin:{app}_{name}_changelist")
    words = "&".join(f"{key}={value}" for key, value in filters.items())
    return {
        "title": title,
        "icon": icon,
        "link": format_lazy("{}?{}", address, words),
        "permission": may(model),
        "active": lambda request: request.path == str(address) and filters.items() <= request.GET.dict().items(),
    }


SIDEBAR: list[dict[str, Any]] = [
    {
        "items": [{"title": "Overview", "icon": "monitoring", "link": reverse_lazy("admin:index")}],
    },
    {
        "title": "Customers",
        "separator": True,
        "items": [
            entry("Contacts", "contacts", "contacts.contact"),
            entry("Labels", "label", "contacts.label"),
            entry("Organizations", "business", "orgs.organization"),
            entry("People", "person", "orgs.user"),
            entry("Packages", "package_2", "orgs.package"),
            entry("Invitations", "mail", "orgs.invitation"),
            entry("Viewings", "visibility", "orgs.viewas"),
        ],
    },
    {
        "title": "Channels and credentials",
        "separator": True,
        "items": [
            entry("Channels", "hub", "integrations.channel"),
            shortcut("In trouble", "link_off", "integrations.channel", health="trouble"),
            entry("Ways of connecting", "cable", "integrations.connectattempt"),
            entry("API keys", "key", "integrations.apikey"),
            entry("Signing secrets", "draw", "integrations.signingsecret"),
        ],
    },
    {
        "title": "Tracking",
        "separator": True,
        "items": [
            entry("Tokens", "token", "tracking.token"),
            entry("Links", "link", "tracking.link"),
            entry("Domains", "language", "tracking.domain"),
            entry("Rules", "rule", "tracking.rule"),
            entry("Postbacks", "install_mobile", "tracking.postback"),
            entry("Store reports", "storefront", "tracking.storeaggregate"),
        ],
    },
    {
        "title": "Stuck and failed",
        "separator": True,
        "items": [
            shortcut("Unconfirmed posts", "help", "posts.post", trouble="unconfirmed"),
            shortcut("Failed posts", "error", "posts.post", trouble="failed"),
            shortcut("Late posts", "schedule", "posts.post", trouble="late"),
            shortcut("Failed callbacks", "webhook", "integrations.callback", status__exact="FAILED"),
            shortcut("E-mails given up", "mail_off", "orgs.outgoingemail", state="given_up"),
            shortcut("Open notices", "notifications", "integrations.notice", state="open"),
        ],
    },
    {
        "title": "Everything sent",
        "separator": True,
        "items": [
            entry("Posts", "send", "posts.post"),
            entry("Attempts", "history", "posts.attempt"),
            entry("Media", "image", "posts.media"),
            entry("API requests", "api", "integrations.apirequest"),
            entry("Callbacks", "call_made", "integrations.callback"),
            entry("Outbox", "outbox", "orgs.outgoingemail"),
            entry("Imports", "upload_file", "posts.import"),
            entry("Notices", "campaign", "integrations.notice"),
        ],
    },
    {
        "title": "Installation",
        "separator": True,
        "items": [
            entry("Processes", "memory", "dashboard.heartbeat"),
            {
                "title": "Sandbox",
                "icon": "science",
                "link": reverse_lazy("operators_sandbox"),
                "permission": may_steer,
            },
            entry("Operators' rights", "shield_person", "auth.group"),
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
