"""The networks' own authorization pages, where a person says yes or no: each at its own address, with its own parameters.

What a network refuses before it knows where to send the browser is a page of its own (RFC 6749 §4.1.2.1); everything
else goes back with ``error``. There is no login here: whoever can open the page may practise.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from integrations.sandbox import codes
from integrations.sandbox.consent_html import Asked, consent_page, refusal_page
from integrations.sandbox.core import Handler, Sandbox
from integrations.sandbox.store import Document

_USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9._]{0,28}[a-z0-9])?")
_MOST_SHOWN = 50
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'{where}; "
    "frame-ancestors 'none'"
)


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How one network spells the request and its answer."""

    platform: str
    words: Mapping[str, str]  # what each scope it knows lets an app do
    separator: str = " "
    client: str = "client_id"
    several: bool = False  # whether one login opens several accounts
    granular: bool = True  # whether a single permission can be refused
    locked: tuple[str, ...] = ()  # permissions that come with any other
    needs_state: bool = False
    needs_pkce: bool = False
    denied: Mapping[str, str] = field(default_factory=lambda: {"error": "access_denied"})
    tells_scopes: str = ""  # the parameter in which the granted scopes come back
    fragment: str = ""


class Refused(Exception):
    """A request that is not sent back anywhere."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(code)
        self.code = code
        self.words = words


class Consent:
    """One network's page."""

    def __init__(self, sandbox: Sandbox, dialect: Dialect) -> None:
        self.sandbox = sandbox
        self.dialect = dialect

    @property
    def show(self) -> Handler:
        """GET: the page, or why there is none."""
        return self._answering(self._show)

    @property
    def decide(self) -> Handler:
        """POST: what the person decided, carried back to the app."""
        return self._answering(self._decide)

    def _answering(self, work: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                return await work(request)
            except Refused as refused:
                page = refusal_page(self.dialect.platform, code=refused.code, words=refused.words)
                return _page(page, status=400)

        return handle

    async def _show(self, request: web.Request) -> web.StreamResponse:
        asked = self._asked(request.query)
        return self._form(asked)

    async def _decide(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        fields = {name: str(value) for name, value in form.items()}
        asked = self._asked(fields)
        if fields.get("decision") != "allow":
            return self._back(asked, dict(self.dialect.denied))
        picked = [str(value) for value in form.getall("account", [])]
        accounts = self._accounts(asked, picked, fields.get("username", ""))
        if isinstance(accounts, str):
            return self._form(asked, complaint=accounts)
        ticked = [str(value) for value in form.getall("grant", [])]
        scopes = [scope for scope in asked.scopes if self._given(scope, ticked)]
        code = codes.issue(
            self.sandbox,
            self.dialect.platform,
            client_id=asked.client_id,
            redirect_uri=asked.redirect_uri,
            accounts=accounts,
            scopes=scopes,
            declined=[scope for scope in asked.scopes if scope not in scopes],
            challenge=asked.challenge,
            method=asked.method,
        )
        told = {"code": code}
        if self.dialect.tells_scopes:
            told[self.dialect.tells_scopes] = self.dialect.separator.join(scopes)
        return self._back(asked, told)

    def _given(self, scope: str, ticked: list[str]) -> bool:
        return not self.dialect.granular or scope in ticked or scope in self.dialect.locked

    def _asked(self, fields: Mapping[str, str]) -> Asked:
        """The request, checked in the order in which a network can trust it. Raises ``Refused``."""
        dialect = self.dialect
        client_id, redirect_uri = fields.get(dialect.client, ""), fields.get("redirect_uri", "")
        if not codes.knows_client(self.sandbox, client_id):
            raise Refused("invalid_client", f"No app is registered here with this {dialect.client}.")
        if not codes.may_return(self.sandbox, client_id, redirect_uri):
            raise Refused("redirect_uri_mismatch", "The app may not send you to the address it gave as redirect_uri.")
        if fields.get("response_type") != "code":
            raise Refused("unsupported_response_type", "Apps ask here with response_type=code.")
        state = fields.get("state", "")
        if dialect.needs_state and not state:
            raise Refused("invalid_request", "The parameter state is missing.")
        challenge, method = fields.get("code_challenge", ""), fields.get("code_challenge_method", "")
        if dialect.needs_pkce and not challenge:
            raise Refused("invalid_request", "The parameter code_challenge is missing.")
        if challenge and method not in ("", "plain", "S256"):
            raise Refused("invalid_request", "The code_challenge_method is plain or S256.")
        scopes = [scope for scope in re.split(r"[\s,]+", fields.get("scope", "")) if scope]
        unknown = [scope for scope in scopes if scope not in dialect.words]
        if unknown or not scopes:
            named = f"There is no permission {unknown[0]}." if unknown else "The app asks for no permission."
            raise Refused("invalid_scope", named)
        return Asked(
            platform=dialect.platform,
            client_field=dialect.client,
            client_id=client_id,
            redirect_uri=redirect_uri,
            state=state,
            scopes=tuple(dict.fromkeys(scopes)),
            challenge=challenge,
            method=method,
        )

    def _accounts(self, asked: Asked, picked: list[str], username: str) -> list[Document] | str:
        """The accounts chosen, a new one made where its name was given; else what to do."""
        platform = self.dialect.platform
        found = [self.sandbox.store.get("account", f"{platform}:{one}") for one in picked if one != "new"]
        accounts = [account for account in found if account is not None]
        wanted = username.strip().removeprefix("@").lower()
        if wanted and ("new" in picked or not accounts):
            if not _USERNAME.fullmatch(wanted):
                return "A username has up to 30 letters, digits, dots and underscores."
            name = wanted.replace(".", " ").replace("_", " ").title()
            accounts.append(self.sandbox.create_account(platform, username=wanted, name=name))
        if not accounts:
            return "Choose an account, or write a name for a new one."
        return accounts if self.dialect.several else accounts[-1:]

    def _form(self, asked: Asked, *, complaint: str = "") -> web.Response:
        known = list(self.sandbox.store.find("account", platform=self.dialect.platform))[:_MOST_SHOWN]
        page = consent_page(
            asked,
            known,
            words=self.dialect.words,
            several=self.dialect.several,
            granular=self.dialect.granular,
            locked=self.dialect.locked,
            complaint=complaint,
        )
        parts = urlsplit(asked.redirect_uri)
        # A browser holds the redirect after the form to this list too.
        return _page(page, status=422 if complaint else 200, where=f" {parts.scheme}://{parts.netloc}")

    def _back(self, asked: Asked, told: dict[str, str]) -> web.Response:
        query = {**told, **({"state": asked.state} if asked.state else {})}
        mark = "&" if urlsplit(asked.redirect_uri).query else "?"
        location = f"{asked.redirect_uri}{mark}{urlencode(query)}{self.dialect.fragment}"
        return web.Response(status=302, headers={"Location": location, "Cache-Control": "no-store"})


def _page(body: str, *, status: int = 200, where: str = "") -> web.Response:
    headers = {
        "Content-Security-Policy": _POLICY.format(where=where),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(text=body, status=status, content_type="text/html", headers=headers)
