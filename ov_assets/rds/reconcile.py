"""What a reconciliation reads from the registry, and the edges that only it writes.

Every edge is one statement over a batch, guarded by the state before; those of the uploader are in
`registry`, those that give a predecessor's objects their files in `adoption`. All raise RdsError.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

import psycopg
from psycopg.rows import class_row

from ov_assets.rds.connection import private_errors, query
from ov_assets.rds.registry import Failed


@dataclass(frozen=True, slots=True)
class Scope:
    """What is looked at. empresa: None for all. desde, hasta: days of the files, inclusive; None for all.

    resto: every seventh day only, those so many days after `origen` or a multiple of seven more.
    """

    bucket: str
    empresa: str | None = None
    desde: date | None = None
    hasta: date | None = None
    resto: int | None = None
    origen: date | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the registry. archivo_id, ruta_local: None when no file on record is linked to it.

    tamano_archivo: bytes. en_curso: under a living lease. en_cuarentena: a note on an object of nobody's.
    perdido: its object was noted as gone from the bucket, and isn't back.
    solo_plan: without a file, and never more than a plan, so that nobody will ever upload anything for it.
    """

    id: int
    empresa: str
    clave_s3: str
    estado_carga: str
    hash_archivo: str | None
    tamano_archivo: int | None
    etag: str | None
    numero_radicado: str | None
    numero_reclamo_sgc: str | None
    archivo_id: int | None
    ruta_local: str | None
    vigente: bool
    en_curso: bool
    en_cuarentena: bool
    perdido: bool
    solo_plan: bool


@dataclass(frozen=True, slots=True)
class File:
    """A current file on record without a row."""

    archivo_id: int
    empresa: str
    numero_radicado: str
    clase: str
    nombre: str
    hash_archivo: str
    tamano: int
    ruta_local: str
    fecha: date


@dataclass(frozen=True, slots=True)
class Seen:
    """A row whose object was verified. tamano: bytes. etag: without quotes."""

    id: int
    etag: str
    hash_archivo: str
    tamano: int


@private_errors
def read(conn: psycopg.Connection, scope: Scope) -> tuple[list[Row], list[File], datetime]:
    """The rows, the files without one, and when this began, by the database's clock.

    Rows first: a file that gets its row in between is in neither, and left to whoever gave it that row.
    """
    with conn.transaction():
        read_at = conn.execute("SELECT now()").fetchone()[0]  # type: ignore[index]
        rows = conn.cursor(row_factory=class_row(Row)).execute(query("reconcile_rows"), asdict(scope))
        found = rows.fetchall()
        files = conn.cursor(row_factory=class_row(File)).execute(query("reconcile_files"), asdict(scope))
        return found, files.fetchall(), read_at


@private_errors
def known_keys(conn: psycopg.Connection, bucket: str, keys: Sequence[str]) -> tuple[set[str], set[str]]:
    """Those of `keys` that a row has, of whatever day; and those that a migration left behind."""
    with conn.transaction():
        found = conn.execute(query("reconcile_known"), {"bucket": bucket, "claves": list(keys)}).fetchall()
    return {key for key, previous in found if not previous}, {key for key, previous in found if previous}


@private_errors
def mark_seen(conn: psycopg.Connection, bucket: str, batch: Iterable[Seen]) -> int:
    """(no living lease) → subido, or still pre_existente: the bucket has the row's bytes."""
    rows = list(batch)
    params = {
        "bucket": bucket,
        "ids": [row.id for row in rows],
        "etags": [row.etag for row in rows],
        "hashes": [row.hash_archivo for row in rows],
        "tamanos": [row.tamano for row in rows],
    }
    with conn.transaction():
        return conn.execute(query("reconcile_seen"), params).rowcount


@private_errors
def mark_conflict(conn: psycopg.Connection, batch: Sequence[Failed], read_at: datetime) -> int:
    """(no living lease) → conflicto, unless verified after `read_at` (database's clock)."""
    params = {
        "ids": [row.id for row in batch],
        "detalles": [row.detalle for row in batch],
        "leido_en": read_at,
    }
    with conn.transaction():
        return conn.execute(query("reconcile_conflict"), params).rowcount


@private_errors
def mark_gone(conn: psycopg.Connection, ids: Sequence[int], read_at: datetime) -> int:
    """pendiente | error | falta_s3 → falta_local: the file is not on disk.

    Unless somebody else changed the row after `read_at` (database's clock); this transaction may have.
    """
    with conn.transaction():
        return conn.execute(query("reconcile_gone"), {"ids": list(ids), "leido_en": read_at}).rowcount
