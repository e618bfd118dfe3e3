"""Meta's own SDK (``facebook-business``) pointed at the sandbox, and plain requests beside it."""

from typing import Any

import requests
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession

VERSION = "v25.0"


def api(base: str, token: str) -> Any:
    """The SDK's API object for this host; the SDK verifies with certificates of its own, so nothing else changes."""
    session = FacebookSession(access_token=token)
    session.GRAPH = base
    return FacebookAdsApi(session, api_version=VERSION)


def call(method: str, url: str, token: str, **options: Any) -> requests.Response:
    """One plain request with the token in a header."""
    headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
    return requests.request(method, url, headers=headers, timeout=60, **options)


def error(reply: requests.Response) -> tuple[int, int]:
    """Code and subcode of a refusal, whose envelope must be whole."""
    given = reply.json()["error"]
    assert given["message"]
    assert given["type"] == "OAuthException"
    assert given["fbtrace_id"]
    return given["code"], given.get("error_subcode", 0)
