"""Local files that may go because S3 has them: proven file by file, partition by partition.

The proof is a listing of the bucket, taken for this very deletion, that shows each file's own key with the
size and the ETag of the bytes whose SHA-256 was verified; and the bytes on disk are still those. A PQR's PDF
and attachments go together. `manifest.json` and `pqr.json` stay: the CSV is made of them. A day whose files
went is captured again, as a whole, if its partition is run again.
"""

import time
from datetime import date, timedelta

from ov_assets.days import CompanyDay, today
from ov_assets.flow.staging import Staging
from ov_assets.housekeeping.found import SECONDS_PER_DAY, Found, newest_change, partition_folders
from ov_assets.pqr.captures import BrokenCaptureError, CaptureStore, UnreadableCaptureError
from ov_assets.pqr.files import sha256_of
from ov_assets.pqr.manifest import Clase, Manifest
from ov_assets.rds.diff import ProvenFile
from ov_assets.rds.files_on_record import name_on_record

NOT_PROVEN, BUSY, CHANGED = "sin verificar en S3", "ejecución en curso", "alterado o ilegible en disco"

Proven = frozenset[ProvenFile]


def partitions_with_raw(staging: Staging, days: int) -> list[CompanyDay]:
    """Partitions with raw files from before the retention, oldest first; none when it is 0."""
    last = today() - timedelta(days=days)
    folders = partition_folders(staging.root / "raw") if days else ()
    return sorted((partition for partition, _ in folders if partition.day < last), key=lambda p: p.day)


def partitions_with_csv(staging: Staging, days: int) -> list[CompanyDay]:
    """Partitions with a company CSV from before the retention, oldest first; none when it is 0."""
    last = today() - timedelta(days=days)
    paths = (staging.root / "csv").glob("*/????-??-??.csv") if days else ()
    found = (CompanyDay(path.parent.name, date.fromisoformat(path.stem)) for path in paths)
    return sorted((partition for partition in found if partition.day < last), key=lambda p: p.day)


def raw_of(partition: CompanyDay, proven: Proven, staging: Staging, found: Found) -> None:
    """Add to `found` the PDFs and attachments of one partition that may go. The caller holds its locks."""
    store = staging.captures(partition)
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
        names = {
            ProvenFile(radicado, f.clase, name_on_record(f.nombre), f.hash_archivo) for f in manifest.archivos
        }
        if not names <= proven:
            found.keep(NOT_PROVEN, len(there))
        elif any(newest_change(path) >= oldest for path in there):
            found.keep("reciente", len(there))
        elif not _unaltered(store, manifest):
            found.keep(CHANGED, len(there))
        else:
            found.paths += there


def csv_of(partition: CompanyDay, proven: Proven, staging: Staging, found: Found) -> None:
    """Add to `found` the company CSV of one partition, if it may go. The caller holds its locks.

    The rejects beside it are nowhere else, so they stay.
    """
    path = staging.csv(partition)
    if not path.is_file() or newest_change(path) >= time.time() - found.dias * SECONDS_PER_DAY:
        return
    if ProvenFile("", Clase.CSV, path.name, sha256_of(path)) in proven:
        found.paths.append(path)
    else:
        found.keep(NOT_PROVEN)


def _unaltered(store: CaptureStore, manifest: Manifest) -> bool:
    paths = ((store.path_of(manifest, file), file.hash_archivo) for file in manifest.archivos)
    return all(sha256_of(path) == digest for path, digest in paths if path.is_file())
