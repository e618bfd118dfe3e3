"""The page of one post: everybody sees it, each button is there where it works and for whom it works."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chat33.lib.clock import utcnow
from chat33.lib.ids import new_id
from chat33.orgs.models import Role
from integrations.models import Channel
from posts.models import Attempt, Media, Post, PostStatus
from posts.outcomes import UNCONFIRMED
from posts.shown import account_url
from tests.factories import make_callback, make_channel, make_member, make_post
from tests.people import Person
from tests.posts.flow import publish, queued, sandbox_channel
from tests.sandboxes import RunningSandbox

DOORS = ("retry", "reconcile", "resolve", "publish", "cancel", "delete", "duplicate")


def as_role(person: Person, role: Role) -> Person:
    return Person(make_member(person.organization, role), person.organization, "")


def page(person: Person, post: Post) -> str:
    reply = person.browser().get(f"/posts/{post.public_id}/")
    assert reply.status_code == 200
    return str(reply.content.decode())


def press(person: Person, post: Post, door: str, **given: str) -> str:
    """Press a button and read the page that follows."""
    reply = person.browser().post(f"/posts/{post.public_id}/{door}/", given, follow=True)
    assert reply.status_code == 200
    return str(reply.content.decode())


def buttons(shown: str, post: Post) -> set[str]:
    """The doors that the page's visible part leads to; what a dialog does counts by the button that opens it."""
    before_dialogs = shown.partition('id="toaster"')[0].partition('<dialog class="dialog" id="cancel"')[0]
    opened = {"publish": "publish-now", "cancel": "cancel", "delete": "delete", "resolve": "resolve-published"}
    found = {door for door, dialog in opened.items() if f'data-opens="{dialog}"' in before_dialogs}
    return found | {door for door in DOORS if f"/posts/{post.public_id}/{door}/" in before_dialogs}


def test_a_failure_is_understood_from_the_page_alone(owner: Person, sandboxed: RunningSandbox) -> None:
    channel = sandbox_channel(owner.organization, sandboxed, "x")
    sandboxed.rule("x", "commit", "error", status=403)
    post = publish(queued(channel, text="Fresh beans"), sandboxed)

    shown = page(owner, post)

    assert "Fresh beans" in shown
    assert str(post.error_message) in shown
    assert "Details for support" in shown
    assert buttons(shown, post) == {"retry", "cancel", "duplicate"}

    assert "It goes out again in a moment." in press(owner, post, "retry")
    post = publish(post, sandboxed)
    shown = page(owner, post)
    assert post.external_post_url
    assert f'href="{post.external_post_url}"' in shown
    assert "It is live." in shown


EXPECTED: list[tuple[dict[str, Any], set[str]]] = [
    ({"status": "DRAFT"}, {"delete", "duplicate"}),
    ({"status": "QUEUED", "due_at": utcnow() + timedelta(days=1)}, {"publish", "cancel", "duplicate"}),
    ({"status": "PUBLISHING"}, {"duplicate"}),
    ({"status": "PUBLISHED"}, {"duplicate"}),
    ({"status": "FAILED", "error_code": "NETWORK"}, {"retry", "cancel", "duplicate"}),
    ({"status": "FAILED", "error_code": UNCONFIRMED, "intent_at": utcnow()}, {"reconcile", "resolve", "duplicate"}),
    ({"status": "CANCELLED"}, {"duplicate"}),
]


@pytest.mark.parametrize(("state", "expected"), EXPECTED, ids=range(len(EXPECTED)))
def test_each_button_is_where_its_rule_allows_it_and_for_whom_it_works(
    owner: Person, channel: Channel, state: dict[str, Any], expected: set[str]
) -> None:
    post = make_post(channel, **state)

    assert buttons(page(owner, post), post) == expected
    assert buttons(page(as_role(owner, Role.CONTRIBUTOR), post), post) == expected & {"delete", "duplicate"}
    assert buttons(page(as_role(owner, Role.VIEWER), post), post) == set()


def test_the_doors_ask_again(owner: Person, stranger: Person, channel: Channel) -> None:
    post = make_post(channel, status=PostStatus.QUEUED, due_at=utcnow() + timedelta(days=1))
    contributor, viewer = as_role(owner, Role.CONTRIBUTOR), as_role(owner, Role.VIEWER)

    for door in DOORS:
        path = f"/posts/{post.public_id}/{door}/"
        assert viewer.browser().post(path).status_code == 403
        assert (contributor.browser().post(path).status_code == 403) == (door not in ("delete", "duplicate"))
        assert stranger.browser().post(path).status_code == 404
        assert stranger.browser().post(f"/posts/{new_id('post')}/{door}/").status_code == 404
        assert owner.browser(csrf=True).post(path).status_code == 403
        assert owner.browser().get(path).status_code == 405
        assert Client().post(path).status_code == 302
    post.refresh_from_db()
    assert post.status == PostStatus.QUEUED, "a contributor's delete must not cancel what is scheduled"


@pytest.mark.parametrize("given", ["nonsense", "post_", "post_" + "0" * 26, "%00"])
def test_an_id_of_nobody_is_not_found(owner: Person, stranger: Person, channel: Channel, given: str) -> None:
    assert owner.browser().get(f"/posts/{given}/").status_code == 404
    theirs = make_post(channel)
    for way in ("", "live/"):
        assert stranger.browser().get(f"/posts/{theirs.public_id}/{way}").status_code == 404


def test_anonymous_people_log_in_first_and_come_back(channel: Channel) -> None:
    path = f"/posts/{make_post(channel).public_id}/"

    assert Client().get(path).headers["Location"] == f"/accounts/login/?next={path}"


def test_a_person_says_what_they_see(owner: Person, channel: Channel) -> None:
    out, lost = (
        make_post(channel, status=PostStatus.FAILED, error_code=UNCONFIRMED, intent_at=utcnow()) for _ in range(2)
    )
    assert "Not sure" in page(owner, out)

    assert "Marked as published." in press(owner, out, "resolve", **{"as": "published"})
    assert "Marked as not published." in press(owner, lost, "resolve", **{"as": "failed"})

    out.refresh_from_db()
    lost.refresh_from_db()
    assert (out.status, lost.status, lost.error_code) == ("PUBLISHED", "FAILED", "RESOLVED_FAILED")
    assert "said that it is out" in page(owner, out)
    assert "It was published" not in press(owner, lost, "retry")


def test_a_scheduled_post_is_published_now_or_stopped(owner: Person, channel: Channel) -> None:
    later = utcnow() + timedelta(days=1)
    now, never = (make_post(channel, status=PostStatus.QUEUED, scheduled_at=later, due_at=later) for _ in range(2))

    assert "It goes out now." in press(owner, now, "publish")
    assert "Cancelled. It does not go out." in press(owner, never, "cancel")

    now.refresh_from_db()
    never.refresh_from_db()
    assert now.due_at is not None
    assert (now.status, now.due_at <= utcnow(), now.scheduled_at) == ("QUEUED", True, None)
    assert (never.status, never.due_at) == ("CANCELLED", None)


def test_what_is_out_meanwhile_is_not_stopped(owner: Person, channel: Channel) -> None:
    post = make_post(channel, status=PostStatus.PUBLISHED, published_at=utcnow())

    assert "It is published already. Delete it at the network." in press(owner, post, "cancel")
    post.refresh_from_db()
    assert post.status == PostStatus.PUBLISHED


def test_a_draft_is_deleted_and_a_copy_is_a_draft(owner: Person, channel: Channel) -> None:
    post = make_post(channel, status=PostStatus.PUBLISHED, text="Again")
    press(owner, post, "duplicate")
    copy = Post.objects.exclude(pk=post.pk).get()
    assert (copy.status, copy.text, copy.created_by) == ("DRAFT", "Again", owner.user.public_id)

    owner.browser().post(f"/posts/{copy.public_id}/delete/")
    assert list(Post.objects.all()) == [post]
    assert "Only drafts are deleted." in press(owner, post, "delete")


def test_it_is_asked_again_while_it_moves_and_not_after(owner: Person, channel: Channel) -> None:
    post = make_post(channel, status=PostStatus.PUBLISHING)
    assert 'hx-trigger="every 2s"' in page(owner, post)

    Post.objects.filter(pk=post.pk).update(status=PostStatus.PUBLISHED, published_at=utcnow())
    moved = owner.browser().get(f"/posts/{post.public_id}/live/").content.decode()

    assert "every 2s" not in moved
    assert "Published" in moved
    assert 'id="log" hx-swap-oob="true"' in moved


def test_only_our_own_files_are_shown_and_others_are_links(owner: Person, stranger: Person, channel: Channel) -> None:
    def media(person: Person, token: str) -> Media:
        return Media.objects.create(
            organization=person.organization, token=token, file="a/b.jpg", name="b.jpg", kind="image",
            content_type="image/jpeg", size=10, width=3, height=4,
        )  # fmt: skip

    media(owner, "o" * 43)
    media(stranger, "s" * 43)
    urls = [f"http://127.0.0.1:8033/media/{'o' * 43}/b.jpg", f"http://127.0.0.1:8033/media/{'s' * 43}/b.jpg",
            "https://example.com/<b>.jpg"]  # fmt: skip
    post = make_post(channel, media_urls=urls, platform_config={"altTexts": ["A cup & a <saucer>"]})

    shown = page(owner, post)

    assert f'<img src="/media/{"o" * 43}/b.jpg" alt="A cup &amp; a &lt;saucer&gt;"' in shown
    assert f'src="/media/{"s" * 43}' not in shown
    assert 'href="https://example.com/&lt;b&gt;.jpg"' in shown


def test_what_was_written_is_never_markup(owner: Person, channel: Channel) -> None:
    post = make_post(
        channel, text="<script>alert(1)</script>", status=PostStatus.FAILED, error_message="<img src=x>",
        platform_config={"x": {"firstComment": "<b>no</b>"}},
    )  # fmt: skip
    Attempt.objects.create(
        post=post, organization=post.organization, event="publish_failure", created_at=utcnow(), message="<i>raw</i>",
        provider_code="<u>",
    )  # fmt: skip

    shown = page(owner, post)

    for text in ("<script>alert", "<img src=x", "<b>no", "<i>raw", "<u>"):
        assert text not in shown


def test_an_account_is_looked_at_where_its_network_shows_it(owner: Person, settings: Any) -> None:
    for platform, address in {
        "instagram": "https://www.instagram.com/cafe/", "tiktok": "https://www.tiktok.com/@cafe",
        "x": "https://x.com/cafe", "facebook": "https://www.facebook.com/77",
        "youtube": "https://www.youtube.com/channel/77",
    }.items():  # fmt: skip
        channel = make_channel(owner.organization, platform)
        channel.is_sandbox, channel.username, channel.remote_id = False, "cafe", "77"
        assert account_url(channel) == address
        channel.is_sandbox = True
        assert account_url(channel) == f"{settings.SANDBOX_URL}/?platform={platform}"


def test_a_long_story_costs_what_a_short_one_does(owner: Person) -> None:
    def cost(post: Post) -> int:
        browser = owner.browser()
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(f"/posts/{post.public_id}/").status_code == 200
        return len(captured)

    posts = []
    for number in (1, 20):
        channel = make_channel(owner.organization, "x")
        post = make_post(channel, group_id=f"grp_{number}", status=PostStatus.FAILED, error_code="NETWORK")
        for _ in range(number):
            make_post(channel, group_id=post.group_id)
            make_callback(owner.organization, subject=post.public_id)
            event = {"event": "publish_failure", "created_at": utcnow(), "message": f"Asked for by {new_id('usr')}."}
            Attempt.objects.create(post=post, organization=owner.organization, **event)
        posts.append(post)

    few, many = map(cost, posts)
    assert few == many <= 14
