"""No secret comes out: not on the terminal, not in a log, a state, a saved plan, a report or a trace."""

import re
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import pytest
import requests
from canary_world import SECRETS, World, mail_parrot, packed, parrot, written
from login_world import ADDRESS, Person, a_browser, agreed, free_port
from project import invoice

from connector import log
from connector.quickbooks.client import Client
from connector.quickbooks.signin import Stored
from connector.sandbox.credentials import REALM_ID
from connector.sandbox.server import Sandbox
from connector.sources import http
from connector.sources.source import RateLimit
from connector.sync.run import Run
from connector.sync.sign_in import SignInRow

COMMANDS = (
    ("check",),
    ("plan", "-o", "saved-plan.json"),
    ("doctor",),
    ("--json", "doctor", "-v"),
    ("doctor", "-v"),
    ("auth", "status"),
    ("--json", "auth", "status"),
    ("sync", "--yes"),
    ("--json", "sync", "--yes"),
    ("sync", "--plan", "saved-plan.json"),
    ("--json", "plan", "--all"),
    ("status",),
    ("--json", "status"),
    ("why", "cake:{invoice}"),
    ("--json", "why", "cake:{invoice}"),
    ("runs",),
    ("runs", "show", "0"),
    ("reconcile",),
    ("--json", "reconcile"),
    ("reconcile", "--format", "json", "-o", "report.json"),
    ("reconcile", "-o", "report.html"),
    ("reconcile", "-o", "report.csv"),
    ("state", "verify"),
    ("--json", "state", "backup", "backup.db"),
    ("help", "exit-codes"),
)
# What a service may answer: a status, and the shape in which it says back what it heard.
OF_SOURCES = (
    ("200/html", "200/text"),
    ("200/list", "200/list"),
    ("200/keys", "200/keys"),
    ("200/message", "200/message"),
    ("200/cut", "302/text"),
    ("401/fault", "403/html"),
    ("400/error", "429/message"),
    ("500/text", "503/html"),
)
OF_QUICKBOOKS = ("200/html", "200/keys", "200/fault", "302/text", "400/fault", "401/fault", "403/fault", "500/fault")
OF_INTUIT = ("200/tokens", "200/html", "400/error", "400/grant", "401/error", "500/text")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The pretend services know the canaries; what waits, waits no longer; nothing is hidden yet."""
    monkeypatch.setattr("connector.sandbox.cake.CAKE_KEY", SECRETS["cake"])
    monkeypatch.setattr("connector.sandbox.commission_factory.COMMISSION_FACTORY_KEY", SECRETS["commission_factory"])
    monkeypatch.setattr("connector.sandbox.oauth.CLIENT_SECRET", SECRETS["client_secret"])
    monkeypatch.setattr("connector.sandbox.tokens.REFRESH_TOKEN", SECRETS["refresh_token"])
    monkeypatch.setattr("connector.sources.commission_factory._LIMITS", (RateLimit(10_000, 60),))
    monkeypatch.setattr(http, "FIRST_WAIT", 0.0)
    monkeypatch.setattr(http, "THROTTLE_WAIT", 0.0)
    monkeypatch.setitem(Client.__init__.__kwdefaults__, "sleep", lambda _: None)
    monkeypatch.setattr(log, "_hidden", set())
    monkeypatch.setattr(log, "_tokens", set())
    monkeypatch.setattr(log, "_pattern", None)
    scenario = tmp_path / "scenario.json"
    scenario.write_text('{"today": "2026-11-22", "cake_invoices": 5}')
    folder = tmp_path / "work"
    folder.mkdir()
    with Sandbox(scenario=scenario) as sandbox:
        del sandbox.world.commission_factory[3:]
        sandbox.world.version += 1
        world = World(folder, sandbox.url)
        world.sandbox = sandbox  # type: ignore[attr-defined]
        yield world


PROXY = f"http://robot:{SECRETS['proxy']}@127.0.0.1:1"


def issued(world: World) -> set[str]:
    tokens = world.sandbox.company.tokens  # type: ignore[attr-defined]
    return {*tokens.access, *tokens.refresh}


def crash(*_: object, **__: object) -> None:
    """A bug of ours whose trace holds everything, in every form."""
    told = " | ".join(form for secret in SECRETS.values() for form in sorted(written(secret) | packed(secret)))
    raise RuntimeError(f"first line\n{told}") from ValueError(told)


def with_a_bug() -> None:
    Run.pull = crash  # type: ignore[method-assign]


def on_a_full_disk() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))


def test_no_command_shows_a_secret(world: World) -> None:
    invoice = world.sandbox.world.cake[0]["invoice_id"]  # type: ignore[attr-defined]
    for n, words in enumerate(COMMANDS):
        named = [word.format(invoice=invoice) for word in words]
        world.run("--log-format", "console" if n % 2 else "json", *named)
    world.write(format="xml")
    assert world.run("plan").code == 0
    world.run("serve", until='"event": "run"')

    world.secrets |= issued(world) | {(world.folder / "state.key").read_text().strip()}
    assert len(issued(world)) > 2
    assert {said.code for said in world.said} == {0, 2, 3}
    assert world.leaks() == []


def test_no_failure_of_ours_shows_a_secret(world: World) -> None:
    world.write(proxy=PROXY, state=f'key = "{SECRETS["state_key"]}"')
    assert world.run("sync", "--yes", first=with_a_bug).code == 1
    assert world.run("--json", "--log-format", "json", "plan", first=with_a_bug).code == 1
    assert len(list(world.folder.glob("connector-trace-*"))) == 2
    world.run("serve", first=with_a_bug, until="our fault")
    world.write()
    world.run("sync", "--yes")
    world.run("sync", "--yes", first=on_a_full_disk)
    settings = (world.folder / "connector.toml").read_text()
    broken_ones = (
        settings.replace("[quickbooks]", "[quickbooks"),
        settings.replace('"\n', "\n"),  # no closing quote anywhere
        settings.replace("api_key = ", "api_keyy = "),
        settings.replace("api_key = ", "api_key = [").replace("currency", "] #"),
        settings.replace("client_secret", "client_id"),
        settings.replace("https://hooks", "http://hooks").replace("smtp://", "gopher://"),
        settings.replace("/cake", "/cake?api_key=c4n4ry"),
        settings.replace("http://127", "http://robot:c4n4ry@127"),
        settings.replace('proxy = ""', f'proxy = "socks://robot:{SECRETS["proxy"]}@x"'),
        settings.replace("[state]", '[state]\nkey = "c4n4ry"'),
        settings.replace("[state]", f'[state]\nkey = "{SECRETS["state_key"]}"'),
    )
    for n, broken in enumerate(broken_ones):
        (world.folder / "connector.toml").write_text(broken)
        world.run(*(("auth", "status") if n % 2 else ("--json", "plan")))
    (world.folder / "mappings" / "cake.yaml").write_text("[" * 99)
    world.write()
    world.run("check")
    world.run("plan", CONNECTOR_SOURCES__CAKE__API_KEY="other-c4n4ry", CONNECTOR_QUICKBOOKS__CLIENT_SECRET="c4n4ry ö")
    world.run("plan", CONNECTOR_STATE__KEY="c4n4ry-key")

    world.secrets |= issued(world)
    codes = {said.code for said in world.said}
    assert codes >= {1, 3}
    assert 99 not in codes
    assert world.leaks() == []


def test_no_answer_of_a_service_that_says_back_what_it_hears_shows_a_secret(world: World) -> None:
    world.run("sync", "--yes")
    with parrot() as says:
        for cake, factory in OF_SOURCES:
            world.write(cake_url=f"{says}/{cake}", factory_url=f"{says}/{factory}")
            world.run("sync", "--yes")
        world.write(cake_url=f"{says}/200/xml", factory_url=f"{says}/200/xml", format="xml")
        world.run("--json", "plan")
        for shape in OF_QUICKBOOKS:
            world.write(quickbooks=f"{says}/{shape}/v3")
            world.run("--json", "reconcile")
        for shape in OF_INTUIT:
            world.sandbox.company.tokens.access.clear()  # type: ignore[attr-defined]
            world.write(discovery=f"{says}/{shape}/discovery")
            world.run("reconcile")
        plain = says.replace("http:", "https:")
        world.write(cake_url=plain, factory_url=plain)
        world.run("sync", "--yes")
    # Nobody answers any more: neither the services nor the proxy.
    world.run("sync", "--yes")
    world.write(proxy=PROXY)
    world.run("--log-format", "console", "sync", "--yes")

    world.secrets |= issued(world)
    codes = {said.code for said in world.said}
    assert {4, 5} <= codes
    assert not {1, 99} & codes, [said for said in world.said if said.code in (1, 99)]
    assert world.leaks() == []


def test_no_channel_that_says_back_what_it_hears_shows_a_secret(world: World) -> None:
    robot = "robot-c4n4ry%2Bseven"
    world.secrets |= {robot, unquote(robot), unquote(SECRETS["smtp"])}
    with parrot() as says, mail_parrot() as server:
        for status in ("200", "302", "403", "500"):
            world.write(hooks=f"{says}/{status}/text", mail_server=server, smtp=robot)
            world.run("notify")
            world.run("--json", "notify")
        world.write(hooks=f"{says}/500/text", mail_server=server)  # a password that no mail server can be told
        world.run("notify")
    world.write(hooks=says, mail_server=server)
    world.run("notify")  # nobody answers any more

    assert {said.code for said in world.said} == {3, 5}
    assert "535 you said AUTH" in world.said[0].text
    assert world.leaks() == []


@pytest.mark.parametrize(("code", "status"), [("2010", 400), ("3200", 401)])
def test_a_write_that_is_refused_with_our_token_in_the_words_keeps_and_shows_it_nowhere(
    world: World, code: str, status: int
) -> None:
    sandbox = world.sandbox  # type: ignore[attr-defined]
    sandbox.world.cake[:] = [invoice(1)]
    sandbox.world.commission_factory.clear()
    sandbox.world.version += 1
    assert world.run("sync", "--yes").code == 0
    (token,) = sandbox.company.tokens.access
    sandbox.world.load("cake", [invoice(2)])
    fault = {"fault": "answer-fault", "path": "/bill", "method": "POST", "times": 1 if status == 401 else 9}
    fault |= {"code": code, "status": status, "message": f"no {token}", "detail": f"{token} it is"}
    requests.post(f"{world.url}/control/arm", json=fault, timeout=5).raise_for_status()

    world.run("sync", "--yes")
    world.run("--json", "sync", "--yes", "--retry-refused")
    world.run("why", "cake:2")

    assert {said.code for said in world.said} & {4, 6}
    world.secrets |= issued(world)
    assert world.leaks() == []


# Signing in: the code, the random word and where the browser ended are secrets too.

CODE = "XAB1c4n4ry-code"


def with_the_code(address: str) -> str:
    """Where a browser ends that nobody but the person sends there."""
    asked = dict(parse_qsl(urlsplit(address).query))
    return f"{asked['redirect_uri']}?{urlencode({'code': CODE, 'state': asked['state'], 'realmId': REALM_ID})}"


def signs_in(
    world: World, *words: str, opens: Callable[[str], str] = agreed, first: Callable[[], None] = lambda: None
) -> int:
    """``auth login --no-browser``; its code, and whether the word stands anywhere but in the address to be opened."""
    ended, out = world.folder.parent / "ended", world.folder / "tmp" / f"said-{len(world.said)}"

    def noted(address: str) -> str:
        ended.write_text(opens(address))
        return ended.read_text()

    def at_stdin() -> None:
        sys.stdin = Person(noted, out.read_text)
        first()

    said = world.run("auth", "login", "--no-browser", *words, first=at_stdin)
    given = dict(parse_qsl(urlsplit(ended.read_text()).query))
    said.text, addresses = ADDRESS.subn("(the address)", said.text)
    assert addresses == 1
    world.secrets |= {ended.read_text(), *(given[name] for name in ("code", "state") if name in given)} | issued(world)
    return said.code


def breaks_when_it_is_to_be_kept() -> None:
    def save(_: object, stored: Stored) -> None:
        bare = re.sub("code=|state=", " ", Path("../ended").read_text())
        raise RuntimeError(f"{bare} {stored} {stored.access_token} {stored.refresh_token}")

    SignInRow.save = save  # type: ignore[method-assign]


def test_signing_in_and_out_shows_no_secret(world: World) -> None:
    browser = a_browser(world.folder.parent)["BROWSER"]
    said = world.run("auth", "login", "--port", str(free_port()), BROWSER=browser)
    assert said.code == 0
    went = (world.folder.parent / "went").read_text()
    said.text = ADDRESS.sub("(the address)", said.text)
    given = dict(parse_qsl(urlsplit(went).query))
    world.secrets |= {went, given["code"], given["state"]} | issued(world)

    assert signs_in(world, "--log-format", "json") == 0
    assert signs_in(world, "--json") == 0
    for changes in ({"state": "x" * 43}, {"realmId": "123"}, {"error": "access_denied"}, {"code": "XAB1-another"}):
        assert signs_in(world, opens=partial(agreed, **changes)) == 4
    assert signs_in(world, opens=lambda _: "https://example.com/c4n4ry?") == 2
    assert signs_in(world, first=breaks_when_it_is_to_be_kept) == 1
    assert len(list(world.folder.glob("connector-trace-*"))) == 1
    assert [world.run(*words, "auth", "logout").code for words in ((), ("--json",))] == [0, 0]

    assert world.leaks() == []


def test_no_answer_of_intuit_that_says_back_what_it_hears_shows_a_secret_of_a_sign_in(world: World) -> None:
    codes = set()
    with parrot() as says:
        for shape in (*OF_INTUIT, "400/fault", "302/text"):
            world.write(discovery=f"{says}/{shape}/discovery")
            codes.add(signs_in(world, opens=with_the_code))
            codes.add(world.run("auth", "logout").code)
            codes.add(world.run("--json", "auth", "logout", "--yes").code)

    assert codes == {0, 4, 5}
    assert world.leaks() == []


def test_without_the_redactor_the_canary_sings(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_compile", lambda: None)
    world.write(proxy=PROXY)
    world.run("sync", "--yes", first=with_a_bug)

    assert world.leaks()
    (trace,) = world.folder.glob("connector-trace-*")
    assert not [secret for secret in SECRETS.values() if secret not in trace.read_text()]
