"""A small mapping to bend, written and read."""

from collections.abc import Callable
from pathlib import Path

import pytest
from mapping_records import VENDORS, form_text

from connector.mapping import Mapping, load
from connector.sources.cake import Cake


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Mapping]:
    """Writes a mapping with its table into a folder of its own and loads it."""

    def built(*, vendors: str | bytes = VENDORS, declaration: type = Cake, **sections: object) -> Mapping:
        (tmp_path / "cake.yaml").write_text(form_text(**sections), encoding="utf-8")
        data = vendors if isinstance(vendors, bytes) else vendors.encode()
        (tmp_path / "vendors.csv").write_bytes(data)
        return load(tmp_path / "cake.yaml", declaration, root=tmp_path)

    return built
