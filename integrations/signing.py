"""Signs what we send to other people's servers: Standard Webhooks 1.0.0 (standardwebhooks.com, read 2026-11)."""

import base64
import binascii
import hashlib
import hmac
import secrets as random
from collections.abc import Sequence

WHSEC = "whsec_"
_NEW = 32  # bytes
_SHORTEST, _LONGEST = 16, 64  # bytes; the specification says 24 to 64, its own example has 18


def new_secret() -> str:
    """A signing secret nobody has seen: ``whsec_`` and 32 random bytes in base64."""
    return WHSEC + base64.b64encode(random.token_bytes(_NEW)).decode("ascii")


def sign(*, secrets: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of one message. While a secret is being replaced, give the new and the old one: the message
    carries a signature of each, and a receiver that knows either accepts it.

    ``timestamp`` is this attempt's, in seconds since 1970; ``message_id`` stays the same over all attempts; ``body``
    is what is sent, byte for byte. Raises ``ValueError`` for no secret, a malformed one, or an id that could be read
    in two ways.
    """
    if not secrets:
        raise ValueError("a message needs a secret to sign with")
    if not message_id.isascii() or not message_id.isprintable() or set(message_id) & {".", " "} or not message_id:
        raise ValueError("a message id is printable ASCII without dots and blanks")
    content = f"{message_id}.{timestamp}.".encode("ascii") + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_signature(secret, content) for secret in secrets),
    }


def _signature(secret: str, content: bytes) -> str:
    mac = hmac.new(_key(secret), content, hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode("ascii")


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(WHSEC), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(WHSEC) or not _SHORTEST <= len(key) <= _LONGEST:
        raise ValueError("a signing secret is whsec_ and 16 to 64 bytes in base64")
    return key
