"""Requests that nobody sends by accident: each gets the documented error, nothing breaks and nothing is kept."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chat33.api.models import IdempotencyRecord
from chat33.lib.clock import utcnow
from contacts.models import Contact
from integrations.models import Channel
from posts.models import Media, Post
from tests.contracts.document import conforms
from tests.contracts.shapes import is_error
from tests.factories import make_contact, make_post
from tests.people import Person

pytestmark = pytest.mark.django_db

BODIES = [
    ("POST", "posts"),
    ("POST", "posts/validate"),
    ("PATCH", "posts/{post}"),
    ("POST", "posts/{post}/duplicate"),
    ("POST", "posts/{post}/resolve"),
    ("POST", "media/upload"),
    ("POST", "api-keys"),
    ("POST", "contacts"),
    ("PATCH", "contacts/{contact}"),
]
"""Every operation that reads a body."""


def deep(levels: int) -> bytes:
    return b'{"platformConfig":{"x":' + b'{"a":' * levels + b"1" + b"}" * levels + b"}}"


NO_JSON = {
    "half a document": b'{"text": "Hello"',
    "two documents": b'{"text": "Hello"} {"text": "Hello"}',
    "not a number": b'{"platformConfig": {"x": {"a": NaN}}}',
    "infinity": b'{"platformConfig": {"x": {"a": -Infinity}}}',
    "a number that is too large to be one": b'{"platformConfig": {"x": {"a": 1e999}}}',
    "an integer of 5000 digits": b'{"platformConfig": {"x": {"a": ' + b"9" * 5000 + b"}}}",
    "bytes that are no UTF-8": b'{"text": "\xff\xfe"}',
    "UTF-16": '{"text": "Hello"}'.encode("utf-16"),
    "a surrogate in bytes": b'{"text": "\xed\xa0\x80"}',
    "half a surrogate pair": b'{"text": "\\ud83d"}',
    "half a surrogate pair in a name": b'{"\\udc00": "Hello"}',
    "NUL": b'{"text": "Hel\\u0000lo"}',
    "NUL in a name": b'{"platformConfig": {"x": {"\\u0000": 1}}}',
    "an array": b"[1, 2, 3]",
    "a string": b'"Hello"',
    "a number": b"12",
    "null": b"null",
    "200 levels": deep(200),
    "a hundred thousand levels": deep(100_000),
    "a hundred thousand arrays": b"[" * 100_000,
    "a form": b"text=Hello",
    "no text at all": b"\x00\x01\x02",
}


@pytest.fixture(autouse=True)
def _nothing_is_kept(owner: Person, channel: Channel) -> Iterator[None]:
    """Whatever came, no row was made of it."""
    post = make_post(channel, text="As it was", status="QUEUED")
    contact = make_contact(owner.organization, name="As it was")
    yield
    assert list(Post.objects.values_list("public_id", "text", "status")) == [(post.public_id, "As it was", "QUEUED")]
    assert list(Contact.objects.values_list("public_id", "name", "deleted_at")) == [
        (contact.public_id, "As it was", None)
    ]
    assert not Media.objects.exists()
    assert not IdempotencyRecord.objects.exists()


def send(person: Person, method: str, path: str, body: Any = b"", **extra: Any) -> Any:
    """The raw request, its reply held against the document."""
    path = path.format(post=Post.objects.get().public_id, contact=Contact.objects.get().public_id)
    client = person.browser() if path.startswith("api-keys") else person.api()
    client.raise_request_exception = False
    extra = {"content_type": "application/json", **extra}
    reply = client.generic(method, f"/api/v1/{path}", body, **extra)
    conforms(method, f"/api/v1/{path}", reply)
    return reply


@pytest.mark.parametrize(("method", "path"), BODIES)
def test_what_is_no_json_object(owner: Person, method: str, path: str, subtests: pytest.Subtests) -> None:
    for kind, body in NO_JSON.items():
        with subtests.test(kind):
            is_error(send(owner, method, path, body), 400, "VALIDATION_ERROR")


@pytest.mark.parametrize(("method", "path"), BODIES)
def test_a_content_type_that_is_not_read(owner: Person, method: str, path: str, subtests: pytest.Subtests) -> None:
    for kind in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "json", ""):
        with subtests.test(kind):
            reply = send(owner, method, path, b'{"text": "Hello"}', content_type=kind)
            is_error(reply, 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/json;version=1"])
def test_a_content_type_that_is_read(owner: Person, kind: str) -> None:
    is_error(send(owner, "POST", "posts", b'{"text": "Hello"}', content_type=kind), 400, "VALIDATION_ERROR")


@pytest.mark.parametrize(("method", "path"), BODIES)
def test_a_body_of_more_than_a_megabyte(owner: Person, method: str, path: str) -> None:
    body = json.dumps({"text": "a" * 1_000_001}).encode()

    is_error(send(owner, method, path, body), 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    ("method", "path", "field", "limit"),
    [
        ("POST", "posts", "accountIds", 10),
        ("POST", "posts", "mediaUrls", 35),
        ("POST", "posts/validate", "accountIds", 10),
        ("PATCH", "posts/{post}", "mediaUrls", 35),
        ("POST", "posts/{post}/duplicate", "accountIds", 10),
        ("POST", "api-keys", "scopes", 20),
        ("POST", "contacts", "labels", 50),
        ("PATCH", "contacts/{contact}", "addLabels", 50),
    ],
)
@pytest.mark.parametrize("item", ["1", "[]", "{}", '""', "null"])
def test_a_list_of_very_many_costs_one_error(
    owner: Person, method: str, path: str, field: str, limit: int, item: str
) -> None:
    many = ",".join([item] * 190_000)
    body = f'{{"accountIds": ["chan_1"], "text": "Hello", "{field}": [{many}]}}'

    refusal = is_error(send(owner, method, path, body.encode()), 400, "VALIDATION_ERROR")

    said = {"path": field, "message": f"Ensure this field has no more than {limit} elements."}
    assert said in refusal["details"]
    assert len(refusal["details"]) <= 2


def test_an_option_with_a_list_of_very_many(owner: Person, channel: Channel) -> None:
    options = {"instagram": {"collaborators": [1] * 190_000}, "x": {"replySettings": [1] * 100_000}}
    body = {"accountIds": [channel.public_id], "text": "Hello", "platformConfig": options}

    reply = send(owner, "POST", "posts/validate", json.dumps(body, separators=(",", ":")).encode())

    assert reply.status_code == 200
    assert len(reply.content) < 10_000


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "nonsense", "image/*;q=0.5", ""])
def test_an_accept_that_asks_for_something_else_gets_json(owner: Person, accept: str) -> None:
    assert send(owner, "GET", "accounts", headers={"accept": accept}).status_code == 200


@pytest.mark.parametrize(
    "key", ["", " ", '""', "a" * 256, "a\x7fb", "a\tb", "\xe4\x00", "🙂" * 300], ids=lambda key: repr(key)[:20]
)
@pytest.mark.parametrize("path", ["posts", "posts/{post}/duplicate", "media/upload"])
def test_a_key_for_repeating_that_is_none(owner: Person, channel: Channel, path: str, key: str) -> None:
    body = json.dumps({"accountIds": [channel.public_id], "text": "Hello", "url": "https://example.com/a.jpg"})

    is_error(send(owner, "POST", path, body.encode(), headers={"idempotency-key": key}), 400, "VALIDATION_ERROR")


@pytest.mark.parametrize("path", ["posts", "callbacks"])
@pytest.mark.parametrize("name", ["page", "limit"])
def test_a_page_that_is_no_number(owner: Person, path: str, name: str, subtests: pytest.Subtests) -> None:
    for value in (
        "0",
        "-1",
        "1.5",
        "1e3",
        "٣",
        "²",
        "one",
        "%00",
        "1%00",
        "NaN",
        "0x10",
        "1_0",
        "+1",
        "%201",
        "0" * 5000,
    ):
        with subtests.test(value[:8]):
            is_error(send(owner, "GET", f"{path}?{name}={value}"), 400, "VALIDATION_ERROR")


def test_a_page_beyond_all_pages(owner: Person, subtests: pytest.Subtests) -> None:
    for value in ("1" + "0" * 24, "9" * 5000, "0" * 5000 + "9" * 5000):
        with subtests.test(value[-8:]):
            is_error(send(owner, "GET", f"posts?page={value}"), 400, "VALIDATION_ERROR")
            assert send(owner, "GET", f"posts?limit={value}").json()["limit"] == 100
    assert send(owner, "GET", "posts?page=999999999&limit=100").json()["items"] == []


@pytest.mark.parametrize(
    "query", ["channelId=%00", "channelId=%ff", "channelId=" + "a" * 5000, "channelId[]=1", "status=&page="]
)
def test_a_filter_that_finds_nothing(owner: Person, query: str) -> None:
    assert send(owner, "GET", f"posts?{query}").status_code in (200, 400)


@pytest.mark.parametrize("query", ["status=%00", "status=queued", "platform=%ff", "platform=X"])
def test_a_filter_that_never_matches(owner: Person, query: str) -> None:
    is_error(send(owner, "GET", f"posts?{query}"), 400, "VALIDATION_ERROR")


IDS = {
    "NUL": "%00",
    "NUL after an id": "post_1%00",
    "no UTF-8": "%ff%fe",
    "very long": "a" * 5000,
    "SQL": "'%20OR%201=1--",
    "a dot": ".",
    "dots": "..%2e",
    "a surrogate": "%ed%a0%80",
    "a line break": "%0d%0aSet-Cookie:%20a=b",
    "an emoji": "%F0%9F%99%82",
    "a percent": "%25",
    "a number": "1",
}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "posts/{id}"),
        ("PATCH", "posts/{id}"),
        ("DELETE", "posts/{id}"),
        ("POST", "posts/{id}/duplicate"),
        ("GET", "posts/{id}/logs"),
        ("POST", "posts/{id}/retry"),
        ("POST", "posts/{id}/reconcile"),
        ("POST", "posts/{id}/resolve"),
        ("DELETE", "api-keys/{id}"),
        ("GET", "callbacks/{id}"),
        ("POST", "callbacks/{id}/resend"),
        ("GET", "contacts/{id}"),
        ("PATCH", "contacts/{id}"),
        ("DELETE", "contacts/{id}"),
        ("GET", "contacts/{id}/timeline"),
    ],
)
def test_an_id_that_is_none(owner: Person, method: str, path: str, subtests: pytest.Subtests) -> None:
    body = b"{}" if method in ("POST", "PATCH") else b""

    for kind, wrong in IDS.items():
        with subtests.test(kind):
            is_error(send(owner, method, path.replace("{id}", wrong), body), 404, "Not found")


@pytest.mark.parametrize(
    "path", ["posts/a/b/c", "posts/a%2fb%2fc/logs/", "posts/", "nothing", "posts//logs", "api-keys/a/b", "%00"]
)
def test_an_address_that_is_none(owner: Person, path: str) -> None:
    reply = owner.api().get(f"/api/v1/{path}")

    is_error(reply, 404, "Not found")


@pytest.mark.parametrize("method", ["PUT", "TRACE", "DELETE", "PROPFIND"])
def test_a_method_that_is_none(owner: Person, method: str) -> None:
    reply = owner.api().generic(method, "/api/v1/posts")

    assert reply.status_code == 405
    assert reply.json()["error"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize("length", ["", "-1", "many", "99999999999999999999"])
def test_a_length_that_is_none(owner: Person, length: str) -> None:
    assert send(owner, "POST", "media/upload", b"", CONTENT_LENGTH=length).status_code in (400, 413)


MULTIPART = "multipart/form-data; boundary=frontier"
FORMS = {
    "no boundary": ("multipart/form-data", b"--frontier--"),
    "an empty boundary": ("multipart/form-data; boundary=", b"--frontier--"),
    "a wrong boundary": (MULTIPART, b"--elsewhere\r\n\r\n--elsewhere--"),
    "no end": (MULTIPART, b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\nabc'),
    "bad base64": (
        MULTIPART,
        b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n!!!\r\n--frontier--",
    ),
    "a thousand fields": (
        MULTIPART,
        b'--frontier\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 1500 + b"--frontier--",
    ),
    "a thousand files": (
        MULTIPART,
        b'--frontier\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n1\r\n' * 1500 + b"--frontier--",
    ),
    "a field of two megabytes": (
        MULTIPART,
        b'--frontier\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"1" * 2_000_000 + b"\r\n--frontier--",
    ),
    "a name with NUL": (
        MULTIPART,
        b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="a\x00.jpg"\r\n\r\nabc\r\n--frontier--',
    ),
    "a name that is a path": (
        MULTIPART,
        b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="../../a.jpg"\r\n\r\nabc\r\n--frontier--',
    ),
    "an empty file": (
        MULTIPART,
        b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n\r\n--frontier--',
    ),
}


@pytest.mark.parametrize("kind", FORMS)
def test_a_form_that_is_none(owner: Person, kind: str) -> None:
    content_type, body = FORMS[kind]

    reply = send(owner, "POST", "media/upload", body, content_type=content_type)

    assert reply.status_code in (400, 413)
    assert reply.json()["error"] in ("VALIDATION_ERROR", "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("accountIds", {"0": "chan_1"}),
        ("accountIds", "chan_1"),
        ("accountIds", [None]),
        ("accountIds", [["chan_1"]]),
        ("text", ["Hello"]),
        ("text", True),
        ("text", "a" * 100_001),
        ("mediaUrls", "https://example.com/a.jpg"),
        ("mediaUrls", [None]),
        ("mediaUrls", ["https://example.com/a.jpg"] * 36),
        ("mediaUrls", ["https://user:secret@example.com/a.jpg"]),
        ("mediaUrls", ["https://example.com\r\nX: y/a.jpg"]),
        ("mediaUrls", ["http://[::1]/a.jpg"]),
        ("mediaUrls", ["http://[/a.jpg"]),
        ("mediaUrls", ["http://①②⑦.⓪.⓪.①:1/a.jpg"]),
        ("mediaUrls", ["http://0x7f.1:22/a.jpg"]),
        ("mediaType", 1),
        ("mediaType", ["image"]),
        ("coverImageUrl", {"url": "https://example.com/a.jpg"}),
        ("platformConfig", "youtube"),
        ("platformConfig", {str(number): {} for number in range(101)}),
        ("platformConfig", {"x": {str(number): 1 for number in range(101)}}),
        ("callbackUrl", "javascript:alert(1)"),
        ("callbackUrl", "https://example.com:22/"),
        ("scheduledAt", 1_800_000_000),
        ("scheduledAt", "9999-12-31T23:59:59Z"),
        ("scheduledAt", "0001-01-01T00:00:00"),
        ("scheduledAt", "2027-02-30T00:00:00Z"),
        ("scheduledAt", "2027-01-01T00:00:00+99:99"),
        ("timezone", "../../etc/passwd"),
        ("timezone", None),
        ("status", "PUBLISHED"),
        ("status", None),
    ],
    ids=str,
)
def test_a_field_of_the_wrong_kind(owner: Person, channel: Channel, field: str, value: Any) -> None:
    at = f"{utcnow().year + 1}-06-01T00:00:00"
    body = {"accountIds": [channel.public_id], "text": "Hello", "scheduledAt": at, field: value}

    for path in ("posts", "posts/validate"):
        refusal = is_error(send(owner, "POST", path, json.dumps(body).encode()), 400, "VALIDATION_ERROR")
        assert refusal["details"][0]["path"].split(".")[0] == field
