"""The API explorer in a real browser: nothing of it is blocked or fetched from elsewhere, and it does what it shows."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from integrations.models import ApiKey, Channel
from posts.models import Post
from tests import chromium
from tests.contracts.document import document
from tests.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WATCH = "document.addEventListener('securitypolicyviolation', e => console.error('blocked: ' + e.blockedURI))"


@contextmanager
def explorers(server: LiveServer) -> Iterator[Callable[..., Page]]:
    """Opens the explorer, as often as asked and in any look. Fails at the end for whatever the browser complained about,
    and for every request to another host.
    """
    complaints: list[str] = []

    def open_one(*, cookies: Mapping[str, str] | None = None, expected: str = "\0", **look: Any) -> Page:
        context = browser.new_context(**look)
        context.add_init_script(WATCH)
        context.add_cookies(
            [{"name": name, "value": value, "url": server.url} for name, value in (cookies or {}).items()]
        )
        page = context.new_page()

        def hear(said: ConsoleMessage) -> None:
            if said.type in ("error", "warning") and expected not in said.text:
                complaints.append(said.text)

        page.on("console", hear)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda sent: complaints.append(sent.url) if not is_ours(sent.url, server) else None)
        page.goto(f"{server.url}/developers/api/")
        page.locator(".opblock").first.wait_for()
        page.locator("#explorer[data-loading]").wait_for(state="detached")  # all of it is drawn
        return page

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.installed() or None)
        yield open_one
        browser.close()
    assert complaints == []


def is_ours(url: str, server: LiveServer) -> bool:
    return url.startswith((f"{server.url}/", "data:", "blob:"))


def opened(page: Page, operation: str) -> Any:
    """An operation, unfolded."""
    block = page.locator(f".opblock[id$='-{operation}']")
    block.locator(".opblock-summary-control").click()
    return block


def executed(block: Any) -> tuple[str, str]:
    """The status and the body that came of pressing Execute."""
    block.get_by_role("button", name="Execute").click()
    live = block.locator(".live-responses-table tbody tr.response")
    return live.locator(".response-col_status").inner_text().split()[0], live.locator(".highlight-code").inner_text()


def test_every_operation_is_shown_in_every_look(live_server: LiveServer) -> None:
    ids = {operation["operationId"] for item in document()["paths"].values() for operation in item.values()}
    looks = [(scheme, width) for scheme in ("light", "dark") for width in (1280, 390)]

    with explorers(live_server) as explorer:
        for scheme, width in looks:
            page = explorer(color_scheme=scheme, viewport={"width": width, "height": 900})
            shown = {str(block.get_attribute("id")).rpartition("-")[2] for block in page.locator(".opblock").all()}
            opened(page, "createPost").get_by_text("Creates a post (or one per channel").wait_for()

            assert ids <= shown
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
            is_dark = page.evaluate("document.documentElement.classList.contains('dark-mode')")
            assert is_dark == (scheme == "dark")
            links = [link.get_attribute("href") for link in page.locator(".bar-links a").all()]
            assert links == ["/llms.txt", "/api/v1/openapi.json"]


def test_a_post_is_made_with_a_key(live_server: LiveServer, owner: Person, channel: Channel) -> None:
    body = {"accountIds": [channel.public_id], "text": "Made in the explorer"}

    with explorers(live_server) as explorer:
        page = explorer(expected="401")
        refused = executed(opened(page, "listPlatforms"))
        page.get_by_role("button", name="Authorize").first.click()
        dialog = page.locator(".dialog-ux")
        dialog.locator("input").fill(owner.key)
        dialog.get_by_role("button", name="Apply credentials").click()
        dialog.get_by_role("button", name="Close").click()
        listed = executed(opened(page, "listAccounts"))
        block = opened(page, "createPost")
        block.locator("textarea").fill(json.dumps(body))
        made = executed(block)

    assert refused[0] == "401"
    assert '"error": "Unauthorized"' in refused[1]
    assert listed[0] == "200"
    assert channel.public_id in listed[1]
    assert made[0] == "201"
    assert Post.objects.get().text == "Made in the explorer"


def test_a_key_is_made_by_who_is_logged_in(live_server: LiveServer, owner: Person) -> None:
    session = {name: morsel.value for name, morsel in owner.browser().cookies.items()}

    with explorers(live_server) as explorer:
        block = opened(explorer(cookies=session), "createApiKey")
        block.locator("textarea").fill('{"name": "From the explorer"}')
        status, shown = executed(block)

    assert status == "201"
    assert '"key": "sk_live_' in shown
    assert ApiKey.objects.filter(name="From the explorer", organization=owner.organization).exists()
