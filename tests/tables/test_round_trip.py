"""Export and import without an edit change no byte, whatever a table holds; and an edit changes its own row alone."""

import io
import tempfile
from pathlib import Path

import openpyxl
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from openpyxl.utils.exceptions import IllegalCharacterError

from connector.tables.difference import Difference, difference
from connector.tables.incoming import Incoming, IncomingRow
from connector.tables.saved import SavedTable
from connector.tables.sheet import read_sheet
from connector.tables.to_excel import Export, shown_in_excel, write_table

HOSTILE = (
    "=cmd|' /C calc'!A0",
    "@SUM(1)",
    "+1",
    "-2",
    "\t=1",
    "\x1b[31mred\x1b[0m",
    "\u202egnp.exe",
    "\u200e67890\u200b",
    "<script>alert(1)</script>",
    "Foo [/bar]",
    "https://example.com",
    "_x0041_",
    "_x000D_",
    'say ""yes""',
    "two\nlines",
    "two\r\nlines",
    "0412",
    "1.23457E+17",
    "123456789012345678",
    "TRUE",
    "2026-01-31",
    "\u00a0spaced\u00a0",
    "é" * 500,
    "x" * 40_000,
    "new: fill in vendor",
    "*",
)
QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
"""A workbook takes its time, and what fails is small as it is."""
cells = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12),
)


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """A CSV of ``id``, ``vendor`` and ``remark`` with keys of its own, in any of the ways in which it may be saved."""
    delimiter = draw(st.sampled_from(",;\t"))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    always = draw(st.booleans())

    def written(cell: str) -> str:
        needs = always or any(sign in cell for sign in f'{delimiter}"\r\n') or draw(st.booleans())
        return '"' + cell.replace('"', '""') + '"' if needs else cell

    rows = draw(st.lists(st.tuples(cells, cells, cells), max_size=6))
    lines = [delimiter.join(["id", "vendor", "remark"])]
    lines += [delimiter.join(map(written, row)) for row in rows]
    if draw(st.booleans()):
        lines.insert(draw(st.integers(1, len(lines))), "")
    text = end.join(lines) + (end if draw(st.booleans()) else "")
    return (b"\xef\xbb\xbf" if draw(st.booleans()) else b"") + text.encode()


def exported(saved: SavedTable) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out.xlsx"
        write_table(path, Export("cake.vendors", saved, ("id",), {}, ()))
        return path.read_bytes()


def compared(saved: SavedTable, given: Incoming) -> Difference:
    return difference(saved, given, ("id",), {"id": "text"}, (), shown_in_excel)


def sound(data: bytes) -> SavedTable:
    """The table, with keys of its own: no mapping could use another."""
    saved = SavedTable.of(data, "vendors.csv")
    kept = {record.cells[0]: record for record in saved.rows if record.cells[0]}
    kept = {shown_in_excel(key): record for key, record in kept.items()}
    lines = {record.line for record in kept.values()}
    return SavedTable.of(
        saved.with_records(record for record in saved.records if record.blank or record.line in lines), "vendors.csv"
    )


@settings(deadline=None, phases=QUICK, max_examples=30)
@given(data=tables())
def test_what_nobody_edited_comes_back_byte_for_byte(data: bytes) -> None:
    saved = sound(data)

    found = compared(saved, read_sheet(exported(saved), "out.xlsx", "vendors"))

    assert not found
    assert found.data == saved.data


@settings(deadline=None, phases=QUICK, max_examples=20)
@given(data=tables(), new=cells, which=st.integers(0, 5))
def test_an_edit_changes_its_own_row_and_no_other_byte(data: bytes, new: str, which: int) -> None:
    saved = sound(data)
    if not saved.rows:
        return
    book = openpyxl.load_workbook(io.BytesIO(exported(saved)))
    at = which % len(saved.rows)
    cell = book["vendors"].cell(at + 2, 2)
    try:
        cell.value = new[:300]
    except IllegalCharacterError:
        return  # a spreadsheet takes no such text
    cell.data_type = "s"
    out = io.BytesIO()
    book.save(out)

    found = compared(saved, read_sheet(out.getvalue(), "out.xlsx", "vendors"))

    assert not found.added
    assert not found.removed
    after = SavedTable.of(found.data, "vendors.csv")
    for n, (old, changed) in enumerate(zip(saved.rows, after.rows, strict=True)):
        if n != at:
            assert changed.raw.rstrip("\r\n") == old.raw.rstrip("\r\n")
        assert (changed.cells[0], changed.cells[2]) == (old.cells[0], old.cells[2])
    if found:
        (told,) = found.changed
        assert after.rows[at].cells[1] == told.cells[0][2].strip()


@settings(deadline=None, phases=QUICK, max_examples=30)
@given(rows=st.lists(st.tuples(st.integers(1, 10**6), cells, cells), unique_by=lambda row: row[0], max_size=6))
def test_a_hostile_name_survives_as_it_is(rows: list[tuple[int, str, str]]) -> None:
    """Rows that are new come in through a CSV as they were typed, but for the spaces round them."""
    saved = SavedTable.new("vendors.csv", ("id", "vendor", "remark"))
    records = [saved.added([str(id_), vendor, remark]) for id_, vendor, remark in rows]
    file = SavedTable.of(saved.with_records(records), "in.csv")
    given = Incoming("in.csv", "", file.columns, 1, tuple(IncomingRow(each.line, each.cells) for each in file.rows))

    found = compared(saved, given)

    there = SavedTable.of(found.data, "vendors.csv").rows
    assert [record.cells for record in there] == [record.cells for record in file.rows]
    assert len(found.added) == len(rows)
