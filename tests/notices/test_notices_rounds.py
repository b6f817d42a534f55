"""Who is told what over a daemon's day: restarts, channels that fail, silence, a digest, and hostile names."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
import time_machine
from post_office import Hook, Post
from project import Project
from rounds import Day, at
from structlog.testing import capture_logs
from told_troubles import HOSTILE

from connector.quickbooks.client import Client
from connector.sources import http
from connector.sync.run import Run

KEY = "Connector: for the operator: a source refuses its key"
KEY_MENDED = "Connector: for the operator: mended: a source refuses its key"


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "FIRST_WAIT", 0.0)
    monkeypatch.setitem(Client.__init__.__kwdefaults__, "sleep", lambda _: None)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(at("2026-11-20 10:00"), tick=True) as moved:
        yield moved


@pytest.fixture
def day(project: Project, post: Post, hook: Hook, clock: time_machine.Traveller) -> Iterator[Day]:
    day = Day(project, post.url, hook.url)
    yield day
    day.state.close()


# Once, over restarts.


def test_a_refused_key_is_told_once_over_restarts_then_daily_then_mended(
    day: Day, post: Post, hook: Hook, clock: time_machine.Traveller
) -> None:
    day.refuse_key()
    for _ in range(4):
        day.run(looks=3)
        day.restart()
        day.notices.look()
    assert post.subjects == hook.subjects == [KEY]

    clock.move_to(at("2026-11-21 10:05"))
    day.run()
    assert post.subjects == hook.subjects == [KEY, KEY.replace("a source", "still: a source")]

    day.write()
    day.restart()
    day.notices.look()
    assert len(post.mails) == 2  # nobody has seen yet that it is mended
    day.run(looks=2)
    assert post.subjects[2:] == hook.subjects[2:] == [KEY_MENDED]
    assert [key for key in day.told("email") if key != "digest"] == []


def test_a_run_that_another_trouble_ended_does_not_say_that_the_first_is_mended(day: Day, post: Post) -> None:
    day.refuse_key()
    day.run()
    day.cut_off()
    day.run()

    assert post.subjects == [KEY]


def test_what_a_source_met_that_was_taken_out_of_the_settings_is_over(
    day: Day, post: Post, clock: time_machine.Traveller
) -> None:
    day.refuse_key()
    day.run()
    day.write(("[sources.cake]", "[sources.another]"))
    clock.move_to(at("2026-11-21 10:05"))
    day.notices.look()

    assert KEY.replace("a source", "still: a source") not in post.subjects


def test_settings_that_were_read_again_hold_from_the_next_round(day: Day, post: Post, project: Project) -> None:
    day.refuse_key()
    day.run(looks=0)
    settings = project.folder / "connector.toml"
    settings.write_text(settings.read_text().partition("\n[notify]")[0])
    day.notices.look()

    assert post.subjects == []


def test_two_troubles_of_the_operator_come_in_one_message(day: Day, post: Post, project: Project) -> None:
    day.write(
        ('refresh_token = "sandbox', 'refresh_token = "not-the-sandbox'),
        ('api_key = "sandbox-commission', 'api_key = "not-the-sandbox-commission'),
        commission_factory=True,
    )
    project.owe(1)
    day.turns.work(day.settings, "cake")
    day.turns.work(day.settings, "commission_factory")
    day.notices.look()

    assert post.subjects == ["Connector: for the operator: QuickBooks needs a new sign-in, and 1 more"]
    assert "commission_factory: a source refuses its key" in post.texts()[0]


# Channels that fail.


def test_a_channel_that_is_down_is_told_when_it_is_up_and_the_other_is_not_told_twice(
    day: Day, post: Post, hook: Hook
) -> None:
    hook.status = 503
    day.refuse_key()
    with capture_logs() as said:
        day.run(looks=3)
        assert (post.subjects, hook.bodies) == ([KEY], [])
        hook.status = 200
        day.notices.look()
        day.notices.look()

    assert (post.subjects, hook.subjects) == ([KEY], [KEY])
    failing = [line for line in said if line["event"] == "notices fail"]
    assert [(line["of"], line["code"], line["log_level"]) for line in failing] == [
        ("webhook", "notice-down", "warning")
    ]
    assert [line["of"] for line in said if line["event"] == "notices work again"] == ["webhook"]


def test_what_a_channel_missed_before_a_restart_it_is_told_after_the_next_run(day: Day, post: Post, hook: Hook) -> None:
    hook.status = 503
    day.refuse_key()
    day.run()
    day.restart()
    hook.status = 200
    day.run()

    assert (post.subjects, hook.subjects) == ([KEY], [KEY])


def test_a_state_that_takes_nothing_makes_no_notice_come_twice(day: Day, post: Post, project: Project) -> None:
    day.refuse_key()
    day.turns.work(day.settings, "cake")
    day.notices.look()
    day.write()
    day.turns.work(day.settings, "cake")
    with closing(sqlite3.connect(project.folder / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(3):
            day.notices.look()
        other.execute("ROLLBACK")
    assert post.subjects == [KEY, KEY_MENDED]
    assert "source-key-refused cake" in day.told("email")

    day.notices.look()
    day.restart()
    day.notices.look()
    assert post.subjects == [KEY, KEY_MENDED]
    assert "source-key-refused cake" not in day.told("email")


def test_without_a_channel_nothing_is_told_or_kept(project: Project, clock: time_machine.Traveller) -> None:
    day = Day(project, "", "", channels="")
    day.refuse_key()
    day.run()

    assert day.told("email") == day.told("webhook") == {}
    day.state.close()


# What is told, and to whom.


def test_a_broken_mapping_is_told_to_finance_with_its_place_and_that_it_is_mended(
    day: Day, post: Post, project: Project
) -> None:
    mapping = project.folder / "mappings/cake.yaml"
    good = mapping.read_text()
    mapping.write_text(good.replace("bill:", "bil:", 1))
    day.run()
    mapping.write_text(good)
    day.run()

    title = "a mapping has faults, and its source stands still"
    assert post.subjects == [f"Connector: for finance: {title}", f"Connector: for finance: mended: {title}"]
    assert "  --> mappings/cake.yaml:" in post.texts()[0]
    assert "connector check" in post.texts()[0]


def test_a_limit_that_stopped_a_run_is_told_to_finance(day: Day, post: Post, project: Project) -> None:
    day.write(limits="[limits]\nmax_bills = 1")
    project.owe(1, 2)
    day.run()

    assert post.subjects == ["Connector: for finance: a run was stopped by a limit"]
    assert "[limit-exceeded]" in post.texts()[0]


def test_closed_books_are_told_at_once_with_the_money_that_waits(day: Day, post: Post, project: Project) -> None:
    project.control("preferences", {"book_close_date": "2026-12-31"})
    project.owe(1, 2)
    project.owe(3, currency_symbol="USD")
    day.run()
    project.control("preferences", {"book_close_date": "2025-12-31"})
    day.run()

    assert [subject.rpartition(": ")[2] for subject in post.subjects] == ["bills wait because the books are closed"] * 2
    assert "mended" in post.subjects[1]
    assert "AUD 203.50" in post.texts()[0]
    assert "USD 103.25" in post.texts()[0]


def test_a_service_that_is_down_is_told_to_nobody_until_it_is_silence(
    day: Day, post: Post, hook: Hook, clock: time_machine.Traveller
) -> None:
    day.run()
    day.cut_off()
    for minutes in (10, 25, 31, 33, 35):
        clock.move_to(at(f"2026-11-20 10:{minutes}"))
        day.run()
        day.restart()
        assert post.subjects == []
    clock.move_to(at("2026-11-20 10:37"))
    day.run()
    assert post.subjects == hook.subjects == ["Connector: for the operator: a source is silent"]
    assert "its last success was 2026-11-20 10:00 UTC, and its schedule is: every 15 minutes" in post.texts()[0]
    assert "nobody answers" in post.texts()[0]

    day.write()
    day.run()
    assert post.subjects[1:] == ["Connector: for the operator: mended: a source is silent"]


def test_a_source_whose_trouble_is_told_is_not_silent_beside_it(
    day: Day, post: Post, clock: time_machine.Traveller
) -> None:
    day.run()
    day.refuse_key()
    for minutes in (20, 35, 45, 55):
        clock.move_to(at(f"2026-11-20 10:{minutes}"))
        day.run()

    assert post.subjects == [KEY]


def test_a_cron_line_is_silent_when_two_of_its_times_were_missed(
    day: Day, post: Post, clock: time_machine.Traveller
) -> None:
    day.write(schedule="0 6 * * *")
    day.restart()
    day.run()
    for when, messages in (("2026-11-21 06:30", 0), ("2026-11-22 05:59", 0), ("2026-11-22 06:01", 0)):
        clock.move_to(at(when))
        day.notices.look()
        assert len(post.mails) == messages, when
    clock.move_to(at("2026-11-22 06:07"))
    day.notices.look()

    assert post.subjects == ["Connector: for the operator: a source is silent"]


def test_a_bug_that_ends_a_turn_is_told_and_that_it_is_gone(
    day: Day, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Run, "pull", lambda _: 1 / 0)
        day.run()
    day.run()

    title = "a fault of the connector itself"
    assert post.subjects == [f"Connector: for the operator: {title}", f"Connector: for the operator: mended: {title}"]
    assert "ZeroDivisionError" in post.texts()[0]


def test_a_source_whose_first_sync_is_a_persons_is_told_to_finance(
    day: Day, post: Post, project: Project, clock: time_machine.Traveller
) -> None:
    day.write(environment="production")
    day.run()
    clock.move_to(at("2026-11-20 15:00"))
    day.run()

    assert post.subjects == ["Connector: for finance: a source waits for its first sync, which is a person's"]
    assert "connector sync --source cake" in post.texts()[0]


# The digest.


def test_finance_gets_one_digest_a_morning_and_none_where_nothing_waits(
    day: Day, post: Post, hook: Hook, project: Project, clock: time_machine.Traveller
) -> None:
    day.run()
    clock.move_to(at("2026-11-21 08:00"))
    day.run(looks=2)
    assert post.mails == []

    project.load("Customer", {"DisplayName": "Taken"}, {"DisplayName": "Taken Too"})
    project.owe(1, affiliate_name="Taken")
    project.owe(2, affiliate_name="Taken Too", currency_symbol="USD")
    day.run(looks=2)
    assert post.mails == []  # it waits for the morning
    clock.move_to(at("2026-11-22 07:59"))
    day.notices.look()
    assert post.mails == []
    clock.move_to(at("2026-11-22 08:00"))
    day.restart()
    day.notices.look()
    day.restart()
    day.notices.look()

    assert post.subjects == hook.subjects == ["Connector: for finance: 2 invoices wait, 2 of them new"]
    assert "  invoices: AUD 101.25, USD 102.25\n" in post.texts()[0]
    assert "since Saturday, 21 November 2026, 08:00 UTC" in post.texts()[0]
    clock.move_to(at("2026-11-23 08:00"))
    day.run()
    assert post.subjects[1:] == ["Connector: for finance: 2 invoices wait, nothing new"]


def test_a_digest_says_what_was_posted_although_it_is_paid_at_its_source(
    day: Day, post: Post, project: Project, clock: time_machine.Traveller
) -> None:
    day.run()
    project.load("Customer", {"DisplayName": "Taken"})
    project.owe(1, affiliate_name="Taken")
    project.owe(2, 3, invoice_status="Paid", date_paid="2026-11-01")
    day.run()
    clock.move_to(at("2026-11-21 08:00"))
    day.run()

    assert "2 posted since then, AUD 205.50, are already paid at CAKE and will stand unpaid" in post.texts()[0]


def test_names_of_payees_do_nothing_in_any_channel(
    day: Day, post: Post, hook: Hook, project: Project, clock: time_machine.Traveller
) -> None:
    name = HOSTILE.replace("\ud800", "")[:400]
    project.owe(1, affiliate_name=name, currency_symbol="XQ")
    project.control("preferences", {"book_close_date": "2026-12-31"})
    project.owe(2, affiliate_name=name)
    day.run()
    clock.move_to(at("2026-11-21 08:00"))
    day.run()

    assert post.mails
    assert len(post.mails) == len(hook.bodies)
    for mail, text, body in zip(post.mails, post.texts(), hook.bodies, strict=True):
        assert "Evil" not in mail["Subject"]
        assert not set(text) & set("\x1b\r\u202e\u2028")
        assert "<!channel>" not in body["text"]
        assert "<script>" not in body["text"]
