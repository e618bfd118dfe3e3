"""API keys, which are stored as a digest, and the cipher for secrets that have to be read again."""

import hashlib
import hmac
import re
import secrets
import zlib
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
KEY_START = "sk_live_"
_RANDOM = 30  # base62 digits, 178 bits
_CHECK = 6  # base62 digits hold a CRC-32
_KEY = re.compile(rf"{KEY_START}([0-9A-Za-z]{{{_RANDOM}}})([0-9A-Za-z]{{{_CHECK}}})", re.ASCII)
_SHOWN = 12  # characters


def new_key() -> str:
    """An API key nobody has seen: ``sk_live_``, 30 random base62 digits and 6 of their checksum."""
    random = "".join(secrets.choice(BASE62) for _ in range(_RANDOM))
    return KEY_START + random + checksum(random)


def checksum(text: str) -> str:
    """The CRC-32 of ASCII text as 6 base62 digits, as GitHub's tokens end ("Behind GitHub's new authentication token
    formats", 2021-04-05).
    """
    value = zlib.crc32(text.encode("ascii"))
    digits = ""
    for _ in range(_CHECK):
        value, digit = divmod(value, len(BASE62))
        digits = BASE62[digit] + digits
    return digits


def well_formed(key: str) -> bool:
    """Whether the form and the checksum are right, so that a typing error or junk costs no query."""
    match = _KEY.fullmatch(key)
    return match is not None and hmac.compare_digest(checksum(match[1]), match[2])


def digest(key: str) -> str:
    """What is stored and looked up instead of a key: its SHA-256 in hex. A key has enough randomness that a slow hash
    would add nothing.
    """
    return hashlib.sha256(key.encode()).hexdigest()


def prefix(key: str) -> str:
    """The first 12 characters, for display alone: two keys may share them."""
    return key[:_SHOWN]


class Undecipherable(Exception):
    """The text was not made with any of the keys, was altered, or belongs to another context."""


class Cipher:
    """Encrypts short secrets for one place. The first key encrypts, all of them decrypt.

    Fernet binds a text to no place: whoever may write to the table could copy one row's secret to another. So the
    context (the row's public id, say) is encrypted with it and checked when it is read.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        """``keys`` are ``new_cipher_key``'s, the current one first. Raises ``ValueError`` if none or malformed."""
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def encrypt(self, plaintext: str, *, context: str) -> str:
        """ASCII text, about 4/3 as long and 100 characters. Raises ``ValueError`` for a NUL in the context."""
        if "\0" in context:
            raise ValueError("a context holds no NUL")
        return self._fernet.encrypt(f"{context}\0{plaintext}".encode()).decode("ascii")

    def decrypt(self, ciphertext: str, *, context: str) -> str:
        """The plaintext. Raises ``Undecipherable``."""
        try:
            whole = self._fernet.decrypt(ciphertext).decode()
        except (InvalidToken, ValueError):
            raise Undecipherable("The stored secret cannot be read with the keys given.") from None
        bound, _, plaintext = whole.partition("\0")
        if bound != context:
            raise Undecipherable("The stored secret belongs to another place.")
        return plaintext

    def rotate(self, ciphertext: str) -> str:
        """The same secret and context under the first key. Raises ``Undecipherable``."""
        try:
            return self._fernet.rotate(ciphertext).decode("ascii")
        except (InvalidToken, ValueError):
            raise Undecipherable("The stored secret cannot be read with the keys given.") from None


def new_cipher_key() -> str:
    """A key for ``Cipher``: 32 random bytes in URL-safe base64."""
    return Fernet.generate_key().decode("ascii")
