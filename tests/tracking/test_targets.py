"""Where a link may lead, and that a signature covers every word of it."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tracking.links.embedding import embedded
from tracking.links.targets import (
    NotATarget,
    app_address,
    appended,
    asked,
    host_of,
    signature,
    signed_by,
    target_of,
    wrapped,
)

NEW, OLD, OTHER = b"n" * 32, b"o" * 32, b"x" * 32
GIVEN = {"cid": "cm1", "fid": "flow1", "ch": "chan_1"}


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://shop.example/a?b=1#c", "shop.example"),
        ("HTTPS://Shop.Example./", "shop.example"),
        ("http://127.0.0.1:8000/", "127.0.0.1"),
        ("https://[::1]/", "::1"),
    ],
)
def test_a_web_address_has_a_host(url: str, host: str) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    "url",
    [
        "", "shop.example", "//shop.example/", "javascript:alert(1)", "data:text/html,hi", "ftp://shop.example/",
        "https://", "https:///path", "https://good.example@evil.example/", "https://good.example\\@evil.example/",
        "https:\\\\evil.example", "https://shop.example/\r\nSet-Cookie: a=b", "https://shop.example/\x00",
        "https://sh\nop.example/", "https://shop.example:99999/", "https://shop.example/" + "a" * 8_000,
        "https://[::1/", "https://[bad]/",
    ],
)  # fmt: skip
def test_nothing_else_is_a_target(url: str) -> None:
    with pytest.raises(NotATarget):
        target_of(url)


def test_letters_of_other_scripts_are_encoded() -> None:
    assert target_of(" https://BÜCHER.example:8443/straße?q=ä b&c=%20 ") == (
        "https://xn--bcher-kva.example:8443/stra%C3%9Fe?q=%C3%A4%20b&c=%20"
    )


@pytest.mark.parametrize("url", ["myapp://sale/4?x=1", "com.example.app://open", "https://shop.example/app"])
def test_an_app_opens_by_its_own_scheme_or_a_claimed_address(url: str) -> None:
    assert app_address(url) == url


@pytest.mark.parametrize(
    "url",
    ["javascript://%0aalert(1)", "JavaScript://x", "data://text/html", "file:///etc/passwd", "vbscript://x", "myapp:open",
     "my app://x", 'myapp://"><b>', "://x", "blob://x", "view-source://x", "http://a@b/", "myapp://" + "a" * 8_000],
)  # fmt: skip
def test_nothing_that_a_browser_carries_out_opens_an_app(url: str) -> None:
    with pytest.raises(NotATarget):
        app_address(url)


def test_a_parameter_that_is_there_is_replaced_and_the_rest_stays_as_it_was() -> None:
    assert appended("https://shop.example/a?cid=old&x=%2F&cid=older#part", GIVEN) == (
        "https://shop.example/a?x=%2F&cid=cm1&fid=flow1&ch=chan_1#part"
    )
    assert appended("https://shop.example", {"cid": "cm1", "fid": ""}) == "https://shop.example?cid=cm1"


def test_the_document_s_own_link_is_read() -> None:
    url, given, found = asked("url=https://yoursite.com/signup&cid=cm1abc&fid=flow123")

    assert (url, given, found) == ("https://yoursite.com/signup", {"cid": "cm1abc", "fid": "flow123"}, "")
    assert appended(url, given) == "https://yoursite.com/signup?cid=cm1abc&fid=flow123"


def test_a_repeated_parameter_counts_once_the_first() -> None:
    assert asked("url=https://a.example/&url=https://b.example/")[0] == "https://a.example/"


def test_what_is_wrapped_comes_out_whole_and_vouched_for() -> None:
    target = "https://shop.example/a?x=1&y=ä%20b#c"
    link = wrapped("https://chat33.example", target, GIVEN, signature(NEW, "org_1", target, GIVEN))

    url, given, found = asked(urlsplit(link).query)

    assert (url, given) == (target, GIVEN)
    assert signed_by([NEW], url, given, found) == "org_1"
    assert signed_by([OTHER, NEW], url, given, found) == "org_1"
    assert link.isascii()


@pytest.mark.parametrize(
    ("url", "given"),
    [
        ("https://evil.example/", GIVEN),
        ("https://shop.example/", {**GIVEN, "cid": "cm2"}),
        ("https://shop.example/", {"cid": "cm1", "fid": "flow1"}),
        ("https://shop.example/", {"cid": "flow1", "fid": "cm1", "ch": "chan_1"}),
        ("https://shop.example/\ncm1", {"fid": "flow1", "ch": "chan_1"}),
    ],
)
def test_a_signature_is_good_for_its_own_words_alone(url: str, given: dict[str, str]) -> None:
    found = signature(NEW, "org_1", "https://shop.example/", GIVEN)

    assert signed_by([NEW], "https://shop.example/", GIVEN, found) == "org_1"
    assert signed_by([NEW], url, given, found) == ""


def test_a_signature_is_one_organization_s_and_ends_with_its_key() -> None:
    found = signature(OLD, "org_1", "https://shop.example/", {})

    assert signed_by([NEW, OLD], "https://shop.example/", {}, found) == "org_1"
    assert signed_by([NEW], "https://shop.example/", {}, found) == ""
    assert signed_by([OLD], "https://shop.example/", {}, found.replace("org_1", "org_2")) == ""
    assert [signed_by([OLD], "https://shop.example/", {}, junk) for junk in ("", ".", "org_1", "ä.ö", "org_1.")] == [
        ""
    ] * 5


# What an install comes back with


def referrer_of(url: str) -> dict[str, list[str]]:
    return parse_qs(parse_qs(urlsplit(url).query)["referrer"][0])


def test_google_play_s_referrer_carries_contact_and_influencer_beside_the_campaign() -> None:
    url = "https://play.google.com/store/apps/details?id=com.example.app&referrer=utm_source%3Dig%26cid%3Dold"

    made = embedded(url, {"cid": "cm1", "c33": "clk_1"}, influencer="mia")

    assert referrer_of(made) == {"utm_source": ["ig"], "cid": ["cm1"], "c33": ["clk_1"], "influencer": ["mia"]}
    assert parse_qs(urlsplit(made).query)["id"] == ["com.example.app"]
    assert embedded("https://play.google.com/store/apps/details?id=a.b", {}) == (
        "https://play.google.com/store/apps/details?id=a.b"
    )


def test_the_app_store_is_told_nothing_about_a_person() -> None:
    url = "https://apps.apple.com/app/apple-store/id123456789?pt=1&ct=spring&mt=8"

    assert embedded(url, {"cid": "cm1"}, influencer="mia") == url


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("https://brand.onelink.me/aB1?pid=Chat33", {"af_sub1": "cm1", "af_sub2": "mia"}),
        ("https://app.adjust.com/abc123", {"label": "cm1"}),
        ("https://brand.go.link/x", {"label": "cm1"}),
        ("https://track.tenjin.com/v0/click/x", {"click_id": "cm1"}),
        ("https://brand.sng.link/A/b/c", {"passthrough": "cm1"}),
        ("https://shop.example/app", {"cid": "cm1", "fid": "flow1"}),
        ("https://notonelink.me/x", {"cid": "cm1", "fid": "flow1"}),
    ],
)
def test_each_partner_gets_the_contact_where_it_gives_it_back(url: str, names: dict[str, str]) -> None:
    query = parse_qs(urlsplit(embedded(url, {"cid": "cm1", "fid": "flow1"}, influencer="mia")).query)

    assert {name: query.get(name) for name in names} == {name: [value] for name, value in names.items()}
