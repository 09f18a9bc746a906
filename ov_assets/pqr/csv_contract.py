"""The company CSV: fixed header and order, all text, UTF-8, RFC 4180, the same bytes for the same captures.

Source of the format: RFC 4180 (comma, CRLF, minimal quoting, doubled quotes), with a header line.
An empty field is "no value"; the words NULL, NaN and None are text like any other.
"""

import csv
import hashlib
import io
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from ov_assets.pqr.content_hash import hash_registro
from ov_assets.pqr.files import replace_atomically
from ov_assets.pqr.record import FIELDS, Pqr

csv.field_size_limit(sys.maxsize)  # a complaint may be longer than the 131,072 characters of the default

COLUMNS: tuple[str, ...] = (
    "empresa",
    "numero_radicado",
    *(name for name in FIELDS if name != "numero_radicado"),
    "otros_campos",
    "hash_registro",
    "extraido_en",
)
REJECT_COLUMNS: tuple[str, ...] = ("empresa", "numero_radicado", "motivo", "detalle")


class CsvContractError(Exception):
    """A file isn't a company CSV of this contract. Materialize company_csv for this partition again."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A captured PQR that can't stand in the CSV.

    motivo: reason code. detalle: what to look at, never a field's value.
    """

    empresa: str
    numero_radicado: str
    motivo: str
    detalle: str


def csv_path(data_dir: Path, company: str, day: date) -> Path:
    return data_dir / "csv" / company / f"{day.isoformat()}.csv"


def rejects_path(data_dir: Path, company: str, day: date) -> Path:
    return data_dir / "csv" / company / f"{day.isoformat()}.rechazos.csv"


def row_of(company: str, pqr: Pqr, extraido_en: datetime) -> dict[str, str]:
    """One line of the CSV, by column."""
    others = (
        json.dumps(dict(pqr.otros_campos), ensure_ascii=False, sort_keys=True) if pqr.otros_campos else ""
    )
    return {
        "empresa": company,
        **pqr.business_fields(),
        "otros_campos": others,
        "hash_registro": hash_registro(pqr),
        "extraido_en": extraido_en.isoformat(),
    }


def _to_bytes(columns: tuple[str, ...], rows: Iterable[dict[str, str]]) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()


def write_company_csv(path: Path, rows: Iterable[dict[str, str]]) -> None:
    """Write the CSV in one step, ordered by radicado, and its checksum beside it, as `sha256sum` would."""
    data = _to_bytes(COLUMNS, sorted(rows, key=lambda row: row["numero_radicado"]))
    replace_atomically(path, data)
    checksum = f"{hashlib.sha256(data).hexdigest()}  {path.name}\n"
    replace_atomically(_checksum_path(path), checksum.encode())


def written_sha256(path: Path) -> str | None:
    """SHA-256, hex, of a company CSV as it was written; None when nobody noted it. Whoever edits the CSV
    leaves this as it was, so that its rows are looked at one by one."""
    noted = _checksum_path(path)
    return noted.read_text("ascii").partition(" ")[0] if noted.is_file() else None


def _checksum_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def write_rejects_csv(path: Path, rejects: Iterable[Reject]) -> None:
    """Write the rejects beside the CSV, header alone when there are none."""
    rows = [{name: getattr(reject, name) for name in REJECT_COLUMNS} for reject in rejects]
    replace_atomically(path, _to_bytes(REJECT_COLUMNS, sorted(rows, key=lambda row: row["numero_radicado"])))


def read_company_csv(path: Path) -> list[dict[str, str]]:
    """All rows as text. Raises CsvContractError for a missing file, another header or a ragged line."""
    return _read(path, COLUMNS)


def read_rejects_csv(path: Path) -> list[dict[str, str]]:
    """All rejects as text. Raises CsvContractError like `read_company_csv`."""
    return _read(path, REJECT_COLUMNS)


def _read(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    if not path.is_file():
        raise CsvContractError(
            f"{path.name}: no such file in {path.parent.name}; materialize company_csv first"
        )
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        try:
            if tuple(reader.fieldnames or ()) != columns:
                raise CsvContractError(f"{path.name}: the header isn't that of the contract")
            rows = list(reader)
        except (csv.Error, UnicodeDecodeError) as error:
            raise CsvContractError(f"{path.name}: not a readable CSV ({type(error).__name__})") from error
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise CsvContractError(f"{path.name}: row {number} has another number of fields")
    return rows
