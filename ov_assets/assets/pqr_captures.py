"""Web → disk."""

from datetime import datetime
from typing import Any

import dagster as dg

from ov_assets.assets import external
from ov_assets.assets.common import GROUP, OWNERS, without_a_day
from ov_assets.assets.portal_listing import portal_listing
from ov_assets.assets.portal_runs import listed_rows, named_failures, portal_failure, run_metadata
from ov_assets.days import CompanyDay, company_day
from ov_assets.flow import progress
from ov_assets.flow.reserve import reserved
from ov_assets.partitions import company_date
from ov_assets.portal.capture import capture_day
from ov_assets.portal.errors import PortalError
from ov_assets.portal.pages.look import FINALIZADO
from ov_assets.portal.report import CaptureReport
from ov_assets.pqr.captures import CaptureStore
from ov_assets.pqr.coverage import field_coverage
from ov_assets.rds.asked import record_asked
from ov_assets.rds.listing import ListingCounts, record_listing
from ov_assets.rds.locks import LockLostError
from ov_assets.resources import Database, Disk, Portals
from ov_assets.runs import INCOMPLETE_TAG
from ov_assets.timezone import BOGOTA

COVERAGE_PREFIX = "cobertura/"


@dg.asset(
    partitions_def=company_date,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"playwright", "web", "python"},
    deps=[
        *external.portals,
        dg.AssetDep(portal_listing, partition_mapping=dg.MultiToSingleDimensionPartitionMapping("company")),
    ],
)
def pqr_captures(
    context: dg.AssetExecutionContext, portals: Portals, database: Database, disk: Disk
) -> dg.MaterializeResult:
    """Trae del portal cada PQR finalizada de un día: sus 18 campos, el PDF y todos los adjuntos.

    Pregunta al portal por una empresa y una fecha, compara con lo que ya está en disco y abre solo lo que
    falta o cambió. Termina cuando dos miradas seguidas a la lista dicen lo mismo. Deja una carpeta por PQR
    en `raw/{empresa}/{fecha}/{numero_radicado}/`, cada una completa o ausente.

    Un portal caído, un ingreso rechazado, una página cambiada y un día sin PQR son respuestas distintas.
    """
    partition = company_day(context.partition_key)
    store, report = disk.captures(partition), CaptureReport()
    with database.connect() as guard, reserved(guard, partition.company) as still_ours:
        started = datetime.now(BOGOTA)
        try:
            capture_day(
                portals.site(partition.company),
                partition.day,
                store,
                portals.limits(),
                now=lambda: datetime.now(BOGOTA),
                on_progress=lambda done, total: progress.report("pqr_captures", done, total),
                report=report,
                still_ours=still_ours,
            )
        except (PortalError, LockLostError) as error:
            if report.looks:
                _keep(database, partition, store, report, started, complete=False)
            raise portal_failure(error, report) if isinstance(error, PortalError) else error from None
        counts = _keep(database, partition, store, report, started, complete=True)
    if report.failures:
        # The sensor reads it: a run that left PQR behind was in vain for them, and the day has to rest.
        context.instance.add_run_tags(context.run.run_id, {INCOMPLETE_TAG: str(len(report.failures))})
    if not report.listed:
        context.log.info(f"{partition}: the portal lists no finalised PQR for this day")
    return dg.MaterializeResult(metadata=_metadata(report, store) | without_a_day(context.log, counts))


def _keep(
    database: Database,
    partition: CompanyDay,
    store: CaptureStore,
    report: CaptureReport,
    started: datetime,
    *,
    complete: bool,
) -> ListingCounts:
    """What was listed and when, in the database; what is missing and why, there and beside the captures.

    On a connection of its own: the lock's may be gone.
    """
    company, day = partition
    failures = {failure.numero_radicado: failure.cause for failure in report.failures.values()}
    store.record_outcome(failures)
    with database.connect() as connection:
        rows = listed_rows(report.listed.values())
        counts = record_listing(
            connection, company, day, day, rows, started, complete=complete, estado=FINALIZADO
        )
        if complete:
            assert report.looked_at is not None
            record_asked(connection, company, day, report.looked_at, failures)
    return counts


def _metadata(report: CaptureReport, store: CaptureStore) -> dict[str, Any]:
    assert report.looked_at is not None
    return {
        "dagster/partition_row_count": len(report.listed) - len(report.failures),
        "mirado_en": dg.MetadataValue.timestamp(report.looked_at),
        "listadas": len(report.listed),
        "capturadas_ahora": len(set(report.fresh)),
        "sin_cambio": report.unchanged,
        "con_falla": len(report.failures),
        "adjuntos": report.attachments,
        "fallas": named_failures(report.failures.values()),
        **run_metadata(report),
        **{f"{COVERAGE_PREFIX}{name}": share for name, share in field_coverage(store).items()},
    }
