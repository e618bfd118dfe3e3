"""Markdown and code as HTML. The text is the project's own or a reader's ids; all of it is escaped."""

import re
from functools import lru_cache
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token
from pygments import highlight as pygmentize
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

_FORMATTER = HtmlFormatter(nowrap=True, classprefix="hl-")


@lru_cache(maxsize=1024)
def highlighted(code: str, language: str) -> SafeString:
    """The code with its words in spans (``hl-k`` and such), which the stylesheet colours."""
    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        lexer = get_lexer_by_name("text")
    html: str = pygmentize(code, lexer, _FORMATTER)
    return mark_safe(html.rstrip("\n"))  # noqa: S308  # Pygments escapes what it is given


def _code(code: str, language: str, attributes: str) -> str:
    return highlighted(code.rstrip("\n"), language or "text")


_MARKDOWN = MarkdownIt("commonmark", {"html": False, "highlight": _code}).enable("table")


@lru_cache(maxsize=1024)
def rendered(text: str) -> SafeString:
    """Markdown as HTML. Headings carry ids, so that they can be linked to; HTML in the text is shown, not done."""
    tokens = _MARKDOWN.parse(text)
    for heading, inner in _headings(tokens):
        heading.attrSet("id", anchor_of(inner.content))
    html: str = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return mark_safe(html.replace("<pre>", '<pre tabindex="0">'))  # noqa: S308  # rendered with HTML in the text escaped


def contents(text: str) -> list[tuple[str, str]]:
    """The headings of the second rank in a Markdown text: anchor and words."""
    found = _headings(_MARKDOWN.parse(text))
    return [(anchor_of(inner.content), inner.content) for heading, inner in found if heading.tag == "h2"]


def anchor_of(words: str) -> str:
    """``Webhooks (callbackUrl)`` as ``webhooks-callbackurl``."""
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")


def _headings(tokens: list[Token]) -> list[tuple[Token, Any]]:
    return [(token, tokens[place + 1]) for place, token in enumerate(tokens) if token.type == "heading_open"]
