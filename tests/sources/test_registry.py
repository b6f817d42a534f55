"""Sources are found by their registration, and finding one costs no HTTP client."""

import subprocess
import sys

import pytest

from connector.errors import SettingsInvalid
from connector.sources.cake import Cake
from connector.sources.commission_factory import CommissionFactory
from connector.sources.registry import source_type, source_types


def test_every_registered_source_is_found() -> None:
    assert source_types() == {"cake": Cake, "commission_factory": CommissionFactory}
    assert all(found.type == name for name, found in source_types().items())


def test_an_unknown_type_gets_a_suggestion() -> None:
    with pytest.raises(SettingsInvalid) as caught:
        source_type("comission_factory")
    assert (caught.value.code, caught.value.remedy) == ("source-type", "did you mean commission_factory?")
    with pytest.raises(SettingsInvalid) as caught:
        source_type("zzz")
    assert caught.value.remedy == "the types are: cake, commission_factory"


def test_reading_a_record_loads_no_http_client() -> None:
    program = (
        "import sys\n"
        "from connector.sources.registry import source_types\n"
        "source_types()\n"
        "print([name for name in ('requests', 'urllib3', 'tenacity', 'defusedxml', 'sqlite3') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
