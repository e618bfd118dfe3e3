"""``/api/t`` and ``/l/{code}``: the click is stored, then the person goes on, and only where we vouch for."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from pytest_django.fixtures import Settings

from chat33.lib.clock import utcnow
from contacts.models import Contact
from tests.people import Person
from tests.tracking.edges import ANDROID, IPHONE, RunningEdge, running_edge
from tracking.links.signing import link_keys, short_url, wrap_link
from tracking.links.targets import signature, wrapped
from tracking.models import Axis, Event, Link, Rollup

SITE = "https://shop.example"


def make_link(person: Person, **given: Any) -> Link:
    """A stored link."""
    fields = {"code": "go", "url": f"{SITE}/", "created_by": "test", **given}
    return Link.objects.create(organization=person.organization, **fields)


def signed(person: Person, url: str, **given: str) -> str:
    """The path of a link that we made."""
    made = signature(link_keys()[0], person.organization.public_id, url, given)
    return wrapped("", url, given, made)


def verify(person: Person, host: str = "shop.example") -> None:
    person.organization.domains.create(host=host, challenge="c", verified_at=utcnow())


def test_a_signed_link_records_the_click_and_leads_on_with_what_was_given(owner: Person, edge: RunningEdge) -> None:
    contact = Contact.objects.create(organization=owner.organization)
    reply = edge.get(signed(owner, f"{SITE}/signup?a=1#top", cid=contact.public_id, fid="flow123"))
    assert reply.status_code == 302
    assert reply.headers["Location"] == f"{SITE}/signup?a=1&cid={contact.public_id}&fid=flow123#top"
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    event = Event.objects.get()
    assert (event.name, event.source, event.by, event.contact_ref) == ("click", "link", "person", contact.public_id)
    assert event.flow == "flow123"


def test_the_documents_unencoded_example_is_read(owner: Person, edge: RunningEdge) -> None:
    verify(owner, "yoursite.com")
    reply = edge.get("/api/t?url=https://yoursite.com/signup&cid=cm1abc&fid=flow123&ch=ig1")
    assert reply.status_code == 302
    assert reply.headers["Location"] == "https://yoursite.com/signup?cid=cm1abc&fid=flow123&ch=ig1"


def test_only_what_was_given_is_appended_and_what_is_there_is_replaced(owner: Person, edge: RunningEdge) -> None:
    verify(owner)
    target = f"{SITE}/?cid=old&x=%20y&fid=kept"
    reply = edge.get(f"/api/t?{urlencode({'url': target, 'cid': 'new'})}")
    assert reply.headers["Location"] == f"{SITE}/?x=%20y&fid=kept&cid=new"


@pytest.mark.parametrize("bent", ["url", "cid", "organization", "extra", "letters"])
def test_a_signed_link_cannot_be_bent(owner: Person, stranger: Person, edge: RunningEdge, bent: str) -> None:
    made = signature(link_keys()[0], owner.organization.public_id, f"{SITE}/a", {"cid": "cm1"})
    given = {"url": f"{SITE}/a", "cid": "cm1", "s": made}
    if bent == "url":
        given["url"] = "https://evil.example/"
    elif bent == "cid":
        given["cid"] = "cm2"
    elif bent == "organization":
        given["s"] = made.replace(owner.organization.public_id, stranger.organization.public_id)
    elif bent == "letters":
        given["s"] = f"{made}ü"
    else:
        given["fid"] = "flow9"
    reply = edge.get(f"/api/t?{urlencode(given)}")
    assert reply.status_code == 200
    assert not Event.objects.exists()


def test_an_unknown_host_is_named_and_nothing_is_recorded(owner: Person, edge: RunningEdge) -> None:
    contact = Contact.objects.create(organization=owner.organization)
    target = "https://evil.example/<script>alert(1)</script>\"'"
    reply = edge.get(f"/api/t?{urlencode({'url': target, 'cid': contact.public_id})}")
    assert reply.status_code == 200
    assert "<strong>evil.example</strong>" in reply.text
    assert "<script" not in reply.text
    policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert not Event.objects.exists()


def test_a_long_host_is_not_named_by_its_beginning(owner: Person, edge: RunningEdge) -> None:
    """Which would be enough to pass for another one."""
    host = f"accounts.bank.example.{'x' * 60}.evil.example"
    reply = edge.get(f"/api/t?url=https://{host}/")
    assert f"<strong>{host}</strong>" in reply.text
    assert ">Go on</a>" in reply.text
    assert ">Go to evil.example</a>" in edge.get("/api/t?url=https://evil.example/").text


def test_a_host_that_is_not_verified_yet_is_asked_about(owner: Person, edge: RunningEdge) -> None:
    owner.organization.domains.create(host="shop.example", challenge="c")
    assert edge.get(f"/api/t?url={SITE}/").status_code == 200
    assert not Event.objects.exists()


def test_an_address_of_a_stored_link_leads_on(owner: Person, edge: RunningEdge) -> None:
    link = make_link(owner, url="https://other.example/x?y=1")
    assert edge.get(f"/api/t?url={quote(link.url, '')}&cid=cm1").status_code == 302
    assert edge.get(f"/api/t?url={quote(link.url + '2', '')}&cid=cm1").status_code == 200
    assert Event.objects.get().link_id == link.pk


def test_of_two_that_verified_a_host_the_contact_says_whose_click_it_is(
    owner: Person, stranger: Person, edge: RunningEdge
) -> None:
    verify(owner)
    verify(stranger)
    theirs = Contact.objects.create(organization=stranger.organization)
    assert edge.get(f"/api/t?url={SITE}/&cid={theirs.public_id}").status_code == 302
    assert Event.objects.get().organization_id == stranger.organization.pk


BAD = (
    "",
    "javascript:alert(1)",
    "data:text/html,x",
    "//evil.example/",
    "/path",
    "ftp://shop.example/",
    "https://user:pass@shop.example/",
    "https://shop.example\\@evil.example/",
    "https://shop.example/\r\nSet-Cookie: a=b",
    "https://shop.example/\x00",
    "https:///x",
    "https://[::1/",
    "https://shop.example:99999999/",
    f"https://shop.example/{'x' * 9_000}",
)


@pytest.mark.parametrize("target", BAD)
def test_what_is_no_address_of_the_web_is_400(owner: Person, edge: RunningEdge, target: str) -> None:
    verify(owner)
    reply = edge.get(f"/api/t?{urlencode({'url': target})}")
    assert reply.status_code == 400
    assert list(reply.json()) == ["error", "message", "details"]
    assert not Event.objects.exists()


def test_a_link_to_our_own_tracking_is_refused(edge: RunningEdge) -> None:
    base = edge.edge.state.config.base_url
    assert edge.get(f"/api/t?{urlencode({'url': f'{base}/api/t?url=https://x.example'})}").status_code == 400


def test_other_letters_are_encoded(owner: Person, edge: RunningEdge) -> None:
    verify(owner, "xn--bcher-kva.example")
    reply = edge.get(f"/api/t?{urlencode({'url': 'https://bücher.example/straße?q=ü'})}")
    assert reply.headers["Location"] == "https://xn--bcher-kva.example/stra%C3%9Fe?q=%C3%BC"


@pytest.mark.parametrize(
    ("agent", "headers", "method", "by", "name"),
    [
        ("WhatsApp/2.24.1 A", {}, "GET", "preview", "WhatsApp"),
        ("TelegramBot (like TwitterBot)", {}, "GET", "preview", "Telegram"),
        (IPHONE, {"Sec-Purpose": "prefetch"}, "GET", "prefetch", "Browser"),
        (IPHONE, {}, "HEAD", "bot", "Mozilla"),
        ("curl/8.5.0", {}, "GET", "bot", "curl"),
        (IPHONE, {}, "GET", "person", "ios"),
    ],
)
def test_who_asks_is_told_apart(
    owner: Person, edge: RunningEdge, agent: str, headers: dict[str, str], method: str, by: str, name: str
) -> None:
    link = make_link(owner)
    assert edge.get("/l/go", agent=agent, method=method, **headers).status_code == 302
    event = Event.objects.get()
    assert (event.by, event.agent) == (by, name)
    link.refresh_from_db()
    assert link.clicks == (1 if by == "person" else 0)
    assert Rollup.objects.get(axis=Axis.LINK).by == by


def test_a_stored_link_carries_contact_flow_channel_and_the_click(owner: Person, edge: RunningEdge) -> None:
    contact = Contact.objects.create(organization=owner.organization)
    link = make_link(
        owner, url=f"{SITE}/?a=1", contact=contact, flow="f1", campaign="spring", post="post_1", influencer="ann"
    )
    query = parse_qs(urlsplit(edge.get("/l/go").headers["Location"]).query)
    assert query["a"] == ["1"]
    assert (query["cid"], query["fid"]) == ([contact.public_id], ["f1"])
    event = Event.objects.get()
    assert query["c33"] == [event.event_id]
    assert (event.link_id, event.campaign, event.post, event.influencer) == (link.pk, "spring", "post_1", "ann")
    edge.get("/l/go?cid=cm9")
    assert set(Event.objects.values_list("contact_ref", flat=True)) == {contact.public_id, "cm9"}


def test_a_smart_link_leads_by_device_and_embeds_what_each_store_takes(owner: Person, edge: RunningEdge) -> None:
    apple, google = (
        "https://apps.apple.com/app/id123456",
        "https://play.google.com/store/apps/details?id=com.example.app",
    )
    make_link(owner, kind="smart", ios_url=apple, android_url=f"{google}&referrer=utm_source%3Ddm", flow="f1")
    assert edge.get("/l/go", agent=IPHONE).headers["Location"] == apple
    there = edge.get("/l/go", agent=ANDROID).headers["Location"]
    query = parse_qs(urlsplit(there).query)
    assert query["id"] == ["com.example.app"]
    referrer = parse_qs(query["referrer"][0])
    assert (referrer["utm_source"], referrer["fid"]) == (["dm"], ["f1"])
    assert referrer["c33"] == [Event.objects.get(agent="android").event_id]
    assert edge.get("/l/go").headers["Location"].startswith(f"{SITE}/?fid=f1&c33=clk_")


def test_a_deep_link_is_tried_on_a_phone_and_previews_are_sent_on(owner: Person, edge: RunningEdge) -> None:
    make_link(owner, kind="smart", deep_link='demoapp://item/5?x="><script>')
    page = edge.get("/l/go", agent=ANDROID)
    assert page.status_code == 200
    assert 'data-app="demoapp://item/5?x=&quot;&gt;&lt;script&gt;&amp;c33=clk_' in page.text
    assert "script-src 'sha256-" in page.headers["Content-Security-Policy"]
    assert edge.get("/l/go").status_code == 302
    assert edge.get("/l/go", agent="WhatsApp/2.24.1 A").status_code == 302


def test_the_app_that_is_opened_is_told_who_clicked(owner: Person, edge: RunningEdge) -> None:
    make_link(owner, kind="smart", url=f"{SITE}/", deep_link="demoapp://sale/4?from=dm#top", flow="f1")
    page = edge.get("/l/go?cid=cm9", agent=IPHONE).text
    click = Event.objects.get().event_id
    assert f'data-app="demoapp://sale/4?from=dm&amp;cid=cm9&amp;fid=f1&amp;c33={click}#top"' in page
    assert f'href="{SITE}/?cid=cm9&amp;fid=f1&amp;c33={click}"' in page


def test_a_partners_link_carries_contact_and_influencer_as_the_partner_gives_them_back(
    owner: Person, edge: RunningEdge
) -> None:
    make_link(
        owner, kind="smart", ios_url="https://demo.onelink.me/abc?pid=dm", android_url="https://app.adjust.com/xyz",
        influencer="mia",
    )  # fmt: skip
    there = edge.get("/l/go?cid=cm9", agent=IPHONE).headers["Location"]
    assert there == "https://demo.onelink.me/abc?pid=dm&af_sub1=cm9&af_sub2=mia"
    assert edge.get("/l/go?cid=cm9", agent=ANDROID).headers["Location"] == "https://app.adjust.com/xyz?label=cm9"


def test_google_play_hands_the_influencer_to_the_app(owner: Person, edge: RunningEdge) -> None:
    make_link(owner, kind="smart", android_url="https://play.google.com/store/apps/details?id=a.b", influencer="mia")
    there = edge.get("/l/go?cid=cm9", agent=ANDROID).headers["Location"]
    referrer = parse_qs(parse_qs(urlsplit(there).query)["referrer"][0])
    assert (referrer["cid"], referrer["influencer"]) == (["cm9"], ["mia"])


def test_a_link_ends_at_its_time(owner: Person, edge: RunningEdge) -> None:
    make_link(owner, code="over", expires_at=utcnow() - timedelta(seconds=1))
    make_link(owner, code="else", expires_at=utcnow() - timedelta(seconds=1), expired_url=f"{SITE}/ended")
    assert edge.get("/l/over").status_code == 410
    assert edge.get("/l/else").headers["Location"] == f"{SITE}/ended"
    assert set(Event.objects.values_list("name", flat=True)) == {"click.expired"}


def test_a_link_ends_exactly_after_its_clicks_by_people(owner: Person, edge: RunningEdge) -> None:
    make_link(owner, click_limit=3)
    edge.get("/l/go", agent="WhatsApp/2.24.1 A")
    assert [edge.get("/l/go").status_code for _ in range(5)] == [302, 302, 302, 410, 410]


def test_of_many_people_at_once_exactly_as_many_are_led_on_as_the_limit_says(owner: Person, edge: RunningEdge) -> None:
    link = make_link(owner, click_limit=10, expired_url=f"{SITE}/ended")
    ready = Barrier(64)

    def click(_: int) -> str:
        ready.wait(20)
        return edge.get("/l/go").headers["Location"]

    with ThreadPoolExecutor(64) as pool:
        there = list(pool.map(click, range(64)))
    led_on = [one for one in there if one.startswith(f"{SITE}/?c33=clk_")]
    assert (len(led_on), len(set(led_on)), there.count(f"{SITE}/ended")) == (10, 10, 54)
    link.refresh_from_db()
    assert Rollup.objects.get(axis=Axis.LINK, name="click").events == link.clicks


def test_what_a_flow_sends_leads_through_and_after_the_secret_has_changed_too(
    owner: Person, transactional_db: None, settings: Settings
) -> None:
    old = wrap_link(f"{SITE}/a?b=1", organization=owner.organization, contact="cm1", flow="flow1", channel="chan_1")
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "a new secret of this installation"
    new = wrap_link(f"{SITE}/a?b=1", organization=owner.organization, contact="cm1", flow="flow1", channel="chan_1")
    with running_edge() as edge:
        for link in (old, new):
            reply = edge.get(link.removeprefix(settings.BASE_URL))
            assert reply.status_code == 302, reply.text
            assert reply.headers["Location"] == f"{SITE}/a?b=1&cid=cm1&fid=flow1&ch=chan_1"
    assert Event.objects.filter(contact_ref="cm1", flow="flow1", channel="chan_1").count() == 2
    settings.SECRET_KEY_FALLBACKS = []
    with running_edge() as edge:
        assert edge.get(old.removeprefix(settings.BASE_URL)).status_code == 200


def test_a_short_link_in_a_message_says_whose_click_it_is(owner: Person, edge: RunningEdge, settings: Settings) -> None:
    link = make_link(owner)
    sent = wrap_link(short_url(link.code), organization=owner.organization, contact="cm1", flow="flow1")
    assert (
        edge.get(sent.removeprefix(settings.BASE_URL)).headers["Location"].startswith(f"{SITE}/?cid=cm1&fid=flow1&c33=")
    )


def test_a_code_that_is_unknown_archived_or_odd_is_404(owner: Person, edge: RunningEdge) -> None:
    make_link(owner, code="gone", archived_at=utcnow())
    for code in ("gone", "nothing", "x" * 500, "%00", "%C3%BC"):
        assert edge.get(f"/l/{code}").status_code == 404
    assert edge.get("/l/go", method="POST").status_code == 405


def test_a_changed_link_leads_to_its_new_place_within_two_seconds(owner: Person, edge: RunningEdge) -> None:
    link = make_link(owner)
    edge.get("/l/go")
    link.url = f"{SITE}/new"
    link.save(update_fields=["url"])
    until = utcnow() + timedelta(seconds=2)
    asked = utcnow()
    while not edge.get("/l/go").headers["Location"].startswith(f"{SITE}/new"):
        assert asked < until
        asked = utcnow()
