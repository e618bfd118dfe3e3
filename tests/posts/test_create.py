"""Creating posts through the API."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from chat33.lib.clock import utcnow
from integrations.models import ApiKey, Channel
from integrations.services import create_api_key
from posts.models import Post
from tests.factories import make_channel
from tests.people import Client, Person


def test_a_post_is_queued_for_its_channel(owner: Person, channel: Channel) -> None:
    reply = owner.api().send("POST", "posts", {"accountIds": [channel.public_id], "text": "Hello"})

    assert reply.status_code == 201
    made = reply.json()
    assert made["groupId"] is None
    assert [post["status"] for post in made["posts"]] == ["QUEUED"]
    assert Post.objects.get(public_id=made["posts"][0]["id"]).due_at is not None


def test_a_stranger_cannot_post_to_it(stranger: Person, channel: Channel) -> None:
    reply = stranger.api().send("POST", "posts", {"accountIds": [channel.public_id], "text": "Hello"})

    assert reply.status_code == 400
    assert reply.json()["error"] == "VALIDATION_ERROR"
    assert reply.json()["details"] == [{"path": "accountIds.0", "message": "There is no such account."}]
    assert not Post.objects.exists()


def body(channel: Channel, **more: Any) -> dict[str, Any]:
    return {"accountIds": [channel.public_id], "text": "Hello", **more}


def create(person: Person, given: Any) -> Any:
    return person.api().send("POST", "posts", given)


@pytest.mark.parametrize(
    ("when", "rings"),
    [({}, 1), ({"scheduledAt": "+1 day"}, 0), ({"status": "DRAFT"}, 0)],
    ids=["for now", "for tomorrow", "a draft"],
)
def test_a_worker_is_woken_for_what_goes_out_now_alone(
    owner: Person,
    channel: Channel,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    when: dict[str, str],
    rings: int,
) -> None:
    if "scheduledAt" in when:
        when = {"scheduledAt": (utcnow() + timedelta(days=1)).isoformat()}
    with django_capture_on_commit_callbacks() as woken:
        assert create(owner, body(channel, **when)).status_code == 201

    assert len(woken) == rings


def test_several_accounts_get_a_post_each_in_one_group(owner: Person, channel: Channel) -> None:
    page = make_channel(owner.organization, "facebook")

    made = create(owner, body(channel, accountIds=[page.public_id, channel.public_id])).json()

    assert [post["accountId"] for post in made["posts"]] == [page.public_id, channel.public_id]
    assert [post["platform"] for post in made["posts"]] == ["facebook", "x"]
    assert made["groupId"] == Post.objects.values_list("group_id", flat=True).distinct().get()


def test_an_account_named_twice_gets_one_post(owner: Person, channel: Channel) -> None:
    made = create(owner, body(channel, accountIds=[channel.public_id] * 3)).json()

    assert (len(made["posts"]), made["groupId"]) == (1, None)


def test_ten_accounts_at_once_and_not_one_more(owner: Person, channel: Channel) -> None:
    channels = [channel, *(make_channel(owner.organization, "x") for _ in range(10))]
    ids = [one.public_id for one in channels]

    assert len(create(owner, body(channel, accountIds=ids[:10])).json()["posts"]) == 10
    wrongs: tuple[Any, ...] = (ids, [], "", None, {}, [None], [7], ["x" * 61])
    for wrong in wrongs:
        reply = create(owner, body(channel, accountIds=wrong))
        assert (reply.status_code, reply.json()["details"][0]["path"].split(".")[0]) == (400, "accountIds")
    assert Post.objects.count() == 10


def test_one_unknown_account_and_nobody_gets_a_post(owner: Person, channel: Channel) -> None:
    twice = [channel.public_id, channel.public_id, "chan_nobody"]

    reply = create(owner, body(channel, accountIds=twice))

    assert reply.json()["details"] == [{"path": "accountIds.2", "message": "There is no such account."}]
    assert not Post.objects.exists()


def test_a_disconnected_account_takes_no_post_but_a_draft(owner: Person, channel: Channel) -> None:
    channel.is_active = False
    channel.save()

    assert create(owner, body(channel)).json()["details"][0]["path"] == "accountIds"
    assert create(owner, body(channel, status="DRAFT")).status_code == 201


def test_a_draft_only_has_to_say_something(owner: Person, channel: Channel) -> None:
    long = body(channel, text="x" * 281, status="DRAFT", platformConfig={"x": {"replySettings": "nobody"}})

    assert create(owner, long).json()["posts"][0]["status"] == "DRAFT"
    for nothing in ({"text": ""}, {"text": None}, {"text": " ", "mediaUrls": []}):
        reply = create(owner, body(channel, status="DRAFT", **nothing))
        assert (reply.status_code, reply.json()["details"][0]["path"]) == (400, "text")
    assert Post.objects.get().due_at is None


def test_a_post_keeps_what_it_was_given(owner: Person, channel: Channel) -> None:
    given = {
        "text": "  Ünïcödé 👩‍👩‍👧  \n", "platformConfig": {"x": {"replySettings": "following"}, "tiktok": {"text": "T"}},
        "callbackUrl": "https://example.com/hook?a=1", "timezone": "Europe/Berlin",
    }  # fmt: skip
    (made,) = create(owner, body(channel, **given)).json()["posts"]

    seen = owner.api().send("GET", f"posts/{made['id']}").json()

    assert {name: seen[name] for name in given} == given
    assert (seen["mediaUrls"], seen["mediaType"], seen["groupId"]) == ([], None, None)


def test_who_made_it_is_the_key(owner: Person, channel: Channel) -> None:
    (made,) = create(owner, body(channel)).json()["posts"]

    assert owner.api().send("GET", f"posts/{made['id']}").json()["createdBy"] == ApiKey.objects.get().public_id


@pytest.mark.parametrize(
    "given",
    [
        {"text": 5 * [1]}, {"text": "x" * 100_001}, {"mediaUrls": ["https://example.com/a"] * 36}, {"mediaUrls": [{}]},
        {"mediaUrls": ["https://user:secret@example.com/"]}, {"mediaUrls": ["file:///etc/passwd"]}, {"mediaUrls": [""]},
        {"mediaUrls": ["http://169.254.169.254/latest"]}, {"mediaUrls": ["http://127.1/"]}, {"mediaUrls": ["http://[::1]/"]},
        {"mediaUrls": ["http://2130706433/"]}, {"mediaUrls": ["http://localhost/"]}, {"mediaUrls": ["http://db.internal/"]},
        {"coverImageUrl": "http://0x7f.1/"}, {"callbackUrl": "http://[::ffff:10.0.0.1]/"}, {"callbackUrl": "https://a\\b/"},
        {"callbackUrl": "https://example.com/" + "x" * 2000}, {"mediaType": "text"}, {"platformConfig": "x"}, {"status": 1},
        {"status": "CANCELLED"}, {"status": "PUBLISHED"},
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_name(
    owner: Person, channel: Channel, settings: Settings, given: dict[str, Any]
) -> None:
    settings.ALLOW_PRIVATE_HOSTS = []

    reply = create(owner, body(channel, **given))

    assert (reply.status_code, reply.json()["error"]) == (400, "VALIDATION_ERROR")
    assert reply.json()["details"][0]["path"].split(".")[0] == next(iter(given))
    assert not Post.objects.exists()


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("", 400), ("{", 400), ("[]", 400), ("null", 400), ('"text"', 400), ("\udcff", 400), ('{"a": NaN, %s}', 400),
        ('{"platformConfig": {"x": {"a": "\\u0000"}}, %s}', 400), ('{"platformConfig": {"x": {"\\ud800": 1}}, %s}', 400),
        ('{"platformConfig": {"x": {"a": 1e999}}, %s}', 400), ('{"platformConfig": {"x": {"a": -1e999}}, %s}', 400),
        ('{"platformConfig": {"x": {"a": ' + "[" * 40 + "]" * 40 + "}}, %s}", 400), ("[" * 100_000, 400),
        ('{"a": ' + "9" * 5000 + ", %s}", 400), ('{"a": "' + "x" * 1_000_000 + '", %s}', 413), ('{"a": 1, %s}', 201),
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_or_kept_is_refused(owner: Person, channel: Channel, raw: str, status: int) -> None:
    whole = raw.replace("%s", f'"text": "Hello", "accountIds": ["{channel.public_id}"]')

    sent = whole.encode(errors="surrogateescape")
    reply = owner.api().post("/api/v1/posts", sent, content_type="application/json")

    assert reply.status_code == status
    assert status == 201 or set(reply.json()) == {"error", "message", "details"}


def test_other_types_and_methods_have_their_own_words(owner: Person, channel: Channel) -> None:
    api = owner.api()

    form = api.post("/api/v1/posts", {"text": "x"}, format="multipart")
    assert (form.status_code, form.json()["error"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    for method in ("PUT", "DELETE", "PATCH"):
        reply = api.send(method, "posts")
        assert (reply.status_code, reply.json()["error"]) == (405, "METHOD_NOT_ALLOWED")
    assert api.send("POST", "posts/").status_code == 404


def test_without_the_scope_it_is_403_that_names_it(owner: Person, channel: Channel) -> None:
    _, raw = create_api_key(organization=owner.organization, name="Reader", by=None, scopes=["posts:read"])
    reader = Person(owner.user, owner.organization, raw)

    reply = create(reader, body(channel))

    assert (reply.status_code, reply.json()["error"]) == (403, "Insufficient scope")
    assert "posts:write" in reply.json()["message"]
    assert reader.api().send("GET", "posts").status_code == 200


def test_nobody_without_a_key(db: None) -> None:
    reply = Client().send("POST", "posts", {"text": "x"})

    assert (reply.status_code, reply.json()["error"]) == (401, "Unauthorized")
    assert reply["WWW-Authenticate"]
