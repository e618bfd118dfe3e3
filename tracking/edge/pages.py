"""The few pages that a person may meet on the way: where a link leads, that it is over, that an app is being opened.

Each is one document with its own style and nothing from anywhere else; its policy names the hash of what it holds (CSP
Level 3, 2.3.1), so that nothing that comes in an address could ever run.
"""

from base64 import b64encode
from hashlib import sha256
from html import escape

from tracking.edge.http import Response

LONGEST_HOST = 32  # letters that have room beside each other on a phone
_STYLE = """
:root{color-scheme:light dark;--ground:light-dark(#f9f9fb,#15161c);--card:light-dark(#fff,#1c1d25);
--line:light-dark(#e3e3ea,#353642);--text:light-dark(#22232e,#f0f0f4);--soft:light-dark(#585a6b,#b4b6c3);
--go:light-dark(#4a3fd8,#a9a6ff);--on:light-dark(#fff,#15161c)}
*{box-sizing:border-box}
body{margin:0;min-height:100svh;display:grid;place-items:center;padding:1.25rem;background:var(--ground);color:var(--text);
font:1rem/1.5 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main{width:100%;max-width:28rem;padding:1.75rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem}
h1{margin:0 0 .5rem;font-size:1.25rem;line-height:1.3;letter-spacing:-.01em}
p{margin:0 0 1rem;color:var(--soft)}
strong{color:var(--text);overflow-wrap:anywhere}
.address{padding:.625rem .75rem;border:1px solid var(--line);border-radius:.5rem;font-size:.8125rem;overflow-wrap:anywhere;
max-height:8rem;overflow:auto}
.go{display:inline-block;padding:.5rem .9rem;border-radius:.5rem;background:var(--go);color:var(--on);text-decoration:none;
font-weight:600}
.go:hover{text-decoration:underline}
:focus-visible{outline:2px solid var(--go);outline-offset:2px}
""".strip()
_OPEN = """
const go=document.querySelector("a.go"),app=document.querySelector("main").dataset.app;
const left=setTimeout(()=>{if(!document.hidden)location.replace(go.href)},1400);
document.addEventListener("visibilitychange",()=>{if(document.hidden)clearTimeout(left)});
location.href=app;
""".strip()


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


_POLICY = f"default-src 'none'; style-src {_hash(_STYLE)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_POLICY_OPEN = f"{_POLICY}; script-src {_hash(_OPEN)}"


def leaving(host: str, target: str) -> Response:
    """The link is nobody's that we know: the person decides. A host is named whole or not at all: its beginning alone may
    look like another one.
    """
    go = f"Go to {escape(host)}" if len(host) <= LONGEST_HOST else "Go on"
    return _page(
        200,
        "You are leaving for another site",
        f"<p>This link leads to <strong>{escape(host)}</strong>, a site that we know nothing about. "
        "Go on only if you trust it.</p>"
        f'<p class="address" tabindex="0" role="region" aria-label="Full address">{escape(target)}</p>'
        f'<a class="go" rel="noreferrer nofollow" href="{escape(target)}">{go}</a>',
    )


def opening(app: str, target: str) -> Response:
    """An app is opened, else the link goes on to the web."""
    return _page(
        200,
        "Opening the app",
        f'<p>If nothing happens, go on without it.</p><a class="go" rel="noreferrer" href="{escape(target)}">Go on</a>',
        app=app,
    )


def over() -> Response:
    """The link's time is over."""
    return _page(410, "This link has ended", "<p>Whoever made it let it end. Ask them for a new one.</p>")


def unknown() -> Response:
    """There is no such link."""
    return _page(404, "There is no such link", "<p>It may have been mistyped, or taken away by whoever made it.</p>")


def later() -> Response:
    """The click cannot be recorded now."""
    found = _page(503, "One moment, please", "<p>This link cannot be opened right now. Try again in a few seconds.</p>")
    return Response(found.status, found.body, (*found.headers, (b"retry-after", b"2")))


def _page(status: int, title: str, content: str, *, app: str = "") -> Response:
    opens = f' data-app="{escape(app)}"' if app else ""
    script = f"<script>{_OPEN}</script>" if app else ""
    document = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{title} · Chat33</title><style>{_STYLE}</style></head>"
        f"<body><main{opens}><h1>{title}</h1>{content}</main>{script}</body></html>"
    )
    headers = (
        (b"content-type", b"text/html; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"referrer-policy", b"no-referrer"),
        (b"content-security-policy", (_POLICY_OPEN if app else _POLICY).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"x-robots-tag", b"noindex"),
    )
    return Response(status, document.encode(), headers)
