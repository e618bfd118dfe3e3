"""Structured logs: one event a line, JSON in production, under a request id that follows the work into the workers.

Nothing secret leaves here: the last step before an event is written takes out values by the name they go under and by
their look, whoever logged them.
"""

import re
from collections.abc import Mapping
from typing import Any

import structlog

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]

REDACTED = "[redacted]"
_NAMES = re.compile(r"token|secret|password|passwd|authorization|cookie|api_?key|credential|signature", re.IGNORECASE)
_COMPOUND = r"access_token|refresh_token|client_secret|fb_exchange_token|code_verifier|api_key"
# What opens something, by its look: ours and the sandbox's, Meta's (EAA…) and Google's (ya29.…) access tokens, what an
# Authorization header holds, and the parameters of OAuth in addresses, forms and JSON.
_LOOKS = re.compile(
    r"(?P<start>sk_live_|whsec_|c33[sm]_|sbx-|\bEAA|\bya29\.)(?P<rest>[\w+/=.-]{5,})"
    r"|(?P<scheme>\b(?:Bearer|Basic|OAuth)\s+)[\w+/=.~-]{8,}"
    rf"|(?P<parameter>\b(?:(?:{_COMPOUND})[\"']?\s*[=:]\s*[\"']?|(?:token|secret|password|code)=))[^\s&\"',;}}]+",
    re.IGNORECASE,
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}", re.ASCII)


def redact(value: Any) -> Any:
    """A copy in which nothing opens anything any more: by name in mappings, by look in every text."""
    if isinstance(value, str):
        return _LOOKS.sub(_masked, value)
    if isinstance(value, bytes):
        return redact(value.decode("utf-8", "replace"))
    if isinstance(value, Mapping):
        return {
            name: REDACTED if isinstance(name, str) and _is_secret(name, item) else redact(item)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else redact(str(value))


def redaction(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
    """structlog's processor around ``redact``."""
    return dict(redact(event))


def given_request_id(header: str | None) -> str:
    """The id a proxy or client gave the request, if it is one: 8 to 64 letters, digits, ``.``, ``_`` or ``-``, and no
    secret that went into the wrong header. Else empty.
    """
    if header is None or _REQUEST_ID.fullmatch(header) is None or _LOOKS.search(header):
        return ""
    return header


def current_request_id() -> str:
    """The id of the request that this is done for; empty outside of any."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def logging_config(*, json: bool, level: str) -> dict[str, Any]:
    """Django's LOGGING; also sets structlog up, so it is called once, by the settings."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    # A traceback is text before it is redacted, and without the values of local variables.
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "event": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    redaction,
                    renderer,
                ],
            }
        },
        "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "event"}},
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {
            # Their INFO repeats what our own events say, once a tick.
            "aiohttp.access": {"level": "WARNING"},
            "celery": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            # The request's own event says it, with the traceback.
            "django.request": {"level": "CRITICAL"},
        },
    }


def _is_secret(name: str, item: Any) -> bool:
    return bool(item) and not isinstance(item, bool | int | float) and bool(_NAMES.search(name.replace("-", "_")))


def _masked(match: re.Match[str]) -> str:
    if match["start"]:
        # an API key's first 12 characters are for display
        shown = match["rest"][:4] if match["start"] == "sk_live_" else ""
        return f"{match['start']}{shown}{REDACTED}"
    return f"{match['scheme'] or match['parameter']}{REDACTED}"
