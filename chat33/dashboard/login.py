"""The operators' log-in: the same limits on failed tries as everybody's."""

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import get_adapter
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from redis.exceptions import RedisError

if TYPE_CHECKING:
    Base = AdminAuthenticationForm
else:
    from unfold.forms import AuthenticationForm as Base


class OperatorLoginForm(Base):
    """E-mail and password. allauth counts the failures, together with those at its own door, by address and by account
    (``ACCOUNT_RATE_LIMITS["login_failed"]``), so that the admin is no way around them.
    """

    def clean(self) -> dict[str, Any]:
        """Raises ``ValidationError`` for what does not match, and for a try too many, whatever it says."""
        email, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if self.request is None or not email or not password:
            return self.cleaned_data
        try:
            self.user_cache = get_adapter(self.request).authenticate(self.request, email=email, password=password)
        except RedisError:  # nobody gets in uncounted
            raise ValidationError("Logging in is not possible now: Redis, which counts the tries, is away.") from None
        if self.user_cache is None:
            raise self.get_invalid_login_error()
        if is_mfa_enabled(self.user_cache):  # this door asks for no code, so it must not be a way around it
            raise ValidationError(
                "Your account has two-factor authentication: log in at /accounts/login/, then come back."
            )
        self.confirm_login_allowed(self.user_cache)
        return self.cleaned_data
