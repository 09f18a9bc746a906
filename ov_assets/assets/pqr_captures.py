"""Web → staging."""

import dagster as dg
from pydantic import Field

from ov_assets.assets import external
from ov_assets.assets.common import flow_asset
from ov_assets.assets.portal_listing import portal_listing
from ov_assets.assets.portal_runs import capture_metadata, portal_failure, without_a_day
from ov_assets.days import company_day
from ov_assets.flow.capture import capture
from ov_assets.portal.errors import PortalError
from ov_assets.portal.report import CaptureReport
from ov_assets.resources import Database, Disk, Portals
from ov_assets.runs import INCOMPLETE_TAG, is_by_hand


class CaptureConfig(dg.Config):
    """What a person may ask for."""

    releer: bool = Field(False, description="Leer de nuevo cada PQR del día, aunque la lista diga lo mismo.")


@flow_asset(
    kinds={"playwright", "web", "python"},
    deps=[
        *external.portals,
        dg.AssetDep(portal_listing, partition_mapping=dg.MultiToSingleDimensionPartitionMapping("company")),
    ],
)
def pqr_captures(
    context: dg.AssetExecutionContext,
    config: CaptureConfig,
    portals: Portals,
    database: Database,
    disk: Disk,
) -> dg.MaterializeResult:
    """Trae del portal cada PQR finalizada de un día: sus 18 campos, el PDF y todos los adjuntos.

    Pregunta al portal por una empresa y una fecha, compara con lo que ya está en disco y abre solo lo que
    falta o cambió. Termina cuando dos miradas seguidas a la lista dicen lo mismo. Deja una carpeta por PQR
    en `raw/{empresa}/{fecha}/{numero_radicado}/`, cada una completa o ausente.

    Un adjunto que el portal no entrega no frena a su PQR: queda en `adjuntos_faltantes` del manifiesto y se
    pide de nuevo tras una hora, un día y cada semana. Si una persona lanza la partición, enseguida.

    Lo que cambia en una PQR sin que la lista lo muestre se busca releyéndola a los 1, 3, 7 y 30 días, y cada
    día por 14 si no tiene número de reclamo. Solo si algo difiere se captura de nuevo.

    Un portal caído, un ingreso rechazado, una página cambiada y un día sin PQR son respuestas distintas.
    """
    partition, report = company_day(context.partition_key), CaptureReport()
    store, site = disk.open().captures(partition), portals.site(partition.company)
    try:
        counts = capture(
            database.connect,
            site,
            portals.limits(site),
            partition.day,
            store,
            report,
            by_hand=is_by_hand(context.run),
            reread_all=config.releer,
        )
    except PortalError as error:
        raise portal_failure(error, report) from None
    if report.failures:
        # The sensor reads it: a run that left PQR behind was in vain for them, and the day has to rest.
        context.instance.add_run_tags(context.run.run_id, {INCOMPLETE_TAG: str(len(report.failures))})
    if not report.listed:
        context.log.info(f"{partition}: the portal lists no finalised PQR for this day")
    return dg.MaterializeResult(metadata=capture_metadata(report, store) | without_a_day(context.log, counts))
