"""What a flow sends: wrapped, signed by the installation's secret, and good after the secret has changed."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from pytest_django.fixtures import Settings

from tests.people import Person
from tests.tracking.links import make_link
from tracking.links.signing import link_keys, short_url, wrap_link
from tracking.links.targets import NotATarget, asked, signed_by

pytestmark = pytest.mark.django_db


def vouched_by(link: str) -> str:
    url, given, found = asked(urlsplit(link).query)
    return signed_by(link_keys(), url, given, found)


def test_a_link_is_wrapped_as_the_document_shows_and_signed(owner: Person, settings: Settings) -> None:
    link = wrap_link(
        "https://yoursite.com/signup",
        organization=owner.organization,
        contact="cm1abc",
        flow="flow123",
        channel="chan_1",
    )

    assert link.startswith(
        f"{settings.BASE_URL}/api/t?url=https%3A%2F%2Fyoursite.com%2Fsignup&cid=cm1abc&fid=flow123&ch=chan_1&s="
    )
    assert vouched_by(link) == owner.organization.public_id


def test_only_what_is_known_is_given_along(owner: Person) -> None:
    link = wrap_link("https://yoursite.com/ä?a=1&b=2#c", organization=owner.organization)

    assert set(dict(parse_qsl(urlsplit(link).query))) == {"url", "s"}
    assert asked(urlsplit(link).query)[0] == "https://yoursite.com/%C3%A4?a=1&b=2#c"


def test_links_already_sent_outlive_a_change_of_the_secret(owner: Person, settings: Settings) -> None:
    link = wrap_link("https://yoursite.com/", organization=owner.organization)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new secret of this installation"
    assert vouched_by(link) == owner.organization.public_id
    assert (
        vouched_by(wrap_link("https://yoursite.com/", organization=owner.organization)) == owner.organization.public_id
    )

    settings.SECRET_KEY_FALLBACKS = []
    assert vouched_by(link) == ""


def test_the_key_is_not_the_secret_itself(settings: Settings) -> None:
    assert settings.SECRET_KEY.encode() not in link_keys()
    assert {len(key) for key in link_keys()} == {32}


def test_a_short_link_of_ours_is_told_whom_it_is_for(owner: Person) -> None:
    short = short_url(make_link(owner.organization).code)

    assert wrap_link(short, organization=owner.organization, contact="cm1", flow="f") == f"{short}?cid=cm1&fid=f"


def test_what_is_wrapped_is_not_wrapped_again(owner: Person) -> None:
    link = wrap_link("https://yoursite.com/", organization=owner.organization, contact="cm1")

    assert wrap_link(link, organization=owner.organization, contact="cm2") == link


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a@b.example/", "https://x.example/\r\nX: y"])
def test_what_is_no_target_is_not_wrapped(owner: Person, url: str) -> None:
    with pytest.raises(NotATarget):
        wrap_link(url, organization=owner.organization)
