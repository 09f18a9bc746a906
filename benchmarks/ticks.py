"""What one look of each sensor and schedule costs: python benchmarks/ticks.py [--quick].

With 1,000,000 files on record and ten years of partitions, for 2 and for 20 companies, on PostgreSQL for both
the flow's tables and Dagster's. Each look is Dagster's own evaluation, the check of partition keys included.
The clock of this process is put forward to where there are ten years of partitions.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import dagster as dg
import psycopg
import time_machine
import yaml
from measure import ONE, parts, server_cpu

from ov_assets.companies import COMPANIES, Company


def slugs_of(count: int) -> list[str]:
    """Our own companies, and as many invented ones as are wanting."""
    return [*COMPANIES, *(f"empresa{number:02}" for number in range(len(COMPANIES), count))][:count]


def be(count: int) -> None:
    """Add the invented companies."""
    for slug in slugs_of(count):
        COMPANIES.setdefault(slug, Company(slug, slug, f"ov_{slug}", has_popup=False, page_timeout_ms=30_000))


if ONE in sys.argv:  # first of all: the partitions are made of the table when they are imported
    be(json.loads(sys.argv[-1])["companies"])

from ov_assets.days import FIRST_DAY  # noqa: E402
from ov_assets.rds.connection import connect  # noqa: E402
from ov_assets.settings import Settings  # noqa: E402
from ov_assets.timezone import BOGOTA  # noqa: E402

YEARS, DAYS = 10, 3653
NOW = datetime(FIRST_DAY.year + YEARS, FIRST_DAY.month, FIRST_DAY.day, 12, tzinfo=BOGOTA)
GOAL_SECONDS = 1.0
PENDING_DAYS = 20  # of each kind of work that waits
ENDED_RUNS, RUNS_AT_WORK = 500, 100
REPOSITORY = Path(__file__).parents[1]
# File n is of company n % c and of a day; each third one is a PQR's JSON, PDF and attachment.
FILES = """
INSERT INTO data_general.archivos_ov (
    empresa, numero_radicado, clase, nombre, hash_archivo, tamano, ruta_local, fecha, fecha_creacion,
    fecha_actualizacion)
SELECT (%(slugs)s::text[])[1 + pqr %% %(companies)s], (900000000 + pqr)::text,
    (ARRAY['json', 'pdf', 'adjunto'])[1 + part], 'a' || part,
    encode(sha256((pqr || '/' || part)::bytea), 'hex'), 5,
    'raw/' || pqr || '/' || part, day, day + time '20:00', day + time '20:00'
FROM generate_series(0, %(files)s / 3 - 1) AS pqr
CROSS JOIN generate_series(0, 2) AS part
CROSS JOIN LATERAL (SELECT %(last)s::date - (pqr / %(companies)s %% %(days)s)::int AS day) AS d
"""
# All of them are in S3, but for the newest of some days.
OBJECTS = """
INSERT INTO data_general.registros_ov_s3 (
    archivo_id, empresa, numero_radicado, clase, nombre_archivo, hash_archivo, tamano_archivo, bucket_s3,
    clave_s3, etag, estado_carga, fecha)
SELECT id, empresa, numero_radicado, clase, nombre, hash_archivo, tamano, %(bucket)s, ruta_local, 'e',
    CASE WHEN fecha > %(last)s::date - %(pending)s AND clase = 'pdf' THEN 'falta_local'
        WHEN fecha > %(last)s::date - %(pending)s AND clase = 'adjunto' THEN 'error' ELSE 'subido' END, fecha
FROM data_general.archivos_ov
WHERE NOT (fecha > %(last)s::date - %(pending)s AND clase = 'json')
"""
LISTED = """
INSERT INTO data_general.listado_ov (
    empresa, numero_radicado, fecha, fecha_dia, estado, huella, visto_primero, visto_ultimo, huella_capturada)
SELECT empresa, numero_radicado, fecha, fecha, 'Finalizado', hash_archivo, fecha_creacion, fecha_creacion,
    CASE WHEN fecha <= %(last)s::date - %(pending)s THEN hash_archivo END
FROM data_general.archivos_ov WHERE clase = 'json'
"""
ROWS = """
INSERT INTO data_general.{table} (numero_radicado, fecha, estado_solicitud, hash_registro, extraido_en)
SELECT numero_radicado, fecha, estado, huella, visto_primero
FROM data_general.listado_ov WHERE empresa = %(slug)s
"""
ASKED = """
INSERT INTO data_general.consultas_ov (empresa, fecha, mirado_en)
SELECT slug, day::date, day + interval '30 hours'
FROM unnest(%(slugs)s::text[]) AS slug,
    generate_series(%(last)s::date - %(days)s + 1, %(last)s::date - 1, interval '1 day') AS day
"""
ENDED = """
UPDATE runs SET update_timestamp = %(now)s::timestamptz AT TIME ZONE 'UTC' - interval '1 hour' * random(),
    start_time = extract(epoch FROM %(now)s) - 3600, end_time = extract(epoch FROM %(now)s) - 1800
"""


def fill(conn: psycopg.Connection, files: int, companies: int, bucket: str) -> None:
    """The flow's tables."""
    given = {
        "slugs": slugs_of(companies),
        "companies": companies,
        "files": files,
        "days": DAYS,
        "last": NOW.date(),
        "bucket": bucket,
        "pending": PENDING_DAYS,
    }
    with conn.transaction():
        for statement in (FILES, OBJECTS, LISTED, ASKED):
            conn.execute(statement, given)
        for slug in given["slugs"]:
            table = f"ov_{slug}"
            conn.execute(
                f"CREATE TABLE IF NOT EXISTS data_general.{table} (LIKE data_general.ov_afinia INCLUDING ALL)"
            )
            conn.execute(ROWS.format(table=table), {"slug": slug})
    conn.autocommit = True
    for table in ("archivos_ov", "registros_ov_s3", "listado_ov", "consultas_ov"):
        conn.execute(f"VACUUM ANALYZE data_general.{table}")


@contextmanager
def dagster_instance(home: Path) -> Iterator[dg.DagsterInstance]:
    """As shipped, on PostgreSQL."""
    home.mkdir(exist_ok=True)
    config = yaml.safe_load((REPOSITORY / "deploy" / "dagster.yaml").read_text("utf-8"))
    (home / "dagster.yaml").write_text(yaml.safe_dump(config), "utf-8")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


def remember(instance: dg.DagsterInstance, companies: int) -> None:
    """Dagster's tables: the runs of the last hours."""
    for number in range(ENDED_RUNS + RUNS_AT_WORK):
        slug = slugs_of(companies)[number % companies]
        day = NOW.date() - timedelta(days=number % PENDING_DAYS)
        ended = number < ENDED_RUNS
        run = dg.DagsterRun(
            job_name="ov_chain_job" if number % 2 else "ov_s3_job",
            status=dg.DagsterRunStatus.SUCCESS if ended else dg.DagsterRunStatus.STARTED,
            tags={
                "dagster/partition": f"{slug}|{day - timedelta(days=0 if ended else 400)}",
                "dagster/partition/company": slug,
            },
        )
        instance.run_storage.add_run(run)
    storage: Any = instance.event_log_storage
    with psycopg.connect(storage.postgres_url.replace("+psycopg2", "")) as conn:
        conn.execute(ENDED, {"now": NOW})


def looks(instance: dg.DagsterInstance) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Each sensor and schedule, as one evaluation of Dagster's."""
    from ov_assets.definitions import defs

    repository = defs.get_repository_def()
    found = dict(repository.get_top_level_resources())
    for sensor in repository.sensor_defs:

        def look(sensor: dg.SensorDefinition = sensor) -> Any:
            needed = {name: found[name] for name in sensor.required_resource_keys}
            with dg.build_sensor_context(
                instance=instance, repository_def=repository, resources=needed, sensor_name=sensor.name
            ) as context:
                return sensor.evaluate_tick(context)

        yield sensor.name, look
    for schedule in repository.schedule_defs:

        def tick(schedule: dg.ScheduleDefinition = schedule) -> Any:
            needed = {name: found[name] for name in schedule.required_resource_keys}
            hour = {"daily": 4, "morning": 6, "weekly": 2}.get(schedule.name.split("_")[0], 12)
            with dg.build_schedule_context(
                instance=instance,
                repository_def=repository,
                scheduled_execution_time=NOW.replace(hour=hour),
                resources=needed,
            ) as context:
                return schedule.evaluate_tick(context)

        yield schedule.name, tick


def evaluate(times: int, home: Path) -> None:
    """In the child: print a line for each sensor and schedule."""
    with time_machine.travel(NOW.timestamp()), dagster_instance(home / "dagster") as instance:
        for name, look in looks(instance):
            result = look()  # the first one imports and connects
            asked = len(getattr(result, "run_requests", None) or ())
            walls, cpus = [], []
            server = server_cpu(home)
            for _ in range(times):
                began, cpu = time.perf_counter(), time.process_time()
                look()
                walls.append(time.perf_counter() - began)
                cpus.append(time.process_time() - cpu)
            figures = {
                "name": name,
                "asked": asked,
                "median": median(walls),
                "most": max(walls),
                "client": median(cpus),
                "server": (server_cpu(home) - server) / times,
            }
            print(json.dumps(figures), flush=True)


def measure(companies: int, files: int, times: int) -> None:
    """One setting: fill, look, print."""
    with parts(["rds", "dagster"]) as home:
        bucket = "cubo"
        began = time.perf_counter()
        with connect(Settings().rds_conninfo()) as conn:
            fill(conn, files, companies, bucket)
        with dagster_instance(home / "dagster") as instance:
            remember(instance, companies)
        print(
            f"\n{companies} companies, {files:,} files, {companies * DAYS:,} partitions"
            f" (filled in {time.perf_counter() - began:.0f} s); {times} looks each"
        )
        print(
            f"{'':34}{'asks for':>9}{'median ms':>11}{'most ms':>9}{'client CPU ms':>15}{'server CPU ms':>15}"
        )
        given = json.dumps({"companies": companies, "times": times, "home": str(home)})
        env = os.environ | {"S3_BUCKET_NAME": bucket}
        with subprocess.Popen(
            [sys.executable, __file__, ONE, given], stdout=subprocess.PIPE, text=True, env=env
        ) as process:
            assert process.stdout is not None
            lines = [json.loads(line) for line in process.stdout if line.startswith("{")]
        if process.returncode:
            sys.exit("the looks failed")
    for line in lines:
        figures = "".join(
            f"{line[key] * 1000:>{width}.0f}"
            for key, width in (("median", 11), ("most", 9), ("client", 15), ("server", 15))
        )
        print(f"{line['name']:34}{line['asked']:>9}{figures}")
    sensors = [line for line in lines if line["name"].endswith("_sensor")]
    clock = max(sensors, key=lambda line: line["median"])
    cpu = max(sensors, key=lambda line: line["client"] + line["server"])
    busy = cpu["client"] + cpu["server"]
    good = min(clock["median"], busy) < GOAL_SECONDS
    print(
        f"{'met ' if good else 'MISS'} every sensor under {GOAL_SECONDS:g} s: the slowest by the clock"
        f" {clock['median']:.2f} s ({clock['name']}), by CPU {busy:.2f} s ({cpu['name']})"
    )


def main() -> None:
    if ONE in sys.argv:
        given = json.loads(sys.argv[-1])
        evaluate(given["times"], Path(given["home"]))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10,000 files")
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--companies", default="2,20")
    parser.add_argument("--times", type=int, default=7)
    given = parser.parse_args()
    untouched = dict(os.environ)
    for companies in (int(count) for count in given.companies.split(",")):
        os.environ.clear()
        os.environ.update(untouched)
        measure(companies, 10_000 if given.quick else given.files, given.times)


if __name__ == "__main__":
    main()
