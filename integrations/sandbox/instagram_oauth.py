"""Instagram Login: the authorization window, the token of an hour, and the exchange for one of 60 days (Meta, "Business
Login for Instagram", "OAuth Authorize", "Access Token", read 2026-11).
"""

import secrets
from collections.abc import Mapping

from aiohttp import web

from integrations.sandbox import codes
from integrations.sandbox.consent import Consent, Dialect
from integrations.sandbox.core import Endpoint, Sandbox
from integrations.sandbox.graph import VERSION, GraphError, authorize, bearer, parameters, token_reply

_HOUR = 3600
_DIALECT = Dialect(
    platform="instagram",
    separator=",",
    words={
        "instagram_business_basic": "Access your profile and media",
        "instagram_business_content_publish": "Access and publish content",
        "instagram_business_manage_comments": "Access and manage comments",
        "instagram_business_manage_messages": "Access and manage messages",
    },
    locked=("instagram_business_basic",),
    denied={
        "error": "access_denied",
        "error_reason": "user_denied",
        "error_description": "The user denied your request",
    },
    fragment="#_",
)
_WORDS: Mapping[codes.Reason, str] = {
    "client": "Invalid platform app",
    "secret": "Invalid Client Secret",
    "code": "Matching code was not found or was already used",
    "used": "Matching code was not found or was already used",
    "expired": "Matching code was not found or was already used",
    "redirect": "Error validating verification code. Please make sure your redirect_uri is identical to the one you used "
    "in the OAuth dialog request",
    "verifier": "Matching code was not found or was already used",
}


def endpoints(sandbox: Sandbox) -> tuple[Endpoint, ...]:
    """The window and the tokens."""
    consent, tokens = Consent(sandbox, _DIALECT), _Tokens(sandbox)
    return (
        Endpoint("GET", "/login/oauth/authorize", consent.show, "page"),
        Endpoint("POST", "/login/oauth/authorize", consent.decide, "page"),
        Endpoint("POST", "/token/oauth/access_token", tokens.redeem, "connect"),
        Endpoint("GET", "/graph/access_token", tokens.lengthen, "connect"),
        Endpoint("GET", "/graph/refresh_access_token", tokens.refresh, "refresh"),
        Endpoint("GET", f"/graph/{VERSION}/refresh_access_token", tokens.refresh, "refresh"),
    )


class _Tokens:
    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    async def redeem(self, request: web.Request) -> web.StreamResponse:
        """``POST api.instagram.com/oauth/access_token``"""
        form = await request.post()
        if form.get("grant_type") != "authorization_code":
            return _refused("Invalid grant_type")
        given = {name: str(form.get(name, "")) for name in ("client_id", "client_secret", "code", "redirect_uri")}
        try:
            redeemed = codes.redeem(self.sandbox, "instagram", **given)
        except codes.CodeRefused as refused:
            return _refused(_WORDS[refused.reason])
        account = redeemed.accounts[0]
        token = f"sbx-instagram-short-{secrets.token_urlsafe(24)}"
        owner = {"platform": "instagram", "remote_id": account["remote_id"], "scopes": list(redeemed.scopes)}
        expires_at = self.sandbox.timestamp() + _HOUR
        self.sandbox.store.put("token", token, {**owner, "access_token": token, "expires_at": expires_at})
        one = {"access_token": token, "user_id": account["remote_id"], "permissions": ",".join(redeemed.scopes)}
        return web.json_response({"data": [one]})

    async def lengthen(self, request: web.Request) -> web.StreamResponse:
        """``GET graph.instagram.com/access_token``: 60 days for a token of an hour, shown with our secret."""
        params, _ = await parameters(request)
        try:
            if params.get("grant_type") != "ig_exchange_token":
                raise GraphError(100, "(#100) Unsupported grant_type")
            if not params.get("client_secret"):
                raise GraphError(1, "Error validating client secret.")
            account, scopes = authorize(self.sandbox, "instagram", bearer(request, params))
        except GraphError as error:
            return web.json_response(error.body, status=error.status)
        return web.json_response(token_reply(self.sandbox.grant(account, scopes)))

    async def refresh(self, request: web.Request) -> web.StreamResponse:
        """``GET graph.instagram.com/refresh_access_token``: another 60 days for a token that still holds."""
        params, _ = await parameters(request)
        try:
            if params.get("grant_type") != "ig_refresh_token":
                raise GraphError(100, "(#100) Unsupported grant_type")
            account, scopes = authorize(self.sandbox, "instagram", bearer(request, params))
        except GraphError as error:
            return web.json_response(error.body, status=error.status)
        return web.json_response(token_reply(self.sandbox.grant(account, scopes)))


def _refused(words: str) -> web.Response:
    return web.json_response({"error_type": "OAuthException", "code": 400, "error_message": words}, status=400)
