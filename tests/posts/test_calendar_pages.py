"""The calendar's doors: who sees it, who moves what, and what it costs."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.http import urlencode

from chat33.lib.clock import utcnow
from chat33.lib.ids import new_id
from chat33.orgs.models import Role
from integrations.models import Channel
from posts.models import Post, PostStatus
from tests.factories import make_channel, make_member, make_post
from tests.people import Client, Person

VIEWS = ("month", "week", "day", "list")
HTMX = {"HX-Request": "true"}
TODAY = utcnow()  # also when midnight passes in the middle of a test


def tomorrow(hour: int = 15) -> datetime:
    return (TODAY + timedelta(days=1)).replace(hour=hour, minute=30, second=0, microsecond=0)


def scheduled(channel: Channel, at: datetime | None = None, **given: Any) -> Post:
    at = at or tomorrow()
    return make_post(channel, **{"status": PostStatus.QUEUED, "scheduled_at": at, "due_at": at, **given})


def member(owner: Person, role: Role) -> Client:
    return Person(make_member(owner.organization, role), owner.organization, "").browser()


def address(view: str, at: datetime, **more: str) -> str:
    return f"/posts/?{urlencode({'view': view, 'date': f'{at:%Y-%m-%d}', **more})}"


def move(client: Client, post: Post, day: str, hour: str = "", **extra: Any) -> Any:
    body = {"post": post.public_id, "fence": post.fence, "day": day, "hour": hour, "back": "view=week&q=Hello"}
    return client.post("/posts/move/", body, **extra)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_shows_the_organization_s_posts(
    owner: Person, stranger: Person, channel: Channel, view: str
) -> None:
    post = scheduled(channel, text="<Hello> & goodbye")
    theirs = scheduled(make_channel(stranger.organization), text="A secret")

    page = owner.browser().get(address(view, tomorrow())).content.decode()

    assert "&lt;Hello&gt; &amp; goodbye" in page
    assert post.public_id in page
    assert theirs.text not in page
    assert theirs.public_id not in page


def test_without_a_session_it_leads_to_the_login_and_back() -> None:
    reply = Client().get("/posts/?view=week")

    assert (reply.status_code, reply.headers["Location"]) == (302, "/accounts/login/?next=/posts/%3Fview%3Dweek")


def test_a_viewer_sees_and_changes_nothing(owner: Person, channel: Channel) -> None:
    post, viewer = scheduled(channel), member(owner, Role.VIEWER)

    page = viewer.get(address("month", tomorrow())).content.decode()
    assert post.public_id in page
    assert "draggable" not in page.replace('draggable="false"', "")
    assert 'name="post"' not in page
    for path in ("/posts/move/", "/posts/selected/", "/posts/undo/"):
        assert viewer.post(path, {"post": post.public_id}).status_code == 403
    post.refresh_from_db()
    assert post.scheduled_at == tomorrow()


def test_a_contributor_moves_drafts_and_not_what_is_queued(owner: Person, channel: Channel) -> None:
    client = member(owner, Role.CONTRIBUTOR)
    draft, queued = make_post(channel, scheduled_at=tomorrow()), scheduled(channel)
    day = f"{tomorrow() + timedelta(days=2):%Y-%m-%d}"

    move(client, draft, day)
    said = move(client, queued, day, headers=HTMX).content.decode()

    draft.refresh_from_db()
    queued.refresh_from_db()
    assert (draft.scheduled_at, queued.scheduled_at) == (tomorrow() + timedelta(days=2), tomorrow())
    assert "may publish" in said


@pytest.mark.parametrize("path", ["/posts/move/", "/posts/selected/", "/posts/undo/"])
def test_a_forged_form_is_refused(owner: Person, path: str) -> None:
    assert owner.browser(csrf=True).post(path, {}).status_code == 403


@pytest.mark.parametrize("path", ["/posts/move/", "/posts/selected/", "/posts/undo/"])
def test_what_changes_something_is_a_post(owner: Person, path: str) -> None:
    assert owner.browser().get(path).status_code == 405


def test_another_organization_s_post_does_not_exist(owner: Person, stranger: Person, channel: Channel) -> None:
    theirs, client = scheduled(make_channel(stranger.organization)), owner.browser()
    day = f"{tomorrow() + timedelta(days=2):%Y-%m-%d}"

    assert move(client, theirs, day).status_code == 404
    assert client.post("/posts/move/", {"post": new_id("post")}).status_code == 404
    assert client.post("/posts/move/", {"post": "x"}).status_code == 404
    client.post("/posts/selected/", {"post": theirs.public_id, "action": "cancel"})
    theirs.refresh_from_db()
    assert (theirs.status, theirs.scheduled_at) == ("QUEUED", tomorrow())


def test_a_move_to_another_day_keeps_the_wall_clock_and_can_be_taken_back(owner: Person, channel: Channel) -> None:
    owner.organization.timezone = "America/New_York"
    owner.organization.save()
    march = datetime(utcnow().year + 1, 3, 1, 14, 0, tzinfo=UTC)  # 9:00 in winter
    post, client = scheduled(channel, march), owner.browser()

    page = move(client, post, f"{march.year}-03-30", headers=HTMX).content.decode()

    post.refresh_from_db()
    assert post.scheduled_at == march.replace(day=30, hour=13)  # 9:00 in summer
    assert re.search(r"Moved to \w+ 30 March, 09:00\.", page)
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token is not None

    reply = client.post("/posts/undo/", {"token": token[1]}, headers=HTMX)
    post.refresh_from_db()
    assert (post.scheduled_at, post.due_at) == (march, march)
    assert reply.headers["HX-Trigger"] == "posts-changed"
    assert "Undone." in reply.content.decode()
    assert "too late" in client.post("/posts/undo/", {"token": "x"}, headers=HTMX).content.decode()


def test_a_move_to_an_hour_keeps_the_minutes(owner: Person, channel: Channel) -> None:
    post = scheduled(channel)

    reply = move(owner.browser(), post, f"{tomorrow():%Y-%m-%d}", "20")

    post.refresh_from_db()
    assert post.scheduled_at == tomorrow(20)
    assert reply.headers["Location"] == "/posts/?view=week&q=Hello"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"day": "2020-01-01"}, "That time is past"),
        ({"day": "9999-12-31"}, "three years"),
        ({"day": "nonsense"}, "Choose a day"),
        ({"day": f"{tomorrow():%Y-%m-%d}", "hour": "99"}, "no such day"),
        ({"fence": "77"}, "Somebody else changed"),
        ({"fence": ""}, "Choose a day"),
    ],
)
def test_a_move_that_cannot_be_says_why(owner: Person, channel: Channel, body: dict[str, str], says: str) -> None:
    post = scheduled(channel)
    given = {"post": post.public_id, "fence": post.fence, "day": f"{tomorrow() + timedelta(days=1):%Y-%m-%d}", **body}

    page = owner.browser().post("/posts/move/", given, headers=HTMX).content.decode()

    post.refresh_from_db()
    assert says in page
    assert post.scheduled_at == tomorrow()


def test_what_went_out_is_duplicated_instead(owner: Person, channel: Channel) -> None:
    post = scheduled(channel, status="PUBLISHED", published_at=utcnow())

    assert "Duplicate it" in move(owner.browser(), post, f"{tomorrow():%Y-%m-%d}", headers=HTMX).content.decode()


def select(client: Client, posts: list[Post], action: str, **more: str) -> str:
    body = {"post": [post.public_id for post in posts], "action": action, **more}
    reply: Any = client.post("/posts/selected/", body, headers=HTMX)
    assert reply.status_code == 200
    return str(reply.content.decode())


def test_several_are_moved_and_each_that_is_not_says_why(owner: Person, channel: Channel) -> None:
    posts = [scheduled(channel), scheduled(channel, tomorrow(16)), make_post(channel, text="No time yet")]

    page = select(owner.browser(), posts, "move", days="7", time="08:05")

    assert "Moved 2 posts." in page
    assert "No time yet" in page
    assert "Give it one first" in page
    assert [Post.objects.get(pk=post.pk).scheduled_at for post in posts] == [
        (tomorrow() + timedelta(days=7)).replace(hour=8, minute=5),
        (tomorrow() + timedelta(days=7)).replace(hour=8, minute=5),
        None,
    ]


@pytest.mark.parametrize("given", [{}, {"days": "x"}, {"time": "25:00"}, {"days": "99999"}])
def test_a_move_of_several_needs_a_number_or_a_time(owner: Person, channel: Channel, given: dict[str, str]) -> None:
    assert "Give a number of days" in select(owner.browser(), [scheduled(channel)], "move", **given)


def test_several_are_cancelled_copied_retried_and_deleted(owner: Person, channel: Channel) -> None:
    client = owner.browser()
    queued, failed, draft = scheduled(channel), make_post(channel, status="FAILED"), make_post(channel)

    assert "Cancelled 1 post." in select(client, [queued], "cancel")
    assert "Trying again: 1 post." in select(client, [failed], "retry")
    assert "Deleted 1 post." in select(client, [draft, queued], "delete")
    assert "Made drafts of 2 posts." in select(client, [queued, failed], "copy")
    assert sorted(Post.objects.values_list("status", flat=True)) == ["CANCELLED", "DRAFT", "DRAFT", "QUEUED"]


def test_nothing_or_too_much_selected_says_so(owner: Person, channel: Channel) -> None:
    client = owner.browser()

    assert "Select posts first" in select(client, [], "cancel")
    assert "Select posts first" in select(client, [scheduled(channel)], "explode")
    assert "At most 200" in select(client, [Post(public_id=new_id("post")) for _ in range(201)], "cancel")


@pytest.mark.parametrize("view", VIEWS)
def test_twenty_posts_cost_as_many_queries_as_one(owner: Person, channel: Channel, view: str) -> None:
    client = owner.browser()

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address(view, tomorrow())).status_code == 200
        return len(queries)

    scheduled(channel)
    client.get(address(view, tomorrow()))
    one = cost()
    for number in range(19):
        scheduled(make_channel(owner.organization), tomorrow(number))

    assert cost() == one <= 10


@pytest.mark.parametrize(
    "query",
    ["view=x&date=x&list=x&status=x&account=x", "date=0001-01-01", "view=list&after=%00", "q=%00%25",
     "view=week&date=9999-12-31"],
)  # fmt: skip
def test_an_address_of_nonsense_is_a_page(owner: Person, query: str) -> None:
    assert owner.browser().get(f"/posts/?{query}").status_code == 200


def test_filters_stay_in_every_address_of_the_page(owner: Person, channel: Channel) -> None:
    page = owner.browser().get("/posts/?view=week&date=2026-04-15&status=FAILED&q=beans").content.decode()

    assert "?view=month&amp;date=2026-04-15&amp;status=FAILED&amp;q=beans" in page
    assert "?view=week&amp;date=2026-04-22&amp;status=FAILED&amp;q=beans" in page
    assert "Nothing matches these filters" in page


def test_posts_go_out_as_csv_that_comes_in_again(owner: Person, stranger: Person, channel: Channel) -> None:
    scheduled(channel, text="=HYPERLINK(1)", platform_config={"x": {"text": "Short", "firstComment": "Hi"}})
    make_post(channel, text="Other", status="PUBLISHED")
    scheduled(make_channel(stranger.organization), text="A secret")

    reply: Any = owner.browser().get("/posts/export/?status=QUEUED")

    body = b"".join(reply.streaming_content).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(body, newline=""))
    assert (row["text"], row["text_x"], row["first_comment"]) == ("'=HYPERLINK(1)", "Short", "Hi")
    assert (row["accounts"], row["scheduled_at"]) == (channel.public_id, tomorrow().isoformat())
    assert "attachment" in reply.headers["Content-Disposition"]


# Queue times


def slots_of(channel: Channel) -> list[tuple[int, int]]:
    return list(channel.slots.values_list("weekday", "minute"))


def test_queue_times_are_suggested_added_removed_copied_and_cleared(owner: Person, channel: Channel) -> None:
    client, other = owner.browser(), make_channel(owner.organization)
    url = reverse("slots", args=[channel.public_id])
    assert "No queue times yet" in client.get(url).content.decode()

    client.post(url, {"action": "suggest"})
    assert len(slots_of(channel)) == 15
    client.post(url, {"action": "clear"})
    client.post(url, {"action": "add", "time": "09:30", "weekday": ["0", "6"]})
    client.post(url, {"action": "remove", "time": "09:30", "weekday": "6"})
    client.post(url, {"action": "copy", "to": [other.public_id]})

    assert slots_of(channel) == slots_of(other) == [(0, 570)]
    assert "The next free one is" in client.get(url).content.decode()


@pytest.mark.parametrize(
    "given", [{"time": "9 o'clock", "weekday": "0"}, {"time": "09:30"}, {"time": "24:00", "weekday": "0"}]
)
def test_a_queue_time_that_is_none_is_refused_in_words(owner: Person, channel: Channel, given: dict[str, str]) -> None:
    client, url = owner.browser(), reverse("slots", args=[channel.public_id])

    page = client.post(url, {"action": "add", **given}, follow=True).content.decode()

    assert "is-bad" in page
    assert slots_of(channel) == []


def test_queue_times_are_for_those_who_may_publish(owner: Person, stranger: Person, channel: Channel) -> None:
    url, client = reverse("slots", args=[channel.public_id]), member(owner, Role.CONTRIBUTOR)

    assert client.get(url).status_code == 200
    assert client.post(url, {"action": "suggest"}).status_code == 403
    assert stranger.browser().get(url).status_code == stranger.browser().post(url).status_code == 404
    assert Client().get(url).status_code == 302
    assert owner.browser(csrf=True).post(url, {"action": "suggest"}).status_code == 403
    assert slots_of(channel) == []


def test_times_are_copied_to_nobody_else_s_account(owner: Person, stranger: Person, channel: Channel) -> None:
    theirs = make_channel(stranger.organization)

    owner.browser().post(reverse("slots", args=[channel.public_id]), {"action": "copy", "to": [theirs.public_id]})

    assert slots_of(theirs) == []
