"""One sweep over all classes: find, remove (or, dry, leave alone), and say what became free."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import psycopg

from ov_assets.days import CompanyDay
from ov_assets.flow.diff import look
from ov_assets.flow.staging import Staging
from ov_assets.housekeeping import archived, aside, found
from ov_assets.housekeeping import old_runs as runs
from ov_assets.housekeeping.found import Found
from ov_assets.rds.locks import LockBusyError, advisory_lock
from ov_assets.runs import partitions_in_flight
from ov_assets.s3.store import Bucket
from ov_assets.settings import Settings

Partitions = Callable[[Staging, int], list[CompanyDay]]
FilesOf = Callable[[CompanyDay, archived.Proven, Staging, Found], None]


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
    staging: Staging,
    settings: Settings,
    *,
    dry_run: bool,
) -> list[Freed]:
    """Remove what is past its retention; with `dry_run` only say what would go.

    Raises RdsError, S3Error, OSError; what was removed until then stays removed.
    """
    home, busy = settings.ov_home.absolute(), partitions_in_flight(instance)
    archive = _Archive(instance, connection, bucket, staging, dry_run)
    old_runs = runs.superseded(instance, settings.ov_keep_runs_days)
    leftovers = found.leftovers(staging.root / "raw", busy)
    leftovers.paths += found.abandoned_rehearsals(home)
    if not dry_run:
        runs.delete(instance, old_runs)
    return [
        remove(leftovers, dry_run),
        archive.remove(Found("apartadas", found.LEFTOVER_DAYS), aside.partitions_with_aside, aside.aside_of),
        remove(found.evidence(home / "evidence", settings.ov_evidence_days), dry_run),
        remove(found.logs(home / "logs", settings.ov_keep_logs_days), dry_run),
        archive.remove(
            Found("originales", settings.ov_keep_raw_days), archived.partitions_with_raw, archived.raw_of
        ),
        archive.remove(
            Found("csv", settings.ov_keep_csv_days), archived.partitions_with_csv, archived.csv_of
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
class _Archive:
    """Where the proof is, and what is held while files that it covers are removed."""

    instance: dg.DagsterInstance
    connection: psycopg.Connection
    bucket: Bucket
    staging: Staging
    dry_run: bool

    def remove(self, clase: Found, partitions: Partitions, files_of: FilesOf) -> Freed:
        """One class, a partition at a time, under the same locks as its capture, its load and its upload."""
        total = Freed(clase.clase, clase.dias, 0, 0)
        for partition in partitions(self.staging, clase.dias):
            part, day = Found(clase.clase, clase.dias), partition.day.isoformat()
            try:
                with (
                    advisory_lock(self.connection, "portal", partition.company),
                    advisory_lock(self.connection, "carga", partition.company, day),
                    advisory_lock(self.connection, "s3", partition.company, day),
                ):
                    freed = self._remove(partition, part, files_of)
                    self.connection.commit()
            except LockBusyError:
                part.keep(archived.BUSY)
                freed = remove(part, self.dry_run)
            total = _added(total, freed)
        return total

    def _remove(self, partition: CompanyDay, part: Found, files_of: FilesOf) -> Freed:
        # Asked again for each one: a sweep over years of files takes a while.
        if partition in partitions_in_flight(self.instance):
            part.keep(archived.BUSY)
        else:
            proven = look(partition, self.connection, self.bucket, self.staging.root, prove=True).proven
            files_of(partition, proven, self.staging, part)
        return remove(part, self.dry_run)


def _added(one: Freed, other: Freed) -> Freed:
    reasons = one.conservados.keys() | other.conservados.keys()
    kept = {name: one.conservados.get(name, 0) + other.conservados.get(name, 0) for name in sorted(reasons)}
    return Freed(one.clase, one.dias, one.elementos + other.elementos, one.bytes + other.bytes, kept)
