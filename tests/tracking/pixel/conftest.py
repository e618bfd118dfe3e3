"""A real Chromium on a website's pages, and the door that the pixel reports to."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests import chromium
from tests.tracking.pixel.places import PATIENCE, Door, Site, opened_door, opened_site, snippet

HOSTS = "MAP *.co.uk 127.0.0.1, MAP *.localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """A Chromium for this module, to which the bakery's hosts are this machine."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        running = playwright.chromium.launch(
            executable_path=chromium.installed() or None,
            args=["--disable-dev-shm-usage", "--disable-background-networking", f"--host-resolver-rules={HOSTS}"],
        )
        yield running
        running.close()


@pytest.fixture
def visitor(chrome: Browser) -> Iterator[BrowserContext]:
    """Somebody's browser, as new."""
    context = chrome.new_context()
    context.set_default_timeout(PATIENCE * 1000)
    yield context
    context.close()


@pytest.fixture
def door() -> Iterator[Door]:
    """Records, and takes everything until it is told otherwise."""
    with opened_door() as door:
        yield door


@pytest.fixture
def site(door: Door) -> Iterator[Site]:
    """The bakery's website, with the pixel on every page."""
    with opened_site() as site:
        site.head = snippet(door)
        yield site


@pytest.fixture
def page(visitor: BrowserContext) -> Page:
    """A tab of the visitor's."""
    return visitor.new_page()
