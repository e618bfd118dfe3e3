"""What the composer writes, and the posts it becomes: one text, files and options for several accounts, in and out of
``Content`` with its ``platformConfig``. Reads no row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from integrations.models import Channel
from integrations.providers.registry import PROVIDERS
from posts.media import ALT_TEXTS
from posts.preflight import Content

TEXT, FIRST_COMMENT = "text", "firstComment"


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One picture or video, and what it shows for who cannot see it."""

    url: str
    alt: str = ""


@dataclass(frozen=True, kw_only=True)
class Composition:
    """One thing to say on several accounts."""

    channels: tuple[Channel, ...] = ()
    text: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)  # a network's own, where it has one
    media: tuple[Piece, ...] = ()
    media_type: str | None = None  # None: by the files
    cover_image_url: str = ""
    first_comment: str = ""  # of every network that has one and no own in its options
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # a network's, without its text
    rest: Mapping[str, Any] = field(default_factory=dict)  # what platformConfig holds that the composer does not show

    @property
    def platforms(self) -> tuple[str, ...]:
        """The networks of its accounts, each once."""
        return platforms_of(self.channels)

    @property
    def is_empty(self) -> bool:
        """Nothing is said and nothing shown."""
        return not (self.text.strip() or self.media or any(text.strip() for text in self.texts.values()))


def platforms_of(channels: Sequence[Channel]) -> tuple[str, ...]:
    """The accounts' networks, each once, in our order of networks."""
    there = {channel.platform for channel in channels}
    return tuple(platform for platform in PROVIDERS if platform in there)


def has_first_comment(platform: str) -> bool:
    """Whether the network's published options know a first comment."""
    return FIRST_COMMENT in PROVIDERS[platform].rules.options.get("properties", {})


def content_of(composition: Composition) -> Content:
    """What every one of its posts says."""
    config: dict[str, Any] = {key: value for key, value in composition.rest.items() if key not in PROVIDERS}
    for platform in composition.platforms:
        section = _section_of(composition, platform)
        if section:
            config[platform] = section
    if any(piece.alt for piece in composition.media):
        config[ALT_TEXTS] = [piece.alt for piece in composition.media]
    return Content(
        text=composition.text or None,
        media_urls=tuple(piece.url for piece in composition.media),
        media_type=composition.media_type,
        cover_image_url=composition.cover_image_url,
        platform_config=config,
    )


def composition_of(content: Content, channels: Sequence[Channel], *, inferred: str | None = None) -> Composition:
    """What the composer shows of posts that say this. ``inferred`` is the media type that the files themselves suggest:
    one that says the same was not chosen.
    """
    config = content.platform_config
    sections = {platform: dict(found) for platform, found in _sections(config).items()}
    alts = config.get(ALT_TEXTS)
    spoken = [str(text) for text in alts] if isinstance(alts, list) else []
    pieces = tuple(
        Piece(url=url, alt=spoken[at] if at < len(spoken) else "") for at, url in enumerate(content.media_urls)
    )
    common = _common_comment(sections, platforms_of(channels))
    options = {
        platform: {
            key: value
            for key, value in section.items()
            if key != TEXT and not (key == FIRST_COMMENT and common and value == common)
        }
        for platform, section in sections.items()
    }
    return Composition(
        channels=tuple(channels),
        text=content.text or "",
        texts={platform: section[TEXT] for platform, section in sections.items() if isinstance(section.get(TEXT), str)},
        media=pieces,
        media_type=None if content.media_type == inferred else content.media_type,
        cover_image_url=content.cover_image_url,
        first_comment=common,
        options={platform: section for platform, section in options.items() if section},
        rest={key: value for key, value in config.items() if key not in PROVIDERS and key != ALT_TEXTS},
    )


def _section_of(composition: Composition, platform: str) -> dict[str, Any]:
    section = dict(composition.options.get(platform, {}))
    if platform in composition.texts:
        section[TEXT] = composition.texts[platform]
    if composition.first_comment and has_first_comment(platform) and not section.get(FIRST_COMMENT):
        section[FIRST_COMMENT] = composition.first_comment
    return section


def _sections(config: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {platform: config[platform] for platform in PROVIDERS if isinstance(config.get(platform), Mapping)}


def _common_comment(sections: Mapping[str, Mapping[str, Any]], platforms: Sequence[str]) -> str:
    """The first comment that all of them have which can have one; empty if they differ."""
    said = {sections.get(platform, {}).get(FIRST_COMMENT) for platform in platforms if has_first_comment(platform)}
    common = said.pop() if len(said) == 1 else None
    return common if isinstance(common, str) else ""
