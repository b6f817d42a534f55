"""Signing out: ended at Intuit and forgotten here, or nothing is changed."""

from collections.abc import Callable

import pytest
from login_world import Terminal, kept, log_in, without_a_token
from project import Project
from sign_in_world import Company

from connector.errors import ServiceDown
from connector.sandbox.credentials import REALM_ID
from connector.sync.sign_in import SignInRow

OURS = f"Sandbox Affiliate Agency Pty Ltd, company {REALM_ID} (sandbox)"


@pytest.fixture
def inside(project: Project) -> Project:
    assert log_in(without_a_token(project)).code == 0
    return project


def revoked(project: Project) -> list[int]:
    """How Intuit answered to each token that was to be revoked."""
    return [each["status"] for each in project.control("requests") if each["path"].endswith("/revoke")]


def test_signing_out_ends_it_at_intuit_and_forgets_it_here(inside: Project) -> None:
    ran = inside.run("auth", "logout")

    assert ran.code == 0
    assert ran.out == f"Signed out of {OURS}: Intuit ended the sign-in, and it is forgotten here.\n"
    assert revoked(inside) == [200]
    assert kept(inside) is None
    status = inside.run("auth", "status")
    assert status.code == 4
    assert "= run: connector auth login (or set a new refresh token" in status.said
    inside.owe(1)
    assert "run: connector auth login" in inside.sync(code=4).json["problems"][0]["remedy"]


def test_who_is_not_signed_in_is_told_so_and_nobody_is_asked(inside: Project) -> None:
    inside.run("auth", "logout")
    ran = inside.run("auth", "logout")

    assert (ran.code, ran.out) == (0, f"Not signed in to {OURS}; nothing to do.\n")
    assert revoked(inside) == [200]


def test_as_json_it_is_the_document_of_the_status_and_says_whether_intuit_ended_it(inside: Project) -> None:
    first, second = (inside.run("auth", "logout", "--json") for _ in range(2))

    for ran, ended in ((first, True), (second, False)):
        assert (ran.code, ran.json["schema"], ran.json["signed_in"]) == (0, "connector/auth/1", False)
        assert (ran.json["revoked"], ran.json["problems"]) == (ended, [])


def test_without_a_state_what_lies_beside_is_forgotten_and_none_is_made(project: Project) -> None:
    beside = Company(project, in_state=False)
    beside.token()

    ran = without_a_token(project).run("auth", "logout")

    assert (ran.code, revoked(project)) == (0, [200])
    assert f"Signed out of company {REALM_ID} (sandbox)" in ran.out
    assert not beside.file.exists()
    assert not (project.folder / "state.db").exists()


def test_a_row_and_a_file_beside_it_are_both_forgotten(inside: Project) -> None:
    beside = Company(inside, in_state=False)
    with beside.sign_in() as sign_in:
        sign_in._given = "sandbox-refresh-token"
        sign_in.access_token()
    assert beside.file.exists()

    assert inside.run("auth", "logout").code == 0
    assert not beside.file.exists()
    assert kept(inside) is None


def test_a_token_that_stays_in_the_settings_is_named(project: Project) -> None:
    project.owe(1)
    project.sync()

    ran = project.run("auth", "logout")

    assert "The refresh token from connector.toml:10 is still there: the next run tries to sign in with it." in ran.out


def test_a_sign_in_that_intuit_has_ended_is_forgotten(inside: Project) -> None:
    inside.control("reset", {})

    ran = inside.run("auth", "logout")

    assert (ran.code, ran.out) == (0, f"Forgot the sign-in to {OURS}: at Intuit it had ended already.\n")
    assert kept(inside) is None


# Intuit cannot be told.


def down(project: Project) -> None:
    project.arm("answer-html", "/revoke", times=99)


def lost_key(project: Project) -> None:
    (project.folder / "state.key").unlink()


CANNOT_BE_TOLD = pytest.mark.parametrize(
    ("happens", "code", "fault"), [(down, 5, "quickbooks-down"), (lost_key, 4, "state-key")]
)


@CANNOT_BE_TOLD
def test_where_intuit_cannot_be_told_nothing_is_changed(
    inside: Project, happens: Callable[[Project], None], code: int, fault: str
) -> None:
    before = kept(inside)
    happens(inside)

    ran = inside.run("auth", "logout")

    assert ran.code == code
    assert ran.said.startswith(f"error[{fault}]: ")
    assert (
        "= nothing was changed; run it again later, or with --yes to forget the sign-in here all the same" in ran.said
    )
    assert kept(inside) == before


@CANNOT_BE_TOLD
def test_with_yes_it_is_forgotten_here_and_what_is_left_is_said(
    inside: Project, happens: Callable[[Project], None], code: int, fault: str
) -> None:
    happens(inside)

    ran = inside.run("auth", "logout", "--yes")

    assert ran.code == 0
    assert ran.out == (
        f"Forgot the sign-in to {OURS}. Intuit was not told: to end it there too, disconnect the app inside "
        "QuickBooks.\n"
    )
    assert kept(inside) is None


@pytest.mark.parametrize("code", ["state-disk-full", "sign-in-busy"])
def test_a_trouble_of_this_machine_is_told_as_what_it_is(
    inside: Project, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise ServiceDown("it is full", code=code, remedy="make room")

    monkeypatch.setattr(SignInRow, "forget" if code == "state-disk-full" else "load", full)

    ran = inside.run("auth", "logout", "--yes")

    assert (ran.code, ran.said) == (5, f"error[{code}]: it is full\n   = make room\n")


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 5), ("\n", 5)])
def test_at_a_terminal_a_person_decides(inside: Project, answer: str, code: int) -> None:
    down(inside)
    terminal = Terminal(inside, "auth", "logout")
    terminal.until("although Intuit was not told? [y/N]: ")
    terminal.type(answer)

    assert terminal.ended() == code
    assert (kept(inside) is None) == (code == 0)
