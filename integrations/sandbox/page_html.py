"""The HTML of the public pages. Everything that came from outside is escaped here, and nowhere assumed to be.

A post shows its account's ``name`` beside the username, and its ``text``, ``title``, ``media`` (names of kept files),
``cover``, ``alt_texts``, ``link``, ``privacy``, ``tags`` and ``comments``, as far as its network gave them.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from html import escape
from urllib.parse import quote, urlsplit

from integrations.sandbox.store import Document

NAMES: Mapping[str, str] = {
    "instagram": "Instagram",
    "facebook": "Facebook",
    "tiktok": "TikTok",
    "youtube": "YouTube",
    "x": "X",
}
_MEDIA_FIRST = ("instagram", "tiktok", "youtube")  # where the picture comes before the words
_SHOWN_IN_FEED = 4
_SPECIAL = re.compile(r"(https?://[^\s<>\"]+)|(?<!\w)([#@]\w+)")

ContentTypeOf = Callable[[str], str]


def page(*, title: str, body: str) -> str:
    """A whole page."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/pages.css">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="bar"><div>
<a class="brand" href="/"><img src="/static/icon.svg" alt="" width="28" height="28">Sandbox</a>
<span class="note">Stand-in for five networks</span>
</div></header>
<main id="main">
{body}
</main>
<footer>A local stand-in for the APIs of five networks, part of Chat33. Nobody else sees these posts.</footer>
</body>
</html>
"""


def front(
    posts: list[Document],
    *,
    counts: Mapping[str, int],
    platform: str | None,
    number: int,
    pages: int,
    now: datetime,
    content_type_of: ContentTypeOf,
) -> str:
    """The front page: one page of the newest posts, of one network or of all."""
    chips = "".join(_chip(key, name, counts[key], platform == key) for key, name in NAMES.items())
    every = _chip(None, "All", sum(counts.values()), platform is None)
    cards = "".join(f"<li>{_card(post, now, content_type_of)}</li>" for post in posts)
    where = f" on {NAMES[platform]}" if platform else ""
    feed = f'<ul class="feed" role="list">{cards}</ul>' if posts else _nothing(where)
    body = f"""<h1>Published{where}</h1>
<p class="lead">What the sandbox accounts have published, newest first. Reload the page to see new posts.</p>
<nav aria-label="Networks"><ul class="filter" role="list">{every}{chips}</ul></nav>
{feed}
{_turning(platform, number, pages)}"""
    return page(title=f"Posts{where} · Chat33 sandbox", body=body)


def single(post: Document, *, now: datetime, content_type_of: ContentTypeOf) -> str:
    """One post's page."""
    network = NAMES.get(post["platform"], post["platform"])
    media = _media(post, content_type_of, feed=False)
    words = _words(post, linked=True)
    middle = media + words if post["platform"] in _MEDIA_FIRST else words + media
    heading = f"{_name(post)} on {network}"
    body = f"""<a class="back" href="/?platform={quote(post["platform"])}">← All posts on {escape(network)}</a>
<h1 class="hidden">{escape(heading)}</h1>
<article class="card {escape(post["platform"])}" aria-label="{escape(heading)}">
{_byline(post, now)}
{middle}
{_comments(post, now)}
</article>
{_facts(post, network)}"""
    return page(title=f"{_line(post)} · {heading}", body=body)


def missing() -> str:
    """The page of a post that is not there."""
    body = """<div class="blank"><img src="/static/icon.svg" alt="">
<h1>There is no such post</h1>
<p>It may have been deleted, made under another address, or never have become visible.</p>
<p><a href="/">See all posts</a></p>
</div>"""
    return page(title="No such post · Chat33 sandbox", body=body)


def ago(seconds: float) -> str:
    """How long since, in words."""
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {unit}{'s' if number > 1 else ''} ago"
    return "just now"


def rich(text: str) -> str:
    """Escaped text with its web addresses as links and its tags and mentions marked."""
    pieces, end = [], 0
    for found in _SPECIAL.finditer(text):
        pieces.append(escape(text[end : found.start()]))
        address, tag = found[1], found[2]
        if address:
            shown = address.rstrip(".,;:!?)'")
            tail = address[len(shown) :]
            link = f'<a href="{escape(shown)}" rel="nofollow noopener noreferrer">{escape(shown)}</a>'
            pieces.append(link + escape(tail))
        else:
            pieces.append(f'<span class="tag">{escape(tag)}</span>')
        end = found.end()
    return "".join((*pieces, escape(text[end:])))


def _chip(key: str | None, name: str, count: int, current: bool) -> str:
    target = f"/?platform={key}" if key else "/"
    marked = ' aria-current="page"' if current else ""
    return f'<li><a href="{target}"{marked}>{name} <span class="count">{count}</span></a></li>'


def _card(post: Document, now: datetime, content_type_of: ContentTypeOf) -> str:
    media = _media(post, content_type_of, feed=True)
    words = _words(post, linked=False)
    middle = media + words if post["platform"] in _MEDIA_FIRST else words + media
    number = len(post.get("comments") or ())
    said = f'<p class="said">{number} comment{"s" if number > 1 else ""}</p>' if number else ""
    return f"""<article class="card {escape(post["platform"])}">
{_byline(post, now, link=address(post))}
{middle}
{said}
</article>"""


def address(post: Document) -> str:
    """The post's own page."""
    return f"/posts/{quote(post['platform'])}/{quote(post['id'])}"


def _byline(post: Document, now: datetime, *, link: str | None = None) -> str:
    name = escape(_name(post))
    if link:
        label = escape(f"{_name(post)}: {_line(post)}")
        name = f'<a class="open" href="{escape(link)}" aria-label="{label}">{name}</a>'
    network = escape(NAMES.get(post["platform"], post["platform"]))
    handle = f"@{escape(post['account'])} · " if _name(post) != post["account"] else ""
    at = datetime.fromisoformat(post["at"])
    since = ago((now - at).total_seconds())
    privacy = post.get("privacy")
    badge = f'<span class="badge">{escape(str(privacy))}</span>' if privacy and privacy != "public" else ""
    return f"""<header class="by"><span class="face" aria-hidden="true">{_initial(_name(post))}</span>
<div><p class="who">{name}</p>
<p class="when">{handle}{network} · <time datetime="{escape(post["at"])}">{since}</time></p></div>{badge}</header>"""


def _words(post: Document, *, linked: bool) -> str:
    title, text = str(post.get("title") or ""), str(post.get("text") or "")
    parts = []
    if title:
        parts.append(f'<h2 dir="auto">{escape(title)}</h2>')
    if text and text != title:
        shown = rich(text) if linked else escape(text)
        parts.append(f'<p class="text" dir="auto">{shown}</p>')
    if post.get("link"):
        parts.append(_preview(str(post["link"]), linked=linked))
    return f'<div class="words">{"".join(parts)}</div>'


def _preview(link: str, *, linked: bool) -> str:
    """The box of a post's own link. Only web addresses become links."""
    try:
        host = urlsplit(link).hostname or link
    except ValueError:
        host = link
    inside = f"<b>{escape(host)}</b>{escape(link)}"
    if not linked or not link.startswith(("http://", "https://")):
        return f'<span class="preview">{inside}</span>'
    return f'<a class="preview" href="{escape(link)}" rel="nofollow noopener noreferrer">{inside}</a>'


def _media(post: Document, content_type_of: ContentTypeOf, *, feed: bool) -> str:
    names = [str(name) for name in post.get("media") or ()]
    if not names:
        return ""
    shown = names[:_SHOWN_IN_FEED] if feed else names
    alts = post.get("alt_texts") or ()
    items = []
    for index, name in enumerate(shown):
        alt = str(alts[index] or "") if index < len(alts) else ""
        place = f" {index + 1} of {len(names)}" if len(names) > 1 else ""
        items.append(_file(post, name, content_type_of(name), alt or f"Media{place} of the post, not described", feed))
    if len(names) > len(shown):
        items.append(f'<span class="more">+{len(names) - len(shown)}</span>')
    shape = "single" if len(shown) == 1 else "several" if len(shown) % 2 == 0 else "several odd"
    return f'<div class="media {shape}">{"".join(items)}</div>'


def _file(post: Document, name: str, content_type: str, label: str, feed: bool) -> str:
    source, told, cover = f"/files/{quote(name)}", escape(label), post.get("cover")
    if content_type.startswith("video/"):
        if feed and cover:
            return f'<span class="film"><img src="/files/{quote(str(cover))}" alt="" loading="lazy"></span>'
        poster = f' poster="/files/{quote(str(cover))}"' if cover else ""
        if feed:
            still = f'<video src="{source}#t=0.1" preload="metadata" muted tabindex="-1" aria-hidden="true"></video>'
            return f'<span class="film">{still}</span>'
        return f'<video src="{source}"{poster} controls playsinline preload="metadata" aria-label="{told}"></video>'
    if content_type.startswith("image/"):
        image = f'<img src="{source}" alt="{told}" loading="lazy">'
        return image if feed else f'<a href="{source}">{image}</a>'
    words = "A file that is neither an image nor a video"
    return f'<p class="plain">{words}</p>' if feed else f'<p class="plain"><a href="{source}">{words}</a></p>'


def _comments(post: Document, now: datetime) -> str:
    comments = [comment for comment in post.get("comments") or () if isinstance(comment, dict)]
    if not comments:
        return ""
    items = "".join(_comment(post, comment, now) for comment in comments)
    heading = "1 comment" if len(comments) == 1 else f"{len(comments)} comments"
    return f'<section class="comments"><h2>{heading}</h2><ol role="list">{items}</ol></section>'


def _comment(post: Document, comment: Document, now: datetime) -> str:
    given = str(comment.get("account") or comment.get("username") or post["account"])
    who = _name(post) if given == post["account"] else given
    said = str(comment.get("text") or comment.get("message") or "")
    at = comment.get("at")
    since = ""
    if isinstance(at, str):
        passed = ago((now - datetime.fromisoformat(at)).total_seconds())
        since = f' <span class="when">· <time datetime="{escape(at)}">{passed}</time></span>'
    return f"""<li><span class="face" aria-hidden="true">{_initial(who)}</span>
<div><p class="who">{escape(who)}{since}</p><p dir="auto">{rich(said)}</p></div></li>"""


def _facts(post: Document, network: str) -> str:
    at = datetime.fromisoformat(post["at"])
    tags = post.get("tags") or ()
    rows = (
        ("Network", network),
        ("Account", _name(post) if _name(post) == post["account"] else f"{_name(post)} (@{post['account']})"),
        ("Published", f"{at.day} {at:%B %Y, %H:%M:%S} UTC"),
        ("Visible to", {"public": "everyone", "unlisted": "whoever has the link", "private": "the account alone"}.get(
            str(post.get("privacy")), str(post.get("privacy") or ""))),
        ("Tags", ", ".join(str(tag) for tag in tags)),
        ("ID", str(post["id"])),
    )  # fmt: skip
    listed = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in rows if value)
    return f"""<section class="card facts" aria-labelledby="facts"><h2 id="facts">About this post</h2><dl>{listed}</dl>
<p class="json"><a href="{address(post)}.json">View as JSON</a></p></section>"""


def _nothing(where: str) -> str:
    return f"""<div class="blank"><img src="/static/icon.svg" alt=""><h2>Nothing is published{where} yet</h2>
<p>Publish a post to a sandbox account, from the dashboard or with the API. It appears here within a few seconds.</p>
</div>"""


def _turning(platform: str | None, number: int, pages: int) -> str:
    if pages <= 1:
        return ""

    def link(target: int, words: str, rel: str) -> str:
        query = f"platform={platform}&amp;page={target}" if platform else f"page={target}"
        return f'<a href="/?{query}" rel="{rel}">{words}</a>' if 1 <= target <= pages else "<span></span>"

    newer, older = link(number - 1, "← Newer", "prev"), link(number + 1, "Older →", "next")
    return f'<nav class="pages" aria-label="Pages">{newer}<span>Page {number} of {pages}</span>{older}</nav>'


def _line(post: Document) -> str:
    """The post in one line, for titles and labels."""
    said: Iterable[str] = (str(post.get("title") or ""), str(post.get("text") or ""))
    for words in said:
        for line in words.splitlines():
            if line.strip():
                return line.strip() if len(line.strip()) <= 80 else f"{line.strip()[:79]}…"
    return "A post without words"


def _name(post: Document) -> str:
    return str(post.get("name") or post["account"])


def _initial(name: str) -> str:
    return escape(next((letter for letter in name if letter.isalnum()), "?"))
