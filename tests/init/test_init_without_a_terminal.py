"""``connector init`` with options alone, what it refuses, what it leaves as it is, and the unit file."""

import shutil
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from project import Project
from terminal import ROOT

from connector.sandbox import credentials
from connector.settings import load

ENOUGH = ("--realm-id", credentials.REALM_ID, "--client-id", credentials.CLIENT_ID, "--source", "cake")


@pytest.fixture
def init(project: Project, monkeypatch: pytest.MonkeyPatch) -> Any:
    """``connector init WORDS`` in an empty folder, the pretend services being where the environment says."""
    folder = project.folder / "new"
    folder.mkdir()
    project.folder = folder
    monkeypatch.setenv("CONNECTOR_QUICKBOOKS__API_URL", f"{project.url}/quickbooks/v3")
    monkeypatch.setenv("CONNECTOR_QUICKBOOKS__DISCOVERY_URL", f"{project.url}/oauth/discovery")
    return lambda *words: project.run("init", *words)


@pytest.fixture
def enough(project: Project) -> tuple[str, ...]:
    return (*ENOUGH, "--base-url", f"{project.url}/cake")


def test_without_a_terminal_all_missing_options_are_named(init: Any, project: Project) -> None:
    ran = init("--client-id", "app")

    assert ran.code == 2
    assert ran.said == (
        "error[answers-missing]: without a terminal nobody can be asked, and not given are: --realm-id, --source\n"
        "   = give them, or run connector init on a terminal\n"
    )
    assert "--base-url" in init(*ENOUGH).said
    assert list(project.folder.iterdir()) == []


def test_options_are_enough_and_secrets_stay_elsewhere(init: Any, enough: tuple[str, ...], project: Project) -> None:
    ran = init(*enough, "--currency", "USD", "--start-date", "2026-02-01")

    assert ran.code == 0
    settings = project.folder / "connector.toml"
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    assert "start_date    = 2026-02-01 " in settings.read_text()
    assert "Left out: quickbooks.client_secret; set CONNECTOR_QUICKBOOKS__CLIENT_SECRET, or a file " in ran.out
    assert "Left out: sources.cake.api_key; set CONNECTOR_SOURCES__CAKE__API_KEY, or a file " in ran.out
    assert "2 faults, " in ran.out  # doctor: neither has a key yet
    loaded = load(settings)
    assert (loaded.quickbooks.environment, loaded.sources["cake"].currency) == ("sandbox", "USD")
    assert all(line.startswith("#") or "  # " in line for line in settings.read_text().splitlines() if "=" in line)


def test_only_the_mappings_of_the_sources_are_copied_each_whole(
    init: Any, enough: tuple[str, ...], project: Project
) -> None:
    init(*enough)

    copied = {path.relative_to(project.folder / "mappings") for path in (project.folder / "mappings").rglob("*.*")}
    shipped = {path.relative_to(ROOT / "mappings") for path in (ROOT / "mappings").rglob("cake*.*")}
    assert copied - shipped == {Path("cake.schema.json")}  # made anew: a table's headings are in it
    assert copied >= shipped
    assert project.run("check").code == 0


def test_json_holds_what_was_written_and_every_check(
    init: Any, enough: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, project: Project
) -> None:
    monkeypatch.setenv("CONNECTOR_QUICKBOOKS__CLIENT_SECRET", credentials.CLIENT_SECRET)
    monkeypatch.setenv("CONNECTOR_QUICKBOOKS__REFRESH_TOKEN", credentials.REFRESH_TOKEN)

    ran = init("--json", *enough)

    assert (ran.code, ran.json["schema"], ran.json["path"]) == (0, "connector/init/1", "connector.toml")
    assert str(project.folder / "mappings/cake.vendors.csv") in ran.json["written"]
    assert [each["code"] for each in ran.json["problems"]] == ["setting-missing"]
    assert {each["area"] for each in ran.json["checks"]} >= {"files", "state", "QuickBooks", "sign-in"}


def test_settings_are_never_written_over(init: Any, enough: tuple[str, ...], project: Project) -> None:
    mine = project.folder / "connector.toml"
    mine.write_text("# mine\n")

    ran = init(*enough)

    assert ran.code == 2
    assert ran.said.startswith("error[settings-exist]: connector.toml is there already")
    assert mine.read_text() == "# mine\n"
    assert not (project.folder / "mappings").exists()


def test_a_mapping_that_is_there_stays_as_it_is(init: Any, enough: tuple[str, ...], project: Project) -> None:
    shutil.copytree(ROOT / "mappings", project.folder / "mappings")
    vendors = project.folder / "mappings" / "cake.vendors.csv"
    vendors.write_text(vendors.read_text() + "70112,Foo Media,Foo Media Inc,Affiliate payouts,US\n")
    before = vendors.read_text()

    ran = init(*enough)

    assert ran.code == 0
    assert vendors.read_text() == before
    assert "Left as they are: mappings/cake.yaml, mappings/cake.vendors.csv, " in ran.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--environment", "Production"), "--environment is neither sandbox nor production"),
        (("--realm-id", "12-34"), "--realm-id is no company id"),
        (("--source", "cak"), "--source names 'cak', which is no source\n   = did you mean cake?"),
        (("--base-url", "http://cake.example.com"), "--base-url is plain http"),
        (("--base-url", "commission_factory=https://x.example"), "belongs to no source"),
        (("--currency", "$"), "--currency is no currency of ISO 4217"),
        (("--start-date", "1/2/2026"), "--start-date is no date"),
        (("--folder", "a", "-C", "b.toml"), "--config and --folder contradict"),
    ],
)
def test_an_option_that_does_not_fit_is_named(
    init: Any, enough: tuple[str, ...], project: Project, words: tuple[str, ...], says: str
) -> None:
    given = [*enough] if words[0] != "--base-url" else [*ENOUGH]

    ran = init(*given, *words)

    assert ran.code == 2, ran.said
    assert says in ran.said
    assert not (project.folder / "connector.toml").exists()


def test_addresses_are_told_apart_by_their_sources(init: Any, enough: tuple[str, ...], project: Project) -> None:
    factory = f"commission_factory={project.url}/commission-factory"

    ran = init(*enough, "--source", "commission_factory", "--base-url", factory)

    assert ran.code == 0
    sources = tomllib.loads((project.folder / "connector.toml").read_text())["sources"]
    assert [each["base_url"] for each in sources.values()] == [
        f"{project.url}/cake",
        f"{project.url}/commission-factory",
    ]


def test_another_folder_is_made(init: Any, enough: tuple[str, ...], project: Project) -> None:
    ran = init(*enough, "--folder", "deep/er")

    assert ran.code == 0
    assert load(project.folder / "deep/er/connector.toml").sources["cake"].mapping.is_file()


def test_a_folder_that_cannot_be_written_is_said(init: Any, enough: tuple[str, ...], project: Project) -> None:
    (project.folder / "file").write_text("")

    ran = init(*enough, "--folder", "file")

    assert ran.code == 2
    assert ran.said.startswith("error[file-not-writable]: ")


# The unit file.


def test_the_unit_file_names_this_installation(init: Any, enough: tuple[str, ...], project: Project) -> None:
    odd = project.folder / "100% mine"
    init(*enough, "--folder", str(odd))
    settings = odd / "connector.toml"
    settings.write_text(settings.read_text() + '[state]\nurl = "sqlite:///../kept/state.db"\n')
    (project.folder / "kept").mkdir()

    ran = init("--systemd", "--folder", str(odd))

    unit = ran.out.splitlines()
    told = str(odd).replace("%", "%%")
    assert f"WorkingDirectory={told}" in unit
    assert f'ReadWritePaths="{told}" "{told}/../kept"' in unit
    (start,) = (line for line in unit if line.startswith("ExecStart="))
    assert start.endswith(f'connector -C "{told}/connector.toml" serve')
    assert "ExecReload=/bin/kill -HUP $MAINPID" in unit
    assert Path(start.removeprefix("ExecStart=").split()[0]).is_file()
    assert "NoNewPrivileges=yes" in unit
    assert "ProtectSystem=strict" in unit
    assert {"Type=notify", "NotifyAccess=main", "WatchdogSec=120"} <= set(unit)
    assert ran.code == 0


def test_a_unit_can_be_printed_before_there_are_settings(init: Any, project: Project) -> None:
    ran = init("--systemd")

    assert ran.code == 0
    assert f"ReadWritePaths={project.folder}" in ran.out
    assert "cannot be read yet" in ran.said
    assert list(project.folder.iterdir()) == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_unit_and_finds_it_hardened(init: Any, project: Project) -> None:
    unit = project.folder / "connector.service"
    unit.write_text(init("--systemd").out)

    def analyzed(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(["systemd-analyze", *words, str(unit)], capture_output=True, text=True, check=False)

    verified, rated = analyzed("verify"), analyzed("security", "--offline=true", "--threshold=20")

    assert (verified.returncode, verified.stderr) == (0, "")
    assert rated.returncode == 0, rated.stdout[-200:]  # of 100, 0 being the most shut off


def test_the_program_is_the_one_that_runs(init: Any) -> None:
    assert sys.executable.rpartition("/")[0] in init("--systemd").out
