"""Staging → RDS: the company CSV of a day, and every file of every PQR, on record."""

from collections.abc import Iterator
from pathlib import Path

import psycopg

from ov_assets.days import CompanyDay
from ov_assets.flow.rereads import planned
from ov_assets.flow.staging import Staging
from ov_assets.pqr.captures import CaptureStore
from ov_assets.pqr.csv_contract import CsvContractError, read_company_csv, read_rejects_csv, written_sha256
from ov_assets.pqr.files import sha256_of
from ov_assets.pqr.manifest import Clase
from ov_assets.rds.files_on_record import FileOnRecord
from ov_assets.rds.listing import Captured, record_captured
from ov_assets.rds.loader import LoadResult, load_partition
from ov_assets.rds.rejects import Thresholds
from ov_assets.settings import Settings


def load(
    partition: CompanyDay,
    connection: psycopg.Connection,
    staging: Staging,
    run_id: str,
    *,
    rehearsal: bool = False,
) -> LoadResult:
    """Load the CSV of one company and day, and note which captures it holds.

    rehearsal: the caller's open transaction takes all of it back. Raises CsvContractError, also when there is
    no CSV yet, TooManyRejectsError, BrokenCaptureError and RdsError.
    """
    path, settings = staging.csv(partition), Settings()
    if not path.is_file():
        raise CsvContractError(f"{partition}: there is no CSV yet. Materialize company_csv first.")
    result = load_partition(
        connection,
        partition.company,
        partition.day,
        path,
        staging.rejects(partition),
        list(files_of_partition(staging.captures(partition), path)),
        run_id,
        Thresholds(settings.ov_rejects_max_rows, settings.ov_rejects_max_share),
        settings.row_key(),
        written_sha256(path),
        rehearsal,
    )
    # Noted here and not when it is on disk: a chain that died in between would never be asked for.
    record_captured(connection, partition.company, captured_in(staging, partition))
    return result


def files_of_partition(store: CaptureStore, csv: Path) -> Iterator[FileOnRecord]:
    """Every file of every PQR of a day, as its manifest names it, and the day's CSV."""
    for manifest in store.manifests().values():
        for file in manifest.archivos:
            yield FileOnRecord(
                manifest.numero_radicado,
                file.clase,
                file.nombre,
                file.hash_archivo,
                file.tamano,
                store.path_of(manifest, file).relative_to(store.data_dir).as_posix(),
            )
    yield FileOnRecord(
        "",
        Clase.CSV,
        csv.name,
        sha256_of(csv),
        csv.stat().st_size,
        csv.relative_to(store.data_dir).as_posix(),
    )


def captured_in(staging: Staging, partition: CompanyDay) -> Iterator[Captured]:
    """Each PQR of the CSV as it was captured, the rejected ones too.

    A capture that is newer than the CSV is left out: it isn't loaded yet.
    """
    written = {row["numero_radicado"]: row for row in read_company_csv(staging.csv(partition))}
    rejected = {row["numero_radicado"] for row in read_rejects_csv(staging.rejects(partition))}
    for radicado, manifest in staging.captures(partition).manifests().items():
        read_at, row = manifest.extraido_en, written.get(radicado)
        if radicado in rejected or (row and row["extraido_en"] == read_at.isoformat()):
            is_blank = row is not None and not row["numero_reclamo_sgc"]
            again_at = planned(manifest, read_at, is_blank=is_blank)
            yield Captured(radicado, manifest.huella_lista, read_at, again_at, manifest.adjuntos_faltantes)
