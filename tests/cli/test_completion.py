"""The tab key, in real shells."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Run, environment

# Each reads what the connector printed for it, and prints what it would offer for some words, a line each; what zsh has
# for a terminal alone is stood in for.
SHELLS = {
    "bash": """
source ./printed
[[ $(complete -p connector) == "complete -o default -F _connector connector" ]] || exit 9
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _connector connector; printf '%s\\n' "${COMPREPLY[@]}"
""",
    "zsh": """
compdef() {}; _describe() { print -rl -- "${(@P)2}" }; _files() {}
source ./printed
words=("$@"); CURRENT=$#; _connector | sed 's/:.*//'
""",
    "fish": """
source ./printed
complete -C "$argv" | string replace -r '\\t.*' ''
true
""",
}


@pytest.fixture(params=["bash", *(pytest.param(name, marks=pytest.mark.slow) for name in ("zsh", "fish"))])
def shell(request: pytest.FixtureRequest, run: Run, tmp_path: Path) -> "Shell":
    if shutil.which(request.param) is None:
        pytest.skip(f"there is no {request.param} here")
    program = tmp_path / "programs" / "connector"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m connector "$@"\n')
    program.chmod(0o755)
    (tmp_path / "printed").write_text(run("completion", request.param).stdout)
    return Shell(request.param, tmp_path)


class Shell:
    """A shell in which the connector's completion is switched on."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._folder = folder

    def offers(self, *words: str) -> list[str]:
        """What the tab key would offer after ``connector`` and these words."""
        plain = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["-N"]}[self.name]
        line = ["connector", *words]
        given = [" ".join(line)] if self.name == "fish" else [self.name, *line]
        ran = subprocess.run(
            [self.name, *plain, "-c", SHELLS[self.name], *given],
            cwd=self._folder,
            env=environment({"PATH": f"{self._folder / 'programs'}{os.pathsep}{os.environ['PATH']}"}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert ran.stderr == ""
        return ran.stdout.split()


def test_commands_their_own_commands_options_and_choices_are_offered(shell: Shell) -> None:
    assert sorted(shell.offers("re")) == ["reconcile", "review"]
    assert {"list", "approve", "accept"} <= set(shell.offers("review", ""))
    assert {"--yes", "--plan", "--json", "--help"} <= set(shell.offers("sync", "--"))
    assert shell.offers("review", "approve", "--ye") == ["--yes"]
    assert "--yes" not in shell.offers("plan", "--")
    assert sorted(shell.offers("reconcile", "--format", "")) == ["csv", "html", "json", "terminal", "xlsx"]
    assert shell.offers("--log-format", "js") == ["json"]


def test_options_of_every_command_may_stand_before_it(shell: Shell) -> None:
    assert shell.offers("-C", "plan", "--json", "sync", "--y") == ["--yes"]


def test_where_anything_may_stand_files_are_offered(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "october.plan").touch()
    files = ["october.plan"] if shell.name == "fish" else []  # bash and zsh add them after what is told here

    assert shell.offers("sync", "--plan", "oct") == files
    assert shell.offers("-C", "oct") == files
    assert shell.offers("preview", "--", "oct") == files


def test_bash_takes_an_option_and_its_value_apart(run: Run) -> None:
    def offered(*words: str) -> list[str]:
        ran = run(*words, env={"_CONNECTOR_COMPLETE": "1"})
        assert (ran.returncode, ran.stderr) == (0, "")
        return [line.partition("\t")[0] for line in ran.stdout.splitlines()]

    assert offered("sync", "--color", "=", "al") == ["always"]
    assert offered("sync", "--color", "=") == ["auto", "always", "never"]
    assert offered("nothing", "like", "it") == []
    assert offered("review", "--", "") == []


def test_what_is_offered_is_told_in_a_line(run: Run) -> None:
    ran = run("sync", "--retr", env={"_CONNECTOR_COMPLETE": "1"})

    assert ran.stdout == "--retry-refused\tSend refused documents again.\n"


def test_the_tab_key_waits_for_nothing_heavy(run: Run) -> None:
    script = (
        "import sys; from connector.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print({'pydantic', 'structlog', 'rich', 'sqlmodel', 'requests', 'yaml'} & set(sys.modules))"
    )

    ran = run("sync", "--", script=script, env={"_CONNECTOR_COMPLETE": "1"})

    assert ran.stdout.splitlines()[-1] == "set()"


def test_the_script_as_json(run: Run) -> None:
    told = json.loads(run("completion", "fish", "--json").stdout)

    assert told == {
        "schema": "connector/completion/1",
        "shell": "fish",
        "script": run("completion", "fish").stdout.rstrip("\n"),
        "problems": [],
    }
