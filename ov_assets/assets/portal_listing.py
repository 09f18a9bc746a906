"""Web → what the portal lists, over a trailing window."""

from datetime import timedelta

import dagster as dg
from pydantic import Field

from ov_assets.assets import external
from ov_assets.assets.common import GROUP, OWNERS
from ov_assets.assets.portal_runs import portal_failure, run_metadata, without_a_day
from ov_assets.days import today
from ov_assets.flow.capture import walk
from ov_assets.partitions import company_partitions
from ov_assets.portal.errors import PortalError
from ov_assets.portal.report import CaptureReport
from ov_assets.resources import Database, Portals

WINDOW_DAYS = 30


class ListingConfig(dg.Config):
    """How far back to walk."""

    window_days: int = Field(WINDOW_DAYS, description="Días hacia atrás, hoy incluido.")


@dg.asset(
    partitions_def=company_partitions,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"playwright", "web", "postgres"},
    deps=external.portals,
)
def portal_listing(
    context: dg.AssetExecutionContext, config: ListingConfig, portals: Portals, database: Database
) -> dg.MaterializeResult:
    """Recorre la lista de PQR finalizadas de una ventana de días y anota lo que ve en `listado_ov`.

    Un solo ingreso y un solo recorrido; otro solo si las filas se movieron. Una PQR que se finalizó tarde, o
    cuya fila cambió, queda así como listada y no capturada en su propia fecha.
    """
    site, last, report = portals.site(context.partition_key), today(), CaptureReport()
    first = last - timedelta(days=max(config.window_days, 1) - 1)
    try:
        look, counts = walk(database.connect, site, portals.limits(site), first, last, report)
    except PortalError as error:
        raise portal_failure(error, report) from None
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": counts.vistas,
            "desde": first.isoformat(),
            "hasta": last.isoformat(),
            "total_del_portal": look.total,
            "nuevas": counts.nuevas,
            "cambiadas": counts.cambiadas,
            "ausentes": counts.ausentes,
            **without_a_day(context.log, counts),
            "completa": look.steady,
            **run_metadata(report),
        }
    )
