"""SIGHUP to a daemon at work: settings and mappings read again, taken over whole or refused with every fault."""

import os
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from daemon_process import PLAIN, Place, Process, invoice, running, until

AT_A_TERMINAL = f"import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); {PLAIN}"


def hang_up(daemon: Process, said: str = "reloaded") -> dict[str, Any]:
    """Send the signal; what the daemon says to it."""
    before = len(daemon.said(said))
    daemon._process.send_signal(signal.SIGHUP)
    until(lambda: len(daemon.said(said)) > before)
    return daemon.said(said)[-1]


def edit(place: Place, old: str, new: str) -> None:
    settings = place.folder / "connector.toml"
    text = settings.read_text()
    assert old in text
    settings.write_text(text.replace(old, new, 1))


def own_mappings(place: Place) -> Path:
    """The folder's mappings as a copy that a test may spoil."""
    folder = place.folder / "mappings"
    shipped = folder.resolve()
    folder.unlink()
    return Path(shutil.copytree(shipped, folder))


def at(time_text: str) -> datetime:
    return datetime.fromisoformat(time_text)


def test_good_settings_are_taken_over_and_one_line_says_what_changed(place: Place) -> None:
    place.write(cake="every 3 hours")
    with running(place) as daemon:
        until(lambda: daemon.said("run"))
        (before,) = daemon.said("serve")

        place.write(cake="every 3 hours", factory="every 5 hours", timeout="99 s")
        edit(place, "lookback_days = 3650", "lookback_days = 300")
        edit(place, 'type = "commission_factory"', 'type = "commission_factory"\nformat = "xml"')
        told = hang_up(daemon)
        until(lambda: len(daemon.said("run")) == 2)  # a source that never ran is due at once

        assert (told["added"], told["removed"], told["broken_mappings"]) == ([], [], [])
        assert told["changed"] == [
            "quickbooks.timeout",
            "sources.cake.lookback_days",
            "sources.commission_factory.format",
            "sources.commission_factory.schedule",
        ]
        now = datetime.now(UTC)
        assert abs(at(told["next_runs"]["cake"]) - at(before["next_runs"]["cake"]) - timedelta(hours=3)) < timedelta(
            minutes=1
        )
        assert at(told["next_runs"]["commission_factory"]) <= now

        place.write(cake="every 400 ms", factory="every 100 ms")
        hang_up(daemon)
        place.write(cake="every 400 ms")
        place.control("load", {"cake": [invoice(20001)]})
        assert list(hang_up(daemon)["next_runs"]) == ["cake"]
        seen = len(daemon.lines)
        until(lambda: "CAKE-20001" in place.bills())
        time.sleep(1.0)
        sources = [line["source"] for line in daemon.lines[seen:] if line["event"] == "run"]
        assert sources.count("commission_factory") <= 1  # the one that was at work
        assert daemon.stop() == 0


def test_an_overdue_source_runs_at_once_under_its_new_schedule_and_another_key_and_policy_hold_for_its_next_run(
    place: Place,
) -> None:
    place.write(cake="every 3 hours")
    with running(place) as daemon:
        until(lambda: place.bills() == ["CAKE-10042"])
        until(lambda: daemon.said("run"))
        place.control("load", {"cake": [invoice(20001), invoice(20002)]})
        time.sleep(1.1)

        place.write(cake="every 1 s")
        with (place.folder / "connector.toml").open("a") as settings:
            settings.write("\n[limits]\nmax_bills = 1\n")
        assert "limits.max_bills" in hang_up(daemon)["changed"]
        until(lambda: [line for line in daemon.said("run") if line["exit_code"] == 8])
        assert place.bills() == ["CAKE-10042"]

        place.write(cake="every 1 s")
        hang_up(daemon)
        until(lambda: place.bills() == ["CAKE-10042", "CAKE-20001", "CAKE-20002"])

        edit(place, 'type = "cake"', 'type = "cake"\ncurrency = "EUR"')
        edit(place, 'api_key = "', 'api_key = "another-secret-')
        assert hang_up(daemon)["changed"][-2:] == ["sources.cake.api_key", "sources.cake.currency"]
        until(lambda: [line for line in daemon.said("problem") if line["code"] == "source-key-refused"])
        assert daemon.stop() == 0
    assert not [line for line in daemon.lines if "another-secret-" in str(line)]


def test_broken_settings_are_refused_with_every_fault_and_what_runs_goes_on(place: Place) -> None:
    with running(place) as daemon:
        until(lambda: daemon.said("run"))
        edit(place, 'schedule = "every 400 ms"', 'schedule = "every now and then"')
        edit(place, "lookback_days", "lookback_day")
        told = hang_up(daemon, "not reloaded")
        place.control("load", {"cake": [invoice(20001)]})
        until(lambda: "CAKE-20001" in place.bills())
        assert figure(daemon, "connector_settings_current") == "0.0"
        assert daemon.stop() == 0

    faults = daemon.said("fault")
    assert told["faults"] == len(faults) == 2
    assert [(fault["code"], fault["source"]) for fault in faults] == [
        ("setting-unknown", "cake"),
        ("setting-invalid", "cake"),
    ]
    lines = (place.folder / "connector.toml").read_text().splitlines()
    assert lines[int(faults[0]["place"].rpartition(":")[2]) - 1].startswith("lookback_day ")
    assert faults[0]["what"] == "[sources.cake] has no setting 'lookback_day'"
    assert faults[0]["remedy"] == "did you mean lookback_days?"
    assert daemon.said("reloaded") == []


def figure(daemon: Process, name: str) -> str:
    """What /metrics says, after the second for which it keeps an answer."""
    time.sleep(1.1)
    page = requests.get(daemon.said("health")[0]["metrics"], timeout=10).text
    (value,) = (line.split()[1] for line in page.splitlines() if line.startswith(f"{name} "))
    return value


def test_settings_that_were_mended_are_current_again(place: Place) -> None:
    with running(place) as daemon:
        until(lambda: daemon.said("run"))
        assert figure(daemon, "connector_settings_current") == "1.0"
        edit(place, "lookback_days", "lookback_day")
        hang_up(daemon, "not reloaded")
        edit(place, "lookback_day ", "lookback_days ")
        hang_up(daemon)
        assert figure(daemon, "connector_settings_current") == "1.0"
        assert daemon.stop() == 0


def test_what_the_daemon_stands_on_is_not_changed_and_a_restart_is_asked_for(place: Place) -> None:
    with running(place) as daemon:
        until(lambda: daemon.said("run"))
        edit(place, "lookback_days = 3650", "lookback_days = 30")
        edit(place, 'environment = "sandbox"', 'environment = "production"')
        edit(place, 'health = "127.0.0.1:0"', 'health = "127.0.0.1:1"\n[state]\nurl = "sqlite:///other.db"')
        hang_up(daemon, "not reloaded")
        assert daemon.stop() == 0

    faults = daemon.said("fault")
    assert [fault["what"].partition(" cannot change")[0] for fault in faults] == [
        "[state] url",
        "[quickbooks] environment",
        "[serve] health",
    ]
    assert {fault["code"] for fault in faults} == {"setting-needs-restart"}
    assert {fault["remedy"] for fault in faults} == {"restart the daemon, or write back what stood there"}
    assert not (place.folder / "other.db").exists()


def test_the_last_schedule_and_the_file_itself_may_not_go(place: Place) -> None:
    with running(place) as daemon:
        until(lambda: daemon.said("run"))
        place.write(cake=None)
        hang_up(daemon, "not reloaded")
        (place.folder / "connector.toml").unlink()
        hang_up(daemon, "not reloaded")
        place.control("load", {"cake": [invoice(20001)]})
        until(lambda: "CAKE-20001" in place.bills())
        assert daemon.stop() == 0

    assert [fault["code"] for fault in daemon.said("fault")] == ["setting-missing", "settings-missing"]


def test_a_broken_mapping_is_told_at_once_and_stops_its_source_alone(place: Place) -> None:
    place.write(factory="every 400 ms")
    broken = own_mappings(place) / "commission_factory.yaml"
    with running(place) as daemon:
        until(lambda: len(daemon.said("run")) > 1)
        broken.write_text(broken.read_text().replace("vendor:", "vender:"))
        told = hang_up(daemon)
        place.control("load", {"cake": [invoice(20001)]})
        until(lambda: "CAKE-20001" in place.bills())
        until(lambda: [line for line in daemon.said("problem") if line["source"] == "commission_factory"])
        assert daemon.stop() == 0

    assert told["broken_mappings"] == ["commission_factory"]
    fault = daemon.said("fault")[0]
    assert fault["source"] == "commission_factory"
    assert fault["place"].startswith("mappings/commission_factory.yaml:")
    assert fault["code"].startswith("M1")
    assert fault["remedy"]


def test_a_run_at_work_ends_under_the_settings_it_began_with_though_its_source_is_taken_out(place: Place) -> None:
    place.write(factory="every 300 ms", concurrency=1)
    place.control("load", {"cake": [invoice(20000 + n, f"{100 + 7 * n}.25") for n in range(5)]})
    place.control("switches", {"answer_seconds": 0.4})
    with running(place) as daemon:
        until(place.bills)
        text = (place.folder / "connector.toml").read_text()
        kept, _, rest = text.partition("[sources.cake]")
        (place.folder / "connector.toml").write_text(kept + rest[rest.index("[sources.commission_factory]") :])
        told = hang_up(daemon)
        assert len(place.bills()) < 6
        until(lambda: len(place.bills()) == 6)
        place.control("switches", {"answer_seconds": 0})
        place.control("load", {"cake": [invoice(29999)]})
        seen = len(daemon.said("run"))
        until(lambda: len(daemon.said("run")) > seen + 3)
        assert daemon.stop() == 0

    assert told["removed"] == ["cake"]
    assert "CAKE-29999" not in place.bills()
    assert not place.rows("select id from run where ended is null")


def test_two_signals_at_once_and_a_change_of_nothing_leave_everything_as_it_was(place: Place) -> None:
    place.write(cake="every 3 hours")
    place.control("arm", {"fault": "answer-403", "path": "/cake"})  # at a start it would be made up for at once
    with running(place) as daemon:
        until(lambda: daemon.said("run"))
        first = hang_up(daemon)
        for _ in range(2):
            daemon._process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        assert daemon.stop() == 0

    told = daemon.said("reloaded")
    assert len(told) >= 2
    assert {tuple(line["changed"]) for line in told} == {()}
    assert {line["next_runs"]["cake"] for line in told} == {first["next_runs"]["cake"]}
    assert len(daemon.said("run")) == 1


def test_a_terminal_that_is_closed_ends_the_daemon_that_was_started_in_it(place: Place) -> None:
    ours, theirs = os.openpty()
    daemon = subprocess.Popen(
        [sys.executable, "-c", AT_A_TERMINAL, "serve"],
        cwd=place.folder,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        until(lambda: place.rows_if_any("select id from run where ended is not null"))
        os.close(ours)
        assert daemon.wait(20) == 0
    finally:
        daemon.kill()
        daemon.wait()
