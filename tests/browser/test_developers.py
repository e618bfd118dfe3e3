"""The developers' room in a real browser: make a key, use it, see what came of it; replay a callback; find by keys."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, Route, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from chat33.dashboard.developing.verifying import JAVASCRIPT
from chat33.dashboard.reference.samples import samples
from chat33.lib.clock import utcnow
from integrations import requestlog
from integrations.callbacks import send_due
from integrations.models import ApiKey, Callback, Channel
from integrations.signing import new_secret, sign
from tests.browser.axe import violations
from tests.browser.conftest import Visits
from tests.developers.operations import every_call, stand_for
from tests.developers.rows import live_in
from tests.factories import make_callback, make_channel, make_post
from tests.people import Person
from tests.sandboxes import RunningSandbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def kept(settings: Settings) -> Iterator[None]:
    """The request log is on."""
    settings.REQUEST_LOG_DAYS = 7
    yield
    requestlog.stop()


# What is copied arrives after the click, and what was copied before is there until then.
COPIED = "start => navigator.clipboard.readText().then(text => text.startsWith(start) && text)"


def clipboard(page: Page, start: str) -> str:
    """What was copied, once something is there that begins so."""
    return str(page.wait_for_function(COPIED, arg=start).json_value())


def test_a_key_is_made_copied_used_and_seen_in_the_log(
    owner: Person, channel: Channel, visit: Visits, live_server: LiveServer, kept: None
) -> None:
    there = visit(owner, permissions=["clipboard-read", "clipboard-write"])
    page = there.open("/settings/keys/")
    page.get_by_role("link", name="New API key").click()
    page.get_by_label("Name").fill("Website")
    expect(page.get_by_text("posts:write —")).to_be_hidden()
    page.get_by_label("Some of it, as chosen below").check()
    page.get_by_label("accounts:read").check()
    page.get_by_role("button", name="Make the key").click()
    page.get_by_role("button", name="Copy the API key", exact=True).click()
    key = clipboard(page, "sk_live_")
    assert re.fullmatch(r"sk_live_[0-9A-Za-z]{36}", key)

    page.goto(f"{live_server.url}/developers/requests/")
    expect(page.get_by_text("No requests yet")).to_be_visible()
    answers = [
        requests.get(f"{live_server.url}/api/v1/accounts", headers={"x-api-key": key}, timeout=20),
        requests.get(f"{live_server.url}/api/v1/posts", headers={"x-api-key": key}, timeout=20),
    ]
    assert [answer.status_code for answer in answers] == [200, 403]

    page.get_by_role("link", name="GET /posts").click()  # it comes by itself
    expect(page.get_by_text("Insufficient scope", exact=True)).to_be_visible()
    expect(page.get_by_text(answers[1].headers["X-Request-ID"])).to_be_visible()
    page.get_by_role("link", name="More on this error").click()
    expect(page.locator("#insufficient-scope")).to_be_in_viewport()

    page.goto(f"{live_server.url}/settings/keys/")
    page.get_by_role("button", name="Revoke Website").click()
    page.get_by_role("button", name="Revoke", exact=True).click()
    expect(page.locator("toast-note")).to_contain_text("Website is revoked.")
    assert ApiKey.objects.get(name="Website").revoked_at is not None
    assert there.wrong == []


def test_the_log_is_narrowed_as_one_types(owner: Person, visit: Visits, kept: None) -> None:
    live_in(owner)
    there = visit(owner)
    page = there.open("/developers/requests/")

    page.get_by_label("Path").fill("post_01jd")
    expect(page.locator("#requests tbody tr")).to_have_count(1)
    assert page.url.endswith("path=post_01jd")
    page.get_by_label("Outcome").select_option("5xx")
    expect(page.get_by_text("No such request")).to_be_visible()
    page.go_back()
    page.go_back()
    assert there.wrong == []


def test_the_log_stays_narrowed_though_it_asks_for_more_meanwhile(owner: Person, visit: Visits, kept: None) -> None:
    live_in(owner)
    there = visit(owner)
    page = there.open("/developers/requests/")
    held: list[Route] = []
    page.route("**path=post_01jd", lambda route: held.append(route))
    page.get_by_label("Path").press_sequentially("post_01jd")
    while not held:
        page.wait_for_timeout(10)
    page.evaluate("htmx.ajax('GET', '/developers/requests/', {source: '#requests', swap: 'outerHTML'})")
    held[0].continue_()

    expect(page.locator("#requests tbody tr")).to_have_count(1)
    assert there.wrong == []


def test_a_callback_is_replayed_and_arrives(owner: Person, visit: Visits, sandbox: RunningSandbox) -> None:
    row = make_callback(owner.organization, url=f"{sandbox.url}/callbacks/shop", status="FAILED", attempts=13)
    there = visit(owner)
    page = there.open(f"/developers/callbacks/{row.public_id}/")

    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("Not tried yet.")).to_be_visible()
    assert send_due(seconds=60) == 1

    expect(page.get_by_text("Delivered", exact=True).first).to_be_visible()  # it comes by itself
    expect(page.get_by_text('{"received": true}')).to_be_visible()
    (came,) = sandbox.control("GET", "callbacks")["items"]
    assert {name.lower(): value for name, value in came["headers"].items()}["webhook-id"] == row.public_id
    assert there.wrong == []


def test_a_test_is_sent_and_the_secret_shown(owner: Person, visit: Visits, sandbox: RunningSandbox) -> None:
    there = visit(owner)
    page = there.open("/developers/callbacks/test/")
    page.get_by_label("Address").fill(f"{sandbox.url}/callbacks/try")
    sender = threading.Thread(target=lambda: send_due(seconds=60))
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_text("1 of 1").or_(page.get_by_text("0 of 1"))).to_be_visible()
    sender.run()
    expect(page.get_by_text("1 of 1")).to_be_visible()
    assert Callback.objects.get().status == "DELIVERED"

    there.open("/developers/callbacks/signing/")
    page.get_by_role("button", name="Show the secret").click()
    expect(page.locator("#secret-1")).to_contain_text("whsec_")
    assert violations(page) == []
    assert there.wrong == []


def test_the_language_is_remembered_and_code_copied(owner: Person, channel: Channel, visit: Visits) -> None:
    there = visit(owner, permissions=["clipboard-read", "clipboard-write"])
    page = there.open("/developers/reference/create-post/")
    expect(page.get_by_text("curl http").first).to_be_visible()
    page.get_by_role("tab", name="curl").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("import requests").first).to_be_visible()
    expect(page.get_by_text("curl http").first).to_be_hidden()

    there.open("/developers/reference/list-accounts/")
    expect(page.get_by_text("import requests")).to_be_visible()
    page.get_by_role("button", name="Copy Python: Request").click()
    clipboard(page, "import os\n\nimport requests\n\nreply = requests.get(\n")
    page.get_by_label("Search the reference").fill("retry a failed")
    page.get_by_role("link", name="Retry a failed post").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Retry a failed post")
    assert there.wrong == []


def test_the_reference_is_whole_without_javascript(owner: Person, visit: Visits) -> None:
    page = visit(owner, java_script_enabled=False).open("/developers/reference/list-accounts/")

    for words in ("curl http", "import requests", "await fetch"):
        expect(page.get_by_text(words).first).to_be_visible()


def test_the_javascript_of_the_reference_runs(
    owner: Person, channel: Channel, visit: Visits, live_server: LiveServer
) -> None:
    there = visit(owner, bypass_csp=True)
    page = there.open("/developers/api/")
    run = """async ([code, key]) => {
        const process = { env: { CHAT33_KEY: key } }, said = [];
        const Run = Object.getPrototypeOf(async () => {}).constructor;
        await new Run("process", "console", code)(process, { log: (value) => said.push(value) });
        return said[0];
    }"""
    ran = 0
    for shown in every_call():
        if shown.page.path == "/media/upload":
            continue  # a file of the reader's, or one on another host
        call = shown.call(live_server.url, stand_for(owner, channel, shown.page))
        (code,) = [sample.code for sample in samples(call) if sample.name == "JavaScript"]
        assert page.evaluate(run, [code, owner.key]), str(shown)
        ran += 1
    assert ran > 20

    secret = new_secret()
    headers = sign(secrets=[new_secret(), secret], message_id="cb_1", timestamp=int(utcnow().timestamp()), body=b"{}")
    check = f"""([secret, headers, body]) => {{ const process = {{ env: {{ CHAT33_WEBHOOK_SECRET: secret }} }};
        {JAVASCRIPT}
        return isGenuine(headers, body); }}"""
    assert page.evaluate(check, [secret, headers, "{}"]) is True
    assert page.evaluate(check, [secret, headers, "{ }"]) is False
    assert page.evaluate(check, [new_secret(), headers, "{}"]) is False


def test_anything_is_reached_by_a_few_letters(owner: Person, visit: Visits, tmp_path: Path) -> None:
    make_post(make_channel(owner.organization, "instagram", name="Beans"), text="New beans are in")
    there = visit(owner)
    page = there.open("/developers/")

    page.keyboard.press("Control+k")
    page.keyboard.type("signing")
    option = page.get_by_role("option", name="Signing secret")
    expect(option).to_have_attribute("aria-selected", "true")
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Signing")
    page.wait_for_load_state()  # keys need their script

    page.keyboard.press("Control+k")
    page.keyboard.type("beans")
    expect(page.get_by_role("option", name="New beans are in")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", name="Beans @")).to_have_attribute("aria-selected", "true")
    assert there.wrong == []
