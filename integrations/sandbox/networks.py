"""Every network of the sandbox, in one list."""

from collections.abc import Callable

from integrations.sandbox import facebook, instagram, tiktok, x, youtube
from integrations.sandbox.core import Network, Sandbox

NETWORKS: tuple[Callable[[Sandbox], Network], ...] = (
    instagram.network,
    facebook.network,
    tiktok.network,
    youtube.network,
    x.network,
)
