"""What systemd is told: ready after the doctor, fed while everything gets on, and no longer once something hangs."""

import itertools
import time
from pathlib import Path

import pytest
from daemon_process import PLAIN, Place, invoice, running, until
from service_manager import ServiceManager

from connector.errors import Problem
from connector.serve.progress import Progress
from connector.serve.readiness import Readiness
from connector.serve.supervision import LOOP, Supervision
from connector.serve.systemd import Systemd
from connector.settings import load
from connector.sync.silence import longest_silence

WATCHDOG = 3.0
LIMIT = 4.5  # three ticks of half a watchdog
LATE = 3.0  # this machine has other things to do

HANGS_WHERE = """
import os, time
def hanging(whole):
    def wrapped(*arguments, **named):
        while os.path.exists("hang"):
            time.sleep(0.1)
        return whole(*arguments, **named)
    return wrapped
"""
LOOP_HANGS = (
    HANGS_WHERE
    + "from connector.serve.daemon import Daemon\nDaemon.check_clock = hanging(Daemon.check_clock)\n"
    + PLAIN
)
SCHEDULER_HANGS = (
    HANGS_WHERE
    + "from apscheduler.jobstores.memory import MemoryJobStore as Jobs\n"
    + "Jobs.get_due_jobs = hanging(Jobs.get_due_jobs)\n"
    + PLAIN
)
JOB_HANGS = (
    HANGS_WHERE
    + "import connector.serve.turns\nfrom connector.sync.run import Run\n"
    + "connector.serve.turns.longest_silence = lambda settings: 3.0\n"
    + "Run.plan = hanging(Run.plan)\n"
    + PLAIN
)
LOOKS_EACH_SECOND = "import connector.serve.daemon\nconnector.serve.daemon._CHORE = 1.0\n" + PLAIN


@pytest.fixture(params=["a path", "an abstract name"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> ServiceManager:
    return ServiceManager(tmp_path, abstract=request.param == "an abstract name")


@pytest.fixture
def systemd(tmp_path: Path) -> ServiceManager:
    return ServiceManager(tmp_path)


def test_it_is_ready_told_what_it_does_and_fed_until_it_stops(place: Place, manager: ServiceManager) -> None:
    with manager, running(place, **manager.environment(WATCHDOG)) as daemon:
        until(lambda: manager.values("READY"))
        until(lambda: any("last run: cake" in line for line in manager.values("STATUS")))
        until(lambda: len(manager.values("WATCHDOG")) > 3)
        assert daemon.stop() == 0

    assert manager.values("READY") == ["1"]
    assert max(manager.values("STATUS"), key=len).endswith("Z")
    assert any("exit code 0; next run: cake " in line for line in manager.values("STATUS"))
    times = manager.times("WATCHDOG")
    assert all(later - earlier < WATCHDOG for earlier, later in itertools.pairwise(times))
    assert [name for _, name, _ in manager.told[-2:]] == ["STOPPING", "STATUS"]


def test_it_is_not_ready_before_its_doctor_found_no_fault_and_the_sources_work_meanwhile(
    place: Place, systemd: ServiceManager
) -> None:
    place.control("arm", {"fault": "answer-403", "path": "/commission-factory", "times": 1000})
    with systemd, running(place, LOOKS_EACH_SECOND, **systemd.environment()) as daemon:
        until(lambda: place.bills() == ["CAKE-10042"])
        until(lambda: len(daemon.said("run")) > 4)
        until(lambda: any("not ready: Commission Factory: " in line for line in systemd.values("STATUS")))
        until(lambda: len(systemd.values("EXTEND_TIMEOUT_USEC")) > 2)
        assert systemd.values("READY") == []

        place.control("disarm", {})
        until(lambda: systemd.values("READY"))
        until(lambda: systemd.values("STATUS")[-1].startswith(("at work", "last run")))
        assert daemon.stop() == 0

    (problem,) = daemon.said("problem")
    assert (problem["source"], problem["code"]) == ("commission_factory", "source-key-refused")
    assert problem["remedy"].startswith("set sources.commission_factory.api_key")
    assert len(daemon.said("ready")) == 1


@pytest.mark.parametrize(
    "script",
    [LOOP_HANGS, *(pytest.param(each, marks=pytest.mark.slow) for each in (SCHEDULER_HANGS, JOB_HANGS))],
    ids=["loop", "scheduler", "job"],
)
def test_what_hangs_is_fed_no_more(place: Place, systemd: ServiceManager, script: str) -> None:
    with systemd, running(place, script, **systemd.environment(WATCHDOG)) as daemon:
        until(lambda: systemd.values("READY") and daemon.said("run"))
        (place.folder / "hang").touch()
        hung = time.monotonic()
        until(lambda: systemd.silent_for("WATCHDOG") > WATCHDOG + 1, 30)

        assert systemd.times("WATCHDOG")[-1] - hung < LIMIT + LATE

        if script is not LOOP_HANGS:
            (silent,) = daemon.said("no sign of life")
            assert silent["what"] == ("scheduler" if script is SCHEDULER_HANGS else "cake")
            assert any(line.startswith("no sign of life: ") for line in systemd.values("STATUS"))
        (place.folder / "hang").unlink()
        until(lambda: systemd.silent_for("WATCHDOG") < 1)
        assert daemon.stop() == 0


@pytest.mark.slow
def test_a_long_request_is_no_hang(place: Place, systemd: ServiceManager) -> None:
    with systemd, running(place, **systemd.environment(WATCHDOG)) as daemon:
        until(lambda: systemd.values("READY") and place.bills())
        place.control("switches", {"answer_seconds": 3 * WATCHDOG})
        place.control("load", {"cake": [invoice(20001)]})
        time.sleep(4 * WATCHDOG)
        times = systemd.times("WATCHDOG")
        place.control("switches", {"answer_seconds": 0})
        until(lambda: place.bills() == ["CAKE-10042", "CAKE-20001"], 60)
        assert daemon.stop() == 0

    assert len(daemon.said("still at work, so this tick is left out")) > 10
    assert daemon.said("no sign of life") == []
    assert all(later - earlier < WATCHDOG for earlier, later in itertools.pairwise(times))


def test_while_it_ends_it_asks_for_the_time_that_a_request_in_flight_may_take(
    place: Place, systemd: ServiceManager
) -> None:
    with systemd, running(place, **systemd.environment()) as daemon:
        until(lambda: systemd.values("READY") and place.bills())
        place.control("arm", {"fault": "hang-before-commit", "path": "/bill", "method": "POST", "seconds": 4})
        place.control("load", {"cake": [invoice(20001)]})
        until(lambda: place.rows("select id from document where state = 'sending'"))
        assert daemon.stop() == 0

    stopping = systemd.times("STOPPING")[0]
    assert len([when for when in systemd.times("EXTEND_TIMEOUT_USEC") if when > stopping]) >= 2


# One by one.


def test_without_a_socket_or_with_one_that_is_gone_nothing_is_sent_and_nothing_raised(tmp_path: Path) -> None:
    for name in ("", str(tmp_path / "gone"), "@gone", "x" * 500, "\0"):
        Systemd({"NOTIFY_SOCKET": name}).tell(READY=1)


def test_a_watchdog_of_another_process_is_not_fed(systemd: ServiceManager) -> None:
    assert Systemd(systemd.environment(20)).watchdog == 20.0
    assert Systemd(systemd.environment(20) | {"WATCHDOG_PID": "1"}).watchdog is None
    assert Systemd(systemd.environment() | {"WATCHDOG_USEC": "soon"}).watchdog is None


def test_what_a_service_says_is_one_line_and_no_variable(systemd: ServiceManager) -> None:
    with systemd:
        Systemd(systemd.environment()).tell(STATUS="down\nREADY=1 " + "x" * 1000)
        until(lambda: systemd.told)

    ((_, name, value),) = systemd.told
    assert (name, value[:12], len(value)) == ("STATUS", "down READY=1", 300)


def test_silence_is_measured_for_each_by_its_own_limit_and_ends_with_its_work() -> None:
    clock = [0.0]
    progress = Progress(lambda: clock[0])
    progress.watch("loop", 10.0)
    with progress.working("cake", 100.0):
        clock[0] = 11.0
        assert progress.silent() == [("loop", 11.0)]
        progress.beat("loop")
        clock[0] = 101.0
        assert progress.silent() == [("loop", 90.0), ("cake", 101.0)]
        progress.beat("cake")
        assert progress.silent() == [("loop", 90.0)]
        clock[0] = 1000.0
    progress.beat("loop")
    progress.beat("cake")
    assert progress.silent() == []


def test_a_step_that_is_lawfully_silent_is_shorter_than_what_is_waited_for(place: Place) -> None:
    place.write(timeout="200 s", settle_after="900 s")
    assert longest_silence(load(place.folder / "connector.toml")) > 900 + 2 * 200 + 300

    place.write()
    assert longest_silence(load(place.folder / "connector.toml")) > 2 * 300 + 120 + 60


def test_the_doctor_looks_each_minute_and_after_ten_of_them_seldom() -> None:
    clock = [0.0]
    supervision, looked = Supervision(), []
    readiness = Readiness(supervision, lambda: looked.append(clock[0]) or faults, lambda: clock[0])
    faults = [Problem("operator", "clock-wrong", "clock: ahead by 61 s", "set it")]
    for minute in range(60):
        clock[0] = 60.0 * minute
        readiness()

    assert looked == [60.0 * minute for minute in (*range(10), 19, 29, 39, 49, 59)]
    assert supervision.lacking.startswith("clock: ahead by 61 s")
    faults.clear()
    clock[0] = 60.0 * 69
    readiness()
    readiness()
    assert (len(looked), supervision.lacking) == (16, "")


def test_the_loop_itself_may_hang_and_others_see_it() -> None:
    clock = [0.0]
    supervision = Supervision(progress=Progress(lambda: clock[0]))
    clock[0] = 31.0
    assert LOOP in {name for name, _ in supervision.progress.silent()}
