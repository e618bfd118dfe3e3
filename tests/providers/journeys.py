"""Walks a post through its steps with time passing as the steps ask, at the sandbox and for the adapter alike."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from chat33.lib.http import ReplyLost
from integrations.providers.base import MediaFile, Next, Provider, ProviderError, Step, Verdict, Work
from tests.providers.works import media
from tests.sandboxes import RunningSandbox

JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 60
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 60
GIF = b"GIF89a" + b"\x00" * 60
WEBP = b"RIFF\x00\x00\x00\x00WEBP" + b"\x00" * 60


def film(size: int = 2000, fill: bytes = b"\x00") -> bytes:
    """Bytes that begin like an MP4."""
    head = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00"
    return head + fill * (size - len(head))


def video(size: int = 2000, fill: bytes = b"\x00", *, url: str = "", **facts: object) -> MediaFile:
    body = film(size, fill)
    known = {"width": 720, "height": 1280, "duration": 5.0, **facts}
    return media(url, body, kind="video", content_type="video/mp4", **known)


def image(body: bytes = JPEG, content_type: str = "image/jpeg", *, url: str = "", **facts: object) -> MediaFile:
    return media(url, body, content_type=content_type, **{"width": 640, "height": 800, **facts})


def served(sandbox: RunningSandbox, body: bytes) -> str:
    """An address on which the sandbox itself serves these bytes."""
    name = hashlib.sha256(body).hexdigest()
    (sandbox.sandbox.files / name).write_bytes(body)
    return f"{sandbox.url}/files/{name}"


def left_open(error: Exception) -> bool:
    """Whether a failed mutation may have happened all the same."""
    return isinstance(error, ReplyLost) or (isinstance(error, ProviderError) and error.ambiguous)


class Journey:
    """One post on its way. ``work`` is what the engine would have stored."""

    def __init__(self, provider: Provider, work: Work, sandbox: RunningSandbox) -> None:
        self.provider = provider
        self.work = work
        self.sandbox = sandbox
        self.taken: list[Next] = []

    def step(self) -> Next:
        """One call of the adapter; what it raises leaves the stored state as it was."""
        if self.work.step == Step.COMMIT:
            self.work = replace(self.work, intent_at=self.work.now)
        done = self.provider.advance(self.work)
        self.taken.append(done)
        self.work = replace(self.work, step=done.step, state=done.state)
        self.pass_time(done.after)
        return done

    def pass_time(self, seconds: float) -> None:
        if seconds:
            self.sandbox.advance_clock(seconds)
            self.work = replace(self.work, now=self.work.now + timedelta(seconds=seconds))

    def until(self, reached: Callable[[Work], bool] | Step, limit: int = 200) -> Next:
        """Go on until the next step is this one, or the work is so; the last call's result."""
        for _ in range(limit):
            there = self.work.step == reached if isinstance(reached, Step) else reached(self.work)
            if there:
                return self.taken[-1]
            self.step()
        raise AssertionError(f"not there after {limit} calls: {[str(done.step) for done in self.taken]}")

    def to_the_end(self) -> Next:
        """Until it is done; the id and address are the last that were told."""
        last = self.until(Step.DONE)
        told = [done for done in self.taken if done.external_id]
        return replace(last, external_id=told[-1].external_id, external_url=told[-1].external_url) if told else last

    def reconcile(self) -> Verdict:
        """One proof read, applied as the engine applies it."""
        verdict = self.provider.reconcile(self.work)
        self.work = replace(self.work, reads=self.work.reads + 1)
        if verdict.kind != "unknown":
            self.work = replace(self.work, step=verdict.step, state=verdict.state)
        return verdict
