"""Every fault of the settings: a broken file beside the exact words it gets."""

import os
from pathlib import Path

import pytest

from connector import log
from connector.settings import SettingsFaults, load
from connector.settings.values import Unfit

FAULTS = Path(__file__).parent / "faults"
CASES = sorted(path.stem for path in FAULTS.glob("*.toml"))


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("CONNECTOR_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(FAULTS)
    # Other tests of this process have secrets of their own, and words of these files may be among them.
    monkeypatch.setattr(log, "_hidden", set())
    monkeypatch.setattr(log, "_tokens", set())
    monkeypatch.setattr(log, "_pattern", None)


@pytest.mark.parametrize("case", CASES)
def test_a_broken_file_gets_exactly_these_words(case: str) -> None:
    with pytest.raises(SettingsFaults) as caught:
        load(Path(f"{case}.toml"))

    words = Path(f"{case}.txt")
    if os.environ.get("GOLDEN") == "write":
        words.write_text(caught.value.what + "\n")
    assert caught.value.what + "\n" == words.read_text()


@pytest.mark.parametrize("case", CASES)
def test_no_fault_shows_a_secret_or_the_words_of_a_library(case: str) -> None:
    with pytest.raises(SettingsFaults) as caught:
        load(Path(f"{case}.toml"))

    told = [caught.value.what, caught.value.remedy, *(fault.render() for fault in caught.value.faults)]
    for text in told:
        assert "canary" not in text
        assert "pydantic" not in text
        assert "Input should" not in text
        assert "Field required" not in text


def test_every_way_a_value_can_be_unfit_has_a_case() -> None:
    source = Path(Unfit.__init__.__code__.co_filename).read_text()
    # The fixed part of every message that values.py can give.
    given = "\n".join(path.read_text() for path in FAULTS.glob("*.txt"))
    messages = [part.split('"')[1] for part in source.split("raise Unfit(")[1:] if '"' in part.split("\n")[0]]
    fixed = [message.split("{")[0].strip() for message in messages]

    assert len(fixed) > 20
    assert [message for message in fixed if message and message not in given] == []
