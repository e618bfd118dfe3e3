"""x's HTTP API, as far as publishing needs it."""

from integrations.sandbox.core import Network, Sandbox


def network(sandbox: Sandbox) -> Network:
    """The router."""
    return Network(platform="x", endpoints=(), fault=lambda status: {"error": status})
