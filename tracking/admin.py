"""Tracking, for operators: tokens, links, hosts and rules as they stand, MMP postbacks and what stores reported."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.paginator import InfinitePaginator

from chat33.lib.clock import utcnow
from chat33.operators import OwnedAdmin, WordFilter, action, display, document, excerpt, link, words_of
from tracking.models import Domain, Link, Postback, PostbackStatus, Rule, StoreAggregate, Token, TokenKind
from tracking.postbacks.inbox import masked
from tracking.postbacks.reading import replay
from tracking.tokens import revoke_token

if TYPE_CHECKING:
    from django.db.models import QuerySet

BY_ORGANIZATION = ("organization", AutocompleteSelectFilter)


class KindFilter(WordFilter):
    """Tokens by the door that they open."""

    title = "kind"
    parameter_name = "kind"
    words = words_of("kind", TokenKind.values)


class LiveFilter(WordFilter):
    """Tokens by whether they open anything."""

    title = "state"
    parameter_name = "state"
    words = {
        "live": ("Live", lambda now: Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))),
        "over": ("Over", lambda now: Q(revoked_at__isnull=False) | Q(expires_at__lte=now)),
    }


class StatusFilter(WordFilter):
    """Postbacks by what became of them."""

    title = "status"
    parameter_name = "status"
    words = words_of("status", PostbackStatus.values)


@admin.register(Token)
class TokenAdmin(OwnedAdmin):
    """What websites, servers and MMPs come in with; neither the token nor its digest is shown."""

    list_display = ["prefix", "kind", "owner", "created_at", "seen_at", "seen_origin", "expires_at", "revoked_at"]
    list_filter = [KindFilter, LiveFilter, BY_ORGANIZATION]
    search_fields = ["=public_id", "prefix__startswith"]
    search_help_text = "A whole tok_…, or how the token begins"
    ordering = ["-id"]
    actions = ["revoke_tokens"]
    fieldsets = [
        (None, {"fields": ["public_id", "prefix", "kind", "name", "owner", "origins", "created_by"]}),
        ("When", {"fields": ["created_at", "seen_at", "seen_origin", "expires_at", "revoked_at"]}),
    ]
    readonly_fields = ["owner", "created_at"]

    def offers(self, row: Token) -> list[str]:
        """What its state allows."""
        return ["revoke_tokens"] if row.is_live(utcnow()) else []

    @action("Revoke now")
    def revoke_tokens(self, request: HttpRequest, rows: "QuerySet[Token]") -> None:
        """They open nothing any more."""
        self.run(request, rows, lambda token: revoke_token(token=token, now=utcnow()), "revoked")


@admin.register(Link)
class LinkAdmin(OwnedAdmin):
    """Stored links."""

    list_display = ["code", "kind", "owner", "leads_to", "clicks", "created_at", "archived_at"]
    list_filter = [BY_ORGANIZATION]
    paginator = InfinitePaginator
    ordering = ["-id"]
    search_fields = ["=public_id", "=code"]
    search_help_text = "A whole link_…, or its code"
    fieldsets = [
        (
            None,
            {"fields": ["public_id", "code", "kind", "title", "owner", "url", "ios_url", "android_url", "deep_link"]},
        ),
        ("About", {"fields": ["contact", "flow", "campaign", "post", "influencer", "folder", "tags", "clicks"]}),
        ("When", {"fields": ["created_by", "created_at", "updated_at", "expires_at", "archived_at"]}),
    ]
    readonly_fields = ["owner", "created_at", "updated_at"]

    @display(description="Leads to")
    def leads_to(self, row: Link) -> str:
        """The beginning of its address."""
        return excerpt(row.url, 60)


@admin.register(Domain)
class DomainAdmin(OwnedAdmin):
    """Hosts that organizations have shown to be their own."""

    list_display = ["host", "owner", "verified_at", "checked_at", "failing_since", "problem"]
    list_filter = [BY_ORGANIZATION]
    search_fields = ["=public_id", "host__startswith"]
    ordering = ["-id"]
    fieldsets = [
        (None, {"fields": ["public_id", "host", "owner", "verified_at", "checked_at", "failing_since", "problem"]})
    ]
    readonly_fields = ["owner"]


@admin.register(Rule)
class RuleAdmin(OwnedAdmin):
    """Which event puts which label on its contact."""

    list_display = ["event", "label", "owner", "created_at"]
    list_filter = [BY_ORGANIZATION]
    list_select_related = ("organization", "label")
    search_fields = ["=public_id", "event__startswith"]
    ordering = ["-id"]
    fieldsets = [(None, {"fields": ["public_id", "event", "label", "owner", "created_at"]})]
    readonly_fields = ["owner", "created_at"]


@admin.register(Postback)
class PostbackAdmin(OwnedAdmin):
    """MMPs' messages, and what became of each."""

    list_display = ["public_id", "status", "mmp", "event_name", "owner", "reason", "received_at", "due_at"]
    list_filter = [StatusFilter, BY_ORGANIZATION]
    paginator = InfinitePaginator
    ordering = ["-id"]
    search_fields = ["=public_id"]
    search_help_text = "A whole pb_…"
    actions = ["replay_postbacks"]
    fieldsets = [
        (
            None,
            {"fields": ["public_id", "owner", "status", "why", "mmp", "event_name", "whose", "stored_as", "is_test"]},
        ),
        ("When", {"fields": ["received_at", "due_at", "fence"]}),
        ("As it came", {"fields": ["method", "content_type", "parameters", "content"]}),
        ("As it was read", {"fields": ["found"]}),
    ]
    readonly_fields = ["owner", "whose", "parameters", "content", "found"]

    def offers(self, row: Postback) -> list[str]:
        """What its state allows."""
        return [] if row.status == PostbackStatus.PENDING else ["replay_postbacks"]

    @action("Read once more")
    def replay_postbacks(self, request: HttpRequest, rows: "QuerySet[Postback]") -> None:
        """What they brought already does not count again."""
        self.run(request, rows, lambda row: replay(postback=row, now=utcnow()), "waiting to be read")

    @display(description="Why")
    def reason(self, row: Postback) -> str:
        """In a few words."""
        return excerpt(row.why, 60)

    @display(description="Contact")
    def whose(self, row: Postback) -> SafeString | str:
        """Whose it is."""
        return link(row.contact)

    @display(description="Address")
    def parameters(self, row: Postback) -> str:
        """Without a secret."""
        return masked(row.query)

    @display(description="Body")
    def content(self, row: Postback) -> str:
        """Without a secret."""
        return masked(row.body)

    @display(description="Fields")
    def found(self, row: Postback) -> SafeString | str:
        """By name."""
        return document(row.fields)


@admin.register(StoreAggregate)
class StoreAggregateAdmin(OwnedAdmin):
    """Installs that a store reported without saying whose."""

    list_display = ["campaign", "network", "app", "framework", "conversion", "won", "day", "owner"]
    list_filter = [BY_ORGANIZATION]
    paginator = InfinitePaginator
    ordering = ["-id"]
    search_fields = ["=campaign"]
    fieldsets = [
        (None, {"fields": ["campaign", "network", "app", "framework", "conversion", "won", "day", "owner", "key"]}),
    ]
    readonly_fields = ["owner"]
