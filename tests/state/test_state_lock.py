import datetime
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from connector.errors import LockHeld, OurFault, SettingsInvalid, StateInvalid
from connector.state import clock
from connector.state.lock import CompanyLock

HOLDER = """
import sys, time
from pathlib import Path
from connector.state.lock import CompanyLock
lock = CompanyLock(Path(sys.argv[1]), "4620", command="serve")
lock.acquire()
if len(sys.argv) > 2:
    lock.note_send()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path), "send"], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def refused(lock, **how):
    with pytest.raises(LockHeld) as fault:
        lock.acquire(**how)
    assert (fault.value.code, fault.value.exit_code) == ("lock-held", 7)
    return fault.value.what


def test_a_second_process_is_told_who_holds_the_lock(tmp_path, holder):
    said = refused(CompanyLock(tmp_path, "4620"))
    assert f"process {holder.pid} (serve, since 20" in said
    assert "company 4620" in said


def test_a_paused_process_keeps_the_lock_and_a_killed_one_frees_it(tmp_path, holder):
    lock = CompanyLock(tmp_path, "4620")
    holder.send_signal(signal.SIGSTOP)
    refused(lock)
    refused(lock, blocking=True, timeout=0.3)
    holder.kill()
    holder.wait()
    lock.acquire()
    assert lock.held
    lock.release()


def test_a_waiting_process_gets_the_lock_when_it_is_freed(tmp_path, holder):
    threading.Timer(0.3, holder.kill).start()
    began = time.monotonic()
    with pytest.raises(LockHeld):
        CompanyLock(tmp_path, "4620").acquire()
    lock = CompanyLock(tmp_path, "4620")
    lock.acquire(blocking=True, timeout=10)
    assert 0.2 < time.monotonic() - began < 5
    lock.release()


def test_a_second_holder_in_one_process_is_refused_too(tmp_path):
    with CompanyLock(tmp_path, "4620") as lock:
        refused(CompanyLock(tmp_path, "4620"))
        with pytest.raises(OurFault):
            lock.acquire()
    with CompanyLock(tmp_path, "4620"):
        pass


def test_companies_do_not_wait_for_each_other(tmp_path):
    with CompanyLock(tmp_path, "1"), CompanyLock(tmp_path, "2"):
        assert sorted(path.name for path in tmp_path.iterdir()) == ["company-1.lock", "company-2.lock"]


def test_a_child_process_does_not_keep_the_lock(tmp_path):
    lock = CompanyLock(tmp_path, "4620")
    lock.acquire()
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], close_fds=False)
    lock.release()
    with CompanyLock(tmp_path, "4620"):
        pass
    child.kill()
    child.wait()


def test_the_last_send_outlives_the_process_that_sent(tmp_path, holder):
    holder.kill()
    holder.wait()
    lock = CompanyLock(tmp_path, "4620")
    assert 0 <= lock.seconds_since_send() < 10
    with lock:
        assert 0 <= lock.seconds_since_send() < 10


def test_without_a_send_there_is_no_last_one(tmp_path):
    lock = CompanyLock(tmp_path, "4620")
    assert lock.seconds_since_send() is None
    with lock:
        assert lock.seconds_since_send() is None
    assert lock.seconds_since_send() is None


def test_nothing_is_sent_without_the_lock(tmp_path):
    with pytest.raises(OurFault) as fault:
        CompanyLock(tmp_path, "4620").note_send()
    assert fault.value.code == "send-without-lock"


@pytest.mark.parametrize(("hours", "expected"), [(2, 7200.0), (-2, 0.0)])
def test_after_a_restart_the_wall_clock_counts_and_a_clock_behind_counts_as_now(tmp_path, monkeypatch, hours, expected):
    with CompanyLock(tmp_path, "4620") as lock:
        lock.note_send()
        sent = clock.moment()
        later = clock.Moment("another boot", 3.0, sent.wall + datetime.timedelta(hours=hours))
        monkeypatch.setattr(clock, "moment", lambda: later)
        assert lock.seconds_since_send() == pytest.approx(expected, abs=1)


def test_within_a_boot_a_clock_that_jumps_changes_nothing(tmp_path, monkeypatch):
    with CompanyLock(tmp_path, "4620") as lock:
        lock.note_send()
        sent = clock.moment()
        for hours in (2, -2):
            jumped = clock.Moment(sent.boot_id, sent.boot_seconds + 60, sent.wall + datetime.timedelta(hours=hours))
            monkeypatch.setattr(clock, "moment", lambda jumped=jumped: jumped)
            assert lock.seconds_since_send() == pytest.approx(60, abs=1)


def test_a_file_that_cannot_be_read_counts_from_when_it_was_written(tmp_path):
    path = tmp_path / "company-4620.lock"
    path.write_bytes(b"\x00garbage")
    os.utime(path, (time.time() - 100, time.time() - 100))
    lock = CompanyLock(tmp_path, "4620")
    with lock:
        assert lock.seconds_since_send() == pytest.approx(100, abs=5)
        lock.note_send()
        assert lock.seconds_since_send() < 5


def test_many_threads_may_note_their_sends(tmp_path):
    with CompanyLock(tmp_path, "4620") as lock:
        threads = [threading.Thread(target=lock.note_send) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert 0 <= lock.seconds_since_send() < 5


def test_a_folder_that_is_not_there_and_a_strange_company_are_refused(tmp_path):
    with pytest.raises(StateInvalid):
        CompanyLock(tmp_path / "none", "4620").acquire()
    for company in ("", "../4620", "a/b"):
        with pytest.raises(SettingsInvalid):
            CompanyLock(tmp_path, company)
