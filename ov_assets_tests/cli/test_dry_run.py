"""`ov run --dry-run` says what a run would do, and leaves no trace of having done it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ov_assets_tests.assets.flow_tools import EMPTY_DAY, add_pqr
from ov_assets_tests.sandbox.helpers import eventually

OV = [sys.executable, "-c", "from ov_assets.cli import main; main()"]
RUN = ("run", "--company", "aire", "--date", EMPTY_DAY)
TABLES = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(%s) ORDER BY 1, 2"


@pytest.fixture
def environment(flow: None, postgres_variables: dict[str, str]) -> Iterator[dict[str, str]]:
    """Everything named, and a folder for temporary files that nobody else writes into."""
    dagster = {key: value for key, value in postgres_variables.items() if key.startswith("DAGSTER_")}
    # Chromium puts a socket there, whose path may not be long.
    with tempfile.TemporaryDirectory(prefix="ov-") as temporary:
        yield dict(os.environ) | dagster | {"TMPDIR": temporary}


def ov(environment: dict[str, str], *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*OV, *arguments], env=environment, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == code, done.stderr
    return done


def dump(conninfo: dict[str, Any], *schemas: str) -> dict[str, Any]:
    """Of every table how many rows there are, and a hash over all they say."""
    with psycopg.connect(**conninfo) as connection:
        found = {}
        for schema, table in connection.execute(TABLES, [list(schemas)]).fetchall():
            name = psycopg.sql.Identifier(schema, table)
            said = psycopg.sql.SQL(
                "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {} t"
            )
            found[table] = connection.execute(said.format(name)).fetchone()
        return found


def tree(folder: Path) -> dict[str, Any]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.is_file() and path.read_bytes())
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def left(environment, database, bucket, data_dir) -> Any:
    """What anybody could find afterwards: in RDS, in the bucket, on disk, and in Dagster."""
    dagster = {
        "host": environment["DAGSTER_PG_HOST"],
        "port": environment["DAGSTER_PG_PORT"],
        "user": environment["DAGSTER_PG_USERNAME"],
        "password": environment["DAGSTER_PG_PASSWORD"],
        "dbname": environment["DAGSTER_PG_DB"],
    }

    def found() -> dict[str, Any]:
        events = dump(dagster, "public")
        return {
            "rds": dump(database, "data_general"),
            "bucket": [
                (item["Key"], item["ETag"], item["LastModified"])
                for item in bucket.client.list_objects_v2(Bucket=bucket.name).get("Contents", ())
            ],
            "disk": tree(data_dir),
            "temporary": [*Path(environment["TMPDIR"]).glob("ov-*"), *data_dir.parent.glob("dry-run-*")],
            "dagster": {name: events.get(name) for name in ("runs", "run_tags", "event_logs", "asset_keys")},
        }

    return found


@pytest.mark.usefixtures("kept_session")
def test_after_a_run_a_dry_run_opens_and_plans_only_what_is_new_and_leaves_nothing(
    portal: Any, environment: dict[str, str], left: Any, data_dir: Path, bucket: Any
) -> None:
    kept, edited = add_pqr(portal, "aire", attachments=1), add_pqr(portal, "aire", attachments=1)
    ov(environment, *RUN)
    portal.control("aire").patch(f"pqrs/{edited}", json={"campos": {"nic": "7654321"}}).raise_for_status()
    new = add_pqr(portal, "aire", attachments=2)
    portal.control("aire").delete("stats").raise_for_status()
    before = left()

    said = json.loads(ov(environment, *RUN, "--dry-run", "--json").stdout)
    planned = ov(environment, *RUN, "--dry-run").stdout
    assert left() == before

    opened = portal.control("aire").get("stats").json()["detail_requests"]
    assert kept not in opened
    assert new in opened
    assert (said["listed"], said["captured"], said["inserted"], said["uploaded"]) == (3, 3, 1, 0)
    assert said["errors"] == []
    keys = {line.split()[-1] for line in planned.splitlines() if line.startswith("would upload ")}
    assert len(keys) == said["pending"]
    assert sum(f"/{new}_" in key for key in keys) == 4
    assert not any(f"/{kept}_" in key for key in keys)


@pytest.mark.usefixtures("kept_session")
def test_on_an_untouched_database_a_dry_run_leaves_it_so_and_makes_no_folder(
    portal: Any, environment: dict[str, str], left: Any, data_dir: Path
) -> None:
    add_pqr(portal, "aire", attachments=1)
    before = left()
    said = json.loads(ov(environment, *RUN, "--dry-run", "--json").stdout)
    assert (said["inserted"], said["files"], said["pending"]) == (1, 4, 4)
    assert left() == before


def test_what_fails_in_a_dry_run_is_said_in_its_json_and_leaves_nothing(
    portal: Any, environment: dict[str, str], left: Any
) -> None:
    add_pqr(portal, "aire", attachments=1)
    before = left()
    refused = environment | {"OV_AIRE_PASSWORD": "wrong"}
    said = json.loads(ov(refused, *RUN, "--dry-run", "--json", code=1).stdout)
    assert "refused the login" in said["errors"][0]
    nowhere = environment | {"S3_ENDPOINT_URL": "http://127.0.0.1:1"}
    said = json.loads(ov(nowhere, *RUN, "--dry-run", "--json", code=1).stdout)
    assert said["captured"] == 1
    assert len(said["errors"]) == 1
    assert left() == before


def test_what_a_kill_leaves_of_a_dry_run_is_private_and_removed_by_the_next_and_by_the_cleanup(
    portal: Any, environment: dict[str, str], left: Any, data_dir: Path
) -> None:
    add_pqr(portal, "aire", attachments=1)
    ov(environment, "cleanup", "--dry-run")  # it makes Dagster's tables
    before, home = left(), data_dir.parent
    portal.control("aire").put("faults", json={"latency_ms": 1500}).raise_for_status()
    killed = subprocess.Popen([*OV, *RUN, "--dry-run"], env=environment, start_new_session=True)
    eventually(lambda: [*home.glob("dry-run-*")], 60, "the folder of a dry run")
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    (abandoned,) = home.glob("dry-run-*")
    assert abandoned.stat().st_mode & 0o077 == 0
    portal.control("aire").put("faults", json={"latency_ms": 0}).raise_for_status()
    freed = json.loads(ov(environment, "cleanup", "--dry-run", "--json").stdout)
    assert {item["clase"]: item["elementos"] for item in freed}["restos"] == 1
    assert abandoned.exists()
    assert json.loads(ov(environment, *RUN, "--dry-run", "--json").stdout)["captured"] == 1
    assert left() == before
