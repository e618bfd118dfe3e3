"""What the terminal shows once everything runs: where to go and what to paste."""

import json
from collections.abc import Mapping
from typing import Any

from chat33.runtime.layout import Layout


def banner(layout: Layout, *, url: str, seconds: float) -> str:
    """The addresses, the login, an API key, and a command that publishes a post through the sandbox."""
    lines = ["", f"Chat33 is ready after {seconds:.1f} s.", ""]
    if layout.demo_file.exists():
        demo: Mapping[str, Any] = json.loads(layout.demo_file.read_text())
        lines += [
            f"  Dashboard   {url}/",
            f"  Log in as   {demo['email']}   password   {demo['password']}",
            f"  API key     {demo['api_key']}",
            f"  API         {url}/developers/api/",
            f"  Sandbox     {demo['sandbox_url']}/   (where posts of the demo accounts appear)",
            f"  E-mails     {url}/mail/   (kept here instead of being sent)",
            f"  Logs        {layout.log_dir}",
            "",
            "Publish a first post: paste this, then open the sandbox.",
            "",
            _first_post(url, demo),
        ]
    else:
        lines += [f"  Dashboard   {url}/", f"  Logs        {layout.log_dir}"]
    return "\n".join([*lines, "", "Ctrl-C stops everything.", ""])


def _first_post(url: str, demo: Mapping[str, Any]) -> str:
    account = next((found["id"] for found in demo["accounts"] if found["platform"] == "x"), demo["accounts"][0]["id"])
    body = json.dumps({"accountIds": [account], "text": "Hello from Chat33"})
    return "\n".join(
        [
            f"  curl {url}/api/v1/posts \\",
            f"    -H 'x-api-key: {demo['api_key']}' -H 'content-type: application/json' \\",
            f"    -d '{body}'",
        ]
    )
