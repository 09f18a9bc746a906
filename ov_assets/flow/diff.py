"""What of one partition is missing in S3, and why."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import chain
from pathlib import Path

import psycopg

from ov_assets.days import CompanyDay
from ov_assets.flow.adoption import Adopted, adopt_partition
from ov_assets.pqr.manifest import Clase
from ov_assets.rds.diff import Applied, PartitionDiff, PendingFile, apply_diff, diff_partition
from ov_assets.rds.locks import advisory_lock
from ov_assets.s3.inventory import list_keys, list_objects
from ov_assets.s3.keys import Layout, object_key, partition_prefixes
from ov_assets.s3.store import Bucket
from ov_assets.settings import Settings

LOCK_WAIT_SECONDS = 600


def prefixes_of(partition: CompanyDay) -> list[str]:
    """Where the objects of one partition stand."""
    return partition_prefixes(Layout(Settings().ov_s3_layout), partition.company, partition.day)


def look(
    partition: CompanyDay,
    connection: psycopg.Connection,
    bucket: Bucket,
    data_dir: Path,
    *,
    prove: bool = False,
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
        data_dir=data_dir,
        prove=prove,
    )


def plan(
    partition: CompanyDay, connection: psycopg.Connection, bucket: Bucket, data_dir: Path
) -> tuple[Adopted, PartitionDiff, Applied]:
    """Give files the objects that have their bytes, look, and write down what is to be uploaded.

    The caller holds the partition's lock: two at once would plan the same files. Raises RdsError and S3Error.
    """
    adopted = adopt_partition(connection, bucket, partition.company, partition.day)
    diff = look(partition, connection, bucket, data_dir)
    applied = apply_diff(connection, diff, planned_key(partition), region=bucket.settings.region)
    return adopted, diff, applied


def s3_lock(
    connection: psycopg.Connection, partition: CompanyDay
) -> AbstractContextManager[Callable[[], None]]:
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
