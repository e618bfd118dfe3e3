"""What the composer tells while one writes: every fault with the field that mends it, and each text's length as its network
counts it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chat33.orgs.models import Organization
from integrations.channels import known_account
from integrations.models import Channel
from integrations.providers.registry import PROVIDERS
from integrations.providers.rules import CountUnit, Draft, Issue, count
from posts.composing import FIRST_COMMENT, Composition, content_of
from posts.models import Media
from posts.preflight import Inspected, Result, examine, inspect, settled_text

EVERYBODY = None


@dataclass(frozen=True)
class Group:
    """The faults of one account; of all of them together when there is no channel."""

    channel: Channel | None
    issues: tuple[Issue, ...]

    @property
    def errors(self) -> tuple[Issue, ...]:
        """What stands in the way."""
        return tuple(issue for issue in self.issues if issue.severity == "error")


@dataclass(frozen=True, kw_only=True)
class Counter:
    """A text's length on a network; ``path`` is the field that holds the text."""

    platform: str
    path: str
    length: int
    limit: int
    unit: CountUnit

    @property
    def name(self) -> str:
        """The network's name."""
        return PROVIDERS[self.platform].rules.name

    @property
    def alone(self) -> tuple["Counter", ...]:
        """Itself, as the only one of its field."""
        return (self,)

    @property
    def left(self) -> int:
        """What may still be written; below zero it is too long."""
        return self.limit - self.length


@dataclass(frozen=True, kw_only=True)
class Findings:
    """Everything there is to say of a composition as it stands."""

    inspected: Inspected
    groups: tuple[Group, ...]
    counters: tuple[Counter, ...]

    @property
    def ok(self) -> bool:
        """Every network would take it."""
        return not any(group.errors for group in self.groups)

    @property
    def first(self) -> Issue | None:
        """The fault to begin with."""
        return next((issue for group in self.groups for issue in group.errors), None)


def findings(
    *,
    organization: Organization,
    composition: Composition,
    now: datetime,
    planned: datetime | None,
    extra: Sequence[Issue] = (),
    own: Collection[str] = (),
    look: bool = False,
    files: Mapping[str, Media] | None = None,
) -> Findings:
    """Check a composition for all its accounts. ``planned`` is when it would go out, ``extra`` what is known already,
    ``own`` the ids of its posts, ``look``: files elsewhere are fetched, as before queueing. ``files``: ours by address,
    where they have been read.
    """
    inspected = inspect(organization=organization, content=content_of(composition), look=look, files=files)
    results = examine(inspected=inspected, channels=composition.channels, now=now, planned=planned or now, own=own)
    return Findings(
        inspected=inspected,
        groups=tuple(_groups(composition, results, extra)),
        counters=tuple(counters(composition, inspected)),
    )


def counters(composition: Composition, inspected: Inspected) -> Iterator[Counter]:
    """One for each network; of several accounts the one that allows least."""
    content = inspected.content
    for platform in composition.platforms:
        provider = PROVIDERS[platform]
        draft = Draft(text="", media=inspected.media, media_type=content.media_type)
        accounts = [known_account(channel) for channel in composition.channels if channel.platform == platform]
        rule = min((provider.text_rule(draft, account) for account in accounts), key=lambda rule: rule.limit)
        own = platform in composition.texts
        text = settled_text(content.platform_config, platform, content.text or "")
        yield Counter(
            platform=platform,
            path=_own_text(platform) if own else "text",
            length=count(text, rule.unit),
            limit=rule.limit,
            unit=rule.unit,
        )


def _groups(composition: Composition, results: Sequence[Result], extra: Sequence[Issue]) -> Iterator[Group]:
    """What is true of every account is said once, the rest by account."""
    said = {result.channel.pk: _mapped(composition, result) for result in results}
    shared = (
        [issue for issue in said[results[0].channel.pk] if all(issue in found for found in said.values())]
        if len(results) > 1
        else []
    )
    everybody = list(extra)
    if not composition.channels:
        everybody.append(Issue(code="ACCOUNTS", path="accountIds", message="Choose at least one account."))
    everybody += shared
    if everybody:
        yield Group(EVERYBODY, tuple(everybody))
    for result in results:
        own = tuple(issue for issue in said[result.channel.pk] if issue not in shared)
        if own:
            yield Group(result.channel, own)


def _mapped(composition: Composition, result: Result) -> list[Issue]:
    """The channel's issues, each at the field of the composer that mends it, errors first."""
    platform = result.channel.platform
    moved: Mapping[str, str] = {
        **({"text": _own_text(platform)} if platform in composition.texts else {}),
        **({_comment(platform): "firstComment"} if _is_common(composition, platform) else {}),
    }
    issues = [replace(issue, path=moved.get(issue.path, issue.path)) for issue in dict.fromkeys(result.issues)]
    return sorted(issues, key=lambda issue: issue.severity != "error")


def _is_common(composition: Composition, platform: str) -> bool:
    return bool(composition.first_comment) and not composition.options.get(platform, {}).get(FIRST_COMMENT)


def _own_text(platform: str) -> str:
    return f"platformConfig.{platform}.text"


def _comment(platform: str) -> str:
    return f"platformConfig.{platform}.{FIRST_COMMENT}"
