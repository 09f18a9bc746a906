"""Web → what the portal lists, over a trailing window."""

from datetime import datetime, timedelta

import dagster as dg

from ov_assets.assets import external
from ov_assets.assets.common import GROUP, OWNERS, without_a_day
from ov_assets.assets.portal_runs import listed_rows, portal_failure, run_metadata
from ov_assets.days import today
from ov_assets.flow.reserve import reserved
from ov_assets.partitions import company_partitions
from ov_assets.portal.errors import PortalError
from ov_assets.portal.pages.look import FINALIZADO
from ov_assets.portal.pages.looking import list_window
from ov_assets.portal.report import CaptureReport
from ov_assets.rds.listing import record_listing
from ov_assets.resources import Database, Portals
from ov_assets.timezone import BOGOTA

WINDOW_DAYS = 30


@dg.asset(
    partitions_def=company_partitions,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"playwright", "web", "postgres"},
    deps=external.portals,
    config_schema={
        "window_days": dg.Field(int, default_value=WINDOW_DAYS, description="Días hacia atrás, hoy incluido.")
    },
)
def portal_listing(
    context: dg.AssetExecutionContext, portals: Portals, database: Database
) -> dg.MaterializeResult:
    """Recorre la lista de PQR finalizadas de una ventana de días y anota lo que ve en `listado_ov`.

    Un solo ingreso y un solo recorrido; otro solo si las filas se movieron. Una PQR que se finalizó tarde, o
    cuya fila cambió, queda así como listada y no capturada en su propia fecha.
    """
    company, days = context.partition_key, int(context.op_execution_context.op_config["window_days"])
    last = today()
    first = last - timedelta(days=max(days, 1) - 1)
    report = CaptureReport()
    with database.connect() as guard, reserved(guard, company) as still_ours:
        started = datetime.now(BOGOTA)
        try:
            look = list_window(portals.site(company), first, last, portals.limits(), report, still_ours)
        except PortalError as error:
            raise portal_failure(error, report) from None
        with database.connect() as connection:
            counts = record_listing(
                connection,
                company,
                first,
                last,
                listed_rows(look.rows.values()),
                started,
                complete=look.steady,
                estado=FINALIZADO,
            )
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
