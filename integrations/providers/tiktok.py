"""TikTok: direct posts of videos and photos (TikTok for Developers, Content Posting API, read 2026-11).

Videos are uploaded by us: a session whose last chunk never came posts nothing, so opening it may be repeated, and its
``publish_id`` proves what became of the last chunk. Photos TikTok reads from us, and the very request that names them
posts them: if its answer is lost, no id remains to ask by.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from chat33.lib.http import NotSent, ReplyLost
from integrations.providers.base import Account, Credentials, Next, Provider, ProviderError, Step, Verdict, Work
from integrations.providers.rules import Draft, Issue, PlatformRules, TextRule
from integrations.providers.tiktok_api import TikTokApi, failure, problem, trace, wait
from integrations.providers.tiktok_rules import RULES, check_draft, is_photo, photo_info, rules_for, video_info
from integrations.providers.tiktok_upload import chunk_count, chunk_size, chunks_there, put_chunk

_PACE = (0.5, 1.0, 1.0, 2.0, 3.0, 5.0, 5.0, 10.0)  # seconds between status reads; TikTok allows 30 a minute
_GIVE_UP = 1800.0  # seconds after which a post that was handed over and never finished is left to a person
_LATE_ID = 60.0  # seconds to wait for the public id of a post that is out
_RESYNCS = 5
_AUDIENCES = ("PUBLIC_TO_EVERYONE", "FOLLOWER_OF_CREATOR", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY")


class TikTok(Provider):
    """The adapter.

    State: ``privacy``, ``username`` and ``closed`` (what the creator has closed) from creator info; ``publish_id``,
    ``upload_url``, ``chunk`` (bytes), ``done`` (chunks), ``resyncs``; ``since``, ``live_since`` and ``reads`` of the
    wait for the post and for its public id.
    """

    platform: ClassVar[str] = "tiktok"
    hosts: ClassVar[Mapping[str, str]] = {"open": "https://open.tiktokapis.com", "www": "https://www.tiktok.com"}
    rules: ClassVar[PlatformRules] = RULES

    def advance(self, work: Work) -> Next:
        """Do ``work.step``. Raises ``ProviderError``, ``NotSent``, ``ReplyLost``."""
        match work.step:
            case Step.PREPARE if is_photo(work):
                creator = self._creator(work)
                return Next(step=Step.COMMIT, state={**work.state, **creator}, note=_audience(creator))
            case Step.PREPARE if not work.state.get("publish_id"):
                return self._open(work)
            case Step.PREPARE:
                return self._send(work)
            case Step.COMMIT if is_photo(work):
                return self._post_photos(work)
            case Step.COMMIT:
                return self._send(work)
            case Step.CONFIRM:
                return self._confirm(work)
            case _:
                return Next(step=Step.DONE, state=work.state)

    def _creator(self, work: Work) -> dict[str, Any]:
        """What this creator may do now: the audience to use, the interactions that are closed, the longest video."""
        info, _ = self._api(work.account).call("/v2/post/publish/creator_info/query/")
        offered = [str(option) for option in info.get("privacy_level_options") or ()]
        wanted = work.options.get("privacyLevel")
        if wanted and wanted not in offered:
            raise problem("privacy_level_option_mismatch", message=f"{wanted} is not among {', '.join(offered)}")
        privacy = wanted or next((audience for audience in _AUDIENCES if audience in offered), None)
        if privacy is None:
            raise problem("privacy_level_option_mismatch", message="TikTok offers no audience for this account")
        longest = float(info.get("max_video_post_duration_sec") or 0)
        length = None if is_photo(work) else work.media[0].duration
        if longest and length and length > longest:
            raise problem("duration", message=f"{length:g} s; this account may post {longest:g} s")
        closed = [name for name in ("comment", "duet", "stitch") if info.get(f"{name}_disabled")]
        username = str(info.get("creator_username") or work.account.username)
        return {"privacy": privacy, "username": username, "closed": closed}

    def _open(self, work: Work) -> Next:
        """Open an upload session. It posts nothing by itself."""
        creator = self._creator(work)
        size = work.media[0].size
        chunk = chunk_size(size)
        data, reply = self._api(work.account).call(
            "/v2/post/publish/video/init/",
            {
                "post_info": video_info(work, privacy=creator["privacy"], closed=creator["closed"]),
                "source_info": {
                    "source": "FILE_UPLOAD",
                    "video_size": size,
                    "chunk_size": chunk,
                    "total_chunk_count": chunk_count(size, chunk),
                },
            },
        )
        if not data.get("publish_id") or not data.get("upload_url"):
            raise problem("platform", message="a session without an address", http_status=reply.status)
        state = {
            **work.state,
            **creator,
            "publish_id": str(data["publish_id"]),
            "upload_url": str(data["upload_url"]),
            "chunk": chunk,
            "done": 0,
        }
        return Next(
            step=_upload_step(size, chunk, 0),
            state=state,
            note=f"upload session opened; {_audience(creator)}",
            http_status=reply.status,
            trace_id=trace(reply),
        )

    def _send(self, work: Work) -> Next:
        """Send the next chunk; the last one is the commit."""
        file, chunk, done = work.media[0], int(work.state["chunk"]), int(work.state["done"])
        count = chunk_count(file.size, chunk)
        last = work.step == Step.COMMIT
        reply = put_chunk(self.http, str(work.state["upload_url"]), file, chunk, min(done, count - 1))
        facts: dict[str, Any] = {"http_status": reply.status, "trace_id": trace(reply), "retry_after": wait(reply)}
        if last and reply.status == 201:
            return _handed_over({**work.state, "done": count}, note=f"all {count} chunks there", http_status=201)
        if not last and reply.status in (201, 206):
            return Next(
                step=_upload_step(file.size, chunk, done + 1),
                state={**work.state, "done": done + 1},
                note=f"chunk {done + 1} of {count}",
                http_status=reply.status,
            )
        if reply.status == 416 and not last:
            return self._resync(work)
        if reply.status in (403, 404):
            if last and self._all_there(work):
                return _handed_over({**work.state, "done": count}, note="all chunks were there already")
            raise problem("upload_gone", **facts)
        if last and reply.status in (206, 416):
            raise problem("upload_unsettled", ambiguous=True, **facts)
        if 400 <= reply.status < 500 and reply.status != 429:
            raise problem("upload_refused", message="TikTok did not take the chunk", **facts)
        raise problem("" if reply.status == 429 else "platform", ambiguous=last and reply.status != 429, **facts)

    def _all_there(self, work: Work) -> bool:
        """Whether the session is over because its last chunk had come after all."""
        status, _ = self._status(work)
        size, chunk = work.media[0].size, int(work.state["chunk"])
        done = chunks_there(size, chunk, int(status.get("uploaded_bytes") or 0))
        return status.get("status") != "PROCESSING_UPLOAD" or done == chunk_count(size, chunk)

    def _resync(self, work: Work) -> Next:
        """Learn from TikTok how far the upload has come, and go on from there."""
        tries = int(work.state.get("resyncs") or 0) + 1
        if tries > _RESYNCS:
            raise problem("upload_refused", message="the upload does not come into step", http_status=416)
        try:
            status, reply = self._status(work)
        except ProviderError as error:
            if error.code == "invalid_publish_id":
                raise problem("upload_gone", message=error.message, http_status=error.http_status) from error
            raise
        size, chunk = work.media[0].size, int(work.state["chunk"])
        done = chunks_there(size, chunk, int(status.get("uploaded_bytes") or 0))
        state = {**work.state, "done": done, "resyncs": tries}
        if status.get("status") != "PROCESSING_UPLOAD" or done == chunk_count(size, chunk):
            return _handed_over(state, note="everything is there already", http_status=reply.status)
        return Next(
            step=_upload_step(size, chunk, done),
            state=state,
            note=f"in step again after {done} chunks",
            http_status=416,
        )

    def _post_photos(self, work: Work) -> Next:
        """Name the photos to TikTok, which reads and posts them."""
        data, reply = self._api(work.account).call(
            "/v2/post/publish/content/init/",
            {
                "media_type": "PHOTO",
                "post_mode": "DIRECT_POST",
                "post_info": photo_info(work, privacy=work.state["privacy"], closed=work.state["closed"]),
                "source_info": {
                    "source": "PULL_FROM_URL",
                    "photo_cover_index": 0,
                    "photo_images": [file.url for file in work.media],
                },
            },
            mutation=True,
        )
        if not data.get("publish_id"):
            raise problem("platform", message="a post without an id", http_status=reply.status, ambiguous=True)
        state = {**work.state, "publish_id": str(data["publish_id"])}
        return _handed_over(state, note="photos handed over", http_status=reply.status, trace_id=trace(reply))

    def _confirm(self, work: Work) -> Next:
        """Wait until the post is out, then for a while for its public id, which comes after moderation."""
        now = work.now.timestamp()
        reads = int(work.state.get("reads") or 0)
        state = {"since": now, **work.state, "reads": reads + 1}
        pause = _PACE[min(reads, len(_PACE) - 1)]
        overdue = now - state["since"] > _GIVE_UP
        try:
            status, reply = self._status(work)
        except (ProviderError, NotSent, ReplyLost) as error:
            if "live_since" in state:  # it is out: only its address is missing
                return self._settle(work, state, pause)
            if isinstance(error, ProviderError) and not _passing(error):
                error.ambiguous = not error.meaning.refresh  # handed over and out of sight, not refused
                raise
            if overdue:
                raise problem("not_finished", message=str(error), ambiguous=True) from error
            return Next(step=Step.CONFIRM, state=state, after=max(pause, 5.0), note="TikTok did not answer")
        facts: dict[str, Any] = {"http_status": reply.status, "trace_id": trace(reply)}
        match status.get("status"):
            case "FAILED":
                raise failure(str(status.get("fail_reason")), **facts)
            case "SEND_TO_USER_INBOX":
                raise problem("in_the_inbox", **facts)
            case "PUBLISH_COMPLETE" if ids := status.get("publicaly_available_post_id"):
                return self._live(work, state, str(ids[0] if isinstance(ids, list) else ids), **facts)
            case "PUBLISH_COMPLETE":
                return self._settle(work, {"live_since": now, **state}, pause, **facts)
        if overdue:
            raise problem("not_finished", message=str(status.get("status")), ambiguous=True, **facts)
        return Next(step=Step.CONFIRM, state=state, after=pause, note="TikTok is processing", **facts)

    def _settle(self, work: Work, state: Mapping[str, Any], pause: float, **facts: Any) -> Next:
        """The post is out and its public id unknown: wait on, or make do with the id of the publishing."""
        waited = work.now.timestamp() - float(state["live_since"])
        if state.get("privacy") == "PUBLIC_TO_EVERYONE" and waited < _LATE_ID:
            return Next(step=Step.CONFIRM, state=state, after=pause, note="live; waiting for its public id", **facts)
        username = state.get("username") or work.account.username
        return Next(
            step=Step.DONE,
            state=state,
            external_id=str(state["publish_id"]),
            external_url=f"{self.config.hosts['www']}/@{username}" if username else None,
            note="live; TikTok gave no public id",
            **facts,
        )

    def _live(self, work: Work, state: Mapping[str, Any], post_id: str, **facts: Any) -> Next:
        username = state.get("username") or work.account.username
        kind = "photo" if is_photo(work) else "video"
        return Next(
            step=Step.DONE,
            state={**state, "post_id": post_id},
            external_id=post_id,
            external_url=f"{self.config.hosts['www']}/@{username}/{kind}/{post_id}",
            note="live",
            **facts,
        )

    def reconcile(self, work: Work) -> Verdict:
        """Ask by the publish id. Without one (photos whose answer was lost) nothing can be known."""
        if not work.state.get("publish_id"):
            return Verdict(kind="unknown", state=work.state, note="TikTok's answer with the post's id was lost")
        try:
            status, reply = self._status(work)
        except ProviderError as error:
            if error.code != "invalid_publish_id":
                raise
            return Verdict(kind="unknown", state=work.state, note=error.code, http_status=error.http_status)
        told = status.get("status")
        if told == "PROCESSING_UPLOAD" and not is_photo(work):
            size, chunk = work.media[0].size, int(work.state["chunk"])
            done = chunks_there(size, chunk, int(status.get("uploaded_bytes") or 0))
            if done < chunk_count(size, chunk):
                # The same bytes into the same session cannot make a second post.
                return Verdict(
                    kind="absent",
                    step=_upload_step(size, chunk, done),
                    state={**work.state, "done": done},
                    note=f"{done} of {chunk_count(size, chunk)} chunks are there",
                    http_status=reply.status,
                )
        if told == "FAILED":
            # Confirming reads the same answer and gives its reason as the error it is.
            return Verdict(kind="absent", step=Step.CONFIRM, state=work.state, note="failed", http_status=reply.status)
        since = float(work.state.get("since") or work.now.timestamp())
        overdue = told != "PUBLISH_COMPLETE" and work.now.timestamp() - since > _GIVE_UP
        return Verdict(
            kind="unknown" if overdue else "published",
            state=work.state,
            step=Step.CONFIRM,
            note=str(told),
            http_status=reply.status,
        )

    def refresh(self, account: Account, *, now: datetime) -> Credentials:
        """A new pair of tokens; TikTok replaces the refresh token too. Raises as ``advance``."""
        old = account.credentials
        reply = self.http.request(
            "POST",
            f"{self.config.hosts['open']}/v2/oauth/token/",
            data={
                "client_key": self.config.client_id,
                "client_secret": self.config.client_secret,
                "grant_type": "refresh_token",
                "refresh_token": old.refresh_token,
            },
        )
        told = reply.json()
        body = told if isinstance(told, dict) else {}
        if not reply.ok or not body.get("access_token"):
            error = body.get("error")  # flat here, an object in the envelope of the other calls
            code = str(error.get("code") if isinstance(error, dict) else error or "")
            raise problem(
                code or ("platform" if reply.ok else ""),
                message=str(body.get("error_description") or "")[:300],
                http_status=reply.status,
                trace_id=trace(reply),
                retry_after=wait(reply),
            )
        lasting = body.get("refresh_expires_in")
        return Credentials(
            access_token=str(body["access_token"]),
            refresh_token=str(body.get("refresh_token") or old.refresh_token),
            expires_at=now + timedelta(seconds=int(body.get("expires_in") or 7200)),
            refresh_expires_at=now + timedelta(seconds=int(lasting)) if lasting else old.refresh_expires_at,
            scopes=tuple(str(body["scope"]).split(",")) if body.get("scope") else old.scopes,
        )

    @classmethod
    def check(cls, draft: Draft, account: Account | None = None) -> tuple[Issue, ...]:
        """TikTok's rules on a draft; what the creator may do is read when the post goes out."""
        return check_draft(draft)

    @classmethod
    def text_rule(cls, draft: Draft, account: Account | None = None) -> TextRule:
        """A photo post's description, or a video's caption."""
        return rules_for(draft).text

    def _api(self, account: Account) -> TikTokApi:
        return TikTokApi(http=self.http, base=self.config.hosts["open"], access_token=account.credentials.access_token)

    def _status(self, work: Work) -> tuple[dict[str, Any], Any]:
        return self._api(work.account).call("/v2/post/publish/status/fetch/", {"publish_id": work.state["publish_id"]})


def _passing(error: ProviderError) -> bool:
    """Whether asking again later may help, with the same access."""
    return error.meaning.retryable and not error.meaning.refresh


def _audience(creator: Mapping[str, Any]) -> str:
    return f"the audience is {creator['privacy']}"


def _upload_step(size: int, chunk: int, done: int) -> Step:
    """The last chunk is the commit."""
    return Step.COMMIT if done >= chunk_count(size, chunk) - 1 else Step.PREPARE


def _handed_over(state: Mapping[str, Any], **facts: Any) -> Next:
    return Next(step=Step.CONFIRM, state=state, after=_PACE[0], **facts)
