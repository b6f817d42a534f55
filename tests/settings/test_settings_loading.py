"""What the settings say, and which place wins."""

import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from connector import log
from connector.errors import SettingsInvalid
from connector.settings import Cron, Every, SettingsFaults, load, read_schedule

WHOLE = """
[quickbooks]
realm_id = "4620816365000000000"
client_id = "from-the-file"
client_secret = "file-client-secret"

[limits]
max_bills = 200
max_total = {USD = "250,000.00"}

[sources.cake]
type = "cake"
base_url = "https://yourdomain.cakemarketing.com/"
api_key = "file-api-key"
mapping = "mappings/cake.yaml"
currency = "USD"
start_date = 2026-01-01
schedule = "every 15 minutes"

[sources.commission_factory]
type = "commission_factory"
base_url = "https://api.commissionfactory.com"
mapping = "mappings/commission_factory.yaml"
start_date = "2026-01-01"
"""


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("CONNECTOR_"):
            monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "connector.toml"
    path.write_text(WHOLE)
    return path


def test_a_file_with_little_in_it_has_the_documented_defaults(tmp_path: Path) -> None:
    file = tmp_path / "connector.toml"
    file.write_text('[quickbooks]\nrealm_id = "1"\n')

    settings = load(file)

    assert settings.state.url == f"sqlite:///{tmp_path}/state.db"
    assert settings.state.path == tmp_path / "state.db"
    assert settings.state.key_file == tmp_path / "state.key"
    quickbooks = settings.quickbooks
    assert (quickbooks.environment, quickbooks.timeout, quickbooks.settle_after) == ("sandbox", 130.0, 180.0)
    assert (quickbooks.batch_size, quickbooks.concurrency, quickbooks.throttle_wait) == (30, 4, 60.0)
    assert (quickbooks.requests_per_minute, quickbooks.requests_per_second) == (500, 10)
    assert quickbooks.batches_per_minute == 40
    assert (settings.limits.max_bills, settings.limits.max_total) == (None, {})
    assert (settings.serve.host, settings.serve.port, settings.serve.timezone) == ("127.0.0.1", 8090, "UTC")
    assert (settings.notify.email, settings.notify.webhook) == (None, None)
    assert settings.sources == {}


def test_a_whole_file_is_typed(file: Path) -> None:
    settings = load(file)

    cake = settings.sources["cake"]
    assert cake.name == "cake"
    assert cake.base_url == "https://yourdomain.cakemarketing.com"
    assert cake.mapping == file.parent / "mappings/cake.yaml"
    assert cake.start_date == date(2026, 1, 1)
    assert (cake.lookback_days, cake.page_size) == (120, 1000)
    assert settings.limits.max_total == {"USD": Decimal("250000.00")}
    assert settings.sources["commission_factory"].options == {"format": "json"}
    assert settings.require_client() == ("from-the-file", "file-client-secret")


def test_a_secret_shows_itself_in_no_representation(file: Path) -> None:
    settings = load(file)

    assert "file-api-key" not in f"{settings!r} {settings} {settings.sources['cake'].api_key}"
    assert settings.sources["cake"].require_key().value == "file-api-key"


@pytest.mark.parametrize("key", ["123e4", "0012", "true", "null", '"quoted"', '{"a": 1}', "a b", "ключ", "[1]"])
def test_text_of_the_environment_stays_text(file: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("CONNECTOR_SOURCES__CAKE__API_KEY", key)

    assert load(file).sources["cake"].require_key().value == key


def test_the_environment_wins_over_the_secrets_folder_and_that_over_the_file(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "sources__cake__api_key").write_text("folder-api-key\n")
    (folder / "quickbooks__client_secret").write_text("folder-client-secret\n")
    (folder / "of-another-service").write_bytes(b"text of another service")
    monkeypatch.setenv("CONNECTOR_SECRETS_DIR", str(folder))
    monkeypatch.setenv("CONNECTOR_QUICKBOOKS__CLIENT_SECRET", "environment-client-secret")

    settings = load(file)

    assert settings.require_client() == ("from-the-file", "environment-client-secret")
    assert settings.sources["cake"].require_key().value == "folder-api-key"
    assert settings.origin("quickbooks.client_id") == f"{file}:4"
    assert settings.origin("quickbooks.client_secret") == "environment CONNECTOR_QUICKBOOKS__CLIENT_SECRET"
    assert settings.origin("sources.cake.api_key") == f"secrets folder {folder}/sources__cake__api_key"
    assert settings.origin("sources.cake.page_size") == "default"


def test_the_environment_can_say_everything_that_the_file_can(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTOR_QUICKBOOKS__BATCH_SIZE", "10")
    monkeypatch.setenv("CONNECTOR_QUICKBOOKS__TIMEOUT", "2 m")
    monkeypatch.setenv("CONNECTOR_LIMITS__MAX_TOTAL__EUR", "5.00")
    monkeypatch.setenv("CONNECTOR_NOTIFY__EMAIL__TO", "a@example.com, b@example.com")
    monkeypatch.setenv("CONNECTOR_NOTIFY__EMAIL__SMTP", "smtp://mail.example.com")
    monkeypatch.setenv("CONNECTOR_SOURCES__COMMISSION_FACTORY__FORMAT", "xml")
    monkeypatch.setenv("CONNECTOR_SOURCES__CAKE__START_DATE", "2026-02-01")

    settings = load(file)

    assert (settings.quickbooks.batch_size, settings.quickbooks.timeout) == (10, 120.0)
    assert settings.limits.max_total == {"USD": Decimal("250000.00"), "EUR": Decimal("5.00")}
    assert settings.notify.email is not None
    assert settings.notify.email.to == ("a@example.com", "b@example.com")
    assert settings.sources["commission_factory"].options == {"format": "xml"}
    assert settings.sources["cake"].start_date == date(2026, 2, 1)


def test_a_variable_reaches_a_connection_whose_name_has_capitals_and_dashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "connector.toml"
    file.write_text(WHOLE.replace("[sources.cake]", "[sources.Cake-US]"))
    monkeypatch.setenv("CONNECTOR_SOURCES__CAKE_US__API_KEY", "environment-api-key")

    settings = load(file)

    assert list(settings.sources) == ["Cake-US", "commission_factory"]
    assert settings.sources["Cake-US"].require_key().value == "environment-api-key"


def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "connector.toml"
    file.write_text(WHOLE.replace('api_key = "file-api-key"', 'api_key_file = "keys/cake"'))
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/cake").write_text("  own-file-key\n")

    settings = load(file)

    assert settings.sources["cake"].require_key().value == "own-file-key"
    assert settings.origin("sources.cake.api_key") == f"{tmp_path}/keys/cake (named by {file}:14)"


def test_a_missing_key_is_a_trouble_of_its_source_and_names_every_place_tried(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONNECTOR_SECRETS_DIR", str(tmp_path))

    settings = load(file)
    with pytest.raises(SettingsInvalid) as caught:
        settings.sources["commission_factory"].require_key()

    assert (caught.value.source, caught.value.code, caught.value.exit_code) == (
        "commission_factory",
        "setting-missing",
        3,
    )
    assert caught.value.what.splitlines() == [
        "[sources.commission_factory] has no api_key; it was looked for in this order:",
        "  environment     CONNECTOR_SOURCES__COMMISSION_FACTORY__API_KEY: not set",
        f"  secrets folder  {tmp_path}/sources__commission_factory__api_key: no such file",
        f"  settings file   {file} [sources.commission_factory] api_key: not there",
    ]
    assert settings.sources["cake"].require_key().value == "file-api-key"


@pytest.mark.parametrize("empty", ['client_secret = ""', 'client_secret = "…"', 'client_secret_file = "none.txt"'])
def test_a_secret_that_is_only_a_placeholder_is_missing(tmp_path: Path, empty: str) -> None:
    file = tmp_path / "connector.toml"
    file.write_text(WHOLE.replace('client_secret = "file-client-secret"', empty))

    with pytest.raises(SettingsInvalid, match="has no client_secret") as caught:
        load(file).require_client()

    assert caught.value.code == "setting-missing"


def test_a_key_pasted_where_a_files_name_belongs_is_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "connector.toml"
    file.write_text(WHOLE.replace('api_key = "file-api-key"', 'api_key_file = "canary1234567890"'))

    with pytest.raises(SettingsInvalid) as caught:
        load(file).sources["cake"].require_key()

    assert "canary" not in caught.value.what


def test_the_file_is_named_by_the_variable_where_no_option_names_it(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.toml"
    file.rename(other)
    monkeypatch.setenv("CONNECTOR_CONFIG", str(other))

    assert load().path == other


def test_no_file_says_where_it_was_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SettingsInvalid) as caught:
        load()

    assert caught.value.code == "settings-missing"
    assert str(tmp_path / "connector.toml") in caught.value.what
    assert "CONNECTOR_CONFIG    not set" in caught.value.what
    assert "connector init" in caught.value.remedy
    assert "connector demo --keep DIR" in caught.value.remedy


def test_faults_of_the_environment_name_the_variable(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTOR_QUICKBOOK__CLIENT_ID", "x")
    monkeypatch.setenv("CONNECTOR_QUICKBOOKS__BATCH_SIZE", "99")
    monkeypatch.setenv("CONNECTOR_SOURCES__CAKE__API_KYE", "canary-key")
    monkeypatch.setenv("CONNECTOR_SECRETS_DIR", "/nowhere/at/all")

    with pytest.raises(SettingsFaults) as caught:
        load(file)

    places = {fault.place: fault.remedy for fault in caught.value.faults}
    assert places == {
        "environment CONNECTOR_QUICKBOOK__CLIENT_ID": "did you mean CONNECTOR_QUICKBOOKS__…?",
        "environment CONNECTOR_QUICKBOOKS__BATCH_SIZE": "write a whole number from 1 to 30",
        "environment CONNECTOR_SOURCES__CAKE__API_KYE": "did you mean api_key?",
        "environment CONNECTOR_SECRETS_DIR=/nowhere/at/all": (
            "it must name a folder of small text files; correct it, or unset it"
        ),
    }
    assert "canary" not in caught.value.what


def test_a_secret_that_was_read_is_hidden_from_every_log(file: Path) -> None:
    load(file)

    assert log.redact("it is file-client-secret") == "it is …"


def test_reading_the_settings_needs_no_database_and_no_quickbooks(file: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from connector.settings import load; load(Path(sys.argv[1]));"
        "print(sorted({'sqlmodel', 'sqlalchemy', 'quickbooks', 'structlog', 'typer'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("every 15 minutes", Every(900)),
        ("every hour", Every(3600)),
        ("Every 2 days", Every(172800)),
        ("0 6 * * mon-fri", Cron("0", "6", "*", "*", "mon,tue,wed,thu,fri")),
        ("0 6 * * 1-5", Cron("0", "6", "*", "*", "mon,tue,wed,thu,fri")),
        ("*/20 0-8/4 1,15 jan-mar sun", Cron("0,20,40", "0,4,8", "1,15", "1,2,3", "sun")),
        ("0 0 * * 7", Cron("0", "0", "*", "*", "sun")),
        ("0 0 29,30 2 *", Cron("0", "0", "29,30", "2", "*")),
        ("0 0 31 feb mon", Cron("0", "0", "31", "2", "mon")),
        ("0 0 * * fri-7", Cron("0", "0", "*", "*", "sun,fri,sat")),
    ],
)
def test_a_schedule_is_a_beat_or_a_cron_line(text: str, meaning: Every | Cron) -> None:
    assert read_schedule(text) == meaning


@pytest.mark.parametrize(
    "text",
    [
        "",
        "every",
        "hourly",
        "60 * * * *",
        "* * * *",
        "* * 0 * *",
        "5-1 * * * *",
        "*/0 * * * *",
        "0 0 30 2 *",
        "0 0 31 4,6 *",
    ],
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no schedule|has |is never"):
        read_schedule(text)


def test_what_is_secret_inside_an_address_is_hidden_alone_too(tmp_path: Path) -> None:
    path = tmp_path / "connector.toml"
    path.write_text(
        WHOLE
        + """
[network]
proxy = "http://robot:pr%2Bword@proxy.example.com:3128"

[notify]
webhook = "https://hooks.example.com/services/T000/hook-of-the-team"
email = {to = ["ap@example.com"], smtp = "smtp://robot:m%40il-word@mail.example.com"}
"""
    )
    load(path)

    told = "535 m@il-word, 407 pr+word, Max retries exceeded with url: /services/T000/hook-of-the-team"
    assert log.redact(told) == "535 …, 407 …, Max retries exceeded with url: /services/T000/…"
    assert log.redact("robot at mail.example.com") == "robot at mail.example.com"


def test_the_key_of_the_state_may_come_from_anywhere_and_is_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "connector.toml"
    path.write_text(WHOLE)
    assert load(path).state.key is None
    monkeypatch.setenv("CONNECTOR_STATE__KEY", "the-text-of-a-key-file")

    key = load(path).state.key

    assert key is not None
    assert key.value == "the-text-of-a-key-file"
    assert log.redact("it is the-text-of-a-key-file") == "it is …"
