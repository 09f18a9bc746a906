"""How the diff grows with what is on record: python benchmarks/diff.py [--quick].

One partition's diff, and the question "which partitions have work?", with 10,000, 100,000 and 1,000,000 files
on record, of which the same number is pending each time. Beside it the predecessor's search for local files.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

import psycopg
from measure import parts

from ov_assets.rds.connection import connect, query
from ov_assets.rds.diff import diff_partition, pending_partitions
from ov_assets.rds.status import status
from ov_assets.s3.inventory import BucketObject
from ov_assets.settings import Settings

FIRST_DAY, PER_PARTITION, PENDING, BUCKET = date(2010, 1, 1), 250, 200, "cubo"
PREFIX = "afinia/01_raw_data/"
GOAL_MS, STATUS_GOAL_MS = 50, 300
# Every partition has PER_PARTITION files; the first PENDING of all are without a row.
FILES = """
INSERT INTO data_general.archivos_ov (
    empresa, numero_radicado, clase, nombre, hash_archivo, tamano, ruta_local, fecha)
SELECT 'afinia', (900000000 + n / 3)::text, (ARRAY['json', 'pdf', 'adjunto'])[1 + n %% 3], 'a' || n %% 3,
    encode(sha256(n::text::bytea), 'hex'), 5, 'raw/' || n, %(first)s::date + n / %(per)s
FROM generate_series(%(begin)s, %(end)s - 1) AS n
"""
ROWS = """
INSERT INTO data_general.registros_ov_s3 (
    archivo_id, empresa, numero_radicado, clase, nombre_archivo, hash_archivo, tamano_archivo, bucket_s3,
    clave_s3, etag, estado_carga, fecha)
SELECT id, empresa, numero_radicado, clase, nombre, hash_archivo, tamano, %(bucket)s,
    %(prefix)s || substr(ruta_local, 5), 'e', 'subido', fecha
FROM data_general.archivos_ov WHERE substr(ruta_local, 5)::int >= greatest(%(begin)s, %(pending)s)
"""


def grow(conn: psycopg.Connection, begin: int, end: int) -> None:
    given = {
        "first": FIRST_DAY,
        "per": PER_PARTITION,
        "begin": begin,
        "end": end,
        "bucket": BUCKET,
        "prefix": PREFIX,
        "pending": PENDING,
    }
    with conn.transaction():
        conn.execute(FILES, given)
        conn.execute(ROWS, given)
    conn.autocommit = True
    conn.execute("VACUUM ANALYZE data_general.archivos_ov")
    conn.execute("VACUUM ANALYZE data_general.registros_ov_s3")
    conn.autocommit = False


def listing(number: int) -> Iterator[BucketObject]:
    """What the bucket holds of one partition."""
    first = number * PER_PARTITION
    for name in range(max(first, PENDING), first + PER_PARTITION):
        yield BucketObject(f"{PREFIX}{name}", 5, "e", datetime.now().astimezone())


def milliseconds(calls: Sequence[Callable[[], object]]) -> float:
    """The median call."""
    taken = []
    for work in calls:
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return median(taken)


def one_partition(conn: psycopg.Connection, number: int) -> None:
    found = diff_partition(
        conn,
        "afinia",
        FIRST_DAY + timedelta(days=number),
        BUCKET,
        lambda elsewhere: listing(number),
        prefixes=[PREFIX],
        data_dir=Path("/nonexistent"),
    )
    expected = max(0, min(PER_PARTITION, PENDING - number * PER_PARTITION))
    if (found.files, len(found.pending)) != (PER_PARTITION, expected):
        raise SystemExit(f"wrong: {found.files} files, {len(found.pending)} pending")


def explain(conn: psycopg.Connection) -> None:
    """The plan of one partition's diff at the size that the tables have now."""
    with conn.transaction():
        conn.execute(query("diff_listing"))
        with conn.cursor().copy("COPY listado_s3 (clave, tamano, etag) FROM STDIN") as copy:
            for item in listing(1):
                copy.write_row((item.key, item.size, item.etag))
        conn.execute("ANALYZE listado_s3")
        day = FIRST_DAY + timedelta(days=1)
        given = {
            "empresa": "afinia",
            "fecha": day,
            "bucket": BUCKET,
            "prefijos": [PREFIX],
            "con_probados": False,
        }
        statement = psycopg.ClientCursor(conn).mogrify(query("diff_partition"), given)
        for (line,) in conn.execute(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {statement}"):
            print("   ", line)


def predecessor(count: int) -> tuple[int, float]:
    """For each claim, open JSON after JSON until one holds its number: (opens, seconds)."""
    with tempfile.TemporaryDirectory() as name:
        paths = [Path(name) / f"{number}.json" for number in range(count)]
        for number, path in enumerate(paths):
            path.write_text(json.dumps({"numero_radicado": str(number), "cuerpo": "x" * 800}))
        opens, began = 0, time.perf_counter()
        for number in range(count):
            for path in paths:
                opens += 1
                if json.loads(path.read_text())["numero_radicado"] == str(number):
                    break
        return opens, time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 and 10,000 files")
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--times", type=int, default=15)
    given = parser.parse_args()
    sizes = [1000, 10_000] if given.quick else [int(size) for size in given.sizes.split(",")]
    with parts(["rds"]), connect(Settings().rds_conninfo()) as conn:
        print(f"partitions of {PER_PARTITION} files; {PENDING} files pending in all; median of {given.times}")
        titles = ("a partition", "the pending one", "all", "status, 30 days")
        print(f"{'files on record':>16}" + "".join(f"{title:>17}" for title in titles))
        begin, worst = 0, 0.0
        for size in sizes:
            grow(conn, begin, size)
            begin = size
            seeded = random.Random(1)
            last = size // PER_PARTITION - 1
            chosen = [seeded.randint(1, last) for _ in range(given.times)]
            settled = milliseconds([partial(one_partition, conn, number) for number in chosen])
            pending = milliseconds([partial(one_partition, conn, 0)] * given.times)
            whole = milliseconds([partial(pending_partitions, conn, BUCKET)] * 3)
            month = [FIRST_DAY + timedelta(days=n) for n in (last - 29, last)]
            days = milliseconds([partial(status, conn, "afinia", *month, BUCKET)] * given.times)
            figures = (settled, pending, whole, days)
            print(f"{size:>16,}" + "".join(f"{figure:>14.1f} ms" for figure in figures))
            worst = max(worst, settled, pending)
        print(f"{'met ' if worst < GOAL_MS else 'MISS'} one partition: goal {GOAL_MS} ms, {worst:.1f} ms")
        print(
            f"{'met ' if days < STATUS_GOAL_MS else 'MISS'} status: goal {STATUS_GOAL_MS} ms, {days:.1f} ms"
        )
        print(f"\nThe plan at {sizes[-1]:,} files:")
        explain(conn)
    print("\nThe predecessor's search for local files, n(n+1)/2 opens:")
    for count in (217, 400) if given.quick else (217, 400, 800):
        opens, seconds = predecessor(count)
        print(f"{count:>16,} claims: {opens:>8,} opens, {seconds:.1f} s")


if __name__ == "__main__":
    main()
