"""The registry of objects: a state machine whose every edge is one guarded statement over a batch.

    (no row) ──plan──▶ pendiente ──claim──▶ subiendo ──▶ subido | conflicto | error | falta_local
    (no row) ──adopt─▶ pre_existente

Each function opens a transaction, which commits when the connection was idle and is a savepoint of the
caller's otherwise. Each returns how many rows took the edge; fewer than asked means that somebody else
was there before, and those rows stay as that one left them. All raise RdsError.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.rows import class_row

from ov_assets.rds.connection import private_errors, query

RETRY_FIRST = timedelta(minutes=1)
RETRY_LONGEST = timedelta(hours=6)
RETRY_PERMANENT = timedelta(hours=24)
DETAIL_MAX = 500


class Estado(StrEnum):
    """`registros_ov_s3.estado_carga`."""

    PENDIENTE = "pendiente"
    SUBIENDO = "subiendo"
    SUBIDO = "subido"
    ERROR = "error"
    PRE_EXISTENTE = "pre_existente"
    CONFLICTO = "conflicto"
    FALTA_LOCAL = "falta_local"
    FALTA_S3 = "falta_s3"


SETTLED = frozenset({Estado.SUBIDO, Estado.PRE_EXISTENTE})


@dataclass(frozen=True, slots=True)
class Planned:
    """A file that is to have a row. archivo_id: its row in `archivos_ov`. clave: its key in the bucket."""

    archivo_id: int
    clave: str
    estado: Estado = Estado.PENDIENTE


@dataclass(frozen=True, slots=True)
class Found:
    """An object with a file's bytes, verified by the caller. etag: without quotes."""

    archivo_id: int
    clave: str
    etag: str | None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that this owner may upload until its lease ends. tamano: bytes. ruta_local: below data_dir."""

    id: int
    clave_s3: str
    numero_radicado: str
    clase: str
    nombre_archivo: str
    hash_archivo: str
    tamano: int
    ruta_local: str


@dataclass(frozen=True, slots=True)
class Uploaded:
    """An object seen in S3 with the row's hash. ya_estaba: it was there before this attempt."""

    id: int
    etag: str | None
    tipo_contenido: str | None
    ya_estaba: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """An attempt that did not end in an upload. detalle: codes only, never a value of a person."""

    id: int
    detalle: str
    permanente: bool = False


def _run(conn: psycopg.Connection, name: str, **params: Any) -> int:
    with conn.transaction():
        return conn.execute(query(name), params).rowcount


@private_errors
def plan(conn: psycopg.Connection, bucket: str, files: Sequence[Planned], region: str | None = None) -> int:
    """(no row) → pendiente (or falta_local). A file or key that has a row already keeps it."""
    return _run(
        conn,
        "registry_plan",
        bucket=bucket,
        region=region,
        archivos=[file.archivo_id for file in files],
        claves=[file.clave for file in files],
        estados=[file.estado for file in files],
    )


@private_errors
def adopt(conn: psycopg.Connection, bucket: str, found: Sequence[Found], region: str | None = None) -> int:
    """(no row) → pre_existente, for objects whose bytes are those of the file."""
    return _run(
        conn,
        "registry_adopt",
        bucket=bucket,
        region=region,
        archivos=[item.archivo_id for item in found],
        claves=[item.clave for item in found],
        etags=[item.etag for item in found],
    )


@private_errors
def taken_keys(conn: psycopg.Connection, bucket: str, keys: Iterable[str]) -> set[str]:
    """Those of these keys that have a row, whatever its state and whoever's it is."""
    params = {"bucket": bucket, "claves": sorted(set(keys))}
    with conn.transaction():
        return {key for (key,) in conn.execute(query("registry_keys"), params)}


@private_errors
def claim(
    conn: psycopg.Connection,
    company: str,
    day: date,
    bucket: str,
    owner: str,
    *,
    lease_seconds: float = 900,
    limit: int = 500,
    reclaim_leases: bool = False,
) -> list[Claimed]:
    """pendiente | falta_s3 | error that is due | subiendo that expired → subiendo, held by `owner`.

    owner: unique to this attempt of this process, such as a run id with a random part.
    reclaim_leases: take what other owners hold too. Only for who holds the partition's advisory lock:
    then their owners are dead, and there is no need to wait until their leases end.
    """
    params = {
        "empresa": company,
        "fecha": day,
        "bucket": bucket,
        "dueno": owner,
        "segundos": lease_seconds,
        "limite": limit,
        "reclamar": reclaim_leases,
    }
    with conn.transaction(), conn.cursor(row_factory=class_row(Claimed)) as cursor:
        return sorted(cursor.execute(query("registry_claim"), params), key=lambda row: row.id)


@private_errors
def release(conn: psycopg.Connection, bucket: str, owner: str) -> int:
    """subiendo → pendiente, for what `owner` claimed and did not get to."""
    return _run(conn, "registry_release", bucket=bucket, dueno=owner)


@private_errors
def mark_uploaded(conn: psycopg.Connection, owner: str, batch: Sequence[Uploaded]) -> int:
    """subiendo, held by `owner` → subido."""
    return _run(
        conn,
        "registry_uploaded",
        dueno=owner,
        ids=[row.id for row in batch],
        etags=[row.etag for row in batch],
        tipos=[row.tipo_contenido for row in batch],
        ya_estaban=[row.ya_estaba for row in batch],
    )


@private_errors
def mark_conflict(conn: psycopg.Connection, owner: str, batch: Sequence[Failed]) -> int:
    """subiendo, held by `owner` → conflicto: the key holds other bytes."""
    return _run(conn, "registry_conflict", dueno=owner, **_details(batch))


@private_errors
def mark_missing_local(conn: psycopg.Connection, owner: str, batch: Sequence[Failed]) -> int:
    """subiendo, held by `owner` → falta_local."""
    return _run(conn, "registry_missing_local", dueno=owner, **_details(batch))


@private_errors
def mark_error(conn: psycopg.Connection, owner: str, batch: Sequence[Failed]) -> int:
    """subiendo, held by `owner` → error; the next try after 1, 2, 4 … minutes, at most 6 hours.

    A permanent one is told by its text and waits 24 hours.
    """
    return _run(
        conn,
        "registry_error",
        dueno=owner,
        permanentes=[row.permanente for row in batch],
        espera_inicial=RETRY_FIRST.total_seconds(),
        espera_maxima=RETRY_LONGEST.total_seconds(),
        espera_permanente=RETRY_PERMANENT.total_seconds(),
        **_details(batch),
    )


@private_errors
def mark_gone(conn: psycopg.Connection, ids: Sequence[int]) -> int:
    """pendiente | error | falta_s3 → falta_local: the file is not on disk."""
    return _run(conn, "registry_gone", ids=list(ids))


@private_errors
def requeue(conn: psycopg.Connection, ids: Sequence[int]) -> int:
    """falta_local | conflicto | error → pendiente: the file is back on disk, or a person settled it."""
    return _run(conn, "registry_requeue", ids=list(ids))


@private_errors
def mark_missing_in_s3(conn: psycopg.Connection, ids: Sequence[int], listed_at: datetime) -> int:
    """subido | pre_existente | conflicto → falta_s3, unless verified after `listed_at` (database's clock)."""
    return _run(conn, "registry_missing_in_s3", ids=list(ids), listado_en=listed_at)


@private_errors
def mark_altered_in_s3(conn: psycopg.Connection, batch: Sequence[Failed], listed_at: datetime) -> int:
    """subido | pre_existente → conflicto, unless verified after `listed_at` (database's clock)."""
    return _run(conn, "registry_altered_in_s3", listado_en=listed_at, **_details(batch))


def _details(batch: Sequence[Failed]) -> dict[str, Any]:
    return {"ids": [row.id for row in batch], "detalles": [row.detalle[:DETAIL_MAX] for row in batch]}
