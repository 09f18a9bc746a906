"""`ov run --dry-run`: what a run would do, done for real and taken back.

The same pieces that the assets call, on a copy of the day's captures and in a transaction that is rolled
back; Dagster hears nothing of it.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from ov_assets.cli.summary import Summary
from ov_assets.days import CompanyDay
from ov_assets.flow import progress
from ov_assets.flow.adoption import adopt_partition
from ov_assets.flow.diff import look, planned_key
from ov_assets.flow.load import files_of_partition
from ov_assets.flow.reserve import reserved
from ov_assets.portal.capture import capture_day
from ov_assets.portal.errors import PortalError
from ov_assets.portal.report import CaptureReport
from ov_assets.pqr.captures import BrokenCaptureError
from ov_assets.pqr.consolidate import consolidate
from ov_assets.pqr.csv_contract import CsvContractError, write_company_csv, write_rejects_csv
from ov_assets.pqr.files import sha256_of
from ov_assets.rds import registry
from ov_assets.rds.connection import RdsError
from ov_assets.rds.diff import apply_diff
from ov_assets.rds.loader import load_partition, rehearsed
from ov_assets.rds.rejects import Thresholds
from ov_assets.resources import Database, Disk, ObjectStore, Portals
from ov_assets.s3.errors import S3Error
from ov_assets.settings import Settings
from ov_assets.timezone import BOGOTA

NAME = "ov run --dry-run"
FAILURES = (PortalError, BrokenCaptureError, CsvContractError, RdsError, S3Error)


class Scratch(Disk):
    """A folder in the place of the data directory."""

    folder: str

    @property
    def root(self) -> Path:
        return Path(self.folder)


def dry_run(partition: CompanyDay, listener: progress.Listener) -> tuple[Summary, list[str]]:
    """The counts of a run that is taken back, and the keys that it would have uploaded to.

    What fails is in the summary's errors. Raises MissingSettingError.
    """
    summary, keys = Summary(partition.company, partition.day), []
    with progress.listening(listener), Database().connect() as connection:
        try:
            with _captured(partition, connection, summary) as disk:
                keys = _load_and_look(partition, connection, disk, summary)
        except FAILURES as error:
            summary.errors.append(str(error))
    return summary, keys


@contextmanager
def _captured(partition: CompanyDay, connection: psycopg.Connection, summary: Summary) -> Iterator[Scratch]:
    """The captures of a day, brought up to date in a folder that is removed at the end."""
    with TemporaryDirectory(prefix="ov-dry-run-") as folder:
        disk, portals, report = Scratch(folder=folder), Portals(), CaptureReport()
        store, kept = disk.captures(partition), Disk().captures(partition)
        with reserved(connection, partition.company):
            # What is captured already isn't opened at the portal again.
            if kept.folder.is_dir():
                shutil.copytree(kept.folder, store.folder, copy_function=_link)
            capture_day(
                portals.site(partition.company),
                partition.day,
                store,
                portals.limits(),
                now=lambda: datetime.now(BOGOTA),
                on_progress=lambda done, total: progress.report("pqr_captures", done, total),
                report=report,
            )
        summary.listed, summary.captured = len(report.listed), len(report.listed) - len(report.failures)
        summary.errors += [
            f"{partition}: {failure.numero_radicado} is not captured: {failure.cause}"
            for failure in report.failures.values()
        ]
        yield disk


def _link(source: str, target: str) -> None:
    """A second name of the same file, which nobody writes into; on another disk, a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _load_and_look(
    partition: CompanyDay, connection: psycopg.Connection, disk: Disk, summary: Summary
) -> list[str]:
    store, csv, rejects_csv = disk.captures(partition), disk.csv(partition), disk.rejects(partition)
    rows, rejects = consolidate(store)
    write_rejects_csv(rejects_csv, rejects)
    write_company_csv(csv, rows)
    summary.csv_rows = len(rows)
    settings, bucket = Settings(), ObjectStore().open()
    with rehearsed(connection, partition.company, partition.day):
        load = load_partition(
            connection,
            partition.company,
            partition.day,
            csv,
            rejects_csv,
            files_of_partition(store, csv),
            NAME,
            Thresholds(settings.ov_rejects_max_rows, settings.ov_rejects_max_share),
            settings.row_key(),
            sha256_of(csv),
            rehearsal=True,
        )
        summary.inserted, summary.updated = load.insertadas, load.actualizadas
        summary.unchanged = load.sin_cambio
        summary.rejected, summary.files = load.rechazadas + load.rechazadas_csv, load.archivos
        adopt_partition(connection, bucket, partition.company, partition.day)
        diff = look(partition, connection, bucket, disk.root)
        summary.pending, summary.verified = len(diff.pending), diff.files - len(diff.pending)
        apply_diff(connection, diff, planned_key(partition), region=bucket.settings.region)
        # What an uploader would take now is what would be uploaded: the leases are taken back as well.
        claimed = registry.claim(
            connection,
            partition.company,
            partition.day,
            bucket.name,
            NAME,
            limit=max(1, len(diff.pending)),
            reclaim_leases=True,
        )
        return [row.clave_s3 for row in claimed]
