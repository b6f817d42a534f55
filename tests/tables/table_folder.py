"""A folder with settings and mappings whose services nobody serves: tables are edited without them."""

import datetime
from pathlib import Path
from typing import Any

import openpyxl
from project import Project, Ran

VENDORS = "mappings/cake.vendors.csv"


class TableFolder(Project):
    """Tables and workbooks of one project, as a person edits them."""

    @property
    def vendors(self) -> Path:
        return self.folder / VENDORS

    def export(self, table: str = "cake.vendors", *options: str) -> Ran:
        ran = self.run("table", "export", table, "-o", "out.xlsx", *options)
        assert ran.code == 0, ran.said
        return ran

    def rows(self, sheet: str = "vendors") -> list[dict[str, Any]]:
        """A sheet of the export, by its headings."""
        head, *rows = openpyxl.load_workbook(self.folder / "out.xlsx")[sheet].iter_rows(values_only=True)
        return [dict(zip(head, row, strict=True)) for row in rows]

    def edit(self, **cells: object) -> None:
        """Type over cells of the export: ``A2="…"``."""
        book = openpyxl.load_workbook(self.folder / "out.xlsx")
        for at, value in cells.items():
            book["vendors"][at] = value
            if isinstance(value, str):
                book["vendors"][at].data_type = "s"
        book.save(self.folder / "out.xlsx")

    def bring(self, file: str = "out.xlsx", *options: str, table: str = "cake.vendors") -> Ran:
        return self.run("table", "import", file, table, "--yes", *options)

    @property
    def today(self) -> str:
        """The day on which the state says that everything was first seen, UTC."""
        return datetime.datetime.now(datetime.UTC).date().isoformat()
