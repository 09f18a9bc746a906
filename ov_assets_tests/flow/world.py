"""A partition's way into S3, as the assets put the parts together; also run as a process that gets killed."""

import asyncio
import hashlib
import json
import os
import sys
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import boto3
import psycopg

from ov_assets.pqr.manifest import Clase
from ov_assets.rds import diff, registry
from ov_assets.s3 import keys
from ov_assets.s3.inventory import list_keys, list_objects
from ov_assets.s3.store import Bucket, BucketSettings
from ov_assets.s3.uploader import Limits, Outcome, Resultado, UploadItem, unconfirmed, upload_many

COMPANY, DAY = "afinia", date(2025, 10, 13)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@cache
def session_of(access_key: str | None, secret_key: str | None) -> boto3.Session:
    """The session of the credentials in the environment: boto3's default one keeps the first that it saw.

    What a session costs is the reading of S3's description, once for all its clients.
    """
    return boto3.Session()


def open_bucket(name: str, endpoint_url: str, region: str, **more: Any) -> Bucket:
    session = session_of(*map(os.environ.get, ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")))
    client = session.client("s3", endpoint_url=endpoint_url, region_name=region)
    return Bucket.open(BucketSettings(name, region, endpoint_url, **more), client)


@dataclass
class World:
    """A database, a bucket and a data directory, and what a test does to them."""

    conn: psycopg.Connection
    bucket: Bucket
    data_dir: Path
    company: str = COMPANY
    day: date = DAY

    @property
    def prefixes(self) -> list[str]:
        return keys.partition_prefixes(keys.Layout.COMPLETA, self.company, self.day)

    def put_on_record(
        self,
        radicado: str,
        clase: str,
        nombre: str,
        data: bytes,
        *,
        write: bool = True,
        day: date | None = None,
    ) -> Path:
        """A file in `archivos_ov`, and on disk unless `write` is off."""
        day = day or self.day
        ruta = f"raw/{self.company}/{day}/{radicado}/{nombre}"
        path = self.data_dir / ruta
        if write:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        self.conn.execute(
            "INSERT INTO data_general.archivos_ov (empresa, numero_radicado, clase, nombre, hash_archivo,"
            " tamano, ruta_local, fecha) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (self.company, radicado, clase, nombre, sha256(data), len(data), ruta, day),
        )
        self.conn.commit()
        return path

    def look(self, *, prove: bool = False) -> diff.PartitionDiff:
        return diff.diff_partition(
            self.conn,
            self.company,
            self.day,
            self.bucket.name,
            lambda elsewhere: chain(
                list_objects(self.bucket, self.prefixes), list_keys(self.bucket, elsewhere)
            ),
            prefixes=self.prefixes,
            data_dir=self.data_dir,
            prove=prove,
        )

    def key_of(self, file: diff.PendingFile, number: int = 1) -> str:
        return keys.object_key(
            keys.Layout.COMPLETA,
            company=self.company,
            day=self.day,
            clase=Clase(file.clase),
            numero_radicado=file.numero_radicado,
            nombre=file.nombre,
            hash_archivo=file.hash_archivo,
            number=number,
        )

    def plan(self) -> diff.Applied:
        return diff.apply_diff(self.conn, self.look(), self.key_of, region="us-east-1")

    def claim(self, owner: str, **more: Any) -> list[registry.Claimed]:
        return registry.claim(self.conn, self.company, self.day, self.bucket.name, owner, **more)

    def items(self, claimed: Sequence[registry.Claimed]) -> list[UploadItem]:
        return [
            UploadItem(row.id, row.clave_s3, self.data_dir / row.ruta_local, row.hash_archivo)
            for row in claimed
        ]

    def record(self, owner: str, outcomes: Sequence[Outcome]) -> None:
        def failed(*results: Resultado) -> list[registry.Failed]:
            return [
                registry.Failed(o.item.id, o.detalle, o.permanente)
                for o in outcomes
                if o.resultado in results
            ]

        uploaded = [
            registry.Uploaded(o.item.id, o.etag, o.tipo_contenido, o.resultado is Resultado.YA_ESTABA)
            for o in outcomes
            if o.in_s3
        ]
        with self.conn.transaction():
            registry.mark_uploaded(self.conn, owner, uploaded)
            registry.mark_conflict(self.conn, owner, failed(Resultado.CONFLICTO))
            registry.mark_missing_local(self.conn, owner, failed(Resultado.FALTA_LOCAL))
            registry.mark_error(self.conn, owner, failed(Resultado.ERROR))

    def run(self, limits: Limits | None = None, *, reclaim: bool = False) -> Counter[str]:
        """Diff, plan, claim, upload, register, verify. Outcomes by kind."""
        owner = uuid.uuid4().hex
        self.plan()
        outcomes: list[Outcome] = []
        while claimed := self.claim(owner, reclaim_leases=reclaim):
            outcomes += asyncio.run(
                upload_many(
                    self.bucket, self.items(claimed), limits, on_batch=lambda batch: self.record(owner, batch)
                )
            )
        assert unconfirmed(outcomes, list_objects(self.bucket, [""])) == []
        return Counter(outcome.resultado.value for outcome in outcomes)

    def rows(self, columns: str = "estado_carga") -> list[Any]:
        """Of every row of the registry by key: one column, or a tuple of several."""
        sql = f"SELECT {columns} FROM data_general.registros_ov_s3 ORDER BY clave_s3"  # noqa: S608
        found = self.conn.execute(sql).fetchall()
        self.conn.commit()
        return [row[0] if len(row) == 1 else row for row in found]

    def objects(self) -> dict[str, bytes]:
        """What the bucket holds, byte for byte."""
        client = self.bucket.client
        return {
            item.key: client.get_object(Bucket=self.bucket.name, Key=item.key)["Body"].read()
            for item in list_objects(self.bucket, [""])
        }


def main(argument: str) -> None:
    given = json.loads(argument)
    with psycopg.connect(**given["database"]) as conn:
        World(conn, open_bucket(**given["bucket"]), Path(given["data_dir"])).run(
            Limits(concurrency=2, batch=5)
        )


if __name__ == "__main__":
    main(sys.argv[1])
