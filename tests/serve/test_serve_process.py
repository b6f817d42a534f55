"""``connector serve`` as a process: bills appear, signals end it, another process meets the lock."""

import fcntl
import json
import os
import signal
import time

import pytest
from daemon_process import PLAIN, Place, invoice, running, until

FROM_THE_START = "CAKE-10042"
FAILING_FOR_ONE = """
from connector.sync.run import Run
whole = Run.{step}
def failing(self):
    found = whole(self)
    if 'commission_factory' in self.versions():
        raise {bug}('a bug')
    return found
Run.{step} = failing
"""


def test_an_invoice_becomes_a_bill_at_once_a_new_one_at_the_next_tick_and_sigterm_ends_with_0(place: Place) -> None:
    with running(place) as daemon:
        until(lambda: place.bills() == [FROM_THE_START])
        place.control("load", {"cake": [invoice(20001)]})
        until(lambda: place.bills() == [FROM_THE_START, "CAKE-20001"])
        until(lambda: len(daemon.said("document")) == 2)
        assert daemon.stop() == 0

    (start,) = daemon.said("serve")
    assert (start["schedules"], start["timezone"]) == ({"cake": "every 400 ms"}, "UTC")
    assert start["next_runs"]["cake"].endswith("Z")
    written = daemon.said("document")[1]
    assert {key: written[key] for key in ("source", "invoice", "kind", "number", "action", "state", "code")} == {
        "source": "cake",
        "invoice": "20001",
        "kind": "bill",
        "number": "CAKE-20001",
        "action": "create",
        "state": "sent",
        "code": None,
    }
    (run,) = [run for run in daemon.said("run") if run["run"] == written["run"]]
    assert (run["command"], run["exit_code"], run["created"], run["unchanged"]) == ("serve", 0, 1, 1)
    assert daemon.lines[-1]["event"] == "stopped"
    assert not place.rows("select id from run where ended is null or command <> 'serve'")


def test_sigterm_amid_slow_requests_lets_them_end_and_starts_no_other_and_a_sync_beside_it_ends_with_7(
    place: Place,
) -> None:
    place.write(requests_per_second=4)
    place.control("load", {"cake": [invoice(20000 + n, f"{100 + 7 * n}.25") for n in range(11)]})
    with running(place) as daemon:
        until(place.bills)
        place.control("switches", {"answer_seconds": 2})
        beside = place.start("sync", "--yes", "--json")
        out, _ = beside.communicate(timeout=20)
        began = time.monotonic()
        assert daemon.stop() == 0
        took = time.monotonic() - began

    assert beside.returncode == 7
    problem = json.loads(out)["problems"][0]
    assert problem["code"] == "lock-held"
    assert "(serve, since " in problem["what"]

    sent = place.rows("select number from document where state = 'sent'")
    waiting = place.rows("select number from document where state = 'ready'")
    assert sorted(number for (number,) in sent) == place.bills()
    assert 0 < len(sent) < 12
    assert len(sent) + len(waiting) == 12
    assert 0.2 < took < 25  # two seconds, on a machine that has nothing else to do
    assert not place.rows("select id from run where ended is null")
    assert daemon.said("run")[-1]["waiting"] == len(waiting)
    assert daemon.said("stopping")[0]["working"] == ["cake"]

    place.control("switches", {"answer_seconds": 0})
    place.write()
    with running(place) as daemon:
        until(lambda: len(place.bills()) == 12)
        assert daemon.stop(signal.SIGINT) == 0


def test_beside_a_process_that_holds_the_lock_it_waits(place: Place) -> None:
    held = os.open(place.folder / "company-4620816365000000000.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        with running(place) as daemon:
            until(lambda: daemon.said("still at work, so this tick is left out"))
            assert place.bills() == []
            fcntl.flock(held, fcntl.LOCK_UN)
            until(lambda: place.bills() == [FROM_THE_START])
            assert daemon.stop() == 0
    finally:
        os.close(held)


@pytest.mark.parametrize(("step", "bug"), [("plan", "ValueError"), ("plan", "SystemExit"), ("pull", "SystemExit")])
def test_a_bug_in_one_source_leaves_the_others_at_work(place: Place, step: str, bug: str) -> None:
    place.write(factory="every 400 ms")
    with running(place, FAILING_FOR_ONE.format(step=step, bug=bug) + PLAIN) as daemon:
        until(lambda: daemon.said("our fault"))
        place.control("load", {"cake": [invoice(20001)]})
        until(lambda: place.bills() == [FROM_THE_START, "CAKE-20001"])
        until(lambda: len(daemon.said("our fault")) > 1)
        assert daemon.stop() == 0

    fault = daemon.said("our fault")[0]
    assert fault["source"] == "commission_factory"
    assert f"{bug}: a bug" in fault["exception"]
    codes = set(place.rows("select distinct sources, exit_code from run"))
    assert (('["commission_factory"]', 1) in codes) == (step == "plan")  # a run begins when its sources are read
    assert {code for sources, code in codes if sources == '["cake"]'} == {0}
    assert not place.rows("select id from run where ended is null")


def test_without_a_schedule_it_ends_with_3_and_makes_no_state(place: Place) -> None:
    place.write(cake=None)

    ran = place.start("serve")
    _, err = ran.communicate(timeout=20)

    assert ran.returncode == 3
    assert err.startswith("error[setting-missing]: no source has a schedule")
    assert "[sources.NAME]" in err
    assert not (place.folder / "state.db").exists()


def test_a_source_that_is_down_does_not_keep_the_process_from_ending(place: Place) -> None:
    place.control("arm", {"fault": "hang-before-commit", "path": "/cake", "seconds": 20, "times": 4})  # doctor asks too
    with running(place) as daemon:
        until(lambda: daemon.said("serve"))
        time.sleep(1.0)
        began = time.monotonic()
        assert daemon.stop() == 0

    assert time.monotonic() - began < 3.0
    assert "cake" in daemon.said("stopped")[0]["left"]
    assert place.rows("select id from run") == []
