"""The command bar's search: posts, contacts, links, accounts, files, pages and operations, of one's own."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat33.orgs.models import Role
from posts import finding
from posts.models import Media
from tests.factories import make_channel, make_contact, make_member, make_post
from tests.people import Client, Person
from tests.tracking.links import make_link


def titles(browser: Client, query: str) -> list[str]:
    reply = browser.get("/search/", {"q": query})
    assert reply.status_code == 200
    return re.findall(r'<span class="clip grow">(.*?)</span>', reply.content.decode())


def make_file(person: Person, name: str, number: int = 0) -> Media:
    return Media.objects.create(
        organization=person.organization, token=f"{person.organization.public_id}-{number}", file="a/b.jpg", name=name,
        kind="image", content_type="image/jpeg", size=10,
    )  # fmt: skip


@pytest.fixture
def filled(owner: Person, stranger: Person) -> Person:
    for person in (owner, stranger):
        channel = make_channel(person.organization, "instagram", name=f"Beans of {person.organization.name}")
        make_post(channel, text=f"New beans at {person.organization.name}")
        make_file(person, f"beans-{person.organization.name}.jpg")
    return owner


def test_one_s_own_posts_accounts_and_files_are_found(filled: Person) -> None:
    assert titles(filled.browser(), "BEANS") == [
        "New beans at Demo Coffee",
        "Beans of Demo Coffee",
        "beans-Demo Coffee.jpg",
    ]


def test_one_s_own_contacts_and_links_are_found(owner: Person, stranger: Person) -> None:
    for person in (owner, stranger):
        make_contact(person.organization, name=f"Gene Beanstalk of {person.organization.name}")
        make_link(
            person.organization, title=f"Beanstalk of {person.organization.name}", code=f"b-{person.organization.pk}"
        )

    assert titles(owner.browser(), "beanstalk") == ["Gene Beanstalk of Demo Coffee", "Beanstalk of Demo Coffee"]
    assert titles(owner.browser(), f"b-{owner.organization.pk}") == ["Beanstalk of Demo Coffee"]
    assert titles(owner.browser(), f"b-{stranger.organization.pk}") == []


def test_what_was_found_leads_to_its_page(filled: Person) -> None:
    browser = filled.browser()
    links = re.findall(r'href="(.*?)"', browser.get("/search/", {"q": "beans"}).content.decode())

    assert f"/posts/{filled.organization.posts.get().public_id}/" in links
    for link in links[1:]:
        assert browser.get(link).status_code == 200, link


def test_a_post_is_found_by_its_id_and_only_by_its_owners(filled: Person, stranger: Person) -> None:
    post = filled.organization.posts.get().public_id

    assert titles(filled.browser(), post) == ["New beans at Demo Coffee"]
    assert titles(filled.browser(), post[:-2]) == ["New beans at Demo Coffee"]
    assert titles(stranger.browser(), post) == []


def test_pages_and_operations_are_found_by_other_words_too(owner: Person) -> None:
    assert "Callbacks" in titles(owner.browser(), "webhook")
    assert "Retry a failed post" in titles(owner.browser(), "retry")


def test_who_may_not_open_a_page_is_not_led_there(owner: Person) -> None:
    viewer = Person(make_member(owner.organization, Role.VIEWER), owner.organization, "")

    assert "Make an API key" in titles(owner.browser(), "api key")
    assert "Make an API key" not in titles(viewer.browser(), "api key")


@pytest.mark.parametrize("query", ["", "b", " b ", "\x00", "no such thing anywhere"])
def test_too_little_or_nothing_finds_nothing(filled: Person, query: str) -> None:
    assert titles(filled.browser(), query) == []


@pytest.mark.parametrize("query", ["%%", "__", "' OR 1=1 --", "<script>", "x" * 5000, "post_" + "!" * 26])
def test_hostile_words_find_nothing_and_break_nothing(filled: Person, query: str) -> None:
    assert "<script>" not in filled.browser().get("/search/", {"q": query}).content.decode()


def test_a_few_of_each_and_as_many_queries_for_many_as_for_few(filled: Person) -> None:
    browser = filled.browser()

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get("/search/", {"q": "beans"})
        return len(captured)

    few = cost()
    channel = filled.organization.channels.get()
    for number in range(1, 20):
        make_post(channel, text="More beans")
        make_file(filled, "more-beans.jpg", number)

    assert cost() == few
    assert titles(browser, "beans").count("More beans") == 5


def test_only_the_newest_are_looked_through(filled: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "NEWEST", 3)
    channel = filled.organization.channels.get()
    for _ in range(3):
        make_post(channel, text="Something else")

    assert "New beans at Demo Coffee" not in titles(filled.browser(), "beans")
    assert titles(filled.browser(), filled.organization.posts.earliest("id").public_id) == ["New beans at Demo Coffee"]


def test_nobody_searches_without_a_session(db: None) -> None:
    assert Client().get("/search/?q=beans", headers={"X-Requested-With": "fetch"}).status_code == 401
