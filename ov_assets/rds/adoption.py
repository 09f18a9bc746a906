"""The predecessor's rows and objects get their files, or a note; nothing of theirs is dropped.

The predecessor filed under the SGC number, or what stood in its place; the company's table says which
radicados that may have been. All raise RdsError.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import psycopg
from psycopg.rows import class_row

from ov_assets.rds.connection import company_query, private_errors, query
from ov_assets.rds.reconcile import File, Row


@dataclass(frozen=True, slots=True)
class Link:
    """A row whose object has the bytes of this file, verified by the caller."""

    id: int
    archivo_id: int
    etag: str


@dataclass(frozen=True, slots=True)
class Note:
    """An object that gets a row without a file.

    tamano: bytes. motivo: a code. cuarentena: the key of its copy, when it is nobody's; else None.
    """

    empresa: str
    clave: str
    hash_archivo: str
    tamano: int
    etag: str
    motivo: str
    cuarentena: str | None = None


@private_errors
def numbers(conn: psycopg.Connection, company: str, named: Iterable[str]) -> dict[str, frozenset[str]]:
    """What claims were called → the radicados that may be meant; nothing for what no PQR is called.

    Raises UnknownCompanyError too.
    """
    found: dict[str, set[str]] = defaultdict(set)
    with conn.transaction():
        params = {"numeros": sorted(set(named) - {""})}
        for number, radicado in conn.execute(company_query("adoption_claims", company), params):
            found[number].add(radicado)
    return {number: frozenset(radicados) for number, radicados in found.items()}


@private_errors
def candidates(
    conn: psycopg.Connection, bucket: str, company: str, day: date
) -> tuple[list[Row], list[File]]:
    """Rows without a file that have the bytes of a file of this day, and all the files they may belong to."""
    params: dict[str, object] = {"bucket": bucket, "empresa": company, "fecha": day}
    with conn.transaction():
        rows = conn.cursor(row_factory=class_row(Row)).execute(query("adoption_rows"), params).fetchall()
        if not rows:
            return [], []
        params["hashes"] = sorted({row.hash_archivo for row in rows if row.hash_archivo})
        files = conn.cursor(row_factory=class_row(File)).execute(query("adoption_files"), params)
        return rows, files.fetchall()


@private_errors
def link(conn: psycopg.Connection, bucket: str, batch: Sequence[Link]) -> int:
    """(a row without a file) → pre_existente with its file. A file that has a row by now keeps that one."""
    params = {
        "bucket": bucket,
        "ids": [item.id for item in batch],
        "archivos": [item.archivo_id for item in batch],
        "etags": [item.etag for item in batch],
    }
    try:
        with conn.transaction():
            return conn.execute(query("adoption_link"), params).rowcount
    except psycopg.errors.UniqueViolation:
        # Somebody gave one of the files a row in this very moment, which the statement sees by now.
        with conn.transaction():
            return conn.execute(query("adoption_link"), params).rowcount


@private_errors
def note(conn: psycopg.Connection, bucket: str, batch: Sequence[Note], region: str | None = None) -> int:
    """(no row) → pre_existente without a file, or conflicto for what is in the quarantine."""
    params = {
        "bucket": bucket,
        "region": region,
        "empresas": [item.empresa for item in batch],
        "claves": [item.clave for item in batch],
        "hashes": [item.hash_archivo for item in batch],
        "tamanos": [item.tamano for item in batch],
        "etags": [item.etag for item in batch],
        "motivos": [item.motivo for item in batch],
        "cuarentenas": [item.cuarentena for item in batch],
    }
    with conn.transaction():
        return conn.execute(query("adoption_note"), params).rowcount
