"""check, auth status, sandbox and help, as people run them."""

import ast
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import get_args

import pytest
import typer
from command_line import ROOT, Run, environment
from typer.main import get_command

from connector import mapping
from connector.cli.arguments import FLAGS, VALUED
from connector.cli.codes import CODES as COMMANDS_CODES
from connector.cli.commands import COMMANDS, add_commands
from connector.cli.help_command import all_codes
from connector.cli.words import WORDS
from connector.codes import CODES
from connector.doctor.codes import CODES as SETTING_UP_CODES
from connector.notices.codes import CODES as NOTICES_CODES
from connector.plan.case import State, Verb
from connector.plan.codes import CODES as WORDS_CODES
from connector.quickbooks.faults import CODES as QUICKBOOKS_CODES
from connector.reconcile import Family
from connector.reconcile.rows import Status
from connector.state.codes import CODES as STATE_CODES
from connector.sync.planned import COUNTS
from connector.tables.codes import CODES as TABLES_CODES

PACKAGE = ROOT / "connector"


def _cpu_of_children() -> float:
    """Seconds; however busy the machine is otherwise."""
    spent = os.times()
    return spent.children_user + spent.children_system


def test_check_needs_no_keys_and_says_what_it_checked(run: Run, company: Path) -> None:
    began = _cpu_of_children()
    ran = run("check", cwd=company)

    assert ran.returncode == 0, ran.stderr
    assert _cpu_of_children() - began < 2.0
    lines = ran.stdout.splitlines()
    assert re.fullmatch(r"ok  mappings/cake\.yaml +\d+ tables, \d+ examples", lines[0])
    assert lines[1].startswith("ok  mappings/commission_factory.yaml")
    assert lines[-1] == "Next: connector plan"


def test_check_as_json(run: Run, company: Path) -> None:
    document = json.loads(run("check", "--json", cwd=company).stdout)

    assert document["schema"] == "connector/check/1"
    assert document["faults"] == document["problems"] == []
    assert [(each["source"], each["path"], each["ok"]) for each in document["mappings"]] == [
        ("cake", "mappings/cake.yaml", True),
        ("commission_factory", "mappings/commission_factory.yaml", True),
    ]
    assert all(each["examples"] and len(each["version"]) == 64 for each in document["mappings"])


@pytest.mark.parametrize("what", ["cake", "mappings/cake.yaml", "./mappings/../mappings/cake.yaml"])
def test_check_takes_a_connection_or_its_file(run: Run, company: Path, what: str) -> None:
    ran = run("check", what, cwd=company)

    assert ran.returncode == 0
    assert len(ran.stdout.splitlines()) == 2


def test_check_of_a_file_needs_no_settings(run: Run, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "mappings", tmp_path / "mine")

    ran = run("check", "mine/commission_factory.yaml")

    assert (ran.returncode, ran.stdout.splitlines()[0].split()[:2]) == (0, ["ok", "mine/commission_factory.yaml"])


def test_check_of_nothing_that_exists_names_the_near_miss(run: Run, company: Path) -> None:
    ran = run("check", "caek", cwd=company)

    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == "error[check-what]: there is no connection and no file 'caek'\n   = did you mean cake?\n"


def test_check_tells_every_fault_and_ends_with_3(run: Run, company: Path) -> None:
    (company / "mappings").unlink()
    shutil.copytree(ROOT / "mappings", company / "mappings")
    mapping = company / "mappings/cake.yaml"
    mapping.write_text(mapping.read_text().replace("<invoice_date>", "<invoce_date>", 1))

    plain = run("check", cwd=company)
    document = json.loads(run("check", "--json", cwd=company).stdout)

    assert plain.returncode == 3
    assert "error[M104]: a cake invoice has no field <invoce_date>" in plain.stdout
    assert "--> mappings/cake.yaml:" in plain.stdout
    assert "ok  mappings/commission_factory.yaml" in plain.stdout
    assert plain.stdout.splitlines()[-1] == "1 fault. Next: mend what it says, then connector check"
    assert [fault["code"] for fault in document["faults"]] == ["M104"]
    assert [each["ok"] for each in document["mappings"]] == [False, True]


def test_auth_status_without_a_sign_in_ends_with_4_and_makes_no_state(run: Run, company: Path) -> None:
    secret = {"CONNECTOR_QUICKBOOKS__CLIENT_SECRET": "canary-secret"}

    ran = run("auth", "status", "--json", cwd=company, env=secret)
    waiting = run("auth", "status", cwd=company, env=secret | {"CONNECTOR_QUICKBOOKS__REFRESH_TOKEN": "canary-token"})

    assert ran.returncode == 4
    assert json.loads(ran.stdout)["problems"][0]["code"] == "quickbooks-sign-in"
    assert waiting.returncode == 0
    assert "environment CONNECTOR_QUICKBOOKS__REFRESH_TOKEN" in waiting.stdout
    assert sorted(path.name for path in company.iterdir()) == ["connector.toml", "mappings"]
    assert "canary" not in ran.stdout + ran.stderr + waiting.stdout + waiting.stderr


def test_auth_status_without_the_apps_secret_lists_every_place(run: Run, company: Path) -> None:
    ran = run("auth", "status", cwd=company)

    assert ran.returncode == 3
    assert "CONNECTOR_QUICKBOOKS__CLIENT_SECRET: not set" in ran.stderr
    assert "connector.toml [quickbooks] client_secret: not there" in ran.stderr


def test_the_sandbox_prints_every_switch_and_fault_it_has(run: Run) -> None:
    ran = run("sandbox", "--switches")
    assert ran.returncode == 0
    assert "  requestids = remember    remember | forget | 600\n      replay the first answer" in ran.stdout
    assert "  commit-late    seconds\n      close the socket at once" in ran.stdout


def test_the_sandbox_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "connector", "sandbox", "--port", "0"],
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        try:
            first = process.stderr.readline()
            url = re.sub("/cake$", "", first.split()[-1])
            with urllib.request.urlopen(f"{url}/oauth/discovery", timeout=10) as answer:
                status = answer.status
        finally:
            process.send_signal(signal.SIGTERM)

        assert process.wait(20) == 0
        assert first.startswith("CAKE  ")
        assert status == 200


def test_a_taken_port_is_said_in_one_line(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ran = run("sandbox", "--port", str(taken.getsockname()[1]))

    assert ran.returncode == 2
    assert ran.stderr.startswith("error[sandbox-start]: ")


@pytest.mark.parametrize(
    ("topic", "words"),
    [
        ("setting-missing", "every place that was tried"),
        ("books-closed", "closing date"),
        ("m104", "M104: "),
        ("exit-codes", "1 7 8 3 4 5 6 10"),
        ("mapping", "the first that has a value"),
    ],
)
def test_help_explains(run: Run, topic: str, words: str) -> None:
    ran = run("help", topic)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert words in ran.stdout


def test_help_on_nothing_known_ends_with_2_and_near_misses(run: Run) -> None:
    ran = run("help", "book-closed")

    assert ran.returncode == 2
    assert "did you mean books-closed" in ran.stderr


def test_the_language_of_mappings_fits_on_two_screens(run: Run) -> None:
    lines = run("help", "mapping").stdout.splitlines()

    assert len(lines) < 100
    assert max(map(len, lines)) <= 100


def test_every_word_for_what_becomes_of_an_invoice_is_explained() -> None:
    words = {*get_args(State), *get_args(Verb), *get_args(Family), *get_args(Status), *COUNTS}
    explained = {**WORDS, **all_codes()}

    assert words - explained.keys() == set()
    assert WORDS.keys() & all_codes().keys() == set()


@pytest.mark.parametrize(
    ("topic", "words"),
    [
        (["held"], "held: a person must decide"),
        (["[vendor-shared]"], "70112,Foo Media,Foo Media (70112),"),
        (["vendor-name"], "A name that QuickBooks does not have yet is enough"),
        (["currency-unknown"], '    currency = "USD"'),
        (["6"], "finished, but some documents are refused"),
        (["sync"], "Usage: connector sync [OPTIONS] [INVOICE]..."),
        (["runs", "show"], "Usage: connector runs show [OPTIONS] ID"),
    ],
)
def test_help_explains_words_exit_codes_and_commands(run: Run, topic: list[str], words: str) -> None:
    ran = run("help", *topic)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert words in ran.stdout


def test_every_exit_code_has_help_of_its_own(run: Run) -> None:
    for number in (0, 1, 5, 10, 143):
        ran = run("help", str(number))
        assert ran.stdout.startswith(f"Exit code {number}\n\n")
    assert run("help", "9").returncode == 2


NAMED = re.compile(r"(?<![Tt]he )\bconnector ([a-z]+)((?: (?!connector)-{0,2}[a-z][a-z-]*\b)*)")


def shown_texts(path: Path) -> list[str]:
    """Every text of a module but its docstrings."""
    tree = ast.parse(path.read_text())
    bodies = (node.body for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef))
    docs = {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docs)
    return [node.value for node in texts if isinstance(node.value, str)]


def not_there(text: str) -> list[str]:
    """The commands and options that a text names and that are not there."""
    wrong = []
    for found in NAMED.finditer(text):
        name, rest = found[1], found[2].split()
        if name == "and":
            continue  # "source, connector and QuickBooks"
        command = next((each for each in COMMANDS if each.name == name), None)
        if command is None:
            wrong.append(found[0])
            continue
        app = typer.Typer(add_completion=False)
        app.callback()(lambda: None)
        add_commands(app, name)
        made = get_command(app).commands[name]
        below = getattr(made, "commands", {})
        if below and rest and not rest[0].startswith("-"):
            wrong += [] if rest[0] in below else [found[0]]
        known = {option for parameter in made.params for option in parameter.opts} | {
            *FLAGS,
            *VALUED,
            "-v",
            "-q",
            "-qq",
            "--help",
        }
        options = itertools.takewhile(lambda word: word.startswith("-"), rest)
        wrong += [f"{name} {option}" for option in options if option not in known]
    return wrong


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_every_command_and_option_that_a_message_names_is_there(path: Path) -> None:
    assert [wrong for text in shown_texts(path) for wrong in not_there(text)] == []


def test_a_command_that_is_not_there_would_be_found() -> None:
    assert not_there("run: connector auth renew") == ["connector auth renew"]
    assert not_there("decide: connector decide") == ["connector decide"]
    assert not_there("connector sync --wait and connector sync --never") == ["sync --never"]
    assert not_there("the connector must learn it; see: connector runs show 01") == []


def test_every_code_of_the_package_is_explained() -> None:
    literal = re.compile(r"""\bcode=["']([A-Za-z0-9-]+)["']|Fault\(\s*["']([a-z]+(?:-[a-z]+)+)["']""")
    used = {
        found[1] or found[2]: path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "sandbox" not in path.relative_to(PACKAGE).parts[:1]
        for found in literal.finditer(path.read_text())
    }
    explained = all_codes()

    assert len(used) > 30
    assert {code: path for code, path in used.items() if code not in explained} == {}


def test_no_code_is_explained_twice() -> None:
    rooms = [QUICKBOOKS_CODES, STATE_CODES, TABLES_CODES, WORDS_CODES, SETTING_UP_CODES, NOTICES_CODES, COMMANDS_CODES]
    tables = [mapping.FAULT_CODES, mapping.NOTE_CODES, mapping.OUTCOME_CODES, *rooms, CODES]

    assert len(all_codes()) == sum(len(table) for table in tables)


def test_every_explanation_is_whole() -> None:
    for code, (title, text) in all_codes().items():
        assert title, code
        assert len(text) > 20, code
        assert len(title) < 120, code


def test_every_command_has_the_line_of_the_interface() -> None:
    assert {command.panel for command in COMMANDS} == {"Every day", "Finance", "Set up and run"}
    assert len({command.name for command in COMMANDS}) == len(COMMANDS)
    assert all(command.line.endswith((".", ")")) or command.name == "runs" for command in COMMANDS)
