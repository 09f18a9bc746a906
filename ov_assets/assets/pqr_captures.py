"""Web → disk."""

from datetime import datetime

import dagster as dg
import psycopg

from ov_assets import progress
from ov_assets.assets import external
from ov_assets.assets.common import GROUP, OWNERS, without_a_day
from ov_assets.assets.portal_listing import portal_listing
from ov_assets.assets.portal_runs import named_failures, portal_failure, reserved, run_metadata
from ov_assets.partitions import CompanyDay, company_date, company_day
from ov_assets.portal.capture import capture_day
from ov_assets.portal.errors import PortalError
from ov_assets.portal.look import FINALIZADO
from ov_assets.portal.report import CaptureReport
from ov_assets.pqr.captures import CaptureStore
from ov_assets.pqr.coverage import field_coverage
from ov_assets.rds.listing import ListedRow, ListingCounts, record_listing
from ov_assets.resources import Database, Disk, Portals
from ov_assets.timezone import BOGOTA
from ov_assets.wholeness import LOOKED_AT

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
    with database.connect() as connection, reserved(connection, partition.company):
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
            )
        except PortalError as error:
            if report.looks:
                _keep(connection, partition, store, report, started, complete=False)
            raise portal_failure(error, report) from None
        counts = _keep(connection, partition, store, report, started, complete=True)
    if not report.listed:
        context.log.info(f"{partition}: the portal lists no finalised PQR for this day")
    return dg.MaterializeResult(metadata=_metadata(report, store) | without_a_day(context.log, counts))


def _keep(
    connection: psycopg.Connection,
    partition: CompanyDay,
    store: CaptureStore,
    report: CaptureReport,
    started: datetime,
    *,
    complete: bool,
) -> ListingCounts:
    """What was listed, in the database; what is missing and why, beside the captures."""
    rows = [
        ListedRow(row.numero_radicado, row.fecha, row.estado, row.huella) for row in report.listed.values()
    ]
    day = partition.day
    counts = record_listing(
        connection, partition.company, day, day, rows, started, complete=complete, estado=FINALIZADO
    )
    store.record_outcome({failure.numero_radicado: failure.cause for failure in report.failures.values()})
    return counts


def _metadata(report: CaptureReport, store: CaptureStore) -> dict[str, dg.MetadataValue | int | float]:
    assert report.looked_at is not None
    return {
        "dagster/partition_row_count": len(report.listed) - len(report.failures),
        LOOKED_AT: dg.MetadataValue.timestamp(report.looked_at),
        "listadas": len(report.listed),
        "capturadas_ahora": len(set(report.fresh)),
        "sin_cambio": report.unchanged,
        "con_falla": len(report.failures),
        "adjuntos": report.attachments,
        "fallas": named_failures(report.failures.values()),
        **run_metadata(report),
        **{f"{COVERAGE_PREFIX}{name}": share for name, share in field_coverage(store).items()},
    }
