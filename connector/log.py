"""
Logs, and the one redactor that every line and every message for people passes.

structlog and the standard library's loggers write through the same processors. The redactor is the last of them before
rendering, after tracebacks became text. It knows the secrets' values, as they are and as URLs and headers carry them,
and the names that secrets go by.
"""

import base64
import json
import re
import sys
from collections.abc import Collection, Mapping, MutableMapping
from typing import Any, Final, Literal, TextIO
from urllib.parse import quote, quote_plus

__all__ = ["configure", "hide", "hide_tokens", "redact"]

_SHORTEST: Final = 4
"""Shorter values are not hidden as such: they would blot out half of every text."""

_NAMES: Final = r"api[_-]?key|(?:access|refresh|id)?[_-]?token|client[_-]?secret|secret|password|authorization"
_PARAMETER: Final = re.compile(rf"(?i)((?:[?&;]|\b)(?:{_NAMES})=|[?&;](?:code|state|key)=)[^&\s\"'<>#;]+")
_FIELD: Final = re.compile(rf"(?i)([\"'](?:{_NAMES})[\"']\s*:\s*)(\"[^\"]*\"|'[^']*')")
# A company may be called "Basic Outfitters": without the header's name only what looks like a token is taken out.
_BEARER: Final = re.compile(
    r"(?i)(authorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic)\s+|\b(?:bearer|basic)\s+(?=[a-z._~+/=-]*\d)(?=\S{20}))"
    r"[A-Za-z0-9._~+/=-]+"
)
_USERINFO: Final = re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/\s@]+@", re.IGNORECASE)
_PERCENT: Final = re.compile("%[0-9A-F]{2}")
_RESERVED: Final = "!#$%&'()*+,/:;=?@[]~"  # what requests leaves as it is in an address that it is given whole
_SECRET_NAME: Final = re.compile(rf"(?i)(?:{_NAMES})")
_CAPPED: Final = (
    "urllib3 requests httpx httpcore http.client requests_oauthlib oauthlib intuitlib sqlalchemy sqlalchemy.engine "
    "alembic apscheduler uvicorn asyncio"
).split()

_hidden: set[str] = set()
_tokens: set[str] = set()
_pattern: re.Pattern[str] | None = None


def hide(value: str) -> None:
    """From now on no log and no message shows ``value``, nor its form in a URL, in JSON or in a header."""
    _hidden.update(_forms(value.strip()))
    _compile()


def hide_tokens(tokens: Collection[str]) -> None:
    """The same for these, and no longer for those of the last call: a token lives for an hour, a daemon for years."""
    _tokens.clear()
    _tokens.update(*map(_forms, tokens))
    _compile()


def _compile() -> None:
    global _pattern  # noqa: PLW0603 - one process, one list of what to hide
    longest_first = sorted(_hidden | _tokens, key=len, reverse=True)
    _pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def redact(text: str) -> str:
    """``text`` without secrets: hidden values, key-named URL parameters and fields, authorization headers."""
    if _pattern is not None:
        text = _pattern.sub("…", text)
    text = _PARAMETER.sub(r"\1…", text)
    text = _FIELD.sub(r'\1"…"', text)
    text = _USERINFO.sub(r"\1…@", text)
    return _BEARER.sub(r"\1…", text)


def configure(
    format: Literal["auto", "console", "json"] = "auto",  # noqa: A002 - the option's own name
    verbosity: int = 0,
    stream: TextIO | None = None,
) -> None:
    """
    Send all logs to ``stream`` (stderr): on a terminal as text, else as one JSON object a line.

    Args:
        format: ``auto`` is text on a terminal and JSON elsewhere.
        verbosity: 0 shows warnings, 1 what happens, 2 everything; -1 and below errors alone.
        stream: Where to; None: stderr.
    """
    import logging  # noqa: PLC0415 - --help and check must not wait for it

    import structlog  # noqa: PLC0415 - as above

    out = stream or sys.stderr
    as_text = format == "console" or (format == "auto" and out.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
        if as_text
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            _redact_event,
            *([_without_empty] if as_text else []),
            renderer,
        ],
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    level = {0: logging.WARNING, 1: logging.INFO}.get(verbosity, logging.DEBUG if verbosity > 1 else logging.ERROR)
    root.setLevel(level)
    for name in _CAPPED:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    logging.raiseExceptions = False  # its own report of a broken line shows the line's arguments
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {redact(str(name)): _redacted(value, str(name)) for name, value in event.items()}


def _without_empty(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """For people: keys that do not apply are left out, which programs are given as null."""
    return {name: value for name, value in event.items() if value is not None}


def _redacted(value: Any, name: str = "") -> Any:
    if value is None or isinstance(value, bool):
        return value
    if _SECRET_NAME.fullmatch(name):
        return "…"
    if isinstance(value, Mapping):
        return {redact(str(key)): _redacted(part, str(key)) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(part) for part in value]
    clean = redact(str(value))
    return value if isinstance(value, int | float) and clean == str(value) else clean


def _forms(value: str) -> set[str]:
    import html  # noqa: PLC0415 - its list of names takes its time, and not every command meets a secret

    if len(value) < _SHORTEST:
        return set()
    whole = value.encode()
    in_urls = {quote(value, safe=safe) for safe in ("", "/", _RESERVED)} | {quote_plus(value)}
    in_texts = {
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        repr(whole)[2:-1],
        ascii(value)[1:-1],
        html.escape(value),
        html.escape(value, quote=False),
    }
    forms = {value, *in_urls, *(_PERCENT.sub(lambda found: found[0].lower(), form) for form in in_urls), *in_texts}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        forms.add(encode(whole).decode().rstrip("="))
        # Inside a longer text ("id:secret") the encoding starts at one of three offsets; its middle is what shows.
        for offset in range(3):
            text = encode(b"\0" * offset + whole).decode().rstrip("=")
            forms.add(text[(0, 2, 3)[offset] : len(text) - (1 if (offset + len(whole)) % 3 else 0)])
    return {form for form in forms if len(form) >= _SHORTEST}
