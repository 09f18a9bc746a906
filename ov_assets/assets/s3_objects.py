"""What is missing → S3, and the proof that it is there."""

from collections import Counter
from time import monotonic

import dagster as dg

from ov_assets.assets.common import GROUP, OWNERS, table
from ov_assets.assets.s3_pending import s3_pending
from ov_assets.days import company_day
from ov_assets.flow.diff import look, s3_lock
from ov_assets.flow.upload import upload_claimed
from ov_assets.partitions import company_date
from ov_assets.resources import Database, Disk, ObjectStore
from ov_assets.runs import UPLOADED_TAG
from ov_assets.s3.uploader import Resultado


@dg.asset(
    partitions_def=company_date,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"s3", "python"},
    deps=[s3_pending],
)
def s3_objects(
    context: dg.AssetExecutionContext, database: Database, store: ObjectStore, disk: Disk
) -> dg.MaterializeResult:
    """Sube a S3 exactamente lo que `s3_pending` anotó, lo verifica allá y lo registra como `subido`.

    Cada archivo se toma en arriendo, viaja con su SHA-256 y con la condición de no pisar nada, y se cuenta
    como `subido` solo cuando S3 lo muestra. Repetir la carga no repite ningún objeto.
    """
    partition = company_day(context.partition_key)
    bucket = store.open()
    begin = monotonic()
    with database.connect() as connection, s3_lock(connection, partition):
        outcomes = upload_claimed(partition, connection, bucket, disk.root)
        diff = look(partition, connection, bucket, disk.root)
        connection.commit()
    unplanned = diff.reasons().get("sin_registro", 0)
    if unplanned:
        raise dg.Failure(
            f"{partition}: {unplanned} files on record have no plan. Materialize s3_pending first."
        )
    results = Counter(outcome.resultado for outcome in outcomes)
    uploaded = results[Resultado.SUBIDO]
    # The sensor reads it: a run that uploads nothing though work is pending was in vain, and has to rest.
    context.instance.add_run_tags(context.run.run_id, {UPLOADED_TAG: str(uploaded)})
    context.log.info(f"{partition}: {uploaded} uploaded, {diff.files - len(diff.pending)} verified in S3")
    return dg.MaterializeResult(
        metadata={
            "dagster/partition_row_count": diff.files - len(diff.pending),
            "subidos_ahora": uploaded,
            "ya_estaban": results[Resultado.YA_ESTABA],
            "bytes_subidos": sum(
                outcome.tamano for outcome in outcomes if outcome.resultado is Resultado.SUBIDO
            ),
            "verificados": diff.files - len(diff.pending),
            "pendientes": len(diff.pending),
            "segundos": round(monotonic() - begin, 2),
            **{f"estado_{state.value}": count for state, count in diff.counts.items()},
            "sin_subir": table(
                (
                    {
                        "clave": outcome.item.clave,
                        "resultado": outcome.resultado.value,
                        "detalle": outcome.detalle,
                    }
                    for outcome in outcomes
                    if not outcome.in_s3
                ),
                ("clave", "resultado", "detalle"),
            ),
        }
    )
