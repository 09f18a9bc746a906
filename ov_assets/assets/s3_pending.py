"""RDS × registry × bucket → what is missing, and why."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import chain

import dagster as dg
import psycopg

from ov_assets.adoption import adopt_partition
from ov_assets.assets import external
from ov_assets.assets.common import GROUP, OWNERS, table
from ov_assets.assets.rds_table import rds_table
from ov_assets.partitions import CompanyDay, company_date, company_day
from ov_assets.pqr.manifest import Clase
from ov_assets.rds.diff import PartitionDiff, PendingFile, apply_diff, diff_partition
from ov_assets.rds.locks import advisory_lock
from ov_assets.resources import Database, Disk, ObjectStore
from ov_assets.s3.inventory import list_keys, list_objects
from ov_assets.s3.keys import Layout, object_key, partition_prefixes
from ov_assets.s3.store import Bucket
from ov_assets.settings import Settings

LOCK_WAIT_SECONDS = 600


def prefixes_of(partition: CompanyDay) -> list[str]:
    """Where the objects of one partition stand."""
    return partition_prefixes(Layout(Settings().ov_s3_layout), partition.company, partition.day)


def look(
    partition: CompanyDay, connection: psycopg.Connection, bucket: Bucket, disk: Disk, *, prove: bool = False
) -> PartitionDiff:
    """Compare files on record, registry and bucket; reads only, so it is also the dry run.

    prove: name the files that the listing shows, too. Raises RdsError and S3Error.
    """
    prefixes = prefixes_of(partition)
    return diff_partition(
        connection,
        partition.company,
        partition.day,
        bucket.name,
        lambda elsewhere: chain(list_objects(bucket, prefixes), list_keys(bucket, elsewhere)),
        prefixes=prefixes,
        data_dir=disk.root,
        prove=prove,
    )


def s3_lock(connection: psycopg.Connection, partition: CompanyDay) -> AbstractContextManager[None]:
    """Held by whoever writes the registry's rows of a partition. Raises LockBusyError after ten minutes."""
    return advisory_lock(
        connection, "s3", partition.company, partition.day.isoformat(), wait_seconds=LOCK_WAIT_SECONDS
    )


def planned_key(partition: CompanyDay) -> Callable[[PendingFile, int], str]:
    """The key that a file gets, under a number. The layout is read once: settings take milliseconds."""
    layout = Layout(Settings().ov_s3_layout)

    def key(file: PendingFile, number: int) -> str:
        return object_key(
            layout,
            company=partition.company,
            day=partition.day,
            clase=Clase(file.clase),
            numero_radicado=file.numero_radicado,
            nombre=file.nombre,
            hash_archivo=file.hash_archivo,
            number=number,
        )

    return key


@dg.asset(
    partitions_def=company_date,
    group_name=GROUP,
    owners=OWNERS,
    kinds={"s3", "postgres", "sql"},
    deps=[rds_table, external.registros_ov_s3],
)
def s3_pending(
    context: dg.AssetExecutionContext, database: Database, store: ObjectStore, disk: Disk
) -> dg.MaterializeResult:
    """Compara archivos, registro y bucket de una empresa y un día: qué falta en S3, y por qué.

    Cada archivo vigente queda en exactamente un estado. Lo que falta se anota en el registro como
    `pendiente`, con la clave que tendrá su objeto; `s3_objects` sube exactamente eso.
    """
    partition = company_day(context.partition_key)
    bucket = store.open()
    # Two at once would plan the same files: whoever writes a partition's registry holds its lock.
    with database.connect() as connection, s3_lock(connection, partition):
        adopted = adopt_partition(connection, bucket, partition.company, partition.day)
        diff = look(partition, connection, bucket, disk)
        applied = apply_diff(connection, diff, planned_key(partition), region=bucket.settings.region)
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
