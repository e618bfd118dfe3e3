"""Every page, in light and dark, on a desktop and a phone: axe finds nothing, nothing is blocked, nothing leaves the host.

``make screenshots`` runs this too, with ``CHAT33_SCREENSHOTS`` naming the folder that gets a picture of each.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.mail import send_mail
from playwright.sync_api import Browser
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from tests.browser import walk_people as people
from tests.browser.axe import COLOR_RULES, shape, violations
from tests.browser.conftest import Visit, Visits, log_in, new_context
from tests.browser.walk import STOPS, Stop
from tests.factories import make_organization, make_user
from tests.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# Nothing is on its way any more: what htmx asked for has come, and charts have drawn.
AT_REST = "() => document.readyState === 'complete' && !document.querySelector('.htmx-request, [data-loading]')"
PICTURES = os.environ.get("CHAT33_SCREENSHOTS", "")


@pytest.fixture(scope="module")
def desktop_and_phone(browser: Browser, live_server: LiveServer) -> Iterator[tuple[Visit, Visit]]:
    """Two windows for the whole walk, which reads each script and each stylesheet once: to open one costs as much as to
    look at a page.
    """
    with new_context(browser) as desktop, new_context(browser, phone=True) as phone:
        yield Visit(desktop, live_server.url), Visit(phone, live_server.url)


@pytest.fixture
def visit(desktop_and_phone: tuple[Visit, Visit]) -> Iterator[Visits]:
    """``visit(owner, phone=True)``: the window, logged in; of who was here before it knows nothing but static files."""

    def begin(person: Person | None = None, *, phone: bool = False) -> Visit:
        here = desktop_and_phone[phone]
        here.wrong = []
        if person is not None:
            log_in(here.context, person, here.home)
        return here

    yield begin
    for here in desktop_and_phone:
        if here.page.url.startswith(here.home):
            here.page.evaluate("sessionStorage.clear()")
        here.page.goto("about:blank")
        here.context.clear_cookies()
        forgetting = here.context.new_cdp_session(here.page)
        forgetting.send("Storage.clearDataForOrigin", {"origin": here.home, "storageTypes": "local_storage,indexeddb"})
        forgetting.detach()


def look(here: Visit, address: str, name: str, told: str) -> list[str]:
    """What is wrong with a page in both color schemes. Where the second changes colors alone, so does what can be wrong."""
    here.page.emulate_media(color_scheme="light")
    here.page.goto(f"{here.home}{address}")
    here.page.wait_for_function(AT_REST)
    wrong: list[str] = []
    seen = ""
    for scheme in ("light", "dark"):
        here.page.emulate_media(color_scheme=scheme)
        if PICTURES:
            here.page.screenshot(path=Path(PICTURES) / f"{name}-{told}-{scheme}.png", full_page=True)
        before, seen = seen, shape(here.page)
        rules = COLOR_RULES if seen == before else ()
        wrong += [f"{told} {scheme}: {text}" for text in violations(here.page, rules=rules)]
        wide = here.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        wrong += [f"{told} {scheme}: {wide} px wider than the screen"] if wide > 0 else []
    return wrong


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
def test_a_page_is_sound_everywhere(stop: Stop, owner: Person, visit: Visits) -> None:
    if stop.before:
        stop.before(owner)
    address = stop.address(owner)
    wrong: list[str] = []
    for phone in (False, True):
        here = visit(None if stop.anonymous else owner, phone=phone)
        wrong += look(here, address, stop.name, "phone" if phone else "desktop")
        wrong += [text for text in here.wrong if "status of 404" not in text or stop.name != "not-found"]

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_the_pages_of_who_has_just_proved_themselves_are_sound(owner: Person, visit: Visits, phone: bool) -> None:
    people.two_factor(owner)
    here = visit(owner, phone=phone)
    page = here.open("/accounts/2fa/recovery-codes/")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    told = "phone" if phone else "desktop"
    wrong: list[str] = []
    for path in ("", "totp/deactivate/", "recovery-codes/", "recovery-codes/generate/"):
        wrong += look(here, f"/accounts/2fa/{path}", f"two-factor-{path.replace('/', '-')}on", told)
        assert here.page.url.endswith(f"/accounts/2fa/{path}")

    assert not wrong + here.wrong, "\n".join(wrong + here.wrong)


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
def test_the_practice_inbox_and_the_page_of_who_belongs_nowhere_are_sound(
    visit: Visits, settings: Settings, tmp_path: Path, db: None, phone: bool
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    send_mail("Confirm your address", "Open http://127.0.0.1:8033/accounts/confirm-email/x/", None, ["ana@example.com"])
    here = visit(Person(make_user(), make_organization(), ""), phone=phone)
    told = "phone" if phone else "desktop"
    wrong = look(here, "/mail/", "mail", told) + look(here, "/welcome/", "welcome", told)

    assert not wrong + here.wrong, "\n".join(wrong + here.wrong)
