"""Settings → Integrations in a browser: a secret is generated and shown once, and the tester notices the pixel by itself."""

import re

import pytest
from playwright.sync_api import expect

from chat33.lib.clock import utcnow
from tests.browser.axe import violations
from tests.browser.conftest import Visits
from tests.people import Person
from tracking.models import Token

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_secret_is_shown_once_with_the_address_to_paste_and_replaced(owner: Person, visit: Visits) -> None:
    here = visit(owner)
    page = here.open("/settings/integrations/")
    page.get_by_role("button", name="Generate Secret").click()
    page.wait_for_load_state()  # the tabs need their script
    card = page.get_by_role("region", name="MMP Webhook Secret", exact=True)
    raw = card.locator("#raw-mmp").inner_text()

    assert re.fullmatch(r"c33m_\w{36}", raw)
    page.get_by_role("tab", name="Adjust").click()
    expect(page.get_by_role("tabpanel", name="Adjust").locator("code").first).to_contain_text(
        f"secret={raw}&mmp=adjust&activity_kind={{activity_kind}}"
    )
    assert violations(page) == []
    page.goto(f"{here.home}/settings/integrations/")
    expect(page.get_by_role("main")).not_to_contain_text(raw)
    card.get_by_role("button", name="Replace").click()
    dialog = page.get_by_role("dialog", name="Replace the MMP Webhook Secret?")
    dialog.get_by_label("The old one still opens").select_option("For an hour")
    dialog.get_by_role("button", name="Replace").click()
    expect(card).to_contain_text("opens too until")
    assert card.locator("#raw-mmp").inner_text() != raw
    assert here.wrong == []


def test_the_tester_notices_by_itself(owner: Person, visit: Visits) -> None:
    here = visit(owner)
    page = here.open("/settings/integrations/")
    page.get_by_role("button", name="Generate Token: Pixel Token").click()
    expect(page.get_by_text("Not seen yet")).to_be_visible()
    Token.objects.update(seen_at=utcnow(), seen_origin="https://shop.example")

    expect(page.get_by_text("We have seen your pixel on shop.example")).to_be_visible()
    assert here.wrong == []
