"""Each category of refusal in one short sentence, for logs and summaries where an adapter's own sentence says too much."""

from collections.abc import Mapping

from integrations.providers.base import Category

_REASONS: Mapping[str, str] = {
    Category.AUTH_EXPIRED: "{network} no longer accepts the connection.",
    Category.PERMISSION: "{network} did not allow it.",
    Category.RATE_LIMIT: "{network} takes no more requests for a while.",
    Category.QUOTA: "The account has used up what {network} lets it publish in a day.",
    Category.USER_CONTENT: "{network} refused what the post says.",
    Category.MEDIA: "{network} refused a file.",
    Category.MEDIA_FETCH: "A file could not be read from its address.",
    Category.DUPLICATE: "{network} has this post already.",
    Category.ACCOUNT: "{network} restricts the account.",
    Category.PLATFORM: "{network} had a problem of its own.",
    Category.NETWORK: "{network} could not be reached.",
    Category.UNKNOWN: "{network} refused without saying why.",
}


def reason(category: str, network: str) -> str:
    """Why, in a sentence; empty for a category that is none. ``network`` is its name as people write it."""
    return _REASONS.get(category, "").format(network=network)
