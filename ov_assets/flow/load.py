"""What of one partition is on disk, as RDS takes it."""

from collections.abc import Iterator
from pathlib import Path

from ov_assets.days import CompanyDay
from ov_assets.pqr.captures import CaptureStore
from ov_assets.pqr.csv_contract import csv_path, read_company_csv, read_rejects_csv, rejects_path
from ov_assets.pqr.files import sha256_of
from ov_assets.pqr.manifest import Clase
from ov_assets.rds.files_on_record import FileOnRecord


def files_of_partition(store: CaptureStore, csv_path: Path) -> Iterator[FileOnRecord]:
    """Every file of every PQR of a day, as its manifest names it, and the day's CSV."""
    for manifest in store.manifests().values():
        for file in manifest.archivos:
            path = store.path_of(manifest, file)
            yield FileOnRecord(
                manifest.numero_radicado,
                file.clase,
                file.nombre,
                file.hash_archivo,
                file.tamano,
                path.relative_to(store.data_dir).as_posix(),
            )
    yield FileOnRecord(
        "",
        Clase.CSV,
        csv_path.name,
        sha256_of(csv_path),
        csv_path.stat().st_size,
        csv_path.relative_to(store.data_dir).as_posix(),
    )


def captured_in(data_dir: Path, partition: CompanyDay) -> dict[str, str]:
    """By radicado, of which list row (its huella) each PQR of the CSV was captured, the rejected ones too.

    A capture that is newer than the CSV is left out: it isn't loaded yet.
    """
    written = {
        row["numero_radicado"]: row["extraido_en"]
        for row in read_company_csv(csv_path(data_dir, partition.company, partition.day))
    }
    rejected = {
        row["numero_radicado"]
        for row in read_rejects_csv(rejects_path(data_dir, partition.company, partition.day))
    }
    return {
        radicado: manifest.huella_lista
        for radicado, manifest in CaptureStore(data_dir, partition.company, partition.day).manifests().items()
        if radicado in rejected or written.get(radicado) == manifest.extraido_en.isoformat()
    }
