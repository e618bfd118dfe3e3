"""The practice inbox: every e-mail that a local installation would have sent, so that a newcomer can follow its links."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

SHOWN = 100
END = b"\n" + b"-" * 79 + b"\n"  # what Django's file backend writes after an e-mail


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One e-mail, as its reader sees it."""

    name: str
    at: datetime
    to: str
    subject: str
    text: str


def practices() -> bool:
    """Whether e-mails stay here: on a local installation without a mail server."""
    return bool(settings.LOCAL) and settings.EMAIL_BACKEND == "django.core.mail.backends.filebased.EmailBackend"


def mails() -> list[Mail]:
    """The latest, newest first."""
    folder = Path(settings.EMAIL_FILE_PATH)
    files = (
        sorted(folder.glob("*.log"), key=lambda file: file.stat().st_mtime_ns, reverse=True) if folder.is_dir() else []
    )
    return [_read(file) for file in files[:SHOWN]]


def _read(file: Path) -> Mail:
    message = message_from_bytes(file.read_bytes().removesuffix(END), policy=policy.default)
    assert isinstance(message, EmailMessage)  # policy.default makes these
    body = message.get_body(preferencelist=("plain",))
    return Mail(
        name=file.stem,
        at=datetime.fromtimestamp(file.stat().st_mtime, UTC),
        to=str(message["To"]),
        subject=str(message["Subject"]),
        text=body.get_content() if body else "",
    )


@never_cache
@require_safe
def inbox(request: HttpRequest, name: str = "") -> HttpResponse:
    """The e-mails, and the chosen one or else the newest opened."""
    if not practices():
        raise Http404
    found = mails()
    opened = next((mail for mail in found if mail.name == name), None) if name else next(iter(found), None)
    if name and opened is None:
        raise Http404
    return render(request, "dashboard/mail.html", {"mails": found, "opened": opened})
