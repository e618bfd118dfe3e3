"""The two builders: UTM links of which one campaign makes one row, and store links within what the stores take."""

from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from tracking.links import utm
from tracking.links.stores import app_store, google_play
from tracking.links.targets import NotATarget
from tracking.links.utm import UnableToBuild, build, channel_of

GIVEN = {"source": "instagram", "medium": "social", "campaign": "spring"}


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def test_the_five_parameters_join_what_the_address_has() -> None:
    made = build("https://shop.example/a?color=red&x=%2F#top", {**GIVEN, "term": "shoes", "content": "reel"})

    assert made.url == (
        "https://shop.example/a?color=red&x=%2F&utm_source=instagram&utm_medium=social&utm_campaign=spring"
        "&utm_term=shoes&utm_content=reel#top"
    )
    assert made.channel == "Organic Social"
    assert made.warnings == ()


def test_one_campaign_is_one_row_however_it_is_typed() -> None:
    made = build("https://shop.example", {"source": " Instagram ", "medium": "Social", "campaign": "Spring  Sale_1"})

    assert made.values == {"source": "instagram", "medium": "social", "campaign": "spring-sale_1"}
    assert len(made.warnings) == 3
    assert "spring-sale_1" in made.warnings[2]


def test_who_wants_capital_letters_has_them() -> None:
    made = build("https://shop.example", {**GIVEN, "campaign": "Spring Sale"}, exact=True)

    assert query_of(made.url)["utm_campaign"] == "Spring Sale"
    assert made.warnings == ()


def test_a_parameter_that_is_there_is_replaced_and_said_so() -> None:
    made = build("https://shop.example/?utm_source=old&utm_id=7&a=1", GIVEN)

    assert parse_qs(urlsplit(made.url).query)["utm_source"] == ["instagram"]
    assert query_of(made.url)["utm_id"] == "7"
    assert made.warnings == ("utm_source was in the address and is replaced.",)


def test_what_is_missing_is_said_by_field() -> None:
    with pytest.raises(UnableToBuild) as refusal:
        build("https://shop.example", {"source": "ig", "term": "x" * 101})

    assert set(refusal.value.problems) == {"medium", "campaign", "term"}


@pytest.mark.parametrize(
    "url", ["", "shop", "javascript:alert(1)", "https://a@b.example/", "https://shop.example/\r\nx"]
)
def test_only_a_web_address_is_tagged(url: str) -> None:
    with pytest.raises(NotATarget):
        build(url, GIVEN)


def test_the_parameters_come_off_again() -> None:
    made = build("https://shop.example/?a=1#b", {**GIVEN, "id": "7"}).url

    assert utm.without(made) == "https://shop.example/?a=1#b"


@pytest.mark.parametrize(
    ("source", "medium", "channel"),
    [
        ("facebook", "cpc", "Paid Social"), ("google", "cpc", "Paid Search"), ("youtube", "paid_video", "Paid Video"),
        ("news.example", "cpm", "Display"), ("news.example", "ppc", "Paid Other"), ("tiktok", "dm", "Organic Social"),
        ("partner", "social", "Organic Social"), ("youtube", "bio", "Organic Video"),
        ("google", "organic", "Organic Search"),
        ("partner", "referral", "Referral"), ("newsletter", "email", "Email"), ("partner", "affiliate", "Affiliates"),
        ("crm", "sms", "SMS"), ("crm", "web-push", "Mobile Push Notifications"), ("spotify", "audio", "Audio"),
        ("netflix.com", "bio", "Unassigned"), ("Facebook", "CPC", "Paid Social"), ("x", "dm", "Organic Social"),
    ],
)  # fmt: skip
def test_analytics_would_group_it_so(source: str, medium: str, channel: str) -> None:
    assert channel_of(source, medium) == channel


# Stores


@pytest.mark.parametrize(
    "app", ["1234567890", "id1234567890", "https://apps.apple.com/us/app/demo-coffee/id1234567890?l=en"]
)
def test_the_app_store_s_link_names_provider_and_campaign(app: str) -> None:
    made = app_store(app=app, provider="118326", campaign="spring dm")

    assert made.url == "https://apps.apple.com/app/apple-store/id1234567890?pt=118326&ct=spring+dm&mt=8"
    assert made.warnings == ()


def test_a_campaign_over_thirty_characters_is_warned_of_and_over_forty_refused() -> None:
    assert "30 characters" in app_store(app="1234567890", provider="1", campaign="c" * 31).warnings[0]
    with pytest.raises(UnableToBuild, match="30 characters"):
        app_store(app="1234567890", provider="1", campaign="c" * 41)


def test_everything_wrong_with_a_store_link_is_said_at_once() -> None:
    with pytest.raises(UnableToBuild) as refusal:
        app_store(app="demo", provider="me", campaign="50% off")

    assert set(refusal.value.problems) == {"app", "provider", "campaign"}


@pytest.mark.parametrize(
    "package", ["com.example.app", "https://play.google.com/store/apps/details?id=com.example.app&hl=de"]
)
def test_google_play_s_referrer_is_encoded_once_as_a_whole(package: str) -> None:
    made = google_play(package=package, referrer={"utm_source": "instagram", "utm_campaign": "50% off", "utm_term": ""})

    assert query_of(made.url) == {"id": "com.example.app", "referrer": "utm_source=instagram&utm_campaign=50%25+off"}


def test_google_play_needs_no_referrer() -> None:
    assert google_play(package="a.b", referrer={}).url == "https://play.google.com/store/apps/details?id=a.b"


@pytest.mark.parametrize(("package", "field"), [("demo", "package"), ("1.b", "package"), ("", "package")])
def test_a_package_has_a_form(package: str, field: str) -> None:
    with pytest.raises(UnableToBuild) as refusal:
        google_play(package=package, referrer={})

    assert set(refusal.value.problems) == {field}


def test_a_referrer_that_would_be_cut_is_refused() -> None:
    with pytest.raises(UnableToBuild, match="500"):
        google_play(package="a.b", referrer={"utm_campaign": "c" * 500})
