"""What Facebook Pages' own error codes mean.

Sources: Meta, "Error Codes" of the Video API ("Resumable Upload", "Reels Publishing"), read 2026-11; subcodes of
publishing as open-source publishers of Pages have met and recorded them.
"""

from collections.abc import Mapping

from integrations.providers.base import Category, Classification
from integrations.providers.graph_errors import (
    SPAM_HOLD,
    ErrorTable,
    blocked,
    content,
    gone,
    media,
    permission,
    table,
    too_fast,
    trouble,
)

_NAME = "Facebook"

_ABUSE = Classification(
    category=Category.ACCOUNT,
    source="user",
    retryable=False,
    sentence="Facebook stopped this post because it took it for spam or abuse. Check the page's messages at "
    "Facebook, change the text or the link, then retry.",
)
_TOO_SOON = Classification(
    category=Category.RATE_LIMIT,
    source="platform",
    retryable=True,
    hold=SPAM_HOLD,
    sentence="Facebook says this page posts too fast. The post goes out by itself in about an hour.",
)
_DUPLICATE = Classification(
    category=Category.DUPLICATE,
    source="user",
    retryable=False,
    sentence="Facebook says this was posted already. Look at the page, and change the text if it is to go out again.",
)
_LINK = content("Facebook does not take this link. Check that it opens without logging in, or use another.")
_FILE = media("Facebook could not read the file. Use a JPEG or PNG picture of less than 4 MB, or an MP4 video.")
_VIDEO_RULES = "Use an MP4 of 3 to 90 seconds, at least 540 by 960 pixels, upright (9:16), 24 to 60 frames a second."

_CODES: Mapping[int, Classification] = {
    324: _FILE,
    6000: trouble(_NAME),
    6001: trouble(_NAME),
    80001: too_fast(_NAME),
}

_SUBCODES: Mapping[int, Classification] = {
    1346003: _ABUSE,
    1363019: trouble(_NAME),
    1363022: media("The video is too small a file for Facebook. Use one of at least 1 KB."),
    1363023: media("The video is too large a file for Facebook. Use a shorter or more compressed one."),
    1363024: media("Facebook does not take this video format. Use an MP4 with H.264 video and AAC sound."),
    1363030: trouble(_NAME),
    1363033: gone(_NAME),
    1363037: trouble(_NAME),
    1363040: media(f"The shape of the video does not fit a Facebook reel. {_VIDEO_RULES}"),
    1363041: gone(_NAME),
    1363042: permission(_NAME),
    1363047: trouble(_NAME),
    1363127: media(f"The video has too few pixels for a Facebook reel. {_VIDEO_RULES}"),
    1363128: media(f"The length of the video does not fit a Facebook reel. {_VIDEO_RULES}"),
    1363129: media(f"The frame rate of the video does not fit a Facebook reel. {_VIDEO_RULES}"),
    1366046: media("The picture is too large for Facebook. Use one of less than 4 MB."),
    1366051: _DUPLICATE,
    1390008: _TOO_SOON,
    1404006: blocked(_NAME),
    1404078: permission(_NAME),
    1404102: _ABUSE,
    1404112: blocked(_NAME),
    1455006: _DUPLICATE,
    1609008: _LINK,
    1609010: trouble(_NAME),
    2061006: _LINK,
    2069019: _FILE,
    4854002: blocked(_NAME),
}

ERRORS: ErrorTable = table(_NAME, codes=_CODES, subcodes=_SUBCODES)
