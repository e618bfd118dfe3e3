"""``/media/upload``: a file in the request, or an address to fetch one from."""

import hashlib
from typing import Any, ClassVar

from django.core.files.uploadedfile import UploadedFile
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from chat33.api import idempotency
from chat33.api.bodies import read_body
from chat33.api.errors import PayloadTooLarge
from chat33.api.parsers import JSONParser
from chat33.api.schema import Operation
from chat33.api.views import ApiView
from chat33.lib.clock import utcnow
from chat33.lib.http import Refused
from integrations.auth import caller
from integrations.channels import http_client
from posts import media
from posts.api.v1 import docs
from posts.api.v1.serializers import UploadUrlRequest
from posts.media import UnableToFetch
from posts.models import Media
from posts.uploads import Count, counted

MULTIPART_LIMIT = 4_500_000
_AROUND = 100_000  # bytes that a form may have around its file
_TOO_LARGE = "A file in the request may have 4.5 MB. Send its public URL instead."


class UploadView(ApiView):
    """Both modes."""

    scopes: ClassVar[dict[str, str]] = {"POST": "media:write"}
    operations: ClassVar[dict[str, Operation]] = {"POST": docs.UPLOAD_MEDIA}
    parser_classes = [JSONParser, MultiPartParser]

    def post(self, request: Request) -> Response:
        """Take in a file; one that does not fit is refused and costs nothing."""
        who = caller(request)
        multipart = request.content_type.lower().startswith("multipart/")
        if multipart and _announced(request) > MULTIPART_LIMIT + _AROUND:
            raise PayloadTooLarge(_TOO_LARGE)
        upload = request.FILES.get("file") if multipart else None
        if upload is None and multipart:
            raise ValidationError({"file": ["Send the file in a field called file."]})
        content = _digest(upload) if upload is not None else None
        key = idempotency.keyed(request, owner=who.organization.public_id, content=content)
        return idempotency.once_slowly(key, lambda: self._counted(request, upload), now=utcnow())

    def _counted(self, request: Request, upload: "UploadedFile[bytes] | None") -> Response:
        who, now = caller(request), utcnow()
        count = Count(self.usage)
        try:
            with counted(organization=who.organization, overrides=who.overrides, now=now, count=count):
                stored = self._store(request, upload)
        finally:
            self.usage = count.usage
        return Response(media_body(stored), status=201)

    def _store(self, request: Request, upload: "UploadedFile[bytes] | None") -> Media:
        try:
            return self._upload(request, upload) if upload is not None else self._ingest(request)
        except (UnableToFetch, Refused) as error:
            raise ValidationError({"file" if upload is not None else "url": [str(error)]}) from None

    def _upload(self, request: Request, upload: "UploadedFile[bytes]") -> Media:
        if (upload.size or 0) > MULTIPART_LIMIT:
            raise PayloadTooLarge(_TOO_LARGE)
        who = caller(request)
        return media.store_upload(organization=who.organization, upload=upload, by=who.public_id)

    def _ingest(self, request: Request) -> Media:
        data, who = read_body(UploadUrlRequest, request), caller(request)
        name = data.get("filename", "")
        return media.ingest_url(
            organization=who.organization, url=data["url"], filename=name, http=http_client(), by=who.public_id
        )


def media_body(stored: Media) -> dict[str, Any]:
    """What an upload answers."""
    return {
        "url": media.media_url(stored),
        "type": stored.kind,
        "size": stored.size,
        "name": stored.name,
        "contentType": stored.content_type,
        "id": stored.public_id,
        "width": stored.width,
        "height": stored.height,
        "duration": stored.duration,
    }


def _announced(request: Request) -> int:
    """The body's length by its header, before any of it is read."""
    given = str(request.META.get("CONTENT_LENGTH") or "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 16 else 0


def _digest(upload: "UploadedFile[bytes]") -> str:
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    return f"{upload.name} {digest.hexdigest()}"
