"""Connecting a YouTube channel by Google's OAuth 2.0.

Sources: Google, "Using OAuth 2.0 for Web Server Applications", "Granular permissions", "OAuth 2.0 for Mobile & Desktop
Apps" (for PKCE, which Google's own web clients send too), YouTube Data API "Channels: list", read 2026-11.
``access_type=offline`` with ``prompt=consent`` brings a refresh token each time; without the prompt Google sends one
at the first consent alone. Each permission can be unticked: ``scope`` of the answer says what was given.
"""

from datetime import datetime

from integrations.providers.login import Access, Found, Grant, Login, credentials_in, tokens
from integrations.providers.youtube_errors import refusal

_GOOGLE = "https://www.googleapis.com/auth/"


class YouTubeLogin(Login):
    """The login of a Google account, whose chooser asks which of its channels is meant."""

    network = "YouTube"
    pkce = True
    access = (
        Access(scope=f"{_GOOGLE}youtube.upload", words="Upload videos and set their covers"),
        Access(scope=f"{_GOOGLE}youtube.readonly", words="See the channel and how its uploads come along"),
        Access(scope=f"{_GOOGLE}youtube.force-ssl", words="Write the first comment", needed=False),
    )

    def authorize_url(self, *, redirect_uri: str, state: str, challenge: str = "") -> str:
        """Google's consent screen."""
        return self.address(
            f"{self.config.hosts['accounts']}/o/oauth2/v2/auth",
            client_id=self.config.client_id,
            redirect_uri=redirect_uri,
            state=state,
            access_type="offline",
            prompt="consent",
            include_granted_scopes="false",
            code_challenge=challenge,
            code_challenge_method="S256",
        )

    def exchange(self, *, code: str, redirect_uri: str, verifier: str = "", now: datetime) -> Grant:
        """The channels the sign-in opens; none for a Google account without one."""
        reply = self.http.request(
            "POST",
            f"{self.config.hosts['oauth']}/token",
            data={
                "client_id": self.config.client_id,
                "client_secret": self.config.client_secret,
                "code": code,
                "code_verifier": verifier,
                "grant_type": "authorization_code",
                "redirect_uri": redirect_uri,
            },
        )
        credentials = credentials_in(tokens(reply, self.network), separator=" ", now=now, lifetime=3600)
        told = self.http.request(
            "GET",
            f"{self.config.hosts['www']}/youtube/v3/channels",
            params={"part": "snippet", "mine": "true", "maxResults": "50"},
            headers={"Authorization": f"Bearer {credentials.access_token}"},
        )
        if not told.ok:
            raise refusal(told, now=now)
        body = told.json()
        items = body.get("items") or () if isinstance(body, dict) else ()
        accounts = tuple(
            Found(
                remote_id=str(item["id"]),
                name=str((item.get("snippet") or {}).get("title") or "YouTube channel"),
                username=str((item.get("snippet") or {}).get("customUrl") or "").removeprefix("@"),
                credentials=credentials,
            )
            for item in items
        )
        return Grant(credentials=credentials, accounts=accounts)
