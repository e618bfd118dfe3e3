"""Carrying one claimed post to its network, step by step, each step stored before the next.

The steps: ``fetch`` (ours: the files into our storage, in the form the network takes), then the adapter's prepare, poll,
commit, confirm and comment. The commit's intent is stored before its request leaves. Whoever finds an intent without an
outcome, after a lost reply or a crash, reads the network and never sends again unproved.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError

from chat33.lib import metrics
from chat33.lib.clock import utcnow
from chat33.lib.failpoints import reach
from chat33.lib.http import HttpClient, NotSent, Refused, ReplyLost
from integrations.channels import UnableToRefresh, account, adapter, http_client, live_quota, refresh_channel
from integrations.providers.base import Category, Next, Provider, ProviderError, Step, Verdict, Work
from posts import outcomes
from posts.allowance import Held, take_place
from posts.media import UnableToFetch, fetch_files, open_files
from posts.models import Post, PostStatus
from posts.outcomes import Failure
from posts.preflight import problems, settled_options, settled_text
from posts.queue import Claim, LostClaim, claim_due_posts, in_seconds, release, renew

logger = structlog.get_logger(__name__)

BUDGET = 40.0  # seconds of work on one claim before another worker may go on
MAX_CRASHES = 3
CONFIRMS = 5
TOKEN_MARGIN = timedelta(seconds=60)


def publish_due(*, seconds: float, stop: Callable[[], bool] = lambda: False) -> int:
    """Claim and carry due posts one after another until there are none or the time is up. Returns how many."""
    until = time.monotonic() + seconds
    carried = 0
    while time.monotonic() < until and not stop():
        claims = claim_due_posts(limit=1)
        if not claims:
            break
        carry(claim=claims[0])
        carried += 1
    return carried


def carry(*, claim: Claim) -> None:
    """Take a claimed post as far as it goes now. Returns when it waits, is finished, or belongs to another worker."""
    reach("claimed")
    post = Post.objects.select_related("channel__organization__package").get(pk=claim.post_id)
    http = http_client()
    structlog.contextvars.bind_contextvars(request_id=post.request_id, post=post.public_id)
    if claim.was_queued:
        late = (utcnow() - claim.was_due).total_seconds()
        metrics.measure(metrics.post_lateness_seconds, late, post.channel.platform)
    try:
        _Carrier(post, claim, http).run()
    except LostClaim:
        logger.info("claim_lost")
    except (OperationalError, InterfaceError):
        raise  # the database is away; the lease ends by itself and the post is taken up again
    except Exception as error:
        logger.exception("publishing_broke", error=type(error).__name__)
        _quarantine(post, claim, error)
    finally:
        structlog.contextvars.unbind_contextvars("request_id", "post")


@dataclass
class _Carrier:
    post: Post
    claim: Claim
    http: HttpClient

    def run(self) -> None:
        """Gates first, then steps until the post waits or ends. Each step's outcome renews the lease for the next."""
        deadline = time.monotonic() + BUDGET
        if self._stopped_at_a_gate():
            return
        while True:
            self._step()
            if not self._in_hand():
                return
            if time.monotonic() > deadline:
                release(self.claim)
                return

    def _in_hand(self) -> bool:
        return self.post.status == PostStatus.PUBLISHING and self.post.leased_until is not None

    def _stopped_at_a_gate(self) -> bool:
        """Crash cap, lateness, a dead channel, the day's allowance."""
        post, now = self.post, utcnow()
        in_doubt = post.step == Step.COMMIT and post.intent_at is not None
        if post.crashes >= MAX_CRASHES and not in_doubt:
            message = "Publishing this post stopped the worker several times, so it is not tried again by itself."
            return self._fail(Failure(code="QUARANTINED", message=message), now)
        if self.claim.was_queued and not post.retry_count and now - self.claim.was_due > settings.LATE_LIMIT:
            hours = settings.LATE_LIMIT.total_seconds() / 3600
            message = (
                f"Chat33 was not running when this post was due; it is over {hours:g} hours late. Schedule it anew."
            )
            return self._fail(Failure(code="MISSED", message=message), now)
        if not post.channel.is_active and not in_doubt:
            message = f"{post.channel} is disconnected. Connect it again, then retry the post."
            return self._fail(
                Failure(code="AUTH_EXPIRED", message=message, category="auth_expired", source="user"), now
            )
        if post.slot_at is None and not in_doubt:
            live_quota(channel=post.channel, provider=self._provider(), now=now)
            hold = take_place(post=post, now=now)
            if hold is not None:
                outcomes.held(post=post, claim=self.claim, hold=hold, now=now)
                return True
        return False

    def _step(self) -> None:
        """One step, whatever comes of it stored."""
        post = self.post
        in_doubt = post.step == Step.COMMIT and post.intent_at is not None
        try:
            self._fresh_token()
            if in_doubt:
                self._reconcile()
            elif post.step == "fetch":
                self._fetch()
            else:
                self._advance(Step(post.step))
        except ProviderError as error:
            self._refused(error, in_doubt=in_doubt)
        except UnableToRefresh as error:
            self._fail(
                Failure(code="AUTH_EXPIRED", message=str(error), category="auth_expired", source="user"), utcnow()
            )
        except UnableToFetch as error:
            failure = Failure(code=error.code, message=str(error), category="media_fetch", source="user")
            self._retry(failure) if error.retryable else self._fail(failure, utcnow())
        except (NotSent, ReplyLost) as error:
            self._unreached(error, in_doubt=in_doubt)

    def _fetch(self) -> None:
        started = time.monotonic()
        post = self.post
        facts, cover, state = fetch_files(post=post, http=self.http, keep=lambda: renew(self.claim))
        errors = [issue for issue in problems(post=post, media=facts, cover=cover) if issue.severity == "error"]
        if errors:
            message = " ".join(dict.fromkeys(issue.message for issue in errors))
            self._fail(
                Failure(code="VALIDATION_ERROR", message=message, category="user_content", source="user"), utcnow()
            )
            return
        reach("fetched")
        done = Next(step=Step.PREPARE, state=state, note="The files are ready.")
        outcomes.advanced(post=post, claim=self.claim, done=done, now=utcnow(), milliseconds=_since(started))

    def _advance(self, step: Step) -> None:
        post = self.post
        if step == Step.COMMIT:
            outcomes.intended(post=post, claim=self.claim, now=utcnow())
            reach(f"{post.channel.platform}.intent")
        elif step == Step.COMMENT and self._comment_was_tried():
            return
        started = time.monotonic()
        done = self._provider().advance(self._work())
        reach(f"{post.channel.platform}.{step}")
        done = _with_files(done, post.state)
        outcomes.advanced(post=post, claim=self.claim, done=done, now=utcnow(), milliseconds=_since(started))
        reach(f"{post.channel.platform}.{step}.stored")

    def _comment_was_tried(self) -> bool:
        """The first comment is sent at most once: whether a lost one is there is not worth a second one."""
        post = self.post
        if not post.state.get("comment_tried"):
            fields = {"state": {**post.state, "comment_tried": True}}
            done = Next(step=Step.COMMENT, state=fields["state"], note="The first comment is about to be sent.")
            outcomes.advanced(post=post, claim=self.claim, done=done, now=utcnow(), milliseconds=0)
            return False
        self._end("The first comment was on its way when publishing was interrupted; look whether it is there.")
        return True

    def _reconcile(self) -> None:
        started = time.monotonic()
        verdict: Verdict = self._provider().reconcile(self._work())
        state = {**_files(self.post.state), **verdict.state}
        verdict = Verdict(**{**vars(verdict), "state": state})
        now = utcnow()
        outcomes.judged(post=self.post, claim=self.claim, verdict=verdict, now=now, milliseconds=_since(started))

    def _refused(self, error: ProviderError, *, in_doubt: bool) -> None:
        """A network said no, or something that is not clear."""
        post, now, failure, meaning = self.post, utcnow(), Failure.of(error), error.meaning
        if meaning.refresh and not post.state.get("refreshed"):
            self._refresh_once(failure, in_doubt=in_doubt)
        elif in_doubt:
            outcomes.unread(post=post, claim=self.claim, failure=failure, now=now)
        elif post.step == Step.COMMIT and error.ambiguous:
            outcomes.doubted(post=post, claim=self.claim, failure=failure, now=now)
        elif post.step == Step.COMMENT:
            self._end(f"The post is live, but its first comment was refused: {meaning.sentence}", failure)
        elif meaning.hold is not None:
            wait = error.retry_after or meaning.hold
            hold = Held(now + timedelta(seconds=wait), meaning.sentence)
            outcomes.held(post=post, claim=self.claim, hold=hold, now=now, failure=failure)
        elif post.step == Step.CONFIRM and not meaning.restart and (meaning.retryable or error.ambiguous):
            self._unconfirmable(failure, live=not error.ambiguous)
        elif meaning.retryable or error.ambiguous:
            self._retry(failure, after=error.retry_after, restart=meaning.restart)
        else:
            self._fail(failure, now)

    def _refresh_once(self, failure: Failure, *, in_doubt: bool) -> None:
        """The token is refused: renew it, once, and go on with the same step. A refused commit did not happen."""
        post, now = self.post, utcnow()
        fields: dict[str, Any] = {"state": {**post.state, "refreshed": True}}
        if post.step == Step.COMMIT and not in_doubt:
            fields["intent_at"] = None
        try:
            post.channel = refresh_channel(channel=post.channel, seen_expiry=post.channel.token_expires_at)
        except UnableToRefresh as error:
            if in_doubt:
                outcomes.unread(post=post, claim=self.claim, failure=failure, now=now)
            else:
                self._fail(replace(failure, code="AUTH_EXPIRED", message=str(error)), now)
        except (ProviderError, NotSent, ReplyLost):
            if in_doubt:
                outcomes.unread(post=post, claim=self.claim, failure=failure, now=now)
            else:
                self._retry(replace(failure, message="The connection could not be renewed just now."))
        else:
            outcomes.noted(post=post, claim=self.claim, failure=failure, now=now, fields=fields)

    def _unreached(self, error: NotSent | ReplyLost, *, in_doubt: bool) -> None:
        """The network could not be reached, or its answer was lost."""
        sentence = "The network could not be reached. It is tried again by itself."
        if isinstance(error, Refused):
            sentence = f"The network's address is not allowed: {error}"
        failure = Failure(
            code="NETWORK",
            message=sentence,
            category=str(Category.NETWORK),
            retryable=True,
            provider_message=str(error),
        )
        post, now = self.post, utcnow()
        if in_doubt:
            outcomes.unread(post=post, claim=self.claim, failure=failure, now=now)
        elif post.step == Step.COMMIT and isinstance(error, ReplyLost):
            outcomes.doubted(post=post, claim=self.claim, failure=failure, now=now)
        elif post.step == Step.CONFIRM:
            self._unconfirmable(failure)
        elif post.step == Step.COMMENT:
            self._end("The post is live; whether its first comment arrived is not known.", failure)
        else:
            self._retry(failure)

    def _unconfirmable(self, failure: Failure, *, live: bool = True) -> None:
        """The network has the post but its state cannot be read just now: read again. At last believe the commit, unless
        the network itself had not made the post ``live`` yet.
        """
        tried = int(self.post.state.get("confirms", 0)) + 1
        if tried > CONFIRMS and (not live or self.post.external_post_id is None):
            outcomes.unconfirmed(post=self.post, claim=self.claim, failure=failure, now=utcnow())
            return
        if tried > CONFIRMS:
            self._end("The post is live; its address at the network could not be read.", failure)
            return
        pause = outcomes.READS[min(tried, len(outcomes.READS)) - 1]
        fields = {
            "state": {**self.post.state, "confirms": tried},
            "due_at": in_seconds(pause),
            "leased_until": None,
        }
        outcomes.noted(post=self.post, claim=self.claim, failure=failure, now=utcnow(), fields=fields)

    def _end(self, note: str, failure: Failure | None = None) -> None:
        """Published, with a remark."""
        now = utcnow()
        if failure is not None:
            outcomes.noted(post=self.post, claim=self.claim, failure=failure, now=now, fields={})
        done = Next(step=Step.DONE, state=self.post.state, note=note)
        outcomes.advanced(post=self.post, claim=self.claim, done=done, now=now, milliseconds=0)

    def _retry(self, failure: Failure, *, after: float | None = None, restart: bool = False) -> None:
        outcomes.retried(post=self.post, claim=self.claim, failure=failure, now=utcnow(), after=after, restart=restart)

    def _fail(self, failure: Failure, now: datetime) -> bool:
        outcomes.failed(post=self.post, claim=self.claim, failure=failure, now=now)
        return True

    def _fresh_token(self) -> None:
        channel = self.post.channel
        if channel.token_expires_at is not None and channel.token_expires_at < utcnow() + TOKEN_MARGIN:
            self.post.channel = refresh_channel(channel=channel, seen_expiry=channel.token_expires_at)

    def _provider(self) -> Provider:
        return adapter(self.post.channel, self.http)

    def _work(self) -> Work:
        post = self.post
        media, cover = open_files(post)
        return Work(
            account=account(post.channel),
            text=settled_text(post.platform_config, post.channel.platform, post.text or ""),
            media=media,
            media_type=post.media_type,  # type: ignore[arg-type]  # choices hold it to MediaType
            cover=cover,
            options=settled_options(post.platform_config, post.channel.platform),
            step=Step(post.step),
            state=post.state,
            now=utcnow(),
            intent_at=post.intent_at,
            reads=post.reads,
        )


def _files(state: Mapping[str, Any]) -> dict[str, Any]:
    """Our part of the state: which files of ours, and whether the token was renewed for this post."""
    return {name: state[name] for name in ("files", "cover_file", "refreshed", "comment_tried") if name in state}


def _with_files(done: Next, state: Mapping[str, Any]) -> Next:
    return Next(**{**vars(done), "state": {**_files(state), **done.state}})


def _quarantine(post: Post, claim: Claim, error: Exception) -> None:
    """A fault of ours, not the network's: no blind second try, and a word to the person."""
    message = (
        "Something went wrong on our side while this post was published. Retry it; if it happens again, report it."
    )
    failure = Failure(code="INTERNAL_ERROR", message=message, provider_message=type(error).__name__)
    try:
        if post.step == Step.COMMIT and post.intent_at is not None:
            outcomes.unread(post=post, claim=claim, failure=failure, now=utcnow())
        else:
            outcomes.failed(post=post, claim=claim, failure=failure, now=utcnow())
    except LostClaim:
        logger.info("claim_lost")


def _since(started: float) -> int:
    return int((time.monotonic() - started) * 1000)
