"""From a request's body to what the services take: channels, content, schedule."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from rest_framework.exceptions import ValidationError

from chat33.orgs.models import Organization
from integrations.models import Channel
from integrations.providers.rules import Issue
from posts.models import Post, PostStatus
from posts.preflight import EMPTY, Content, Result, examine, inspect, unseen
from posts.schedule import Moment, NotATime, moment, zone
from posts.services import Plan


def channels_named(organization: Organization, ids: list[str]) -> list[Channel]:
    """The organization's channels of these ids, in their order, each once. Raises ``ValidationError`` naming the rest."""
    wanted = list(dict.fromkeys(ids))
    found = {
        channel.public_id: channel
        for channel in Channel.objects.filter(organization=organization, public_id__in=wanted).select_related(
            "organization__package"
        )
    }
    missing = {f"accountIds.{at}": ["There is no such account."] for at, name in enumerate(ids) if name not in found}
    if missing:
        raise ValidationError(missing)
    return [found[name] for name in wanted]


def content_of(data: Mapping[str, Any], base: Content | None = None) -> Content:
    """What the body says the post says, on top of what it said before."""
    base = base or Content()
    changes: dict[str, Any] = {}
    if "text" in data:
        changes["text"] = data["text"]
    if "mediaUrls" in data:
        changes["media_urls"] = tuple(data["mediaUrls"] or ())
        changes["media_type"] = None
    if "mediaType" in data:
        changes["media_type"] = data["mediaType"]
    if "coverImageUrl" in data:
        changes["cover_image_url"] = data["coverImageUrl"] or ""
    if "platformConfig" in data:
        changes["platform_config"] = data["platformConfig"] or {}
    return replace(base, **changes)


def moment_of(data: Mapping[str, Any], *, timezone: str, now: datetime) -> Moment | None:
    """When the body says it goes out; None is now. Raises ``ValidationError`` for no time, or one too long past."""
    try:
        zone(timezone)
    except NotATime as error:
        raise ValidationError({"timezone": [str(error)]}) from None
    if not data.get("scheduledAt"):
        return None
    try:
        found = moment(data["scheduledAt"], timezone, now=now)
    except NotATime as error:
        raise ValidationError({"scheduledAt": [str(error)]}) from None
    refuse_late(found.at, now=now)
    return found


def refuse_late(at: datetime | None, *, now: datetime) -> None:
    """Raise ``ValidationError`` for a time so long past that publishing now is not what was meant."""
    if at is not None and now - at > settings.LATE_LIMIT:
        raise ValidationError({"scheduledAt": ["The time is too long past. Choose one ahead, or null to publish now."]})


def plan_of(data: Mapping[str, Any], *, now: datetime, base: Post | None = None) -> tuple[Plan, Moment | None]:
    """When it goes out and who is told, on top of what was planned before."""
    timezone = data.get("timezone") or (base.timezone if base else "UTC")
    found = moment_of(data, timezone=timezone, now=now)
    scheduled = found.at if found else None
    if base is not None and "scheduledAt" not in data:
        scheduled = base.scheduled_at
        timezone = base.timezone  # a zone alone changes nothing
    callback = (data["callbackUrl"] or "") if "callbackUrl" in data else (base.callback_url if base else "")
    status = PostStatus(data.get("status") or (base.status if base else PostStatus.QUEUED))
    return Plan(scheduled_at=scheduled, timezone=timezone, callback_url=callback, status=status), found


def accepted(
    *, organization: Organization, channels: list[Channel], content: Content, plan: Plan, now: datetime
) -> Content:
    """The content, its media type settled, when every channel takes it; a draft only has to say something. Raises
    ``ValidationError``.
    """
    if plan.status == PostStatus.DRAFT and (content.media_type or not content.media_urls):
        inspected = unseen(content)
    else:
        inspected = inspect(organization=organization, content=content)
    results = examine(inspected=inspected, channels=channels, now=now)
    refuse_errors(results, only={EMPTY} if plan.status == PostStatus.DRAFT else None)
    return inspected.content


def refuse_errors(results: list[Result], *, only: Collection[str] | None = None) -> None:
    """Raise ``ValidationError`` with every channel's errors, each once; ``only`` those of these codes."""
    details: dict[str, list[str]] = {}
    for result in results:
        for issue in result.errors:
            if only is not None and issue.code not in only:
                continue
            messages = details.setdefault(issue.path, [])
            if issue.message not in messages:
                messages.append(issue.message)
    if details:
        raise ValidationError(details)


def issue_body(issue: Issue) -> dict[str, str]:
    """An error or warning of ``validate``."""
    return {"code": issue.code, "path": issue.path, "message": issue.message}
