"""Writes a report of so many rows in a process of its own: ``reported_rows.py FORMAT ROWS FILE``."""

import sys
from pathlib import Path

from made_reconciliation import COMPANY, half_a_year, made

from connector.report.reconciliation_csv import write_csv
from connector.report.reconciliation_html import write_html
from connector.report.reconciliation_xlsx import write_xlsx

WRITERS = {"csv": write_csv, "html": write_html}

if __name__ == "__main__":
    form, rows, path = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    # In portions, as the rows of a real comparison come and go.
    found = made(row for n in range(0, rows, 500) for row in half_a_year(500))
    if form == "xlsx":
        write_xlsx(path, found, COMPANY)
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            WRITERS[form](file, found, COMPANY)
