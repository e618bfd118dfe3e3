"""A real Chromium, and people in it."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Literal

import pytest
import requests
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests import chromium
from tests.people import Person

expect.set_options(timeout=30_000)  # as patient as all else that a page is asked; a busy machine draws it slowly
ARGS = [
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
Scheme = Literal["light", "dark"]

# A toast goes after ten seconds; how long a test takes until it has read it is the machine's business.
TOASTS_STAY = """(() => {
    const wait = window.setTimeout;
    window.setTimeout = (act, time, ...given) => wait(act, time === 10_000 ? 2 ** 31 - 1 : time, ...given);
})()"""


class Visit:
    """A person's browser: their page, and everything that went wrong in it (console errors, requests elsewhere)."""

    def __init__(self, context: BrowserContext, home: str, *, elsewhere: tuple[str, ...] = ()) -> None:
        self.context = context
        self.home = home
        self.allowed = (home, "data:", "blob:", *elsewhere)
        self.wrong: list[str] = []
        context.add_init_script(TOASTS_STAY)
        self.page: Page = context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.wrong.append(f"{self.page.url}: {error}"))
        self.page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        # Leaving a page gives up what htmx had asked for; it tells that as an error before it says which.
        given_up = message.text.startswith(("htmx:afterRequest", "htmx:sendAbort"))
        if message.type in ("error", "warning") and not given_up:
            self.wrong.append(f"{self.page.url}: {message.text} ({message.location.get('url')})")

    def _request(self, request: Request) -> None:
        if not request.url.startswith(self.allowed):
            self.wrong.append(f"{self.page.url} asked for {request.url}")

    def open(self, path: str, *, status: int = 200) -> Page:
        """Go to an address of ours."""
        reply = self.page.goto(f"{self.home}{path}")
        assert reply is not None
        assert reply.status == status, f"{path}: {reply.status}"
        return self.page


Visits = Callable[..., Visit]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for this module alone: while it runs, playwright's loop runs in this thread, and Django would take what
    the tests ask of the database for asynchronous.
    """
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        running = playwright.chromium.launch(executable_path=chromium.installed() or None, args=ARGS)
        yield running
        running.close()


def new_context(browser: Browser, *, phone: bool = False, scheme: Scheme = "light", **more: Any) -> BrowserContext:
    """A browser's profile: a desktop's or a phone's. ``more`` as Playwright has it."""
    return browser.new_context(
        viewport=more.pop("viewport", PHONE if phone else DESKTOP),
        has_touch=phone,
        is_mobile=phone,
        color_scheme=scheme,
        reduced_motion="reduce",
        **more,
    )


def log_in(context: BrowserContext, person: Person, home: str) -> None:
    """Give it the cookie that the person's session has."""
    session = person.browser().cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session.value, "url": home}])


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer) -> Iterator[Visits]:
    """``visit(owner, phone=True, scheme="dark")``: a browser of their own, logged in; ``visit()`` is nobody's."""
    opened: list[BrowserContext] = []

    def begin(person: Person | None = None, *, phone: bool = False, scheme: Scheme = "light", **more: Any) -> Visit:
        elsewhere = more.pop("elsewhere", ())
        context = new_context(browser, phone=phone, scheme=scheme, **more)
        opened.append(context)
        if person is not None:
            log_in(context, person, live_server.url)
        return Visit(context, live_server.url, elsewhere=elsewhere)

    yield begin
    for context in opened:
        context.close()
    carried_out(live_server)


def carried_out(server: LiveServer) -> None:
    """Returns when all is done that closed browsers had asked for: a save that is still under way would write into the
    next test's database, or keep this one's from being emptied.
    """
    requests.get(f"{server.url}/static/dashboard/favicon.svg", timeout=60)  # who called earlier has been let in since
    for thread in threading.enumerate():
        if thread.name.endswith("(process_request_thread)"):
            for connection in getattr(thread, "_args", ())[:1]:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)  # what it was sent is read, and nothing after that
            thread.join(60)
