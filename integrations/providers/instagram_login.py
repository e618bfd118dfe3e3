"""Connecting an Instagram account by Instagram Login.

Sources: Meta, "Business Login for Instagram", "OAuth Authorize", "Access Token", "Refresh Access Token" (Instagram
Platform), read 2026-11. The code buys a token of an hour, which buys one of 60 days.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chat33.lib.http import Reply
from integrations.providers import graph as graph_api
from integrations.providers.base import Credentials, ProviderError
from integrations.providers.graph import Graph
from integrations.providers.instagram_errors import ERRORS
from integrations.providers.login import Access, Found, Grant, Login, late, not_registered, trouble

_OURS = ("client", "platform app", "redirect_uri", "secret")  # what a refusal names that is about our registration


class InstagramLogin(Login):
    """The login of one professional account."""

    network = "Instagram"
    separator = ","
    version = "v25.0"
    access = (
        Access(scope="instagram_business_basic", words="See the account's name and posts"),
        Access(scope="instagram_business_content_publish", words="Publish posts, reels and carousels"),
        Access(scope="instagram_business_manage_comments", words="Write the first comment", needed=False),
    )

    def authorize_url(self, *, redirect_uri: str, state: str, challenge: str = "") -> str:
        """Instagram's authorization window."""
        base = f"{self.config.hosts['login']}/oauth/authorize"
        return self.address(base, client_id=self.config.client_id, redirect_uri=redirect_uri, state=state)

    def exchange(self, *, code: str, redirect_uri: str, verifier: str = "", now: datetime) -> Grant:
        """The account, with a token of 60 days."""
        short = self._short(code, redirect_uri)
        reply = self.http.request(
            "GET",
            f"{self.config.hosts['graph']}/access_token",
            params={
                "grant_type": "ig_exchange_token",
                "client_secret": self.config.client_secret,
                "access_token": str(short["access_token"]),
            },
        )
        answer = graph_api.answer(reply, ERRORS)
        credentials = Credentials(
            access_token=answer.value("access_token"),
            expires_at=now + timedelta(seconds=int(answer.body.get("expires_in") or 5_184_000)),
            scopes=_scopes(short.get("permissions")),
        )
        profile = self._profile(credentials)
        account = Found(
            remote_id=str(profile.get("user_id") or profile.get("id") or short.get("user_id")),
            name=str(profile.get("name") or profile.get("username") or "Instagram"),
            username=str(profile.get("username") or ""),
            credentials=credentials,
        )
        return Grant(credentials=credentials, accounts=(account,))

    def _short(self, code: str, redirect_uri: str) -> Mapping[str, Any]:
        """The token of an hour: in a list of one, or bare as before 2024."""
        reply = self.http.request(
            "POST",
            f"{self.config.hosts['token']}/oauth/access_token",
            data={
                "client_id": self.config.client_id,
                "client_secret": self.config.client_secret,
                "grant_type": "authorization_code",
                "redirect_uri": redirect_uri,
                "code": code.removesuffix("#_"),
            },
        )
        told = _first(reply.json())
        if reply.ok and told.get("access_token"):
            return told
        raise _refusal(reply, told)

    def _profile(self, credentials: Credentials) -> Mapping[str, Any]:
        base = f"{self.config.hosts['graph']}/{self.config.version or self.version}"
        graph = Graph(http=self.http, base=base, token=credentials.access_token, errors=ERRORS)
        return _first(graph.get("me", fields="user_id,username,name").body)


def _first(body: Any) -> Mapping[str, Any]:
    """The object, or the only one of ``data``."""
    data = body.get("data") if isinstance(body, dict) else None
    if isinstance(data, list) and data and isinstance(data[0], dict):
        return dict(data[0])
    return body if isinstance(body, dict) else {}


def _scopes(permissions: Any) -> tuple[str, ...]:
    """``permissions`` as a list, or as text with commas."""
    given = permissions if isinstance(permissions, list) else str(permissions or "").split(",")
    return tuple(str(one).strip() for one in given if str(one).strip())


def _refusal(reply: Reply, told: Mapping[str, Any]) -> ProviderError:
    words = str(told.get("error_message") or "")
    if reply.status >= 500 or not told.get("error_type"):
        meaning = trouble(InstagramLogin.network)
    elif any(ours in words.lower() for ours in _OURS):
        meaning = not_registered(InstagramLogin.network)
    else:
        meaning = late(InstagramLogin.network)
    return ProviderError(meaning, code=str(told.get("error_type") or ""), message=words[:300], http_status=reply.status)
