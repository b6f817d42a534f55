"""Plain http stays on this machine, whatever an address is made to look like; a company's id is digits."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import SettingsInvalid
from connector.quickbooks.connection import Settings, require_safe
from connector.route import unsafe_in
from connector.settings import SettingsFaults, load
from connector.state.lock import CompanyLock

HERE = ("http://127.0.0.1", "http://127.0.0.1:8800/v3", "http://127.9.9.9", "http://localhost:80", "http://[::1]:8800")
AWAY = (
    "http://127.0.0.1.evil.example",
    "http://127.0.0.1.",
    "http://localhost.evil.example",
    "http://evil.example/127.0.0.1",
    "http://evil.example#127.0.0.1",
    "http://evil.example?@127.0.0.1",
    "http://2130706433",
    "http://0x7f000001",
    "http://0177.0.0.1",
    "http://127.1",
    "http://0.0.0.0",
    "http://[::]",
    "http://[::ffff:127.0.0.1]",
    "http://10.0.0.1",
    "http://169.254.169.254",
    "http://１２７.0.0.1",
    "http://localhοst",
)
NO_ADDRESS = (
    "",
    "evil.example",
    "//127.0.0.1",
    "ftp://127.0.0.1",
    "file:///etc/passwd",
    "http://",
    "http:///x",
    "http://[::1",
    "http://127.0.0.1:port",
    "http://127.0.0.1:99999",
    "http://127.0.0.1\\.evil.example",
    "http://127.0.0.1:80\\.evil.example",
    "http://evil.example\\@127.0.0.1",
    "http://127.0.0.1 .evil.example",
    "http://127.0.0.1\t",
    "javascript:alert(1)",
)
WITH_PASSWORD = (
    "http://localhost@evil.example",
    "http://127.0.0.1:80@evil.example",
    "https://me:secret@example.com",
    "https://me@example.com",
    "https://:secret@example.com",
    "https://@example.com",
)


@pytest.mark.parametrize("url", [*HERE, "https://example.com/v3", "https://127.0.0.1.example.com"])
def test_a_safe_address(url: str) -> None:
    assert unsafe_in(url) is None
    require_safe(url, "api_url")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        *((url, "plain") for url in AWAY),
        *((url, "no-address") for url in NO_ADDRESS),
        *((url, "password") for url in WITH_PASSWORD),
    ],
)
def test_an_address_that_no_secret_may_be_sent_to(url: str, why: str) -> None:
    assert unsafe_in(url) == why
    with pytest.raises(SettingsInvalid):
        require_safe(url, "api_url")


@given(st.text(max_size=40) | st.from_regex(r"https?://[\w.:@\\\[\]/ %-]{0,30}", fullmatch=True))
def test_any_text_is_judged_and_none_breaks_the_judge(url: str) -> None:
    unsafe_in(url)


@pytest.mark.parametrize("url", [AWAY[0], "ftp://127.0.0.1", *WITH_PASSWORD[:3]])
@pytest.mark.parametrize("key", ["api_url", "discovery_url", "base_url"])
def test_the_settings_refuse_it_with_its_place_and_without_its_text(tmp_path: Path, key: str, url: str) -> None:
    value = url.replace("\\", "\\\\")
    quickbooks = f'{key} = "{value}"' if key != "base_url" else ""
    base = value if key == "base_url" else "https://example.com"
    (tmp_path / "connector.toml").write_text(
        f'[quickbooks]\nrealm_id = "1"\n{quickbooks}\n[sources.cake]\ntype = "cake"\nmapping = "m.yaml"\n'
        f'start_date = 2026-01-01\nbase_url = "{base}"\n'
    )
    with pytest.raises(SettingsFaults) as caught:
        load(tmp_path / "connector.toml")
    (fault,) = caught.value.faults
    assert fault.place.startswith(str(tmp_path / "connector.toml:"))
    assert "secret" not in caught.value.what


@pytest.mark.parametrize("realm", ["", "abc", "1/../2", "1?x", "١٢٣", "1" * 21, "1\n", " 1"])
def test_a_companys_id_is_digits_and_nothing_else(tmp_path: Path, realm: str) -> None:
    with pytest.raises(SettingsInvalid):
        Settings("sandbox", realm, "id", "secret")
    if not realm.isascii() or not realm.isalnum() or not realm:
        with pytest.raises(SettingsInvalid):
            CompanyLock(tmp_path, realm)
