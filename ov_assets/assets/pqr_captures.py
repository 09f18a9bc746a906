"""Web → disk."""

from datetime import datetime

import dagster as dg

from ov_assets import progress
from ov_assets.assets import external
from ov_assets.assets.common import GROUP, OWNERS, table
from ov_assets.partitions import BOGOTA, company_date, company_day
from ov_assets.portal.capture import FINALIZADO, CaptureReport, capture_day
from ov_assets.portal.errors import PortalError
from ov_assets.rds.listing import ListedRow, record_captured, record_listing
from ov_assets.rds.locks import advisory_lock
from ov_assets.resources import Database, Disk, Portals

LOCK_WAIT_SECONDS = 600


@dg.asset(
    partitions_def=company_date,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"playwright", "web", "python"},
    deps=external.portals,
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
    store = disk.captures(partition)
    # One browser per account on all machines together: a portal may end the older of two sessions.
    with (
        database.connect() as connection,
        advisory_lock(connection, "portal", partition.company, wait_seconds=LOCK_WAIT_SECONDS),
    ):
        started = datetime.now(BOGOTA)
        try:
            report = capture_day(
                portals.site(partition.company),
                partition.day,
                store,
                portals.limits(),
                now=lambda: datetime.now(BOGOTA),
                on_progress=lambda done, total: progress.report("pqr_captures", done, total),
            )
        except PortalError as error:
            raise dg.Failure(
                str(error), metadata={"falla": type(error).__name__}, allow_retries=error.passing
            ) from None
        record_listing(
            connection,
            partition.company,
            partition.day,
            partition.day,
            [
                ListedRow(row.numero_radicado, row.fecha, row.estado, row.huella)
                for row in report.listed.values()
            ],
            started,
            complete=True,
            estado=FINALIZADO,
        )
        captured = {
            row.numero_radicado: row.huella
            for row in report.listed.values()
            if row.numero_radicado not in report.failures
        }
        record_captured(connection, partition.company, captured)
    store.record_outcome({failure.numero_radicado: failure.cause for failure in report.failures.values()})
    if not report.listed:
        context.log.info(f"{partition}: the portal lists no finalised PQR for this day")
    return dg.MaterializeResult(metadata=_metadata(report))


def _metadata(report: CaptureReport) -> dict[str, dg.MetadataValue | int | float]:
    return {
        "dagster/partition_row_count": len(report.listed) - len(report.failures),
        "listadas": len(report.listed),
        "capturadas_ahora": len(set(report.fresh)),
        "sin_cambio": report.unchanged,
        "con_falla": len(report.failures),
        "adjuntos": report.attachments,
        "miradas": report.looks,
        "paginas": report.page_turns,
        "ingresos": report.logins,
        "segundos": round(report.seconds, 2),
        "fallas": table(
            (
                {"numero_radicado": failure.numero_radicado, "causa": failure.cause}
                for failure in report.failures.values()
            ),
            ("numero_radicado", "causa"),
        ),
    }
