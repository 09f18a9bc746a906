"""One sweep over all classes: find, remove (or, dry, leave alone), and say what became free."""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import dagster as dg
import psycopg

from ov_assets.housekeeping import archived, aside, found, runs
from ov_assets.housekeeping.found import Found
from ov_assets.housekeeping.proof import proven_in_s3
from ov_assets.partitions import CompanyDay
from ov_assets.pqr.files import sha256_of
from ov_assets.pqr.manifest import Clase
from ov_assets.rds.locks import LockBusyError, advisory_lock
from ov_assets.rds.verified import VerifiedFile
from ov_assets.resources import Disk
from ov_assets.s3.store import Bucket
from ov_assets.settings import Settings

Find = Callable[[CompanyDay, Found], None]


@dataclass(frozen=True, slots=True)
class Freed:
    """One class of the report. elementos: files, folders or runs that went. conservados: what stays, why."""

    clase: str
    dias: int
    elementos: int
    bytes: int
    conservados: dict[str, int] = field(default_factory=dict)


def sweep(
    instance: dg.DagsterInstance,
    connection: psycopg.Connection,
    bucket: Bucket,
    disk: Disk,
    settings: Settings,
    *,
    dry_run: bool,
) -> list[Freed]:
    """Remove what is past its retention; with `dry_run` only say what would go.

    Raises RdsError, S3Error, OSError; what was removed until then stays removed.
    """
    home, raw, busy = settings.ov_home.absolute(), disk.root / "raw", archived.busy_now(instance)
    sweeper = Sweeper(instance, connection, bucket, disk, dry_run)
    days = settings.ov_keep_raw_days
    csvs = archived.csvs(connection, bucket, disk, settings.ov_keep_csv_days, busy)
    old_runs = runs.superseded(instance, settings.ov_keep_runs_days)
    if not dry_run:
        runs.delete(instance, old_runs)
    return [
        remove(found.leftovers(raw, busy), dry_run),
        sweeper.remove(aside.CLASE, found.LEFTOVER_DAYS, aside.partitions_with_aside(raw), sweeper.aside),
        remove(found.evidence(home / "evidence", settings.ov_evidence_days), dry_run),
        remove(found.logs(home / "logs", settings.ov_keep_logs_days), dry_run),
        sweeper.remove("originales", days, archived.old_partitions(disk, days), sweeper.raw),
        _added(
            Freed(csvs.clase, csvs.dias, 0, 0, csvs.kept),
            sweeper.remove(csvs.clase, csvs.dias, map(_partition_of, csvs.paths), sweeper.csv),
        ),
        Freed("ejecuciones", settings.ov_keep_runs_days, len(old_runs), 0),
    ]


def remove(old: Found, dry_run: bool) -> Freed:
    """Remove what was found; the bytes are those on disk before."""
    size = 0
    for path in old.paths:
        size += sum(item.lstat().st_size for item in (path, *path.rglob("*")) if not item.is_dir())
        if not dry_run:
            _delete(path)
    return Freed(old.clase, old.dias, len(old.paths), size, old.kept)


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
        return
    path.unlink()
    if path.parent.name == "adjuntos" and not any(path.parent.iterdir()):
        path.parent.rmdir()


@dataclass(frozen=True, slots=True)
class Sweeper:
    """What goes only with proof: by partition, under the same locks as its capture and its upload."""

    instance: dg.DagsterInstance
    connection: psycopg.Connection
    bucket: Bucket
    disk: Disk
    dry_run: bool

    def remove(self, clase: str, days: int, partitions: Iterable[CompanyDay], find: Find) -> Freed:
        """find: adds what of a partition may go, and what stays and why; called once its locks are held."""
        total = Freed(clase, days, 0, 0)
        for partition in partitions:
            part = Found(clase, days)
            try:
                with (
                    advisory_lock(self.connection, "portal", partition.company),
                    advisory_lock(self.connection, "s3", partition.company, partition.day.isoformat()),
                ):
                    # Asked again for each one: a sweep over years of files takes a while.
                    if partition in archived.busy_now(self.instance):
                        part.keep(archived.BUSY)
                    else:
                        find(partition, part)
                    freed = remove(part, self.dry_run)
                    self.connection.commit()
            except LockBusyError:
                part.keep(archived.BUSY)
                freed = remove(part, self.dry_run)
            total = _added(total, freed)
        return total

    def raw(self, partition: CompanyDay, found: Found) -> None:
        archived.raw_of(partition, self.connection, self.bucket, self.disk, found)

    def aside(self, partition: CompanyDay, found: Found) -> None:
        hashes = frozenset(file.hash_archivo for file in self._proven(partition))
        aside.proven_aside(self.disk.captures(partition), hashes, found)

    def csv(self, partition: CompanyDay, found: Found) -> None:
        """Hashed here, under the locks: it may have been written anew since it was found."""
        path = self.disk.csv(partition)
        if VerifiedFile("", Clase.CSV, path.name, sha256_of(path)) in self._proven(partition):
            found.paths.append(path)
        else:
            found.keep(archived.NOT_VERIFIED)

    def _proven(self, partition: CompanyDay) -> frozenset[VerifiedFile]:
        return proven_in_s3(partition, self.connection, self.bucket, self.disk)


def _partition_of(csv: Path) -> CompanyDay:
    return CompanyDay(csv.parent.name, date.fromisoformat(csv.stem))


def _added(one: Freed, other: Freed) -> Freed:
    reasons = one.conservados.keys() | other.conservados.keys()
    kept = {name: one.conservados.get(name, 0) + other.conservados.get(name, 0) for name in sorted(reasons)}
    return Freed(one.clase, one.dias, one.elementos + other.elementos, one.bytes + other.bytes, kept)
