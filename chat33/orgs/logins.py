"""allauth's forms of logging in, as our pages show them."""

from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from django import forms

HELP = "At least 10 characters, and none of those that everybody uses."


class Plain:
    """Mixed in: a field is told by its label and not by a shadow in it, the rules for passwords in one sentence."""

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        fields: dict[str, forms.Field] = getattr(self, "fields", {})
        for name, field in fields.items():
            field.widget.attrs.pop("placeholder", None)
            if field.label == "Email":
                field.label = "E-mail"  # as everywhere here
            if field.widget.attrs.get("autocomplete") == "new-password":
                field.help_text = "" if name == "password2" else HELP
            if name == "code":
                field.widget.attrs["autofocus"] = True


def plainly(form: type[forms.BaseForm]) -> type[forms.BaseForm]:
    """The form, so shown."""
    return type(form.__name__, (Plain, form), {})


LoginForm = plainly(account.LoginForm)
AddEmailForm = plainly(account.AddEmailForm)
ChangePasswordForm = plainly(account.ChangePasswordForm)
SetPasswordForm = plainly(account.SetPasswordForm)
ResetPasswordForm = plainly(account.ResetPasswordForm)
ResetPasswordKeyForm = plainly(account.ResetPasswordKeyForm)
ReauthenticateForm = plainly(account.ReauthenticateForm)
AuthenticateForm = plainly(mfa.AuthenticateForm)
ReauthenticateByCodeForm = plainly(mfa.ReauthenticateForm)
ActivateTotpForm = plainly(totp.ActivateTOTPForm)
