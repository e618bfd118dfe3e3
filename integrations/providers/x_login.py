"""Connecting an X account by OAuth 2.0 with PKCE.

Sources: docs.x.com, "OAuth 2.0 Authorization Code Flow with PKCE", "User access token", "Get my User", read 2026-11.
A code lives for 30 seconds; ``offline.access`` brings the refresh token.
"""

from datetime import datetime

from integrations.providers.login import Access, Found, Grant, Login, credentials_in, tokens
from integrations.providers.x_api import XApi, problem


class XLogin(Login):
    """The login of one account."""

    network = "X"
    pkce = True
    access = (
        Access(scope="tweet.read", words="See the account's posts, to confirm what was published"),
        Access(scope="tweet.write", words="Publish posts and the first reply"),
        Access(scope="users.read", words="See the account's name"),
        Access(scope="media.write", words="Upload pictures and videos"),
        Access(scope="offline.access", words="Stay connected until you disconnect"),
    )

    def authorize_url(self, *, redirect_uri: str, state: str, challenge: str = "") -> str:
        """X's consent page."""
        return self.address(
            f"{self.config.hosts['web']}/i/oauth2/authorize",
            client_id=self.config.client_id,
            redirect_uri=redirect_uri,
            state=state,
            code_challenge=challenge,
            code_challenge_method="S256",
        )

    def exchange(self, *, code: str, redirect_uri: str, verifier: str = "", now: datetime) -> Grant:
        """The account."""
        secret = self.config.client_secret
        reply = self.http.request(
            "POST",
            f"{self.config.hosts['api']}/2/oauth2/token",
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect_uri,
                "client_id": self.config.client_id,
                "code_verifier": verifier,
            },
            auth=(self.config.client_id, secret) if secret else None,
        )
        credentials = credentials_in(tokens(reply, self.network), separator=" ", now=now, lifetime=7200)
        api = XApi(http=self.http, base=self.config.hosts["api"], access_token=credentials.access_token, now=now)
        body, told = api.call("GET", "/2/users/me")
        user = body.get("data")
        if not isinstance(user, dict) or not user.get("id"):
            raise problem("platform", message="no user in the answer", http_status=told.status)
        account = Found(
            remote_id=str(user["id"]),
            name=str(user.get("name") or user.get("username") or "X"),
            username=str(user.get("username") or ""),
            credentials=credentials,
        )
        return Grant(credentials=credentials, accounts=(account,))
