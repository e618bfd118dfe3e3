"""Sending a file as browsers do."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.people import Person


def uploaded(
    person: Person, body: bytes, name: str = "picture.jpg", content_type: str = "image/jpeg", **headers: str
) -> Any:
    """The answer to the file in a multipart form."""
    file = SimpleUploadedFile(name, body, content_type)
    return person.api(**headers).post("/api/v1/media/upload", {"file": file}, format="multipart")
