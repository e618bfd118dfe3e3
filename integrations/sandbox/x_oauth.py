"""X's OAuth 2.0: the consent page and the token endpoint (docs.x.com, "OAuth 2.0 Authorization Code Flow with PKCE",
"User access token", read 2026-11). Codes live for 30 seconds and want their verifier.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from integrations.sandbox import codes
from integrations.sandbox.consent import Consent, Dialect
from integrations.sandbox.core import Endpoint, Sandbox
from integrations.sandbox.store import Document

_DIALECT = Dialect(
    platform="x",
    words={
        "tweet.read": "See posts you can see",
        "tweet.write": "Post and reply for you",
        "users.read": "See your profile",
        "media.write": "Upload pictures and videos",
        "offline.access": "Stay connected until you end it",
    },
    granular=False,
    needs_state=True,
    needs_pkce=True,
)
_NO_CODE = "Value passed for the authorization code was invalid."
_WORDS: Mapping[codes.Reason, str] = {
    "code": _NO_CODE,
    "expired": _NO_CODE,
    "used": _NO_CODE,
    "redirect": "Value passed for the redirect uri did not match the uri of the authorization code.",
    "verifier": "Value passed for the code verifier did not match the code challenge.",
}


def endpoints(sandbox: Sandbox) -> tuple[Endpoint, ...]:
    """The page and the tokens."""
    consent, tokens = Consent(sandbox, _DIALECT), _Tokens(sandbox)
    return (
        Endpoint("GET", "/web/i/oauth2/authorize", consent.show, "page"),
        Endpoint("POST", "/web/i/oauth2/authorize", consent.decide, "page"),
        Endpoint("POST", "/api/2/oauth2/token", tokens.answer, token_step),
    )


async def token_step(request: web.Request) -> str:
    """A code is redeemed, or a token renewed."""
    return "connect" if (await request.post()).get("grant_type") == "authorization_code" else "refresh"


class _Tokens:
    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    async def answer(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        client_id, secret = str(form.get("client_id", "")), None
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        if kind == "Basic":
            try:
                client_id, _, secret = b64decode(given, validate=True).decode().partition(":")
            except (Base64Error, UnicodeDecodeError):
                secret = ""
            if not secret:
                return _refused("unauthorized_client", "Missing valid authorization header", 401)
        if not client_id:
            return _refused("invalid_request", "Missing required parameter [client_id].", 400)
        if form.get("grant_type") == "authorization_code":
            return self._redeem(form, client_id, secret)
        if form.get("grant_type") != "refresh_token":
            return _refused("unsupported_grant_type", "Only authorization_code and refresh_token are served here.", 400)
        return self._refresh(str(form.get("refresh_token", "")))

    def _redeem(self, form: Mapping[str, Any], client_id: str, secret: str | None) -> web.Response:
        """The tokens a code buys; without ``offline.access`` no refresh token."""
        try:
            redeemed = codes.redeem(
                self.sandbox,
                "x",
                client_id=client_id,
                client_secret=secret,
                code=str(form.get("code", "")),
                redirect_uri=str(form.get("redirect_uri", "")),
                verifier=str(form.get("code_verifier", "")),
            )
        except codes.CodeRefused as refused:
            if refused.reason in ("client", "secret"):
                return _refused("unauthorized_client", "Missing valid authorization header", 401)
            return _refused("invalid_request", _WORDS[refused.reason], 400)
        granted = self.sandbox.grant(redeemed.accounts[0], redeemed.scopes)
        if "offline.access" not in redeemed.scopes:
            self.sandbox.store.drop("refresh", granted["refresh_token"])
            granted["refresh_token"] = None
        return _told(granted)

    def _refresh(self, token: str) -> web.Response:
        """A new pair; the old refresh token is good for this once."""
        held = self.sandbox.store.get("refresh", token)
        account = self.sandbox.store.get("account", f"x:{held['remote_id']}") if held else None
        if held is None or account is None or held["platform"] != "x":
            return _refused("invalid_request", "Value passed for the token was invalid.", 400)
        self.sandbox.store.drop("refresh", held["refresh_token"])
        return _told(self.sandbox.grant(account, tuple(held["scopes"])))


def _told(granted: Document) -> web.Response:
    answer = {
        "token_type": "bearer",
        "expires_in": granted["expires_in"],
        "access_token": granted["access_token"],
        "scope": " ".join(granted["scopes"]),
        "refresh_token": granted["refresh_token"],
    }
    return web.json_response({name: value for name, value in answer.items() if value is not None})


def _refused(error: str, told: str, status: int) -> web.Response:
    return web.json_response({"error": error, "error_description": told}, status=status)
