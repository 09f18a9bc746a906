"""The company CSV in an all-text temporary table, and the judgement of every row.

All of it in the caller's transaction, at whose end the tables are gone.
"""

import csv
import hashlib
import io
import re
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg import sql

from ov_assets.pqr.content_hash import HASH_TAG
from ov_assets.pqr.csv_contract import COLUMNS, CsvContractError
from ov_assets.rds.connection import query

CHUNK_BYTES = 1 << 18
# COPY of PostgreSQL 14 to 17 takes such a line, outside quotes, for the end of the data.
_END_MARKER = re.compile(rb"[\r\n]\\\.(?=[\r\n]|$)")

# Reason code -> what to look at. A row has one reason: the first of these that holds.
REASONS: dict[str, str] = {
    "caracter_invalido": "holds a NUL character, which PostgreSQL can't store",
    "otra_empresa": "the column empresa names another company, or none",
    "sin_radicado": "numero_radicado is empty",
    "radicado_no_numerico": "numero_radicado is not digits only",
    "radicado_largo": "numero_radicado has more than 50 digits",
    "sin_estado": "estado_solicitud is empty",
    "fecha_invalida": "fecha is not an existing YYYY/MM/DD HH:MM or YYYY-MM-DD HH:MM, with or without :SS",
    "extraido_en_invalido": "extraido_en is not an ISO 8601 instant with an offset",
    "otros_campos_invalidos": "otros_campos is not a JSON object that jsonb can hold",
    "hash_no_coincide": "hash_registro is not the hash of the row: the CSV was edited after it was written",
}


class RejectedRow(NamedTuple):
    """linea: number of the row (header = 1). motivo: a key of REASONS. fields: the raw row by column."""

    linea: int
    motivo: str
    fields: dict[str, str]


class StagedFile(NamedTuple):
    """hash_archivo: SHA-256 of the very bytes staged, hex. nul_mark: what stands for NUL bytes, if any.

    filas: how many rows COPY took.
    """

    hash_archivo: str
    nul_mark: str | None
    filas: int


def stage_file(conn: psycopg.Connection, path: Path) -> StagedFile:
    """COPY the bytes of a CSV into `carga_ov`.

    Raises CsvContractError when the bytes aren't a CSV with the contract's header.
    """
    check_header(path)
    mark: str | None = None
    suspicious = False
    # Hashed on the way: the file may be replaced by a newer one between two readings of it.
    digest = hashlib.sha256()

    def chunks() -> Iterator[bytes]:
        nonlocal mark, suspicious
        tail = b""
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                digest.update(chunk)
                # The regular expression takes ten times as long as the search for what all its matches hold.
                if not suspicious and b"\\." in (seen := tail + chunk):
                    suspicious = _END_MARKER.search(seen) is not None
                tail = chunk[-4:]
                if b"\x00" in chunk:
                    mark = mark or f"nul-{secrets.token_hex(16)}"
                    chunk = chunk.replace(b"\x00", mark.encode())
                yield chunk

    staged = _copy(conn, COLUMNS, chunks(), path.name)
    if suspicious and staged != _count_rows(path):
        raise CsvContractError(f"{path.name}: a line of \\. alone hides the rows after it")
    return StagedFile(digest.hexdigest(), mark, staged)


def stage_rows(conn: psycopg.Connection, rows: Iterable[tuple[int, dict[str, str]]]) -> str | None:
    """Stage rows by themselves, each under the number given for it. Returns the mark of NUL bytes, if any."""
    mark = f"nul-{secrets.token_hex(16)}"
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("linea", *COLUMNS))
    writer.writerows((number, *(fields[name] for name in COLUMNS)) for number, fields in rows)
    text = buffer.getvalue()
    _copy(conn, ("linea", *COLUMNS), iter([text.replace("\x00", mark).encode()]), "rechazos_ov")
    return mark if "\x00" in text else None


def judge(
    conn: psycopg.Connection, company: str, nul_mark: str | None, *, as_written: bool = False
) -> list[RejectedRow]:
    """Judge what is staged into `juicio_ov`; the rejected rows, in the order of the file.

    as_written: the bytes staged are known to be those that company_csv wrote, so that no row's hash has to
    show that nobody edited it.
    """
    given = {"empresa": company, "hash_tag": HASH_TAG, "nul": nul_mark, "integro": as_written}
    conn.execute(query("stage_judge"), given)
    conn.execute(query("stage_analyze"))
    columns = sql.SQL(", ").join(sql.Identifier("c", name) for name in COLUMNS)
    rejected = []
    for linea, motivo, *values in conn.execute(query("stage_rejected").format(columnas=columns)):
        texts = (value or "" for value in values)
        restored = (text.replace(nul_mark, "\x00") for text in texts) if nul_mark else texts
        rejected.append(RejectedRow(linea, motivo, dict(zip(COLUMNS, restored, strict=True))))
    return rejected


def check_header(path: Path) -> None:
    """Raises CsvContractError unless the first line is the contract's header."""
    if not path.is_file():
        raise CsvContractError(f"{path.name}: no such file; materialize company_csv for this partition first")
    with path.open("rb") as file:
        if file.readline().rstrip(b"\r\n") != ",".join(COLUMNS).encode():
            raise CsvContractError(f"{path.name}: the header isn't that of the contract")


def _copy(conn: psycopg.Connection, columns: Iterable[str], chunks: Iterator[bytes], name: str) -> int:
    conn.execute(query("stage_create"))
    names = sql.SQL(", ").join(sql.Identifier(column) for column in columns)
    broken: str | None = None
    try:
        with conn.cursor() as cursor:
            with cursor.copy(query("stage_copy").format(columnas=names)) as copy:
                for chunk in chunks:
                    copy.write(chunk)
            return cursor.rowcount
    except (psycopg.errors.BadCopyFileFormat, psycopg.errors.CharacterNotInRepertoire) as error:
        broken = type(error).__name__
    raise CsvContractError(f"{name}: not a UTF-8 CSV with {len(COLUMNS)} fields a row ({broken})")


def _count_rows(path: Path) -> int:
    with path.open(encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.reader(file)) - 1
