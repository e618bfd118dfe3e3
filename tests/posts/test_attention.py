"""What needs a person: grouped by cause, mended at once, put away, and quick however much there is."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat33.lib.clock import utcnow
from integrations.channels import RECONNECT, connect_channel, disconnect_channel
from integrations.models import Channel, Notice
from integrations.providers.base import Credentials
from posts import attention as looking
from posts import remedies
from posts.attention import Attention, Cause, Kind, Remedy, attention
from posts.models import Attempt, Post, PostStatus
from posts.outcomes import UNCONFIRMED
from posts.services import UnableToChange, delete_post, resolve_post, retry_post
from tests.factories import make_channel, make_post
from tests.people import Person
from tests.posts.flow import publish, queued, sandbox_channel
from tests.sandboxes import RunningSandbox


def failed(channel: Channel, code: str, *, number: int = 1, **given: Any) -> list[Post]:
    fields = {"status": PostStatus.FAILED, "error_code": code, "error_message": f"{code} happened.", **given}
    return [make_post(channel, **fields) for _ in range(number)]


def now_for(person: Person) -> Attention:
    return attention(organization=person.organization, now=utcnow())


def only(person: Person) -> Cause:
    [cause] = now_for(person).causes
    return cause


def reconnect(channel: Channel) -> Channel:
    return connect_channel(
        organization=channel.organization,
        platform=channel.platform,
        remote_id=channel.remote_id,
        name=channel.name,
        username=channel.username,
        credentials=Credentials(access_token="new"),
        metadata={},
        is_sandbox=True,
        now=utcnow(),
    )


def test_nothing_needs_attention_where_nothing_failed(owner: Person, channel: Channel) -> None:
    for status in (PostStatus.DRAFT, PostStatus.QUEUED, PostStatus.PUBLISHED, PostStatus.CANCELLED):
        make_post(channel, status=status)

    assert not now_for(owner)


def test_fourteen_posts_of_one_lost_connection_are_one_cause(owner: Person) -> None:
    channel = make_channel(owner.organization, "instagram")
    disconnect_channel(channel=channel, reason="The permission has ended. Reconnect the account.", now=utcnow())
    failed(channel, "AUTH_EXPIRED", number=14)
    make_post(channel, status=PostStatus.QUEUED, scheduled_at=utcnow() + timedelta(days=1))

    cause = only(owner)

    assert (cause.kind, cause.posts, cause.remedy, cause.ahead) == (Kind.CONNECTION, 14, Remedy.RECONNECT, 1)
    assert cause.title == f"Instagram @{channel.username} needs reconnecting"
    assert cause.sentence == "The permission has ended. Reconnect the account."
    assert len(cause.examples) == looking.EXAMPLES


def test_a_lost_connection_is_a_cause_before_any_post_failed_and_vanishes_when_it_is_back(owner: Person) -> None:
    channel = make_channel(owner.organization, "x")
    disconnect_channel(channel=channel, reason="Gone.", now=utcnow())
    assert (only(owner).posts, only(owner).remedy) == (0, Remedy.RECONNECT)

    reconnect(channel)

    assert not now_for(owner)


def test_once_reconnected_the_posts_wait_to_be_retried_all_together(owner: Person) -> None:
    channel = make_channel(owner.organization, "x")
    disconnect_channel(channel=channel, reason="Gone.", now=utcnow())
    failed(channel, "AUTH_EXPIRED", number=3)
    with pytest.raises(UnableToChange, match="Reconnect it first"):
        mend(only(owner), owner)

    reconnect(channel)
    cause = only(owner)

    assert (cause.title, cause.remedy) == (f"X @{channel.username} is connected again", Remedy.RETRY)
    assert mend(cause, owner) == remedies.Mended(3, 0, more=False)
    assert not now_for(owner)
    assert Post.objects.filter(status=PostStatus.QUEUED, due_at__lte=utcnow()).count() == 3
    assert Attempt.objects.filter(event="retry_requested").count() == 3


def mend(cause: Cause, person: Person) -> remedies.Mended:
    return remedies.retry_all(
        organization=person.organization,
        channel=Channel.objects.get(pk=cause.channel.pk),
        kind=cause.kind,
        by=person.user.public_id,
        now=utcnow(),
    )


def test_a_permission_that_is_missing_asks_to_reconnect_although_the_account_is_active(
    owner: Person, sandboxed: RunningSandbox
) -> None:
    channel = sandbox_channel(owner.organization, sandboxed, "x")
    sandboxed.rule("x", "commit", "error", status=403)
    post = publish(queued(channel), sandboxed)
    assert post.error_code == "PERMISSION"

    assert only(owner).remedy == Remedy.RECONNECT
    assert only(owner).sentence == post.error_message

    reconnect(Channel.objects.get(pk=channel.pk))
    assert only(owner).remedy == Remedy.RETRY


def test_each_kind_of_trouble_of_each_account_is_a_cause_of_its_own(owner: Person) -> None:
    one, two = make_channel(owner.organization, "x"), make_channel(owner.organization, "facebook")
    for channel in (one, two):
        for code in ("USER_CONTENT", "VALIDATION_ERROR", "DUPLICATE", "MEDIA_TOO_LARGE", "MISSED", "QUARANTINED"):
            failed(channel, code)
    failed(one, UNCONFIRMED, number=2)

    found = {(cause.channel, cause.kind): (cause.posts, cause.remedy) for cause in now_for(owner).causes}

    assert found[one, Kind.UNCONFIRMED] == (2, Remedy.RECONCILE)
    assert found[one, Kind.CONTENT] == found[two, Kind.CONTENT] == (3, Remedy.LOOK)
    assert found[one, Kind.FILES] == (1, Remedy.LOOK)
    assert found[one, Kind.MISSED] == found[one, Kind.OTHER] == (1, Remedy.RETRY)
    assert len(found) == 9
    assert now_for(owner).causes[0].kind == Kind.UNCONFIRMED


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("kind", list(Kind))
def test_every_cause_is_said_in_whole_words(owner: Person, channel: Channel, kind: Kind, number: int) -> None:
    cause = Cause(kind=kind, channel=channel, posts=number, since=utcnow())

    assert f"X @{channel.username}" in cause.title
    assert ("1 posts" in cause.title, "{" in cause.title) == (False, False)


def test_unconfirmed_posts_are_never_retried_but_asked_about(owner: Person, channel: Channel) -> None:
    failed(channel, UNCONFIRMED, number=2, step="commit", intent_at=utcnow())
    with pytest.raises(UnableToChange, match="not sent again"):
        mend(only(owner), owner)

    asked = remedies.reconcile_all(
        organization=owner.organization, channel=channel, by=owner.user.public_id, now=utcnow()
    )

    assert asked == remedies.Mended(2, 0, more=False)
    assert not now_for(owner)
    assert set(Post.objects.values_list("status", flat=True)) == {"PUBLISHING"}


def test_a_click_mends_five_hundred_and_says_that_there_are_more(
    owner: Person, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remedies, "AT_ONCE", 3)
    first = failed(channel, "NETWORK", number=5, settled_at=utcnow() - timedelta(hours=1))[0]
    failed(channel, "USER_CONTENT")

    assert mend_kind(Kind.NETWORK, owner) == remedies.Mended(3, 0, more=True)
    first.refresh_from_db()
    assert first.status == PostStatus.QUEUED
    assert mend_kind(Kind.NETWORK, owner) == remedies.Mended(2, 0, more=False)
    assert [cause.kind for cause in now_for(owner).causes] == [Kind.CONTENT]


def mend_kind(kind: Kind, person: Person) -> remedies.Mended:
    return mend(next(cause for cause in now_for(person).causes if cause.kind == kind), person)


def test_what_was_put_away_stays_away_until_it_happens_again(owner: Person, channel: Channel) -> None:
    failed(channel, "NETWORK", number=3)
    failed(channel, "MISSED")
    remedies.dismiss(
        organization=owner.organization, channel=channel, kind=Kind.NETWORK, by=owner.user.public_id, now=utcnow()
    )
    assert [cause.kind for cause in now_for(owner).causes] == [Kind.MISSED]

    failed(channel, "NETWORK")

    assert {cause.kind: cause.posts for cause in now_for(owner).causes} == {Kind.MISSED: 1, Kind.NETWORK: 1}
    remedies.restore(channel=channel, kind=Kind.NETWORK)
    assert {cause.kind: cause.posts for cause in now_for(owner).causes} == {Kind.MISSED: 1, Kind.NETWORK: 4}


def test_a_lost_connection_may_be_put_away_too(owner: Person, channel: Channel) -> None:
    disconnect_channel(channel=channel, reason="Gone.", now=utcnow())
    remedies.dismiss(
        organization=owner.organization, channel=channel, kind=Kind.CONNECTION, by=owner.user.public_id, now=utcnow()
    )

    assert not now_for(owner)


def test_what_a_person_settles_vanishes_by_itself(owner: Person, channel: Channel) -> None:
    posts = [*failed(channel, "NETWORK", number=2), *failed(channel, UNCONFIRMED)]
    assert sum(cause.posts for cause in now_for(owner).causes) == 3

    retry_post(post=posts[0], now=utcnow(), by=owner.user.public_id)
    delete_post(post=posts[1])
    resolve_post(post=posts[2], outcome="published", now=utcnow(), by=owner.user.public_id)

    assert not now_for(owner)


def test_old_failures_are_history(owner: Person, channel: Channel) -> None:
    failed(channel, "NETWORK", settled_at=utcnow() - looking.WINDOW - timedelta(minutes=1))

    assert not now_for(owner)


def test_posts_that_a_limit_holds_are_told_but_ask_for_nothing(owner: Person, channel: Channel) -> None:
    until = utcnow() + timedelta(hours=3)
    for hours in (0, 1):
        make_post(
            channel, status=PostStatus.QUEUED, held_until=until + timedelta(hours=hours), held_reason="The day is full."
        )

    found = now_for(owner)

    assert not found
    [waiting] = found.waiting
    assert (waiting.posts, waiting.first, waiting.reason) == (2, until, "The day is full.")


def test_other_notices_are_shown_as_they_are(owner: Person) -> None:
    notice = Notice.objects.create(organization=owner.organization, kind="something_else", text="Look at this.")

    assert now_for(owner).notices == (notice,)
    assert notice.kind != RECONNECT


def test_nobody_sees_or_mends_another_organization_s(owner: Person, stranger: Person, channel: Channel) -> None:
    failed(channel, "NETWORK")
    disconnect_channel(channel=make_channel(owner.organization, "facebook"), reason="Gone.", now=utcnow())

    assert not now_for(stranger)
    mended = remedies.retry_all(
        organization=stranger.organization, channel=channel, kind=Kind.NETWORK, by="usr_stranger", now=utcnow()
    )
    assert mended.done == 0


def test_one_cause_and_twenty_cost_the_same(owner: Person) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert now_for(owner)
        return len(captured)

    trouble(owner)
    one = cost()
    for _ in range(19):
        trouble(owner)

    assert cost() == one <= 8


def trouble(person: Person) -> None:
    channel = make_channel(person.organization, "x")
    disconnect_channel(channel=channel, reason="Gone.", now=utcnow())
    failed(channel, "AUTH_EXPIRED", number=2)
    failed(channel, "NETWORK")
    make_post(channel, status=PostStatus.QUEUED, held_until=utcnow(), held_reason="Full.")
