"""Before a partition's files are planned: has the bucket any of them already? The wiring only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import psycopg

from ov_assets.flow.reconcile.claims import Claims
from ov_assets.flow.reconcile.judge import named_by
from ov_assets.rds import adoption
from ov_assets.s3.compare import Digest
from ov_assets.s3.objects import Refused, digests
from ov_assets.s3.store import Bucket


@dataclass(frozen=True, slots=True)
class Adopted:
    """filas: rows that got their file. sin_leer: keys whose object couldn't be read, and S3's code."""

    filas: int = 0
    sin_leer: Mapping[str, str] = field(default_factory=dict)


def adopt_partition(conn: psycopg.Connection, bucket: Bucket, company: str, day: date) -> Adopted:
    """Give files of this day the rows that have their bytes and no file. Nothing is uploaded.

    Those rows are the predecessor's, or what `ov s3 reconcile --apply` noted about objects of its that had
    none. Each object's bytes are verified, and hash and claim must match. Without such rows it is one query.
    Raises RdsError and S3Error.
    """
    rows, files = adoption.candidates(conn, bucket.name, company, day)
    if not rows:
        return Adopted()
    named = {row.id: named_by(row) for row in rows}
    claims = Claims(files, {company: adoption.numbers(conn, company, (n.numero for n in named.values()))})
    found = digests(bucket, {row.clave_s3 for row in rows})
    links = []
    for row in rows:
        digest = found.get(row.clave_s3)
        if isinstance(digest, Digest) and digest.sha256 == row.hash_archivo:
            file, _ = claims.take(named[row.id], digest.sha256)
            if file:
                links.append(adoption.Link(row.id, file.archivo_id, digest.etag))
    unread = {key: answer.codigo for key, answer in found.items() if isinstance(answer, Refused)}
    return Adopted(adoption.link(conn, bucket.name, links), unread)
