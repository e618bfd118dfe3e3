"""Authorization codes, as all five networks give and redeem them (RFC 6749 §4.1, RFC 7636), and who may ask for them.

One app is registered from the start: ``sandbox`` with the secret ``sandbox``, which may send browsers back to this
machine and to the installation it belongs to. ``POST /_control/apps`` registers others.
"""

import hashlib
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from integrations.sandbox.core import Sandbox
from integrations.sandbox.store import Document

CLIENT = "sandbox"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PLAIN = re.compile(r"[!-~]{1,2000}")  # visible ASCII
LIFETIMES: Mapping[str, int] = {"instagram": 600, "facebook": 600, "tiktok": 600, "youtube": 600, "x": 30}  # seconds

Reason = Literal["client", "secret", "code", "expired", "used", "redirect", "verifier"]


class CodeRefused(Exception):
    """The code buys nothing; each network says so in its own words."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass(frozen=True)
class Redeemed:
    """What a person agreed to: the accounts picked, the scopes left ticked, and those that were not."""

    accounts: tuple[Document, ...]
    scopes: tuple[str, ...]
    declined: tuple[str, ...]


def knows_client(sandbox: Sandbox, client_id: str) -> bool:
    """Whether an app is registered under this id."""
    return client_id == CLIENT or sandbox.store.get("app", client_id) is not None


def may_return(sandbox: Sandbox, client_id: str, redirect_uri: str) -> bool:
    """Whether the app may have browsers sent there."""
    if not _PLAIN.fullmatch(redirect_uri):
        return False  # it goes into headers
    app = sandbox.store.get("app", client_id)
    if app is not None:
        return redirect_uri in app["redirect_uris"]
    try:
        parts = urlsplit(redirect_uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or parts.fragment or "@" in parts.netloc:
        return False
    return host in _LOOPBACK or f"{parts.scheme}://{parts.netloc}" in sandbox.origins


def issue(
    sandbox: Sandbox,
    platform: str,
    *,
    client_id: str,
    redirect_uri: str,
    accounts: Sequence[Document],
    scopes: Sequence[str],
    declined: Sequence[str] = (),
    challenge: str = "",
    method: str = "",
) -> str:
    """A code for one use."""
    code = f"sbx-code-{secrets.token_urlsafe(24)}"
    sandbox.store.put(
        "code",
        code,
        {
            "platform": platform,
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "accounts": [account["remote_id"] for account in accounts],
            "scopes": list(scopes),
            "declined": list(declined),
            "challenge": challenge,
            "method": method or "plain",
            "expires_at": sandbox.timestamp() + LIFETIMES[platform],
            "used": False,
        },
    )
    return code


def redeem(
    sandbox: Sandbox,
    platform: str,
    *,
    client_id: str,
    client_secret: str | None,
    code: str,
    redirect_uri: str,
    verifier: str = "",
) -> Redeemed:
    """What the code stands for, once. ``client_secret`` None is a public client's. Raises ``CodeRefused``."""
    if not knows_client(sandbox, client_id):
        raise CodeRefused("client")
    app = sandbox.store.get("app", client_id)
    known = str(app["client_secret"]) if app else CLIENT
    if client_secret is not None and not secrets.compare_digest(client_secret.encode(), known.encode()):
        raise CodeRefused("secret")
    held = sandbox.store.get("code", code)
    if held is None or held["platform"] != platform or held["client_id"] != client_id:
        raise CodeRefused("code")
    if held["used"]:
        raise CodeRefused("used")
    if held["expires_at"] <= sandbox.timestamp():
        raise CodeRefused("expired")
    if held["redirect_uri"] != redirect_uri:
        raise CodeRefused("redirect")
    if held["challenge"] and not _proves(verifier, held["challenge"], held["method"]):
        raise CodeRefused("verifier")
    sandbox.store.update("code", code, used=True)
    found = (sandbox.store.get("account", f"{platform}:{remote_id}") for remote_id in held["accounts"])
    accounts = tuple(account for account in found if account is not None)
    return Redeemed(accounts, tuple(held["scopes"]), tuple(held["declined"]))


def _proves(verifier: str, challenge: str, method: str) -> bool:
    if method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        return secrets.compare_digest(urlsafe_b64encode(digest).decode().rstrip("="), challenge)
    return secrets.compare_digest(verifier.encode(), challenge.encode())
