"""`s3_pending`: files × registry × bucket, each current file of a partition in exactly one state.

`diff_partition` only reads, so it is the dry run; `apply_diff` writes down what it found.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import class_row, namedtuple_row

from ov_assets.pqr.files import sha256_of
from ov_assets.rds import registry
from ov_assets.rds.connection import private_errors, query
from ov_assets.rds.registry import Estado, Failed, Planned

# States in which a file waits to be read from disk.
NEEDS_THE_FILE = frozenset({Estado.PENDIENTE, Estado.ERROR, Estado.FALTA_S3, Estado.FALTA_LOCAL})


class Listed(Protocol):
    """One object of a listing. size: bytes. etag: without quotes."""

    @property
    def key(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def etag(self) -> str: ...


@dataclass(frozen=True, slots=True)
class PendingFile:
    """A file that is not settled, and why.

    registro_id, clave_s3, estado_registro: None when it has no row. estado: what the diff finds it in.
    motivo: a code, such as `sin_registro`, `no_esta_en_s3`, `otro_etag`, `reintento_en_espera`.
    """

    archivo_id: int
    registro_id: int | None
    numero_radicado: str
    clase: str
    nombre: str
    hash_archivo: str
    tamano: int
    ruta_local: str
    clave_s3: str | None
    estado_registro: str | None
    estado: Estado
    motivo: str


class ProvenFile(NamedTuple):
    """The identity of a file whose object was seen just now. numero_radicado: "" for a company's CSV."""

    numero_radicado: str
    clase: str
    nombre: str
    hash_archivo: str


@dataclass(frozen=True, slots=True)
class PartitionDiff:
    """What is where, of one company and day.

    counts: current files by state, all eight states. pending: the files that are not settled.
    proven: only if asked for, the files that this very listing shows at their keys, with the size and the
    ETag of the bytes whose SHA-256 was verified.
    huerfanos: listed objects that no row knows; huerfano: the first of their keys.
    listed_at: when the reading began, by the database's clock.
    """

    company: str
    day: date
    bucket: str
    counts: Mapping[Estado, int]
    pending: tuple[PendingFile, ...]
    huerfanos: int
    huerfano: str | None
    listed_at: datetime
    proven: frozenset[ProvenFile] = frozenset()

    @property
    def files(self) -> int:
        return sum(self.counts.values())

    @property
    def complete(self) -> bool:
        """Every file is in S3."""
        return not self.pending

    def reasons(self) -> dict[str, int]:
        """Pending files by motivo."""
        found: dict[str, int] = {}
        for file in self.pending:
            found[file.motivo] = found.get(file.motivo, 0) + 1
        return found


@dataclass(frozen=True, slots=True)
class Applied:
    """Rows that took each edge."""

    planned: int
    requeued: int
    missing_in_s3: int
    altered_in_s3: int
    missing_local: int


@dataclass(frozen=True, slots=True)
class PendingPartition:
    """A company and day with files that could be uploaded now. desde: when the oldest was put on record."""

    empresa: str
    fecha: date
    archivos: int
    desde: datetime


# What a bucket holds below some prefixes that the caller knows, and at these other keys.
Listing = Callable[[Sequence[str]], Iterable[Listed]]


@private_errors
def diff_partition(
    conn: psycopg.Connection,
    company: str,
    day: date,
    bucket: str,
    listing: Listing,
    *,
    prefixes: Sequence[str],
    data_dir: Path,
    prove: bool = False,
) -> PartitionDiff:
    """Judge every current file of a partition. Writes nothing but a temporary table.

    listing: called after this transaction began, so that an upload in between is not mistaken for a missing
    object, with the keys of this partition that aren't below `prefixes` (adopted ones, those of another
    layout). What it raises goes up as it is.
    data_dir: below it the files that need an upload are looked for; no others. prove: fill `proven`.
    """
    params = {
        "empresa": company,
        "fecha": day,
        "bucket": bucket,
        "prefijos": list(prefixes),
        "con_probados": prove,
    }
    alone = conn.info.transaction_status == TransactionStatus.IDLE
    with conn.transaction():
        conn.execute(query("diff_limits"))
        if alone:  # what a caller's own transaction writes has to be on disk when it ends
            conn.execute(query("diff_alone"))
        listed_at = conn.execute("SELECT now()").fetchone()[0]  # type: ignore[index]
        elsewhere = [key for (key,) in conn.execute(query("diff_elsewhere"), params)]
        conn.execute(query("diff_listing"))
        with conn.cursor().copy("COPY listado_s3 (clave, tamano, etag) FROM STDIN") as copy:
            for item in listing(elsewhere):
                copy.write_row((item.key, item.size, item.etag))
        conn.execute("ANALYZE listado_s3")
        cursor = conn.cursor(row_factory=namedtuple_row)
        rows: list[Any] = cursor.execute(query("diff_partition"), params).fetchall()
        conn.execute("DROP TABLE listado_s3")

    counts = dict.fromkeys(Estado, 0)
    pending: list[PendingFile] = []
    proven: set[ProvenFile] = set()
    huerfanos, huerfano = 0, None
    for row in rows:
        if row.estado == "huerfano":
            huerfanos, huerfano = row.cuantos, row.clave_s3
        elif row.archivo_id is None:
            counts[Estado(row.estado)] += row.cuantos
        elif row.motivo is None:
            proven.add(ProvenFile(row.numero_radicado, row.clase, row.nombre, row.hash_archivo))
        else:
            judged = PendingFile(*row[:10], Estado(row.estado), row.motivo)  # type: ignore[call-arg]
            file = _on_disk(judged, data_dir)
            counts[file.estado] += 1
            pending.append(file)
    pending.sort(key=lambda file: (file.numero_radicado, file.clase, file.nombre, file.hash_archivo))
    return PartitionDiff(
        company, day, bucket, counts, tuple(pending), huerfanos, huerfano, listed_at, frozenset(proven)
    )


def _on_disk(file: PendingFile, data_dir: Path) -> PendingFile:
    """Put right the state of a file that needs an upload by whether it is on disk.

    Its size tells, for there may be many; one that was found missing or altered must show its hash.
    """
    if file.estado not in NEEDS_THE_FILE:
        return file
    path = data_dir / file.ruta_local
    there = path.is_file() and path.stat().st_size == file.tamano
    if there and file.estado is Estado.FALTA_LOCAL and sha256_of(path) == file.hash_archivo:
        return replace(file, estado=Estado.PENDIENTE, motivo="vuelve_a_estar_en_disco")
    if not there and file.estado is not Estado.FALTA_LOCAL:
        return replace(file, estado=Estado.FALTA_LOCAL, motivo="no_esta_en_disco")
    return file


@private_errors
def apply_diff(
    conn: psycopg.Connection,
    diff: PartitionDiff,
    key_of: Callable[[PendingFile, int], str],
    *,
    region: str | None = None,
) -> Applied:
    """Write a diff into the registry, in one transaction; every edge is guarded by the state it starts from.

    key_of: the object's key for a file and a number, which is 1 unless that key is taken.
    """
    plans = _with_keys(conn, diff, key_of)
    known = [file for file in diff.pending if file.registro_id is not None]

    def ids(found: Iterable[PendingFile]) -> list[int]:
        return [file.registro_id for file in found if file.registro_id is not None]

    # Registered, not in S3, and perhaps not on disk either: then it takes both edges.
    gone_in_s3 = [
        file
        for file in known
        if file.estado_registro in {Estado.SUBIDO, Estado.PRE_EXISTENTE, Estado.CONFLICTO}
        and file.motivo in {"no_esta_en_s3", "no_esta_en_disco"}
    ]
    altered = [
        Failed(file.registro_id, file.motivo)
        for file in known
        if file.registro_id is not None and file.motivo in {"otro_tamano", "otro_etag"}
    ]
    with conn.transaction():
        return Applied(
            planned=registry.plan(conn, diff.bucket, plans, region),
            requeued=registry.requeue(conn, ids(f for f in known if f.motivo == "vuelve_a_estar_en_disco")),
            missing_in_s3=registry.mark_missing_in_s3(conn, ids(gone_in_s3), diff.listed_at),
            altered_in_s3=registry.mark_altered_in_s3(conn, altered, diff.listed_at),
            missing_local=registry.mark_gone(conn, ids(f for f in known if f.motivo == "no_esta_en_disco")),
        )


def _with_keys(
    conn: psycopg.Connection, diff: PartitionDiff, key_of: Callable[[PendingFile, int], str]
) -> list[Planned]:
    """A key for each file without a row; `diff.pending` is sorted, so the numbers are always the same."""
    new = [file for file in diff.pending if file.registro_id is None]
    taken: set[str] = set()
    while True:
        plans: dict[str, Planned] = {}
        for file in new:
            number = 1
            while (key := key_of(file, number)) in taken or key in plans:
                number += 1
            plans[key] = Planned(file.archivo_id, key, file.estado)
        found = registry.taken_keys(conn, diff.bucket, plans)
        if not found:
            return list(plans.values())
        taken |= found


@private_errors
def pending_partitions(conn: psycopg.Connection, bucket: str, limit: int = 100) -> list[PendingPartition]:
    """Every company and day with files on record that could be in S3 and are not, oldest day first."""
    params = {"bucket": bucket, "limite": limit}
    with conn.transaction(), conn.cursor(row_factory=class_row(PendingPartition)) as cursor:
        conn.execute(query("diff_session"))
        return cursor.execute(query("diff_pending_partitions"), params).fetchall()


@private_errors
def missing_local_partitions(
    conn: psycopg.Connection, bucket: str, limit: int = 100
) -> list[PendingPartition]:
    """Every company and day with files that are neither in S3 nor on disk: they have to be captured again."""
    params = {"bucket": bucket, "limite": limit}
    with conn.transaction():
        return [PendingPartition(*row) for row in conn.execute(query("diff_missing_local"), params)]
