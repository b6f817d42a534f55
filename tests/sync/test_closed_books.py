"""Books that are closed: before a run, between its plan and its writing, and opened again."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from project import Project

from connector.sync.writing import Writer

SEPTEMBER = "2026-09-30"
NEXT_DAY = "books closed:              next open day"


def answer(project: Project, line: str, more: str = "") -> None:
    """Another answer of the policy in the mapping, whose examples would otherwise object."""
    path = project.folder / "mappings/cake.yaml"
    text = path.read_text().split("\nexamples:")[0]
    assert "books closed:              hold" in text
    path.write_text(
        text.replace("books closed:              hold", line).replace("  memo:     CAKE", f"{more}  memo:     CAKE")
    )


def close_books(project: Project, day: str | None) -> None:
    project.control("preferences", {"book_close_date": day})


def bill(project: Project) -> dict[str, Any]:
    (found,) = project.held()
    return found


@contextmanager
def closed_after_the_plan(day: str, project: Project) -> Iterator[None]:
    """A person closes the books when all is decided, and nothing is sent yet."""
    write = Writer.write

    def then(self: Writer, *arguments: Any) -> None:
        close_books(project, day)
        write(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Writer, "write", then)
        yield


def test_the_plan_says_that_the_books_are_closed_and_what_to_do(project: Project) -> None:
    close_books(project, SEPTEMBER)
    project.owe(1)

    told = project.run("plan").out

    assert told == HELD
    assert not project.writes()


HELD = """\
     1 held  AUD 101.25

 1 invoice held  AUD 101.25  [books-closed]
   the books are closed up to 2026-09-30 and the bill is dated 2026-09-30
   CAKE-1, Affiliate 1, 2026-09-30
   = open the books in QuickBooks, or set in policy: books closed: next open day

 Nothing to write. Next: do what stands behind the = above, then: connector plan
"""


@pytest.mark.parametrize("due", ["", "  due:      2026-11-15\n"], ids=["by its terms", "by its due box"])
def test_a_bill_of_a_later_day_is_due_when_it_was_and_says_its_own_date(project: Project, due: str) -> None:
    answer(project, NEXT_DAY, due)
    close_books(project, SEPTEMBER)
    project.owe(1)

    planned = project.plan().of(1)
    project.sync()

    made = bill(project)
    expected = "2026-11-15" if due else "2026-10-30"  # 30 days after the invoice, not after the later day
    assert (planned["date"], planned["due"]) == (made["TxnDate"], made["DueDate"]) == ("2026-10-01", expected)
    assert "\nInvoice date 2026-09-30\n" in made["PrivateNote"]
    assert project.sync().counts == {"unchanged": 1}
    assert project.run("reconcile", "--json").code == 0


def test_a_memo_without_room_for_the_date_is_held_and_not_cut(project: Project) -> None:
    answer(project, NEXT_DAY)
    path = project.folder / "mappings/cake.yaml"
    path.write_text(path.read_text().replace("  memo:     CAKE invoice", f"  memo:     {'x' * 3920} CAKE invoice"))
    project.owe(1)
    close_books(project, SEPTEMBER)

    held = project.sync()
    assert (held.counts, held.of(1)["code"]) == ({"held": 1}, "memo-too-long")
    close_books(project, None)
    assert project.sync().counts == {"created": 1}


# Closed between the plan and the writing.


def test_a_bill_refused_because_the_books_were_just_closed_is_told_and_held_and_goes_out_when_they_open(
    project: Project,
) -> None:
    project.switch(failed_attempts_remembered=True)
    project.owe(1)
    with closed_after_the_plan(SEPTEMBER, project):
        ran = project.sync(code=6)

    assert (ran.counts, ran.of(1)["code"]) == ({"refused": 1}, "books-closed")
    assert "The books are closed for this date." in ran.of(1)["reason"]
    assert "the next run decides anew" in ran.of(1)["remedy"]
    again = project.sync()
    assert (again.counts, again.of(1)["code"]) == ({"held": 1}, "books-closed")
    assert len(project.writes()) == 1
    close_books(project, "2026-08-31")
    assert project.sync().counts == {"created": 1}
    assert len({each["requestid"] for each in project.writes()}) == 2


def test_a_refused_bill_goes_out_by_itself_where_the_books_are_open_again_by_the_next_run(project: Project) -> None:
    project.owe(1)
    with closed_after_the_plan(SEPTEMBER, project):
        project.sync(code=6)
    close_books(project, None)

    assert project.sync().counts == {"created": 1}


@pytest.mark.parametrize("moved", [SEPTEMBER, "2026-10-31"], ids=["closed", "closed further"])
def test_the_next_open_day_is_that_of_the_run_that_sends(project: Project, moved: str) -> None:
    answer(project, NEXT_DAY)
    project.owe(1)
    if moved != SEPTEMBER:
        close_books(project, SEPTEMBER)
    with closed_after_the_plan(moved, project):
        assert project.sync(code=6).of(1)["code"] == "books-closed"

    assert project.sync().counts == {"created": 1}
    made = bill(project)
    day = datetime.date.fromisoformat(moved) + datetime.timedelta(days=1)
    assert (made["TxnDate"], made["DueDate"]) == (day.isoformat(), "2026-10-30")
    assert made["PrivateNote"].count("Invoice date 2026-09-30") == 1


@pytest.mark.parametrize("wish", [{"total_payout": "250.00"}, {"invoice_status": "Void"}], ids=["changed", "voided"])
def test_a_change_refused_because_the_books_were_just_closed_is_made_when_they_open(
    project: Project, wish: dict[str, str]
) -> None:
    project.owe(1)
    project.sync()
    project.owe(1, **wish)
    with closed_after_the_plan(SEPTEMBER, project):
        ran = project.sync(code=None)

    assert (ran.counts, ran.of(1)["code"]) == ({"held": 1}, "books-closed")
    assert "The books are closed for this date." in ran.of(1)["reason"]
    again = project.sync()
    assert (again.counts, again.of(1)["code"]) == ({"held": 1}, "books-closed")
    assert len(project.writes()) == 2
    close_books(project, None)
    assert project.sync().counts == ({"removed": 1} if "invoice_status" in wish else {"updated": 1})


def test_a_credit_that_takes_a_bill_back_keeps_to_the_same(project: Project) -> None:
    path = project.folder / "mappings/cake.yaml"
    answer(project, NEXT_DAY)
    path.write_text(path.read_text().replace("invoice voided later:      delete", "invoice voided later:      credit"))
    project.owe(1)
    project.sync()
    project.owe(1, invoice_status="Void")
    with closed_after_the_plan("2099-06-30", project):
        ran = project.sync(code=6)

    assert (ran.counts, ran.of(1)["code"]) == ({"refused": 1}, "books-closed")
    assert project.sync().counts == {"credited": 1}
    (made,) = project.held("VendorCredit")
    assert made["TxnDate"] == "2099-07-01"
