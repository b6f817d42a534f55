"""Every command that the README shows does what it says; the two that install run in CI, word for word."""

import os
import pty
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from example_state import write_settings
from login_world import a_browser, free_port

from connector.sandbox.server import Sandbox

ROOT = HERE.parent
README = (ROOT / "README.md").read_text()
CONNECTOR = [sys.executable, "-m", "connector"]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT)}

COMMANDS = [
    line.partition("#")[0].strip()
    for block in re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
INSTALLING = [command for command in COMMANDS if command.startswith("python3 -m venv")]
PROVING = [command for command in COMMANDS if "tests/proof" in command]
RUNNING = [command for command in COMMANDS if command not in INSTALLING + PROVING]
# What ends with something else than 0, and why that is right.
ENDS_WITH = {
    "connector sync": (0, 6),  # an affiliate of the sandbox is called like a customer: its invoice is blocked
    "connector reconcile --period 2026-10": (0, 10),
    "connector reconcile --period 2026-10 -o october.html": (0, 10),
}


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("readme")
    scenario = folder / "scenario.json"
    scenario.write_text('{"today": "2026-11-22", "cake_invoices": 30}')
    with Sandbox(scenario=scenario) as sandbox:
        settings = write_settings(folder, sandbox.url)
        settings.write_text(settings.read_text().replace("start_date", 'schedule = "every 1 minute"\nstart_date'))
        yield folder


def test_the_readme_shows_two_commands_that_install_and_ci_runs_the_second() -> None:
    trying, testing = INSTALLING

    assert trying.endswith(" && .venv/bin/connector demo")
    assert testing in (ROOT / ".ci" / "run").read_text()


def test_the_commands_that_prove_the_promise_find_the_same_whole_enumerations() -> None:
    found = set[str]()
    for command in PROVING:
        words = command.replace(".venv/bin/python", shlex.quote(sys.executable))
        ran = subprocess.run(
            f"{words} --collect-only -p no:cacheprovider",
            shell=True,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        found.add(re.sub(r" in [0-9.]+s", "", ran.stdout))
    (listed,) = found
    assert "test_crashes.py::test_a_process_killed_around_any_effect_leaves_one_bill_each[whole-" in listed


@pytest.mark.parametrize("command", [each for each in RUNNING if each not in ("connector serve", "connector init")])
def test_a_command_of_the_readme_works(command: str, playground: Path) -> None:
    words = shlex.split(command.replace(".venv/bin/connector", "connector"))
    if words == ["connector", "sync"]:
        code, shown = at_a_terminal(words[1:], playground, {"QuickBooks?": "y"})

        assert "Write this to QuickBooks?" in shown
    else:
        env = ENVIRONMENT
        if words == ["connector", "auth", "login"]:
            words += ["--port", str(free_port())]  # whoever else runs these tests here may have its own
            env = a_browser(playground)
        ran = subprocess.run(
            CONNECTOR + words[1:], cwd=playground, env=env, capture_output=True, text=True, check=False
        )
        code, shown = ran.returncode, ran.stdout
        assert code in ENDS_WITH.get(command, (0,)), ran.stdout + ran.stderr

    assert code in ENDS_WITH.get(command, (0,)), shown
    assert shown.strip()


def test_init_asks_and_writes_settings(tmp_path: Path) -> None:
    assert "connector init" in RUNNING
    answers = {
        "[sandbox]": "",
        "Company id": "4620816365000000000",
        "Client id": "client",
        "secret": "",
        "Sources": "cake",
        "Address": "https://yourdomain.cakemarketing.com",
        "API key": "",
        "Currency": "USD",
        "start_date [": "",
    }

    code, shown = at_a_terminal(["init"], tmp_path, answers)

    assert code == 0, shown
    assert 'client_id     = "client"' in (tmp_path / "connector.toml").read_text()


def test_serve_runs_until_it_is_told_to_stop(playground: Path) -> None:
    env = ENVIRONMENT | {"CONNECTOR_SERVE__HEALTH": "127.0.0.1:0"}  # whoever else runs these tests may have a daemon
    with subprocess.Popen([*CONNECTOR, "serve"], cwd=playground, env=env, stderr=subprocess.PIPE) as daemon:
        assert daemon.stderr is not None
        assert any(b"schedules" in line for line in daemon.stderr)  # at work; its log goes on
        daemon.send_signal(signal.SIGTERM)

        assert daemon.wait(30) == 0


def at_a_terminal(words: list[str], folder: Path, answers: dict[str, str]) -> tuple[int, str]:
    """The exit code and what a person at a terminal sees who types the answers, each where its question appears."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execvpe(sys.executable, [*CONNECTOR, *words], ENVIRONMENT)
    seen = b""
    waiting = list(answers.items())
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:
            break
        if not part:
            break
        seen += part
        if waiting and waiting[0][0].encode() in seen and seen.endswith(b": "):  # the question is whole
            os.write(terminal, waiting.pop(0)[1].encode() + b"\n")
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), seen.decode(errors="replace")
