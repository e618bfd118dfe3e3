"""Posts: create, list, validate, read, change, delete, duplicate, logs, and the ways out of a failure."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, TypeVar

from django.http import Http404
from django.shortcuts import get_object_or_404
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from chat33.api import idempotency, limits
from chat33.api.bodies import read_body
from chat33.api.errors import Conflict
from chat33.api.pagination import page_of
from chat33.api.schema import Operation
from chat33.api.views import ApiView
from chat33.bell import ring_on_commit
from chat33.lib.clock import utcnow
from chat33.lib.ids import is_id
from chat33.logs import current_request_id
from integrations.auth import Caller, caller
from integrations.models import Channel, Platform
from posts import services
from posts.api.v1 import docs, intake
from posts.api.v1.replies import log_entry, post_body, post_summary
from posts.api.v1.serializers import (
    CreatePostRequest,
    DuplicatePostRequest,
    ResolvePostRequest,
    UpdatePostRequest,
)
from posts.models import Post, PostStatus
from posts.preflight import Content, examine, inspect
from posts.schedule import schedule_warnings
from posts.selectors import log_of, posts_for, posts_like
from posts.services import ChangedMeanwhile, Plan, UnableToChange

PUBLISH = "posts.publish_due_posts"
TRIES = 3  # of a change that others overtake
T = TypeVar("T")


def post_named(request: Request, post_id: str) -> Post:
    """The caller's post of this id. Raises ``Http404``."""
    if not is_id(post_id, "post"):
        raise Http404
    return get_object_or_404(posts_for(caller(request).organization), public_id=post_id)


class _Creating(ApiView):
    """What creating and duplicating share: the hourly limit, idempotency, the rows."""

    def create(
        self, request: Request, channels: list[Channel], content: Content, plan: Plan, extra: dict[str, Any]
    ) -> Response:
        """The 201, counted and remembered in the transaction of its effect."""
        who = caller(request)
        now = utcnow()

        def effect() -> Response:
            limit = limits.limit_for("POSTS", who.overrides)
            self.usage = limits.consume(name="POSTS", subject=who.organization.public_id, limit=limit, now=now)
            posts = services.create_posts(
                organization=who.organization,
                channels=channels,
                content=content,
                plan=plan,
                by=who.public_id,
                now=now,
                request_id=current_request_id(),
            )
            if any(post.due_at is not None and post.due_at <= now for post in posts):
                ring_on_commit(PUBLISH)
            made = [post_summary(post, channel) for post, channel in zip(posts, channels, strict=True)]
            return Response({**extra, "posts": made, "groupId": posts[0].group_id}, status=201)

        return idempotency.once(self.key_of(request, who), effect, now=now)

    def key_of(self, request: Request, who: Caller) -> idempotency.Keyed | None:
        """The request's idempotency key in the caller's organization."""
        return idempotency.keyed(request, owner=who.organization.public_id)

    def answered(self, request: Request) -> Response | None:
        """The kept answer of a repeated request; for a new one, the limit checked before any work is done."""
        who = caller(request)
        now = utcnow()
        kept = idempotency.recall(self.key_of(request, who), now=now)
        if kept is None:
            limit = limits.limit_for("POSTS", who.overrides)
            self.usage = limits.check(name="POSTS", subject=who.organization.public_id, limit=limit, now=now)
        return kept


class PostsView(_Creating):
    """``/posts``."""

    scopes: ClassVar[dict[str, str]] = {"GET": "posts:read", "POST": "posts:write"}
    operations: ClassVar[dict[str, Operation]] = {"GET": docs.LIST_POSTS, "POST": docs.CREATE_POST}

    def get(self, request: Request) -> Response:
        """A page of posts, newest first, filtered by status, platform and channel."""
        rows = posts_like(caller(request).organization, **_filters(request))
        items, around = page_of(request, rows)
        return Response({"items": [post_body(post) for post in items], **around})

    def post(self, request: Request) -> Response:
        """Create and queue a post, one for each channel."""
        kept = self.answered(request)
        if kept is not None:
            return kept
        data = read_body(CreatePostRequest, request)
        organization = caller(request).organization
        now = utcnow()
        channels = intake.channels_named(organization, data["accountIds"])
        plan, _ = intake.plan_of(data, now=now)
        content = intake.accepted(
            organization=organization, channels=channels, content=intake.content_of(data), plan=plan, now=now
        )
        return self.create(request, channels, content, plan, {})


class ValidateView(ApiView):
    """``/posts/validate``: the rules of creating, with nothing created."""

    scopes: ClassVar[dict[str, str]] = {"POST": "posts:write"}
    operations: ClassVar[dict[str, Operation]] = {"POST": docs.VALIDATE_POST}

    def post(self, request: Request) -> Response:
        """Each channel's errors and warnings."""
        data = read_body(CreatePostRequest, request)
        organization = caller(request).organization
        now = utcnow()
        channels = intake.channels_named(organization, data["accountIds"])
        plan, found = intake.plan_of(data, now=now)
        inspected = inspect(organization=organization, content=intake.content_of(data))
        results = examine(inspected=inspected, channels=channels, now=now, planned=plan.scheduled_at or now)
        zone_warnings = schedule_warnings(found, plan.timezone)
        bodies = [
            {
                "accountId": result.channel.public_id,
                "platform": result.channel.platform,
                "ok": not result.errors,
                "errors": [intake.issue_body(issue) for issue in result.errors],
                "warnings": [intake.issue_body(issue) for issue in (*result.warnings, *zone_warnings)],
            }
            for result in results
        ]
        return Response({"ok": all(body["ok"] for body in bodies), "results": bodies})


class PostView(ApiView):
    """``/posts/{id}``."""

    scopes: ClassVar[dict[str, str]] = {"GET": "posts:read", "PATCH": "posts:write", "DELETE": "posts:write"}
    operations: ClassVar[dict[str, Operation]] = {
        "GET": docs.GET_POST,
        "PATCH": docs.UPDATE_POST,
        "DELETE": docs.DELETE_POST,
    }

    def get(self, request: Request, post_id: str) -> Response:
        """One post."""
        return Response(post_body(post_named(request, post_id)))

    def patch(self, request: Request, post_id: str) -> Response:
        """Change a draft or queued post."""
        post = post_named(request, post_id)
        data = read_body(UpdatePostRequest, request)
        for _ in range(TRIES):
            try:
                changed = _unless_conflict(partial(_changed, post, data))
            except ChangedMeanwhile:
                post = post_named(request, post_id)
                continue
            ring_on_commit(PUBLISH)
            return Response(post_body(changed))
        raise Conflict("The post is being changed by others. Try again.")

    def delete(self, request: Request, post_id: str) -> Response:
        """Forget a draft, cancel the rest."""
        post = post_named(request, post_id)
        left = _unless_conflict(lambda: services.delete_post(post=post))
        return Response(post_body(left) if left else {"id": post_id, "deleted": True})


class DuplicateView(_Creating):
    """``/posts/{id}/duplicate``."""

    scopes: ClassVar[dict[str, str]] = {"POST": "posts:write"}
    operations: ClassVar[dict[str, Operation]] = {"POST": docs.DUPLICATE_POST}

    def post(self, request: Request, post_id: str) -> Response:
        """A copy, as a draft unless asked otherwise."""
        kept = self.answered(request)
        if kept is not None:
            return kept
        original = post_named(request, post_id)
        data = read_body(DuplicatePostRequest, request)
        organization = caller(request).organization
        now = utcnow()
        channels = intake.channels_named(organization, data.get("accountIds") or [original.channel.public_id])
        plan, _ = intake.plan_of({"timezone": original.timezone, "callbackUrl": original.callback_url, **data}, now=now)
        content = intake.accepted(
            organization=organization, channels=channels, content=services.content_of(original), plan=plan, now=now
        )
        return self.create(request, channels, content, plan, {"duplicatedFrom": original.public_id})


class LogsView(ApiView):
    """``/posts/{id}/logs``."""

    scopes: ClassVar[dict[str, str]] = {"GET": "posts:read"}
    operations: ClassVar[dict[str, Operation]] = {"GET": docs.LIST_POST_LOGS}

    def get(self, request: Request, post_id: str) -> Response:
        """Everything that was tried."""
        return Response({"logs": [log_entry(entry) for entry in log_of(post_named(request, post_id))]})


class RetryView(ApiView):
    """``/posts/{id}/retry``."""

    scopes: ClassVar[dict[str, str]] = {"POST": "posts:write"}
    operations: ClassVar[dict[str, Operation]] = {"POST": docs.RETRY_POST}

    def post(self, request: Request, post_id: str) -> Response:
        """Queue a failed post again."""
        post, by = post_named(request, post_id), caller(request).public_id
        changed = _unless_conflict(lambda: services.retry_post(post=post, now=utcnow(), by=by))
        ring_on_commit(PUBLISH)
        return Response(post_body(changed))


class ReconcileView(ApiView):
    """``/posts/{id}/reconcile``."""

    scopes: ClassVar[dict[str, str]] = {"POST": "posts:write"}
    operations: ClassVar[dict[str, Operation]] = {"POST": docs.RECONCILE_POST}

    def post(self, request: Request, post_id: str) -> Response:
        """Read the network again to learn what became of an unconfirmed post."""
        post, by = post_named(request, post_id), caller(request).public_id
        changed = _unless_conflict(lambda: services.reconcile_post(post=post, now=utcnow(), by=by))
        ring_on_commit(PUBLISH)
        return Response(post_body(changed))


class ResolveView(ApiView):
    """``/posts/{id}/resolve``."""

    scopes: ClassVar[dict[str, str]] = {"POST": "posts:write"}
    operations: ClassVar[dict[str, Operation]] = {"POST": docs.RESOLVE_POST}

    def post(self, request: Request, post_id: str) -> Response:
        """Take a person's word for what became of an unconfirmed post."""
        post, by = post_named(request, post_id), caller(request).public_id
        outcome = read_body(ResolvePostRequest, request)["as"]
        changed = _unless_conflict(lambda: services.resolve_post(post=post, outcome=outcome, now=utcnow(), by=by))
        return Response(post_body(changed))


def _changed(post: Post, data: dict[str, Any]) -> Post:
    """The post, changed as it was read. Raises ``UnableToChange``, ``ChangedMeanwhile`` and ``ValidationError``."""
    now = utcnow()
    services.refuse_unless_editable(post)
    plan, _ = intake.plan_of(data, now=now, base=post)
    before = services.content_of(post)
    content = intake.content_of(data, before)
    queueing = plan.status == PostStatus.QUEUED and post.status == PostStatus.DRAFT
    if queueing:
        intake.refuse_late(plan.scheduled_at, now=now)
    if plan.status != PostStatus.CANCELLED and (queueing or content != before):
        content = intake.accepted(
            organization=post.organization, channels=[post.channel], content=content, plan=plan, now=now
        )
    return services.update_post(post=post, content=content, plan=plan, now=now, retime="scheduledAt" in data)


def _unless_conflict(change: Callable[[], T]) -> T:
    try:
        return change()
    except UnableToChange as error:
        raise Conflict(str(error)) from None


def _filters(request: Request) -> dict[str, str]:
    """The list's filters. Raises ``ValidationError`` for a value that can never match."""
    allowed = {"status": PostStatus.values, "platform": Platform.values}
    names = {"status": "status", "platform": "platform", "channelId": "channel_id"}
    filters = {}
    for name, ours in names.items():
        value = request.query_params.get(name)
        if not value:
            continue
        if name in allowed and value not in allowed[name]:
            raise ValidationError({name: [f"Use one of {', '.join(allowed[name])}."]})
        filters[ours] = value.replace("\x00", "")
    return filters
