"""Local files that may go because S3 has them: proven file by file, partition by partition.

A PQR's PDF and attachments go together, and only if each of its files is verified in S3, a fresh listing of
the bucket agrees, and the bytes on disk are still those. `manifest.json` and `pqr.json` stay: the CSV is made
of them. A day whose files went is captured again, as a whole, if its partition is run again.
"""

import time
from datetime import date, timedelta

import dagster as dg
import psycopg

from ov_assets.assets.s3_pending import look
from ov_assets.housekeeping.found import SECONDS_PER_DAY, Found, newest_change, partition_folders
from ov_assets.partitions import CompanyDay, today
from ov_assets.pqr.captures import BrokenCaptureError, CaptureStore, UnreadableCaptureError
from ov_assets.pqr.files import sha256_of
from ov_assets.pqr.manifest import Clase, Manifest
from ov_assets.rds.verified import VerifiedFile, verified_files
from ov_assets.resources import Disk
from ov_assets.s3.store import Bucket

NOT_VERIFIED, BUSY, CHANGED = "sin verificar en S3", "ejecución en curso", "alterado o ilegible en disco"


def old_partitions(disk: Disk, days: int) -> list[CompanyDay]:
    """Partitions with raw files from before the retention, oldest first; none when it is 0."""
    last = today() - timedelta(days=days)
    folders = partition_folders(disk.root / "raw") if days else ()
    return sorted((partition for partition, _ in folders if partition.day < last), key=lambda p: p.day)


def raw_of(
    partition: CompanyDay, connection: psycopg.Connection, bucket: Bucket, disk: Disk, found: Found
) -> None:
    """Add to `found` the PDFs and attachments of one partition that may go. The caller holds its locks."""
    store = disk.captures(partition)
    verified = verified_files(connection, *partition, bucket.name)
    unsettled = {file.numero_radicado for file in look(partition, connection, bucket, disk).pending}
    try:
        manifests = store.manifests()
    except (BrokenCaptureError, UnreadableCaptureError):
        found.keep(CHANGED)
        return
    oldest = time.time() - found.dias * SECONDS_PER_DAY
    for radicado, manifest in manifests.items():
        files = [file for file in manifest.archivos if file.clase is not Clase.JSON]
        there = [path for file in files if (path := store.path_of(manifest, file)).is_file()]
        if not there:
            continue
        if radicado in unsettled or not _every_file_in(verified, manifest):
            found.keep(NOT_VERIFIED, len(there))
        elif any(newest_change(path) >= oldest for path in there):
            found.keep("reciente", len(there))
        elif not _unaltered(store, manifest):
            found.keep(CHANGED, len(there))
        else:
            found.paths += there


def _every_file_in(verified: set[VerifiedFile], manifest: Manifest) -> bool:
    return all(
        VerifiedFile(manifest.numero_radicado, file.clase, file.nombre, file.hash_archivo) in verified
        for file in manifest.archivos
    )


def _unaltered(store: CaptureStore, manifest: Manifest) -> bool:
    paths = ((store.path_of(manifest, file), file.hash_archivo) for file in manifest.archivos)
    return all(sha256_of(path) == digest for path, digest in paths if path.is_file())


def csvs(
    connection: psycopg.Connection, bucket: Bucket, disk: Disk, days: int, busy: set[CompanyDay]
) -> Found:
    """Company CSVs that are verified in S3. The rejects beside them are nowhere else, so they stay."""
    found = Found("csv", days)
    oldest = time.time() - days * SECONDS_PER_DAY
    for path in sorted((disk.root / "csv").glob("*/????-??-??.csv")) if days else ():
        partition = CompanyDay(path.parent.name, date.fromisoformat(path.stem))
        if newest_change(path) >= oldest or partition.day >= today() - timedelta(days=days):
            continue
        name = VerifiedFile("", Clase.CSV, path.name, sha256_of(path))
        if partition in busy:
            found.keep(BUSY)
        elif name not in verified_files(connection, *partition, bucket.name):
            found.keep(NOT_VERIFIED)
        else:
            found.paths.append(path)
    return found


def busy_now(instance: dg.DagsterInstance) -> set[CompanyDay]:
    """The partitions of every unfinished run."""
    from ov_assets.sensors import partitions_in_flight  # sensors import jobs, and jobs import this package

    return partitions_in_flight(instance)
