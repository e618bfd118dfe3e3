"""Files in a library, as rows with real bytes or without any."""

import itertools
import secrets
from typing import Any

from django.core.files.base import ContentFile

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization
from posts.media import media_url
from posts.models import Media, Post
from posts.preflight import Content
from posts.services import Plan, create_posts
from tests.factories import make_channel
from tests.media_files import jpeg, mp4, png
from tests.people import Person

_number = itertools.count(1)


def make_media(organization: Organization, **given: Any) -> Media:
    """A picture; ``body`` are its bytes, without which it has none."""
    body = given.pop("body", None)
    token = secrets.token_urlsafe(32)
    fields = {
        "organization": organization, "token": token, "name": f"picture-{next(_number)}.jpg", "kind": "image",
        "content_type": "image/jpeg", "size": len(body or b"") or 1000, "width": 640, "height": 480, **given,
    }  # fmt: skip
    media = Media(**fields)
    media.file.save(f"{organization.public_id}/{token}.jpg", ContentFile(body or b""), save=False)
    media.save()
    return media


def large_jpeg() -> bytes:
    """A picture that is too large to be shown small as it is."""
    return jpeg(1600, 1200, quality=95, noise=True)


def furnish(owner: Person) -> None:
    """A library as one looks after some weeks."""
    organization = owner.organization
    for number, (name, tags, alt) in enumerate(
        [
            ("new-beans.jpg", ["autumn", "beans"], "A sack of beans on a wooden table"),
            ("latte-art.jpg", ["cups"], "A cup of coffee with a leaf of foam"),
            ("opening-hours-of-all-our-shops-in-the-country-2026.jpg", [], ""),
            ("team.jpg", ["people"], "Five people in front of a shop"),
            ("קפה-2026.jpg", [], "A sign in Hebrew"),
        ]
    ):
        body = jpeg(480 + 40 * number, 480, seed=45 * number)
        make_media(organization, name=name, tags=tags, alt_text=alt, body=body, width=480 + 40 * number, height=480,
                   created_by=owner.user.public_id)  # fmt: skip
    make_media(organization, name="logo.png", content_type="image/png", body=png(400, 600, mode="RGBA"), width=400,
               height=600)  # fmt: skip
    make_media(organization, name="roasting.mp4", kind="video", content_type="video/mp4", duration=83.4,
               body=mp4(640, 360, seconds=2), width=1920, height=1080)  # fmt: skip
    make_media(organization, name="never-read.jpg", size=4_000_000, width=4000, height=3000)
    channel = make_channel(organization, "instagram", name="Demo Coffee")
    shown = Content(text="New beans from Huila are in. Come and taste them on Saturday.", media_type="image",
                    media_urls=(media_url(in_use(owner)),))  # fmt: skip
    for status in ("DRAFT", "QUEUED", "FAILED", "PUBLISHED"):
        (post,) = create_posts(
            organization=organization, channels=[channel], content=shown, by="usr_nobody", now=utcnow(),
            plan=Plan(status="DRAFT", scheduled_at=utcnow()),  # type: ignore[arg-type]
        )  # fmt: skip
        Post.objects.filter(pk=post.pk).update(status=status)


def in_use(owner: Person) -> Media:
    """The file of that library that posts show."""
    return Media.objects.get(organization=owner.organization, name="new-beans.jpg")
