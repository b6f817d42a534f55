"""The redactor, and that every log passes it."""

import base64
import html
import io
import json
import logging
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

import pytest
import requests
import structlog

from connector import log

SECRET = 'cana/ry+se cret&ö=9"x'


@pytest.fixture(autouse=True)
def _own_loggers() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    log.hide(SECRET)
    yield
    root.handlers[:], logging.raiseExceptions = handlers, raising
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        quote(SECRET, safe=""),
        quote(SECRET),
        quote_plus(SECRET),
        json.dumps(SECRET),
        repr(SECRET),
        repr(SECRET.encode()),
        ascii(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        html.escape(SECRET),
        html.escape(SECRET, quote=False),
        re.sub("%..", lambda found: found[0].lower(), quote(SECRET, safe="")),
        requests.Request("GET", f"https://x/?k={SECRET}").prepare().url,
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode(),
        f"Basic {base64.b64encode(f'id:{SECRET}'.encode()).decode()}",
        base64.b64encode(f"a:{SECRET}".encode()).decode(),
        base64.b64encode(f"abc{SECRET}".encode()).decode(),
    ],
)
def test_a_hidden_value_shows_in_no_form(form: str) -> None:
    told = log.redact(f"before {form} after")

    whole = base64.b64encode(SECRET.encode()).decode()
    assert SECRET not in told
    assert "cana" not in told
    assert whole[4:16] not in told
    assert told.startswith("before ")
    assert told.endswith(" after")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("GET https://x/api?api_key=abc123&start=1", "GET https://x/api?api_key=…&start=1"),
        ("/V1/Affiliate/Invoices?apiKey=abc123", "/V1/Affiliate/Invoices?apiKey=…"),
        ("callback?code=AB11&state=xyz&realmId=1", "callback?code=…&state=…&realmId=1"),
        ("refresh_token=AB11&grant_type=refresh_token", "refresh_token=…&grant_type=refresh_token"),
        ('{"access_token": "eyJ", "expires_in": 3600}', '{"access_token": "…", "expires_in": 3600}'),
        ("Authorization: Bearer eyJhbGciOi", "Authorization: Bearer …"),
        ("https://user:pass@proxy:3128/", "https://…@proxy:3128/"),
        ("exit code=6, vendor code=V12", "exit code=6, vendor code=V12"),
        ("headers: Bearer eyJhbGciOiJkaXIi1.x.y-z", "headers: Bearer …"),
        ("vendor Basic Outfitters Ltd", "vendor Basic Outfitters Ltd"),
        ("vendor Basic Needs Ltd", "vendor Basic Needs Ltd"),
    ],
)
def test_what_secrets_go_by_is_taken_out_and_nothing_else(text: str, told: str) -> None:
    assert log.redact(text) == told


def test_tokens_are_hidden_until_others_come_into_use() -> None:
    log.hide_tokens(["access-token-1", "refresh-token-1"])
    assert log.redact("with access-token-1 and refresh-token-1") == "with … and …"

    log.hide_tokens(["access-token-2"])
    assert log.redact(f"access-token-1, access-token-2, {SECRET}") == "access-token-1, …, …"

    log.hide_tokens([])


def test_our_log_is_one_json_object_a_line_off_a_terminal() -> None:
    stream = io.StringIO()
    log.configure("auto", 1, stream)

    structlog.get_logger().info("bill_created", invoice="10042", amount="4825.50", api_key="zzz", tries=2)

    (line,) = lines(stream)
    assert (line["event"], line["invoice"], line["level"], line["tries"]) == ("bill_created", "10042", "info", 2)
    assert line["api_key"] == "…"
    assert str(line["timestamp"]).endswith("Z")


def test_secrets_are_taken_out_of_values_arguments_and_tracebacks() -> None:
    stream = io.StringIO()
    log.configure("json", 2, stream)

    class Thing:
        def __repr__(self) -> str:
            return f"Thing({SECRET})"

    structlog.get_logger().warning("a", where={"deep": [f"x{SECRET}", Thing()]}, **{f"key {SECRET}": 1})
    logging.getLogger("other").warning("get %s", f"https://x/?api_key={SECRET}")
    try:
        raise ValueError(f"boom {SECRET}")  # noqa: TRY301 - the trace is what is tested
    except ValueError:
        structlog.get_logger().exception("b")
        logging.getLogger("other").exception("c")

    assert "cana" not in stream.getvalue()
    told = lines(stream)
    assert [line["event"] for line in told] == ["a", "get https://x/?api_key=…", "b", "c"]
    assert "ValueError: boom …" in str(told[2]["exception"])
    assert "ValueError: boom …" in str(told[3]["exception"])


def test_the_libraries_that_log_addresses_are_quiet_at_every_level() -> None:
    stream = io.StringIO()
    log.configure("json", 5, stream)

    for name in (
        "urllib3.connectionpool",
        "httpx",
        "httpcore.http11",
        "requests_oauthlib.oauth2_session",
        "sqlalchemy.engine",
    ):
        logging.getLogger(name).info("GET /?x=%s", "y")
        logging.getLogger(name).debug("GET /?x=%s", "y")
    logging.getLogger("urllib3").warning("shown")

    assert [line["event"] for line in lines(stream)] == ["shown"]


@pytest.mark.parametrize(
    ("verbosity", "shown"), [(-1, ["e"]), (0, ["w", "e"]), (1, ["i", "w", "e"]), (2, ["d", "i", "w", "e"])]
)
def test_verbosity_chooses_the_level(verbosity: int, shown: list[str]) -> None:
    stream = io.StringIO()
    log.configure("json", verbosity, stream)
    logger = structlog.get_logger()

    logger.debug("d")
    logger.info("i")
    logger.warning("w")
    logger.error("e")

    assert [line["event"] for line in lines(stream)] == shown


def test_console_lines_have_no_colour_and_no_secret() -> None:
    stream = io.StringIO()
    log.configure("console", 1, stream)

    structlog.get_logger().info("run_started", key=SECRET, run="01J")

    assert "\x1b" not in stream.getvalue()
    assert "cana" not in stream.getvalue()
    assert "run_started" in stream.getvalue()
