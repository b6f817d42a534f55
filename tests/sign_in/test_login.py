"""Signing in through a browser, here or anywhere: kept whole, or refused in one sentence with nothing kept."""

import re
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from login_world import (
    Running,
    Terminal,
    a_browser,
    agreed,
    free_port,
    kept,
    listening,
    log_in,
    without_a_token,
)
from project import Project
from sign_in_world import Company, Moments
from test_sign_in_kills import World

from connector.quickbooks.signin import SignIn
from connector.sandbox.credentials import REALM_ID
from connector.sandbox.server import Sandbox

NAME = "Sandbox Affiliate Agency Pty Ltd"
SIGNED_IN = f"Signed in to {NAME}, company {REALM_ID} (sandbox)."
BACK = "https://books.example.com/back"


@pytest.fixture
def outside(project: Project) -> Project:
    """Nobody is signed in, and no token of the settings could."""
    return without_a_token(project)


@pytest.fixture
def port() -> str:
    return str(free_port())


def test_a_browser_of_this_machine_signs_in_and_the_next_run_is_let_in(outside: Project, port: str) -> None:
    ended = Running(outside, "--port", port, env=a_browser(outside.folder)).ended()

    assert (ended.code, ended.out.splitlines()[0]) == (0, SIGNED_IN), ended.said
    assert f"must list it: http://localhost:{port}/callback\n" in ended.said
    assert ended.out.splitlines()[-1] == "Next: connector plan"
    assert outside.run("auth", "status").out.splitlines()[0] == SIGNED_IN
    outside.owe(1)
    assert outside.sync().counts == {"created": 1}
    page, went = ((outside.folder / name).read_text() for name in ("page", "went"))
    assert "You can close this window" in page
    assert "default-src 'none'" in page
    assert "no-store" in page
    for name, value in parse_qsl(urlsplit(went).query):
        assert value not in page, name


def test_intuit_is_asked_for_accounting_alone_and_with_another_word_each_time(outside: Project) -> None:
    addresses: list[str] = []
    for _ in range(2):
        log_in(outside, opens=lambda address: addresses.append(address) or agreed(address))  # type: ignore[func-returns-value]
    one, two = (dict(parse_qsl(urlsplit(address).query)) for address in addresses)

    assert {name for name in one if one[name] != two[name]} == {"state"}
    assert len(one["state"]) == 43
    assert (one["scope"], one["response_type"]) == ("com.intuit.quickbooks.accounting", "code")


def test_without_a_browser_the_address_comes_through_a_pipe_and_json_is_one_document(outside: Project) -> None:
    running = Running(outside, "--no-browser", "--json")
    ended = running.ended(agreed(running.address))

    assert ended.code == 0, ended.said
    assert (ended.json["schema"], ended.json["signed_in"], ended.json["problems"]) == ("connector/auth/1", True, [])
    assert ended.json["company"] == {"realm_id": REALM_ID, "name": NAME, "environment": "sandbox"}
    assert ended.json["days_left"] >= 99


def test_what_a_person_pastes_at_a_terminal_is_not_shown(outside: Project) -> None:
    terminal = Terminal(outside, "auth", "login", "--no-browser")
    terminal.until("press Enter: ")
    back = agreed(terminal.address)
    terminal.type(f"{back}\n")

    assert terminal.ended() == 0
    assert SIGNED_IN in terminal.seen
    assert dict(parse_qsl(urlsplit(back).query))["code"] not in terminal.seen
    assert terminal.seen.count("state=") == 1  # in the address that is to be opened


def test_production_signs_in_over_a_registered_https_address(outside: Project) -> None:
    settings = outside.folder / "connector.toml"
    settings.write_text(settings.read_text().replace('"sandbox"', '"production"'))

    here = outside.run("auth", "login")
    backs: list[str] = []

    def ends_there(address: str) -> str:
        backs.append(agreed(address))
        return backs[0]

    ran = log_in(outside, "--redirect-uri", BACK, opens=ends_there)

    assert here.code == 2
    assert "connector auth login --no-browser --redirect-uri https://…" in here.said
    assert backs[0].startswith(f"{BACK}?code=")
    assert (ran.code, f"company {REALM_ID} (production)" in ran.out) == (0, True)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--redirect-uri", BACK], "options-contradict", "add --no-browser"),
        (["--no-browser", "--redirect-uri", "http://books.example.com/back"], "sign-in-redirect", "https://…"),
        (["--no-browser", "--redirect-uri", f"{BACK}#x"], "sign-in-redirect", "a #"),
    ],
)
def test_a_redirect_address_that_cannot_be_one_is_wrong_use(
    outside: Project, words: list[str], code: str, told: str
) -> None:
    ran = outside.run("auth", "login", *words)

    assert ran.code == 2
    assert ran.said.startswith(f"error[{code}]")
    assert told in ran.said


# What goes wrong at Intuit or on the way back.

Break = Callable[[str], str]
WRONG: dict[str, tuple[Break, str, str]] = {
    "declined": (
        lambda address: agreed(address, code=None, realmId=None, error="access_denied"),
        "sign-in-declined",
        "the person in the browser declined",
    ),
    "another state": (lambda address: agreed(address, state="x" * 43), "sign-in-mismatch", "another sign-in"),
    "a state beyond ascii": (lambda address: agreed(address, state="ü"), "sign-in-mismatch", "another sign-in"),
    "no state": (lambda address: agreed(address, state=None), "sign-in-mismatch", "another sign-in"),
    "declined by another": (
        lambda address: agreed(address, state="x", error="access_denied"),
        "sign-in-mismatch",
        "another sign-in",
    ),
    "no code": (lambda address: agreed(address, code=None), "sign-in-incomplete", "without a code"),
    "no company": (lambda address: agreed(address, realmId=None), "sign-in-incomplete", "without a company's id"),
    "no company's id": (lambda address: agreed(address, realmId="../1"), "sign-in-incomplete", "without a company"),
    "an error": (
        lambda address: agreed(address, error="server_error"),
        "sign-in-incomplete",
        "with an error (server_error)",
    ),
    "an odd error": (lambda address: agreed(address, error="<b>1"), "sign-in-incomplete", "back with an error\n"),
    "another company": (
        lambda address: agreed(address, realmId="123"),
        "quickbooks-other-company",
        "company 123, the settings name 4620816365000000000",
    ),
    "an unknown code": (lambda address: agreed(address, code="XAB1other"), "quickbooks-sign-in", "refuses the code"),
}


ALWAYS = ("declined", "another state", "no company", "another company", "an unknown code")
"""Of each sort one; each is a process of its own."""


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=() if case in ALWAYS else pytest.mark.slow) for case in WRONG]
)
def test_what_comes_back_wrong_is_told_in_one_sentence_and_the_sign_in_before_stays(
    outside: Project, port: str, case: str
) -> None:
    break_, code, told = WRONG[case]
    assert log_in(outside).code == 0
    before = kept(outside)

    pasted = log_in(outside, "--json", opens=break_)
    running = Running(outside, "--port", port)
    assert "You can close this window" in requests.get(break_(running.address), timeout=20).text
    here = running.ended()

    for ended in (pasted, here):
        assert ended.code == 4, ended.said
        assert f"error[{code}]: " in ended.said
        assert told in ended.said
    assert [each["code"] for each in pasted.json["problems"]] == [code]
    assert here.out == ""
    assert before is not None
    assert kept(outside) == before
    assert outside.run("auth", "status").code == 0


def test_two_companies_are_named_by_their_names_where_they_are_known(outside: Project) -> None:
    with outside.state(create=True) as state:
        for realm, name in ((REALM_ID, "Ours Ltd"), ("123", "Theirs [/b]\x1b[31m")):
            row = state.company_facts(realm)
            row.name = name
            state.save_company_facts(row)
    ended = log_in(outside, opens=lambda address: agreed(address, realmId="123"))

    assert f"company 123 (Theirs [/b]\ufffd[31m), the settings name {REALM_ID} (Ours Ltd); nothing was" in ended.said
    assert kept(outside) is None


def test_a_code_that_was_used_or_waited_too_long_is_refused(outside: Project) -> None:
    backs: list[str] = []

    def note(address: str) -> str:
        backs.append(agreed(address))
        return backs[0]

    def too_late(address: str) -> str:
        back = agreed(address)
        outside.switch(clock_ahead_seconds=11 * 60)
        return back

    assert log_in(outside, opens=note).code == 0
    code = dict(parse_qsl(urlsplit(backs[0]).query))["code"]
    used = log_in(outside, opens=lambda address: agreed(address, code=code))
    late = log_in(outside, opens=too_late)

    for ran in (used, late):
        assert ran.code == 4
        assert "Intuit refuses the code that the browser came back with; it is good once, for ten minutes" in ran.said
        assert "run: connector auth login" in ran.said


@pytest.mark.parametrize("pasted", ["", "\n", "https://app.qbo.intuit.com/app/homepage", "hello", "the address itself"])
def test_a_paste_that_is_none_is_wrong_use(outside: Project, pasted: str) -> None:
    ran = log_in(outside, opens=lambda address: address if pasted == "the address itself" else pasted)

    assert ran.code == 2
    assert "error[sign-in-address]: " in ran.said
    assert kept(outside) is None


def test_at_a_terminal_nothing_is_asked_where_nothing_may_be(outside: Project) -> None:
    terminal = Terminal(outside, "auth", "login", "--no-browser", "--no-input")

    assert terminal.ended() == 2
    assert "leave --no-input and -qq out" in terminal.seen
    nothing = Terminal(outside, "auth", "login", "--no-browser")
    nothing.until("press Enter: ")
    nothing.type("\x04")
    assert nothing.ended() == 2


def test_a_taken_port_is_told_before_anybody_is_bothered(outside: Project) -> None:
    with listening() as taken:
        ended = Running(outside, "--port", str(taken)).ended()

    assert (ended.code, ended.problem) == (2, "sign-in-port")
    assert "choose another with --port" in ended.said
    assert "Your browser" not in ended.said


def test_nobody_is_waited_for_without_end(outside: Project, port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connector.cli.login._PATIENCE", 0.3)
    monkeypatch.setenv("BROWSER", "true")

    ran = outside.run("auth", "login", "--port", port, "--json")

    assert (ran.code, ran.json["problems"][0]["code"]) == (4, "sign-in-unanswered")
    assert f"the redirect URI http://localhost:{port}/callback" in ran.said
    assert kept(outside) is None


def test_what_else_a_browser_asks_for_does_not_end_the_waiting(outside: Project, port: str) -> None:
    running = Running(outside, "--port", port)
    back = agreed(running.address)
    ahead = socket.create_connection(("127.0.0.1", int(port)))  # as browsers open them, and say nothing
    for path in ("/favicon.ico", "/callback", "/callback/../?code=1", "/other?code=1"):
        assert requests.get(f"http://localhost:{port}{path}", timeout=5).status_code == 404
    assert requests.post(back, timeout=20).status_code == 501

    assert requests.get(back, timeout=5).status_code == 200
    assert running.ended().code == 0
    ahead.close()


def test_the_port_is_open_to_this_machine_alone(outside: Project, port: str) -> None:
    running = Running(outside, "--port", port)
    assert running.address
    number = f"{int(port):04X}"
    bound = {
        line.split()[1]
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()
        if f":{number} " in line
    }
    running.interrupt()
    running.ended()

    assert bound == {f"0100007F:{number}"}


@pytest.mark.parametrize("words", [(), ("--no-browser",)])
def test_an_interruption_leaves_nothing_behind(outside: Project, port: str, words: tuple[str, ...]) -> None:
    running = Running(outside, "--port", port, *words)
    assert running.address
    running.interrupt()
    ended = running.ended()

    assert ended.code == 130
    assert ended.said.endswith("Stopped: nobody was signed in, and nothing was kept.\n")
    assert kept(outside) is None


# A service that is down.


def test_where_intuit_does_not_answer_nobody_is_sent_there(outside: Project) -> None:
    outside.control("arm", {"fault": "answer-html", "path": "/discovery", "method": "GET", "times": 9})

    ran = log_in(outside)

    assert ran.code == 5
    assert ran.said.startswith("error[quickbooks-down]: ")


def but_then(project: Project, **fault: object) -> Callable[[str], str]:
    """A person who agrees, after which something is wrong."""

    def opens(address: str) -> str:
        back = agreed(address)
        project.control("arm", {"times": 9} | fault)
        return back

    return opens


@pytest.mark.parametrize("fault", ["answer-html", "answer-500", "throttle"])
def test_where_the_code_is_not_taken_nothing_is_kept(outside: Project, fault: str) -> None:
    ran = log_in(outside, opens=but_then(outside, fault=fault, path="/token"))

    assert ran.code == 5, ran.said
    assert kept(outside) is None


def test_an_app_with_a_wrong_secret_is_told_as_that(outside: Project) -> None:
    settings = outside.folder / "connector.toml"
    settings.write_text(re.sub('client_secret = ".*"', 'client_secret = "wrong-secret"', settings.read_text()))

    ran = log_in(outside)

    assert ran.code == 4
    assert "error[quickbooks-client]: " in ran.said
    assert kept(outside) is None


def test_a_company_that_cannot_be_read_now_is_signed_in_without_its_name(outside: Project) -> None:
    fault = {"fault": "answer-fault", "path": "/companyinfo", "status": 400, "code": "4000"}

    ran = log_in(outside, opens=but_then(outside, **fault))

    assert ran.code == 0, ran.said
    assert ran.out.startswith(f"Signed in to company {REALM_ID} (sandbox).\n")
    assert "The company's name is not known yet" in ran.said
    assert kept(outside) is not None


def test_an_app_that_the_company_does_not_let_in_ends_with_4(outside: Project) -> None:
    ran = log_in(outside, "--json", opens=but_then(outside, fault="answer-403", path="/companyinfo"))

    assert (ran.code, ran.json["signed_in"]) == (4, True)
    assert [each["code"] for each in ran.json["problems"]] == ["quickbooks-forbidden"]


# Others at the same time.


def test_of_two_logins_at_once_the_second_names_the_port_and_both_may_paste(outside: Project, port: str) -> None:
    waiting = Running(outside, "--port", port)
    assert waiting.address
    assert Running(outside, "--port", port).ended().problem == "sign-in-port"
    pasting = [Running(outside, "--no-browser") for _ in range(2)]
    backs = [agreed(each.address) for each in pasting]

    assert [each.ended(back).code for each, back in zip(pasting, backs, strict=True)] == [0, 0]
    requests.get(agreed(waiting.address), timeout=20)
    assert waiting.ended().code == 0
    assert outside.run("auth", "status").code == 0


@pytest.mark.slow
def test_a_login_beside_runs_that_refresh_leaves_everybody_signed_in(outside: Project) -> None:
    assert log_in(outside).code == 0
    # Four minutes are less than the five that a token must last: whoever needs one refreshes.
    outside.switch(access_token_seconds=240, refresh_rotation="always", old_refresh_tokens="dead")
    for n in range(2):
        outside.owe(n)
        running = Running(outside, "--no-browser")
        back = agreed(running.address)
        sync = outside.process("sync", "--yes")
        assert running.ended(back).code == 0
        out, said = sync.communicate(timeout=60)
        assert sync.returncode == 0, out + said
    outside.owe(9)
    assert outside.sync().counts == {"created": 1, "unchanged": 2}


def logged_in(sign_in: SignIn) -> str:
    """All of a login but the person."""
    uri = "http://localhost:8400/callback"
    back = dict(parse_qsl(urlsplit(agreed(sign_in.authorize_url(uri, "word"))).query))
    sign_in.log_in(back["code"], uri, back["realmId"])
    return sign_in.access_token()


@pytest.mark.parametrize("before", [True, False], ids=["over a sign-in", "the first"])
def test_a_process_killed_at_any_moment_of_a_login_leaves_a_whole_sign_in_or_none(
    project: Project, services: Sandbox, *, before: bool
) -> None:
    company = Company(project, in_state=True)
    if before:
        company.token()
    without_a_token(project)
    world = World(company, services)
    killed, names = company.child(Moments(0).plant, logged_in)
    assert not killed
    assert "before commit" in names
    kept_before = names.index("before commit")

    for at in range(1, len(names) + 1):
        world.put_back()
        assert company.child(Moments(at).plant, logged_in)[0], names[at - 1]
        signed_in = project.run("auth", "status").code == 0
        assert signed_in == (before or at > kept_before + 1), names[at - 1]
        if signed_in:
            with company.sign_in() as sign_in:
                assert sign_in.access_token()


def test_a_lost_key_is_got_past_by_signing_in(outside: Project) -> None:
    assert log_in(outside).code == 0
    (outside.folder / "state.key").unlink()
    assert outside.run("auth", "status").code == 4

    assert log_in(outside).code == 0
    assert outside.run("auth", "status").code == 0


def test_a_login_takes_the_place_of_a_sign_in_that_lies_beside(project: Project) -> None:
    beside = Company(project, in_state=False)
    beside.token()

    assert log_in(without_a_token(project)).code == 0
    assert not beside.file.exists()
    assert kept(project) is not None


def test_a_realm_that_the_settings_lack_is_asked_for_with_where_it_stands(project: Project) -> None:
    settings = project.folder / "connector.toml"
    settings.write_text(settings.read_text().replace("realm_id =", "# realm_id ="))

    ran = project.run("auth", "login")

    assert ran.code == 3
    assert "add realm_id = … (QuickBooks shows it under Settings > Account and settings > Billing" in ran.said
