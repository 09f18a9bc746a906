"""How fast a company CSV gets into its table, beside what others do: python benchmarks/load.py [--quick].

Needs the extra `bench`. Everybody loads the same rows into the same PostgreSQL. The slow ones get fewer rows
(see `SHARE`); their rates only fall with more.
"""

import argparse
import csv
import json
import os
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import claims
from measure import ONE, Sample, child, cpu_rate, goal, measured, parts, rate, report

from ov_assets.pqr.csv_contract import COLUMNS
from ov_assets.pqr.files import sha256_of
from ov_assets.rds.connection import connect
from ov_assets.rds.loader import load_partition
from ov_assets.settings import Settings

DAY = date(2025, 10, 13)
SHARE = {"to_sql": 0.1, "predecessor": 0.01, "dlt default": 0.05, "dlt best": 0.25}
# Name -> CSV. "Every hash": as when Dagster has no record of what company_csv wrote.
OURS = {
    "ours, every hash": "first",
    "ours first": "first",
    "ours same file": "first",
    "ours same rows": "same",
    "ours 10 % edited": "edited",
}
TABLES = "data_general.ov_afinia, data_general.historial_ov, data_general.cargas_ov, data_general.rechazos_ov"
RAW_TABLE = """
DROP TABLE IF EXISTS public.crudo;
CREATE TABLE public.crudo (LIKE data_general.ov_afinia INCLUDING ALL);
ALTER TABLE public.crudo ADD empresa text;
"""


def read(path: str, limit: int) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        return [row for row, _ in zip(csv.DictReader(file), range(limit), strict=False)]


def raw_copy(path: str, limit: int) -> int:
    statement = f"COPY public.crudo ({','.join(COLUMNS)}) FROM STDIN WITH (FORMAT csv, HEADER true)"
    with connect(Settings().rds_conninfo()) as conn, conn.cursor() as cursor, Path(path).open("rb") as file:
        with cursor.copy(statement) as copy:
            while chunk := file.read(1 << 18):
                copy.write(chunk)
        conn.commit()
        return cursor.rowcount


def to_sql(path: str, limit: int) -> int:
    import pandas as pd
    from sqlalchemy import create_engine

    frame = pd.read_csv(path, dtype=str, keep_default_na=False, nrows=limit)
    engine = create_engine("postgresql+psycopg://", creator=lambda: connect(Settings().rds_conninfo()))
    return frame.to_sql("pandas_ov", engine, schema="public", if_exists="replace", index=False) and len(frame)


def predecessor(path: str, limit: int) -> int:
    """A row at a time: is the hash there, is the radicado there, insert; commit every 100."""
    rows = read(path, limit)
    known = [name for name in COLUMNS if name not in ("empresa", "otros_campos")]
    insert = f"INSERT INTO public.crudo ({','.join(known)}) VALUES ({','.join(['%s'] * len(known))})"  # noqa: S608
    with connect(Settings().rds_conninfo()) as conn:
        for number, row in enumerate(rows, start=1):
            for name in ("hash_registro", "numero_radicado"):
                conn.execute(f"SELECT id FROM public.crudo WHERE {name} = %s", [row[name]]).fetchone()  # noqa: S608
            conn.execute(insert, [row[name] for name in known])
            if number % 100 == 0:
                conn.commit()
    return len(rows)


def dlt_load(path: str, limit: int, *, best: bool) -> int:
    """Upsert by radicado: dicts and INSERT (dlt's default), or Arrow and Parquet through ADBC."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    import dlt

    info = Settings().rds_conninfo()
    where = f"postgresql://{info['user']}:{info['password']}@{info['host']}:{info['port']}/{info['dbname']}"
    data: Any = read(path, limit)
    if best:
        import pyarrow as pa

        data = pa.Table.from_pylist(data)
    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            "ov",
            destination=dlt.destinations.postgres(where),
            dataset_name="dlt_mejor" if best else "dlt_comun",
            pipelines_dir=folder,
        )
        pipeline.run(
            dlt.resource(
                data if best else iter(data),
                name="ov",
                primary_key="numero_radicado",
                write_disposition={"disposition": "merge", "strategy": "upsert"},
            ),
            loader_file_format="parquet" if best else None,
        )
    return limit


def ours(path: str, written_sha256: str | None) -> int:
    with connect(Settings().rds_conninfo()) as conn:
        return load_partition(
            conn, "afinia", DAY, Path(path), None, [], "benchmark", written_sha256=written_sha256
        ).filas


def one(argument: str) -> None:
    """In the child: one contestant."""
    given = json.loads(argument)
    name, path, limit = given["name"], given["path"], given["limit"]
    work = {
        "raw COPY": lambda: raw_copy(path, limit),
        "to_sql": lambda: to_sql(path, limit),
        "predecessor": lambda: predecessor(path, limit),
        "dlt default": lambda: dlt_load(path, limit, best=False),
        "dlt best": lambda: dlt_load(path, limit, best=True),
    }.get(name, lambda: ours(path, given["sha256"]))
    measured(work)


def rewritten() -> int:
    """Rows of the table that were updated or deleted since it was made, and dead ones."""
    with connect(Settings().rds_conninfo()) as conn:
        conn.execute("SELECT pg_stat_force_next_flush()")
        [(found,)] = conn.execute(
            "SELECT n_tup_upd + n_tup_del + n_dead_tup FROM pg_stat_user_tables WHERE relname = 'ov_afinia'"
        ).fetchall()
        return found


def run(statement: str) -> None:
    with connect(Settings().rds_conninfo()) as conn:
        for part in filter(str.strip, statement.split(";")):
            conn.execute(part)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20,000 rows and one round")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    count, rounds = (20_000, 1) if given.quick else (given.rows, given.rounds)
    with parts(["rds"]) as home:
        files = {
            "first": (0.0, claims.FIRST_WALK),
            "same": (0.0, claims.FIRST_WALK + timedelta(hours=1)),
            "edited": (0.1, claims.SECOND_WALK),
        }
        for file, (edited, walk) in files.items():
            claims.write(home / f"{file}.csv", count, edited=edited, walk=walk)
        size = (home / "first.csv").stat().st_size
        print(f"{count:,} rows of {size / count:.0f} bytes, {rounds} rounds, {os.cpu_count()} cores")
        # What the asset company_csv leaves on record as it writes a CSV.
        written = {file: sha256_of(home / f"{file}.csv") for file in files}
        samples: list[Sample] = []
        rows_rewritten: dict[str, int] = {}
        for number in range(rounds):
            run(f"{RAW_TABLE}; TRUNCATE {TABLES}")
            for name in ("raw COPY", *OURS, *SHARE):
                if name in ("raw COPY", "predecessor"):
                    run("TRUNCATE public.crudo")
                if name == "ours first":
                    run(f"TRUNCATE {TABLES}")
                before = rewritten()
                file = OURS.get(name, "first")
                sha256 = None if name == "ours, every hash" else written[file]
                limit = max(200, int(count * SHARE.get(name, 1)))
                path = home / f"{file}.csv"
                samples.append(child(__file__, name, home, path=path, limit=limit, sha256=sha256))
                rows_rewritten[name] = rewritten() - before
            print(f"round {number + 1} done", file=sys.stderr)
        report(samples, "rows", "raw COPY")

        def against(mine: str, other: str, least: float) -> None:
            goal(
                f"{mine} ÷ {other}",
                by_clock=rate(samples, mine) / rate(samples, other),
                by_cpu=cpu_rate(samples, mine) / cpu_rate(samples, other),
                least=least,
            )

        print()
        against("ours first", "dlt default", 5)
        against("ours first", "dlt best", 1.5)
        against("ours first", "raw COPY", 0.55)
        against("ours same file", "raw COPY", 0.9)
        peak = max(sample.rss_mb for sample in samples if sample.name in OURS)
        print(f"{'met ' if peak < 200 else 'MISS'} memory of ours: goal under 200 MB, {peak:.0f} MB")
        changed = rows_rewritten["ours same file"]
        print(f"{'MISS' if changed else 'met '} rows rewritten by ours same file: {changed}")


if __name__ == "__main__":
    one(sys.argv[2]) if sys.argv[1:2] == [ONE] else main()
