"""Uploading media, as the public reference of the posting API writes it down."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django.fixtures import Settings

from tests.contracts.document import conforms
from tests.contracts.shapes import CREATED, MEDIA, OURS_ON_MEDIA, api, has_shape, is_error
from tests.factories import make_channel
from tests.media_files import jpeg, mp4
from tests.mediaserver import serving
from tests.people import Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[str]:
    """Someone's web server with a picture, a film and a text, ready to be fetched from."""
    (tmp_path / "files").mkdir()
    for name, body in (("image.jpg", jpeg()), ("video.mp4", mp4()), ("text.txt", b"Just words.")):
        (tmp_path / "files" / name).write_bytes(body)
    with serving(tmp_path) as url:
        yield f"{url}/media"


def upload(person: Person, name: str, body: bytes, **headers: str) -> Any:
    """``-F file=@name``."""
    file = SimpleUploadedFile(name, body)
    reply = person.api(**headers).post("/api/v1/media/upload", {"file": file}, format="multipart")
    conforms("POST", "/api/v1/media/upload", reply)
    return reply


def test_a_file_in_the_request(owner: Person) -> None:
    body = jpeg(640, 480)

    reply = upload(owner, "photo.jpg", body)

    assert reply.status_code == 201
    has_shape(reply.json(), MEDIA, ours=OURS_ON_MEDIA)
    said = {name: reply.json()[name] for name in ("type", "size", "name", "contentType")}
    assert said == {"type": "image", "size": len(body), "name": "photo.jpg", "contentType": "image/jpeg"}


def test_a_file_from_an_address(owner: Person, elsewhere: str) -> None:
    reply = api(owner).send("POST", "media/upload", {"url": f"{elsewhere}/video/a.mp4", "filename": "video.mp4"})

    assert reply.status_code == 201
    has_shape(reply.json(), MEDIA, ours=OURS_ON_MEDIA)
    said = {name: reply.json()[name] for name in ("type", "name", "contentType")}
    assert said == {"type": "video", "name": "video.mp4", "contentType": "video/mp4"}


def test_what_was_uploaded_is_there_for_the_networks(owner: Person) -> None:
    body = jpeg()
    made = upload(owner, "photo.jpg", body).json()

    from_outside: Any = owner.browser().get(made["url"].partition("/media/")[1] + made["url"].partition("/media/")[2])

    assert b"".join(from_outside.streaming_content) == body


def test_the_documented_post_with_an_uploaded_picture(owner: Person) -> None:
    instagram = make_channel(owner.organization, "instagram")
    picture = upload(owner, "image.jpg", jpeg(1080, 1080)).json()["url"]
    body = {
        "accountIds": [instagram.public_id],
        "text": "Check out our new product! #launch",
        "mediaUrls": [picture],
        "mediaType": "image",
    }

    reply = api(owner).send("POST", "posts", body)

    assert reply.status_code == 201, reply.content
    has_shape(reply.json(), CREATED)


def test_the_documented_post_with_any_public_address(owner: Person, elsewhere: str) -> None:
    instagram = make_channel(owner.organization, "instagram")
    body = {"accountIds": [instagram.public_id], "text": "Look", "mediaUrls": [f"{elsewhere}/image/a.jpg"]}

    reply = api(owner).send("POST", "posts", body)

    assert reply.status_code == 201, reply.content
    post = api(owner).send("GET", f"posts/{reply.json()['posts'][0]['id']}").json()
    assert (post["mediaUrls"], post["mediaType"]) == (body["mediaUrls"], "image")


def test_four_and_a_half_megabytes_in_a_request(owner: Person) -> None:
    is_error(upload(owner, "large.jpg", jpeg() + b"\0" * 4_500_000), 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": ""},
        {"url": "not an address"},
        {"url": "file:///etc/passwd"},
        {"url": "http://10.0.0.1/a.jpg"},
        {"url": 12},
        {"filename": "video.mp4"},
    ],
)
def test_no_address_to_fetch_from(owner: Person, body: dict[str, Any]) -> None:
    refusal = is_error(api(owner).send("POST", "media/upload", body), 400, "VALIDATION_ERROR")

    assert [detail["path"] for detail in refusal["details"]] == ["url"]


def test_nothing_at_the_address(owner: Person, elsewhere: str) -> None:
    is_error(api(owner).send("POST", "media/upload", {"url": f"{elsewhere}/gone/a.jpg"}), 400, "VALIDATION_ERROR")


def test_what_is_no_media(owner: Person, elsewhere: str) -> None:
    is_error(upload(owner, "photo.jpg", b"Just words."), 400, "VALIDATION_ERROR")
    is_error(api(owner).send("POST", "media/upload", {"url": f"{elsewhere}/text/a.jpg"}), 400, "VALIDATION_ERROR")


def test_a_form_without_the_file(owner: Person) -> None:
    reply = owner.api().post("/api/v1/media/upload", {"photo": "photo.jpg"}, format="multipart")

    conforms("POST", "/api/v1/media/upload", reply)
    is_error(reply, 400, "VALIDATION_ERROR")


def test_neither_json_nor_a_form(owner: Person) -> None:
    reply = owner.api().post("/api/v1/media/upload", "photo", content_type="text/plain")

    conforms("POST", "/api/v1/media/upload", reply)
    is_error(reply, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_fifty_uploads_an_hour_for_an_organization(owner: Person, teammate: Person, settings: Settings) -> None:
    assert settings.LIMITS["MEDIA"] == "50/h"
    settings.LIMITS = {**settings.LIMITS, "MEDIA": "2/h"}

    assert upload(owner, "one.jpg", jpeg(seed=1)).headers["RateLimit-Remaining"] == "1"
    assert upload(owner, "words.jpg", b"Just words.").status_code == 400  # refused, so free
    assert upload(teammate, "two.jpg", jpeg(seed=2)).headers["RateLimit-Remaining"] == "0"
    third = upload(owner, "three.jpg", jpeg(seed=3))

    is_error(third, 429, "RATE_LIMIT")
    assert int(third.headers["Retry-After"]) > 0


def test_an_upload_that_is_repeated_happens_once(owner: Person) -> None:
    first, again = (upload(owner, "photo.jpg", jpeg(), **{"Idempotency-Key": "one"}) for _ in range(2))

    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
