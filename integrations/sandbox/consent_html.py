"""The HTML of the authorization pages: what the app wants, as whom, yes or no. All that came from outside is escaped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

from integrations.sandbox.page_html import NAMES
from integrations.sandbox.store import Document

_KIND = {"facebook": "page", "youtube": "channel"}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """An authorization request that may be shown."""

    platform: str
    client_field: str
    client_id: str
    redirect_uri: str
    state: str
    scopes: tuple[str, ...]
    challenge: str
    method: str

    def fields(self, separator: str = " ") -> dict[str, str]:
        """The request again, for the form to carry."""
        given = {
            self.client_field: self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "scope": separator.join(self.scopes),
            "state": self.state,
            "code_challenge": self.challenge,
            "code_challenge_method": self.method,
        }
        return {name: value for name, value in given.items() if value}


def consent_page(
    asked: Asked,
    accounts: Sequence[Document],
    *,
    words: Mapping[str, str],
    several: bool,
    granular: bool,
    locked: Sequence[str],
    complaint: str = "",
) -> str:
    """The page on which a person allows or cancels."""
    network, kind = NAMES[asked.platform], _KIND.get(asked.platform, "account")
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in asked.fields().items()
    )
    told = f'<p class="complaint" role="alert">{escape(complaint)}</p>' if complaint else ""
    body = f"""<h1>Chat33 wants to use your {escape(network)} {kind}{"s" if several else ""}</h1>
<p class="lead">This is the sandbox's practice copy of {escape(network)}'s own page. Nothing leaves this machine.</p>
{told}<form method="post">
{hidden}
{_choice(accounts, kind=kind, several=several)}
{_permissions(asked.scopes, words=words, granular=granular, locked=locked)}
<div class="deeds"><button name="decision" value="cancel" formnovalidate>Cancel</button>
<button class="allow" name="decision" value="allow">Allow</button></div>
</form>
<p class="return">Either way you go back to {escape(_host(asked.redirect_uri))}.</p>"""
    return _page(f"Allow Chat33 · {network} practice", body, platform=asked.platform)


def refusal_page(platform: str, *, code: str, words: str) -> str:
    """The page of a request that a network does not even show."""
    network = NAMES[platform]
    body = f"""<h1>{escape(network)} cannot go on</h1>
<p class="lead">{escape(words)}</p>
<p>Error <code>{escape(code)}</code>. The app that sent you here has to mend this; nothing was allowed.</p>"""
    return _page(f"Refused · {network} practice", body, platform=platform)


def _choice(accounts: Sequence[Document], *, kind: str, several: bool) -> str:
    control = "checkbox" if several else "radio"
    rows = []
    for number, account in enumerate(accounts):
        ticked = " checked" if several or number == 0 else ""
        box = f'<input type="{control}" name="account" value="{escape(account["remote_id"])}"{ticked}>'
        handle = f'<span class="handle">@{escape(account["username"])}</span>'
        rows.append(f'<label class="choice">{box}<span><b>{escape(account["name"])}</b>{handle}</span></label>')
    fresh = "" if accounts else " checked"
    heading = f"Which {kind}s?" if several else f"Which {kind}?"
    new = f"""<label class="choice"><input type="{control}" name="account" value="new"{fresh}>
<span><b>Another practice {kind}</b><span class="handle">made when you allow</span></span></label>
<label class="named">Its username <input name="username" maxlength="31" autocomplete="off" autocapitalize="none"
spellcheck="false" placeholder="corner.cafe"></label>"""
    return f"<fieldset><legend>{heading}</legend>{''.join(rows)}{new}</fieldset>"


def _permissions(scopes: Sequence[str], *, words: Mapping[str, str], granular: bool, locked: Sequence[str]) -> str:
    rows = []
    for scope in scopes:
        said = f"<span><b>{escape(words[scope])}</b><code>{escape(scope.rpartition('/')[2])}</code></span>"
        if granular and scope not in locked:
            box = f'<input type="checkbox" name="grant" value="{escape(scope)}" checked>'
            rows.append(f'<label class="choice">{box}{said}</label>')
        else:
            rows.append(f'<div class="choice given"><span class="tick" aria-hidden="true"></span>{said}</div>')
    return f"<fieldset><legend>Chat33 will be able to</legend>{''.join(rows)}</fieldset>"


def _host(address: str) -> str:
    return urlsplit(address).netloc


def _page(title: str, body: str, *, platform: str) -> str:
    network = NAMES[platform]
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/pages.css">
<link rel="stylesheet" href="/static/consent.css">
</head>
<body class="consent {escape(platform)}">
<main id="main">
<div class="sheet">
<p class="brandline"><span class="face" aria-hidden="true">{escape(network[0])}</span>{escape(network)}
<span class="mark">Practice</span></p>
{body}
</div>
</main>
</body>
</html>
"""
