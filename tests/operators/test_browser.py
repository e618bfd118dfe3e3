"""The admin in a real Chromium, under its content policy: nothing is blocked that it needs, and what it does not need is."""

from collections.abc import Iterator

import pytest
from django.contrib import admin
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright
from pytest_django.live_server_helper import LiveServer

from chat33.dashboard.middleware import ADMIN_POLICY
from chat33.orgs.models import Organization, User, ViewAs
from posts.models import Post
from tests import chromium
from tests.browser.axe import violations
from tests.operators.rows import fill
from tests.sandboxes import RunningSandbox

pytestmark = pytest.mark.browser


class Watched:
    """A page, and what went wrong in it."""

    def __init__(self, context: BrowserContext, home: str) -> None:
        self.home = home
        self.wrong: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(f"{self.page.url}: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.home, "data:", "blob:")):
            self.wrong.append(f"{self.page.url} asked for {request.url}")

    def open(self, path: str) -> None:
        reply = self.page.goto(f"{self.home}{path}")
        assert reply is not None
        assert reply.status == 200, path

    def log_in(self, email: str) -> None:
        self.open("/admin/login/?next=/admin/")
        self.page.fill("#id_username", email)
        self.page.fill("#id_password", "correct horse battery")
        self.page.click("button[type=submit]")
        self.page.wait_for_url(f"{self.home}/admin/")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for this module alone: while it runs, playwright's loop runs in this thread, and Django would take what
    the tests ask of the database for asynchronous.
    """
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        found = chromium.installed()
        running = playwright.chromium.launch(executable_path=found or None, args=["--disable-dev-shm-usage"])
        yield running
        running.close()


@pytest.fixture
def watched(browser: Browser, live_server: LiveServer, operator: User) -> Iterator[Watched]:
    """An operator's page, logged in, with one row of everything."""
    fill(1)
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = Watched(context, live_server.url)
        page.log_in(operator.email)
        yield page


def test_every_list_and_page_works_under_the_policy(watched: Watched) -> None:
    for model in admin.site._registry:
        row = model._default_manager.order_by("pk").last()
        assert row is not None
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        for path in (base, f"{base}{row.pk}/change/"):
            watched.open(path)
            assert watched.page.locator("h1, #content").count() > 0

    assert watched.wrong == []


def test_a_post_is_filtered_chosen_and_retried(watched: Watched) -> None:
    page = watched.page
    watched.open("/admin/posts/post/")
    page.click("text=Filters")
    page.locator("select[name=trouble]").select_option("failed")
    page.click("text=Apply Filters")
    page.wait_for_url("**trouble=failed**")
    page.check("tbody input.action-select")
    page.select_option("select[name=action]", "retry")
    page.click("button[name=index]")
    page.wait_for_selector("text=1 post queued again.")

    assert Post.objects.get().status == "QUEUED"
    assert watched.wrong == []


def test_the_one_search_opens_by_keyboard_and_leads_to_a_post(watched: Watched) -> None:
    page, post = watched.page, Post.objects.get()
    watched.open("/admin/")
    page.keyboard.press("Control+k")
    page.fill("#search-input-command", post.public_id[:-1])
    page.keyboard.press("End")  # one key, and so one answer: another would take the choice back
    page.wait_for_selector(f"#command-results a[data-title='{post.public_id}']")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/admin/posts/post/{post.pk}/change/")

    assert watched.wrong == []


def test_a_rule_for_the_sandbox_is_written_and_deleted(watched: Watched, sandboxed: RunningSandbox) -> None:
    page = watched.page
    watched.open("/admin/sandbox/")
    page.select_option("select[name=platform]", "x")
    page.click("button[value=add]")
    page.wait_for_selector("text=The rule is in place")
    assert [rule["platform"] for rule in sandboxed.control("GET", "rules")["items"]] == ["x"]
    page.click("td button[value=drop]")
    page.wait_for_selector("text=Every network of the sandbox works")

    assert watched.wrong == []


def test_an_operator_looks_at_a_dashboard_and_comes_back(watched: Watched) -> None:
    page, organization = watched.page, Organization.objects.get()
    Post.objects.update(media_urls=[])  # its file is no more than a row
    watched.open(f"/admin/orgs/organization/{organization.pk}/change/")
    page.click("text=View as a member")
    page.select_option("select[name=whom]", "role:editor")
    page.fill("input[name=reason]", "Ticket 41")
    page.click("text=View the dashboard")
    page.wait_for_url(f"{watched.home}/")
    watched.open("/ui/")
    assert f"You view {organization.name} as editor until" in page.inner_text(".banner")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert [text for text in violations(page) if "banner" in text] == []
    page.click("text=Stop viewing")
    page.wait_for_selector(f"text=You no longer view {organization.name}")

    assert ViewAs.objects.latest("pk").ended_at is not None
    assert watched.wrong == []


def test_it_follows_the_operator_s_color_scheme(watched: Watched) -> None:
    def background() -> str:
        color: str = watched.page.evaluate("getComputedStyle(document.querySelector('#main')).backgroundColor")
        return color

    watched.open("/admin/")
    light = background()
    watched.page.emulate_media(color_scheme="dark")
    watched.open("/admin/")

    assert background() != light
    assert watched.wrong == []


def test_what_would_be_injected_does_not_run(watched: Watched) -> None:
    watched.open("/admin/")
    ran = watched.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.head.append(script);
            return window.ran === true;
        }"""
    )

    assert not ran
    assert any("Content Security Policy" in text for text in watched.wrong)


def test_the_admin_s_policy_is_wider_than_everybody_s_in_two_words_alone() -> None:
    assert ADMIN_POLICY == {
        "script-src": ["'self'", "'unsafe-eval'"],
        "style-src": ["'self'"],
        "style-src-attr": ["'unsafe-inline'"],
    }
