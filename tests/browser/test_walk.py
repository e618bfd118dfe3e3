"""Every page, in light and dark, on a desktop and a phone: axe finds nothing, nothing is blocked, nothing leaves the host.

``make screenshots`` runs this too, with ``CHAT33_SCREENSHOTS`` naming the folder that gets a picture of each.
"""

import os
from pathlib import Path

import pytest

from tests.browser.axe import violations
from tests.browser.conftest import Visits
from tests.browser.walk import STOPS, Stop
from tests.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# Nothing is on its way any more: what htmx asked for has come, and charts have drawn.
AT_REST = "() => document.readyState === 'complete' && !document.querySelector('.htmx-request, [data-loading]')"
PICTURES = os.environ.get("CHAT33_SCREENSHOTS", "")


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
def test_a_page_is_sound_everywhere(stop: Stop, owner: Person, visit: Visits) -> None:
    if stop.before:
        stop.before(owner)
    address = stop.address(owner)
    wrong: list[str] = []
    for phone in (False, True):
        here = visit(None if stop.anonymous else owner, phone=phone)
        here.page.goto(f"{here.home}{address}")
        here.page.wait_for_function(AT_REST)
        for scheme in ("light", "dark"):
            here.page.emulate_media(color_scheme=scheme)
            told = f"{'phone' if phone else 'desktop'} {scheme}"
            if PICTURES:
                here.page.screenshot(path=Path(PICTURES) / f"{stop.name}-{told.replace(' ', '-')}.png", full_page=True)
            wrong += [f"{told}: {text}" for text in violations(here.page)]
            wide = here.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            wrong += [f"{told}: {wide} px wider than the screen"] if wide > 0 else []
        wrong += [text for text in here.wrong if "status of 404" not in text or stop.name != "not-found"]

    assert not wrong, "\n".join(wrong)
