"""For operators: API keys, channels and how they are, notices, signing secrets, callbacks and every try at them."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from chat33.bell import ring_on_commit
from chat33.lib.clock import utcnow
from chat33.lib.http import NotSent, ReplyLost
from chat33.lib.secrets import Undecipherable
from chat33.logs import redact
from chat33.operators import (
    DANGER,
    INFO,
    SUCCESS,
    WARNING,
    OwnedAdmin,
    ReadOnlyInline,
    UnableToDo,
    WordFilter,
    action,
    anchor,
    display,
    document,
    excerpt,
    link,
    links,
    list_url,
    outside,
    pill,
)
from integrations import callbacks, channels, services
from integrations.models import (
    ApiKey,
    Callback,
    CallbackAttempt,
    CallbackStatus,
    Channel,
    ConnectAttempt,
    Notice,
    SigningSecret,
)
from integrations.providers.base import ProviderError
from integrations.selectors import HEALTH, health

STATUS_COLORS: dict[str, str] = {
    CallbackStatus.PENDING: INFO,
    CallbackStatus.DELIVERED: SUCCESS,
    CallbackStatus.FAILED: DANGER,
}
CALLS = 20  # of networks, one after the other while the operator waits
SEND = "integrations.send_callbacks"
BY_ORGANIZATION = ("organization", AutocompleteSelectFilter)


class ApiKeyStateFilter(WordFilter):
    """Keys that open something, and those that do not any more."""

    title = "state"
    parameter_name = "state"
    words = {
        "live": ("Live", lambda now: Q(revoked_at=None) & ~Q(expires_at__isnull=False, expires_at__lte=now)),
        "expired": ("Expired", lambda now: Q(revoked_at=None, expires_at__lte=now)),
        "revoked": ("Revoked", lambda now: Q(revoked_at__isnull=False)),
    }


@admin.register(ApiKey)
class ApiKeyAdmin(OwnedAdmin):
    """Keys into the APIs. They are made by their owners alone, who see them once."""

    list_display = ["name", "prefix", "owner", "state", "created_by_link", "last_used_at", "expires_at"]
    list_filter = [ApiKeyStateFilter, BY_ORGANIZATION, "created_at"]
    list_select_related = ("organization", "created_by")
    search_fields = ["name", "prefix", "public_id", "organization__name"]
    search_help_text = "Name, first 12 characters, key_… or organization"
    actions = ["revoke"]
    fieldsets = [
        (None, {"fields": ["name", "prefix", "public_id", "owner", "state", "scopes"]}),
        ("Life", {"fields": ["created_by_link", "created_at", "last_used_at", "expires_at", "revoked_at"]}),
    ]
    readonly_fields = ["owner", "state", "created_by_link"]

    def offers(self, row: ApiKey) -> Iterable[str]:
        """Revoking, while there is something to revoke."""
        return ["revoke"] if row.revoked_at is None else []

    @action("Revoke")
    def revoke(self, request: HttpRequest, rows: "QuerySet[ApiKey]") -> None:
        """The keys open nothing from now on."""

        def change(key: ApiKey) -> None:
            if key.revoked_at is not None:
                raise UnableToDo("It has been revoked before.")
            services.revoke_api_key(key=key, now=utcnow())

        self.run(request, rows, change, "revoked")

    @display(description="Made by", ordering="created_by__email")
    def created_by_link(self, key: ApiKey) -> SafeString | str:
        """The person."""
        return link(key.created_by)

    @display(description="State")
    def state(self, key: ApiKey) -> SafeString:
        """Whether it opens anything."""
        word = "revoked" if key.revoked_at else "live" if key.is_live(utcnow()) else "expired"
        return pill(word, {"live": SUCCESS, "expired": WARNING, "revoked": DANGER})


def _is(word: str, now: datetime) -> Q:
    return Q(health=word)  # annotated by ChannelAdmin


class HealthFilter(WordFilter):
    """Channels by how they are."""

    title = "health"
    parameter_name = "health"
    words = {
        "trouble": ("Any trouble", lambda now: ~Q(health="ok")),
        **{word: (word.capitalize(), partial(_is, word)) for word in [*HEALTH, "ok"]},
    }


@admin.register(Channel)
class ChannelAdmin(OwnedAdmin):
    """Connected accounts. Their credentials are shown to nobody."""

    list_display = ["who", "how", "owner", "kind", "token_expires_at", "trouble"]
    list_filter = [HealthFilter, ("platform", ChoicesDropdownFilter), "is_sandbox", BY_ORGANIZATION]
    search_fields = ["name", "username", "public_id", "remote_id", "organization__name"]
    search_help_text = "Name, username, chan_…, the network's id or organization"
    actions = ["refresh", "disconnect"]
    fieldsets = [
        (None, {"fields": ["name", "username", "platform", "public_id", "remote_id", "owner", "kind"]}),
        ("How it is", {"fields": ["how", "last_error", "last_error_at", "disconnected_at", "token_expires_at"]}),
        ("What it may do", {"fields": ["scopes", "quota_told", "about"]}),
        ("Its rows", {"fields": ["rows", "created_at"]}),
    ]
    readonly_fields = ["owner", "how", "kind", "rows", "quota_told", "about"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Channel]":
        """With how each is."""
        rows: QuerySet[Channel] = super().get_queryset(request)
        return rows.annotate(health=health(utcnow()))

    def offers(self, row: Channel) -> Iterable[str]:
        """Nothing for one that has been disconnected: its owner connects it again."""
        return super().offers(row) if row.is_active else []

    @action("Refresh the token now")
    def refresh(self, request: HttpRequest, rows: "QuerySet[Channel]") -> None:
        """Renew the tokens, whenever they end."""
        self.run(request, rows, _refresh, "refreshed", at_most=CALLS)

    @action("Disconnect")
    def disconnect(self, request: HttpRequest, rows: "QuerySet[Channel]") -> None:
        """Publish nothing through them until their owners connect them again."""

        def change(channel: Channel) -> None:
            if not channel.is_active:
                raise UnableToDo("It is disconnected already.")
            reason = "An operator disconnected this account. Connect it again to go on publishing."
            channels.disconnect_channel(channel=channel, reason=reason, now=utcnow())

        self.run(request, rows, change, "disconnected")

    @display(description="Health", ordering="health")
    def how(self, channel: Any) -> SafeString:
        """The worst that is true of it."""
        return pill(channel.health, {"ok": SUCCESS, "failing": WARNING, "expired": DANGER, "disconnected": DANGER})

    @display(description="Channel", header=True, ordering="name")
    def who(self, channel: Channel) -> list[str]:
        """Network and name, and its id."""
        return [str(channel), channel.public_id]

    @display(description="Last error")
    def trouble(self, channel: Channel) -> str:
        """In short."""
        return excerpt(channel.last_error)

    @display(description="Lives at")
    def kind(self, channel: Channel) -> SafeString:
        """At the real network, or in the sandbox."""
        return pill("sandbox" if channel.is_sandbox else "network", {"sandbox": INFO})

    @display(description="Allowance its network told")
    def quota_told(self, channel: Channel) -> SafeString | str:
        """The last it told."""
        return document(channel.quota)

    @display(description="About it")
    def about(self, channel: Channel) -> SafeString | str:
        """What its network says of it."""
        return document(channel.metadata)

    @display(description="Its rows")
    def rows(self, channel: Channel) -> SafeString:
        """Its posts, and what people were told about it."""
        posts = f"{reverse('admin:posts_post_changelist')}?channel__id__exact={channel.pk}"
        return links({"Posts": posts, "Notices": list_url(Notice, channel__id__exact=channel.pk)})


def _refresh(channel: Channel) -> None:
    if not channel.is_active:
        raise UnableToDo("It is disconnected; its owner has to connect it again.")
    try:
        channels.refresh_channel(channel=channel, seen_expiry=channel.token_expires_at)
    except channels.UnableToRefresh as error:
        raise UnableToDo(f"The network refused, so it is disconnected now. {error}") from None
    except ProviderError as error:
        channels.note_error(channel=channel, text=error.meaning.sentence, now=utcnow())
        raise UnableToDo(error.meaning.sentence) from None
    except Undecipherable as error:
        raise UnableToDo(str(error)) from None
    except (NotSent, ReplyLost):
        raise UnableToDo("The network could not be reached. Try again later.") from None


@admin.register(ConnectAttempt)
class ConnectAttemptAdmin(OwnedAdmin):
    """Ways to a network and back, and where they ended. What came back is shown to nobody."""

    list_display = ["public_id", "owner", "platform", "stage", "person", "trouble", "created_at"]
    list_filter = [("stage", ChoicesDropdownFilter), ("platform", ChoicesDropdownFilter), BY_ORGANIZATION]
    list_select_related = ("organization", "user")
    search_fields = ["=public_id", "user__email", "organization__name"]
    search_help_text = "The whole con_…, a person's e-mail or organization"
    fields = ["public_id", "owner", "platform", "is_sandbox", "stage", "message", "person", "channel_link", "connected",
              "redirect_uri", "created_at", "used_at", "expires_at"]  # fmt: skip
    readonly_fields = ["owner", "person", "channel_link"]

    @display(description="Person", ordering="user__email")
    def person(self, attempt: ConnectAttempt) -> SafeString | str:
        """Who went."""
        return link(attempt.user)

    @display(description="To connect again")
    def channel_link(self, attempt: ConnectAttempt) -> SafeString | str:
        """The channel that it was to mend."""
        return link(attempt.channel)

    @display(description="Message")
    def trouble(self, attempt: ConnectAttempt) -> str:
        """In short."""
        return excerpt(attempt.message)


class OpenFilter(WordFilter):
    """Notices whose cause is still there, and others."""

    title = "state"
    parameter_name = "state"
    words = {
        "open": ("Open", lambda now: Q(resolved_at=None)),
        "resolved": ("Resolved", lambda now: Q(resolved_at__isnull=False)),
    }


@admin.register(Notice)
class NoticeAdmin(OwnedAdmin):
    """What people were told: one notice an incident."""

    list_display = ["what", "state", "kind", "owner", "channel_link", "created_at", "resolved_at"]
    list_filter = [OpenFilter, BY_ORGANIZATION, ("channel", AutocompleteSelectFilter)]
    list_select_related = ("organization", "channel")
    search_fields = ["text", "organization__name", "channel__public_id"]
    actions = ["resolve"]
    fields = ["text", "kind", "state", "owner", "channel_link", "created_at", "resolved_at"]
    readonly_fields = ["state", "owner", "channel_link"]

    def offers(self, row: Notice) -> Iterable[str]:
        """Resolving an open one."""
        return ["resolve"] if row.resolved_at is None else []

    @action("Mark as resolved")
    def resolve(self, request: HttpRequest, rows: "QuerySet[Notice]") -> None:
        """The cause is gone."""

        def change(notice: Notice) -> None:
            if not services.resolve_notice(notice=notice, now=utcnow()):
                raise UnableToDo("It is resolved already.")

        self.run(request, rows, change, "resolved")

    @display(description="Notice")
    def what(self, notice: Notice) -> str:
        """In short."""
        return excerpt(notice.text, 80)

    @display(description="State")
    def state(self, notice: Notice) -> SafeString:
        """Whether its cause is still there."""
        return pill("resolved" if notice.resolved_at else "open", {"open": WARNING, "resolved": SUCCESS})

    @display(description="Channel")
    def channel_link(self, notice: Notice) -> SafeString | str:
        """Which it is about."""
        return link(notice.channel)


@admin.register(SigningSecret)
class SigningSecretAdmin(OwnedAdmin):
    """That there are secrets and since when; what they are is shown to nobody."""

    list_display = ["organization", "created_at", "retires_at"]
    list_filter = [BY_ORGANIZATION]
    search_fields = ["organization__name", "organization__public_id"]
    fields = ["organization", "created_at", "retires_at"]


class CallbackAttemptInline(ReadOnlyInline):
    """Every try at a callback."""

    model = CallbackAttempt
    fields = ["number", "created_at", "http_status", "error", "milliseconds", "address", "response_head"]
    verbose_name_plural = "tries"


@admin.register(Callback)
class CallbackAdmin(OwnedAdmin):
    """Messages to integrators' URLs, and how they fare."""

    list_display = ["to", "state", "post_link", "owner", "attempts", "due_at", "trouble"]
    list_filter = [("status", ChoicesDropdownFilter), BY_ORGANIZATION, "created_at"]
    search_fields = ["=public_id", "=subject", "=request_id"]
    search_help_text = "The whole cb_…, post_… or request id"
    actions = ["resend"]
    inlines = [CallbackAttemptInline]
    fieldsets = [
        (None, {"fields": ["public_id", "state", "owner", "post_link", "where", "says", "request_id"]}),
        ("The queue", {"fields": ["attempts", "due_at", "leased_until", "fence", "last_error"]}),
        ("Times", {"fields": ["created_at", "delivered_at"]}),
    ]
    readonly_fields = ["state", "owner", "post_link", "where", "says"]

    @action("Send again now")
    def resend(self, request: HttpRequest, rows: "QuerySet[Callback]") -> None:
        """The whole schedule once more, under the same id."""
        self.run(request, rows, lambda row: callbacks.resend_callback(callback=row, now=utcnow()), "queued again")
        ring_on_commit(SEND)

    @display(description="Status", ordering="status")
    def state(self, callback: Callback) -> SafeString:
        """Colored."""
        return pill(callback.status, STATUS_COLORS)

    @display(description="Post", ordering="subject")
    def post_link(self, callback: Callback) -> SafeString:
        """What it tells about."""
        return anchor(f"{reverse('admin:posts_post_changelist')}?q={callback.subject}", callback.subject)

    @display(description="Callback", header=True, ordering="id")
    def to(self, callback: Callback) -> list[str]:
        """Where it goes, and its id."""
        return [excerpt(_bare(callback.url), 45), callback.public_id]

    @display(description="Address")
    def where(self, callback: Callback) -> SafeString | str:
        """Where it goes."""
        return outside(_bare(callback.url))

    @display(description="Body")
    def says(self, callback: Callback) -> SafeString | str:
        """What is sent."""
        return document(callback.body)

    @display(description="Last error")
    def trouble(self, callback: Callback) -> str:
        """In short."""
        return excerpt(callback.last_error)


def _bare(url: str) -> str:
    """An address without its parameters, which may open something."""
    return str(redact(url)).partition("?")[0]
