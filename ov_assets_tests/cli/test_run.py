"""`ov run` as a user has it: exit codes, one JSON object, dry runs, and death at the worst moments."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from click.testing import CliRunner

from ov_assets.cli import main
from ov_assets.days import CompanyDay
from ov_assets_tests.assets.flow_tools import EMPTY_DAY, add_pqr, assert_equals_truth
from ov_assets_tests.portal.tools import add_pqrs, faults

OV = [sys.executable, "-c", "from ov_assets.cli import main; main()"]
PARTITION = CompanyDay("aire", date.fromisoformat(EMPTY_DAY))
RUN = ("run", "--company", "aire", "--date", EMPTY_DAY)
WAIT_SECONDS = 60
PQRS = 7
# A lock, and no sleep: it holds for as long as the kill takes, and no longer.
HELD = 7_365_001
HOLDING = """
CREATE FUNCTION pg_temp_held() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_advisory_xact_lock_shared({held}); RETURN NULL; END $$;
CREATE TRIGGER held AFTER {event} ON data_general.{table} FOR EACH STATEMENT EXECUTE FUNCTION pg_temp_held();
"""


@pytest.fixture
def environment(flow: None, postgres_variables: dict[str, str]) -> dict[str, str]:
    """Everything named, so that the command starts no sandbox of its own."""
    dagster = {key: value for key, value in postgres_variables.items() if key.startswith("DAGSTER_")}
    return dict(os.environ) | dagster


def ov(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*OV, *arguments], env=environment, capture_output=True, text=True, timeout=180, check=False
    )


@pytest.mark.usefixtures("kept_session")
def test_json_is_one_object_with_the_counts(portal: Any, environment: dict[str, str]) -> None:
    add_pqr(portal, "aire", attachments=2)
    done = ov(environment, *RUN, "--json")
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert counts == {
        "company": "aire",
        "date": EMPTY_DAY,
        "listed": 1,
        "captured": 1,
        "csv_rows": 1,
        "inserted": 1,
        "updated": 0,
        "unchanged": 0,
        "rejected": 0,
        "files": 5,
        "pending": 0,
        "uploaded": 5,
        "verified": 5,
        "errors": [],
    }


def test_one_run_ends_complete_though_everything_fails_once(
    portal: Any, environment: dict[str, str], database: dict[str, Any], bucket: Any
) -> None:
    """The log-in, each page of the list, each detail and each file."""
    add_pqrs(portal, 12, day=PARTITION.day, attachments=1, campos={"comentarios": "x"})
    faults(portal, fails_once=True, sgc={"*": "late"}, late_comments=True)
    done = ov(environment, *RUN, "--json")
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert (counts["captured"], counts["pending"], counts["verified"]) == (12, 0, counts["files"])
    assert assert_equals_truth(portal, database, bucket, PARTITION) == 3 * 12 + 1


@pytest.mark.usefixtures("kept_session")
def test_a_dry_run_says_what_it_would_upload_and_writes_nothing_there(
    portal: Any, environment: dict[str, str], database: dict[str, Any], bucket: Any
) -> None:
    radicado = add_pqr(portal, "aire", attachments=1)
    done = ov(environment, *RUN, "--dry-run")
    assert done.returncode == 0, done.stderr
    planned = {line.split()[-1] for line in done.stdout.splitlines() if line.startswith("would upload ")}
    assert len(planned) == 4
    assert sum(f"/{radicado}_" in key for key in planned) == 3
    assert bucket.client.list_objects_v2(Bucket=bucket.name)["KeyCount"] == 0
    with psycopg.connect(**database) as connection:
        assert connection.execute("SELECT count(*) FROM data_general.registros_ov_s3").fetchone() == (0,)
    assert ov(environment, *RUN).returncode == 0
    objects = bucket.client.list_objects_v2(Bucket=bucket.name, Prefix="aire/01_raw_data/")["Contents"]
    uploaded = {item["Key"] for item in objects}
    # The CSV says when it was captured, so the run's own has another hash.
    assert uploaded ^ planned == {key for key in uploaded | planned if "/csv/" in key}
    assert len(uploaded) == 4


@pytest.mark.usefixtures("kept_session")
def test_an_empty_day_is_success_and_says_so(environment: dict[str, str]) -> None:
    done = ov(environment, *RUN)
    assert done.returncode == 0
    assert f"The portal lists no finalised PQR of aire on {EMPTY_DAY}." in done.stdout


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("OV_AIRE_PASSWORD", "wrong", "aire: the portal refused the login"),
        ("OV_AIRE_URL", "http://127.0.0.1:1023", "127.0.0.1:1023 does not answer"),
        ("RDS_PORT", "1", "can't connect to 127.0.0.1:1/"),
        ("S3_ENDPOINT_URL", "http://127.0.0.1:1", "S3"),
    ],
)
def test_what_is_broken_is_said_in_one_line(
    portal: Any, environment: dict[str, str], variable: str, value: str, says: str
) -> None:
    done = ov(environment | {variable: value}, *RUN)
    assert done.returncode == 1
    assert says in done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error:")]
    assert len(errors) == 1
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--company", "aire", "--date", "2999-01-01"),
        ("run", "--company", "aire", "--date", "2001-01-01"),
        ("run", "--company", "enel", "--date", EMPTY_DAY),
        ("run", "--company", "aire", "--date", "13/10/2025"),
        ("run", "--company", "aire"),
    ],
)
@pytest.mark.usefixtures("environment")
def test_wrong_usage_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2
    assert isinstance(done.exception, SystemExit)
    assert done.stderr.startswith("Usage: ")


def kill_when(environment: dict[str, str], moment: Callable[[], bool]) -> None:
    """Start `ov run` and kill it with -9 at a moment; nobody of its family may survive."""
    with subprocess.Popen(
        [*OV, *RUN], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + WAIT_SECONDS
        while not moment():
            assert process.poll() is None, "it ended before the moment came"
            assert time.monotonic() < deadline, "the moment never came"
            time.sleep(0.02)
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    _, alive = psutil.wait_procs(family, timeout=15)
    assert alive == []


def kill_while_held(environment: dict[str, str], admin: psycopg.Connection, table: str, event: str) -> None:
    """Kill `ov run` within the transaction that does this to a table; the server learns of it afterwards."""

    def is_held() -> bool:
        row = admin.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock' AND wait_event = 'advisory' AND query ILIKE %s",
            [f"%{table}%"],
        ).fetchone()
        return bool(row and row[0])

    admin.execute(HOLDING.format(held=HELD, event=event, table=table))
    admin.execute("SELECT pg_advisory_lock(%s)", [HELD])
    kill_when(environment, is_held)
    admin.execute("SELECT pg_advisory_unlock(%s)", [HELD])
    admin.execute("DROP FUNCTION pg_temp_held CASCADE")  # waits for the transaction's end


@pytest.mark.kill
@pytest.mark.usefixtures("kept_session")
def test_killed_in_capture_load_and_upload_nothing_is_lost_and_nothing_twice(
    portal: Any, environment: dict[str, str], database: dict[str, Any], bucket: Any, data_dir: Path
) -> None:
    radicados = [add_pqr(portal, "aire", attachments=1) for _ in range(PQRS)]
    raw = data_dir / "raw" / "aire" / EMPTY_DAY

    kill_when(environment, lambda: len(list(raw.glob("[0-9]*"))) >= 2)

    with psycopg.connect(**database, autocommit=True) as admin:
        kill_while_held(environment, admin, "ov_aire", "INSERT")
        # The load was one transaction: none of it may be there.
        assert admin.execute("SELECT count(*) FROM data_general.ov_aire").fetchone() == (0,)

        # After the bytes are in the bucket, and before the registry says so.
        kill_while_held(environment, admin, "registros_ov_s3", "UPDATE OF verificado_en")
        states = admin.execute("SELECT DISTINCT estado_carga FROM data_general.registros_ov_s3").fetchall()
        assert ("subido",) not in states

    done = ov(environment, *RUN, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verified"] == PQRS * 3 + 1
    assert assert_equals_truth(portal, database, bucket, PARTITION) == PQRS * 3 + 1
    opened = portal.control("aire").get("stats").json()["detail_requests"]
    assert set(opened) == set(radicados)
    assert max(opened.values()) <= 2


def test_a_dry_run_keeps_nothing_to_be_read_again() -> None:
    result = CliRunner().invoke(main, [*RUN, "--dry-run", "--reread"])
    assert result.exit_code == 2
    assert "--reread" in result.output
