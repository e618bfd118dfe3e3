"""TikTok's Login Kit: the authorization page and the token endpoint (TikTok for Developers, "Login Kit for Web", "Manage
User Access Tokens", "OAuth Error Handling", read 2026-11). Errors of the token endpoint are flat.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from integrations.sandbox import codes
from integrations.sandbox.consent import Consent, Dialect
from integrations.sandbox.core import Endpoint, Sandbox
from integrations.sandbox.store import Document
from integrations.sandbox.x_oauth import token_step

_DIALECT = Dialect(
    platform="tiktok",
    client="client_key",
    separator=",",
    words={
        "user.info.basic": "Read your profile (name, picture)",
        "user.info.profile": "Read more of your profile",
        "video.publish": "Post content to TikTok",
        "video.upload": "Upload drafts to TikTok",
        "video.list": "Read your public videos",
    },
    locked=("user.info.basic",),
    needs_state=True,
    denied={"error": "access_denied", "error_description": "The user cancelled the authorization."},
    tells_scopes="scopes",
)
_WORDS: Mapping[codes.Reason, tuple[str, str]] = {
    "client": ("invalid_client", "Client key or secret is incorrect."),
    "secret": ("invalid_client", "Client key or secret is incorrect."),
    "code": ("invalid_grant", "Authorization code is invalid."),
    "used": ("invalid_grant", "Authorization code is invalid."),
    "expired": ("invalid_grant", "Authorization code is expired."),
    "redirect": ("invalid_request", "Redirect_uri is not matched with the uri when requesting code."),
    "verifier": ("invalid_request", "Code verifier or code challenge is invalid."),
}


def endpoints(sandbox: Sandbox) -> tuple[Endpoint, ...]:
    """The page and the tokens."""
    consent, tokens = Consent(sandbox, _DIALECT), _Tokens(sandbox)
    return (
        Endpoint("GET", "/www/v2/auth/authorize/", consent.show, "page"),
        Endpoint("POST", "/www/v2/auth/authorize/", consent.decide, "page"),
        Endpoint("POST", "/open/v2/oauth/token/", tokens.answer, token_step),
    )


class _Tokens:
    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    async def answer(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        if not form.get("client_key") or not form.get("client_secret"):
            return _refused("invalid_client", "Client key or secret is missing.")
        if form.get("grant_type") == "authorization_code":
            return self._redeem(form)
        if form.get("grant_type") != "refresh_token":
            return _refused("unsupported_grant_type", "The authorization grant type is not supported.")
        return self._refresh(str(form.get("refresh_token", "")))

    def _redeem(self, form: Mapping[str, Any]) -> web.Response:
        given = {name: str(form.get(name, "")) for name in ("client_secret", "code", "redirect_uri")}
        try:
            redeemed = codes.redeem(self.sandbox, "tiktok", client_id=str(form["client_key"]), **given)
        except codes.CodeRefused as refused:
            return _refused(*_WORDS[refused.reason])
        account = redeemed.accounts[0]
        return _told(account, self.sandbox.grant(account, redeemed.scopes))

    def _refresh(self, token: str) -> web.Response:
        """Both tokens are replaced, the old refresh token is dead."""
        held = self.sandbox.store.get("refresh", token)
        account = self.sandbox.store.get("account", f"tiktok:{held['remote_id']}") if held else None
        if held is None or account is None or held["platform"] != "tiktok":
            return _refused("invalid_grant", "Refresh token is invalid or expired.")
        self.sandbox.store.drop("refresh", held["refresh_token"])
        return _told(account, self.sandbox.grant(account, tuple(held["scopes"])))


def _told(account: Document, granted: Document) -> web.Response:
    return web.json_response(
        {
            "access_token": granted["access_token"],
            "expires_in": granted["expires_in"],
            "open_id": account["remote_id"],
            "refresh_expires_in": 31_536_000,
            "refresh_token": granted["refresh_token"],
            "scope": ",".join(granted["scopes"]),
            "token_type": "Bearer",
        }
    )


def _refused(code: str, told: str) -> web.Response:
    return web.json_response({"error": code, "error_description": told, "log_id": secrets.token_hex(17)})
