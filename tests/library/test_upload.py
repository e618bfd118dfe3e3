"""The library's upload: the file is the body; every hostile one gets a clear answer, costs nothing and leaves nothing."""

from io import BytesIO
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from django.conf import settings as django_settings
from pytest_django.fixtures import Settings

from chat33.api.models import LimitUse
from chat33.orgs.models import Role
from posts.models import Media
from posts.views import upload as upload_views
from tests import media_files
from tests.api.files import uploaded
from tests.factories import make_member
from tests.library.files import large_jpeg
from tests.media_files import jpeg, mp4, png
from tests.people import Client, Person

OCTETS = "application/octet-stream"


def upload(person: Person, body: bytes, name: str = "picture.jpg", **more: Any) -> Any:
    client: Any = more.pop("client", None) or person.browser()
    content_type = more.pop("content_type", OCTETS)
    return client.generic("POST", f"/library/upload/?name={name}", body, content_type=content_type, **more)


def bomb() -> bytes:
    """A picture of a hundred bytes that says it is 50,000 pixels wide and high."""
    small = png(8, 8)
    header = b"IHDR" + (50_000).to_bytes(4, "big") * 2 + small[24:29]
    return small[:12] + header + crc32(header).to_bytes(4, "big") + small[33:]


def refused(reply: Any, status: int, settings: Settings) -> str:
    """Refused in words, nothing kept, nothing counted."""
    assert reply.status_code == status, reply.content
    assert not Media.objects.exists()
    assert not LimitUse.objects.exists()
    roots = (Path(settings.MEDIA_ROOT), settings.SCRATCH_DIR)
    assert [path for root in roots for path in root.rglob("*") if path.is_file()] == []
    return str(reply.json()["message"])


def test_a_picture_comes_with_its_small_picture_and_is_told_as_the_picker_tells_it(owner: Person) -> None:
    reply = upload(owner, large_jpeg(), "Holiday%20in%20K%C3%B6ln.JPG")

    assert reply.status_code == 201
    media = Media.objects.get(variant_of=None)
    copy = Media.objects.get(variant_of=media)
    assert reply.json() == {
        "id": media.public_id,
        "url": f"{django_settings.BASE_URL}/media/{media.token}/Holiday%20in%20K%C3%B6ln.jpg",
        "kind": "image",
        "name": "Holiday in Köln.jpg",
        "alt": "",
        "preview": f"/media/{copy.token}/Holiday%20in%20K%C3%B6ln.jpg",
    }
    assert media.created_by == owner.user.public_id
    assert (media.width, media.height, copy.width) == (1600, 1200, 320)


def test_a_video_may_be_larger_than_through_the_api_and_so_may_a_picture(owner: Person) -> None:
    film = upload(owner, mp4(320, 180, seconds=1, size=120_000_000), "film.mp4")
    picture = upload(owner, large_jpeg() + bytes(12_000_000))

    assert [(reply.status_code, reply.json()["kind"]) for reply in (film, picture)] == [(201, "video"), (201, "image")]


def test_both_doors_count_for_one_limit_and_the_answer_says_when_to_come_back(
    owner: Person, settings: Settings
) -> None:
    settings.LIMITS = {**settings.LIMITS, "MEDIA": "2/h"}
    assert upload(owner, jpeg()).status_code == 201
    assert uploaded(owner, jpeg()).status_code == 201

    over = upload(owner, jpeg())
    assert over.status_code == 429
    assert 3500 < int(over["Retry-After"]) <= 3600
    assert "Try again in 60 minutes" in over.json()["message"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "no picture or video we know"),
        (b"PK\x03\x04" + bytes(5000), "no picture or video we know"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(5000), "HEIC"),
        (jpeg() + b"<script>alert(1)</script>", "two formats"),
        (png()[:500], "incomplete"),
        (bomb(), "too many pixels"),
        (media_files.webp(64, 64)[:200], "incomplete"),
        (jpeg() + bytes(30_000_000), "30 MB"),
    ],
    ids=["empty", "svg", "zip", "heic", "script behind", "half", "bomb", "half webp", "too large"],
)
def test_what_does_not_fit_is_refused_in_words(owner: Person, settings: Settings, body: bytes, said: str) -> None:
    assert said in refused(upload(owner, body), 400, settings)


def test_what_is_no_media_is_refused_at_its_first_bytes(owner: Person, settings: Settings) -> None:
    """Whatever would still come is not waited for."""
    reply = upload(owner, b"MZ" + bytes(300_000), CONTENT_LENGTH="900000000")

    assert "no picture or video" in refused(reply, 400, settings)


def test_more_than_any_file_may_have_is_refused_before_it_is_read(owner: Person, settings: Settings) -> None:
    assert "1000 MB" in refused(upload(owner, b"", CONTENT_LENGTH="1000000001"), 413, settings)


def test_a_body_that_ends_early_leaves_nothing(owner: Person, settings: Settings) -> None:
    short: dict[str, Any] = {"CONTENT_LENGTH": "500000", "wsgi.input": BytesIO(jpeg())}
    assert "interrupted" in refused(upload(owner, jpeg(), **short), 408, settings)


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", "application/json", "image/jpeg"])
def test_another_form_of_body_is_refused(owner: Person, settings: Settings, content_type: str) -> None:
    assert "as the body" in refused(upload(owner, b"--x--", content_type=content_type), 415, settings)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("..%2F..%2Fetc%2Fpasswd", "passwd.jpg"),
        ("C%3A%5Ctemp%5Ccup.png", "cup.jpg"),
        ("", "file.jpg"),
        ("a%E2%80%AEb%0Ac.exe", "abc.jpg"),
        ("%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E.jpg", "img src=x onerror=alert(1).jpg"),
        ("x" * 400, "x" * 100 + ".jpg"),
    ],
)
def test_a_name_is_for_people_and_harmless(owner: Person, given: str, kept: str) -> None:
    reply = upload(owner, jpeg(), given)

    assert reply.json()["name"] == kept
    assert owner.browser().get(reply.json()["preview"]).status_code == 200


def test_a_forged_upload_and_one_without_a_session_are_refused_unread(owner: Person, settings: Settings) -> None:
    forged = upload(owner, jpeg(), client=owner.browser(csrf=True))
    nobody = upload(owner, jpeg(), client=Client(), HTTP_X_REQUESTED_WITH="fetch")

    assert (forged.status_code, nobody.status_code) == (403, 401)
    assert not Media.objects.exists()


def test_a_viewer_may_not_and_a_contributor_may(owner: Person) -> None:
    def answer(role: Role) -> int:
        person = Person(make_member(owner.organization, role), owner.organization, "")
        return int(upload(person, jpeg()).status_code)

    assert (answer(Role.VIEWER), answer(Role.CONTRIBUTOR)) == (403, 201)


def test_large_files_take_turns_and_small_ones_do_not_wait_for_them(owner: Person) -> None:
    """One thread of each process stays for everybody else, however slowly large files come in."""
    place = upload_views.Place(upload_views.LARGE)
    try:
        waiting = upload(owner, large_jpeg() + bytes(1_000_000))
        small = upload(owner, jpeg())
    finally:
        place.leave()
    place.leave()

    assert (waiting.status_code, waiting["Retry-After"], small.status_code) == (503, "1", 201)
    assert upload(owner, large_jpeg() + bytes(1_000_000)).status_code == 201
