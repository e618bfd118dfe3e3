"""Connecting a TikTok account by Login Kit for Web.

Sources: TikTok for Developers, "Login Kit for Web", "Manage User Access Tokens", "Get User Info", "Query Creator Info",
read 2026-11. ``code_verifier`` is for mobile and desktop apps; a web app shows its secret instead.
"""

from datetime import datetime

from chat33.lib.http import NotSent, ReplyLost
from integrations.providers.base import Credentials, ProviderError
from integrations.providers.login import Access, Found, Grant, Login, credentials_in, tokens
from integrations.providers.tiktok_api import TikTokApi, problem, trace


class TikTokLogin(Login):
    """The login of one creator."""

    network = "TikTok"
    separator = ","
    access = (
        Access(scope="user.info.basic", words="See the account's name"),
        Access(scope="video.publish", words="Publish videos and photos"),
        Access(scope="video.upload", words="Send videos to the app's drafts", needed=False),
    )

    def authorize_url(self, *, redirect_uri: str, state: str, challenge: str = "") -> str:
        """TikTok's authorization page; it calls our id ``client_key``."""
        base = f"{self.config.hosts['www']}/v2/auth/authorize/"
        return self.address(base, client_key=self.config.client_id, redirect_uri=redirect_uri, state=state)

    def exchange(self, *, code: str, redirect_uri: str, verifier: str = "", now: datetime) -> Grant:
        """The creator, by the names that its info and its right to post tell."""
        reply = self.http.request(
            "POST",
            f"{self.config.hosts['open']}/v2/oauth/token/",
            data={
                "client_key": self.config.client_id,
                "client_secret": self.config.client_secret,
                "code": code,
                "grant_type": "authorization_code",
                "redirect_uri": redirect_uri,
            },
        )
        body = tokens(reply, self.network)
        credentials = credentials_in(body, separator=",", now=now, lifetime=86_400)
        name, username = self._names(credentials)
        account = Found(
            remote_id=str(body.get("open_id") or ""), name=name or "TikTok", username=username, credentials=credentials
        )
        if not account.remote_id:
            raise problem(
                "platform", message="a token without open_id", http_status=reply.status, trace_id=trace(reply)
            )
        return Grant(credentials=credentials, accounts=(account,))

    def _names(self, credentials: Credentials) -> tuple[str, str]:
        """Display name and handle. The handle comes with creator info; a creator who may not post now keeps the name."""
        api = TikTokApi(http=self.http, base=self.config.hosts["open"], access_token=credentials.access_token)
        name = username = ""
        if "video.publish" in credentials.scopes:
            try:
                creator, _ = api.call("/v2/post/publish/creator_info/query/")
                name, username = str(creator.get("creator_nickname") or ""), str(creator.get("creator_username") or "")
            except (ProviderError, NotSent, ReplyLost):
                pass
        if not name and "user.info.basic" in credentials.scopes:
            name = self._display_name(credentials)
        return name or username, username

    def _display_name(self, credentials: Credentials) -> str:
        reply = self.http.request(
            "GET",
            f"{self.config.hosts['open']}/v2/user/info/",
            params={"fields": "open_id,display_name"},
            headers={"Authorization": f"Bearer {credentials.access_token}"},
        )
        told = reply.json()
        user = ((told.get("data") or {}).get("user") or {}) if reply.ok and isinstance(told, dict) else {}
        return str(user.get("display_name") or "")
