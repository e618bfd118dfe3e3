"""Home and the post page in a real Chromium: understand a failure, mend it with one click, see it go out by itself."""

import pytest
from playwright.sync_api import expect

from integrations.models import Channel
from posts.models import Post
from tests.browser.conftest import Visits
from tests.people import Person
from tests.posts.flow import publish, queued, sandbox_channel, with_media
from tests.sandboxes import RunningSandbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def x(owner: Person, sandboxed: RunningSandbox) -> Channel:
    """An X account at the sandbox."""
    return sandbox_channel(owner.organization, sandboxed, "x")


def test_a_failure_is_understood_and_all_of_it_is_retried_at_once(
    owner: Person, sandboxed: RunningSandbox, visit: Visits
) -> None:
    channel = sandbox_channel(owner.organization, sandboxed, "instagram")
    sandboxed.rule("instagram", "prepare", "error", status=503, times=12)
    texts = ["Fresh beans, bag 1", "Fresh beans, bag 2"]
    posts = [publish(queued(channel, text=text, **with_media(owner, "instagram")), sandboxed) for text in texts]
    assert [(post.status, post.error_code) for post in posts] == [("FAILED", "PLATFORM")] * 2
    here = visit(owner, phone=True)
    page = here.open("/")

    expect(page.get_by_role("button", name="Notices, 1 unread")).to_be_visible()
    cause = page.get_by_role("heading", name="2 posts for Instagram @demo did not get through")
    expect(cause).to_be_visible()
    page.get_by_role("link", name="Fresh beans, bag 1").first.click()
    expect(page.get_by_role("status").first).to_contain_text("Instagram had a problem of its own. It was tried 6 times")
    page.get_by_text("Details for support").first.click()
    expect(page.locator("dd", has_text="503").first).to_be_visible()
    page.go_back()
    page.get_by_role("button", name="Retry all 2").click()

    expect(page.locator("toast-note")).to_contain_text("2 posts go out again now.")
    expect(page.get_by_role("main").get_by_text("Nothing needs you right now.")).to_be_visible()
    sending = page.get_by_role("region", name="Being sent now")
    expect(sending.get_by_role("link", name="Fresh beans, bag 1")).to_be_visible()
    for post in posts:
        publish(post, sandboxed)
    expect(page.locator("#results").get_by_text("Published")).to_have_count(2)
    expect(sending.get_by_role("link")).to_have_count(0)
    assert sorted(post["text"] for post in sandboxed.posts("instagram")) == texts
    assert here.wrong == []


def test_a_lost_connection_is_mended_once_and_its_posts_go_out_together(
    owner: Person, x: Channel, sandboxed: RunningSandbox, visit: Visits
) -> None:
    sandboxed.sandbox.store._kinds["refresh"].clear()  # the person took our access away
    sandboxed.advance_clock(3 * 3600)
    posts = [publish(queued(x, text=f"Post {number}"), sandboxed) for number in (1, 2, 3)]
    assert {post.error_code for post in posts} == {"AUTH_EXPIRED"}
    here = visit(owner, elsewhere=(sandboxed.url,))
    page = here.open("/")
    expect(page.get_by_role("heading", name="X @demo needs reconnecting")).to_be_visible()

    page.get_by_role("button", name="Reconnect", exact=True).click()
    page.get_by_role("button", name="Allow").click()
    page.get_by_role("main").get_by_role("link", name="Home").click()
    expect(page.get_by_role("heading", name="X @demo is connected again")).to_be_visible()
    page.get_by_role("button", name="Retry all 3").click()

    expect(page.locator("toast-note")).to_contain_text("3 posts go out again now.")
    for post in posts:
        publish(post, sandboxed)
    assert sorted(post["text"] for post in sandboxed.posts("x")) == ["Post 1", "Post 2", "Post 3"]
    assert here.wrong == []


def test_a_post_goes_from_the_queue_to_its_network_without_a_reload(
    owner: Person, x: Channel, sandboxed: RunningSandbox, visit: Visits
) -> None:
    post = queued(x, text="Watch me go")
    here = visit(owner)
    page = here.open(f"/posts/{post.public_id}/")
    standing = page.locator("#standing")
    expect(standing).to_contain_text("It goes out in a moment.")
    page.evaluate("window.same = true")

    post = publish(post, sandboxed)

    expect(standing).to_contain_text("Live at X since")
    expect(standing.get_by_role("link", name="Open at X")).to_have_attribute("href", str(post.external_post_url))
    expect(page.locator("#log")).to_contain_text("It is live.")
    expect(page.get_by_role("button", name="Publish now")).to_have_count(0)
    assert page.evaluate("window.same") is True
    assert here.wrong == []


def test_what_nobody_knows_is_settled_by_who_looked(
    owner: Person, x: Channel, sandboxed: RunningSandbox, visit: Visits
) -> None:
    sandboxed.rule("x", "commit", "hang", seconds=0.1)
    post = publish(queued(x, text="Out or not?"), sandboxed)
    here = visit(owner)
    page = here.open(f"/posts/{post.public_id}/")

    page.get_by_role("button", name="It is not out").click()
    page.get_by_role("dialog").get_by_role("button", name="No, it is not out").click()
    expect(page.locator("toast-note")).to_contain_text("Marked as not published.")
    page.get_by_role("button", name="Retry").click()
    expect(page.locator("#standing")).to_contain_text("It goes out in a moment.")

    assert publish(Post.objects.get(), sandboxed).status == "PUBLISHED"
    expect(page.locator("#standing")).to_contain_text("Live at X")
    assert len(sandboxed.posts("x")) == 1
    assert here.wrong == []


def test_the_bell_is_read_once_it_was_opened(owner: Person, x: Channel, visit: Visits) -> None:
    post = queued(x)
    Post.objects.filter(pk=post.pk).update(
        status="FAILED", error_code="NETWORK", error_message="No.", due_at=None, settled_at=post.created_at
    )
    here = visit(owner)
    page = here.open("/")
    bell = page.get_by_role("button", name="Notices, 1 unread")

    with page.expect_response("**/notices/seen/"):
        bell.click()
    expect(page.get_by_role("link", name="1 post for X @demo did not get through")).to_be_visible()
    page.get_by_role("link", name="1 post for X @demo did not get through").click()
    page.wait_for_url(f"**/posts/{post.public_id}/")

    expect(page.get_by_role("button", name="Notices", exact=True)).to_be_visible()
    expect(bell).to_have_count(0)
    assert here.wrong == []
