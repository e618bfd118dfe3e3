"""Files in a library, as rows with real bytes or without any."""

import itertools
import secrets
from typing import Any

from django.core.files.base import ContentFile

from chat33.orgs.models import Organization
from posts.media import media_url
from posts.models import Media
from tests.media_files import jpeg

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


def address(media: Media) -> str:
    """Its address, as posts have it."""
    return media_url(media)
