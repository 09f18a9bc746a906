"""What is missing → S3, and the proof that it is there."""

import asyncio
import secrets
from collections.abc import Sequence
from pathlib import Path

import psycopg

from ov_assets.days import CompanyDay
from ov_assets.flow import progress
from ov_assets.flow.diff import look, s3_lock
from ov_assets.rds import registry
from ov_assets.rds.diff import PartitionDiff
from ov_assets.rds.registry import Failed, Uploaded
from ov_assets.s3.errors import S3Error
from ov_assets.s3.inventory import list_keys
from ov_assets.s3.store import Bucket
from ov_assets.s3.uploader import Limits, Outcome, Resultado, UploadItem, unconfirmed, upload_many

# Each batch is confirmed by a listing of its own, and a page of a listing has a thousand keys.
LIMITS = Limits(batch=1000)


def upload(
    partition: CompanyDay, connection: psycopg.Connection, bucket: Bucket, data_dir: Path
) -> tuple[list[Outcome], PartitionDiff]:
    """Upload what is planned of one partition, under its lock, and look again at what is where.

    Raises LockBusyError, RdsError and S3Error.
    """
    with s3_lock(connection, partition):
        outcomes = upload_claimed(partition, connection, bucket, data_dir)
        diff = look(partition, connection, bucket, data_dir)
        connection.commit()
    return outcomes, diff


def upload_claimed(
    partition: CompanyDay, connection: psycopg.Connection, bucket: Bucket, data_dir: Path
) -> list[Outcome]:
    """Upload what may be claimed of one partition, verify it against the bucket, and write down each outcome.

    The caller holds the partition's lock, so a lease that somebody else left belongs to the dead.
    """
    owner = f"{partition}/{secrets.token_hex(6)}"
    finished: list[Outcome] = []
    total = 0

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
                UploadItem(row.id, row.clave_s3, data_dir / row.ruta_local, row.hash_archivo)
                for row in claimed
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
