"""Meta's Graph API as both its networks speak it: the call, the error envelope, the usage headers, token exchange.

Sources: Meta, "Graph API Overview", "Handle Errors", "Rate Limits", "Long-Lived Access Tokens", read 2026-11.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chat33.lib.http import HttpClient, NotSent, Reply, ReplyLost
from integrations.providers.base import Account, Category, Credentials, Next, ProviderError, Step
from integrations.providers.graph_errors import ErrorTable, trouble
from integrations.providers.rules import Draft

_FAILED_READ = (ProviderError, NotSent, ReplyLost)
_UNSURE_CODES = (-2, -1, 1, 2, 24)  # after a visible mutation these do not say that nothing happened
_BUSY = 90  # percent of an allowance from which the log mentions it


@dataclass(frozen=True, kw_only=True)
class GraphReply:
    """A good answer: its object, and what the headers tell."""

    body: Mapping[str, Any]
    status: int
    trace_id: str
    usage: int  # percent of the tightest call allowance that is used
    network: str

    def value(self, name: str, *, visible: bool = False) -> str:
        """A field that must be there. Raises ``ProviderError``, ambiguous after a visible mutation."""
        value = self.body.get(name)
        if value is None or value == "":
            raise ProviderError(
                trouble(self.network),
                message=f"The reply held no {name}.",
                http_status=self.status,
                trace_id=self.trace_id,
                ambiguous=visible,
            )
        return str(value)

    def then(self, step: Step, state: Mapping[str, Any], *, after: float = 0.0, external_id: str | None = None) -> Next:
        """What comes after this answer; the log mentions an allowance that runs out."""
        return Next(
            step=step,
            state=state,
            after=after,
            external_id=external_id,
            note=f"{self.usage} % of the call allowance is used." if self.usage >= _BUSY else "",
            http_status=self.status,
            trace_id=self.trace_id,
        )


@dataclass(frozen=True, kw_only=True)
class Graph:
    """One host of the Graph API, seen with one token. The token travels in a header alone."""

    http: HttpClient
    base: str  # host and version
    token: str
    errors: ErrorTable

    def get(self, path: str, **params: Any) -> GraphReply:
        """Read a node or an edge. Raises ``ProviderError``, ``NotSent``, ``ReplyLost``."""
        return self._call("GET", path, params=params)

    def read(self, path: str, **params: Any) -> GraphReply | None:
        """``get`` where failing must not matter: None then."""
        try:
            return self.get(path, **params)
        except _FAILED_READ:
            return None

    def post(
        self,
        path: str,
        data: Mapping[str, Any],
        *,
        files: Mapping[str, Any] | None = None,
        visible: bool = False,
    ) -> GraphReply:
        """A mutation. ``visible`` ones leave their error ambiguous where Meta does not say that nothing happened."""
        return self._call("POST", path, data=form(data), files=files, visible=visible)

    def _call(self, method: str, path: str, *, visible: bool = False, **options: Any) -> GraphReply:
        reply = self.http.request(
            method, f"{self.base}/{path}", headers={"Authorization": f"Bearer {self.token}"}, **options
        )
        return answer(reply, self.errors, visible=visible)


def form(data: Mapping[str, Any]) -> dict[str, str]:
    """Fields as Graph takes them: lists and objects as JSON, booleans in lower case, nothing for None."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in data.items()
        if value is not None
    }


def answer(reply: Reply, errors: ErrorTable, *, visible: bool = False) -> GraphReply:
    """The object of a good answer. Raises ``ProviderError`` for an error envelope, ``success: false`` and nonsense."""
    body = reply.json()
    if not reply.ok or not isinstance(body, dict) or "error" in body or body.get("success") is False:
        raise refusal(reply, errors, visible=visible)
    return GraphReply(
        body=body,
        status=reply.status,
        trace_id=reply.headers.get("x-fb-trace-id", ""),
        usage=_usage(reply),
        network=errors.network,
    )


def refusal(reply: Reply, errors: ErrorTable, *, visible: bool = False) -> ProviderError:
    """The error an answer stands for."""
    body = reply.json()
    envelope = body.get("error") if isinstance(body, dict) else None
    error: Mapping[str, Any] = envelope if isinstance(envelope, dict) else {}
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    transient = bool(error.get("is_transient"))
    if error or reply.status >= 400:
        meaning = errors.classify(code=code, subcode=subcode, status=reply.status, transient=transient)
    else:
        meaning = trouble(errors.network)
    unsure = reply.status >= 500 or not error or transient or (code in _UNSURE_CODES)
    return ProviderError(
        meaning,
        code="/".join(str(number) for number in (code, subcode) if number),
        message=str(error.get("error_user_msg") or error.get("message") or "")[:500],
        http_status=reply.status,
        trace_id=str(error.get("fbtrace_id") or reply.headers.get("x-fb-trace-id", "")),
        retry_after=_retry_after(reply) if meaning.category in (Category.RATE_LIMIT, Category.QUOTA) else None,
        ambiguous=visible and unsure,
    )


def error_data(reply: Reply) -> Mapping[str, Any]:
    """The ``error_data`` of an error envelope; Meta sends it as an object or as its JSON."""
    body = reply.json()
    envelope = body.get("error") if isinstance(body, dict) else None
    data = envelope.get("error_data") if isinstance(envelope, dict) else None
    if isinstance(data, str):
        try:
            data = json.loads(data)
        except ValueError:
            return {}
    return data if isinstance(data, dict) else {}


def exchange(
    http: HttpClient,
    *,
    base: str,
    account: Account,
    client_id: str,
    client_secret: str,
    errors: ErrorTable,
    now: datetime,
) -> Credentials:
    """A long-lived token for the one in hand (``fb_exchange_token``), for tokens of Facebook Login.

    Sent as a form, so that neither the token nor our secret stands in an address. A reply without ``expires_in``
    does not expire, as page tokens do not.
    """
    reply = http.request(
        "POST",
        f"{base}/oauth/access_token",
        data={
            "grant_type": "fb_exchange_token",
            "client_id": client_id,
            "client_secret": client_secret,
            "fb_exchange_token": account.credentials.access_token,
        },
    )
    return renewed(answer(reply, errors), account, now=now)


def renewed(reply: GraphReply, account: Account, *, now: datetime) -> Credentials:
    """The credentials in a token reply; what it does not name stays as it was."""
    seconds = reply.body.get("expires_in")
    expires = now + timedelta(seconds=int(seconds)) if seconds else None
    return replace(account.credentials, access_token=reply.value("access_token"), expires_at=expires)


def caption(text: str, options: Mapping[str, Any]) -> str:
    """The post's text on this platform: its own where ``platformConfig`` gives one."""
    own = options.get("text")
    return own if isinstance(own, str) else text


def own_text(draft: Draft) -> Draft:
    """The draft as it will read on this platform."""
    return replace(draft, text=caption(draft.text, draft.options))


def moment(value: Any) -> datetime | None:
    """A Graph time (``2026-11-21T10:00:00+0000``)."""
    try:
        return datetime.strptime(str(value), "%Y-%m-%dT%H:%M:%S%z")
    except ValueError:
        return None


def same_text(one: Any, other: str) -> bool:
    """Whether two captions are the same to a reader; networks trim and normalize blanks."""
    return " ".join(str(one or "").split()) == " ".join(other.split())


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def _header(reply: Reply, name: str) -> Mapping[str, Any]:
    try:
        value = json.loads(reply.headers.get(name, "") or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _use_cases(reply: Reply) -> list[Mapping[str, Any]]:
    return [
        entry
        for entries in _header(reply, "x-business-use-case-usage").values()
        if isinstance(entries, list)
        for entry in entries
        if isinstance(entry, dict)
    ]


def _usage(reply: Reply) -> int:
    counts = ("call_count", "total_cputime", "total_time")
    seen = (_header(reply, "x-app-usage"), *_use_cases(reply))
    return max(_number(entry.get(count)) for entry in seen for count in counts)


def _retry_after(reply: Reply) -> float | None:
    """Seconds to wait: ``Retry-After``, or the longest ``estimated_time_to_regain_access``, which is in minutes."""
    given = _number(reply.headers.get("Retry-After"))
    minutes = max((_number(entry.get("estimated_time_to_regain_access")) for entry in _use_cases(reply)), default=0)
    return float(given or minutes * 60) or None
