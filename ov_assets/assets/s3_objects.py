"""What is missing → S3, and the proof that it is there."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Sequence
from time import monotonic

import dagster as dg
import psycopg

from ov_assets import progress
from ov_assets.assets.common import GROUP, OWNERS, table
from ov_assets.assets.s3_pending import look, s3_lock, s3_pending
from ov_assets.partitions import CompanyDay, company_date, company_day
from ov_assets.rds import registry
from ov_assets.rds.registry import Failed, Uploaded
from ov_assets.resources import Database, Disk, ObjectStore
from ov_assets.s3.errors import S3Error
from ov_assets.s3.inventory import list_keys
from ov_assets.s3.store import Bucket
from ov_assets.s3.uploader import Limits, Outcome, Resultado, UploadItem, unconfirmed, upload_many

UPLOADED_TAG = "ov/subidos"
# Each batch is confirmed by a listing of its own, and a page of a listing has a thousand keys.
LIMITS = Limits(batch=1000)


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
        outcomes = upload_claimed(partition, connection, bucket, disk)
        diff = look(partition, connection, bucket, disk)
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


def upload_claimed(
    partition: CompanyDay, connection: psycopg.Connection, bucket: Bucket, disk: Disk
) -> list[Outcome]:
    """Upload what may be claimed of one partition, verify it against the bucket, and write down each outcome.

    The caller holds the partition's lock, so a lease that somebody else left belongs to the dead.
    """
    owner = f"{partition}/{secrets.token_hex(6)}"
    finished: list[Outcome] = []
    root, total = disk.root, 0  # the root is read from the environment each time

    def on_batch(batch: Sequence[Outcome]) -> None:
        """Written down batch by batch, so that an outage in the middle costs no work that is done."""
        settle(connection, bucket, owner, batch)
        finished.extend(batch)
        progress.report("s3_objects", len(finished), total)

    try:
        while claimed := registry.claim(
            connection,
            partition.company,
            partition.day,
            bucket.name,
            owner,
            limit=LIMITS.batch,
            reclaim_leases=True,
        ):
            total += len(claimed)
            items = [
                UploadItem(row.id, row.clave_s3, root / row.ruta_local, row.hash_archivo) for row in claimed
            ]
            asyncio.run(upload_many(bucket, items, LIMITS, on_batch))
    except S3Error:
        registry.release(connection, bucket.name, owner)
        raise
    return finished


def settle(connection: psycopg.Connection, bucket: Bucket, owner: str, outcomes: Sequence[Outcome]) -> None:
    """Confirm outcomes by a listing and write them down, one statement for each kind.

    Rows that `owner` no longer holds stay as they are.
    """
    # By their own keys: what an earlier layout planned, or the predecessor, stands elsewhere.
    listing = list_keys(bucket, (outcome.item.clave for outcome in outcomes if outcome.in_s3))
    unseen = {o.item.id: why for o, why in unconfirmed(outcomes, listing)}

    def failed(*results: Resultado) -> list[Failed]:
        return [
            Failed(outcome.item.id, outcome.detalle, outcome.permanente)
            for outcome in outcomes
            if outcome.resultado in results
        ]

    confirmed = [
        Uploaded(o.item.id, o.etag, o.tipo_contenido, ya_estaba=o.resultado is Resultado.YA_ESTABA)
        for o in outcomes
        if o.in_s3 and o.item.id not in unseen
    ]
    with connection.transaction():
        registry.mark_uploaded(connection, owner, confirmed)
        registry.mark_conflict(connection, owner, failed(Resultado.CONFLICTO))
        registry.mark_missing_local(connection, owner, failed(Resultado.FALTA_LOCAL))
        registry.mark_error(
            connection, owner, failed(Resultado.ERROR) + [Failed(id_, why) for id_, why in unseen.items()]
        )
