"""An operation as code to copy: curl, Python and JavaScript. Pure.

The key is read from the environment, so that what is copied runs as it is and nobody pastes a key into a file. Where an
operation takes no key, a browser's session stands in its place.
"""

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chat33.dashboard.reference.reading import Page

KEY = "CHAT33_KEY"
SESSION, CSRF = "CHAT33_SESSION", "CHAT33_CSRF"
_WIDTH = 72  # characters on a line before it is broken


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request: what an operation's example is, with this reader's ids in it."""

    method: str
    url: str
    is_keyed: bool
    body: Any = None
    file: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    answers_json: bool = True

    @property
    def origin(self) -> str:
        """The site that a browser's session belongs to."""
        return self.url.partition("/api/")[0]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A call in one language; ``language`` is what highlighters call it."""

    name: str
    language: str
    code: str


def calls(page: Page, base_url: str, ids: Mapping[str, str]) -> dict[str, Call]:
    """The requests that show an operation, by what they show: one for each example of its body, else one.

    ``ids`` stand in for those of the document: ``{"chan_abc123": "chan_01j…"}``.
    """
    url = base_url + page.path.replace("{id}", ids.get(_example_id(page), _example_id(page)))
    found = {}
    for body in page.bodies:
        if body.media_type == "multipart/form-data":
            found["a file of yours"] = Call(method=page.method, url=url, is_keyed=page.is_keyed, file="photo.jpg")
        for example in body.examples:
            value = replaced(example.value, ids)
            found[example.name] = Call(method=page.method, url=url, is_keyed=page.is_keyed, body=value)
    answers_json = page.reply is None or page.reply.is_json
    return found or {"": Call(method=page.method, url=url, is_keyed=page.is_keyed, answers_json=answers_json)}


def replaced(value: Any, ids: Mapping[str, str]) -> Any:
    """The value with the ids that are given in place of the document's."""
    if isinstance(value, str):
        return ids.get(value, value)
    if isinstance(value, Mapping):
        return {name: replaced(item, ids) for name, item in value.items()}
    if isinstance(value, list):
        found = [replaced(item, ids) for item in value]
        return [item for place, item in enumerate(found) if item not in found[:place]]
    return value


def samples(call: Call) -> tuple[Sample, ...]:
    """The call in each language."""
    return (
        Sample(name="curl", language="bash", code=_curl(call)),
        Sample(name="Python", language="python", code=_python(call)),
        Sample(name="JavaScript", language="javascript", code=_javascript(call)),
    )


def _example_id(page: Page) -> str:
    """What stands for ``{id}``: the document's own example."""
    examples = {"posts": "post_abc123", "api-keys": "key_abc123", "contacts": "cm1abc123", "links": "link_abc123"}
    return examples.get(page.path.split("/")[1], "cb_abc123")


def _curl(call: Call) -> str:
    method = (
        "" if call.method == "GET" or (call.method == "POST" and (call.body is not None or call.file)) else call.method
    )
    parts = [" ".join(["curl", *(["-X", method] if method else []), shlex.quote(call.url)])]
    if call.is_keyed:
        parts.append(f'-H "x-api-key: ${KEY}"')
    elif call.method == "GET":
        parts.append(f'-b "sessionid=${SESSION}"')
    else:
        parts.append(f'-b "sessionid=${SESSION}; csrftoken=${CSRF}"')
        parts += [f'-H "X-CSRFToken: ${CSRF}"', f'-H "Referer: {call.origin}/"']
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in call.headers.items()]
    if call.file:
        parts.append(f"-F file=@{call.file}")
    if call.body is not None:
        parts.append('-H "Content-Type: application/json"')
        parts.append(f"-d {shlex.quote(_written(call.body, _JSON, 1))}")
    return " \\\n  ".join(parts)


def _python(call: Call) -> str:
    options = []
    headers = {name: json.dumps(value) for name, value in call.headers.items()}
    if call.is_keyed:
        headers = {"x-api-key": f'os.environ["{KEY}"]', **headers}
    else:
        cookies = {"sessionid": f'os.environ["{SESSION}"]'}
        if call.method != "GET":
            cookies["csrftoken"] = f'os.environ["{CSRF}"]'
            headers |= {"X-CSRFToken": f'os.environ["{CSRF}"]', "Referer": json.dumps(f"{call.origin}/")}
        options.append(f"cookies={_mapping(cookies, 1, 4)},")
    if headers:
        options.insert(0, f"headers={_mapping(headers, 1, 4)},")
    if call.file:
        options.append(f'files={{"file": open("{call.file}", "rb")}},')
    if call.body is not None:
        options.append(f"json={_written(call.body, _PYTHON, 1)},")
    lines = [
        "import os",
        "",
        "import requests",
        "",
        f"reply = requests.{call.method.lower()}(",
        *(f"    {line}" for line in [f"{json.dumps(call.url)},", *options, "timeout=30,"]),
        ")",
        "reply.raise_for_status()",
        "print(reply.json())" if call.answers_json else "print(reply.text)",
    ]
    return "\n".join(lines)


def _javascript(call: Call) -> str:
    before, headers = [], {name: json.dumps(value) for name, value in call.headers.items()}
    if call.is_keyed:
        headers = {"x-api-key": f"process.env.{KEY}", **headers}
    elif call.method != "GET":
        before = [
            "// In a browser that is logged in here",
            r"const [, token] = document.cookie.match(/csrftoken=(\w+)/);",
        ]
        headers["X-CSRFToken"] = "token"
    else:
        before = ["// In a browser that is logged in here"]
    if call.file:
        before += [
            'import { openAsBlob } from "node:fs";',
            "",
            "const form = new FormData();",
            f'form.append("file", await openAsBlob("{call.file}"), "{call.file}");',
        ]
    if call.body is not None:
        headers["Content-Type"] = '"application/json"'
    options = [f"method: {json.dumps(call.method)},"] if call.method != "GET" else []
    if headers:
        options.append(f"headers: {_mapping(headers, 1, 2)},")
    if call.file:
        options.append("body: form,")
    if call.body is not None:
        options.append(f"body: JSON.stringify({_written(call.body, _JAVASCRIPT, 1)}),")
    opening = f"const reply = await fetch({json.dumps(call.url)}"
    lines = [
        *before,
        *([f"{opening}, {{", *(f"  {line}" for line in options), "});"] if options else [f"{opening});"]),
        "if (!reply.ok) throw new Error(await reply.text());",
        "console.log(await reply.json());" if call.answers_json else "console.log(await reply.text());",
    ]
    return "\n".join(lines)


def _mapping(pairs: Mapping[str, str], depth: int, indent: int) -> str:
    """Names to expressions, on one line where they fit."""
    pad = "" if indent == 4 else " "
    short = "{" + pad + ", ".join(f"{json.dumps(name)}: {value}" for name, value in pairs.items()) + pad + "}"
    if len(pairs) == 1 and len(short) <= _WIDTH:
        return short
    inner, outer = " " * indent * (depth + 1), " " * indent * depth
    return "{\n" + "".join(f"{inner}{json.dumps(name)}: {value},\n" for name, value in pairs.items()) + outer + "}"


@dataclass(frozen=True, kw_only=True)
class _Words:
    """How a language writes values: its three words, names of properties, blanks in braces, and a last comma."""

    words: Mapping[Any, str]
    name: Callable[[str], str] = json.dumps
    pad: str = ""
    comma: str = ","
    indent: str = "  "


_JSON = _Words(words={True: "true", False: "false", None: "null"}, comma="")
_PYTHON = _Words(words={True: "True", False: "False", None: "None"}, indent="    ")
_JAVASCRIPT = _Words(
    words={True: "true", False: "false", None: "null"},
    name=lambda name: name if name.isidentifier() else json.dumps(name),
    pad=" ",
)


def _written(value: Any, language: _Words, depth: int, *, used: int = 0, is_inside: bool = False) -> str:
    """A JSON value as a literal, broken where it is long. ``used`` is what stands on its line before it."""
    if value is None or isinstance(value, bool):
        return language.words[value]
    if isinstance(value, Mapping):
        items = [(f"{language.name(name)}: ", item) for name, item in value.items()]
        opening, closing, pad = "{", "}", language.pad if value else ""
    elif isinstance(value, list):
        items, opening, closing, pad = [("", item) for item in value], "[", "]", ""
    else:
        return json.dumps(value, ensure_ascii=False)
    parts = [before + _written(item, language, depth + 1, used=len(before), is_inside=True) for before, item in items]
    short = f"{opening}{pad}{', '.join(parts)}{pad}{closing}"
    if "\n" not in short and used + len(short) <= _WIDTH and (is_inside or len(items) < 2):
        return short
    inner, outer = language.indent * (depth + 1), language.indent * depth
    lines = f",\n{inner}".join(parts)
    return f"{opening}\n{inner}{lines}{language.comma}\n{outer}{closing}"
