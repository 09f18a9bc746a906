"""Load the CSV of one company and date: staged, judged, published and counted in one transaction.

What the counts say is what the database did: each comes from the statement that did it, and the load is
rolled back unless staged = inserted + updated + unchanged + duplicate + rejected.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row

from ov_assets.companies import COMPANIES
from ov_assets.rds.connection import (
    RdsError,
    UnknownCompanyError,
    company_query,
    private_errors,
    query,
)
from ov_assets.rds.files_on_record import FileOnRecord, record_files
from ov_assets.rds.locks import advisory_lock, lock_key
from ov_assets.rds.rejects import (
    RejectOnRecord,
    Thresholds,
    TooManyRejectsError,
    record_rejects,
    rejects_of_csv,
    rejects_of_load,
)
from ov_assets.rds.staging import judge, stage_file

LOCK_WAIT_SECONDS = 120.0


class OpenTransactionError(RdsError):
    """The connection is inside a transaction: the load must be able to commit by itself."""


class CountsDisagreeError(RdsError):
    """The rows don't add up, so something else wrote the same PQR meanwhile. Rolled back; load again."""


@dataclass(frozen=True, slots=True)
class LoadResult:
    """Counts of rows; filas = insertadas + actualizadas + sin_cambio + duplicadas + rechazadas.

    obsoletas: those of sin_cambio whose PQR the table has from a later capture.
    rechazadas_csv: captures that company_csv had left out already, beside the rows of the CSV.
    motivos: rejects, of both kinds, by reason. archivos: files of the partition on record as current.
    ya_cargado: the file was loaded before and the table still agrees; no row was written.
    """

    hash_archivo: str
    filas: int
    insertadas: int
    actualizadas: int
    sin_cambio: int
    obsoletas: int
    duplicadas: int
    rechazadas: int
    rechazadas_csv: int = 0
    motivos: dict[str, int] = field(default_factory=dict)
    archivos: int = 0
    ya_cargado: bool = False


@private_errors
def load_partition(
    conn: psycopg.Connection,
    company: str,
    day: date,
    csv_path: Path,
    rejects_path: Path | None,
    files: Iterable[FileOnRecord],
    run_id: str,
    thresholds: Thresholds | None = None,
    raw_row_key: str | bytes | None = None,
    written_sha256: str | None = None,
    rehearsal: bool = False,
) -> LoadResult:
    """Load a company CSV and put the partition's files, the CSV among them, on record.

    files: all files of the partition; the caller names the CSV too (numero_radicado ""). Those of a PQR that
    the table has from a later capture are left out: what is on record of it is newer.
    raw_row_key: Fernet keys, apart by commas; with one the rejected rows are kept encrypted, else not at all.
    written_sha256: what company_csv says that it wrote, hex. Of a file with another hash, or when this isn't
    known, each row's hash_registro is worked out again, to find the rows that somebody edited.
    rehearsal: the caller's open transaction (`rehearsed`) takes all of it back.

    Raises CsvContractError, TooManyRejectsError (nothing published, the rejects on record), LockBusyError
    (somebody loads this partition for over two minutes), CountsDisagreeError, OpenTransactionError,
    UnknownCompanyError, DatabaseDownError, DatabaseError. After any of them the table is as it was.
    """
    if company not in COMPANIES:
        raise UnknownCompanyError
    if not rehearsal and conn.info.transaction_status != TransactionStatus.IDLE:
        raise OpenTransactionError("load_partition needs a connection without an open transaction")
    left_out, rejects_digest = rejects_of_csv(rejects_path)
    partition = {"empresa": company, "fecha": day}
    limits = thresholds or Thresholds()

    with _lock(conn, company, day):
        refused: TooManyRejectsError | None = None
        rejects: list[RejectOnRecord] = []
        with conn.transaction():
            conn.execute(query("load_limits"))
            digest, nul_mark, filas = stage_file(conn, csv_path)
            as_written = digest == written_sha256
            if not rehearsal:  # it lasts as long as its caller looks at the bucket
                take_turn(conn, company)
            done = _loaded_before(conn, partition, digest, rejects_digest, as_written=as_written)
            if done is not None:
                return replace(
                    done,
                    rechazadas_csv=len(left_out),
                    motivos=_reasons_on_record(conn, partition, digest, rejects_digest),
                    archivos=_record_files(conn, company, day, files, done.obsoletas + done.rechazadas),
                )
            rejected = judge(conn, company, nul_mark, as_written=as_written)
            rejects = left_out + rejects_of_load(rejected, csv_path.name, digest, raw_row_key)
            motivos = dict(Counter(reject.motivo for reject in rejects))
            total = filas + len(left_out)
            if limits.exceeded(len(rejects), total):
                refused = TooManyRejectsError(company, day, total, motivos)
                # Ends this transaction, and the staging tables with it, before anything is published.
                raise psycopg.Rollback
            counts = publish(conn, company, digest, filas)
            record_rejects(conn, company, day, rejects)
            conn.execute(query("rejects_settle"), partition)
            archivos = _record_files(conn, company, day, files, counts["obsoletas"] + counts["rechazadas"])
            record = {
                "archivo": csv_path.name,
                "hash_archivo": digest,
                "hash_rechazos": rejects_digest,
                "ejecucion": run_id,
            }
            conn.execute(query("load_record"), partition | counts | record)
        if refused is not None:
            with conn.transaction():
                record_rejects(conn, company, day, rejects)
            raise refused
    return LoadResult(
        digest,
        **counts,  # type: ignore[arg-type]  # none of them is called ya_cargado
        rechazadas_csv=len(left_out),
        motivos=motivos,
        archivos=archivos,
    )


def take_turn(conn: psycopg.Connection, company: str) -> None:
    """Wait until no other load of this company is between comparing and publishing; held until the commit."""
    conn.execute(query("load_turn"), {"llave": lock_key("carga", company)})


@contextmanager
def rehearsed(conn: psycopg.Connection, company: str, day: date) -> Iterator[None]:
    """A transaction for the load of a partition and what follows, which is rolled back whatever happens.

    Nobody else loads the partition until then. Raises LockBusyError.
    """
    with _lock(conn, company, day), conn.transaction(force_rollback=True):
        yield


def _lock(conn: psycopg.Connection, company: str, day: date) -> AbstractContextManager[Callable[[], None]]:
    return advisory_lock(conn, "carga", company, day.isoformat(), wait_seconds=LOCK_WAIT_SECONDS)


def _record_files(
    conn: psycopg.Connection, company: str, day: date, files: Iterable[FileOnRecord], unpublished: int
) -> int:
    """As `record_files`, without the files of older captures.

    unpublished: how many rows were older or rejected; without any there is nothing to ask.
    """
    if unpublished:
        older = {radicado for (radicado,) in conn.execute(company_query("load_older", company))}
        files = [file for file in files if file.numero_radicado not in older]
    return record_files(conn, company, day, files)


def publish(conn: psycopg.Connection, company: str, archivo_hash: str, filas: int) -> dict[str, int]:
    """Upsert what is judged, keep history, and return the counts by name of `LoadResult`.

    filas: rows that COPY staged. Raises CountsDisagreeError when they don't add up, as when somebody who
    isn't a load has just inserted one of the PQR: nothing is changed, and the load can be run again.
    """
    with conn.cursor(row_factory=dict_row) as cursor:
        cursor.execute(
            company_query("load_upsert", company),
            {"empresa": company, "archivo_hash": archivo_hash, "filas": filas},
        )
        counts = cursor.fetchone()
    assert counts is not None
    historiadas, por_avanzar, avanzadas = (
        counts.pop(name) for name in ("historiadas", "por_avanzar", "avanzadas")
    )
    parts = ("insertadas", "actualizadas", "sin_cambio", "duplicadas", "rechazadas")
    if (
        counts["filas"] != sum(counts[part] for part in parts)
        or counts["actualizadas"] != historiadas
        or por_avanzar != avanzadas
    ):
        seen = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise CountsDisagreeError(
            f"{company}: {seen}, historiadas {historiadas}, avanzadas {avanzadas} of {por_avanzar};"
            " nothing was loaded"
        )
    return counts


def _loaded_before(
    conn: psycopg.Connection,
    partition: dict[str, Any],
    digest: str,
    rejects_digest: str,
    *,
    as_written: bool,
) -> LoadResult | None:
    """The result of loading a file again, if the latest load was of this file and the table still agrees."""
    latest = conn.execute(query("load_latest"), partition).fetchone()
    if latest is None or latest[:2] != (digest, rejects_digest):
        return None
    filas, duplicadas, rechazadas = latest[2:]
    compared = conn.execute(
        company_query("load_agrees", partition["empresa"]),
        partition | {"archivo_hash": digest, "rechazadas": rechazadas, "integro": as_written},
    ).fetchone()
    assert compared is not None
    agrees, obsoletas = compared
    if not agrees:
        return None
    return LoadResult(
        digest,
        filas,
        insertadas=0,
        actualizadas=0,
        sin_cambio=filas - duplicadas - rechazadas,
        obsoletas=obsoletas,
        duplicadas=duplicadas,
        rechazadas=rechazadas,
        ya_cargado=True,
    )


def _reasons_on_record(
    conn: psycopg.Connection, partition: dict[str, Any], digest: str, rejects_digest: str
) -> dict[str, int]:
    hashes = [digest, rejects_digest]
    return dict(conn.execute(query("load_reasons"), partition | {"hashes": hashes}).fetchall())
