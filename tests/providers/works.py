"""Builds the Work an adapter is given and walks it through its steps, as the engine does but without rows."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chat33.lib.http import Guard, HttpClient
from integrations.providers.base import Account, AppConfig, Credentials, MediaFile, Next, Provider, Step, Work
from integrations.providers.registry import PROVIDERS, sandbox_hosts
from tests.sandboxes import RunningSandbox


def provider(platform: str, sandbox: RunningSandbox) -> Provider:
    """The platform's adapter, talking to this sandbox."""
    kind = PROVIDERS[platform]
    http = HttpClient(guard=Guard(frozenset({"127.0.0.1", "localhost"})))
    hosts = sandbox_hosts(platform, sandbox.url)
    return kind(http=http, config=AppConfig(hosts=hosts, client_id="id", client_secret="secret", version=kind.version))


def account(platform: str, sandbox: RunningSandbox, username: str = "demo", **more: Any) -> Account:
    """A fresh account at the sandbox with its tokens."""
    given = sandbox.account(platform, username, **more)
    return Account(
        remote_id=given["remote_id"],
        username=given["username"],
        metadata=given["metadata"],
        credentials=Credentials(
            access_token=given["access_token"],
            refresh_token=given["refresh_token"] or "",
            expires_at=datetime.now(UTC) + timedelta(seconds=given["expires_in"]) if given["expires_in"] else None,
            scopes=tuple(given["scopes"]),
        ),
    )


def media(url: str, body: bytes, *, kind: Any = "image", content_type: str = "image/jpeg", **facts: Any) -> MediaFile:
    """A file whose bytes are in hand."""
    return MediaFile(
        url=url,
        kind=kind,
        content_type=content_type,
        size=len(body),
        read=lambda at, length: body[at : at + length],
        **facts,
    )


def work(
    account: Account,
    *,
    text: str = "Hello",
    media: tuple[MediaFile, ...] = (),
    media_type: Any = None,
    cover: MediaFile | None = None,
    options: Mapping[str, Any] | None = None,
) -> Work:
    """A post at its very beginning."""
    return Work(
        account=account, text=text, media=media, media_type=media_type, cover=cover, options=options or {},
        step=Step.PREPARE, state={}, now=datetime.now(UTC),
    )  # fmt: skip


def walk(provider: Provider, work: Work, *, until: Step = Step.DONE, limit: int = 60) -> tuple[Work, list[Next]]:
    """Advance until a step is reached (not done), ignoring waits. The intent is set as the engine sets it."""
    taken: list[Next] = []
    for _ in range(limit):
        if work.step == until:
            return work, taken
        if work.step == Step.COMMIT:
            work = replace(work, intent_at=datetime.now(UTC))
        done = provider.advance(work)
        taken.append(done)
        work = replace(work, step=done.step, state=done.state, now=datetime.now(UTC))
    raise AssertionError(f"not at {until} after {limit} steps: {[str(step.step) for step in taken]}")
