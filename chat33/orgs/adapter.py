"""What allauth asks of us about accounts: who may make one, which addresses are proved, and how its e-mails leave."""

from types import SimpleNamespace
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from chat33.bell import ring_on_commit
from chat33.lib.clock import utcnow
from chat33.lib.secrets import Cipher
from chat33.orgs.invitations import open_invitation
from chat33.orgs.models import Invitation, User
from chat33.orgs.outbox import queue_email

INVITATION = "invitation"  # where the session remembers the digest of the invitation that was followed
TWO_FACTOR = "two-factor"  # the cipher's context


def followed_invitation(request: HttpRequest) -> Invitation | None:
    """The invitation whose link this browser has followed, while it can be accepted."""
    fingerprint = request.session.get(INVITATION, "")
    return open_invitation(fingerprint=fingerprint, now=utcnow()) if fingerprint else None


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """People are made by operators or invited, unless the installation opens its doors."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether this browser may make an account."""
        return bool(settings.SIGNUP_OPEN) or followed_invitation(request) is not None

    def pre_login(self, request: HttpRequest, user: User, **hook: Any) -> HttpResponse | None:
        """An operator who made this person vouched for the address; who signed up proves it."""
        if user.signed_up_at is None:
            proved = {"primary": True, "verified": True}
            EmailAddress.objects.update_or_create(user=user, email=user.email.lower(), defaults=proved)
        answer: HttpResponse | None = super().pre_login(request, user, **hook)
        return answer

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """With the name, which they are asked for as one."""
        user.name, user.signed_up_at = form.cleaned_data.get("name", ""), utcnow()
        saved: User = super().save_user(request, user, form, commit)
        return saved

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Into the outbox, which sends it soon and, if the mail server is away, later."""
        facts = {"email": email, "current_site": _site(), "base": settings.BASE_URL, **context}
        message = self.render_mail(template_prefix, email, facts)
        queue_email(to=email, subject=message.subject, text=f"{message.body}\n", now=utcnow())
        ring_on_commit("orgs.send_emails")

    def get_client_ip(self, request: HttpRequest) -> str:
        """For limits and for the list of sessions; a request without an address came from a socket of this machine."""
        return str(super().get_client_ip(request) or "127.0.0.1")


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth carries no types
    """Second factors are secrets that have to be read again: encrypted, as the networks' tokens are."""

    def encrypt(self, text: str) -> str:
        """For the database."""
        return Cipher(settings.ENCRYPTION_KEYS).encrypt(text, context=TWO_FACTOR)

    def decrypt(self, encrypted_text: str) -> str:
        """For checking a code. Raises ``Undecipherable``."""
        return Cipher(settings.ENCRYPTION_KEYS).decrypt(encrypted_text, context=TWO_FACTOR)


def _site() -> SimpleNamespace:
    host = context.request.get_host() if context.request is not None else settings.BASE_URL.partition("://")[2]
    return SimpleNamespace(name="Chat33", domain=host)
