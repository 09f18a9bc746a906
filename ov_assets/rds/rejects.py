"""Rows that can't be loaded: how many are too many, and what is kept of them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from cryptography.fernet import Fernet, MultiFernet

from ov_assets.pqr.csv_contract import read_rejects_csv
from ov_assets.pqr.files import sha256_of
from ov_assets.pqr.record import RADICADO
from ov_assets.rds.connection import RdsError, private_errors, query
from ov_assets.rds.staging import REASONS, RejectedRow


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How many rejected rows a partition may have and still be published.

    max_rows: a count. max_share: a fraction of all rows, looked at from `share_from_rows` rows on.
    """

    max_rows: int = 50
    max_share: float = 0.20
    share_from_rows: int = 10

    def exceeded(self, rejected: int, total: int) -> bool:
        return rejected > self.max_rows or (
            total >= self.share_from_rows and rejected > self.max_share * total
        )


class TooManyRejectsError(RdsError):
    """A partition has more rejected rows than its thresholds allow; nothing of it was published.

    The rejects are on record in `rechazos_ov`. motivos: how many for each reason.
    """

    def __init__(self, company: str, day: date, total: int, motivos: dict[str, int]) -> None:
        self.motivos = motivos
        rejected = sum(motivos.values())
        reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(motivos.items()))
        super().__init__(f"{company} {day}: {rejected} of {total} rows rejected ({reasons}); none was loaded")


@dataclass(frozen=True, slots=True)
class RejectOnRecord:
    """One row for `rechazos_ov`. detalle: what to look at, never a value."""

    archivo: str
    archivo_hash: str
    linea: int
    numero_radicado: str | None
    motivo: str
    detalle: str
    fila_cifrada: bytes | None


def cipher(raw_row_key: str | bytes) -> MultiFernet:
    """Of one Fernet key or several, apart by commas: the first one encrypts, each of them decrypts."""
    keys = raw_row_key.decode() if isinstance(raw_row_key, bytes) else raw_row_key
    return MultiFernet([Fernet(key.strip()) for key in keys.split(",")])


def rejects_of_load(
    rows: Iterable[RejectedRow], archivo: str, archivo_hash: str, raw_row_key: str | bytes | None
) -> list[RejectOnRecord]:
    """What to keep of rows that judging rejected: the row itself only encrypted, only with a key."""
    fernet = cipher(raw_row_key) if raw_row_key else None
    return [
        RejectOnRecord(
            archivo,
            archivo_hash,
            row.linea,
            _radicado(row.fields["numero_radicado"]),
            row.motivo,
            REASONS[row.motivo],
            fernet.encrypt(json.dumps(row.fields).encode()) if fernet else None,
        )
        for row in rows
    ]


def rejects_of_csv(path: Path | None) -> tuple[list[RejectOnRecord], str]:
    """The captures that company_csv had to leave out, and the SHA-256 of the file that says so.

    Raises CsvContractError for a file that isn't one of rejects.
    """
    if path is None:
        return [], ""
    digest = sha256_of(path) if path.is_file() else ""
    rows = enumerate(read_rejects_csv(path), start=2)
    return [
        RejectOnRecord(
            path.name,
            digest,
            line,
            _radicado(row["numero_radicado"]),
            row["motivo"].replace("\x00", ""),
            row["detalle"].replace("\x00", ""),
            None,
        )
        for line, row in rows
    ], digest


def record_rejects(
    conn: psycopg.Connection, company: str, day: date, rejects: Iterable[RejectOnRecord]
) -> None:
    """Put rejects on record, in the caller's transaction; one that is there already was seen again."""
    rows = [
        {
            "empresa": company,
            "fecha": day,
            "archivo": reject.archivo,
            "archivo_hash": reject.archivo_hash,
            "linea": reject.linea,
            "numero_radicado": reject.numero_radicado,
            "motivo": reject.motivo,
            "detalle": reject.detalle,
            "fila_cifrada": reject.fila_cifrada,
        }
        for reject in rejects
    ]
    if rows:
        with conn.cursor() as cursor:
            cursor.executemany(query("rejects_record"), rows)


@private_errors
def summary(conn: psycopg.Connection, company: str | None, day: date | None) -> list[tuple[Any, ...]]:
    """The rejects that wait, of one or all companies and days, counted by reason.

    Each (company, day, reason, rows, rows kept encrypted, first seen, last seen), oldest day first.
    """
    with conn.transaction():
        found = conn.execute(query("rejects_summary"), {"empresa": company, "fecha": day})
        return found.fetchall()


def _radicado(text: str) -> str | None:
    # What stands in its place may be anything, a name too: only a radicado is kept in the clear.
    return text if RADICADO.fullmatch(text) else None
