"""Rejected rows, tried again under the rules in force."""

import csv
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
from cryptography.fernet import InvalidToken

from ov_assets.companies import COMPANIES
from ov_assets.pqr.csv_contract import COLUMNS
from ov_assets.pqr.files import sha256_of
from ov_assets.rds.connection import RdsError, UnknownCompanyError, private_errors, query
from ov_assets.rds.loader import LOCK_WAIT_SECONDS, publish, take_turn
from ov_assets.rds.locks import advisory_lock
from ov_assets.rds.rejects import cipher
from ov_assets.rds.staging import REASONS, judge, stage_rows


class WrongRowKeyError(RdsError):
    """A rejected row was encrypted with another key than the one given."""


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """Counts of pending rejects of one company and date.

    reingresadas: acceptable now, and in the table (or there already, from the same or a later capture).
    siguen: rejected again. sin_fila: the raw row is nowhere to be had: load a new CSV of the partition.
    """

    reingresadas: int = 0
    siguen: int = 0
    sin_fila: int = 0


@dataclass(frozen=True, slots=True)
class PendingReject:
    """A reject that waits. fila_cifrada: the raw row, if a key was given when it was rejected."""

    id: int
    archivo: str
    archivo_hash: str
    linea: int
    numero_radicado: str | None
    motivo: str
    detalle: str
    fila_cifrada: bytes | None
    visto_primero: datetime
    visto_ultimo: datetime

    def row(self, raw_row_key: str | bytes | None) -> dict[str, str] | None:
        """The raw row by column; None without a key or without a row. Raises WrongRowKeyError."""
        if self.fila_cifrada is None or raw_row_key is None:
            return None
        try:
            return json.loads(cipher(raw_row_key).decrypt(self.fila_cifrada))
        except InvalidToken:
            raise WrongRowKeyError(f"reject {self.id}: not encrypted with the key given") from None


@private_errors
def pending_rejects(conn: psycopg.Connection, company: str, day: date) -> list[PendingReject]:
    """The rejects of a partition that wait, in the order of their files."""
    with conn.transaction():
        rows = conn.execute(query("rejects_pending"), {"empresa": company, "fecha": day}).fetchall()
    return [PendingReject(*row) for row in rows]


@private_errors
def replay(
    conn: psycopg.Connection,
    company: str,
    day: date,
    csv_path: Path | None = None,
    raw_row_key: str | bytes | None = None,
) -> ReplayResult:
    """Try the pending rejects of a partition again; those that pass are loaded and marked `reingresado`.

    The raw row comes from its encrypted copy, else from `csv_path` when that is the very file (by SHA-256).
    Raises WrongRowKeyError, LockBusyError, CountsDisagreeError, UnknownCompanyError, DatabaseDownError,
    DatabaseError; nothing is changed then.
    """
    if company not in COMPANIES:
        raise UnknownCompanyError
    with (
        advisory_lock(conn, "carga", company, day.isoformat(), wait_seconds=LOCK_WAIT_SECONDS),
        conn.transaction(),
    ):
        take_turn(conn, company)
        pending = pending_rejects(conn, company, day)
        in_file = _rows_of_file(csv_path, pending)
        by_file: dict[str, dict[int, dict[str, str]]] = defaultdict(dict)
        for reject in pending:
            row = reject.row(raw_row_key) or in_file.get((reject.archivo_hash, reject.linea))
            if row is not None:
                by_file[reject.archivo_hash][reject.id] = row
        results = [_replay_rows(conn, company, digest, rows) for digest, rows in by_file.items()]
    tried = sum(len(rows) for rows in by_file.values())
    entered = sum(results)
    return ReplayResult(entered, tried - entered, len(pending) - tried)


def _replay_rows(
    conn: psycopg.Connection, company: str, archivo_hash: str, rows: dict[int, dict[str, str]]
) -> int:
    """Rows of one file, each staged under the id of its reject; how many entered."""
    rejected = judge(conn, company, stage_rows(conn, rows.items()))
    publish(conn, company, archivo_hash, len(rows))
    again: list[dict[str, Any]] = [
        {"id": row.linea, "motivo": row.motivo, "detalle": REASONS[row.motivo]} for row in rejected
    ]
    if again:
        with conn.cursor() as cursor:
            cursor.executemany(query("rejects_again"), again)
    entered = rows.keys() - {row["id"] for row in again}
    conn.execute(query("rejects_entered"), {"ids": list(entered)})
    conn.execute(query("stage_drop"))
    return len(entered)


def _rows_of_file(path: Path | None, pending: list[PendingReject]) -> dict[tuple[str, int], dict[str, str]]:
    """The raw rows of those rejects that come from this very file."""
    if path is None or not path.is_file():
        return {}
    digest = sha256_of(path)
    lines = {reject.linea for reject in pending if reject.archivo_hash == digest}
    if not lines:
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {
            (digest, line): dict(zip(COLUMNS, row, strict=True))
            for line, row in enumerate(csv.reader(file), start=1)
            if line in lines
        }
