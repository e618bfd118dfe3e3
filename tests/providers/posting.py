"""What tests of Meta's adapters do again and again: files, the walk to a step, a lost reply and its settling."""

import random
from dataclasses import replace
from typing import Any

import pytest

from chat33.lib.http import ReplyLost
from integrations.providers.base import MediaFile, Next, Provider, ProviderError, Step, Verdict, Work
from tests.media_files import jpeg
from tests.providers import works
from tests.providers.journeys import Journey, left_open, served
from tests.sandboxes import RunningSandbox


def movie(size: int = 5000, seed: int = 1) -> bytes:
    """Begins as an MP4 does; the rest is noise, so that no piece can be lost or swapped unnoticed."""
    head = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
    return head + random.Random(seed).randbytes(size - len(head))


def photo(sandbox: RunningSandbox, seed: int = 0, **more: Any) -> MediaFile:
    """A JPEG that the sandbox can fetch."""
    body = jpeg(320, 320, seed=seed)
    return works.media(served(sandbox, body), body, **more)


def clip(sandbox: RunningSandbox, size: int = 5000) -> MediaFile:
    """A video that the sandbox can fetch."""
    body = movie(size)
    return works.media(served(sandbox, body), body, kind="video", content_type="video/mp4")


def go(provider: Provider, work: Work, sandbox: RunningSandbox, until: Step = Step.DONE) -> Work:
    """Walk to a step, the sandbox's clock moving on instead of waiting."""
    journey = Journey(provider, work, sandbox)
    journey.until(until)
    return journey.work


def steps_of(provider: Provider, work: Work, sandbox: RunningSandbox) -> list[Next]:
    """Walk to the end; what each call told."""
    journey = Journey(provider, work, sandbox)
    journey.until(Step.DONE)
    return journey.taken


def lose_reply(provider: Provider, work: Work) -> None:
    """Commit, and get no clear answer."""
    with pytest.raises((ReplyLost, ProviderError)) as lost:
        provider.advance(work)
    assert left_open(lost.value)


def settle(provider: Provider, work: Work) -> Verdict:
    """Proof reads as the engine makes them, until one tells."""
    verdict = provider.reconcile(work)
    for reads in range(1, 5):
        if verdict.kind != "unknown":
            break
        verdict = provider.reconcile(replace(work, reads=reads))
    return verdict
