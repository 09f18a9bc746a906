"""`archivos_ov`: every file of every PQR of a partition, and which of them are current."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import psycopg

from ov_assets.pqr.manifest import Clase
from ov_assets.rds.connection import query

NAME_MAX_BYTES = 500


@dataclass(frozen=True, slots=True)
class FileOnRecord:
    """One file of a partition.

    numero_radicado: "" for the company CSV. nombre: as the portal shows it. hash_archivo: SHA-256, hex.
    tamano: bytes. ruta_local: POSIX path relative to the data directory.
    """

    numero_radicado: str
    clase: Clase
    nombre: str
    hash_archivo: str
    tamano: int
    ruta_local: str


def name_on_record(nombre: str) -> str:
    """The name as `archivos_ov` keeps it: itself, or the head and a hash of one that no index could hold."""
    clean = nombre.replace("\x00", "")
    if len(clean.encode()) <= NAME_MAX_BYTES:
        return clean
    head = clean.encode()[: NAME_MAX_BYTES - 13].decode(errors="ignore")
    return f"{head}~{hashlib.sha256(clean.encode()).hexdigest()[:12]}"


def record_files(conn: psycopg.Connection, company: str, day: date, files: Iterable[FileOnRecord]) -> int:
    """Put the files of a partition on record, in the caller's transaction; how many are current now.

    Of every PQR named, exactly the files given are `vigente`, whatever day others of it stand under; PQR that
    aren't named stay as they are.
    Rows that say the same already aren't written.
    """
    conn.execute(query("files_stage"))
    with conn.cursor() as cursor, cursor.copy(query("files_copy")) as copy:
        for file in files:
            copy.write_row(
                (
                    file.numero_radicado,
                    str(file.clase),
                    name_on_record(file.nombre),
                    file.hash_archivo,
                    file.tamano,
                    file.ruta_local,
                )
            )
    conn.execute(query("files_analyze"))
    row = conn.execute(query("files_record"), {"empresa": company, "fecha": day}).fetchone()
    assert row is not None
    conn.execute(query("files_unstage"))
    return row[0]
