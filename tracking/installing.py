"""What to paste where: the pixel's tag, a server's calls, and the address for each MMP's dashboard."""

from collections.abc import Mapping
from dataclasses import dataclass

from chat33.lib.rates import Limit
from tracking.mmp.registry import MMPS

TOKEN, SECRET = "YOUR_TOKEN", "YOUR_SECRET"
_UNITS = (
    ("a day", "days", 86_400),
    ("an hour", "hours", 3_600),
    ("a minute", "minutes", 60),
    ("a second", "seconds", 1),
)
_STEPS: Mapping[str, tuple[str, ...]] = {
    "appsflyer": (
        "In AppsFlyer, open API access and add a Push API endpoint with this address; POST sends JSON, GET works too.",
        "Choose installs, re-installs and the in-app events that you want to see here.",
        "Among the fields, choose appsflyer_id, event_name, event_time, media_source, campaign, af_sub1, af_sub2, "
        "event_value, event_revenue and event_revenue_currency.",
    ),
    "adjust": (
        "In Adjust, open your app's raw data export and set up real-time callbacks.",
        "Paste this address for installs, reinstalls and reattributions, and for the events that you want to see here.",
        "For store reports, paste it for SKAdNetwork installs with sk_payload={sk_payload}&sk_ts={sk_ts} added.",
    ),
    "tenjin": (
        "In Tenjin, open your app's callbacks and add a custom one for installs with this address.",
        "For an in-app event, add another with &event= and the event's name at its end.",
    ),
    "singular": (
        "In Singular, add this address as a postback for installs and for the events that you want to see here.",
        "The Internal BI postback needs the address up to &mmp=singular alone: its JSON has every field.",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to set up an MMP."""

    name: str
    title: str
    address: str
    steps: tuple[str, ...]
    contact_field: str


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Code in a language."""

    name: str
    code: str


def snippet(base_url: str, token: str) -> str:
    """The pixel's tag (Chat33, "Tracking Pixel", "Installation")."""
    return f'<script src="{base_url}/pixel.js" data-token="{token}"></script>'


def samples(base_url: str, token: str) -> tuple[Sample, ...]:
    """An event from a server (Chat33, "Webhook Events API", "Examples")."""
    url = f"{base_url}/api/webhooks/events?token={token}"
    curl = (
        f'curl -X POST "{url}" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        '  -d \'{"event":"purchase","value":29.99,"currency":"USD"}\''
    )
    node = f"""await fetch("{url}", {{
  method: "POST",
  headers: {{ "Content-Type": "application/json" }},
  body: JSON.stringify({{
    event: "purchase",
    contactId: "cm1abc123...",
    value: 29.99,
    currency: "USD",
  }}),
}});"""
    return (Sample(name="cURL", code=curl), Sample(name="Node.js", code=node))


def allowed(limit: Limit | None) -> str:
    """How many events may come, in words; empty for any number."""
    if limit is None:
        return ""
    one, many, seconds = next(unit for unit in _UNITS if limit.window % unit[2] == 0)
    number = limit.window // seconds
    return f"{limit.count:,} {one}" if number == 1 else f"{limit.count:,} in {number} {many}"


def recipes(door: str) -> list[Recipe]:
    """Each MMP's; ``door`` is the address with the secret."""
    return [
        Recipe(
            name=name,
            title=mmp.title,
            address=mmp.template(door),
            steps=_STEPS[name],
            contact_field=" or ".join(mmp.contact_fields),
        )
        for name, mmp in MMPS.items()
    ]
