"""X: posts, media and self-replies over API v2 (docs.x.com, X API: Create Post, Get Posts by user, OAuth 2.0,
Counting characters, read 2026-11).

A post has no key of ours that X would keep, so a lost reply is settled by looking for the post in the account's own
timeline: by the media keys of its files, which are unique, else by its text as it was written.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from integrations.providers import x_media
from integrations.providers.base import Account, Credentials, Next, Provider, ProviderError, Step, Verdict, Work
from integrations.providers.rules import (
    Draft,
    FileRule,
    Issue,
    PlatformRules,
    TextRule,
    TypeRule,
    check,
    check_text,
)
from integrations.providers.x_api import XApi, problem, refusal, trace

_PHOTO = FileRule(
    content_types=("image/jpeg", "image/png", "image/webp", "image/gif"),
    max_bytes=5_000_000,
    max_bytes_by_type={"image/gif": 15_000_000},
    convertible=True,
    min_width=4,
    max_width=8192,
    min_height=4,
    max_height=8192,
)
# Lengths and sizes since the changelog of 2026-09-01; the second pair is Premium's.
_VIDEO = FileRule(
    content_types=("video/mp4", "video/quicktime"),
    max_bytes=8_000_000_000,
    min_width=32,
    min_height=32,
    min_ratio=1 / 3,
    max_ratio=3.0,
    min_seconds=0.5,
    max_seconds=1_200.0,
)
_LONG_VIDEO = replace(_VIDEO, max_bytes=16_000_000_000, max_seconds=7_500.0)
_PHOTOS = TypeRule(min_files=1, max_files=4, files={"image": _PHOTO})

_OPTIONS: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "text": {"type": "string", "description": "Text for X in place of the post's own."},
        "firstComment": {"type": "string", "description": "A reply to the post by the account itself."},
        "replySettings": {
            "type": "string",
            "enum": ["everyone", "following", "mentionedUsers", "subscribers", "verified"],
            "description": "Who may reply; everyone when left out.",
        },
        "madeWithAi": {"type": "boolean", "description": "Discloses that the post holds AI-generated media."},
        "paidPartnership": {"type": "boolean", "description": "Discloses that the post is a paid partnership."},
    },
}


def _rules(*, limit: int, video: FileRule) -> PlatformRules:
    clip = TypeRule(min_files=1, max_files=1, files={"video": video})
    return PlatformRules(
        platform="x",
        text=TextRule(limit=limit, unit="weighted"),
        text_only=True,
        types={"image": _PHOTOS, "video": clip, "reel": clip, "carousel": replace(_PHOTOS, min_files=2)},
        cover=None,
        options=_OPTIONS,
        daily_limit=300,
        notes=(
            "A web address counts 23 characters, an emoji or a CJK character 2.",
            "Premium accounts may write 25,000 characters and send longer videos.",
            "Up to 4 pictures, or 1 animated GIF, or 1 video.",
            "The first comment is a reply of the account to its own post; X may refuse it, the post stays.",
        ),
    )


_PREMIUM = _rules(limit=25_000, video=_LONG_VIDEO)
_SKEW = timedelta(seconds=60)  # between X's clock and ours


class X(Provider):
    """The adapter. State: ``media`` (each file's upload), ``since`` (of processing), ``post_id``, ``comment_id``."""

    platform: ClassVar[str] = "x"
    hosts: ClassVar[Mapping[str, str]] = {"api": "https://api.x.com", "web": "https://x.com"}
    rules: ClassVar[PlatformRules] = _rules(limit=280, video=_VIDEO)

    def advance(self, work: Work) -> Next:
        """Do ``work.step``. Raises ``ProviderError``, ``NotSent``, ``ReplyLost``."""
        api = self._api(work.account, work.now)
        match work.step:
            case Step.PREPARE:
                return x_media.advance(api, work) or self._prepared(work)
            case Step.POLL:
                return x_media.poll(api, work)
            case Step.COMMIT:
                return self._commit(api, work)
            case Step.COMMENT:
                return self._comment(api, work)
            case _:
                return Next(step=self._after_post(work) if work.step == Step.CONFIRM else Step.DONE, state=work.state)

    def _prepared(self, work: Work) -> Next:
        if x_media.ready(work.state):
            return Next(step=Step.COMMIT, state=work.state, note="nothing left to upload")
        return Next(
            step=Step.POLL, state=work.state, after=x_media.first_wait(work.state), note="uploaded; X is processing"
        )

    def _commit(self, api: XApi, work: Work) -> Next:
        if x_media.expired(work):
            raise problem("media-expired")
        body, reply = api.call("POST", "/2/tweets", mutation=True, json=_post(work))
        data = body.get("data")
        if not isinstance(data, dict) or not data.get("id"):
            raise problem("platform", message="a post without an id", http_status=reply.status, ambiguous=True)
        post_id = str(data["id"])
        return Next(
            step=self._after_post(work),
            state={**work.state, "post_id": post_id},
            external_id=post_id,
            external_url=self._address(work.account, post_id),
            note="posted",
            http_status=reply.status,
            trace_id=trace(reply),
        )

    def _comment(self, api: XApi, work: Work) -> Next:
        """Reply to our own post. A refusal leaves the post as it is."""
        reply_to = {"in_reply_to_tweet_id": str(work.state["post_id"])}
        try:
            body, reply = api.call(
                "POST", "/2/tweets", json={"text": str(work.options["firstComment"]), "reply": reply_to}
            )
        except ProviderError as error:
            if error.http_status == 403 and error.code == "forbidden":
                raise problem(
                    "reply-refused", message=error.message, http_status=403, trace_id=error.trace_id
                ) from error
            raise
        data = body.get("data")
        comment_id = str(data.get("id", "")) if isinstance(data, dict) else ""
        return Next(
            step=Step.DONE,
            state={**work.state, "comment_id": comment_id},
            note="first comment posted",
            http_status=reply.status,
            trace_id=trace(reply),
        )

    def reconcile(self, work: Work) -> Verdict:
        """Look for the post in the account's timeline since the intent. Not finding it proves nothing."""
        api = self._api(work.account, work.now)
        since = (work.intent_at or work.now) - _SKEW
        posts, status = self._timeline(api, work.account.remote_id, since)
        keys = {item["key"] for item in work.state.get("media", ()) if item["key"]}
        wanted = _plain(_text(work))
        for found in sorted(posts, key=lambda post: int(post["id"])):
            theirs = {str(key) for key in (found.get("attachments") or {}).get("media_keys") or ()}
            same_text = _plain(_written(found)) == wanted and bool(theirs) == bool(work.media)
            if theirs & keys or (same_text and not (keys and theirs)):
                post_id = str(found["id"])
                return Verdict(
                    kind="published",
                    step=Step.CONFIRM,
                    state={**work.state, "post_id": post_id},
                    external_id=post_id,
                    external_url=self._address(work.account, post_id),
                    note="found in the account's timeline",
                    http_status=status,
                )
        return Verdict(
            kind="unknown", state=work.state, note="not in the account's timeline so far", http_status=status
        )

    def refresh(self, account: Account, *, now: datetime) -> Credentials:
        """A new pair of tokens; X's refresh tokens are good for one use. Raises as ``advance``."""
        old = account.credentials
        if not old.refresh_token:
            raise problem("grant-refused", message="no refresh token: offline.access was not granted")
        secret = self.config.client_secret
        reply = self.http.request(
            "POST",
            f"{self.config.hosts['api']}/2/oauth2/token",
            data={
                "grant_type": "refresh_token",
                "refresh_token": old.refresh_token,
                "client_id": self.config.client_id,
            },
            auth=(self.config.client_id, secret) if secret else None,
        )
        body = reply.json()
        if not reply.ok:
            error = refusal(reply, now=now, mutation=False)
            # Here 401 is about the app's own credentials, never about the account's.
            raise (
                problem("client-refused", message=error.message, http_status=401)
                if (reply.status == 401 and error.code == "unauthorized")
                else error
            )
        if not isinstance(body, dict) or not body.get("access_token"):
            raise problem("platform", message="no access token in the answer", http_status=reply.status)
        return Credentials(
            access_token=str(body["access_token"]),
            refresh_token=str(body.get("refresh_token") or old.refresh_token),
            expires_at=now + timedelta(seconds=int(body.get("expires_in") or 7200)),
            refresh_expires_at=old.refresh_expires_at,
            scopes=tuple(str(body["scope"]).split()) if body.get("scope") else old.scopes,
        )

    @classmethod
    def check(cls, draft: Draft, account: Account | None = None) -> tuple[Issue, ...]:
        """X's rules on a draft; a Premium account (``metadata.premium``) may write and film longer."""
        rules = cls._rules_for(account)
        override = draft.options.get("text")
        path = "text"
        if isinstance(override, str):
            draft, path = replace(draft, text=override), "platformConfig.x.text"
        issues = [replace(issue, path=path) if issue.path == "text" else issue for issue in check(rules, draft)]
        if not draft.text.strip() and not draft.media:
            issues.append(Issue(code="TEXT_REQUIRED", path=path, message="A post on X needs a text or a file."))
        comment = draft.options.get("firstComment")
        if isinstance(comment, str):
            issues += check_text(rules.text, comment, path="platformConfig.x.firstComment", name="The first comment")
        if len(draft.media) > 1:
            issues += [
                Issue(
                    code="MEDIA_MIXED",
                    path=f"mediaUrls.{index}",
                    message="X shows an animated GIF alone; remove it or the other files.",
                )
                for index, facts in enumerate(draft.media)
                if facts.content_type == "image/gif"
            ]
        return tuple(issues)

    @classmethod
    def text_rule(cls, draft: Draft, account: Account | None = None) -> TextRule:
        """A Premium account may write longer."""
        return cls._rules_for(account).text

    @classmethod
    def _rules_for(cls, account: Account | None) -> PlatformRules:
        return _PREMIUM if account is not None and account.metadata.get("premium") else cls.rules

    def _api(self, account: Account, now: datetime) -> XApi:
        return XApi(
            http=self.http, base=self.config.hosts["api"], access_token=account.credentials.access_token, now=now
        )

    def _timeline(self, api: XApi, user_id: str, since: datetime) -> tuple[list[dict[str, Any]], int]:
        """The account's own posts since then, without replies and reposts.

        The fields' parameter is ``tweet.fields`` in X's guides and ``post.fields`` in its OpenAPI description 2.167;
        an unknown one is refused, so the second is tried after the first.
        """
        params = {"max_results": 100, "start_time": f"{since:%Y-%m-%dT%H:%M:%SZ}", "exclude": "replies,retweets"}
        path = f"/2/users/{user_id}/tweets"
        named = "created_at,entities,attachments,note_{}"
        try:
            body, reply = api.call("GET", path, params={**params, "tweet.fields": named.format("tweet")})
        except ProviderError as error:
            if error.http_status != 400:
                raise
            body, reply = api.call("GET", path, params={**params, "post.fields": named.format("post")})
        data = body.get("data")
        return [post for post in data if isinstance(post, dict)] if isinstance(data, list) else [], reply.status

    def _address(self, account: Account, post_id: str) -> str:
        return f"{self.config.hosts['web']}/{account.username or 'i'}/status/{post_id}"

    @staticmethod
    def _after_post(work: Work) -> Step:
        return Step.COMMENT if str(work.options.get("firstComment") or "").strip() else Step.DONE


def _text(work: Work) -> str:
    return str(work.options.get("text", work.text))


def _post(work: Work) -> dict[str, Any]:
    """The body of the one visible request."""
    body: dict[str, Any] = {"text": _text(work)} if _text(work).strip() else {}
    if work.state.get("media"):
        body["media"] = {"media_ids": [item["id"] for item in work.state["media"]]}
    if work.options.get("replySettings", "everyone") != "everyone":
        body["reply_settings"] = work.options["replySettings"]
    for option, name in (("madeWithAi", "made_with_ai"), ("paidPartnership", "paid_partnership")):
        if work.options.get(option):
            body[name] = True
    return body


def _written(post: Mapping[str, Any]) -> str:
    """A post's text as its author wrote it: short links spelled out, the link to its own media left out."""
    long_form = post.get("note_tweet") or post.get("note_post") or {}
    text = str(long_form.get("text") or post.get("text") or "")
    for escaped, plain in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(escaped, plain)
    entities = (long_form.get("entities") or {}) if long_form.get("text") else {}
    for source in (entities, post.get("entities") or {}):
        for link in source.get("urls") or ():
            own = link.get("media_key") or re.search(r"/status/\d+/(photo|video)/\d+$", str(link.get("expanded_url")))
            text = text.replace(str(link.get("url")), "" if own else str(link.get("expanded_url")))
    return text


def _plain(text: str) -> str:
    """A text without what X may change: scheme of its links, form of its letters, width of its gaps."""
    bare = re.sub(r"https?://", "", unicodedata.normalize("NFC", text), flags=re.IGNORECASE)
    return re.sub(r"\s+", " ", bare).strip()
