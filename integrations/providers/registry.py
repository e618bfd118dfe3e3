"""Which adapter speaks for which platform, and by which login its accounts are connected: two literal tables."""

from collections.abc import Mapping

from integrations.providers.base import Provider
from integrations.providers.facebook import Facebook
from integrations.providers.facebook_login import FacebookLogin
from integrations.providers.instagram import Instagram
from integrations.providers.instagram_login import InstagramLogin
from integrations.providers.login import Login
from integrations.providers.tiktok import TikTok
from integrations.providers.tiktok_login import TikTokLogin
from integrations.providers.x import X
from integrations.providers.x_login import XLogin
from integrations.providers.youtube import YouTube
from integrations.providers.youtube_login import YouTubeLogin

PROVIDERS: Mapping[str, type[Provider]] = {
    "instagram": Instagram,
    "facebook": Facebook,
    "tiktok": TikTok,
    "youtube": YouTube,
    "x": X,
}
LOGINS: Mapping[str, type[Login]] = {
    "instagram": InstagramLogin,
    "facebook": FacebookLogin,
    "tiktok": TikTokLogin,
    "youtube": YouTubeLogin,
    "x": XLogin,
}


def sandbox_hosts(platform: str, sandbox_url: str) -> dict[str, str]:
    """Where the sandbox stands in for each of the platform's hosts."""
    return {name: f"{sandbox_url}/{platform}/{name}" for name in PROVIDERS[platform].hosts}
