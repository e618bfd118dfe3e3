"""Which adapter speaks for which platform: one literal table."""

from collections.abc import Mapping

from integrations.providers.base import Provider
from integrations.providers.facebook import Facebook
from integrations.providers.instagram import Instagram
from integrations.providers.tiktok import TikTok
from integrations.providers.x import X
from integrations.providers.youtube import YouTube

PROVIDERS: Mapping[str, type[Provider]] = {
    "instagram": Instagram,
    "facebook": Facebook,
    "tiktok": TikTok,
    "youtube": YouTube,
    "x": X,
}


def sandbox_hosts(platform: str, sandbox_url: str) -> dict[str, str]:
    """Where the sandbox stands in for each of the platform's hosts."""
    return {name: f"{sandbox_url}/{platform}/{name}" for name in PROVIDERS[platform].hosts}
