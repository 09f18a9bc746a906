"""A synthetic company CSV, and a few questions to the tables."""

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from ov_assets.pqr.csv_contract import row_of, write_company_csv, write_rejects_csv
from ov_assets.pqr.files import sha256_of
from ov_assets.pqr.manifest import Clase
from ov_assets.pqr.record import FIELDS, Pqr
from ov_assets.rds.connection import connect
from ov_assets.rds.files_on_record import FileOnRecord
from ov_assets.rds.loader import LoadResult, load_partition

DAY = date(2025, 10, 13)
T0 = datetime(2025, 10, 14, 9, 0, tzinfo=UTC)
Row = dict[str, str]


def pqr(number: int, **changed: str) -> Pqr:
    """A made-up claim; no value belongs to a person."""
    shown = {name: f"{name} {number}" for name in FIELDS} | {
        "numero_radicado": f"{number:08d}",
        "fecha": "2025/10/13 08:30",
        "estado_solicitud": "Finalizado",
    }
    return Pqr.of(shown | changed)


def row(number: int, *, at: datetime = T0, company: str = "afinia", **changed: str) -> Row:
    """One line of the CSV, its hash in order."""
    return row_of(company, pqr(number, **changed), at)


def later(hours: float = 1) -> datetime:
    return T0 + timedelta(hours=hours)


def csv_file(folder: Path, rows: Sequence[Row]) -> FileOnRecord:
    """Write the CSV of DAY and its (empty) rejects; the file as it goes on record."""
    path = folder / f"{DAY}.csv"
    write_company_csv(path, rows)
    write_rejects_csv(folder / f"{DAY}.rechazos.csv", [])
    return FileOnRecord(
        "", Clase.CSV, path.name, sha256_of(path), path.stat().st_size, f"csv/afinia/{path.name}"
    )


def load(
    database: dict[str, Any],
    folder: Path,
    rows: Sequence[Row] | None,
    company: str = "afinia",
    **options: Any,
) -> LoadResult:
    """Write `rows` (None: what is there) and load them as the partition of DAY."""
    files = [] if rows is None else [csv_file(folder, rows)]
    options = {"files": files, "run_id": "prueba"} | options
    with connect(database) as conn:
        return load_partition(
            conn, company, DAY, folder / f"{DAY}.csv", folder / f"{DAY}.rechazos.csv", **options
        )


def fetch(database: dict[str, Any], statement: str, **names: str) -> list[tuple[Any, ...]]:
    """The rows of a query, instants in UTC; `{name}` in it stands for an identifier."""
    with psycopg.connect(**database) as conn:
        conn.execute("SET TIME ZONE 'UTC'")
        composed = sql.SQL(statement).format(**{key: sql.Identifier(name) for key, name in names.items()})
        return conn.execute(composed).fetchall()


def dead_rows(database: dict[str, Any], table: str) -> int:
    """Rows that were rewritten or deleted since the table was made, as PostgreSQL counts them."""
    deadline = time.monotonic() + 5
    statement = (
        "SELECT n_tup_ins, n_tup_upd + n_tup_del + n_dead_tup FROM pg_stat_user_tables WHERE relname = {name}"
    )
    while True:  # counters arrive a moment after the session that caused them ends
        with psycopg.connect(**database) as conn:
            [(inserted, dead)] = conn.execute(sql.SQL(statement).format(name=sql.Literal(table))).fetchall()
        if inserted or time.monotonic() > deadline:
            return dead
        time.sleep(0.05)
