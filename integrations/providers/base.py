"""What every network adapter speaks: frozen data in, frozen data out.

Nothing here or in an adapter knows Django or a row. The engine in ``posts.publishing`` stores what an adapter
returns and calls it again with that; an adapter keeps nothing between two calls.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Literal

from chat33.lib.http import HttpClient
from integrations.providers.rules import Draft, Issue, PlatformRules, TextRule, check


class Step(StrEnum):
    """Where a post stands on its way to the network."""

    PREPARE = "prepare"  # repeatable, nothing visible: uploads, containers
    POLL = "poll"  # read-only, until the network is ready
    COMMIT = "commit"  # the one visible mutation; its intent is stored before the request leaves
    CONFIRM = "confirm"  # read-only: state and address of the live post
    COMMENT = "comment"  # the first comment, a mutation of its own; its failure never fails the post
    DONE = "done"


class Category(StrEnum):
    """Why a network refused, in the words the API and the dashboard share."""

    AUTH_EXPIRED = "auth_expired"  # refresh or reconnect
    PERMISSION = "permission"  # a scope or a role is missing
    RATE_LIMIT = "rate_limit"  # too fast
    QUOTA = "quota"  # the day's or the window's allowance is used up
    USER_CONTENT = "user_content"  # the text or the options
    MEDIA = "media"  # the file itself
    MEDIA_FETCH = "media_fetch"  # the network could not read the file from us
    DUPLICATE = "duplicate"
    ACCOUNT = "account"  # blocked, restricted, to be confirmed at the network
    PLATFORM = "platform"  # the network's own trouble
    NETWORK = "network"  # between us and the network
    UNKNOWN = "unknown"


Source = Literal["user", "platform", "system"]


@dataclass(frozen=True, kw_only=True)
class Classification:
    """What one of a network's error codes means for us and what the marketer should do."""

    category: Category
    source: Source
    retryable: bool
    sentence: str  # what happened and what to do next, for a marketer
    hold: float | None = (
        None  # seconds to keep the post QUEUED when the reply does not name them: over a limit, not failed
    )
    restart: bool = False  # forget the remote state and prepare again (an expired container)
    refresh: bool = False  # the access token is refused: refresh it and try again, reconnect if that fails


class ProviderError(Exception):
    """A network's refusal, classified. ``ambiguous`` marks a mutation that may have happened all the same."""

    def __init__(
        self,
        meaning: Classification,
        *,
        code: str = "",
        message: str = "",
        http_status: int | None = None,
        trace_id: str = "",
        retry_after: float | None = None,
        ambiguous: bool = False,
    ) -> None:
        super().__init__(f"{code or meaning.category}: {message or meaning.sentence}")
        self.meaning = meaning
        self.code = code
        self.message = message
        self.http_status = http_status
        self.trace_id = trace_id
        self.retry_after = retry_after
        self.ambiguous = ambiguous


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What opens an account. ``repr`` shows nothing of it."""

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    expires_at: datetime | None = None  # of the access token; None does not expire
    refresh_expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Account:
    """A connected account as its network knows it."""

    remote_id: str
    username: str
    credentials: Credentials
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class MediaFile:
    """One picture or video: facts read from its bytes, the address a network can fetch, and its bytes by range."""

    url: str
    kind: Literal["image", "video"]
    content_type: str
    size: int  # bytes
    name: str = ""
    width: int | None = None  # pixels
    height: int | None = None
    duration: float | None = None  # seconds
    alt_text: str = ""
    read: Callable[[int, int], bytes] = field(repr=False, compare=False)  # (offset, length)


@dataclass(frozen=True, kw_only=True)
class Work:
    """One post on its way to one account, as far as it has come."""

    account: Account
    text: str
    media: tuple[MediaFile, ...]
    media_type: Literal["image", "video", "reel", "carousel"] | None  # None is text alone
    cover: MediaFile | None
    options: Mapping[str, Any]  # this platform's part of platformConfig, known keys only
    step: Step
    state: Mapping[str, Any]  # what the last call returned; JSON types only
    now: datetime
    intent_at: datetime | None = None  # when the commit's intent was stored, once it was
    reads: int = 0  # how many proof reads since then


@dataclass(frozen=True, kw_only=True)
class Next:
    """What one call achieved, and which step comes when. Stored before anything else happens."""

    step: Step
    state: Mapping[str, Any]
    after: float = 0.0  # seconds to wait before that step
    external_id: str | None = None  # the live post's id, the moment it is known
    external_url: str | None = None
    note: str = ""  # for the attempt log
    http_status: int | None = None
    trace_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a proof read says after a commit whose reply was lost.

    ``published``: it is live. ``absent``: proved not to have happened, so ``step`` with ``state`` may go on.
    ``unknown``: this read cannot tell; the engine reads again, and at last shows the post as unconfirmed.
    """

    kind: Literal["published", "absent", "unknown"]
    state: Mapping[str, Any]
    step: Step = Step.COMMIT  # where to go on: CONFIRM when published, COMMIT or PREPARE when absent
    external_id: str | None = None
    external_url: str | None = None
    note: str = ""
    http_status: int | None = None


@dataclass(frozen=True, kw_only=True)
class Quota:
    """The account's live publishing allowance as its network tells it."""

    used: int
    total: int
    window: int = 86400  # seconds


@dataclass(frozen=True, kw_only=True)
class AppConfig:
    """Our registration at a network, and where its hosts are (name of the host to base URL without a slash)."""

    hosts: Mapping[str, str]
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    version: str = ""  # Graph API version, where a network has one


class Provider(ABC):
    """A network adapter. Each call makes at most one remote mutation, so that each is stored on its own."""

    platform: ClassVar[str]
    hosts: ClassVar[Mapping[str, str]]  # the real ones, name of the host to base URL
    version: ClassVar[str] = ""
    rules: ClassVar[PlatformRules]

    def __init__(self, *, http: HttpClient, config: AppConfig) -> None:
        self.http = http
        self.config = config

    @abstractmethod
    def advance(self, work: Work) -> Next:
        """Do ``work.step``. Raises ``ProviderError``, and ``chat33.lib.http``'s ``NotSent`` and ``ReplyLost``."""

    @abstractmethod
    def reconcile(self, work: Work) -> Verdict:
        """Read the network to learn what became of a commit. Never mutates. Raises as ``advance``."""

    @abstractmethod
    def refresh(self, account: Account, *, now: datetime) -> Credentials:
        """New credentials; a reply without a new refresh token keeps the old one. Raises as ``advance``."""

    def quota(self, account: Account) -> Quota | None:
        """The live allowance; None where the network does not tell. Raises as ``advance``."""
        return None

    @classmethod
    def check(cls, draft: Draft, account: Account | None = None) -> tuple[Issue, ...]:
        """This platform's rules on a draft. Pure. An adapter adds its own to the generic ones."""
        return check(cls.rules, draft)

    @classmethod
    def text_rule(cls, draft: Draft, account: Account | None = None) -> TextRule:
        """The rule that the draft's text is held to, by what kind of post it is and whose. Pure."""
        return cls.rules.text
