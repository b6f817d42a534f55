"""A state that is old, gone or somebody else's: the books are read first, and no invoice gets a second bill."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from project import ROOT, Project, Ran

from connector.document import Key, marker
from connector.quickbooks.posted import marker_in
from connector.sandbox.credentials import REALM_ID
from connector.sandbox.server import Sandbox
from connector.state.store import State

SETTLE = 1.5
FIRST, LATER, NEW = range(1, 4), range(4, 20), 99
"""Written before the copy was taken; written after it, in batches; met after it was put back."""

FORGETS, LATE = {"requestids": "forget"}, {"hide_new_bills_seconds": 0.8}
QUICKBOOKS = pytest.mark.parametrize(
    "switches",
    [
        pytest.param(FORGETS, id="forgets ids", marks=pytest.mark.slow),
        pytest.param(LATE, id="shows new bills late", marks=pytest.mark.slow),
        pytest.param(FORGETS | LATE, id="forgets ids and shows new bills late"),
    ],
)


class Company:
    """A company that is written to, loses its state and is written to again."""

    def __init__(self, project: Project, services: Sandbox) -> None:
        self.project = project
        self.folder = project.folder
        self.services = services
        self.copy = self.folder / "copy.db"
        project.settings(settle_after=f"{SETTLE * 1000:.0f} ms", batch_size="4", concurrency="2")

    # The past.

    def wrote(self, ids: range) -> None:
        self.project.owe(*ids)
        assert self.project.sync().counts.get("created") == len(ids)

    def backed_up(self) -> None:
        assert self.project.run("state", "backup", str(self.copy)).code == 0

    def killed_in_flight(self, ids: range, *, backup: bool = False) -> None:
        """A run dies while QuickBooks has done what it was sent and has not answered yet."""
        self.project.owe(*ids)
        self.project.arm("commit-then-hang", "/batch", seconds=4, times=2)
        before = len(self.project.held())
        process = self.project.process("sync", "--yes")
        until = time.monotonic() + 60
        while len(self.project.held()) < before + 8:
            assert time.monotonic() < until
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        if backup:
            self.backed_up()
        process.kill()
        process.communicate()

    # The loss.

    def files(self, *ends: str) -> list[Path]:
        return [self.folder / f"state.db{end}" for end in ends]

    def restored(self) -> None:
        """As the README says: what belongs to the old file goes away with it."""
        for path in self.files("", "-wal", "-shm"):
            path.unlink(missing_ok=True)
        shutil.copy(self.copy, self.folder / "state.db")

    # What must hold.

    def recovers(self, ids: list[int], *, run: "Callable[[], Ran] | None" = None) -> list[Ran]:
        """Sync until all is known, never twice on the way; then everything is there, quiet, and adds up."""
        run = run or (lambda: self.project.sync(code=None))
        ran: list[Ran] = []
        for _ in range(4):
            ran.append(run())
            assert ran[-1].code in (0, 6), ran[-1].said
            assert sum(ran[-1].counts.values()) == len(ids), ran[-1].counts
            self.never_twice()
            if ran[-1].counts == {"unchanged": len(ids)}:
                break
            if ran[-1].counts.get("unknown"):
                time.sleep(SETTLE)
        assert ran[-1].counts == {"unchanged": len(ids)}, [each.counts for each in ran]
        assert self.marks() == {mark(id_): 1 for id_ in ids}
        self.adds_up()
        return ran

    def never_twice(self) -> None:
        twice = {each: n for each, n in self.marks().items() if n > 1}
        assert not twice, twice

    def marks(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for bill in self.project.held():
            each = str(marker_in(bill.get("PrivateNote", "")))
            found[each] = found.get(each, 0) + 1
        return found

    def adds_up(self, code: int = 0) -> None:
        ran = self.project.run("reconcile", "--json")
        assert ran.code == code, ran.out
        assert ran.json["proof"]
        assert {line[name] for line in ran.json["proof"] for name in ("difference", "quickbooks_difference")} == {
            "0.00"
        }


def mark(id_: int) -> str:
    return marker(Key(REALM_ID, "cake", str(id_), "bill"))


@pytest.fixture
def company(project: Project, services: Sandbox) -> Company:
    return Company(project, services)


EVERY = [*FIRST, *LATER, NEW]


# Put back.


@QUICKBOOKS
def test_a_copy_from_before_any_run(company: Company, switches: dict[str, Any]) -> None:
    State.open(f"sqlite:///{company.folder / 'state.db'}").close()
    company.backed_up()
    company.project.switch(**switches)
    company.wrote(FIRST)
    company.wrote(LATER)
    company.project.owe(NEW)
    company.restored()

    first = company.recovers(EVERY)[0]

    assert first.counts == {"adopted": len(EVERY) - 1, "created": 1}


@QUICKBOOKS
def test_a_copy_from_between_two_runs(company: Company, switches: dict[str, Any]) -> None:
    company.project.switch(**switches)
    company.wrote(FIRST)
    company.backed_up()
    company.wrote(LATER)
    company.project.owe(NEW)
    company.restored()

    first = company.recovers(EVERY)[0]

    assert first.counts == {"unchanged": len(FIRST), "adopted": len(LATER), "created": 1}


@pytest.mark.slow
@QUICKBOOKS
def test_a_copy_from_the_middle_of_a_run(company: Company, switches: dict[str, Any]) -> None:
    company.project.switch(**switches)
    company.wrote(FIRST)
    company.killed_in_flight(LATER, backup=True)
    company.project.sync(code=None)
    time.sleep(SETTLE)
    company.project.sync()  # all was settled and sent; then the copy comes back
    company.project.owe(NEW)
    company.restored()

    company.recovers(EVERY)


@QUICKBOOKS
def test_a_copy_from_before_a_run_that_was_killed_put_back_at_once(company: Company, switches: dict[str, Any]) -> None:
    company.project.switch(**switches)
    company.wrote(FIRST)
    company.backed_up()
    company.killed_in_flight(LATER)
    company.project.owe(NEW)
    company.restored()

    company.recovers(EVERY)


@QUICKBOOKS
@pytest.mark.parametrize("lock", ["gone", pytest.param("put back with it", marks=pytest.mark.slow)])
def test_a_copy_put_back_at_once_without_the_lock_file_that_knows_of_the_last_send(
    company: Company, switches: dict[str, Any], lock: str
) -> None:
    """A new machine, or the whole folder from yesterday: only the strange marks in QuickBooks tell."""
    company.project.switch(**switches)
    company.wrote(FIRST)
    company.backed_up()
    (path,) = company.folder.glob("company-*.lock")
    old = path.read_bytes()
    time.sleep(1)  # the first ones are shown by now
    company.wrote(range(4, 6))
    time.sleep(1)
    company.killed_in_flight(range(6, 20))
    company.project.owe(NEW)
    company.restored()
    path.unlink()
    if lock != "gone":
        path.write_bytes(old)

    company.recovers(EVERY)


def test_a_copy_of_another_companys_state(company: Company) -> None:
    company.wrote(FIRST)
    company.backed_up()
    company.wrote(LATER)
    with closing(sqlite3.connect(company.copy)) as other:
        for (table,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if "company" in [row[1] for row in other.execute(f"PRAGMA table_info({table})")]:
                other.execute(f"UPDATE {table} SET company = '4620816365009999999'")
        other.commit()
    company.project.owe(NEW)
    company.restored()

    first = company.recovers(EVERY)[0]

    assert first.counts == {"adopted": len(EVERY) - 1, "created": 1}


AT_ANOTHER_TIME = """
import datetime, sys, time_machine
from connector.cli import main
away = datetime.timedelta(seconds=float(sys.argv.pop(1)))
time_machine.travel(datetime.datetime.now(datetime.UTC) + away, tick=True).start()
main()
"""


@QUICKBOOKS
@pytest.mark.slow
@pytest.mark.parametrize("hours", [-30, 30])
def test_a_copy_put_back_on_a_machine_whose_clock_was_set(
    company: Company, switches: dict[str, Any], hours: int
) -> None:
    company.project.switch(**switches)
    company.wrote(FIRST)
    company.backed_up()
    company.killed_in_flight(LATER)
    company.project.owe(NEW)
    company.restored()

    def run() -> Ran:
        ran = subprocess.run(
            [sys.executable, "-c", AT_ANOTHER_TIME, str(hours * 3600), "sync", "--yes", "--json"],
            cwd=company.folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr, json.loads(ran.stdout))

    company.recovers(EVERY, run=run)


# Files that belong to another.


def killed_with_a_wal(company: Company) -> None:
    """What a killed process leaves: its last writes beside the file."""
    company.killed_in_flight(LATER)
    (left,) = company.files("-wal")
    assert left.stat().st_size > 0


@pytest.mark.slow
def test_a_copy_put_beside_the_wal_of_a_killed_process_is_told_and_nothing_is_written(company: Company) -> None:
    company.project.switch(requestids="forget")
    company.wrote(FIRST)
    company.backed_up()
    killed_with_a_wal(company)
    before = company.marks()
    shutil.copyfile(company.copy, company.folder / "state.db")

    ran = company.project.sync(code=3)

    (problem,) = ran.json["problems"]
    assert problem["code"] == "state-wal"
    assert "move state.db-wal and state.db-shm away" in problem["remedy"]
    assert company.marks() == before
    for path in company.files("-wal", "-shm"):
        path.unlink()
    company.recovers([*FIRST, *LATER])


@pytest.mark.parametrize("between", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (0, 3, 12))])
def test_the_file_alone_of_an_earlier_day_put_beside_the_wal_of_today_makes_no_second_bill(
    company: Company, between: int
) -> None:
    """Not how a state is copied, and yet people do: pages of two days in one file."""
    company.project.switch(requestids="forget")
    company.wrote(FIRST)
    shutil.copyfile(company.folder / "state.db", company.copy)
    for n in range(between):
        company.wrote(range(30 + n, 31 + n))
    killed_with_a_wal(company)
    shutil.copyfile(company.copy, company.folder / "state.db")

    ran = company.project.sync(code=None)

    company.never_twice()
    assert ran.code in (0, 3, 6)
    if ran.code == 3:
        assert ran.json["problems"][0]["code"] == "state-damaged"
        for path in company.files("", "-wal", "-shm"):
            path.unlink(missing_ok=True)
    company.recovers([*FIRST, *LATER, *range(30, 30 + between)])


def test_a_killed_process_state_without_its_wal(company: Company) -> None:
    company.project.switch(requestids="forget")
    company.wrote(FIRST)
    killed_with_a_wal(company)
    for path in company.files("-wal", "-shm"):
        path.unlink()

    company.recovers([*FIRST, *LATER])


@pytest.mark.slow
def test_the_wal_alone_of_a_state_that_was_moved_away(company: Company) -> None:
    company.project.switch(requestids="forget")
    company.wrote(FIRST)
    killed_with_a_wal(company)
    (company.folder / "state.db").unlink()

    company.recovers([*FIRST, *LATER])


# Deleted.


@QUICKBOOKS
def test_a_state_that_is_deleted_while_the_lock_and_the_sign_in_stay(
    company: Company, switches: dict[str, Any]
) -> None:
    company.project.switch(**switches)
    company.wrote(FIRST)
    company.killed_in_flight(LATER)
    company.project.owe(NEW)
    company.project.forget()

    company.recovers(EVERY)


@QUICKBOOKS
def test_everything_deleted(company: Company, switches: dict[str, Any]) -> None:
    company.project.switch(**switches)
    company.wrote(FIRST)
    time.sleep(1)
    company.killed_in_flight(LATER)
    company.project.owe(NEW)
    for path in (*company.folder.glob("state.*"), *company.folder.glob("company-*.lock")):
        path.unlink()

    company.recovers(EVERY)


# What people did meanwhile.


def restored_after(company: Company, change: Callable[[dict[str, Any]], None]) -> Ran:
    """A bill that the restored state does not know is touched by a person; the run after it."""
    company.project.switch(requestids="forget")
    company.wrote(FIRST)
    company.backed_up()
    company.wrote(range(4, 6))
    (bill,) = (each for each in company.project.held() if each["DocNumber"] == "CAKE-4")
    change(bill)
    company.restored()
    return company.project.sync(code=None)


def test_a_lost_bill_whose_memo_was_edited_is_linked_by_its_number(company: Company) -> None:
    ran = restored_after(
        company, lambda bill: company.project.load("Bill", {"Id": bill["Id"], "PrivateNote": "asked Ann"})
    )

    assert (ran.code, ran.counts) == (0, {"unchanged": 3, "adopted": 2})
    assert company.project.numbers() == {f"CAKE-{n}": 1 for n in range(1, 6)}
    company.adds_up()


def test_a_lost_bill_whose_memo_and_number_were_edited_is_held_for_a_person(company: Company) -> None:
    ran = restored_after(
        company,
        lambda bill: company.project.load("Bill", {"Id": bill["Id"], "PrivateNote": "", "DocNumber": "A-77"}),
    )

    assert ran.counts == {"unchanged": 3, "adopted": 1, "held": 1}
    assert ran.of(4)["code"] == "possible-duplicate"
    assert sum(company.project.numbers().values()) == 5


def test_a_lost_bill_that_a_person_deleted_is_made_once_more_and_never_twice(company: Company) -> None:
    """Nothing tells of it where request ids are forgotten: neither the state nor QuickBooks knows that it was."""
    ran = restored_after(company, lambda bill: company.services.company.remove("Bill", bill["Id"]))

    assert ran.counts == {"unchanged": 3, "adopted": 1, "created": 1}
    company.recovers([*range(1, 6)])


def test_a_lost_bill_that_a_person_deleted_is_not_made_again_where_quickbooks_remembers_the_request(
    company: Company,
) -> None:
    company.wrote(FIRST)
    company.backed_up()
    company.wrote(range(4, 6))
    (bill,) = (each for each in company.project.held() if each["DocNumber"] == "CAKE-4")
    company.services.company.remove("Bill", bill["Id"])
    time.sleep(4)  # an answer that is older than its send by more than the clocks may differ is a replay
    company.restored()

    ran = company.project.sync(code=None)

    assert ran.counts == {"unchanged": 3, "adopted": 1, "held": 1}
    assert "CAKE-4" not in company.project.numbers()


# Changes and removals that the copy does not know of.


def test_a_copy_from_before_a_bill_was_changed_changes_nothing_back(company: Company) -> None:
    company.wrote(FIRST)
    company.backed_up()
    company.project.owe(2, total_payout="77.70")
    assert company.project.sync().counts == {"updated": 1, "unchanged": 2}
    company.restored()

    ran = company.project.sync()

    # Our own change looks like a person's, because the state that made it is gone.
    assert ran.counts == {"unchanged": 2, "held": 1}
    assert ran.of(2)["code"] == "edited-in-quickbooks"
    assert sorted(str(each["TotalAmt"]) for each in company.project.held()) == ["101.25", "103.25", "77.7"]
    company.never_twice()


def test_a_copy_from_before_a_bill_was_removed_brings_nothing_back(company: Company) -> None:
    company.wrote(FIRST)
    company.backed_up()
    company.project.owe(2, invoice_status="Void")
    assert company.project.sync().counts == {"removed": 1, "unchanged": 2}
    company.restored()

    ran = company.project.sync(code=None)

    assert ran.code in (0, 6)
    assert company.project.numbers() == {"CAKE-1": 1, "CAKE-3": 1}


# Nothing to write.


def test_an_older_state_with_nothing_to_write_is_left_to_the_next_run_that_has(company: Company) -> None:
    company.project.switch(requestids="forget")
    company.wrote(FIRST)
    company.backed_up()
    company.wrote(LATER)
    company.restored()
    company.services.world.cake.clear()
    company.services.world.version += 1

    assert company.project.sync().counts == {}

    company.project.owe(*FIRST, *LATER)
    company.recovers([*FIRST, *LATER])
