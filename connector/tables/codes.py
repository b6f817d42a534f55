"""What ``connector help CODE`` says of a table that is imported or exported."""

from collections.abc import Mapping
from typing import Final

__all__ = ["CODES"]

CODES: Final[Mapping[str, tuple[str, str]]] = {
    "table-unknown": (
        "no mapping has such a table",
        "Tables are called as the mappings call them, under tables: vendors, or cake.vendors with the source's name.",
    ),
    "table-ambiguous": (
        "several sources have a table of this name",
        "Write the source's name before it, with a point between: cake.vendors.",
    ),
    "table-changed": (
        "somebody saved the table meanwhile",
        "Between the reading of the table and your yes its file changed. Nothing was written; run the import again.",
    ),
    "file-not-readable": (
        "a file cannot be read",
        "It is not there, or you may not read it. Name the file that was saved.",
    ),
    "table-file": (
        "this file holds no table",
        (
            "Imported are Excel workbooks (.xlsx) and CSV files in UTF-8 with commas, semicolons or tabs. Old .xls "
            "files, workbooks with a password and those of other programs are saved again as Excel Workbook (.xlsx)."
        ),
    ),
    "table-sheet": (
        "which sheet is meant cannot be told",
        (
            "The sheet that bears the table's name is read, or else the only one that can be seen. Hidden sheets are "
            "not read; hidden rows and columns are."
        ),
    ),
    "table-columns": (
        "the headings do not do",
        (
            "The first row names the columns as the table does, each once, and the columns that choose the row must be "
            "there. Other columns may be left out: what stands in them stays."
        ),
    ),
    "table-cell": (
        "a cell cannot be read as a text",
        (
            "Cells hold text. A number up to 15 digits, a date and the value of a formula are read as they show. A "
            "formula that was never worked out, an error, a time and a percentage are not guessed at: format the "
            "column as Text and type what is meant."
        ),
    ),
    "table-merged": (
        "cells are merged into one",
        (
            "Only the first of merged cells holds anything. In Excel: Home, Merge & Center, Unmerge Cells; then fill "
            "in every cell."
        ),
    ),
    "table-key": (
        "a key that is empty, or that Excel changed",
        (
            "Excel takes ids for numbers and dates: it keeps 15 digits, drops noughts in front, makes a date of 1-2. "
            "Such a key matches no invoice. Format the column as Text first, then type the id anew. A workbook of "
            "connector table export has text columns already."
        ),
    ),
    "table-key-twice": (
        "a key stands twice in the file",
        "Two rows would serve the same key, and which one is meant cannot be told. Delete one of them.",
    ),
}
