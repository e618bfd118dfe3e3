"""YouTube's posts for the tests: a short clip, a draft of it, and the ways to walk it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import requests

from integrations.providers.base import Account, MediaFile, Next, Provider, Step, Work
from tests.media_bytes import mp4
from tests.providers.works import media, walk, work
from tests.sandboxes import RunningSandbox

GRAIN = 262_144


def clip(size: int = 1000) -> MediaFile:
    return media("http://files.test/clip.mp4", mp4(size), kind="video", content_type="video/mp4")


def draft(account: Account, *, size: int = 1000, text: str = "Autumn\nLeaves fall", **more: Any) -> Work:
    return work(account, text=text, media=(clip(size),), **{"media_type": "video", **more})


def stored(sandbox: RunningSandbox, post: dict[str, Any]) -> bytes:
    return requests.get(f"{sandbox.url}/files/{post['media'][0]}", timeout=60).content


def seen(sandbox: RunningSandbox, account: Account, video_id: str) -> dict[str, Any]:
    reply = requests.get(
        f"{sandbox.url}/youtube/www/youtube/v3/videos",
        params={"id": video_id, "part": "snippet,status"},
        headers={"Authorization": f"Bearer {account.credentials.access_token}"},
        timeout=60,
    )
    return dict(reply.json()["items"][0])


def at_commit(youtube: Provider, started: Work) -> Work:
    """The work as it is stored when its commit is about to be made."""
    reached, _ = walk(youtube, started, until=Step.COMMIT)
    return replace(reached, intent_at=datetime.now(UTC))


def settle(youtube: Provider, committed: Work) -> Work:
    """Reconcile as the engine does, until the network has told; the work as it goes on."""
    for reads in range(5):
        verdict = youtube.reconcile(replace(committed, reads=reads))
        if verdict.kind != "unknown":
            return replace(committed, step=verdict.step, state=verdict.state)
    raise AssertionError("still unknown")


def publish(sandbox: RunningSandbox, youtube: Provider, started: Work) -> tuple[Work, list[Next]]:
    """All the way, with the time that processing takes."""
    confirming, first = walk(youtube, started, until=Step.CONFIRM)
    sandbox.advance_clock(2)
    done, rest = walk(youtube, confirming)
    return done, first + rest


def forget_sessions(sandbox: RunningSandbox) -> None:
    for session in list(sandbox.sandbox.store.find("youtube_upload")):
        sandbox.sandbox.store.drop("youtube_upload", session["id"])
