"""Database, bucket and disk of one company and day: what the assets do, and what is seen from outside."""

import hashlib
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import obstore
import psycopg
from botocore.config import Config
from psycopg.rows import namedtuple_row

from ov_assets.days import CompanyDay
from ov_assets.flow.diff import look, plan
from ov_assets.flow.load import files_of_partition
from ov_assets.flow.reconcile.run import Report, Request, reconcile
from ov_assets.flow.upload import upload
from ov_assets.pqr.consolidate import consolidate
from ov_assets.pqr.csv_contract import write_company_csv, write_rejects_csv
from ov_assets.pqr.manifest import Clase
from ov_assets.rds.connection import connect
from ov_assets.rds.diff import PartitionDiff
from ov_assets.rds.loader import LoadResult, load_partition
from ov_assets.resources import Disk
from ov_assets.s3.keys import Layout
from ov_assets.s3.store import Bucket, BucketSettings
from ov_assets.s3.uploader import Outcome
from ov_assets_tests.faults.links import Cut, Links
from ov_assets_tests.faults.model import Capture, File, Records, sha256
from ov_assets_tests.pqr.examples import DAY, pqr

PARTITION = CompanyDay("afinia", DAY)
TABLES = ("ov_afinia", "historial_ov", "archivos_ov", "registros_ov_s3", "cargas_ov", "rechazos_ov")
NOW = timedelta(0)
GONE_WITHIN_S = 10
CUT_NAME = "cortable"
ROWS = """
SELECT r.*, coalesce(a.vigente, false) AS vigente,
    r.estado_carga = 'subiendo' AND r.arriendo_vence >= now() AS viva
FROM data_general.registros_ov_s3 AS r
LEFT JOIN data_general.archivos_ov AS a ON a.id = r.archivo_id
ORDER BY r.id
"""


class Side(NamedTuple):
    """A way to the database and the bucket: straight, or by links that can be cut.

    conn: kept between two pieces of work, since a new one costs as much as many of them do.
    """

    database: dict[str, Any]
    bucket: Bucket
    conn: psycopg.Connection | None = None


class World:
    def __init__(self, database: dict[str, Any], bucket: Any, data_dir: Path) -> None:
        """bucket: the fixture's. OV_DATA_DIR has to name `data_dir`. reached: how often what came about."""
        host, port = bucket.endpoint_url.removeprefix("http://").split(":")
        self.disk = Disk().open()  # reads the environment each time, which takes milliseconds
        self.data_dir = data_dir
        self.store = self.disk.captures(PARTITION)
        self.csv, self.rejects = self.disk.csv(PARTITION), self.disk.rejects(PARTITION)
        self.links = Links(rds=(database["host"], database["port"]), s3=(host, int(port)))
        self.straight = Side(database, _open(bucket, bucket.endpoint_url), connect(database))
        self.by_links = Side(
            database | {"host": "127.0.0.1", "port": self.links.ports["rds"], "application_name": CUT_NAME},
            _open(bucket, f"http://127.0.0.1:{self.links.ports['s3']}"),
        )
        self.observer = psycopg.connect(**database, autocommit=True)
        self.reached = Counter[str]()

    def close(self) -> None:
        self.observer.close()
        self.straight.conn.close()
        self.links.close()

    def reset(self) -> None:
        """Nothing anywhere, and no transaction that a failed step left open."""
        self.straight.conn.rollback()
        self.observer.execute(
            "TRUNCATE " + ", ".join(f"data_general.{table}" for table in TABLES) + " RESTART IDENTITY"
        )
        if keys := list(self.objects()):
            self.straight.bucket.client.delete_objects(
                Bucket=self.straight.bucket.name, Delete={"Objects": [{"Key": key} for key in keys]}
            )
        for folder in self.data_dir.iterdir():
            shutil.rmtree(folder)

    @contextmanager
    def side(self, cut: Cut | None) -> Iterator[Side]:
        """The straight one without a cut. Ends when the database has let go of whoever was cut off."""
        if cut is None:
            yield self.straight
            return
        try:
            with self.links.cutting(cut):
                yield self.by_links
        finally:
            self.reached[cut.named] += self.links.has_cut
            deadline = time.monotonic() + GONE_WITHIN_S
            asked = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
            while self.observer.execute(asked, [CUT_NAME]).fetchone() != (0,):
                assert time.monotonic() < deadline, "a backend outlives the connection of its client"

    # What the assets do, each as its own; `side` is where.

    def capture(self, found: Capture) -> None:
        """As pqr_captures leaves it on disk."""
        with self.store.draft(found.radicado, "h", found.at) as draft:
            for clase, nombre, data in found.files:
                draft.add(Clase(clase), nombre, data)

    def write_csv(self) -> File:
        rows, rejects = consolidate(self.store)
        assert not rejects
        write_rejects_csv(self.rejects, rejects)
        write_company_csv(self.csv, rows)
        return File("", Clase.CSV, self.csv.name, sha256(self.csv.read_bytes()))

    def load(self, side: Side) -> LoadResult:
        files = list(files_of_partition(self.store, self.csv))
        with _connected(side) as conn:
            return load_partition(conn, *PARTITION, self.csv, self.rejects, files, "prueba")

    def look(self, side: Side) -> PartitionDiff:
        with _connected(side) as conn:
            diff = look(PARTITION, conn, side.bucket, self.disk.root)
            conn.commit()
            return diff

    def plan(self, side: Side) -> PartitionDiff:
        with _connected(side) as conn:
            _, diff, _ = plan(PARTITION, conn, side.bucket, self.disk.root)
            conn.commit()
            return diff

    def upload(self, side: Side) -> tuple[Sequence[Outcome], PartitionDiff]:
        with _connected(side) as conn:
            return upload(PARTITION, conn, side.bucket, self.disk.root)

    def reconcile(self, side: Side, *, apply: bool) -> Report:
        request = Request(PARTITION.company, apply=apply, min_age=NOW, multipart_age=NOW)
        with _connected(side) as conn:
            return reconcile(conn, side.bucket, self.data_dir, Layout.COMPLETA, request)

    # What is seen from outside.

    def objects(self) -> dict[str, str]:
        """ETag by key."""
        found = obstore.list(self.straight.bucket.objects).collect()
        return {item["path"]: (item["e_tag"] or "").strip('"') for item in found}

    def read(self, key: str) -> bytes:
        return bytes(obstore.get(self.straight.bucket.objects, key).bytes())

    def rows(self) -> dict[int, Any]:
        """The registry by id; `viva`: under a living lease; `vigente`: its file is current."""
        found = self.observer.cursor(row_factory=namedtuple_row).execute(ROWS).fetchall()
        assert len({row.id for row in found}) == len(found)
        return {row.id: row for row in found}

    def records(self) -> Records:
        ask = self.observer.execute
        files = ask(
            "SELECT numero_radicado, clase, nombre, hash_archivo, vigente FROM data_general.archivos_ov"
        ).fetchall()
        loads = ask("SELECT hash_archivo FROM data_general.cargas_ov ORDER BY cargado_en, id").fetchall()
        history = ask("SELECT count(*) FROM data_general.historial_ov").fetchone()
        table = ask("SELECT numero_radicado, lectura, extraido_en FROM data_general.ov_afinia").fetchall()
        assert history
        return Records(
            {radicado: (lectura, at) for radicado, lectura, at in table},
            frozenset(File(*file[:4]) for file in files if file[4]),
            frozenset(File(*file[:4]) for file in files),
            history[0],
            frozenset(digest for (digest,) in loads),
            loads[-1][0] if loads else None,
        )

    def on_disk(self, ruta: str, digest: str) -> bool:
        path = self.data_dir / ruta
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest

    # Time and the saboteur.

    def put(self, key: str, data: bytes) -> None:
        bucket = self.straight.bucket
        bucket.client.put_object(Bucket=bucket.name, Key=key, Body=data)

    def delete(self, key: str) -> None:
        bucket = self.straight.bucket
        bucket.client.delete_object(Bucket=bucket.name, Key=key)

    def end_leases(self) -> None:
        self.observer.execute(
            "UPDATE data_general.registros_ov_s3 SET arriendo_vence = now() - interval '1 second'"
            " WHERE estado_carga = 'subiendo'"
        )

    def end_pauses(self) -> None:
        self.observer.execute(
            "UPDATE data_general.registros_ov_s3 SET proximo_intento = now() WHERE proximo_intento > now()"
        )


def record_of(radicado: str, lectura: str) -> bytes:
    """pqr.json of a made-up claim."""
    return pqr(numero_radicado=radicado, lectura=lectura).to_json()


@contextmanager
def _connected(side: Side) -> Iterator[psycopg.Connection]:
    if side.conn:
        yield side.conn
        return
    conn = connect(side.database)
    try:
        yield conn
    finally:
        conn.close()


def _open(bucket: Any, endpoint_url: str) -> Bucket:
    # One try: a client of a dead S3 would wait between its own.
    client = boto3.Session().client(
        "s3",
        endpoint_url=endpoint_url,
        region_name=bucket.region,
        config=Config(retries={"total_max_attempts": 1}),
    )
    return Bucket.open(BucketSettings(bucket.name, bucket.region, endpoint_url), client)
