"""No error of a library and no value's own description echoes what it was given."""

from datetime import UTC, datetime

import pytest
from project import Project
from pydantic import BaseModel, ValidationError
from sqlalchemy import insert

from connector.errors import ConnectorError, ServiceDown
from connector.network import Network
from connector.quickbooks.connection import Settings as Company
from connector.quickbooks.signin import SignIn, Stored
from connector.quickbooks.tokens import Tokens
from connector.report.columns import safe
from connector.sandbox.credentials import CAKE_KEY
from connector.settings import Settings, sections
from connector.sources.source import Connection
from connector.state.store import State
from connector.state.tables import SignInRow
from connector.state.transactions import core
from connector.sync.pulling import Puller

CANARY = "canary-secret"
SECTIONS = [
    section
    for section in vars(sections).values()
    if isinstance(section, type) and issubclass(section, BaseModel) and section is not BaseModel
]


def test_a_value_that_holds_a_secret_does_not_describe_it() -> None:
    settings = Settings.model_validate(
        {
            "quickbooks": {"realm_id": "1", "client_id": "id", "client_secret": CANARY, "refresh_token": CANARY},
            "network": {"proxy": f"http://me:{CANARY}@proxy:3128"},
            "state": {"key": CANARY},
            "notify": {
                "email": {"to": ["ap@example.com"], "smtp": f"smtp://me:{CANARY}@mail"},
                "webhook": f"https://hooks.example.com/{CANARY}",
            },
            "sources": {
                "cake": {
                    "type": "cake",
                    "base_url": "https://example.com",
                    "api_key": CANARY,
                    "mapping": "m.yaml",
                    "start_date": "2026-01-01",
                }
            },
        }
    )
    now = datetime.now(UTC)
    company = Company("sandbox", "1", "id", CANARY, network=Network(proxy=f"http://me:{CANARY}@proxy"))
    values = [
        settings,
        settings.network_to("cake"),
        settings.quickbooks.client_secret,
        company,
        SignIn(company, None, CANARY),  # type: ignore[arg-type]
        Stored(CANARY, CANARY, CANARY, now, None, None, now, "1", now),
        Tokens(CANARY, CANARY, 1, None, None),
        Connection("cake", "https://example.com", CANARY, network=company.network),
    ]
    for value in values:
        for shown in (repr(value), str(value), f"{value}", format(value)):
            assert CANARY not in shown, type(value)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__)
def test_the_settings_library_does_not_echo_what_it_was_given(section: type[BaseModel]) -> None:
    with pytest.raises(ValidationError) as caught:
        section.model_validate({"no-such-key": CANARY, "realm_id": [CANARY], "type": {CANARY: 1}})
    assert CANARY not in str(caught.value)


def test_the_databases_library_does_not_echo_what_it_was_given(tmp_path) -> None:
    state = State.open(f"sqlite:///{tmp_path / 'state.db'}")
    row = {"company": "1", "environment": "sandbox", "secret": CANARY, "updated": None}
    with pytest.raises(ConnectorError) as caught, state.write() as t:
        t.execute(insert(core(SignInRow)), [row])
    chain: list[str] = []
    error: BaseException | None = caught.value
    while error is not None:
        chain.append(f"{error!s} {error!r}")
        error = error.__cause__ or error.__context__
    assert len(chain) > 1
    assert CANARY not in " ".join(chain)
    state.close()


@pytest.mark.parametrize(
    "name", ["\x1b[2J\x1b[31mgone", "\x9b31m", "a\rb", "\u202egnp.exe", "\u2066x", "\x07", "\x08" * 9, "a\nb"]
)
def test_no_name_acts_on_a_terminal(name: str) -> None:
    shown = safe(name, 100)
    assert shown.isprintable() or shown.replace("\ufffd", "").isprintable()
    assert not set("\x1b\x9b\r\n\x07\x08\u202e\u2066") & set(shown)


def test_a_trouble_that_quotes_a_secret_is_kept_and_told_without_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def quoting(*_: object, **__: object) -> None:
        raise ServiceDown(f"{CAKE_KEY} is busy", code="source-down", remedy=f"wait, {CAKE_KEY}")

    monkeypatch.setattr(Puller, "load", quoting)

    ran = project.sync(code=5)

    assert [(each["what"], each["remedy"]) for each in ran.json["problems"]] == [("… is busy", "wait, …")]
    assert not [path for path in project.folder.glob("state.db*") if CAKE_KEY.encode() in path.read_bytes()]
