"""Facebook Login: the dialog in which a person picks pages, the person's tokens, and the pages they open (Meta,
"Manually Build a Login Flow", "Long-Lived Access Tokens", "User Accounts", "Error Codes", read 2026-11).

Accounts of this network are pages. A person is known by a token alone: which pages were picked, and what was allowed.
"""

import secrets
from collections.abc import Callable, Mapping

from aiohttp import web

from integrations.sandbox import codes
from integrations.sandbox.consent import Consent, Dialect
from integrations.sandbox.core import Endpoint, Handler, Sandbox
from integrations.sandbox.graph import VERSION, GraphError, bearer, exchange, field_names, parameters
from integrations.sandbox.store import Document

_SHORT, _LONG = 5_400, 5_184_000  # seconds: what a code buys, and what that is exchanged for
_EVERY_TASK = ["ADVERTISE", "ANALYZE", "CREATE_CONTENT", "MESSAGING", "MODERATE", "MANAGE"]
_DIALECT = Dialect(
    platform="facebook",
    separator=",",
    words={
        "public_profile": "Receive your name and picture",
        "pages_show_list": "Show a list of the Pages you manage",
        "pages_manage_posts": "Create and manage content on your Page",
        "pages_read_engagement": "Read content posted on the Page",
        "pages_manage_engagement": "Create and manage comments on your Page",
        "business_management": "Manage your business",
    },
    several=True,
    locked=("public_profile",),
    denied={
        "error": "access_denied",
        "error_code": "200",
        "error_description": "Permissions error",
        "error_reason": "user_denied",
    },
    fragment="#_=_",
)
_REFUSALS: Mapping[codes.Reason, tuple[int, str, int]] = {
    "client": (101, "Error validating application. Invalid application ID.", 0),
    "secret": (1, "Error validating client secret.", 0),
    "code": (100, "Invalid verification code format.", 0),
    "used": (100, "This authorization code has been used.", 36009),
    "expired": (100, "This authorization code has expired.", 36007),
    "redirect": (
        100,
        "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the "
        "OAuth dialog request",
        36008,
    ),
    "verifier": (100, "Invalid code verifier. Code verifier is invalid.", 36010),
}


def endpoints(sandbox: Sandbox) -> tuple[Endpoint, ...]:
    """The dialog, the tokens, and what a person's token reads. To be routed before nodes."""
    consent, person = Consent(sandbox, _DIALECT), _Person(sandbox)
    page, node = f"/login/{VERSION}/dialog/oauth", f"/graph/{VERSION}"
    return (
        Endpoint("GET", page, consent.show, "page"),
        Endpoint("POST", page, consent.decide, "page"),
        Endpoint("GET", f"{node}/oauth/access_token", person.token, _step),
        Endpoint("POST", f"{node}/oauth/access_token", person.token, _step),
        Endpoint("GET", f"{node}/me/permissions", person.answered(person.permissions), "connect"),
        Endpoint("GET", f"{node}/me/accounts", person.answered(person.accounts), "connect"),
    )


async def _step(request: web.Request) -> str:
    params, _ = await parameters(request)
    return "connect" if "code" in params else "refresh"


class _Person:
    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._exchange_page = exchange(sandbox, "facebook")

    async def token(self, request: web.Request) -> web.StreamResponse:
        """A code redeemed, a person's token lengthened, or a page's exchanged."""
        params, _ = await parameters(request)
        given = self.sandbox.store.get("person", params.get("fb_exchange_token", ""))
        try:
            if "code" in params:
                return self._redeem(params)
            if given is not None and params.get("client_secret"):
                return self._told(self._held(given["access_token"]), _LONG)
        except GraphError as error:
            return web.json_response(error.body, status=error.status)
        return await self._exchange_page(request)

    def _redeem(self, params: Mapping[str, str]) -> web.Response:
        fields = {name: params.get(name, "") for name in ("client_id", "client_secret", "code", "redirect_uri")}
        try:
            redeemed = codes.redeem(self.sandbox, "facebook", **fields)
        except codes.CodeRefused as refused:
            code, words, subcode = _REFUSALS[refused.reason]
            raise GraphError(code, words, subcode=subcode) from None
        pages = [page["remote_id"] for page in redeemed.accounts]
        scopes, declined = list(redeemed.scopes), list(redeemed.declined)
        return self._told({"pages": pages, "scopes": scopes, "declined": declined}, _SHORT)

    def _told(self, held: Document, lifetime: int) -> web.Response:
        token = f"sbx-facebook-person-{secrets.token_urlsafe(24)}"
        expires_at = self.sandbox.timestamp() + lifetime
        self.sandbox.store.put("person", token, {**held, "access_token": token, "expires_at": expires_at})
        return web.json_response({"access_token": token, "token_type": "bearer", "expires_in": lifetime})

    def _held(self, token: str) -> Document:
        held = self.sandbox.store.get("person", token)
        if held is None:
            raise GraphError(190, "Invalid OAuth access token - Cannot parse access token")
        if held["expires_at"] <= self.sandbox.timestamp():
            raise GraphError(190, "Error validating access token: Session has expired.", subcode=463)
        return held

    # What a person's token reads

    def answered(self, work: Callable[[Document, Mapping[str, str]], Document]) -> Handler:
        """A handler of what ``work`` tells the token's person."""

        async def handle(request: web.Request) -> web.StreamResponse:
            params, _ = await parameters(request)
            try:
                return web.json_response(work(self._held(bearer(request, params)), params))
            except GraphError as error:
                return web.json_response(error.body, status=error.status)

        return handle

    def permissions(self, person: Document, params: Mapping[str, str]) -> Document:
        """``/me/permissions``"""
        granted = [{"permission": scope, "status": "granted"} for scope in person["scopes"]]
        return {"data": [*granted, *({"permission": scope, "status": "declined"} for scope in person["declined"])]}

    def accounts(self, person: Document, params: Mapping[str, str]) -> Document:
        """``/me/accounts``: the pages picked, page by page of the list; none without ``pages_show_list``."""
        if "pages_show_list" not in person["scopes"]:
            return {"data": []}
        asked = field_names(params.get("fields", "")) or ["access_token", "name", "id", "tasks"]
        limit, after = int(params.get("limit", 25)), int(params.get("after", 0))
        chosen = person["pages"][after : after + limit]
        data = [self._page(key, asked, person["scopes"]) for key in chosen]
        paging: Document = {"cursors": {"before": str(after), "after": str(after + len(chosen))}}
        if after + len(chosen) < len(person["pages"]):
            paging["next"] = f"{self.sandbox.base_url}/facebook/graph/me/accounts?after={after + len(chosen)}"
        return {"data": data, "paging": paging}

    def _page(self, key: str, asked: list[str], scopes: list[str]) -> Document:
        account = self.sandbox.store.get("account", f"facebook:{key}")
        assert account is not None
        tasks = account["metadata"].get("tasks", _EVERY_TASK)
        whole: Document = {"id": key, "name": account["name"], "username": account["username"], "tasks": tasks}
        if "access_token" in asked:
            whole["access_token"] = self.sandbox.grant(account, tuple(scopes))["access_token"]
        return {"id": key, **{name: whole[name] for name in asked if name in whole}}
