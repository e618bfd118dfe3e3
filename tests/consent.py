"""A person at a network's authorization page, without a browser: reads its form, and says yes or no."""

from collections.abc import Collection
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests


class Form(HTMLParser):
    """The fields of the page's only form as they stand when it opens, and the accounts it offers by username."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self.offered: dict[str, str] = {}
        self._choice = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag != "input":
            return
        if given.get("name") == "account":
            self._choice = given["value"]
        if given.get("type") in ("checkbox", "radio") and "checked" not in given:
            return
        self.fields.append((given["name"], given.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self._choice and data.startswith("@"):
            self.offered[data[1:]] = self._choice

    def filled(self, *, accounts: Collection[str] | None, untick: Collection[str], decision: str) -> list[Any]:
        """The form as a person sends it: these accounts (new ones by their name), without these permissions."""
        fields = [(name, value) for name, value in self.fields if not (name == "grant" and value in untick)]
        if accounts is not None:
            fields = [(name, value) for name, value in fields if name not in ("account", "username")]
            for username in accounts:
                known = self.offered.get(username)
                fields += [("account", known)] if known else [("account", "new"), ("username", username)]
        return [*fields, ("decision", decision)]


def visit(url: str) -> requests.Response:
    """The page."""
    return requests.get(url, timeout=60, allow_redirects=False)


def answer(
    url: str, *, accounts: Collection[str] | None = None, untick: Collection[str] = (), decision: str = "allow"
) -> tuple[str, dict[str, str]]:
    """Where the browser is sent back to, and with what."""
    page = visit(url)
    assert page.status_code == 200, page.text
    form = Form(page.text).filled(accounts=accounts, untick=untick, decision=decision)
    reply = requests.post(url.partition("?")[0], data=form, timeout=60, allow_redirects=False)
    assert reply.status_code == 302, reply.text
    parts = urlsplit(reply.headers["Location"])
    return f"{parts.scheme}://{parts.netloc}{parts.path}", dict(parse_qsl(parts.query))
