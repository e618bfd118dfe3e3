"""The same Idempotency-Key and request: one effect and one answer, whatever happens in between."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from rest_framework.response import Response

from chat33.api import idempotency
from chat33.api.idempotency import Keyed, once_slowly
from chat33.api.models import IdempotencyRecord, LimitUse
from chat33.lib.clock import utcnow
from integrations.models import ApiKey, Channel
from posts import services
from posts.models import Media, Post
from tests import media_files
from tests.api.files import uploaded
from tests.crowd import together
from tests.factories import make_post
from tests.lib.misbehaving import Peer, answer, serving
from tests.people import Person


def create(person: Person, channel: Channel, key: str, text: str = "Hello", **more: Any) -> Any:
    api = person.api(**{"Idempotency-Key": key})
    return api.send("POST", "posts", {"accountIds": [channel.public_id], "text": text, **more})


@pytest.mark.django_db(transaction=True)
def test_50_at_the_same_moment_have_one_effect(owner: Person, channel: Channel) -> None:
    for round_ in range(2):
        replies = together([partial(create, owner, channel, f"key-{round_}") for _ in range(50)])

        codes = Counter(reply.status_code for reply in replies)
        assert set(codes) <= {201, 409}
        assert codes[201] >= 1
        made = {reply.json()["posts"][0]["id"] for reply in replies if reply.status_code == 201}
        assert len(made) == 1
        assert sum(1 for reply in replies if reply.status_code == 201 and "Idempotent-Replayed" not in reply) == 1
        assert {reply["Retry-After"] for reply in replies if reply.status_code == 409} <= {"1"}
        assert {reply.json()["error"] for reply in replies if reply.status_code == 409} <= {"CONFLICT"}
        assert Post.objects.count() == LimitUse.objects.count() == round_ + 1


@pytest.mark.django_db(transaction=True)
def test_50_different_requests_with_one_key_make_one_of_them(owner: Person, channel: Channel) -> None:
    replies = together([partial(create, owner, channel, "key", f"Text {number}") for number in range(50)])

    codes = Counter(reply.status_code for reply in replies)
    assert set(codes) <= {201, 409, 422}
    assert codes[201] == Post.objects.count() == 1


def test_the_second_answer_is_the_first_and_says_so(owner: Person, channel: Channel) -> None:
    first, second = create(owner, channel, "a"), create(owner, channel, "a")

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert Post.objects.count() == 1


def test_it_stays_the_first_answer_when_the_post_has_changed(owner: Person, channel: Channel) -> None:
    first = create(owner, channel, "a")
    Post.objects.update(status="PUBLISHED")
    channel.is_active = False
    channel.save()

    assert create(owner, channel, "a").json() == first.json()


def test_another_request_with_the_key_is_refused(owner: Person, channel: Channel) -> None:
    create(owner, channel, "a")
    post = make_post(channel)

    other_body = create(owner, channel, "a", "Something else")
    other_route = owner.api(**{"Idempotency-Key": "a"}).send("POST", f"posts/{post.public_id}/duplicate", {})

    for reply in (other_body, other_route):
        assert (reply.status_code, reply.json()["error"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert Post.objects.count() == 2


def test_how_the_body_is_written_does_not_matter(owner: Person, channel: Channel) -> None:
    first = create(owner, channel, "a", timezone="UTC")
    api = owner.api(**{"Idempotency-Key": "a"})
    raw = f'{{ "timezone":"UTC",\n "text": "\\u0048ello", "accountIds": ["{channel.public_id}"] }}'
    second = api.post("/api/v1/posts", raw, content_type="application/json")

    assert second.json() == first.json()


def test_quoted_and_bare_are_the_same_key(owner: Person, channel: Channel) -> None:
    first = create(owner, channel, '"8e03978e-40d5"')

    assert create(owner, channel, "8e03978e-40d5").json() == first.json()
    assert create(owner, channel, ' "8e03978e-40d5" ').json() == first.json()
    assert Post.objects.count() == 1


@pytest.mark.parametrize("key", ["", '""', "x" * 256, "tab\there", "bell\x07"])
def test_a_key_that_is_none_is_refused(owner: Person, channel: Channel, key: str) -> None:
    reply = create(owner, channel, key)

    assert (reply.status_code, reply.json()["details"][0]["path"]) == (400, "Idempotency-Key")
    assert not Post.objects.exists()


def test_a_key_belongs_to_its_organization(owner: Person, teammate: Person, stranger: Person, channel: Channel) -> None:
    theirs = Channel.objects.create(organization=stranger.organization, platform="x", remote_id="1", name="Theirs")
    first = create(owner, channel, "a")

    assert create(stranger, theirs, "a").json() != first.json()
    assert create(teammate, channel, "a").json() == first.json()


def test_it_is_kept_for_72_hours(owner: Person, channel: Channel) -> None:
    with time_machine.travel("2026-06-01T12:00:00Z", tick=False) as clock:
        first = create(owner, channel, "a")
        clock.shift(timedelta(hours=71, minutes=59))
        idempotency.prune(now=utcnow())
        assert create(owner, channel, "a").json() == first.json()
        clock.shift(timedelta(minutes=2))
        assert create(owner, channel, "a", "Something else").status_code == 201
        assert create(owner, channel, "a", "Something else")["Idempotent-Replayed"] == "true"
        clock.shift(timedelta(hours=73))
        assert idempotency.prune(now=utcnow()) == 1
    assert Post.objects.count() == 2


def test_a_crash_between_the_effect_and_its_answer_leaves_nothing(
    owner: Person, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*args: Any, **kwargs: Any) -> Any:
        assert Post.objects.count() == 1  # the effect was there
        raise SystemExit

    api = owner.api(**{"Idempotency-Key": "a"})
    body = {"accountIds": [channel.public_id], "text": "Hello"}
    with monkeypatch.context() as broken:
        broken.setattr(idempotency, "_plain", crash)
        with pytest.raises(SystemExit):
            api.send("POST", "posts", body)

    assert not Post.objects.exists()
    assert not LimitUse.objects.exists()
    assert not IdempotencyRecord.objects.exists()
    again = api.send("POST", "posts", body)
    assert (again.status_code, "Idempotent-Replayed" in again) == (201, False)


def test_a_refusal_is_not_kept(owner: Person, channel: Channel) -> None:
    assert create(owner, channel, "a", "").status_code == 400
    assert create(owner, channel, "a", "Said").status_code == 201


@pytest.mark.django_db(transaction=True)
def test_while_the_first_is_running_the_second_is_told_to_wait(
    owner: Person, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, finish = threading.Event(), threading.Event()
    create_posts = services.create_posts

    def slowly(**given: Any) -> Any:
        running.set()
        assert finish.wait(60)
        return create_posts(**given)

    monkeypatch.setattr(services, "create_posts", slowly)

    def second() -> Any:
        assert running.wait(60)
        try:
            return create(owner, channel, "a")
        finally:
            finish.set()

    replies = together([partial(create, owner, channel, "a"), second])

    assert [reply.status_code for reply in replies] == [201, 409]
    assert replies[1]["Retry-After"] == "1"


def test_a_duplicate_is_made_once(owner: Person, channel: Channel) -> None:
    post = make_post(channel)
    api = owner.api(**{"Idempotency-Key": "a"})

    first = api.send("POST", f"posts/{post.public_id}/duplicate", {})
    second = api.send("POST", f"posts/{post.public_id}/duplicate", {})

    assert (first.status_code, second.json()) == (201, first.json())
    assert Post.objects.count() == 2


def test_api_keys_are_never_remembered(owner: Person) -> None:
    browser = owner.browser()
    replies = [browser.send("POST", "api-keys", {}, headers={"Idempotency-Key": "a"}) for _ in range(2)]

    assert [reply.status_code for reply in replies] == [201, 201]
    assert replies[0].json()["key"] != replies[1].json()["key"]
    assert not IdempotencyRecord.objects.exists()
    assert ApiKey.objects.count() == 3


class TestUploads:
    """They take their time, so their key is held by a row with a lease."""

    def test_a_file_is_stored_once(self, owner: Person) -> None:
        picture = media_files.jpeg(64, 48)
        first = uploaded(owner, picture, **{"Idempotency-Key": "a"})
        second = uploaded(owner, picture, **{"Idempotency-Key": "a"})

        assert (first.status_code, second.status_code, second["Idempotent-Replayed"]) == (201, 201, "true")
        assert first.json() == second.json()
        assert Media.objects.count() == LimitUse.objects.count() == 1

    def test_another_file_with_the_key_is_refused(self, owner: Person) -> None:
        uploaded(owner, media_files.jpeg(64, 48), **{"Idempotency-Key": "a"})

        assert uploaded(owner, media_files.jpeg(64, 48, seed=9), **{"Idempotency-Key": "a"}).status_code == 422

    def test_a_failure_frees_the_key(self, owner: Person) -> None:
        assert uploaded(owner, b"no picture", **{"Idempotency-Key": "a"}).status_code == 400

        assert uploaded(owner, media_files.jpeg(64, 48), **{"Idempotency-Key": "a"}).status_code == 201

    @pytest.mark.django_db(transaction=True)
    def test_while_the_first_is_fetching_the_second_is_told_to_wait(self, owner: Person) -> None:
        asked, finish = threading.Event(), threading.Event()

        def slow(peer: Peer) -> None:
            peer.read()
            asked.set()
            assert finish.wait(60)
            peer.write(answer("200 OK", body=media_files.jpeg(64, 48)))

        def ingest(url: str) -> Any:
            return owner.api(**{"Idempotency-Key": "a"}).send("POST", "media/upload", {"url": url})

        with serving(slow) as server:

            def second() -> Any:
                assert asked.wait(60)
                try:
                    return ingest(server.url)
                finally:
                    finish.set()

            replies = together([partial(ingest, server.url), second])

        assert [reply.status_code for reply in replies] == [201, 409]
        assert Media.objects.count() == 1

    def test_the_lease_of_one_that_died_ends(self, owner: Person) -> None:
        picture = media_files.jpeg(64, 48)
        with time_machine.travel("2026-06-01T12:00:00Z", tick=False) as clock:
            uploaded(owner, picture, **{"Idempotency-Key": "a"})
            died = {"status": None, "body": None, "leased_until": utcnow() + timedelta(minutes=6)}
            IdempotencyRecord.objects.update(**died)
            assert uploaded(owner, picture, **{"Idempotency-Key": "a"}).status_code == 409
            clock.shift(timedelta(minutes=6, seconds=1))
            again = uploaded(owner, picture, **{"Idempotency-Key": "a"})
            assert (again.status_code, "Idempotent-Replayed" in again) == (201, False)

    def test_one_that_outlives_its_lease_disturbs_nobody(self, db: None) -> None:
        keyed, now = Keyed("org_a", "a", "f"), utcnow()

        def says(word: str, during: Callable[[], Any] = lambda: None) -> Callable[[], Response]:
            def effect() -> Response:
                during()
                return Response({"word": word}, status=201)

            return effect

        def overtaken() -> None:
            once_slowly(keyed, says("second"), now=now + timedelta(minutes=7))

        first = once_slowly(keyed, says("first", overtaken), now=now)

        assert first.data == {"word": "first"}
        assert IdempotencyRecord.objects.get().body == {"word": "second"}
