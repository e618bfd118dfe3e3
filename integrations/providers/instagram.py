"""Instagram's professional accounts: containers, publishing, first comment.

Sources: Meta, "Content Publishing", "Upload Video to Meta Servers", "IG User Media", "IG Container" (Instagram
Platform), read 2026-11. A container is prepared and polled in private; ``media_publish`` shows it, once.

An account connected by Instagram Login speaks to ``graph.instagram.com``, where Meta fetches videos from our address.
One connected by Facebook Login (``metadata["login"] == "facebook"``) speaks to ``graph.facebook.com``, which alone
takes ``upload_type=resumable``: its videos are sent from here, and an interrupted upload goes on where it stopped.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from integrations.providers import graph as graph_api
from integrations.providers.base import (
    Account,
    Category,
    Classification,
    Credentials,
    MediaFile,
    Next,
    Provider,
    ProviderError,
    Quota,
    Step,
    Verdict,
    Work,
)
from integrations.providers.graph import Graph, GraphReply
from integrations.providers.graph_errors import gone
from integrations.providers.instagram_errors import ERRORS, NOT_READY
from integrations.providers.instagram_rules import RULES, check_instagram
from integrations.providers.rules import Draft, Issue, PlatformRules
from integrations.providers.rupload import send_address, send_piece, uploaded

_WAITS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # seconds between polls; then Meta's pace of one a minute
_PACE = 60.0
_MOST_POLLS = 20  # about 15 minutes
_MOST_RESYNCS = 3  # after as many wrong offsets in a row Meta fetches the file itself
_MOST_LOOKS = 4
_SKEW = timedelta(minutes=2)  # between our clock and Instagram's
_SURE_READS = 1  # still unpublished after this many earlier proof reads: safe to publish, as a container shows once
_REASON = re.compile(r"\b2207\d{3}\b")
_NAME = "Instagram"

_TOO_SLOW = Classification(
    category=Category.PLATFORM,
    source="platform",
    retryable=True,
    restart=True,
    sentence="Instagram did not finish preparing the files in time. They are prepared again.",
)


class Instagram(Provider):
    """The adapter."""

    platform: ClassVar[str] = "instagram"
    hosts = {
        "login": "https://www.instagram.com",
        "token": "https://api.instagram.com",
        "graph": "https://graph.instagram.com",
        "facebook": "https://graph.facebook.com",
        "rupload": "https://rupload.facebook.com",
    }
    version = "v25.0"
    rules: ClassVar[PlatformRules] = RULES

    def advance(self, work: Work) -> Next:
        """Do ``work.step``: one container, one piece, one poll, the publishing, one read, or the comment."""
        steps = {
            Step.PREPARE: self._prepare,
            Step.POLL: self._poll,
            Step.COMMIT: self._commit,
            Step.CONFIRM: self._confirm,
            Step.COMMENT: self._comment,
        }
        return steps[work.step](work)

    # Containers

    def _prepare(self, work: Work) -> Next:
        if "upload" in work.state:
            return self._upload(work)
        if work.media_type != "carousel":
            return self._create(work, work.media[0], _single(work))
        children = list(work.state.get("children", ()))
        if len(children) < len(work.media):
            media = work.media[len(children)]
            return self._create(work, media, _child(media))
        fields = {"media_type": "CAROUSEL", "children": children, **_shared(work)}
        reply = self._graph(work.account).post(f"{work.account.remote_id}/media", fields)
        return reply.then(Step.POLL, {**work.state, "container": reply.value("id"), "polls": 0}, after=0.5)

    def _create(self, work: Work, media: MediaFile, fields: Mapping[str, Any]) -> Next:
        source: dict[str, str | None]
        pushed = media.kind == "video" and _by_facebook(work.account)
        if media.kind == "video":
            source = {"upload_type": "resumable"} if pushed else {"video_url": media.url}
        else:
            source = {"image_url": media.url, "alt_text": media.alt_text or None}
        reply = self._graph(work.account).post(f"{work.account.remote_id}/media", {**fields, **source})
        made = reply.value("id")
        state = dict(work.state)
        if work.media_type == "carousel":
            state["children"] = [*state.get("children", ()), made]
        else:
            state["container"] = made
        if pushed:
            state["upload"] = {"id": made, "offset": 0, "resyncs": 0}
        return _created(work, state, reply)

    def _upload(self, work: Work) -> Next:
        """One piece of the video whose container was made last; see ``rupload`` for how it goes on."""
        upload = work.state["upload"]
        media = work.media[max(len(work.state.get("children", ())) - 1, 0)]
        url = f"{self.config.hosts['rupload']}/ig-api-upload/{self._version}/{upload['id']}"
        token = work.account.credentials.access_token
        if upload["resyncs"] > _MOST_RESYNCS:
            sent = send_address(self.http, url=url, token=token, media=media, errors=ERRORS)
        else:
            sent = send_piece(self.http, url=url, token=token, media=media, offset=upload["offset"], errors=ERRORS)
        if sent.offset is None:
            reply = self._graph(work.account).get(upload["id"], fields="status_code,video_status")
            status = reply.body.get("video_status") or {}
            offset, complete = uploaded(status.get("uploading_phase") or {})
            change = {"offset": offset, "resyncs": upload["resyncs"] + 1}
        else:
            complete, change = sent.complete, {"offset": sent.offset, "resyncs": 0}
        state = {name: value for name, value in work.state.items() if name != "upload"}
        if complete:
            return _created(work, state)
        return Next(step=Step.PREPARE, state={**state, "upload": {**upload, **change}}, http_status=sent.status)

    def _poll(self, work: Work) -> Next:
        """Read the containers not yet ready; all ready is the carousel's turn, or the time to publish."""
        container = work.state.get("container")
        waiting = [container] if container else list(work.state["children"])
        ready = 0 if container else int(work.state.get("ready", 0))
        status = 0
        for one in waiting[ready:]:
            reply = self._graph(work.account).get(one, fields="status_code,status")
            status = reply.status
            code = reply.body.get("status_code")
            if code == "PUBLISHED":
                return Next(step=Step.CONFIRM, state=work.state, http_status=status, note="It is live already.")
            if code != "FINISHED":
                return _wait(work, reply, ready)
            ready += 1
        state = {**work.state, "polls": 0} if container else {**work.state, "polls": 0, "ready": ready}
        return Next(step=Step.COMMIT if container else Step.PREPARE, state=state, http_status=status)

    # Publishing

    def _commit(self, work: Work) -> Next:
        fields = {"creation_id": work.state["container"]}
        try:
            reply = self._graph(work.account).post(f"{work.account.remote_id}/media_publish", fields, visible=True)
        except ProviderError as error:
            if error.meaning is not NOT_READY:
                raise
            # Nothing was published by this; the poll also notices a container that an earlier request published.
            state = {**work.state, "polls": 0}
            return Next(step=Step.POLL, state=state, after=5.0, note=error.message, http_status=error.http_status)
        media_id = reply.value("id", visible=True)
        return reply.then(Step.CONFIRM, {**work.state, "media_id": media_id}, external_id=media_id)

    def _confirm(self, work: Work) -> Next:
        """The live post's id, where publishing did not tell it, and its address; neither is worth failing for."""
        graph = self._graph(work.account)
        tries = int(work.state.get("looks", 0)) + 1
        media_id = work.state.get("media_id") or self._find(work, graph)
        url, status = None, None
        if media_id:
            reply = graph.read(media_id, fields="permalink")
            if reply is not None:
                url, status = str(reply.body.get("permalink") or "") or None, reply.status
        state = {**work.state, "looks": tries, **({"media_id": media_id} if media_id else {})}
        if url is None and tries < _MOST_LOOKS:
            return Next(step=Step.CONFIRM, state=state, after=2.0 * tries, external_id=media_id, http_status=status)
        comment = bool(work.options.get("firstComment")) and media_id
        return Next(
            step=Step.COMMENT if comment else Step.DONE,
            state=state,
            external_id=media_id,
            external_url=url,
            http_status=status,
            note="" if url else "The post is live; Instagram did not tell its address.",
        )

    def _comment(self, work: Work) -> Next:
        """The first comment. No ``fields``: asking for them is answered 400 though the comment is made."""
        message = {"message": work.options["firstComment"]}
        reply = self._graph(work.account).post(f"{work.state['media_id']}/comments", message)
        return reply.then(Step.DONE, {**work.state, "comment_id": str(reply.body.get("id", ""))})

    # Reading

    def reconcile(self, work: Work) -> Verdict:
        """What became of ``media_publish``: the container knows whether it was published."""
        graph = self._graph(work.account)
        try:
            reply = graph.get(work.state["container"], fields="status_code,status")
        except ProviderError as error:
            if not error.meaning.restart:
                raise
            return Verdict(kind="unknown", state=work.state, note=error.message, http_status=error.http_status)
        code = reply.body.get("status_code")
        if code == "PUBLISHED":
            media_id = self._find(work, graph)
            state = {**work.state, **({"media_id": media_id} if media_id else {})}
            return Verdict(
                kind="published", state=state, step=Step.CONFIRM, external_id=media_id, http_status=reply.status
            )
        if code in ("EXPIRED", "ERROR"):
            return Verdict(kind="absent", state={}, step=Step.PREPARE, note=_words(reply), http_status=reply.status)
        if code == "FINISHED" and work.reads >= _SURE_READS:
            return Verdict(kind="absent", state=work.state, step=Step.COMMIT, http_status=reply.status)
        return Verdict(kind="unknown", state=work.state, note=_words(reply), http_status=reply.status)

    def _find(self, work: Work, graph: Graph) -> str | None:
        """The id of the live post: the newest of this account with this caption since the intent."""
        reply = graph.read(f"{work.account.remote_id}/media", fields="id,caption,timestamp", limit=10)
        since = (work.intent_at or work.now) - _SKEW
        text = graph_api.caption(work.text, work.options)
        for media in reply.body.get("data", ()) if reply else ():
            at = graph_api.moment(media.get("timestamp"))
            if at is not None and at >= since and graph_api.same_text(media.get("caption"), text):
                return str(media["id"])
        return None

    def refresh(self, account: Account, *, now: datetime) -> Credentials:
        """Another 60 days. Meta wants the token to be a day old and not yet expired."""
        if _by_facebook(account):
            return graph_api.exchange(
                self.http,
                base=f"{self.config.hosts['facebook']}/{self._version}",
                account=account,
                client_id=self.config.client_id,
                client_secret=self.config.client_secret,
                errors=ERRORS,
                now=now,
            )
        reply = self.http.request(
            "GET",
            f"{self.config.hosts['graph']}/refresh_access_token",
            params={"grant_type": "ig_refresh_token", "access_token": account.credentials.access_token},
        )
        return graph_api.renewed(graph_api.answer(reply, ERRORS), account, now=now)

    def quota(self, account: Account) -> Quota | None:
        """How many posts the account has made in the window, and how many it may."""
        reply = self._graph(account).get(f"{account.remote_id}/content_publishing_limit", fields="quota_usage,config")
        data = reply.body.get("data") or [{}]
        config = data[0].get("config") or {}
        if "quota_total" not in config:
            return None
        return Quota(
            used=int(data[0].get("quota_usage", 0)),
            total=int(config["quota_total"]),
            window=int(config.get("quota_duration", 86400)),
        )

    @classmethod
    def check(cls, draft: Draft, account: Account | None = None) -> tuple[Issue, ...]:
        """Instagram's rules on a draft."""
        return check_instagram(draft)

    @property
    def _version(self) -> str:
        return self.config.version or self.version

    def _graph(self, account: Account) -> Graph:
        host = self.config.hosts["facebook" if _by_facebook(account) else "graph"]
        return Graph(
            http=self.http,
            base=f"{host}/{self._version}",
            token=account.credentials.access_token,
            errors=ERRORS,
        )


def _by_facebook(account: Account) -> bool:
    return account.metadata.get("login") == "facebook"


def _shared(work: Work) -> dict[str, Any]:
    """Fields of whatever container is published in the end."""
    return {
        "caption": graph_api.caption(work.text, work.options),
        "collaborators": work.options.get("collaborators"),
        "location_id": work.options.get("locationId"),
    }


def _single(work: Work) -> dict[str, Any]:
    """A picture, or a reel; a ``video`` is a reel that shows in the feed too."""
    if work.media_type == "image":
        return _shared(work)
    return {
        **_shared(work),
        "media_type": "REELS",
        "share_to_feed": work.media_type == "video" or bool(work.options.get("shareToFeed", True)),
        "cover_url": work.cover.url if work.cover else None,
        "thumb_offset": None if work.cover else work.options.get("thumbOffset"),
        "audio_name": work.options.get("audioName"),
    }


def _child(media: MediaFile) -> dict[str, Any]:
    return {"is_carousel_item": True, **({"media_type": "VIDEO"} if media.kind == "video" else {})}


def _created(work: Work, state: dict[str, Any], reply: GraphReply | None = None) -> Next:
    """Where to go after a container was made, or its file sent: its file, the next container, or the polls."""
    more = "upload" in state or (work.media_type == "carousel" and len(state.get("children", ())) < len(work.media))
    video = any(media.kind == "video" for media in work.media)
    step, after = (Step.PREPARE, 0.0) if more else (Step.POLL, 1.0 if video else 0.5)
    state = state if more else {**state, "polls": 0}
    return reply.then(step, state, after=after) if reply else Next(step=step, state=state, after=after)


def _wait(work: Work, reply: GraphReply, ready: int) -> Next:
    """Poll again later. Raises when the container failed, expired, or took too long."""
    code = reply.body.get("status_code")
    if code == "EXPIRED":
        raise ProviderError(gone(_NAME), code="EXPIRED", message=_words(reply), http_status=reply.status)
    if code == "ERROR":
        reason = _REASON.search(_words(reply))
        subcode = int(reason.group()) if reason else 0
        meaning = ERRORS.subcodes.get(subcode, ERRORS.subcodes[2207082])
        raise ProviderError(meaning, code=str(subcode or "ERROR"), message=_words(reply), http_status=reply.status)
    polls = int(work.state.get("polls", 0))
    if polls >= _MOST_POLLS:
        raise ProviderError(_TOO_SLOW, code="IN_PROGRESS", message=_words(reply), http_status=reply.status)
    state = {**work.state, "polls": polls + 1, **({} if "container" in work.state else {"ready": ready})}
    after = _WAITS[polls] if polls < len(_WAITS) else _PACE
    return reply.then(Step.POLL, state, after=after)


def _words(reply: GraphReply) -> str:
    return str(reply.body.get("status") or reply.body.get("status_code") or "")[:500]
