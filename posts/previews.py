"""How a composition will look on each of its networks: what is shown of its text, and its files. Reads no row."""

from collections.abc import Mapping
from dataclasses import dataclass

from integrations.models import Channel
from integrations.providers.registry import PROVIDERS
from integrations.providers.youtube_rules import title_of
from posts.composing import FIRST_COMMENT, Composition, content_of
from posts.media import media_path
from posts.models import Media
from posts.preflight import Inspected, settled_options, settled_text

# Characters that a network's feed shows of a text before it hides the rest, as it looked in 2026-11; those that are not
# here show all of it.
SHOWN: Mapping[str, int] = {"instagram": 125, "facebook": 477, "tiktok": 90, "youtube": 100}
_GRACE = 12  # characters that are not worth hiding
_TALL = 0.9  # width / height below which a file is shown upright
_WIDE = 1.2  # and above which it is shown lying


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A file as a preview shows it; ``source`` is empty for one that is not ours."""

    source: str
    kind: str
    alt: str
    name: str
    ratio: float | None  # width / height


@dataclass(frozen=True, kw_only=True)
class Preview:
    """One account's post as its network will show it."""

    channel: Channel
    lead: str  # of the text, before "more"
    more: str
    title: str  # YouTube's, or a photo post's
    files: tuple[Shown, ...]
    is_tall: bool
    is_video: bool
    cover: str
    first_comment: str
    link: str  # of Facebook's card

    @property
    def handle(self) -> str:
        """The account's user name, else its name."""
        return self.channel.username or self.channel.name

    @property
    def shape(self) -> str:
        """That of the first file, which networks give to all of them: portrait, square or wide."""
        ratio = (self.files[0].ratio if self.files else None) or 1.0
        return "portrait" if ratio < _TALL else "wide" if ratio > _WIDE else "square"

    @property
    def hidden(self) -> int:
        """Pictures of which a grid of four tells the number alone."""
        return len(self.files) - 4

    @property
    def template(self) -> str:
        """The fragment that draws it."""
        return f"posts/_preview_{self.channel.platform}.html"


def previews(composition: Composition, inspected: Inspected, files: Mapping[str, Media]) -> list[Preview]:
    """One for each account, in their order. ``files`` are ours by address."""
    content = inspected.content
    config = content_of(composition).platform_config
    shown = tuple(
        Shown(
            source=media_path(files[piece.url]) if piece.url in files else "",
            kind=facts.kind or "image",
            alt=piece.alt,
            name=files[piece.url].name if piece.url in files else piece.url,
            ratio=facts.width / facts.height if facts.width and facts.height else None,
        )
        for piece, facts in zip(composition.media, inspected.media, strict=True)
    )
    cover = files.get(content.cover_image_url)
    made = []
    for channel in composition.channels:
        text = settled_text(config, channel.platform, content.text or "")
        options = settled_options(config, channel.platform)
        lead, more = folded(text.strip(), SHOWN.get(channel.platform))
        title = title_of(text, options) if channel.platform == "youtube" else str(options.get("title") or "")
        video = bool(shown) and shown[0].kind == "video"
        made.append(
            Preview(
                channel=channel,
                lead=lead,
                more=more,
                title=title,
                files=shown,
                is_tall=video and (content.media_type == "reel" or (shown[0].ratio or 1) < _TALL),
                is_video=video,
                cover=media_path(cover) if cover and PROVIDERS[channel.platform].rules.cover else "",
                first_comment=str(options.get(FIRST_COMMENT) or ""),
                link=str(options.get("link") or "") if not shown else "",
            )
        )
    return made


def folded(text: str, limit: int | None) -> tuple[str, str]:
    """What is shown of a text, cut between words where there is a gap near the end, and the rest."""
    if limit is None or len(text) <= limit + _GRACE:
        return text, ""
    cut = max(text.rfind(" ", limit * 3 // 4, limit), text.rfind("\n", limit * 3 // 4, limit))
    cut = cut if cut > 0 else limit
    return text[:cut], text[cut:]
