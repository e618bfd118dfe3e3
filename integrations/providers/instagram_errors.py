"""What Instagram's own error codes mean. Source: Meta, "Error Codes" (Instagram Platform), updated 2026-06."""

from collections.abc import Mapping

from integrations.providers.base import Category, Classification
from integrations.providers.graph_errors import (
    ErrorTable,
    blocked,
    content,
    gone,
    media,
    table,
    too_fast,
    trouble,
)

_NAME = "Instagram"
_DAY = 86400.0

NOT_READY = Classification(
    category=Category.PLATFORM,
    source="platform",
    retryable=True,
    sentence="Instagram is still preparing the files. It will be tried again.",
)
_FETCH = Classification(
    category=Category.MEDIA_FETCH,
    source="system",
    retryable=True,
    restart=True,
    sentence="Instagram could not read the file from its address. Check that the address opens from the internet "
    "without logging in; it will be tried again.",
)
_QUOTA = Classification(
    category=Category.QUOTA,
    source="platform",
    retryable=True,
    hold=_DAY / 24,
    sentence="This account has used up what Instagram lets it publish in 24 hours. The post goes out by itself when "
    "there is room again.",
)
_SPAM = Classification(
    category=Category.ACCOUNT,
    source="user",
    retryable=False,
    sentence="Instagram took the post for spam and stopped it. Log in at Instagram, check the account's status, "
    "wait a while, then retry.",
)
_AGAIN = Classification(
    category=Category.PLATFORM,
    source="platform",
    retryable=True,
    restart=True,
    sentence="Instagram could not take the file this time. It is prepared again.",
)
_PROCESSING = media(
    "Instagram could not process the video. Use an MP4 with H.264 video and AAC sound, then retry.",
    restart=True,
    retryable=True,
)
_TAGS = content("Instagram refused the tags of this post. Check the product and user tags, then retry.")

_CODES: Mapping[int, Classification] = {
    -2: _FETCH,
    -1: trouble(_NAME),
    9: _QUOTA,
    24: gone(_NAME),
    25: blocked(_NAME),
    352: media("Instagram does not take this video format. Use an MP4 or MOV with H.264 video and AAC sound."),
    9004: _FETCH,
    9007: NOT_READY,
    36000: media("The picture is too large for Instagram. Use one of less than 8 MB."),
    36001: media("Instagram takes JPEG pictures alone. Use a JPEG."),
    36003: media("The picture is too tall or too wide for Instagram. Crop it to between 4:5 and 1.91:1."),
    36004: content("The caption is too long for Instagram. Keep it to 2,200 characters, 30 hashtags and 20 mentions."),
    80002: too_fast(_NAME),
}

_SUBCODES: Mapping[int, Classification] = {
    2207001: trouble(_NAME),
    2207003: _FETCH,
    2207004: _CODES[36000],
    2207005: _CODES[36001],
    2207006: gone(_NAME),
    2207008: gone(_NAME),
    2207009: _CODES[36003],
    2207010: _CODES[36004],
    2207020: gone(_NAME),
    2207023: content("Instagram does not know this kind of post. Choose image, video, reel or carousel."),
    2207026: _CODES[352],
    2207027: NOT_READY,
    2207028: content("A carousel on Instagram needs 2 to 10 pictures or videos. Change how many there are."),
    2207032: _AGAIN,
    2207035: _TAGS,
    2207036: _TAGS,
    2207037: _TAGS,
    2207040: content("There are too many mentions for Instagram. Keep it to 20."),
    2207042: _QUOTA,
    2207050: blocked(_NAME),
    2207051: _SPAM,
    2207052: _FETCH,
    2207053: _AGAIN,
    2207057: content("The cover's place in the video lies outside of it. Choose one within the video's length."),
    2207082: _PROCESSING,
    2207085: _PROCESSING,
}

ERRORS: ErrorTable = table(_NAME, codes=_CODES, subcodes=_SUBCODES)
