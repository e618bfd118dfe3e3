"""Posts and where they stand, and every attempt at them."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter
from unfold.paginator import InfinitePaginator

from chat33.bell import ring_on_commit
from chat33.lib.clock import utcnow
from chat33.operators import (
    DANGER,
    INFO,
    NOTHING,
    SUCCESS,
    WARNING,
    OwnedAdmin,
    ReadOnlyInline,
    UnableToDo,
    WordFilter,
    action,
    anchor,
    change_url,
    display,
    document,
    excerpt,
    link,
    links,
    list_url,
    outside,
    pill,
    words_of,
)
from chat33.orgs.models import User
from integrations.models import ApiKey, Callback
from integrations.providers.base import Category, Step
from posts import services
from posts.models import Attempt, Media, Post, PostStatus
from posts.outcomes import UNCONFIRMED

PUBLISH = "posts.publish_due_posts"
BY_ORGANIZATION = ("organization", AutocompleteSelectFilter)
STATUS_COLORS: dict[str, str] = {
    PostStatus.QUEUED: INFO,
    PostStatus.PUBLISHING: INFO,
    PostStatus.PUBLISHED: SUCCESS,
    PostStatus.FAILED: DANGER,
    PostStatus.CANCELLED: WARNING,
}


class TroubleFilter(WordFilter):
    """Posts that a person should look at."""

    title = "trouble"
    parameter_name = "trouble"
    words = {
        "unconfirmed": ("Unconfirmed", lambda now: Q(status=PostStatus.FAILED, error_code=UNCONFIRMED)),
        "failed": ("Failed otherwise", lambda now: Q(status=PostStatus.FAILED) & ~Q(error_code=UNCONFIRMED)),
        "held": ("Held by a limit", lambda now: Q(status=PostStatus.QUEUED, held_until__isnull=False)),
        "late": ("Due and waiting", lambda now: Q(due_at__lte=now, leased_until=None)),
        "crashed": ("Stopped a worker", lambda now: Q(crashes__gt=0)),
    }


class AttemptInline(ReadOnlyInline):
    """Everything that was tried for a post."""

    model = Attempt
    fields = ["created_at", "tried", "step", "http_status", "provider_code", "category", "message", "milliseconds"]
    verbose_name_plural = "attempts"
    readonly_fields = ["tried"]

    @display(description="Event")
    def tried(self, attempt: Attempt) -> SafeString | str:
        """What was tried."""
        return link(attempt, attempt.event)


@admin.register(Post)
class PostAdmin(OwnedAdmin):
    """Posts on their way. The queue's columns are the engine's; what an operator may do are the actions."""

    list_display = ["what", "standing", "channel_link", "owner", "due", "published_at", "trouble"]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        TroubleFilter,
        ("channel__platform", ChoicesDropdownFilter),
        BY_ORGANIZATION,
        ("channel", AutocompleteSelectFilter),
    ]
    list_select_related = ("organization", "channel")
    search_fields = ["=public_id", "=group_id", "=external_post_id", "=request_id", "=created_by"]
    search_help_text = "A whole id: post_…, grp_…, the network's, a request's, or who made it"
    actions = ["retry", "cancel", "reconcile", "resolve_published", "resolve_failed"]
    inlines = [AttemptInline]
    fieldsets = [
        (None, {"fields": ["public_id", "standing", "owner", "channel_link", "siblings", "callbacks"]}),
        ("What it says", {"fields": ["text", "media_type", "files", "cover", "options"]}),
        ("When", {"fields": ["scheduled_at", "timezone", "published_at", "held_until", "held_reason"]}),
        ("What came of it", {"fields": ["external_post_id", "live", "error_code", "error_message", "retry_count"]}),
        ("Who", {"fields": ["maker", "created_at", "updated_at", "request_id"]}),
        (
            "The queue",
            {
                "fields": [
                    "due_at",
                    "leased_until",
                    "fence",
                    "crashes",
                    "step",
                    "known",
                    "intent_at",
                    "reads",
                    "slot_at",
                ],
                "classes": ["collapse"],
            },
        ),
    ]
    readonly_fields = [
        "standing", "owner", "channel_link", "siblings", "callbacks", "files", "cover", "options", "live", "maker", "known",
    ]  # fmt: skip

    def offers(self, row: Post) -> Iterable[str]:
        """What its state allows."""
        if row.status == PostStatus.FAILED and row.error_code == UNCONFIRMED:
            return ["reconcile", "resolve_published", "resolve_failed"]
        return {PostStatus.FAILED: ["retry", "cancel"], PostStatus.QUEUED: ["cancel"]}.get(PostStatus(row.status), [])

    @action("Retry (failed)")
    def retry(self, request: HttpRequest, rows: "QuerySet[Post]") -> None:
        """Queue them again, from the beginning."""
        self._change(
            request, rows, lambda post, by: services.retry_post(post=post, now=utcnow(), by=by), "queued again"
        )

    @action("Cancel (queued or failed)")
    def cancel(self, request: HttpRequest, rows: "QuerySet[Post]") -> None:
        """They do not go out."""

        def change(post: Post, by: str) -> None:
            if post.status not in (PostStatus.QUEUED, PostStatus.FAILED):
                raise UnableToDo(f"It is {post.status}; only what is queued or failed is cancelled here.")
            services.delete_post(post=post)

        self._change(request, rows, change, "cancelled")

    @action("Ask the network again (unconfirmed)")
    def reconcile(self, request: HttpRequest, rows: "QuerySet[Post]") -> None:
        """Learn from their networks whether they went out."""
        self._change(
            request, rows, lambda post, by: services.reconcile_post(post=post, now=utcnow(), by=by), "being looked for"
        )

    @action("Resolve as published (unconfirmed)")
    def resolve_published(self, request: HttpRequest, rows: "QuerySet[Post]") -> None:
        """Somebody has seen them at the network."""

        def change(post: Post, by: str) -> None:
            services.resolve_post(post=post, outcome="published", now=utcnow(), by=by)

        self._change(request, rows, change, "resolved as published")

    @action("Resolve as failed (unconfirmed)")
    def resolve_failed(self, request: HttpRequest, rows: "QuerySet[Post]") -> None:
        """Somebody has seen that they are not at the network."""

        def change(post: Post, by: str) -> None:
            services.resolve_post(post=post, outcome="failed", now=utcnow(), by=by)

        self._change(request, rows, change, "resolved as failed")

    def _change(
        self, request: HttpRequest, rows: "QuerySet[Post]", service: Callable[[Post, str], Any], done: str
    ) -> None:
        assert isinstance(request.user, User)
        by = request.user.public_id

        def change(post: Post) -> None:
            try:
                service(post, by)
            except services.UnableToChange as error:
                raise UnableToDo(str(error)) from None

        self.run(request, rows, change, done)
        ring_on_commit(PUBLISH)

    @display(description="Status", ordering="status")
    def standing(self, post: Post) -> SafeString:
        """Colored."""
        return pill(post.status, STATUS_COLORS)

    @display(description="Channel", ordering="channel__name")
    def channel_link(self, post: Post) -> SafeString | str:
        """Where it goes."""
        return link(post.channel)

    @display(description="Post", header=True, ordering="id")
    def what(self, post: Post) -> list[str]:
        """What it says, in short, and its id."""
        kind = f"[{post.media_type}] " if post.media_type else ""
        return [f"{kind}{excerpt(post.text, 50)}", post.public_id]

    @display(description="Due", ordering="due_at", empty_value=NOTHING)
    def due(self, post: Post) -> Any:
        """When something is to be done for it next, or when it was to go."""
        return post.due_at or post.scheduled_at

    @display(description="Trouble", ordering="error_code")
    def trouble(self, post: Post) -> str:
        """Why it failed, or waits."""
        return post.error_code or ("held" if post.held_until else NOTHING)

    @display(description="Made together with")
    def siblings(self, post: Post) -> SafeString | str:
        """The posts of its group."""
        return anchor(list_url(Post, q=post.group_id), "the posts of its group") if post.group_id else NOTHING

    @display(description="Callbacks")
    def callbacks(self, post: Post) -> SafeString | str:
        """What was told to its callback address."""
        return anchor(list_url(Callback, q=post.public_id), "its callbacks") if post.callback_url else "none asked for"

    @display(description="Files")
    def files(self, post: Post) -> SafeString | str:
        """Ours as links to their pages, others' to where they are."""
        return _files(post, post.media_urls)

    @display(description="Cover")
    def cover(self, post: Post) -> SafeString | str:
        """As the files."""
        return _files(post, [post.cover_image_url] if post.cover_image_url else [])

    @display(description="Platform options")
    def options(self, post: Post) -> SafeString | str:
        """platformConfig."""
        return document(post.platform_config)

    @display(description="At the network")
    def live(self, post: Post) -> SafeString | str:
        """The live post."""
        return outside(post.external_post_url)

    @display(description="Made by")
    def maker(self, post: Post) -> SafeString | str:
        """The key or the person."""
        made_by = {"key_": ApiKey, "usr_": User}.get(post.created_by[:4])
        return anchor(list_url(made_by, q=post.created_by), post.created_by) if made_by else post.created_by

    @display(description="Known of the network's side")
    def known(self, post: Post) -> str:
        """The names of what its adapter has noted; the values may open an upload."""
        return ", ".join(sorted(post.state)) or NOTHING


def _files(post: Post, urls: list[str]) -> SafeString | str:
    tokens = {url: _token(url) for url in urls}
    rows = Media.objects.filter(
        organization=post.organization_id, token__in=[token for token in tokens.values() if token]
    )
    ours = {media.token: media for media in rows}
    found = {}
    for number, url in enumerate(urls, start=1):
        media = ours.get(tokens[url])
        text = f"{number}. {media.name}" if media else f"{number}. {url.partition('?')[0][:80]}"
        found[text] = change_url(Media, media.pk) if media else url
    return links(found) or NOTHING


def _token(url: str) -> str:
    return url.partition("/media/")[2].partition("/")[0]


class CategoryFilter(WordFilter):
    """Attempts by why they were refused."""

    title = "category"
    parameter_name = "category"
    words = words_of("category", [str(category) for category in Category])


class StepFilter(WordFilter):
    """Attempts by step."""

    title = "step"
    parameter_name = "step"
    words = words_of("step", ["fetch", *(str(step) for step in Step)])


@admin.register(Attempt)
class AttemptAdmin(OwnedAdmin):
    """Everything that was tried, over all posts."""

    list_display = ["created_at", "event", "post_link", "owner", "step", "http_status", "code", "outcome"]
    list_filter = [CategoryFilter, StepFilter, BY_ORGANIZATION]
    paginator = InfinitePaginator
    list_select_related = ("organization", "post")
    search_fields = ["=post__public_id", "=trace_id", "=provider_code"]
    search_help_text = "A whole post_…, the network's trace id or error code"
    ordering = ["-id"]
    fieldsets = [
        (
            None,
            {"fields": ["event", "post_link", "owner", "created_at", "attempt", "step", "milliseconds"]},
        ),
        ("What the network said", {"fields": ["http_status", "provider_code", "trace_id", "message"]}),
        ("What follows", {"fields": ["category", "source", "retryable", "next_action"]}),
    ]
    readonly_fields = ["post_link", "owner"]

    @display(description="Post")
    def post_link(self, attempt: Attempt) -> SafeString | str:
        """For which."""
        return link(attempt.post)

    @display(description="Code")
    def code(self, attempt: Attempt) -> str:
        """The network's."""
        return excerpt(attempt.provider_code, 30)

    @display(description="Message")
    def outcome(self, attempt: Attempt) -> str:
        """In short."""
        return excerpt(attempt.message, 70)
