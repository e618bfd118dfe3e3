"""What the Graph API's error codes mean, as far as Meta's networks share them.

Sources: Meta, "Handle Errors" and "Rate Limits" (Graph API), "Error Codes" (Instagram Platform), "Reels Publishing"
(Video API), read 2026-11.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from integrations.providers.base import Category, Classification

SPAM_HOLD = 3600.0  # seconds: Graph limits count over a rolling hour
LIMIT_HOLD = 900.0


@dataclass(frozen=True, kw_only=True)
class ErrorTable:
    """One network's codes. A subcode says more than its code, so it is looked up first."""

    network: str  # as the marketer calls it
    codes: Mapping[int, Classification]
    subcodes: Mapping[int, Classification]

    def classify(self, *, code: int, subcode: int, status: int, transient: bool) -> Classification:
        """The meaning of an error; unknown codes fall back to ``is_transient``, then to the HTTP status."""
        known = self.subcodes.get(subcode) or self.codes.get(code)
        if known is not None:
            return known
        if 200 <= code <= 299:
            return permission(self.network)
        if 80000 <= code <= 80014:
            return too_fast(self.network)
        if transient or status >= 500:
            return trouble(self.network)
        return by_status(self.network, status)


def table(network: str, *, codes: Mapping[int, Classification], subcodes: Mapping[int, Classification]) -> ErrorTable:
    """A network's table: Meta's shared codes, overlaid with the network's own."""
    return ErrorTable(network=network, codes={**_codes(network), **codes}, subcodes={**_subcodes(network), **subcodes})


def expired(network: str) -> Classification:
    """The access token is refused."""
    return Classification(
        category=Category.AUTH_EXPIRED,
        source="user",
        retryable=False,
        refresh=True,
        sentence=f"{network} no longer accepts the connection to this account. Reconnect the account.",
    )


def permission(network: str) -> Classification:
    """A permission of the token or a role of the person is missing."""
    return Classification(
        category=Category.PERMISSION,
        source="user",
        retryable=False,
        sentence=f"A permission for this {network} account is missing. Reconnect it and leave every permission "
        "ticked, as someone who may publish there.",
    )


def too_fast(network: str) -> Classification:
    """A call limit of the app, the user or the page."""
    return Classification(
        category=Category.RATE_LIMIT,
        source="platform",
        retryable=True,
        hold=LIMIT_HOLD,
        sentence=f"{network} takes no more requests for a while. The post goes out by itself as soon as it does.",
    )


def trouble(network: str) -> Classification:
    """The network's own failure."""
    return Classification(
        category=Category.PLATFORM,
        source="platform",
        retryable=True,
        sentence=f"{network} had a problem of its own. It will be tried again.",
    )


def blocked(network: str) -> Classification:
    """The account is stopped until a person acts at the network."""
    return Classification(
        category=Category.ACCOUNT,
        source="user",
        retryable=False,
        sentence=f"{network} has restricted this account. Log in at {network}, follow what it asks for there, "
        "then retry.",
    )


def parameter(network: str) -> Classification:
    """Something in the post or its options is refused without a reason of its own."""
    return Classification(
        category=Category.USER_CONTENT,
        source="user",
        retryable=False,
        sentence=f"{network} refused part of this post. The log has its words; change the text or the options, "
        "then retry.",
    )


def gone(network: str) -> Classification:
    """What was prepared is not there any more: prepare again."""
    return Classification(
        category=Category.PLATFORM,
        source="platform",
        retryable=True,
        restart=True,
        sentence=f"{network} no longer has what was prepared for this post. It is prepared again.",
    )


def media(sentence: str, *, restart: bool = False, retryable: bool = False) -> Classification:
    """The file itself is refused."""
    return Classification(
        category=Category.MEDIA, source="user", retryable=retryable, restart=restart, sentence=sentence
    )


def content(sentence: str) -> Classification:
    """The text or an option is refused."""
    return Classification(category=Category.USER_CONTENT, source="user", retryable=False, sentence=sentence)


def by_status(network: str, status: int) -> Classification:
    """What an HTTP status alone says."""
    if status == 401:
        return expired(network)
    if status == 403:
        return permission(network)
    if status == 429:
        return too_fast(network)
    if status >= 500:
        return trouble(network)
    return Classification(
        category=Category.UNKNOWN,
        source="platform",
        retryable=False,
        sentence=f"{network} refused the post for a reason it did not explain. The log has its words.",
    )


def _codes(network: str) -> dict[int, Classification]:
    return {
        1: trouble(network),
        2: trouble(network),
        3: permission(network),
        4: too_fast(network),
        10: permission(network),
        17: too_fast(network),
        32: too_fast(network),
        100: parameter(network),
        102: expired(network),
        190: expired(network),
        341: too_fast(network),
        368: Classification(
            category=Category.ACCOUNT,
            source="user",
            retryable=False,
            sentence=f"{network} has blocked publishing on this account for a while because it took a post for "
            "abuse. Check the account's messages there before you retry.",
        ),
        506: Classification(
            category=Category.DUPLICATE,
            source="user",
            retryable=False,
            sentence=f"{network} refused the post because it is the same as the last one. Change the text.",
        ),
        613: too_fast(network),
        1609005: content(f"{network} could not read the link. Check that it opens without logging in."),
    }


def _subcodes(network: str) -> dict[int, Classification]:
    return {
        33: gone(network),
        458: expired(network),
        459: blocked(network),
        460: expired(network),
        463: expired(network),
        464: blocked(network),
        467: expired(network),
    }
