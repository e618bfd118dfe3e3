"""Compositions as rows: several accounts change together, nothing of others is written over, and who may not publish
gets nothing past a draft.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chat33.lib.clock import utcnow
from chat33.lib.ids import new_id
from chat33.orgs.models import Membership, Role
from posts.composing import Composition
from posts.drafts import NotPermitted, Timing, opened, save_composition
from posts.models import Post, PostStatus
from posts.services import ChangedMeanwhile, UnableToChange, update_post
from posts.slots import NoSlots, set_slots
from tests.factories import make_channel, make_member, make_post
from tests.people import Person

DRAFT, QUEUED = PostStatus.DRAFT, PostStatus.QUEUED


@pytest.fixture
def desk(owner: Person) -> Membership:
    return Membership.objects.select_related("organization", "user").get(user=owner.user)


@pytest.fixture
def contributor(owner: Person) -> Membership:
    user = make_member(owner.organization, Role.CONTRIBUTOR)
    return Membership.objects.select_related("organization", "user").get(user=user)


@pytest.fixture
def accounts(owner: Person) -> Any:
    return tuple(make_channel(owner.organization, platform) for platform in ("facebook", "x", "x"))


def save(membership: Membership, composition: Composition, **given: Any) -> list[Post]:
    fields = {"timing": Timing(), "status": DRAFT, "seen": {}, "now": utcnow(), **given}
    return save_composition(membership=membership, composition=composition, **fields)


def seen(posts: list[Post]) -> dict[str, int]:
    return opened(Post.objects.get(pk=posts[0].pk)).seen


def test_one_composition_is_a_post_for_each_account_in_one_group(desk: Membership, accounts: Any) -> None:
    posts = save(desk, Composition(channels=accounts, text="Good morning"))

    assert [post.channel for post in posts] == list(accounts)
    assert {(post.text, post.status, post.due_at) for post in posts} == {("Good morning", "DRAFT", None)}
    assert len({post.group_id for post in posts}) == 1
    assert posts[0].group_id


def test_all_of_it_changes_together(desk: Membership, accounts: Any) -> None:
    posts = save(desk, Composition(channels=accounts, text="Before"))

    at = utcnow() + timedelta(days=1)
    save(
        desk, Composition(channels=accounts, text="After", texts={"x": "Short"}), seen=seen(posts), status=QUEUED,
        timing=Timing(when="at", at=at, timezone="America/New_York"),
    )  # fmt: skip

    rows = Post.objects.order_by("id")
    assert [(row.text, row.status, row.scheduled_at, row.due_at, row.timezone) for row in rows] == [
        ("After", "QUEUED", at, at, "America/New_York")
    ] * 3
    assert {row.platform_config["x"]["text"] for row in rows} == {"Short"}


def test_accounts_come_and_go(desk: Membership, accounts: Any) -> None:
    facebook, x, other = accounts
    alone = save(desk, Composition(channels=(facebook,), text="Hi"))
    assert alone[0].group_id is None

    both = save(desk, Composition(channels=(facebook, x), text="Hi"), seen=seen(alone))
    assert both[0].pk == alone[0].pk
    assert both[0].group_id == both[1].group_id is not None

    left = save(desk, Composition(channels=(x, other), text="Hi"), seen=seen(both))
    assert [post.channel for post in left] == [x, other]
    assert left[0].pk == both[1].pk
    assert list(Post.objects.values_list("channel", flat=True).order_by("id")) == [x.pk, other.pk]


def test_what_has_gone_out_stays_and_so_does_what_was_changed_on_its_own(desk: Membership, accounts: Any) -> None:
    posts = save(desk, Composition(channels=accounts, text="Hi"))
    Post.objects.filter(pk=posts[0].pk).update(status=PostStatus.PUBLISHED)
    Post.objects.filter(pk=posts[1].pk).update(text="Its own")

    found = opened(Post.objects.get(pk=posts[2].pk))
    assert [post.pk for post in found.posts] == [posts[2].pk]
    assert [post.pk for post in found.apart] == [posts[0].pk, posts[1].pk]

    save(desk, replace(found.composition, text="After"), seen=found.seen)
    assert list(Post.objects.order_by("id").values_list("text", flat=True)) == ["Hi", "Its own", "After"]


def test_a_save_does_not_write_over_what_another_tab_has_saved(desk: Membership, accounts: Any) -> None:
    posts = save(desk, Composition(channels=accounts[:1], text="Hi"))
    before = seen(posts)
    save(desk, Composition(channels=accounts[:1], text="From one tab"), seen=before)

    with pytest.raises(ChangedMeanwhile):
        save(desk, Composition(channels=accounts[:1], text="From another"), seen=before)

    assert Post.objects.get().text == "From one tab"


def test_an_account_that_another_tab_has_added_is_not_added_twice(desk: Membership, accounts: Any) -> None:
    posts = save(desk, Composition(channels=accounts[:1], text="Hi"))
    before = seen(posts)
    save(desk, Composition(channels=accounts[:2], text="Hi"), seen=before)

    with pytest.raises(ChangedMeanwhile):
        save(desk, Composition(channels=accounts[:2], text="Hi"), seen=before)

    assert Post.objects.count() == 2


def test_a_first_save_that_is_repeated_makes_no_second_draft(desk: Membership, accounts: Any) -> None:
    first = new_id("post")
    save(desk, Composition(channels=accounts[:2], text="Hi"), first_id=first)

    again = save(desk, Composition(channels=accounts[:2], text="Hi there"), first_id=first)

    assert again[0].public_id == first
    assert list(Post.objects.values_list("text", flat=True)) == ["Hi there"] * 2

    with pytest.raises(ChangedMeanwhile):
        save(desk, Composition(channels=accounts[:2], text="Unseen"), first_id=first)


def test_what_went_on_its_way_meanwhile_cannot_change(desk: Membership, accounts: Any) -> None:
    posts = save(desk, Composition(channels=accounts, text="Hi"), status=QUEUED)
    before = seen(posts)
    Post.objects.filter(pk=posts[1].pk).update(status=PostStatus.PUBLISHING)

    with pytest.raises(UnableToChange, match="PUBLISHING"):
        save(desk, Composition(channels=accounts, text="Too late"), status=QUEUED, seen=before)

    assert set(Post.objects.values_list("text", flat=True)) == {"Hi"}


def test_each_post_keeps_its_own_time_when_asked(desk: Membership, accounts: Any) -> None:
    posts = save(desk, Composition(channels=accounts, text="Hi"))
    for number, post in enumerate(posts):
        at = utcnow() + timedelta(days=number + 1)
        update_post(
            post=Post.objects.get(pk=post.pk), content=opened_content(post), now=utcnow(), plan=planned(post, at)
        )
    times = list(Post.objects.order_by("id").values_list("scheduled_at", flat=True))
    found = opened(Post.objects.get(pk=posts[0].pk))
    assert found.timing.when == "keep"

    save(desk, replace(found.composition, text="After"), seen=found.seen, timing=found.timing)

    assert list(Post.objects.order_by("id").values_list("text", "scheduled_at")) == [("After", at) for at in times]


def opened_content(post: Post) -> Any:
    from posts.services import content_of

    return content_of(post)


def planned(post: Post, at: Any) -> Any:
    from posts.services import plan_of

    return replace(plan_of(post), scheduled_at=at)


def test_a_contributor_writes_drafts_and_nothing_else(desk: Membership, contributor: Membership, accounts: Any) -> None:
    mine = save(contributor, Composition(channels=accounts, text="Draft"))

    for status, before in ((QUEUED, {}), (QUEUED, seen(mine))):
        with pytest.raises(NotPermitted, match="Ask for approval"):
            save(contributor, Composition(channels=accounts, text="Out"), status=status, seen=before)

    queued = save(desk, Composition(channels=accounts, text="Queued"), status=QUEUED)
    for status in (DRAFT, QUEUED):
        with pytest.raises(NotPermitted):
            save(contributor, Composition(channels=accounts, text="Changed"), status=status, seen=seen(queued))

    first = new_id("post")
    save(desk, Composition(channels=accounts[:1], text="Queued"), status=QUEUED, first_id=first)
    with pytest.raises(NotPermitted):
        save(contributor, Composition(channels=accounts[:1], text="Changed"), first_id=first)

    assert set(Post.objects.exclude(status=DRAFT).values_list("text", flat=True)) == {"Queued"}
    assert not Post.objects.filter(status=DRAFT, due_at__isnull=False).exists()


def test_a_viewer_saves_nothing(owner: Person, accounts: Any) -> None:
    viewer = Membership.objects.select_related("organization", "user").get(
        user=make_member(owner.organization, Role.VIEWER)
    )

    with pytest.raises(NotPermitted, match="look at posts"):
        save(viewer, Composition(channels=accounts, text="Hi"))


def test_another_organization_s_posts_are_not_there(stranger: Person, desk: Membership, accounts: Any) -> None:
    theirs = make_post(make_channel(stranger.organization), text="Theirs")

    with pytest.raises(ChangedMeanwhile):
        save(desk, Composition(channels=accounts, text="Mine"), seen={theirs.public_id: 0})

    theirs.refresh_from_db()
    assert theirs.text == "Theirs"


def test_each_account_takes_its_own_next_queue_time_when_it_is_queued(desk: Membership, accounts: Any) -> None:
    facebook, x, _ = accounts
    now = datetime(2026, 11, 23, 8, tzinfo=UTC)  # a Monday
    set_slots(channel=facebook, times=[(0, 9 * 60)])
    set_slots(channel=x, times=[(0, 12 * 60), (1, 12 * 60)])
    composition, slot = Composition(channels=(facebook, x), text="Hi"), Timing(when="slot")

    drafts = save(desk, composition, timing=slot, now=now)
    assert {post.scheduled_at for post in drafts} == {None}

    queued = save(desk, composition, timing=slot, status=QUEUED, seen=seen(drafts), now=now)
    assert [post.scheduled_at for post in queued] == [now.replace(hour=9), now.replace(hour=12)]
    assert [post.due_at for post in queued] == [post.scheduled_at for post in queued]

    more = save(desk, composition, timing=slot, status=QUEUED, now=now)
    assert [post.scheduled_at for post in more] == [
        now.replace(hour=9) + timedelta(days=7), now.replace(hour=12) + timedelta(days=1),
    ]  # fmt: skip
    assert len({post.group_id for post in more}) == 1


def test_without_a_queue_time_nothing_is_written(desk: Membership, accounts: Any) -> None:
    with pytest.raises(NoSlots, match="no queue times"):
        save(desk, Composition(channels=accounts, text="Hi"), timing=Timing(when="slot"), status=QUEUED)

    assert not Post.objects.exists()
