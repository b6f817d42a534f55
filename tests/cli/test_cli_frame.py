"""The frame: help, the shared options, failures and exit codes."""

import json
import os
import pty
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import Run, environment

from connector.cli.commands import COMMANDS, existing

# Commands that end in every way a command can end.
BRITTLE = """
import os, signal, time
from typing import Annotated
import typer
from connector.cli.context import current
from connector.errors import LockHeld, OurFault, ServiceDown, WrongUse

def boom(ctx: typer.Context) -> None:
    context = current(ctx)
    context.load_settings()
    raise RuntimeError("GET https://x/?api_key=canary-in-url failed, canary-client-secret")

def held(ctx: typer.Context) -> None:
    raise LockHeld("run 7 of the daemon\\x1b[31m", code="lock-held", remedy="wait")

def down(ctx: typer.Context) -> None:
    raise ServiceDown("CAKE does not answer", code="source-down", remedy="run again", source="cake")

def bug(ctx: typer.Context) -> None:
    raise OurFault("a move was forbidden", code="move-forbidden", remedy="Report this.")

def misuse(ctx: typer.Context) -> None:
    raise WrongUse("nobody to ask", code="needs-yes", remedy="add --yes")

def ten(ctx: typer.Context) -> None:
    current(ctx).emit({"schema": "connector/ten/1", "problems": []})
    raise typer.Exit(10)

def interrupt(ctx: typer.Context) -> None:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)

def wait(ctx: typer.Context) -> None:
    print("waiting", flush=True)
    time.sleep(20)

What = Annotated[list[str] | None, typer.Argument()]

def options(ctx: typer.Context, period: Annotated[str, typer.Option("--period")] = "", what: What = None) -> None:
    c = current(ctx)
    c.emit({"json": c.json, "path": str(c.path), "color": c.color, "verbosity": c.verbosity, "format": c.log_format,
            "interactive": c.interactive, "progress": c.progress, "period": period, "what": what})

def colours(ctx: typer.Context) -> None:
    from rich.text import Text
    c = current(ctx)
    c.console.print(Text("red", style="bold red"))
    c.show("Foo [/bar] [red]x[/red] \\x1b[31mnot red\\r and back \\u202e turned")
"""
SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
from connector.cli import commands, main
names = "boom held down bug misuse ten interrupt wait options colours".split()
commands.COMMANDS = tuple(commands.Command(n, "Every day", "brittle", n, n + ".") for n in names)
main()
"""


@pytest.fixture
def script(tmp_path: Path) -> str:
    folder = tmp_path / "brittle"
    folder.mkdir()
    (folder / "brittle.py").write_text(BRITTLE)
    return SCRIPT.format(folder=str(folder))


def test_help_is_quick_and_lists_only_commands_that_are_there(run: Run) -> None:
    began = time.monotonic()
    ran = run("--help")
    seconds = time.monotonic() - began

    assert ran.returncode == 0
    assert ran.stderr == ""
    assert seconds < 1.5
    assert "Turns approved affiliate invoices into QuickBooks bills, once each" in ran.stdout
    for words in ("Finance", "Set up and run", "check", "Check mappings and tables and run their examples.", "sandbox"):
        assert words in ran.stdout
    commands = ran.stdout.partition("Every day")[2].splitlines()
    listed = [line.split()[0] for line in commands if line.startswith("  ") and line[2:3].isalpha()]
    assert listed == [command.name for command in existing()]


def test_no_arguments_and_the_short_option_show_the_same_help(run: Run) -> None:
    whole = run("--help").stdout

    assert run().stdout == whole
    assert run("-h").stdout == whole
    assert run("help").stdout.split() == whole.split()


@pytest.mark.parametrize("arguments", [["--help"], ["check"], ["check", "--help"]])
def test_help_and_check_load_nothing_heavy(run: Run, company: Path, arguments: list[str]) -> None:
    script = (
        "import sys; from connector.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'sqlmodel', 'sqlalchemy', 'quickbooks', 'apscheduler', 'starlette'} & set(sys.modules)))"
    )

    ran = run(*arguments, script=script, cwd=company)

    assert ran.stdout.splitlines()[-1] == "[]"


def test_help_and_check_of_a_mapping_do_without_requests(run: Run) -> None:
    script = (
        "import sys; from connector.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print({'requests', 'structlog', 'pydantic', 'yaml'} & set(sys.modules))"
    )

    assert run("--help", script=script).stdout.splitlines()[-1] == "set()"


def test_the_daemon_notes_signals_before_anything_that_takes_its_time(run: Run) -> None:
    script = (
        "import sys, connector.cli, connector.serve.signals as signals\n"
        "signals.note_signals = lambda: sys.exit(str({'typer', 'pydantic', 'structlog'} & set(sys.modules)))\n"
        "connector.cli.main()"
    )

    assert run("-C", "x.toml", "serve", script=script).stderr == "set()\n"
    assert "there is no settings file" in run("-C", "serve", "plan", script=script).stderr


def test_version(run: Run) -> None:
    ran = run("--version")

    assert (ran.returncode, ran.stdout.split()[0]) == (0, "connector")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["chekc"], "error[wrong-use]: there is no command 'chekc'\n   = did you mean check?\n"),
        (["qqqqqq"], "error[wrong-use]: there is no command 'qqqqqq'\n   = see: connector --help\n"),
        (["check", "--jsn"], "error[wrong-use]: there is no option --jsn\n   = did you mean --json?\n"),
        (["--colour", "never", "check"], "error[wrong-use]: there is no option --colour\n   = did you mean --color?\n"),
        (
            ["sandbox", "--scenaro", "x"],
            "error[wrong-use]: there is no option --scenaro\n   = did you mean --scenario?\n",
        ),
        (["auth", "statsu"], "error[wrong-use]: there is no command 'statsu'\n   = did you mean status?\n"),
    ],
)
def test_wrong_use_ends_with_2_and_the_near_miss(run: Run, arguments: list[str], told: str) -> None:
    ran = run(*arguments)

    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", told)


@pytest.mark.parametrize("arguments", [["--color", "pink", "check"], ["check", "--config"], ["sandbox", "--port", "x"]])
def test_other_wrong_use_ends_with_2_without_a_trace(run: Run, arguments: list[str]) -> None:
    ran = run(*arguments)

    assert ran.returncode == 2
    assert ran.stderr.startswith("error[wrong-use]: ")
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["why"], "connector why needs an INVOICE\n   = see: connector why --help"),
        (["--color", "pink", "check"], "the value of --color does not fit\n   = write one of: auto, always, never"),
        (["sandbox", "--port", "x"], "the value of --port does not fit\n   = write a whole number from 0 to 65535"),
        (["runs", "--limit", "0"], "the value of --limit does not fit\n   = write a whole number from 1 to 10000"),
        (["plan", "--period"], "--period needs a value\n   = see: connector --help"),
        (["sync", "--yes=1"], "--yes takes no value\n   = see: connector --help"),
        (["status", "extra"], "connector status has no use for: extra\n   = see: connector status --help"),
    ],
)
def test_wrong_use_is_told_in_no_words_of_a_library(run: Run, arguments: list[str], told: str) -> None:
    ran = run(*arguments)

    assert (ran.returncode, ran.stderr) == (2, f"error[wrong-use]: {told}\n")


@pytest.mark.parametrize("command", [[], *([each.name] for each in COMMANDS), ["runs", "show"], ["auth", "status"]])
def test_a_page_of_help_is_clean_and_fits(run: Run, command: list[str]) -> None:
    ran = run(*command, "--help", env={"COLUMNS": "60"})

    assert (ran.returncode, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    assert lines[0].startswith(" ".join(["Usage: connector", *command]))
    assert [line for line in lines if line != line.rstrip() or len(line) > 60] == []
    assert not re.search(r"<\w+|\[\[|list\[|\]\.\.\.\]", ran.stdout)
    assert "--help" in ran.stdout


def test_auth_alone_shows_its_help(run: Run) -> None:
    ran = run("auth")

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == run("auth", "--help").stdout


def test_twice_quiet_says_nothing_but_errors(run: Run, company: Path) -> None:
    good, bad = run("check", "-qq", cwd=company), run("check", "-qq", "caek", cwd=company)

    assert (good.returncode, good.stdout, good.stderr) == (0, "", "")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr.startswith("error[check-what]")


def test_shared_options_stand_before_or_after_the_command(run: Run, script: str) -> None:
    shared = [
        "--json",
        "-C",
        "x.toml",
        "--color=never",
        "-vv",
        "-q",
        "--log-format",
        "json",
        "--no-input",
        "--no-progress",
    ]
    own = ["--period", "2026-10", "10042"]

    before = run(*shared, "options", *own, script=script)
    after = run("options", *own, *shared, script=script)
    mixed = run("options", "--period", "2026-10", *shared, "10042", script=script)

    assert before.stdout == after.stdout == mixed.stdout
    assert json.loads(before.stdout) == {
        "json": True,
        "path": "x.toml",
        "color": "never",
        "verbosity": 1,
        "format": "json",
        "interactive": False,
        "progress": False,
        "period": "2026-10",
        "what": ["10042"],
    }


def test_nothing_after_two_dashes_is_an_option(run: Run, script: str) -> None:
    ran = run("options", "--", "--json", "-q", script=script)

    assert json.loads(ran.stdout)["what"] == ["--json", "-q"]
    assert json.loads(ran.stdout)["json"] is False


@pytest.mark.parametrize(
    ("command", "exit_code", "told"),
    [
        ("held", 7, "error[lock-held]: run 7 of the daemon\ufffd[31m\n   = wait\n"),
        ("down", 5, "error[source-down]: CAKE does not answer\n   = run again\n"),
        ("misuse", 2, "error[needs-yes]: nobody to ask\n   = add --yes\n"),
        ("ten", 10, ""),
        ("interrupt", 130, ""),
    ],
)
def test_every_ending_has_its_exit_code(run: Run, script: str, command: str, exit_code: int, told: str) -> None:
    ran = run(command, script=script)

    assert (ran.returncode, ran.stderr) == (exit_code, told)


def test_a_failure_is_a_json_document_too(run: Run, script: str) -> None:
    ran = run("down", "--json", script=script)

    assert json.loads(ran.stdout) == {
        "schema": "connector/down/1",
        "problems": [
            {
                "who": "nobody",
                "code": "source-down",
                "what": "CAKE does not answer",
                "remedy": "run again",
                "source": "cake",
            }
        ],
    }
    assert json.loads(run("ten", "--json", script=script).stdout)["schema"] == "connector/ten/1"
    assert run("misuse", "--json", script=script).stdout == ""


def test_a_bug_is_two_lines_and_a_trace_that_only_its_owner_reads(run: Run, script: str, company: Path) -> None:
    settings = company / "connector.toml"
    settings.write_text(
        settings.read_text().replace("[sources.cake]", 'client_secret = "canary-client-secret"\n[sources.cake]')
    )

    ran = run("boom", "--json", script=script)

    assert ran.returncode == 1
    first, second = ran.stderr.splitlines()
    assert first == "error[our-fault]: connector boom failed: RuntimeError: GET https://x/?api_key=… failed, …"
    trace = Path(second.removeprefix("   trace: "))
    assert trace.parent == company
    assert stat.S_IMODE(trace.stat().st_mode) == 0o600
    assert "in boom" in trace.read_text()
    assert json.loads(ran.stdout)["problems"][0]["code"] == "our-fault"
    assert "canary" not in ran.stdout + ran.stderr + trace.read_text().replace(
        "canary-in-url failed, canary-client", ""
    )


def test_a_bug_that_we_noticed_has_a_trace_too(run: Run, script: str, tmp_path: Path) -> None:
    ran = run("bug", script=script, env={"TMPDIR": str(tmp_path)})

    assert ran.returncode == 1
    assert ran.stderr.splitlines()[:2] == ["error[move-forbidden]: a move was forbidden", "   = Report this."]
    assert len(list(tmp_path.glob("connector-trace-*.txt"))) == 1


def test_a_one_shot_run_that_is_terminated_ends_with_143(script: str, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", script, "wait"], cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGTERM)

        assert process.wait(10) == 143


def test_nobody_reading_our_output_is_no_bug(script: str, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ran = subprocess.run(
        [sys.executable, "-c", script, "ten"], cwd=tmp_path, env=environment(), stdout=writer, stderr=subprocess.PIPE,
        text=True, check=False,
    )  # fmt: skip
    os.close(writer)

    assert "Traceback" not in ran.stderr
    assert "our-fault" not in ran.stderr


def test_off_a_terminal_there_is_no_colour_and_no_carriage_return(run: Run, script: str) -> None:
    for text in (run("colours", script=script).stdout, run("--help", env={"GITHUB_ACTIONS": "1"}).stdout):
        assert "\x1b" not in text
        assert "\r" not in text

    assert "\x1b[" in run("colours", "--color", "always", script=script).stdout


def test_hostile_text_is_shown_and_does_nothing(run: Run, script: str) -> None:
    shown = run("colours", script=script).stdout.splitlines()[1]

    assert shown == "Foo [/bar] [red]x[/red] \ufffd[31mnot red\ufffd and back \ufffd turned"


@pytest.mark.parametrize(
    ("env", "options", "coloured"),
    [
        ({}, [], True),
        ({"NO_COLOR": "1"}, [], False),
        ({}, ["--color", "never"], False),
        ({"NO_COLOR": "1"}, ["--color", "always"], True),
    ],
)
def test_on_a_terminal_there_is_colour_unless_it_is_unwanted(
    script: str, tmp_path: Path, env: dict[str, str], options: list[str], coloured: bool
) -> None:
    ours, theirs = pty.openpty()
    subprocess.run(
        [sys.executable, "-c", script, "colours", *options],
        cwd=tmp_path,
        env=environment({"TERM": "xterm-256color", **env}),
        stdout=theirs,
        check=True,
    )
    os.close(theirs)
    text = os.read(ours, 65536).decode()
    os.close(ours)

    assert ("\x1b[" in text) is coloured


def test_settings_with_faults_end_with_3_and_tell_all_of_them(run: Run, company: Path) -> None:
    settings = company / "connector.toml"
    text = settings.read_text().replace('currency = "USD"', 'currency = "usd"\napi_kee = "canary-key"')
    settings.write_text(text.replace("client_id =", "client_idd ="))

    plain = run("check")
    as_json = run("--json", "check")

    assert plain.returncode == as_json.returncode == 3
    assert plain.stdout == ""
    assert plain.stderr.splitlines()[-1] == "3 faults. Next: mend them, then: connector check"
    assert "connector.toml:11" in plain.stderr
    assert [(problem["code"], problem["source"]) for problem in json.loads(as_json.stdout)["problems"]] == [
        ("setting-unknown", None),
        ("setting-invalid", "cake"),
        ("setting-unknown", "cake"),
    ]
    assert "canary" not in plain.stderr + as_json.stdout + as_json.stderr


def test_no_settings_say_where_they_were_looked_for(run: Run, tmp_path: Path) -> None:
    ran = run("check")

    assert ran.returncode == 3
    assert ran.stderr.startswith("error[settings-missing]: there is no settings file")
    assert str(tmp_path / "connector.toml") in ran.stderr
