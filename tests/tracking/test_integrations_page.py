"""Settings → Integrations: who sees what, tokens shown once, and the words and addresses that are pasted elsewhere."""

import html
import re
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat33.lib.clock import utcnow
from chat33.lib.secrets import digest
from chat33.orgs.models import Package, Role
from tests.factories import make_member
from tests.people import Client, Person
from tracking.models import Token, TokenKind
from tracking.tokens import make_token

pytestmark = pytest.mark.django_db

HOME = "/settings/integrations/"


def text(client: Client, path: str = HOME) -> str:
    reply = client.get(path)
    assert reply.status_code == 200, path
    return html.unescape(reply.content.decode())


def made(person: Person, kind: TokenKind) -> tuple[Token, str]:
    return make_token(organization=person.organization, kind=kind, by=person.user.public_id, now=utcnow())


def viewer_of(owner: Person) -> Client:
    return Person(make_member(owner.organization, Role.VIEWER), owner.organization, "").browser()


def test_nobody_comes_in_without_logging_in(db: None) -> None:
    assert Client().get(HOME).headers["Location"].startswith("/accounts/login/")


def test_it_speaks_the_document_s_words(owner: Person) -> None:
    page = text(owner.browser())

    for word in ("MMP Token", "Generate Token", "MMP Webhook Secret", "Pixel Token", "YOUR_TOKEN", "YOUR_SECRET"):
        assert word in page
    assert f'<script src="{settings.BASE_URL}/pixel.js" data-token="YOUR_TOKEN"></script>' in page
    assert f"{settings.BASE_URL}/api/webhooks/mmp?secret=YOUR_SECRET" in page


@pytest.mark.parametrize(
    ("rate", "words"),
    [("100/m", "MMP token, at most 100 a minute."), ("5000/10m", "MMP token, at most 5,000 in 10 minutes."),
     ("off", "MMP token.")],
)  # fmt: skip
def test_it_says_how_many_events_this_organization_may_send(owner: Person, rate: str, words: str) -> None:
    owner.organization.package = Package.objects.create(name="Roasters", limits={"EVENTS": rate})
    owner.organization.save()

    assert f"Send events by the {words}" in text(owner.browser())


@pytest.mark.parametrize("kind", list(TokenKind))
def test_a_token_is_in_the_answer_that_makes_it_and_only_the_pixel_s_in_later_ones(
    owner: Person, kind: TokenKind
) -> None:
    browser = owner.browser()
    answer = html.unescape(browser.post(f"{HOME}generate/{kind}/").content.decode())
    token = Token.objects.get(organization=owner.organization)
    raw = next(found for found in re.findall(r"c33[smp]_\w+", answer) if digest(found) == token.digest)

    assert answer.count(raw) > 1  # in its card, and in what is pasted elsewhere
    assert (raw in text(browser)) is (kind == TokenKind.PIXEL)
    assert token.prefix in text(browser)


def test_a_fresh_secret_is_in_every_mmp_s_address(owner: Person) -> None:
    answer = html.unescape(owner.browser().post(f"{HOME}generate/mmp/").content.decode())
    (raw,) = set(re.findall(r"c33m_\w{36}", answer))

    for mmp in ("appsflyer", "adjust", "tenjin", "singular"):
        assert f"?secret={raw}&mmp={mmp}" in answer
    assert "label={label}" in answer
    assert "click_id={{click_id}}" in answer


def test_generating_twice_makes_one(owner: Person) -> None:
    browser = owner.browser()
    browser.post(f"{HOME}generate/server/")
    assert browser.post(f"{HOME}generate/server/").status_code == 302
    assert Token.objects.count() == 1
    assert browser.post(f"{HOME}generate/nothing/").status_code == 404


def test_replacing_shows_the_new_one_and_says_how_long_the_old_one_opens(owner: Person) -> None:
    old, _ = made(owner, TokenKind.MMP)
    answer = owner.browser().post(f"{HOME}{old.public_id}/rotate/", {"keep": "7d"}).content.decode()
    old.refresh_from_db()

    assert "opens too until" in answer
    assert "c33m_" in answer
    assert old.expires_at is not None
    assert 6 <= (old.expires_at - utcnow()).days <= 7


def test_revoking_says_so_and_takes_it_off_the_page(owner: Person) -> None:
    token, _ = made(owner, TokenKind.SERVER)
    reply = owner.browser().post(f"{HOME}{token.public_id}/revoke/", follow=True)
    token.refresh_from_db()

    assert token.revoked_at is not None
    assert "is revoked" in html.unescape(reply.content.decode())
    assert "Begins with" not in text(owner.browser())


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTRIBUTOR, Role.EDITOR])
def test_who_may_not_manage_sees_no_secret_and_changes_nothing(owner: Person, role: Role) -> None:
    token, _ = made(owner, TokenKind.PIXEL)
    browser = Person(make_member(owner.organization, role), owner.organization, "").browser()
    page = text(browser).partition("<main")[2].partition("</main>")[0]

    assert 'method="post"' not in page
    assert token.shown in page
    for path in ("generate/mmp/", f"{token.public_id}/rotate/", f"{token.public_id}/revoke/", "origins/"):
        assert browser.post(f"{HOME}{path}").status_code == 403
    token.refresh_from_db()
    assert (token.revoked_at, Token.objects.count()) == (None, 1)


def test_a_stranger_s_token_is_not_there_and_a_forged_form_is_refused(owner: Person, stranger: Person) -> None:
    token, _ = made(owner, TokenKind.SERVER)

    for action in ("rotate", "revoke"):
        assert stranger.browser().post(f"{HOME}{token.public_id}/{action}/").status_code == 404
        assert owner.browser(csrf=True).post(f"{HOME}{token.public_id}/{action}/").status_code == 403
    assert owner.browser().post(f"{HOME}tok_nonsense/revoke/").status_code == 404
    assert owner.browser(csrf=True).post(f"{HOME}generate/mmp/").status_code == 403
    assert Token.objects.get().revoked_at is None
    assert token.prefix not in text(stranger.browser())


def test_origins_are_kept_as_browsers_name_them_and_nonsense_stays_in_the_form(owner: Person) -> None:
    browser = owner.browser()
    assert browser.post(f"{HOME}origins/", {"origins": "shop.example"}).status_code == 302  # there is no token yet
    token, _ = made(owner, TokenKind.PIXEL)
    browser.post(f"{HOME}origins/", {"origins": "shop.example\r\nhttps://WWW.example.com/"})
    token.refresh_from_db()
    assert token.origins == ["https://shop.example", "https://www.example.com"]

    reply = browser.post(f"{HOME}origins/", {"origins": "javascript:alert(1)"})
    token.refresh_from_db()
    assert reply.status_code == 422
    assert "javascript:alert(1)" in html.unescape(reply.content.decode())
    assert len(token.origins) == 2


def test_the_tester_says_where_the_pixel_was_seen(owner: Person, stranger: Person) -> None:
    assert "Not seen yet" in text(owner.browser(), f"{HOME}seen/")
    token, _ = made(owner, TokenKind.PIXEL)
    Token.objects.filter(pk=token.pk).update(seen_at=utcnow(), seen_origin="https://shop.example")

    page = text(owner.browser(), f"{HOME}seen/")
    assert "We have seen your pixel on" in page
    assert "shop.example" in page
    assert "Not seen yet" in text(stranger.browser(), f"{HOME}seen/")


def test_old_tokens_cost_no_more_queries(owner: Person) -> None:
    def cost() -> int:
        browser = owner.browser()
        text(browser)
        with CaptureQueriesContext(connection) as captured:
            text(browser)
        return len(captured)

    made(owner, TokenKind.MMP)
    one = cost()
    for number in range(20):
        Token.objects.create(
            organization=owner.organization, kind="mmp", prefix="c33m_0000000", digest=f"d{number}", created_by="x",
            expires_at=datetime(2099, 1, 1, tzinfo=UTC),
        )  # fmt: skip
    assert cost() == one
