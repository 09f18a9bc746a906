"""What is missing → S3, and the proof that it is there."""

from collections import Counter
from time import monotonic

import dagster as dg

from ov_assets.assets.common import flow_asset, table
from ov_assets.assets.s3_pending import s3_pending
from ov_assets.days import company_day
from ov_assets.flow.upload import upload
from ov_assets.resources import Database, Disk, ObjectStore
from ov_assets.runs import UPLOADED_TAG
from ov_assets.s3.uploader import Resultado


@flow_asset(kinds={"s3", "python"}, deps=[s3_pending])
def s3_objects(
    context: dg.AssetExecutionContext, database: Database, store: ObjectStore, disk: Disk
) -> dg.MaterializeResult:
    """Sube a S3 exactamente lo que `s3_pending` anotó, lo verifica allá y lo registra como `subido`.

    Cada archivo se toma en arriendo, viaja con su SHA-256 y con la condición de no pisar nada, y se cuenta
    como `subido` solo cuando S3 lo muestra. Repetir la carga no repite ningún objeto.
    """
    partition, begin = company_day(context.partition_key), monotonic()
    with database.connect() as connection:
        outcomes, diff = upload(partition, connection, store.open(), disk.open().root)
    if unplanned := diff.reasons().get("sin_registro", 0):
        raise dg.Failure(
            f"{partition}: {unplanned} files on record have no plan. Materialize s3_pending first."
        )
    results = Counter(outcome.resultado for outcome in outcomes)
    uploaded, verified = results[Resultado.SUBIDO], diff.files - len(diff.pending)
    # The sensor reads it: a run that uploads nothing though work is pending was in vain, and has to rest.
    context.instance.add_run_tags(context.run.run_id, {UPLOADED_TAG: str(uploaded)})
    context.log.info(f"{partition}: {uploaded} uploaded, {verified} verified in S3")
    return dg.MaterializeResult(
        metadata={
            "dagster/partition_row_count": verified,
            "subidos_ahora": uploaded,
            "ya_estaban": results[Resultado.YA_ESTABA],
            "bytes_subidos": sum(done.tamano for done in outcomes if done.resultado is Resultado.SUBIDO),
            "verificados": verified,
            "pendientes": len(diff.pending),
            "segundos": round(monotonic() - begin, 2),
            **{f"estado_{state.value}": count for state, count in diff.counts.items()},
            "sin_subir": table(
                (
                    {"clave": lost.item.clave, "resultado": lost.resultado.value, "detalle": lost.detalle}
                    for lost in outcomes
                    if not lost.in_s3
                ),
                ("clave", "resultado", "detalle"),
            ),
        }
    )
