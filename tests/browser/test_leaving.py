"""The pages that a person may meet on the way of a tracked link: readable for all, in both schemes, and harmless."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.axe import violations
from tests.browser.conftest import Scheme
from tests.people import Person
from tests.tracking.edges import ANDROID, RunningEdge, running_edge
from tracking.models import Link

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOSTILE = 'https://shop.example/<img src=x onerror=alert(1)>?next="><script>alert(1)</script>'


@pytest.fixture
def edge(transactional_db: None) -> Iterator[RunningEdge]:
    with running_edge() as running:
        yield running


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_leaving_for_an_unknown_site_names_it_and_runs_nothing(
    edge: RunningEdge, browser: Browser, scheme: Scheme, width: int
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto(f"{edge.url}/api/t?{urlencode({'url': HOSTILE, 'cid': 'cm1'})}")
    expect(page.get_by_role("link", name="Go to shop.example")).to_be_visible()
    expect(page.locator("strong")).to_have_text("shop.example")
    target = page.get_by_role("link").get_attribute("href") or ""
    assert target.startswith("https://shop.example/%3Cimg")
    assert target.endswith("cid=cm1")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [one for one in said if "favicon" not in one] == []
    assert violations_of(browser, page.content(), scheme) == []
    context.close()


def violations_of(browser: Browser, content: str, scheme: Scheme) -> list[str]:
    """axe may not run under the page's own policy, so it looks at the same document without one."""
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.set_content(content)
    found = violations(page)
    context.close()
    return found


def test_an_app_that_does_not_open_leads_on_to_the_web(owner: Person, edge: RunningEdge, browser: Browser) -> None:
    Link.objects.create(
        organization=owner.organization, code="app", url=f"{edge.url}/healthz/edge", deep_link="nosuchapp://item/5",
        kind="smart", created_by="x",
    )  # fmt: skip
    context = browser.new_context(user_agent=ANDROID)
    page = context.new_page()
    page.goto(f"{edge.url}/l/app")
    page.wait_for_url("**/healthz/edge?**")
    context.close()
