"""connector notify: a test through every channel, what became of it, and how it ends; and a daemon that tells."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from post_office import Hook, Post
from project import ROOT, Project
from rounds import NOTIFY


@pytest.fixture
def nowhere() -> str:
    """An address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        return f"127.0.0.1:{closed.getsockname()[1]}"


def settings(project: Project, smtp: str, webhook: str) -> None:
    project.settings(more='schedule = "every 300 ms"')
    with (project.folder / "connector.toml").open("a") as file:
        file.write(NOTIFY.format(smtp=smtp, webhook=webhook))


def test_a_test_goes_through_every_channel_with_a_line_each(project: Project, post: Post, hook: Hook) -> None:
    settings(project, post.url, hook.url)
    ran = project.run("notify")

    assert ran.code == 0
    assert ran.out == (
        " e-mail   ok     the mail server took it for ap@example.com\n webhook  ok     the webhook took it (HTTP 200)\n"
    )
    assert ran.said == "trying e-mail\ntrying webhook\n"
    assert post.subjects == hook.subjects == ["Connector: a test message"]
    assert "QuickBooks company: 4620816365000000000 (sandbox)" in post.texts()[0]
    assert not (project.folder / "state.db").exists()


def test_each_test_is_a_mail_of_its_own(project: Project, post: Post, hook: Hook) -> None:
    settings(project, post.url, hook.url)
    for _ in range(2):
        project.run("notify")
        time.sleep(1.0)

    assert len({mail["Message-ID"] for mail in post.mails}) == 2


def test_as_json(project: Project, post: Post, hook: Hook) -> None:
    settings(project, post.url, hook.url)
    hook.status = 404
    ran = project.run("notify", "--json")

    remedy = "copy the webhook's address anew from where the messages are to appear, into [notify] webhook"
    what = "the webhook refuses it (HTTP 404)"
    assert ran.code == 3
    assert ran.said == ""
    assert ran.json == {
        "schema": "connector/notify/1",
        "channels": [
            {"channel": "email", "ok": True, "what": "the mail server took it for ap@example.com", "remedy": None},
            {"channel": "webhook", "ok": False, "what": what, "remedy": remedy},
        ],
        "problems": [
            {"who": "operator", "code": "notice-refused", "what": what, "remedy": remedy, "source": None},
        ],
    }


def test_a_channel_that_fails_is_told_with_its_remedy_and_the_other_is_tried(
    project: Project, hook: Hook, nowhere: str
) -> None:
    settings(project, f"smtp://{nowhere}", hook.url)
    ran = project.run("notify")

    first, remedy, last = ran.out.splitlines()
    assert ran.code == 5
    assert first == f" e-mail   FAULT  the mail server {nowhere} cannot be reached: nobody answers at this address"
    assert remedy.strip().startswith("= check the address and the network")
    assert remedy.endswith("[notice-down]")
    assert last == " webhook  ok     the webhook took it (HTTP 200)"
    assert len(hook.bodies) == 1


def test_what_is_refused_counts_before_what_is_down(project: Project, hook: Hook, nowhere: str) -> None:
    settings(project, f"smtp://{nowhere}", hook.url)
    hook.status = 410

    assert project.run("notify").code == 3


def test_one_refused_reader_is_a_fault_of_the_test(project: Project, hook: Hook) -> None:
    with Post(refuse={"gone@example.com": "550 gone"}) as post:
        settings(project, post.url, hook.url)
        path = project.folder / "connector.toml"
        path.write_text(path.read_text().replace('["ap@', '["gone@example.com", "ap@'))
        ran = project.run("notify")

    assert ran.code == 3
    assert "took it for ap@example.com, not for gone@example.com (550 gone)" in ran.out


@pytest.mark.parametrize("words", [("notify",), ("notify", "--json")])
def test_without_a_channel_it_says_what_to_write(project: Project, words: tuple[str, ...]) -> None:
    ran = project.run(*words)

    assert ran.code == 3
    assert "error[notice-nobody]" in ran.said
    assert "write [notify] with email" in ran.said
    if "--json" in words:
        assert [problem["code"] for problem in ran.json["problems"]] == ["notice-nobody"]


def test_the_password_and_the_address_of_the_webhook_are_shown_nowhere(
    project: Project, hook: Hook, nowhere: str
) -> None:
    settings(project, f"smtp://robot:hush-canary@{nowhere}", hook.url)
    hook.status = 500
    for words in (("notify",), ("notify", "--json"), ("-vv", "notify")):
        ran = project.run(*words)
        assert ran.code in (3, 5)
        for secret in ("hush-canary", "hook-of-the-team"):
            assert secret not in ran.out + ran.said


def test_the_doctor_names_the_command(project: Project, post: Post, hook: Hook) -> None:
    settings(project, post.url, hook.url)
    (project.folder / "connector.toml").chmod(0o600)

    assert "e-mail and webhook set; to try: connector notify" in project.run("doctor").out


def newest_run(project: Project) -> str:
    if not (project.folder / "state.db").exists():
        return ""
    with project.state() as state:
        return next((run.id for run in state.runs(1)), "")


def daemon_of(project: Project) -> "subprocess.Popen[bytes]":
    """With a round a second."""
    script = "from connector.serve import daemon; daemon._CHORE = 1.0; from connector.cli import main; main()"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONNECTOR_")}
    return subprocess.Popen(
        [sys.executable, "-c", script, "serve"],
        cwd=project.folder,
        env=kept | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_a_daemon_tells_and_one_that_is_started_again_tells_nothing_twice(
    project: Project, post: Post, hook: Hook
) -> None:
    settings(project, post.url, hook.url)
    path = project.folder / "connector.toml"
    path.write_text(path.read_text().replace('api_key = "', 'api_key = "not-'))
    for _ in range(2):
        before = newest_run(project)
        daemon = daemon_of(project)
        try:
            while not (post.mails and hook.bodies and newest_run(project) > before):
                time.sleep(0.1)
            time.sleep(2.0)  # two rounds more
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(60) == 0
        finally:
            daemon.kill()
            daemon.wait()

    told = ["Connector: for the operator: a source refuses its key"]
    assert (post.subjects, hook.subjects) == (told, told)


def test_a_sync_by_hand_tells_nobody(project: Project, post: Post, hook: Hook) -> None:
    settings(project, post.url, hook.url)
    path = project.folder / "connector.toml"
    path.write_text(path.read_text().replace('api_key = "', 'api_key = "not-'))
    project.sync(code=4)

    assert post.mails == hook.bodies == []
