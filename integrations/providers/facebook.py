"""Facebook Pages: texts, links, pictures, videos, reels, first comment.

Sources: Meta, "Page Feed", "Page Photos", "Page Videos" (Graph API), "Reels Publishing" (Video API), read 2026-11.

Pictures go up unpublished, one call each, and one call to ``/feed`` shows them: every post that is not a video is
made by the same visible call and found by the same read. A picture's bytes are sent from here, so that it need not be
reachable from the internet.
"""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from integrations.providers import facebook_video as video
from integrations.providers import graph as graph_api
from integrations.providers.base import (
    Account,
    Credentials,
    Next,
    Provider,
    Step,
    Verdict,
    Work,
)
from integrations.providers.facebook_errors import ERRORS
from integrations.providers.facebook_rules import RULES, check_facebook
from integrations.providers.graph import Graph
from integrations.providers.rules import Draft, Issue, PlatformRules

_SKEW = timedelta(minutes=2)  # between our clock and Facebook's
_MOST_LOOKS = 4
_VIDEOS = ("video", "reel")
_FEED_FIELDS = "id,message,created_time,permalink_url,attachments{target{id},unshimmed_url,subattachments{target{id}}}"


class Facebook(Provider):
    """The adapter. The account is a page, its token a page token."""

    platform: ClassVar[str] = "facebook"
    hosts = {
        "login": "https://www.facebook.com",
        "graph": "https://graph.facebook.com",
        "video": "https://graph-video.facebook.com",
        "rupload": "https://rupload.facebook.com",
    }
    version = "v25.0"
    rules: ClassVar[PlatformRules] = RULES

    def advance(self, work: Work) -> Next:
        """Do ``work.step``: one picture, one piece of a video, the publishing, one read, the cover or the comment."""
        is_video = work.media_type in _VIDEOS
        match work.step:
            case Step.PREPARE:
                return video.prepare(self._hosts(work.account), work) if is_video else self._picture(work)
            case Step.COMMIT:
                return video.finish(self._hosts(work.account), work) if is_video else self._publish(work)
            case Step.CONFIRM if is_video:
                return video.confirm(self._hosts(work.account), work, then=_after_live(work))
            case Step.CONFIRM:
                return self._confirm(work)
            case Step.COMMENT:
                return self._comment(work)
            case _:
                raise ValueError(f"Facebook has no step {work.step}.")

    def _picture(self, work: Work) -> Next:
        """The next picture, unpublished; a text has nothing to prepare."""
        photos = list(work.state.get("photos", ()))
        if len(photos) == len(work.media):
            return Next(step=Step.COMMIT, state=work.state)
        one = work.media[len(photos)]
        fields = {"published": False, "alt_text_custom": one.alt_text or None}
        source = (one.name or "picture", one.read(0, one.size), one.content_type)
        reply = self._graph(work.account).post(f"{work.account.remote_id}/photos", fields, files={"source": source})
        photos.append(reply.value("id"))
        step = Step.COMMIT if len(photos) == len(work.media) else Step.PREPARE
        return reply.then(step, {**work.state, "photos": photos})

    def _publish(self, work: Work) -> Next:
        text = graph_api.caption(work.text, work.options)
        photos = work.state.get("photos", ())
        fields: dict[str, Any] = {"message": text or None}
        if photos:
            fields["attached_media"] = [{"media_fbid": photo} for photo in photos]
        else:
            fields["link"] = work.options.get("link")
        reply = self._graph(work.account).post(f"{work.account.remote_id}/feed", fields, visible=True)
        post_id = reply.value("id", visible=True)
        return reply.then(Step.CONFIRM, {**work.state, "post_id": post_id}, external_id=post_id)

    def _confirm(self, work: Work) -> Next:
        """The post's address; a post without one is live all the same."""
        post_id = str(work.state["post_id"])
        tries = int(work.state.get("looks", 0)) + 1
        reply = self._graph(work.account).read(post_id, fields="permalink_url")
        state = {**work.state, "looks": tries}
        if reply is None and tries < _MOST_LOOKS:
            return Next(step=Step.CONFIRM, state=state, after=2.0 * tries, external_id=post_id)
        return Next(
            step=_after_live(work),
            state=state,
            external_id=post_id,
            external_url=video.address(reply, post_id),
            http_status=reply.status if reply else None,
            note="" if reply else "The post is live; Facebook did not tell its address.",
        )

    def _comment(self, work: Work) -> Next:
        target = work.state.get("post_id") or work.state["video_id"]
        message = {"message": work.options["firstComment"]}
        reply = self._graph(work.account).post(f"{target}/comments", message)
        return reply.then(Step.DONE, {**work.state, "comment_id": str(reply.body.get("id", ""))})

    def reconcile(self, work: Work) -> Verdict:
        """What became of a commit: a video by its own status, anything else by the page's feed since the intent.

        The feed can prove that a post is there, never that it will not come.
        """
        if work.media_type in _VIDEOS:
            return video.reconcile(self._hosts(work.account), work)
        since = (work.intent_at or work.now) - _SKEW
        reply = self._graph(work.account).get(f"{work.account.remote_id}/feed", fields=_FEED_FIELDS, limit=50)
        for post in reversed(reply.body.get("data", ())):
            at = graph_api.moment(post.get("created_time"))
            if at is not None and at >= since and _is_ours(work, post):
                post_id = str(post["id"])
                return Verdict(
                    kind="published",
                    state={**work.state, "post_id": post_id},
                    step=Step.CONFIRM,
                    external_id=post_id,
                    external_url=post.get("permalink_url"),
                    http_status=reply.status,
                )
        return Verdict(kind="unknown", state=work.state, http_status=reply.status)

    def refresh(self, account: Account, *, now: datetime) -> Credentials:
        """The page token exchanged for a fresh one, which does not expire."""
        return graph_api.exchange(
            self.http,
            base=f"{self.config.hosts['graph']}/{self._version}",
            account=account,
            client_id=self.config.client_id,
            client_secret=self.config.client_secret,
            errors=ERRORS,
            now=now,
        )

    @classmethod
    def check(cls, draft: Draft, account: Account | None = None) -> tuple[Issue, ...]:
        """Facebook's rules on a draft."""
        return check_facebook(draft)

    @property
    def _version(self) -> str:
        return self.config.version or self.version

    def _graph(self, account: Account, host: str = "graph") -> Graph:
        return Graph(
            http=self.http,
            base=f"{self.config.hosts[host]}/{self._version}",
            token=account.credentials.access_token,
            errors=ERRORS,
        )

    def _hosts(self, account: Account) -> video.Hosts:
        return video.Hosts(
            http=self.http,
            graph=self._graph(account),
            video=self._graph(account, "video"),
            rupload=f"{self.config.hosts['rupload']}/video-upload/{self._version}",
            token=account.credentials.access_token,
        )


def _after_live(work: Work) -> Step:
    return Step.COMMENT if work.options.get("firstComment") else Step.DONE


def _is_ours(work: Work, post: dict[str, Any]) -> bool:
    """Whether a post of the feed is this work: by the very pictures where there are any, else by its words and link."""
    photos = {str(photo) for photo in work.state.get("photos", ())}
    parts = [part for part in (post.get("attachments") or {}).get("data", ()) if isinstance(part, dict)]
    if photos:
        parts += [sub for part in parts for sub in (part.get("subattachments") or {}).get("data", ())]
        return bool(photos & {str((part.get("target") or {}).get("id")) for part in parts})
    text = graph_api.caption(work.text, work.options)
    if text.strip():
        return graph_api.same_text(post.get("message"), text)
    link = str(work.options.get("link")).rstrip("/")
    return not post.get("message") and any(str(part.get("unshimmed_url")).rstrip("/") == link for part in parts)
