"""Connecting Facebook Pages by Facebook Login: one login, several pages.

Sources: Meta, "Manually Build a Login Flow", "Long-Lived Access Tokens", "Permissions" (Facebook Login), "User
Accounts" (Graph API), read 2026-11. A page's token that was read with a long-lived user token does not expire.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from integrations.providers import graph as graph_api
from integrations.providers.base import Account, Credentials, ProviderError
from integrations.providers.facebook_errors import ERRORS
from integrations.providers.graph import Graph
from integrations.providers.login import Access, Found, Grant, Login, late, not_registered

_FIELDS = "id,name,username,access_token,tasks"
_PER_PAGE, _MOST_READS = 100, 10
_OUR_CODES = ("1", "101", "191")  # client secret, client id, redirect address


class FacebookLogin(Login):
    """The login of a person who manages pages."""

    network = "Facebook"
    separator = ","
    version = "v25.0"
    access = (
        Access(scope="pages_show_list", words="See which pages you manage"),
        Access(scope="pages_manage_posts", words="Publish posts, photos and videos on your pages"),
        Access(scope="pages_read_engagement", words="Read the pages' own posts, to confirm what was published"),
        Access(scope="pages_manage_engagement", words="Write the first comment", needed=False),
    )

    def authorize_url(self, *, redirect_uri: str, state: str, challenge: str = "") -> str:
        """Facebook's login dialog. ``auth_type=rerequest`` asks again for what was declined before."""
        base = f"{self.config.hosts['login']}/{self._version}/dialog/oauth"
        fields = {"client_id": self.config.client_id, "redirect_uri": redirect_uri, "state": state}
        return self.address(base, **fields, auth_type="rerequest")

    def exchange(self, *, code: str, redirect_uri: str, verifier: str = "", now: datetime) -> Grant:
        """The pages on which this person may publish."""
        person = self._token(code, redirect_uri, now)
        graph = Graph(http=self.http, base=self._base, token=person.access_token, errors=ERRORS)
        given = graph.get("me/permissions").body.get("data") or ()
        scopes = tuple(str(one["permission"]) for one in given if one.get("status") == "granted")
        accounts = tuple(_found(page, scopes) for page in _pages(graph) if _may_publish(page))
        credentials = Credentials(access_token=person.access_token, expires_at=person.expires_at, scopes=scopes)
        return Grant(credentials=credentials, accounts=accounts)

    def _token(self, code: str, redirect_uri: str, now: datetime) -> Credentials:
        """The person's long-lived token; what the code buys at first lives for an hour or two."""
        fields = {
            "client_id": self.config.client_id,
            "client_secret": self.config.client_secret,
            "redirect_uri": redirect_uri,
            "code": code,
        }
        reply = self.http.request("POST", f"{self._base}/oauth/access_token", data=fields)
        try:
            short = graph_api.answer(reply, ERRORS).value("access_token")
        except ProviderError as error:
            if error.meaning.retryable and reply.status >= 500:
                raise
            ours = error.code.partition("/")[0] in _OUR_CODES
            meaning = not_registered(self.network) if ours else late(self.network)
            raise ProviderError(meaning, code=error.code, message=error.message, http_status=reply.status) from error
        person = Account(remote_id="me", username="", credentials=Credentials(access_token=short))
        return graph_api.exchange(
            self.http,
            base=self._base,
            account=person,
            client_id=self.config.client_id,
            client_secret=self.config.client_secret,
            errors=ERRORS,
            now=now,
        )

    @property
    def _version(self) -> str:
        return self.config.version or self.version

    @property
    def _base(self) -> str:
        return f"{self.config.hosts['graph']}/{self._version}"


def _pages(graph: Graph) -> Iterator[Mapping[str, Any]]:
    """All pages of the person, answer by answer."""
    more: dict[str, str] = {}
    for _ in range(_MOST_READS):
        body = graph.get("me/accounts", fields=_FIELDS, limit=_PER_PAGE, **more).body
        yield from (page for page in body.get("data") or () if isinstance(page, dict))
        paging = body.get("paging") or {}
        if not paging.get("next"):
            return
        more = {"after": str((paging.get("cursors") or {}).get("after", ""))}


def _may_publish(page: Mapping[str, Any]) -> bool:
    """Whether the person's role on the page lets them publish there; only then its token does."""
    tasks = page.get("tasks")
    return bool(page.get("access_token")) and (tasks is None or "CREATE_CONTENT" in tasks)


def _found(page: Mapping[str, Any], scopes: tuple[str, ...]) -> Found:
    return Found(
        remote_id=str(page["id"]),
        name=str(page.get("name") or "Facebook page"),
        username=str(page.get("username") or ""),
        credentials=Credentials(access_token=str(page["access_token"]), scopes=scopes),
    )
