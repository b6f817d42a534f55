"""``connector init`` as a new user walks it, in a real pseudo-terminal against the sandbox; the transcript is kept."""

import os
import re
import stat
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from terminal import at_a_terminal

from connector.sandbox import credentials
from connector.sandbox.server import Sandbox

GOLDEN = Path(__file__).parent / "walked.txt"
SECRET = 'my "own" client\\secret'
WALK = (
    ("[sandbox]: ", "prod"),
    ("[sandbox]: ", ""),
    ("Company id", "46208-1636"),
    ("Company id", credentials.REALM_ID),
    ("Client id", credentials.CLIENT_ID),
    ("client secret", credentials.CLIENT_SECRET),
    ("Sources", "cke"),
    ("Sources", "cake, commission_factory"),
    ("Address of CAKE", "http://cake.example.com"),
    ("Address of CAKE", "{url}/cake"),
    ("CAKE API key", credentials.CAKE_KEY),
    ("Currency", "dollars"),
    ("Currency", "USD"),
    ("Commission Factory API key", credentials.COMMISSION_FACTORY_KEY),
    ("start_date [", "1 Nov 2026"),
    ("start_date [", ""),
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    scenario = tmp_path_factory.mktemp("init") / "scenario.json"
    scenario.write_text(
        '{"today": "2020-01-31", "cake_invoices": 5, "preferences": {"warn_duplicate_bill_number": true}}'
    )
    with Sandbox(scenario=scenario) as sandbox:
        sandbox.world.commission_factory.clear()
        sandbox.world.version += 1
        yield sandbox.url


@pytest.fixture
def elsewhere(url: str) -> dict[str, str]:
    """What a new user does not need: where the pretend QuickBooks is, and a sign-in that is there already."""
    return {
        "CONNECTOR_QUICKBOOKS__API_URL": f"{url}/quickbooks/v3",
        "CONNECTOR_QUICKBOOKS__DISCOVERY_URL": f"{url}/oauth/discovery",
        "CONNECTOR_QUICKBOOKS__REFRESH_TOKEN": credentials.REFRESH_TOKEN,
        "CONNECTOR_SOURCES__COMMISSION_FACTORY__BASE_URL": f"{url}/commission-factory",
    }


def test_a_new_user_is_asked_a_few_questions_and_is_ready(tmp_path: Path, url: str, elsewhere: dict[str, str]) -> None:
    code, shown = at_a_terminal(
        ["init"], tmp_path, [(words, typed.format(url=url)) for words, typed in WALK], elsewhere
    )

    told = plain(shown, tmp_path, url)
    if os.environ.get("REGENERATE_GOLDEN") == "1":
        GOLDEN.write_text(told)
    assert told == GOLDEN.read_text()
    assert code == 0
    assert not [secret for secret in (credentials.CLIENT_SECRET, credentials.CAKE_KEY) if secret in shown]
    settings = tmp_path / "connector.toml"
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    written = tomllib.loads(settings.read_text())
    today = datetime.now(UTC).date()
    assert written["quickbooks"] == {
        "environment": "sandbox",
        "realm_id": credentials.REALM_ID,
        "client_id": credentials.CLIENT_ID,
        "client_secret": credentials.CLIENT_SECRET,
    }
    assert written["sources"]["cake"] == {
        "type": "cake",
        "base_url": f"{url}/cake",
        "api_key": credentials.CAKE_KEY,
        "mapping": "mappings/cake.yaml",
        "currency": "USD",
        "start_date": today.replace(day=1),
        "schedule": "every 15 minutes",
    }
    assert written["sources"]["commission_factory"]["base_url"] == "https://api.commissionfactory.com"


def plain(shown: str, folder: Path, url: str) -> str:
    shown = shown.replace(url, "http://127.0.0.1:PORT").replace(str(folder), "FOLDER")
    shown = re.sub(r"start_date \[\d{4}-\d\d-01\]", "start_date [FIRST OF THIS MONTH]", shown)
    shown = re.sub(r"dated \S+ to \S+", "dated DAY to DAY", shown)
    shown = re.sub(r"[\d,]+\.\d GB free(, a disk of this machine \(.*\))?", "N GB free", shown)
    shown = re.sub(r"refreshed .* UTC", "refreshed NOW", shown)
    return re.sub(r"until 20\d\d-\d\d-\d\d with", "until DAY with", shown)


def test_production_is_typed_in_full_and_odd_secrets_are_kept_to_the_letter(tmp_path: Path) -> None:
    answers = [
        ("[sandbox]: ", "p"),
        ("[sandbox]: ", "production"),
        ("Company id", "123"),
        ("Client id", 'an "app"'),
        ("client secret", SECRET),
        ("Sources", "commission_factory"),
        ("API key", ""),
        ("start_date [", "2026-02-01"),
    ]
    # Nobody listens there: what is looked at in the end must not reach anybody's servers.
    nowhere = {
        "CONNECTOR_QUICKBOOKS__API_URL": "http://127.0.0.1:9/v3",
        "CONNECTOR_QUICKBOOKS__DISCOVERY_URL": "http://127.0.0.1:9/discovery",
    }

    code, shown = at_a_terminal(["init"], tmp_path, answers, nowhere)

    assert code == 0
    written = tomllib.loads((tmp_path / "connector.toml").read_text())
    assert written["quickbooks"]["environment"] == "production"
    assert written["quickbooks"]["client_id"] == 'an "app"'
    assert written["quickbooks"]["client_secret"] == SECRET
    assert "api_key" not in written["sources"]["commission_factory"]
    assert "Left out: sources.commission_factory.api_key; set CONNECTOR_SOURCES__COMMISSION_FACTORY__API_KEY" in shown


def test_ctrl_c_leaves_everything_as_it_is(tmp_path: Path) -> None:
    code, _ = at_a_terminal(["init"], tmp_path, [("[sandbox]: ", ""), ("Company id", "^C")])

    assert code == 130
    assert list(tmp_path.iterdir()) == []


def test_what_the_options_say_and_what_stands_elsewhere_is_not_asked(
    tmp_path: Path, url: str, elsewhere: dict[str, str]
) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "sources__cake__api_key").write_text(credentials.CAKE_KEY)
    folder = tmp_path / "work"
    words = f"init --realm-id {credentials.REALM_ID} --client-id sandbox-client --source cake --base-url {url}/cake"
    more = {
        "CONNECTOR_QUICKBOOKS__CLIENT_SECRET": credentials.CLIENT_SECRET,
        "CONNECTOR_SECRETS_DIR": str(secrets),
    }

    code, shown = at_a_terminal(
        [*words.split(), "--start-date", "2026-02-01", "--folder", str(folder)],
        tmp_path,
        [("[sandbox]: ", ""), ("Currency", "")],
        {name: value for name, value in elsewhere.items() if "FACTORY" not in name} | more,
    )

    assert code == 0
    assert (folder / "connector.toml").is_file()
    assert not [word for word in ("Company id", "API key (", "client secret,", "Sources (") if word in shown]
    assert "chmod 600" in shown  # the file of the key
    assert credentials.CAKE_KEY not in shown
