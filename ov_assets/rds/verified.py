"""Which files of a day are known to be in S3."""

from datetime import date
from typing import NamedTuple

import psycopg

from ov_assets.rds.connection import private_errors, query


class VerifiedFile(NamedTuple):
    """The identity of a file: numero_radicado is '' for a company's CSV."""

    numero_radicado: str
    clase: str
    nombre: str
    hash_archivo: str


@private_errors
def verified_files(conn: psycopg.Connection, company: str, day: date, bucket: str) -> set[VerifiedFile]:
    """The files that are `subido` or `pre_existente` and have been seen in the bucket. Raises RdsError."""
    params = {"empresa": company, "fecha": day, "bucket": bucket}
    with conn.transaction():
        return {VerifiedFile(*row) for row in conn.execute(query("files_verified"), params)}
