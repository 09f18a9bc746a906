"""How fast files get into the bucket, beside what others do: python benchmarks/upload.py [--quick].

Needs the extra `bench`. Everybody sends the same files to the same SeaweedFS, under a prefix of its own. The
others only send. Ours also hashes, writes conditionally, has the server verify and keep the SHA-256, leases
and registers every file in PostgreSQL, and confirms each against a listing; all of it is in its figures.
"""

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import boto3
from botocore.config import Config
from measure import ONE, Sample, child, cpu_rate, goal, measured, parts, rate, report

from ov_assets.days import CompanyDay
from ov_assets.flow.diff import look, planned_key
from ov_assets.flow.upload import upload_claimed
from ov_assets.pqr.manifest import Clase
from ov_assets.rds.connection import connect
from ov_assets.rds.diff import apply_diff
from ov_assets.rds.files_on_record import FileOnRecord, record_files
from ov_assets.resources import Disk
from ov_assets.s3.store import Bucket, BucketSettings
from ov_assets.settings import Settings

SMALL_BYTES, LARGE_BYTES = 50_000, 16 << 20
FIRST_DAY = date(2024, 1, 1)
FILES = """
INSERT INTO data_general.archivos_ov (
    empresa, numero_radicado, clase, nombre, hash_archivo, tamano, ruta_local, fecha)
SELECT 'afinia', n::text, 'pdf', 'd.pdf', md5(n::text), 5, 'raw/x', %(first)s::date + 3650 + n %% %(days)s
FROM generate_series(1, %(count)s) AS n
"""
ROWS = """
INSERT INTO data_general.registros_ov_s3 (
    archivo_id, empresa, numero_radicado, clase, nombre_archivo, hash_archivo, tamano_archivo, fecha,
    bucket_s3, clave_s3, estado_carga)
SELECT id, empresa, numero_radicado, clase, nombre, hash_archivo, tamano, fecha, %(bucket)s,
    'registrado/' || numero_radicado, 'subido'
FROM data_general.archivos_ov WHERE ruta_local = 'raw/x'
"""
CONTESTANTS = ("s5cmd", "rclone", "boto3 16 threads", "ours")


def tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def client(settings: Settings, **config: Any) -> Any:
    return boto3.Session().client(
        "s3", endpoint_url=settings.s3_endpoint_url, region_name=settings.aws_region, config=Config(**config)
    )


def s5cmd(folder: Path, prefix: str, settings: Settings) -> None:
    target = f"s3://{settings.bucket()}/{prefix}/"
    command = [tool("s5cmd"), "--endpoint-url", settings.s3_endpoint_url or "", "cp", f"{folder}/", target]
    subprocess.run(command, check=True, capture_output=True)


def rclone(folder: Path, prefix: str, settings: Settings) -> None:
    remote = f":s3,provider=SeaweedFS,env_auth=true,endpoint='{settings.s3_endpoint_url}':"
    target = f"{remote}{settings.bucket()}/{prefix}"
    options = ["--transfers", "16", "--no-check-dest", "--s3-no-check-bucket", "--config", "/dev/null"]
    subprocess.run([tool("rclone"), "copy", str(folder), target, *options], check=True, capture_output=True)


def boto3_threads(folder: Path, prefix: str, settings: Settings) -> None:
    # A connection for each thread: the default pool keeps 10 and throws the others away.
    s3, name = client(settings, max_pool_connections=16), settings.bucket()

    def send(path: Path) -> None:
        s3.put_object(Bucket=name, Key=f"{prefix}/{path.name}", Body=path.read_bytes())

    with ThreadPoolExecutor(16) as pool:
        for _ in pool.map(send, sorted(folder.iterdir())):
            pass


def ours(partition: CompanyDay, settings: Settings) -> list[Any]:
    """What the assets s3_pending and s3_objects do of one partition."""
    where = BucketSettings(settings.bucket(), settings.aws_region, settings.s3_endpoint_url)
    bucket, disk = Bucket.open(where, client(settings)), Disk().open()
    with connect(settings.rds_conninfo()) as conn:
        diff = look(partition, conn, bucket, disk.root)
        apply_diff(conn, diff, planned_key(partition))
        conn.commit()
        outcomes = upload_claimed(partition, conn, bucket, disk.root)
        conn.commit()
        if not look(partition, conn, bucket, disk.root).complete:
            raise SystemExit("ours left something out")
    return outcomes


def one(argument: str) -> None:
    """In the child: one contestant."""
    given, settings = json.loads(argument), Settings()
    folder = Path(given["folder"])
    if given["name"] == "ours":
        partition = CompanyDay("afinia", date.fromisoformat(given["day"]))
        measured(lambda: len(ours(partition, settings)) or given["count"])
        return
    work = {"s5cmd": s5cmd, "rclone": rclone, "boto3 16 threads": boto3_threads}[given["name"]]

    def send() -> int:
        work(folder, given["prefix"], settings)
        return given["count"]

    measured(send)


def make_files(folder: Path, count: int, size: int) -> list[tuple[Path, str]]:
    """Files that begin as PDFs do and go on at random, the same at every run; each with its SHA-256."""
    folder.mkdir(parents=True)
    seeded, made = random.Random(count), []
    for number in range(count):
        path = folder / f"{900_000_000 + number}.pdf"
        data = b"%PDF-1.7\n" + seeded.randbytes(size - 9)
        path.write_bytes(data)
        made.append((path, hashlib.sha256(data).hexdigest()))
    return made


def put_on_record(data_dir: Path, day: date, files: list[tuple[Path, str]]) -> None:
    rows = [
        FileOnRecord(
            path.stem, Clase.PDF, path.name, digest, path.stat().st_size, str(path.relative_to(data_dir))
        )
        for path, digest in files
    ]
    with connect(Settings().rds_conninfo()) as conn, conn.transaction():
        record_files(conn, "afinia", day, rows)


def requests_of_a_second_run(count: int, days: int) -> None:
    """`count` registered files: what a run over all of them sends. Only the listings are of this bucket."""
    settings = Settings()
    s3, name = client(settings), settings.bucket()
    seen: dict[str, int] = {}

    def note(**event: Any) -> None:
        seen[event["model"].name] = seen.get(event["model"].name, 0) + 1

    where = BucketSettings(name, settings.aws_region, settings.s3_endpoint_url)
    s3.meta.events.register("before-call.s3", note)
    bucket, disk, sent = Bucket.open(where, s3), Disk().open(), 0
    began, cpu = time.perf_counter(), time.process_time()
    with connect(settings.rds_conninfo()) as conn:
        for number in range(days):
            partition = CompanyDay("afinia", date.fromordinal(FIRST_DAY.toordinal() + 3650 + number))
            look(partition, conn, bucket, disk.root)
            sent += len(upload_claimed(partition, conn, bucket, disk.root))
            conn.commit()
    puts = sent + seen.get("PutObject", 0)
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(
        f"{'met ' if not puts + seen.get('HeadObject', 0) else 'MISS'} second run over {count:,} registered"
        f" files in {days} partitions: {puts} PUT, {seen.get('HeadObject', 0)} HEAD (goal 0 and 0),"
        f" {seen.get('ListObjectsV2', 0)} listings; {wall:.1f} s, {cpu:.1f} s CPU"
    )


def register(count: int, days: int) -> None:
    """`count` files with rows `subido`, without objects: the run reads the registry, not what is in them."""
    given = {"bucket": Settings().bucket(), "first": FIRST_DAY, "days": days, "count": count}
    with connect(Settings().rds_conninfo()) as conn:
        for statement in (FILES, ROWS, "ANALYZE data_general.archivos_ov, data_general.registros_ov_s3"):
            conn.execute(statement, given if "%" in statement else None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="300 objects, 3 large ones, one round")
    parser.add_argument("--objects", type=int, default=2000)
    parser.add_argument("--large", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--registered", type=int, default=100_000)
    given = parser.parse_args()
    if given.quick:
        given.objects, given.large, given.rounds, given.registered = 300, 3, 1, 10_000
    with parts(["rds", "s3"]) as home, tempfile.TemporaryDirectory(prefix="ov-bench-files-") as data:
        os.environ["OV_DATA_DIR"] = data
        day = FIRST_DAY.toordinal()
        for size, count in ((SMALL_BYTES, given.objects), (LARGE_BYTES, given.large)):
            folder = Path(data) / "raw" / str(size)
            files = make_files(folder, count, size)
            samples: list[Sample] = []
            for number in range(given.rounds):
                # Who goes first finds the disk cache cold, so the order turns.
                turn = number % len(CONTESTANTS)
                for name in CONTESTANTS[turn:] + CONTESTANTS[:turn]:
                    day += 1
                    put_on_record(Path(data), date.fromordinal(day), files if name == "ours" else [])
                    samples.append(
                        child(
                            __file__,
                            name,
                            home,
                            folder=folder,
                            prefix=f"{name.split()[0]}/{size}/{number}",
                            day=date.fromordinal(day),
                            count=count,
                        )
                    )
                forget()
                print(f"{size} bytes: round {number + 1} done", file=sys.stderr)
            print(f"\n{count:,} objects of {size:,} bytes, {given.rounds} rounds")
            report(samples, "objects", "s5cmd")
            if size == SMALL_BYTES:
                verdict(samples)
        register(given.registered, days=20)
        requests_of_a_second_run(given.registered, days=20)


def forget() -> None:
    """So that the next round's files are new ones."""
    with connect(Settings().rds_conninfo()) as conn:
        conn.execute("TRUNCATE data_general.archivos_ov, data_general.registros_ov_s3")


def verdict(samples: list[Sample]) -> None:
    for other, least in (("s5cmd", 0.9), ("boto3 16 threads", 3.0)):
        goal(
            f"ours ÷ {other}",
            by_clock=rate(samples, "ours") / rate(samples, other),
            by_cpu=cpu_rate(samples, "ours") / cpu_rate(samples, other),
            least=least,
        )
    cpu = median(sample.client / sample.amount * 1e3 for sample in samples if sample.name == "ours")
    print(f"{'met ' if cpu <= 1 else 'MISS'} client CPU an object: goal 1 ms, {cpu:.2f} ms")


if __name__ == "__main__":
    one(sys.argv[2]) if sys.argv[1:2] == [ONE] else main()
