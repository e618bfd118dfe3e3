"""Google's OAuth 2.0 for YouTube: the consent screen with its channel chooser, and the token endpoint (Google, "Using
OAuth 2.0 for Web Server Applications", read 2026-11). A refresh token comes with ``access_type=offline``.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from integrations.sandbox import codes
from integrations.sandbox.consent import Consent, Dialect
from integrations.sandbox.core import TOKENS, Endpoint, Sandbox
from integrations.sandbox.x_oauth import token_step

_GOOGLE = "https://www.googleapis.com/auth/"
_DIALECT = Dialect(
    platform="youtube",
    words={
        f"{_GOOGLE}youtube": "Manage your YouTube account",
        f"{_GOOGLE}youtube.upload": "Manage your YouTube videos",
        f"{_GOOGLE}youtube.readonly": "View your YouTube account",
        f"{_GOOGLE}youtube.force-ssl": "See, edit and delete your videos, ratings, comments and captions",
    },
    tells_scopes="scope",
)
_WORDS: Mapping[codes.Reason, tuple[str, str, int]] = {
    "client": ("invalid_client", "The OAuth client was not found.", 401),
    "secret": ("invalid_client", "Unauthorized", 401),
    "code": ("invalid_grant", "Malformed auth code.", 400),
    "used": ("invalid_grant", "Bad Request", 400),
    "expired": ("invalid_grant", "Bad Request", 400),
    "redirect": ("redirect_uri_mismatch", "Bad Request", 400),
    "verifier": ("invalid_grant", "Invalid code verifier.", 400),
}


def endpoints(sandbox: Sandbox) -> tuple[Endpoint, ...]:
    """The page and the tokens."""
    consent, tokens = Consent(sandbox, _DIALECT), _Tokens(sandbox)
    return (
        Endpoint("GET", "/accounts/o/oauth2/v2/auth", consent.show, "page"),
        Endpoint("POST", "/accounts/o/oauth2/v2/auth", consent.decide, "page"),
        Endpoint("POST", "/oauth/token", tokens.answer, token_step),
    )


class _Tokens:
    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    async def answer(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        if form.get("grant_type") not in ("authorization_code", "refresh_token"):
            return _refused("unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")
        if not form.get("client_id") or not form.get("client_secret"):
            return _refused("invalid_client", "The OAuth client was not found.", 401)
        if form["grant_type"] == "authorization_code":
            return self._redeem(form)
        return self._refresh(str(form.get("refresh_token", "")))

    def _redeem(self, form: Mapping[str, Any]) -> web.Response:
        given = {name: str(form.get(name, "")) for name in ("client_id", "client_secret", "code", "redirect_uri")}
        try:
            redeemed = codes.redeem(self.sandbox, "youtube", **given, verifier=str(form.get("code_verifier", "")))
        except codes.CodeRefused as refused:
            return _refused(*_WORDS[refused.reason])
        granted = self.sandbox.grant(redeemed.accounts[0], redeemed.scopes)
        return web.json_response(
            {
                "access_token": granted["access_token"],
                "expires_in": granted["expires_in"],
                "refresh_token": granted["refresh_token"],
                "scope": " ".join(granted["scopes"]),
                "token_type": "Bearer",
            }
        )

    def _refresh(self, token: str) -> web.Response:
        """A new access token; the refresh token stays as it is."""
        held = self.sandbox.store.get("refresh", token)
        if held is None or held["platform"] != "youtube":
            return _refused("invalid_grant", "Token has been expired or revoked.")
        access, lifetime = f"sbx-youtube-{secrets.token_urlsafe(24)}", TOKENS["youtube"][0] or 0
        owner = {name: held[name] for name in ("platform", "remote_id", "scopes")}
        expires_at = self.sandbox.timestamp() + lifetime
        self.sandbox.store.put("token", access, {**owner, "access_token": access, "expires_at": expires_at})
        return web.json_response(
            {"access_token": access, "expires_in": lifetime, "scope": " ".join(held["scopes"]), "token_type": "Bearer"}
        )


def _refused(error: str, description: str, status: int = 400) -> web.Response:
    return web.json_response({"error": error, "error_description": description}, status=status)
