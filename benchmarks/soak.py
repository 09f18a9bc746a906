"""`ov up` left alone while PQRs are finished on its portals: python benchmarks/soak.py [--minutes 30].

Nobody touches anything but the portals. Printed is how long each PQR took from "Finalizado" on the portal,
and from the walk of the list that first showed it, until S3 was seen to hold its last file.
"""

import argparse
import itertools
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles

import httpx
import psycopg

from ov_assets.companies import COMPANIES
from ov_assets.days import today
from ov_assets.timezone import BOGOTA

OV = [sys.executable, "-c", "from ov_assets.cli import main; main()"]
READY_SECONDS, GOAL_SECONDS, LAST_WAIT_SECONDS = 180, 60, 600
YESTERDAY_EACH = 3  # each n-th PQR was filed yesterday and is finished now
# When S3 was seen to hold the last of its files, and when a walk that showed it began.
ARRIVED = """
SELECT l.visto_primero, max(r.verificado_en)
FROM data_general.listado_ov l
JOIN data_general.archivos_ov a USING (empresa, numero_radicado)
LEFT JOIN data_general.registros_ov_s3 r ON r.empresa = a.empresa AND r.numero_radicado = a.numero_radicado
    AND r.clase = a.clase AND r.nombre_archivo = a.nombre AND r.hash_archivo = a.hash_archivo
    AND r.estado_carga = 'subido'
WHERE l.empresa = %s AND l.numero_radicado = %s AND a.vigente
GROUP BY l.visto_primero
HAVING count(*) = count(r.verificado_en)
"""
RUNS = "SELECT pipeline_name, status, count(*) FROM runs GROUP BY 1, 2 ORDER BY 1, 2"


@dataclass(frozen=True)
class Finished:
    """A PQR that is Finalizado on its portal since `at`."""

    company: str
    radicado: str
    at: datetime


@contextmanager
def ov_up(home: Path, cron: str) -> Iterator[dict[str, str]]:
    """`ov up` on an empty home; yields what `ov env` says."""
    env = os.environ | {"OV_HOME": str(home), "OV_LISTING_CRON": cron}
    log = home / "up.log"
    with log.open("wb") as output, subprocess.Popen([*OV, "up"], env=env, stdout=output) as process:
        try:
            deadline = time.monotonic() + READY_SECONDS
            while not any(line.startswith("Dagster\t") for line in log.read_text("utf-8").splitlines()):
                if time.monotonic() > deadline or process.poll() is not None:
                    sys.exit(f"ov up isn't ready: {log.read_text('utf-8')}")
                time.sleep(1)
            told = subprocess.run([*OV, "env"], env=env, capture_output=True, text=True, check=True).stdout
            yield dict(shlex.split(line)[1].split("=", 1) for line in told.splitlines())
        finally:
            process.send_signal(signal.SIGINT)


def finish_one(portal: httpx.Client, company: str, *, yesterday: bool) -> Finished:
    """A new PQR, finished at this moment."""
    day = today() - timedelta(days=yesterday)
    answer = portal.post("pqrs", json={"date": day.isoformat(), "attachments": 1}).raise_for_status().json()
    at = datetime.fromisoformat(answer["finalizado_en"]).replace(tzinfo=BOGOTA)
    return Finished(company, answer["numero_radicado"], at)


def live(variables: dict[str, str], seconds: float, pause: float) -> list[Finished]:
    """Let PQRs be finished on both portals in turn, with `pause` seconds in between."""
    found: list[Finished] = []
    portals = {
        slug: httpx.Client(base_url=f"{variables[f'OV_{slug.upper()}_URL']}/__control__/", trust_env=False)
        for slug in COMPANIES
    }
    end = time.monotonic() + seconds
    for number, company in enumerate(itertools.cycle(COMPANIES)):
        if time.monotonic() >= end:
            break
        yesterday = number // len(COMPANIES) % YESTERDAY_EACH == 0
        found.append(finish_one(portals[company], company, yesterday=yesterday))
        time.sleep(pause)
    return found


def arrivals(
    connection: psycopg.Connection, finished: Sequence[Finished]
) -> dict[Finished, tuple[datetime, datetime]]:
    """(listed, verified) of those that are in S3 whole."""
    rows = {pqr: connection.execute(ARRIVED, [pqr.company, pqr.radicado]).fetchone() for pqr in finished}
    return {pqr: row for pqr, row in rows.items() if row}


def told(name: str, seconds: Sequence[float]) -> None:
    p95 = quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]
    print(f"{name:34} median {median(seconds):6.1f} s   p95 {p95:6.1f} s   most {max(seconds):6.1f} s")


def conninfo(variables: dict[str, str], prefix: str, database: str) -> dict[str, str]:
    names = {"host": "HOST", "port": "PORT", "user": "USERNAME", "password": "PASSWORD"}
    return {key: variables[f"{prefix}_{name}"] for key, name in names.items()} | {"dbname": database}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--cron", default="*/5 * * * *", help="when the list is walked (OV_LISTING_CRON)")
    parser.add_argument("--pause", type=float, default=40, help="seconds between two PQRs that are finished")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ov-soak-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        home.chmod(0o755)  # PostgreSQL runs as another user where we are root
        with ov_up(home, given.cron) as variables:
            print(
                f"{datetime.now(BOGOTA):%H:%M:%S} ov up is ready; the list is walked at {given.cron}",
                flush=True,
            )
            finished = live(variables, given.minutes * 60, given.pause)
            print(f"{datetime.now(BOGOTA):%H:%M:%S} {len(finished)} PQR were finished", flush=True)
            rds = conninfo(variables, "RDS", variables["RDS_DATABASE"])
            deadline = time.monotonic() + LAST_WAIT_SECONDS
            with psycopg.connect(**rds, autocommit=True) as connection:
                while len(found := arrivals(connection, finished)) < len(finished):
                    if time.monotonic() > deadline:
                        break
                    time.sleep(5)
            dagster = conninfo(variables, "DAGSTER_PG", variables["DAGSTER_PG_DB"])
            with psycopg.connect(**dagster) as connection:
                runs = connection.execute(RUNS).fetchall()
    print(
        f"{datetime.now(UTC).astimezone(BOGOTA):%H:%M:%S} {len(found)} of {len(finished)} are in S3, verified"
    )
    told(
        "from Finalizado on the portal", [(seen - pqr.at).total_seconds() for pqr, (_, seen) in found.items()]
    )
    after = [(seen - listed).total_seconds() for listed, seen in found.values()]
    told("from the walk that first showed it", after)
    print("runs: " + ", ".join(f"{job} {status} {count}" for job, status, count in runs))
    good = len(found) == len(finished) and median(after) < GOAL_SECONDS
    print(f"{'met ' if good else 'MISS'} all in S3, and half of them within {GOAL_SECONDS} s of the walk")


if __name__ == "__main__":
    main()
