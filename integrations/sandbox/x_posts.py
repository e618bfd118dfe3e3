"""What X refuses in a post, and how it shows one: links shortened, markup escaped, media as a link at the end."""

import hashlib
import re
from collections.abc import Collection
from typing import Any

from twitter_text import parse_tweet
from twitter_text.extract_urls import extract_urls_with_indices

from integrations.sandbox.store import Document

FIELDS = frozenset(
    (
        "attachments", "author_id", "conversation_id", "created_at", "edit_history_tweet_ids", "entities", "id",
        "in_reply_to_user_id", "lang", "note_post", "note_tweet", "paid_partnership", "public_metrics",
        "referenced_posts", "referenced_tweets", "reply_settings", "source", "text",
    )
)  # fmt: skip
_POST_KEYS = frozenset(
    (
        "card_uri", "community_id", "direct_message_deep_link", "edit_options", "for_super_followers_only", "geo",
        "made_with_ai", "media", "nullcast", "paid_partnership", "poll", "quote_tweet_id", "reply", "reply_settings",
        "share_with_followers", "text",
    )
)  # fmt: skip
_REPLY_SETTINGS = ("following", "mentionedUsers", "subscribers", "verified")
_ID = re.compile(r"[0-9]{1,19}")
_SHORT = 280


def post_fault(body: Document, *, premium: bool) -> str:
    """What is wrong with the body of a post, in X's words; empty when it is well."""
    if unknown := sorted(set(body) - _POST_KEYS):
        return f"[$.{unknown[0]}] is not defined in the schema and the schema does not allow additional properties"
    text = body.get("text", "")
    if not isinstance(text, str):
        return "$.text: expected a string"
    if (settings := body.get("reply_settings")) is not None and settings not in _REPLY_SETTINGS:
        return f"$.reply_settings: does not have a value in the enumeration {list(_REPLY_SETTINGS)}"
    for name in ("made_with_ai", "paid_partnership"):
        if not isinstance(body.get(name, False), bool):
            return f"$.{name}: expected a boolean"
    if told := _media_fault(body.get("media")) or _reply_fault(body.get("reply")):
        return told
    if not text.strip() and not body.get("media"):
        return "$.text: is missing but it is required"
    if parse_tweet(text.strip()).weightedLength > (25_000 if premium else _SHORT):
        return (
            "Your Tweet text is too long. For more information on how Twitter determines text length see twitter-text."
        )
    return ""


def _media_fault(media: Any) -> str:
    if media is None:
        return ""
    ids = media.get("media_ids") if isinstance(media, dict) else None
    if not isinstance(ids, list) or not 1 <= len(ids) <= 4:
        return "$.media.media_ids: there must be a minimum of 1 and a maximum of 4 items in the array"
    if not all(isinstance(media_id, str) and _ID.fullmatch(media_id) for media_id in ids):
        return "$.media.media_ids: does not match the regex pattern ^[0-9]{1,19}$"
    return ""


def _reply_fault(reply: Any) -> str:
    if reply is None:
        return ""
    target = reply.get("in_reply_to_tweet_id") if isinstance(reply, dict) else None
    if not isinstance(target, str) or not _ID.fullmatch(target):
        return "$.reply.in_reply_to_tweet_id: does not match the regex pattern ^[0-9]{1,19}$"
    return ""


def shown(post: Document, author: Document, fields: Collection[str]) -> Document:
    """The post as X answers it; ``id``, ``text`` and the edit history always, the rest when asked for."""
    long_form = parse_tweet(post["text"]).weightedLength > _SHORT
    brief = post["text"][: _SHORT - 4] + "…" if long_form else post["text"]
    text, links = _rendered(post, author, brief)
    whole, whole_links = _rendered({**post, "media": []}, author, post["text"])
    reference = [{"type": "replied_to", "id": post["in_reply_to"]}] if post.get("in_reply_to") else []
    optional: Document = {
        "author_id": author["remote_id"],
        "conversation_id": post.get("in_reply_to") or post["id"],
        "created_at": f"{post['at'][:19]}.000Z",
        "lang": "und",
        "paid_partnership": post["paid_partnership"],
        "reply_settings": post["reply_settings"],
    }
    if links:
        optional["entities"] = {"urls": links}
    if post["media_keys"]:
        optional["attachments"] = {"media_keys": post["media_keys"]}
    if long_form:
        note: Document = {"text": whole, "entities": {"urls": whole_links}} if whole_links else {"text": whole}
        optional.update(note_tweet=note, note_post=note)
    if reference:
        optional.update(referenced_tweets=reference, referenced_posts=reference)
        optional["in_reply_to_user_id"] = author["remote_id"]
    history = [post["id"]]
    always = {"id": post["id"], "text": text, "edit_history_tweet_ids": history, "edit_history_post_ids": history}
    return {**always, **{name: value for name, value in optional.items() if name in fields}}


def _rendered(post: Document, author: Document, text: str) -> tuple[str, list[Document]]:
    links: list[Document] = []
    out = ""
    done = 0
    for found in extract_urls_with_indices(text):
        start, end = found["indices"]
        out += _escape(text[done:start])
        written = text[start:end]
        target = written if "://" in written else f"http://{written}"
        out = _link(out, links, target, display_url=target.split("://", 1)[1])
        done = end
    out += _escape(text[done:])
    if post["media"]:
        out += " " if out else ""
        address = f"https://x.com/{author['username']}/status/{post['id']}/photo/1"
        out = _link(out, links, address, display_url="pic.x.com", media_key=post["media_keys"][0])
    return out, links


def _link(out: str, links: list[Document], target: str, **facts: str) -> str:
    short = f"https://t.co/{hashlib.sha256(target.encode()).hexdigest()[:10]}"
    links.append({"start": len(out), "end": len(out) + len(short), "url": short, "expanded_url": target, **facts})
    return out + short


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
