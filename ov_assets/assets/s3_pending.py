"""RDS × registry × bucket → what is missing, and why."""

import dagster as dg

from ov_assets.assets import external
from ov_assets.assets.common import flow_asset, table
from ov_assets.assets.rds_table import rds_table
from ov_assets.days import company_day
from ov_assets.flow.diff import plan, s3_lock
from ov_assets.resources import Database, Disk, ObjectStore


@flow_asset(kinds={"s3", "postgres", "sql"}, deps=[rds_table, external.registros_ov_s3])
def s3_pending(
    context: dg.AssetExecutionContext, database: Database, store: ObjectStore, disk: Disk
) -> dg.MaterializeResult:
    """Compara archivos, registro y bucket de una empresa y un día: qué falta en S3, y por qué.

    Cada archivo vigente queda en exactamente un estado. Lo que falta se anota en el registro como
    `pendiente`, con la clave que tendrá su objeto; `s3_objects` sube exactamente eso.
    """
    partition = company_day(context.partition_key)
    bucket = store.open()
    with database.connect() as connection, s3_lock(connection, partition):
        adopted, diff, applied = plan(partition, connection, bucket, disk.open().root)
        connection.commit()
    if not diff.files:
        raise dg.Failure(
            f"{partition}: no file of this day is on record. Materialize rds_table for this partition first."
        )
    return dg.MaterializeResult(
        metadata={
            "dagster/partition_row_count": diff.files,
            "archivos": diff.files,
            "pendientes": len(diff.pending),
            "anotados_ahora": applied.planned,
            "adoptados_ahora": adopted.filas,
            "no_se_pudieron_leer": table(
                ({"clave": key, "codigo": code} for key, code in sorted(adopted.sin_leer.items())),
                ("clave", "codigo"),
            ),
            "objetos_sin_registro": diff.huerfanos,
            **{f"estado_{state.value}": count for state, count in diff.counts.items()},
            "pendiente": table(
                (
                    {
                        "numero_radicado": file.numero_radicado or "(CSV)",
                        "clase": file.clase,
                        "estado": file.estado.value,
                        "motivo": file.motivo,
                    }
                    for file in diff.pending
                ),
                ("numero_radicado", "clase", "estado", "motivo"),
            ),
        }
    )
