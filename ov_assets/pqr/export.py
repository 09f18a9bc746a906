"""A copy of a company CSV for people: what a spreadsheet would take for a formula is made harmless text.

The company CSV itself is never changed: its values are evidence, and its hashes are of them as they are.
"""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import xlsxwriter

from ov_assets.pqr.csv_contract import COLUMNS
from ov_assets.pqr.files import replace_atomically

# What Excel, LibreOffice and Google Sheets take for the start of a formula (OWASP, "CSV Injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
CELL_MAX_CHARACTERS = 32_767  # Excel's own limit
CUT_MARK = " […]"
# Without it Excel reads UTF-8 as Windows-1252.
BYTE_ORDER_MARK = "\ufeff"
# Any fixed moment, so that the same rows give the same bytes.
CREATED = datetime(2025, 1, 1)  # noqa: DTZ001


def harmless(text: str) -> str:
    """The text, behind an apostrophe if a spreadsheet would run it."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def write_csv_copy(path: Path, rows: Iterable[dict[str, str]]) -> None:
    """Write a CSV that a double click opens with its accents right."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([harmless(row[name]) for name in COLUMNS] for row in rows)
    replace_atomically(path, (BYTE_ORDER_MARK + buffer.getvalue()).encode())


def write_xlsx_copy(path: Path, rows: Iterable[dict[str, str]]) -> None:
    """Write a sheet in which every cell is text; a text longer than Excel's limit is cut, with a mark."""
    buffer = io.BytesIO()
    as_text = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, as_text | {"in_memory": True}) as book:
        book.set_properties({"created": CREATED})
        sheet = book.add_worksheet("PQR")
        sheet.freeze_panes(1, 2)
        for column, name in enumerate(COLUMNS):
            sheet.write_string(0, column, name, book.add_format({"bold": True}))
        for line, row in enumerate(rows, start=1):
            for column, name in enumerate(COLUMNS):
                if row[name]:
                    sheet.write_string(line, column, _fitting(harmless(row[name])))
    replace_atomically(path, buffer.getvalue())


def _fitting(text: str) -> str:
    if len(text) <= CELL_MAX_CHARACTERS:
        return text
    return text[: CELL_MAX_CHARACTERS - len(CUT_MARK)] + CUT_MARK
