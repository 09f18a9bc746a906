"""What the bucket, listed now, is seen to hold of one company and day. Nothing is deleted without it."""

import psycopg

from ov_assets.assets.s3_pending import look
from ov_assets.partitions import CompanyDay
from ov_assets.rds.verified import VerifiedFile, verified_files
from ov_assets.resources import Disk
from ov_assets.s3.store import Bucket


def proven_in_s3(
    partition: CompanyDay, connection: psycopg.Connection, bucket: Bucket, disk: Disk
) -> frozenset[VerifiedFile]:
    """The files that are in the bucket with the bytes they were verified with. Raises RdsError, S3Error."""
    diff = look(partition, connection, bucket, disk)
    unsettled = {(f.numero_radicado, f.clase, f.nombre, f.hash_archivo) for f in diff.pending}
    return frozenset(verified_files(connection, *partition, bucket.name) - unsettled)
