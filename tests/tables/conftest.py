"""Folders of tables, with the services that only what waits needs, and without."""

from pathlib import Path

import pytest
from table_folder import TableFolder

from connector.sandbox.server import Sandbox


@pytest.fixture
def folder(tmp_path: Path) -> TableFolder:
    """Nobody listens at its addresses."""
    return TableFolder(tmp_path, "http://127.0.0.1:9")


@pytest.fixture
def company(services: Sandbox, tmp_path: Path) -> TableFolder:
    """With the pretend services: nobody is owed anything, and the table alone says who is paid as whom."""
    company = TableFolder(tmp_path, services.url)
    company.control("reset", {})
    services.world.cake.clear()
    services.world.commission_factory.clear()
    services.world.version += 1
    mapping = company.folder / "mappings/cake.yaml"
    text = mapping.read_text().replace("<vendors.vendor or affiliate_name>", "<vendors.vendor>")
    mapping.write_text(text.partition("\nexamples:")[0])
    return company
