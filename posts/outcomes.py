"""What becomes of a post in hand, stored. Every write is fenced: it happens only while the claim is still the row's.

Each outcome writes the row, its line in the attempt log and, at the end of the road, the callback, in one transaction.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction

from chat33.lib import metrics
from integrations.callbacks import create_callback
from integrations.channels import note_error
from integrations.providers.base import Next, ProviderError, Step, Verdict
from integrations.providers.reasons import reason
from posts.allowance import Held
from posts.models import Attempt, Post, PostStatus
from posts.queue import Claim, LostClaim, in_seconds, leased_anew
from posts.signals import post_failed

logger = structlog.get_logger(__name__)

BACKOFF = (15.0, 60.0, 300.0, 900.0, 1800.0)  # seconds before each retry, with a fifth of jitter
READS = (2.0, 5.0, 10.0, 20.0, 30.0)  # seconds before each proof read
UNCONFIRMED = "UNCONFIRMED"
UNCONFIRMED_MESSAGE = (
    "The network did not say whether this post went out, and reading the account did not settle it. Look at the account: "
    "mark the post as published or as failed. It is not sent again by itself."
)


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why something did not work, in the API's words."""

    code: str
    message: str  # for the marketer: what happened and what to do next
    category: str = ""
    source: str = "system"
    retryable: bool = False
    provider_code: str = ""
    provider_message: str = ""
    http_status: int | None = None
    trace_id: str = ""

    @classmethod
    def of(cls, error: ProviderError) -> "Failure":
        """A network's refusal."""
        return cls(
            code=str(error.meaning.category).upper(),
            message=error.meaning.sentence,
            category=str(error.meaning.category),
            source=error.meaning.source,
            retryable=error.meaning.retryable,
            provider_code=error.code[:100],
            provider_message=error.message,
            http_status=error.http_status,
            trace_id=error.trace_id[:200],
        )


def advanced(*, post: Post, claim: Claim, done: Next, now: datetime, milliseconds: int) -> None:
    """A step is done; the next one comes at once or after a pause."""
    fields: dict[str, Any] = {"step": str(done.step), "state": dict(done.state), "crashes": 0}
    if done.external_id is not None:
        fields["external_post_id"] = done.external_id
    if done.external_url is not None:
        fields["external_post_url"] = done.external_url
    if done.step in (Step.CONFIRM, Step.COMMENT, Step.DONE) and post.published_at is None:
        fields["published_at"] = now
    elif post.step == Step.COMMIT and done.step in (Step.PREPARE, Step.POLL, Step.COMMIT):
        fields["intent_at"] = None  # the network said that it was not done, and what to do before
    entry = _line(post, "publish_attempt", now, http_status=done.http_status, trace_id=done.trace_id, message=done.note)
    entry.milliseconds = milliseconds
    taken = post.step
    if done.step == Step.DONE:
        _finish(post, claim, entry, now, PostStatus.PUBLISHED, {**fields, "error_code": "", "error_message": None})
    elif done.after > 0:
        _write(post, claim, entry, {**fields, "due_at": in_seconds(done.after), "leased_until": None})
    else:
        _write(post, claim, entry, fields)
    metrics.measure(metrics.step_seconds, milliseconds / 1000, post.channel.platform, taken)


def intended(*, post: Post, claim: Claim, now: datetime) -> None:
    """The visible step is about to leave: stored before it does, so that no crash can hide it."""
    entry = _line(post, "publish_intent", now, message="The post is about to be sent.")
    _write(post, claim, entry, {"intent_at": now, "reads": 0})


def retried(*, post: Post, claim: Claim, failure: Failure, now: datetime, after: float | None, restart: bool) -> None:
    """It did not work and may be tried again: back into the queue with a pause, or failed when it was tried enough."""
    if post.retry_count >= len(BACKOFF):
        failed(post=post, claim=claim, failure=given_up(failure, network=post.channel.get_platform_display()), now=now)
        return
    pause = max(after or 0.0, BACKOFF[post.retry_count] * random.uniform(0.8, 1.2))
    entry = _line(post, "publish_retry", now, failure=failure, next_action=f"It is tried again in {pause:.0f} seconds.")
    fields: dict[str, Any] = {
        "status": PostStatus.QUEUED,
        "retry_count": post.retry_count + 1,
        "error_code": failure.code,
        "error_message": failure.message,
        "intent_at": None,
        "crashes": 0,
        "due_at": in_seconds(pause),
        "leased_until": None,
    }
    if restart:
        fields.update(step="fetch", state={}, published_at=None, external_post_id=None, external_post_url=None)
    _write(post, claim, entry, fields)
    metrics.count(metrics.retries, post.channel.platform, failure.category or "system")


def given_up(failure: Failure, *, network: str) -> Failure:
    """The failure after the last try, whose own sentence may promise another one."""
    why = reason(failure.category, network)
    if not why:
        return failure
    tries = len(BACKOFF) + 1
    return replace(
        failure,
        message=f"{why} It was tried {tries} times and is not tried again by itself. Retry it when you are ready.",
    )


def held(*, post: Post, claim: Claim, hold: Held, now: datetime, failure: Failure | None = None) -> None:
    """Over a limit: QUEUED until its time comes, visible as such, not failed."""
    entry = _line(post, "publish_held", now, failure=failure, message=hold.reason)
    entry.next_action = f"It goes by itself at {hold.until:%Y-%m-%d %H:%M} UTC."
    wait = max(1.0, (hold.until - now).total_seconds())
    fields = {
        "status": PostStatus.QUEUED,
        "held_until": hold.until,
        "held_reason": hold.reason,
        "intent_at": None,
        "slot_at": None,
        "crashes": 0,
        "due_at": in_seconds(wait),
        "leased_until": None,
    }
    _write(post, claim, entry, fields)
    metrics.count(metrics.holds, post.channel.platform, "network" if failure else "allowance")


def doubted(*, post: Post, claim: Claim, failure: Failure, now: datetime) -> None:
    """The visible step may have happened: read the network before anything else, and never send again unproved."""
    entry = _line(
        post, "publish_doubt", now, failure=failure, next_action="The account is read to see whether it went out."
    )
    _write(post, claim, entry, {"due_at": in_seconds(READS[0]), "leased_until": None, "reads": 0})


def judged(*, post: Post, claim: Claim, verdict: Verdict, now: datetime, milliseconds: int) -> None:
    """What a proof read said: go on, send after all, or read again until there is no more to learn."""
    entry = _line(post, "publish_read", now, http_status=verdict.http_status, message=verdict.note or verdict.kind)
    entry.milliseconds = milliseconds
    metrics.count(metrics.proof_reads, post.channel.platform, verdict.kind)
    fields: dict[str, Any] = {"state": dict(verdict.state), "crashes": 0}
    if verdict.kind == "published":
        step = verdict.step if verdict.step in (Step.CONFIRM, Step.COMMENT, Step.DONE) else Step.CONFIRM
        fields.update(step=str(step), published_at=post.published_at or post.intent_at or now)
        if verdict.external_id is not None:
            fields["external_post_id"] = verdict.external_id
        if verdict.external_url is not None:
            fields["external_post_url"] = verdict.external_url
        if step == Step.DONE:
            _finish(post, claim, entry, now, PostStatus.PUBLISHED, {**fields, "error_code": "", "error_message": None})
            return
        _write(post, claim, entry, fields)
    elif verdict.kind == "absent":
        _write(post, claim, entry, {**fields, "step": str(verdict.step), "intent_at": None, "reads": 0})
    else:
        undecided(post=post, claim=claim, entry=entry, fields=fields, now=now)


def unread(*, post: Post, claim: Claim, failure: Failure, now: datetime) -> None:
    """The proof read itself failed: it counts as one that could not tell."""
    entry = _line(post, "publish_read", now, failure=failure)
    metrics.count(metrics.proof_reads, post.channel.platform, "error")
    undecided(post=post, claim=claim, entry=entry, fields={}, now=now)


def undecided(*, post: Post, claim: Claim, entry: Attempt, fields: Mapping[str, Any], now: datetime) -> None:
    """Read again later; after the last read show the post as unconfirmed."""
    reads = post.reads + 1
    if reads < len(READS):
        again = {**fields, "reads": reads, "due_at": in_seconds(READS[reads]), "leased_until": None}
        _write(post, claim, entry, again)
        return
    _give_up(post, claim, entry, {**fields, "reads": reads}, now)


def unconfirmed(*, post: Post, claim: Claim, failure: Failure, now: datetime) -> None:
    """The network has the post and never said that it is live."""
    _give_up(post, claim, _line(post, "publish_unconfirmed", now, failure=failure), {}, now)


def _give_up(post: Post, claim: Claim, entry: Attempt, fields: Mapping[str, Any], now: datetime) -> None:
    entry.event, entry.next_action = "publish_unconfirmed", UNCONFIRMED_MESSAGE
    end = {**fields, "error_code": UNCONFIRMED, "error_message": UNCONFIRMED_MESSAGE}
    _finish(post, claim, entry, now, PostStatus.FAILED, end)


def failed(*, post: Post, claim: Claim, failure: Failure, now: datetime) -> None:
    """The end of the road; the post gives its place in the day's allowance back."""
    entry = _line(post, "publish_failure", now, failure=failure, next_action=failure.message)
    fields = {
        "error_code": failure.code,
        "error_message": failure.message,
        "slot_at": None,
        "intent_at": None,
        "published_at": None,
    }
    _finish(post, claim, entry, now, PostStatus.FAILED, fields)


def noted(*, post: Post, claim: Claim, failure: Failure, now: datetime, fields: Mapping[str, Any]) -> None:
    """Something beside the post itself did not work (its first comment, a link): logged, and on we go."""
    _write(post, claim, _line(post, "publish_warning", now, failure=failure), {"crashes": 0, **fields})


def _finish(
    post: Post, claim: Claim, entry: Attempt, now: datetime, status: PostStatus, fields: Mapping[str, Any]
) -> None:
    end = {
        **fields,
        "status": status,
        "settled_at": now,
        "due_at": None,
        "leased_until": None,
        "held_until": None,
        "held_reason": "",
        "crashes": 0,
    }
    more = []
    if status == PostStatus.PUBLISHED:
        more = [_line(post, "publish_success", now, message="The post is live.")]
        more[0].step = fields.get("step", post.step)
    with transaction.atomic():
        _store(post, claim, end, entry, *more)
        if status == PostStatus.FAILED and fields.get("error_code") not in ("MISSED", "VALIDATION_ERROR"):
            note_error(channel=post.channel, text=str(fields["error_message"]), now=now)
        if status == PostStatus.FAILED:
            post_failed.send(Post, post=post, now=now)
        if post.callback_url:
            create_callback(
                organization=post.organization,
                subject=post.public_id,
                url=post.callback_url,
                body=callback_body(post),
                now=now,
                request_id=post.request_id,
            )
    outcome = "unconfirmed" if post.error_code == UNCONFIRMED else status.lower()
    metrics.count(metrics.posts_finished, post.channel.platform, outcome)
    logger.info("post_finished", post=post.public_id, status=str(status), error=post.error_code)


def callback_body(post: Post) -> dict[str, Any]:
    """Exactly the five documented fields."""
    return {
        "postId": post.public_id,
        "status": str(post.status),
        "externalPostId": post.external_post_id,
        "externalPostUrl": post.external_post_url,
        "error": post.error_message,
    }


def _write(post: Post, claim: Claim, entry: Attempt, fields: Mapping[str, Any]) -> None:
    """The row and its log line together. Raises ``LostClaim`` when the row has another holder."""
    with transaction.atomic():
        _store(post, claim, fields, entry)


def _store(post: Post, claim: Claim, fields: Mapping[str, Any], *entries: Attempt) -> None:
    """The row and its log lines, in the open transaction; a post that stays in hand is leased anew. Raises ``LostClaim``."""
    if "leased_until" not in fields:
        fields = {**fields, **leased_anew()}
    if not Post.objects.filter(pk=claim.post_id, fence=claim.fence).update(**fields):
        raise LostClaim
    Attempt.objects.bulk_create(entries)
    for name, value in fields.items():
        setattr(post, name, value)


def _line(
    post: Post,
    event: str,
    now: datetime,
    *,
    failure: Failure | None = None,
    http_status: int | None = None,
    trace_id: str = "",
    message: str = "",
    next_action: str = "",
) -> Attempt:
    entry = Attempt(
        post=post,
        organization_id=post.organization_id,
        event=event,
        created_at=now,
        attempt=post.retry_count + 1,
        step=post.step,
        http_status=http_status,
        trace_id=trace_id[:200],
        message=message,
        next_action=next_action,
    )
    if failure is not None:
        entry.http_status = failure.http_status
        entry.provider_code, entry.trace_id = failure.provider_code, failure.trace_id
        entry.category, entry.source, entry.retryable = failure.category, failure.source, failure.retryable
        entry.message = failure.provider_message or failure.message
    return entry
