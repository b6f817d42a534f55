"""``/healthz`` and ``/metrics``: what they say when all is well, when something is not, and to whom."""

import contextlib
import datetime
import json
import os
import queue
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
import requests
from daemon_process import Place, invoice, running, until
from prometheus_client.parser import text_string_to_metric_families

from connector.errors import ServiceDown, SettingsInvalid, StateInvalid
from connector.sandbox import credentials
from connector.sandbox.switches import Switches
from connector.sandbox.tokens import InvalidGrant, Tokens
from connector.serve.daemon import Daemon
from connector.serve.health import Health
from connector.serve.metrics import Metrics
from connector.serve.page import Page, bound
from connector.serve.supervision import Supervision
from connector.settings import ServeSettings, load
from connector.state.clock import utc_now
from connector.state.store import State
from connector.state.writable import lack_of_writing

COMPANY = credentials.REALM_ID


@pytest.fixture
def state(place: Place) -> Iterator[State]:
    made = State.open(f"sqlite:///{place.folder}/state.db")
    yield made
    made.close()


class Looked:
    """A daemon at work in threads of this process, with its page and a clock of the page's own."""

    def __init__(self, place: Place, state: State) -> None:
        settings = load(place.folder / "connector.toml")
        self.supervision = Supervision()
        self.later = datetime.timedelta()
        self.signals: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.daemon = Daemon(settings, state, lambda *_: None, who="test", supervision=self.supervision)
        self.health = Health(lambda: settings, state, self.supervision, lambda: utc_now() + self.later)
        self.metrics = Metrics(lambda: settings, state, self.supervision, self.health)
        self.page = Page(bound(settings.serve), self.health, self.metrics)
        self._thread = threading.Thread(target=lambda: self.daemon.run(self.signals, tick=0.1))

    def __enter__(self) -> Self:
        self._thread.start()
        self.page.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.page.__exit__(None, None, None)
        self.signals.put(15)
        self._thread.join(20)

    def asked(self, path: str = "/healthz") -> tuple[int, dict[str, Any]]:
        answer = requests.get(self.page.url + path, timeout=10)
        return answer.status_code, answer.json()

    def wrong(self) -> dict[str, str]:
        """What of the checks is not well now; the answer's status says the same."""
        time.sleep(1.05)  # an answer is good for a second
        status, document = self.asked()
        found = {check["source"] or check["check"]: check["what"] for check in document["checks"] if not check["ok"]}
        assert status == (503 if found else 200)
        assert document["ready"] == (not found)
        return found

    def figures(self) -> dict[tuple[str, ...], float]:
        text = requests.get(self.page.url + "/metrics", timeout=10).text
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }


@pytest.fixture
def looked(place: Place, state: State) -> Iterator[Looked]:
    place.write(cake="every 1 h", throttle_wait="1 s")
    with Looked(place, state) as made:
        until(lambda: made.supervision.tally.runs)
        yield made


def test_all_is_well(looked: Looked) -> None:
    assert looked.wrong() == {}
    status, document = looked.asked()
    assert (status, document["schema"], document["live"]) == (200, "connector/health/1", True)
    assert [check["check"] for check in document["checks"]] == [
        *("loop", "scheduler", "doctor", "source", "state", "sign-in")
    ]
    assert looked.asked("/healthz/live")[1]["ready"] is None


def test_a_source_that_is_silent_for_twice_its_interval(looked: Looked, place: Place) -> None:
    looked.later = datetime.timedelta(minutes=119)
    assert looked.wrong() == {}
    looked.later = datetime.timedelta(minutes=121)
    wrong = looked.wrong()

    assert list(wrong) == ["cake"]
    assert wrong["cake"].endswith("and two turns of its schedule have passed (every 1 h)")
    time.sleep(1.05)
    assert looked.figures()["connector_source_overdue", "cake"] == 1.0

    looked.daemon._scheduler.get_job("cake").modify(next_run_time=utc_now())
    before = looked.supervision.tally.runs.total()
    until(lambda: looked.supervision.tally.runs.total() > before)
    looked.later = datetime.timedelta(minutes=119)
    assert looked.wrong() == {}


def test_a_cron_line_may_miss_two_of_its_times(place: Place, state: State) -> None:
    place.write(cake="0 6 * * mon-fri")
    settings = load(place.folder / "connector.toml")
    run = state.start_run(COMPANY, "serve", "test", ["cake"])
    pulled = state.start_pull(COMPANY, "cake", run, datetime.date(2026, 1, 1), datetime.date(2026, 2, 1))
    state.finish_pull(pulled, total=0, complete=True)
    success = state.last_complete_pull(COMPANY, "cake")
    assert success is not None
    assert success.ended is not None
    monday = datetime.datetime.combine(
        success.ended.date() + datetime.timedelta(days=7 - success.ended.weekday()), datetime.time(), datetime.UTC
    )

    def overdue(hours: float) -> bool:
        now = monday + datetime.timedelta(hours=hours)
        (age,) = Health(lambda: settings, state, Supervision(), lambda: now).ages()
        return age.overdue

    with state.write() as t:
        friday = (monday - datetime.timedelta(days=2, hours=12)).strftime("%Y-%m-%d %H:%M:%S.000000")
        t.exec_driver_sql(f"update pull set ended = '{friday}'")
    assert [overdue(hours) for hours in (5, 7, 24, 29, 31)] == [False, False, False, False, True]


@pytest.mark.slow
def test_a_job_that_hangs_is_not_alive(looked: Looked) -> None:
    with looked.supervision.progress.working("cake", -1.0):
        assert looked.asked("/healthz/live")[0] == 503
        assert list(looked.wrong()) == ["job"]
    assert looked.asked("/healthz/live")[0] == 200


def test_a_doctor_that_found_faults(looked: Looked) -> None:
    looked.supervision.lacking = "plan: too small"
    assert looked.wrong() == {"doctor": "plan: too small"}
    looked.supervision.lacking = ""
    assert looked.wrong() == {}


def test_a_state_whose_folder_is_gone(looked: Looked, place: Place) -> None:
    away = place.folder.with_name("away")
    place.folder.rename(away)
    try:
        wrong = looked.wrong()
        assert wrong["state"].endswith("No such file or directory")
    finally:
        away.rename(place.folder)
    assert looked.wrong() == {}


def test_a_sign_in_that_is_dead(looked: Looked, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Tokens, __: str, switches: Switches, ___: float) -> None:
        raise InvalidGrant(switches)

    monkeypatch.setattr(Tokens, "renew", refuse)
    place.control("arm", {"fault": "expire-access-tokens"})
    place.control("load", {"cake": [invoice(20001)]})
    run_now(looked)
    assert looked.supervision.tally.runs["cake", 4] == 1
    assert looked.wrong() == {
        "sign-in": "Intuit no longer accepts the QuickBooks sign-in (company 4620816365000000000, sandbox)"
    }
    time.sleep(1.05)
    assert looked.figures()["connector_signed_in",] == 0.0

    monkeypatch.undo()
    run_now(looked)
    assert looked.wrong() == {}


def run_now(looked: Looked) -> None:
    before = looked.supervision.tally.runs.total()
    scheduler = looked.daemon._scheduler
    until(lambda: not scheduler._executors["default"]._instances["cake"])  # else this tick would be left out
    scheduler.get_job("cake").modify(next_run_time=utc_now())
    until(lambda: looked.supervision.tally.runs.total() > before)


# The state, really written.


def test_a_folder_that_may_not_be_written(place: Place, state: State) -> None:
    """As another user, because root may write everywhere."""
    path = place.folder / "state.db"
    assert lack_of_writing(path) is None
    if os.geteuid() != 0:
        place.folder.chmod(0o555)
        lack = lack_of_writing(path)
        place.folder.chmod(0o755)
    else:
        with contextlib.ExitStack() as stack:
            for folder in (place.folder, *place.folder.parents[:3]):
                mode = folder.stat().st_mode
                folder.chmod(mode | 0o055)
                stack.callback(folder.chmod, mode)
            os.seteuid(65534)
            stack.callback(os.seteuid, 0)
            lack = lack_of_writing(path)
    assert isinstance(lack, StateInvalid)
    assert lack.code == "state-unreachable"
    assert list(place.folder.glob("*.trial")) == []


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", folder]
    mounted = subprocess.run(words, capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        state = State.open(f"sqlite:///{folder}/state.db")
        assert lack_of_writing(folder / "state.db") is None
        ballast = folder / "ballast"
        ballast.write_bytes(bytes(20_000_000))
        low = lack_of_writing(folder / "state.db")
        with contextlib.suppress(OSError), ballast.open("ab") as file:
            while True:
                file.write(bytes(100_000))
                file.flush()
        full = lack_of_writing(folder / "state.db")
        assert (low and low.code, full and full.code) == ("disk-low", "state-disk-full")
        assert isinstance(full, ServiceDown)
        ballast.unlink()
        assert lack_of_writing(folder / "state.db") is None
        state.close()
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_writer_is_neither_a_fault_nor_kept_waiting(place: Place, state: State) -> None:
    with state.write():
        assert lack_of_writing(place.folder / "state.db") is None
    began = time.monotonic()
    with state.write():
        assert time.monotonic() - began < 1.0


# Who may ask, and how.


def test_only_this_machine_is_answered_and_only_questions(looked: Looked) -> None:
    url = looked.page.url
    assert url.startswith("http://127.0.0.1:")
    assert ServeSettings().host == "127.0.0.1"
    assert requests.head(f"{url}/healthz", timeout=10).status_code == 200
    for method in ("POST", "PUT", "DELETE"):
        assert requests.request(method, f"{url}/metrics", timeout=10).status_code == 405
    assert requests.get(f"{url}/", timeout=10).status_code == 404


@pytest.mark.slow
def test_slow_and_many_clients_are_their_own_trouble(looked: Looked) -> None:
    host, port = looked.page.url.removeprefix("http://").split(":")
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(socket.create_connection((host, int(port)))) for _ in range(200)]
        for client in clients:
            with contextlib.suppress(OSError):
                client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: ")
        time.sleep(0.5)
        assert sum(map(ended, clients)) >= 150
        assert looked.supervision.progress.silent() == []
        until(lambda: all(ended(client) for client in clients), 15)
    assert looked.wrong() == {}


def ended(client: socket.socket) -> bool:
    client.settimeout(0.001)
    try:
        return client.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_a_port_in_use_is_said_before_anything_is_written(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = place.start("serve", CONNECTOR_SERVE__HEALTH=f"127.0.0.1:{port}")
        _, err = ran.communicate(timeout=20)

    assert ran.returncode == 3
    assert err.startswith(f'error[health-address]: [serve] health = "127.0.0.1:{port}" cannot be used: address already')
    assert 'health = "127.0.0.1:8091"' in err
    assert not (place.folder / "state.db").exists()
    with pytest.raises(SettingsInvalid):
        bound(ServeSettings(health="no.such.host.invalid:80"))


# The figures.


def test_the_figures_are_those_of_status(place: Place) -> None:
    place.control("load", {"cake": [invoice(20001), invoice(20002, day="not a day"), invoice(20003, amount="?")]})
    place.control("arm", {"fault": "commit-then-drop", "path": "/bill", "method": "POST", "times": 1})
    place.write(cake="every 1 h", factory="every 2 h", settle_after="300 s")
    with running(place) as daemon:
        until(lambda: len(daemon.said("run")) == 2)
        url = daemon.said("health")[0]["metrics"]
        text, asked = requests.get(url, timeout=10).text, utc_now()
        ran = place.start("status", "--json")
        status = json.loads(ran.communicate(timeout=30)[0])
        assert daemon.stop() == 0

    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert all(family.documentation for family in families.values())
    value = {(s.name, *s.labels.values()): s.value for family in families.values() for s in family.samples}
    for name in ("ready", "sending", "held", "blocked", "refused"):
        assert value["connector_invoices", name] == status["counts"].get(name, 0), name
        assert value["connector_payments", name] == status["payments"]["counts"].get(name, 0), name
    assert value["connector_invoices", "sending"] == len(status["unknown"]) == 1
    assert value["connector_invoices", "held"] >= 2
    sent = datetime.datetime.fromisoformat(status["unknown"][0]["sent"])
    assert abs(value["connector_oldest_unknown_seconds",] - (asked - sent).total_seconds()) < 5
    for source in status["sources"]:
        name = source["source"]
        success, following = (datetime.datetime.fromisoformat(source[key]) for key in ("last_success", "next_run"))
        assert abs(value["connector_source_last_success_timestamp_seconds", name] - success.timestamp()) < 2
        # The daemon comes back before that for what is unknown.
        next_run = value["connector_source_next_run_timestamp_seconds", name]
        assert utc_now().timestamp() < next_run < following.timestamp() + 2
        assert value["connector_source_overdue", name] == source["overdue"]
    assert value["connector_signed_in",] == 1
    assert value["connector_sign_in_days_left",] == status["sign_in"]["days_left"]
    assert value["connector_sign_in_hard_days_left",] == status["sign_in"]["hard_days_left"]
    assert value["connector_runs_total", "6", "cake"] == 1
    assert value["connector_requests_total", "quickbooks"] > 5
    assert value["connector_requests_slowed_down_total", "quickbooks"] == 0
    assert value["connector_state_free_bytes",] > 1e6
    assert not {credentials.CAKE_KEY, credentials.CLIENT_SECRET, "MediaBridge"} & set(text.split())
    assert "MediaBridge" not in text


def test_what_waits_grows_old_and_answers_of_429_are_counted(looked: Looked, place: Place, state: State) -> None:
    place.control("arm", {"fault": "throttle", "path": "/query", "times": 1, "retry_after": 0})
    assert looked.figures()["connector_oldest_waiting_seconds",] == 0.0
    with state.write() as t:
        t.exec_driver_sql("update document set state = 'ready', created = '2026-01-01 00:00:00.000000'")
    time.sleep(1.05)
    assert looked.figures()["connector_oldest_waiting_seconds",] > 86400
    with state.write() as t:
        t.exec_driver_sql("update document set state = 'sent'")
    place.control("load", {"cake": [invoice(20001)]})
    run_now(looked)
    time.sleep(1.05)
    assert looked.figures()["connector_requests_slowed_down_total", "quickbooks"] == 1.0
