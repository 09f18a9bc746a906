"""`ov run --dry-run`: what a run would do, done for real and taken back.

The same pieces that the assets call, on a copy of the day's captures and in a transaction that is rolled
back; Dagster hears nothing of it.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from ov_assets.cli.summary import Summary
from ov_assets.days import CompanyDay
from ov_assets.flow import progress
from ov_assets.flow.capture import lacks_files, read_day
from ov_assets.flow.diff import plan
from ov_assets.flow.load import load
from ov_assets.flow.reserve import reserved
from ov_assets.flow.staging import Staging
from ov_assets.housekeeping.found import REHEARSAL_PREFIX, abandoned_rehearsals
from ov_assets.portal.browser.kept_files import PRIVATE_FOLDER
from ov_assets.portal.errors import PortalError
from ov_assets.portal.report import CaptureReport
from ov_assets.pqr.captures import BrokenCaptureError
from ov_assets.pqr.consolidate import consolidate
from ov_assets.pqr.csv_contract import CsvContractError, write_company_csv, write_rejects_csv
from ov_assets.rds import registry
from ov_assets.rds.connection import RdsError
from ov_assets.rds.loader import rehearsed
from ov_assets.resources import Database, Disk, ObjectStore, Portals
from ov_assets.runs import this_process
from ov_assets.s3.errors import S3Error
from ov_assets.settings import Settings

NAME = "ov run --dry-run"
FAILURES = (PortalError, BrokenCaptureError, CsvContractError, RdsError, S3Error)


def dry_run(partition: CompanyDay, listener: progress.Listener) -> tuple[Summary, list[str]]:
    """The counts of a run that is taken back, and the keys that it would have uploaded to.

    What fails is in the summary's errors. Raises MissingSettingError.
    """
    summary, keys = Summary(partition.company, partition.day), []
    with progress.listening(listener), Database().connect() as connection:
        try:
            with _captured(partition, connection, summary) as staging:
                keys = _load_and_look(partition, connection, staging, summary)
        except FAILURES as error:
            summary.errors.append(str(error))
    return summary, keys


@contextmanager
def _captured(partition: CompanyDay, connection: psycopg.Connection, summary: Summary) -> Iterator[Staging]:
    """The captures of a day, brought up to date in a folder that is removed at the end."""
    with _folder() as folder:
        staging, portals, report = Staging(folder), Portals(), CaptureReport()
        store, kept = staging.captures(partition), Disk().open().captures(partition)
        with reserved(connection, partition.company) as still_ours:
            # What is captured already isn't opened at the portal again.
            if kept.folder.is_dir():
                shutil.copytree(kept.folder, store.folder, copy_function=_link)
            site = portals.site(partition.company)
            read_day(site, portals.limits(site), partition.day, store, report, still_ours, lacks_files)
        summary.listed, summary.captured = len(report.listed), len(report.listed) - len(report.failures)
        summary.errors += [
            f"{partition}: {failure.numero_radicado} is not captured: {failure.cause}"
            for failure in report.failures.values()
        ]
        yield staging


@contextmanager
def _folder() -> Iterator[Path]:
    """A private folder that says whose it is: what a kill leaves is found by the next one, or the cleanup."""
    home = Settings().ov_home.absolute()
    for folder in abandoned_rehearsals(home):
        with suppress(FileNotFoundError):  # another dry run is at it
            shutil.rmtree(folder)
    own = home / (REHEARSAL_PREFIX + this_process())
    own.mkdir(mode=PRIVATE_FOLDER, parents=True)
    try:
        yield own
    finally:
        shutil.rmtree(own)


def _link(source: str, target: str) -> None:
    """A second name of the same file, which nobody writes into; on another disk, a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _load_and_look(
    partition: CompanyDay, connection: psycopg.Connection, staging: Staging, summary: Summary
) -> list[str]:
    rows, rejects = consolidate(staging.captures(partition))
    write_rejects_csv(staging.rejects(partition), rejects)
    write_company_csv(staging.csv(partition), rows)
    summary.csv_rows = len(rows)
    bucket = ObjectStore().open()
    with rehearsed(connection, partition.company, partition.day):
        loaded = load(partition, connection, staging, NAME, rehearsal=True)
        summary.inserted, summary.updated = loaded.insertadas, loaded.actualizadas
        summary.unchanged = loaded.sin_cambio
        summary.rejected, summary.files = loaded.rechazadas + loaded.rechazadas_csv, loaded.archivos
        _, diff, _ = plan(partition, connection, bucket, staging.root)
        summary.pending, summary.verified = len(diff.pending), diff.files - len(diff.pending)
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
