"""`ov up` as an operator has it: webserver, daemon, code server and the sandbox, by every door that it has.

One `ov up` serves them all, since it takes its time to start; the long waits (a backfill is looked at by the
daemon twice a minute) lie beneath the other tests.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import expect

from ov_assets.days import CompanyDay
from ov_assets.definitions import defs
from ov_assets.jobs import CHAIN
from ov_assets.operations.doctor.examination import AREAS
from ov_assets_tests.assets.flow_tools import EMPTY_DAY, add_pqr, assert_equals_truth
from ov_assets_tests.conftest import Portal
from ov_assets_tests.e2e.dagster_ui import DagsterUi, dagster_ui
from ov_assets_tests.e2e.stack import Up, running_up, until

PARTITION = CompanyDay("aire", date.fromisoformat(EMPTY_DAY))
# Of the other company: a day on which its portal has nothing of its own, and the one before, never kept.
GOOD = CompanyDay("afinia", date(2024, 12, 25))
BROKEN = CompanyDay("afinia", GOOD.day - timedelta(days=1))
BACKFILL = ("backfill", "--company", GOOD.company, "--to", str(GOOD.day), "--json", "--from")
SENSOR_SECONDS = 120
SECRET = re.compile(r".*_PASSWORD|.*_SECRET_ACCESS_KEY|OV_.*_USERNAME")
API = Path(__file__).parents[2] / "docs/api.md"


@pytest.fixture(scope="module")
def up() -> Iterator[Up]:
    with running_up() as running:
        yield running


@pytest.fixture(scope="module")
def operator(up: Up) -> Iterator[Portal]:
    portal = Portal(up.variables)
    yield portal
    portal.close()


@pytest.fixture(scope="module")
def backfill(up: Up, operator: Portal) -> Iterator[subprocess.Popen[str]]:
    """A backfill of two days, under way while other tests run; of one the folder is a file."""
    add_pqr(operator, GOOD.company, day=str(GOOD.day), attachments=1)
    folder = Path(up.variables["OV_DATA_DIR"]) / "raw" / BROKEN.company / str(BROKEN.day)
    folder.parent.mkdir(parents=True)
    folder.touch()
    with up.start_ov(*BACKFILL, str(BROKEN.day)) as started:
        yield started
        started.kill()


@pytest.fixture(scope="module")
def finished_day(up: Up, operator: Portal, backfill: subprocess.Popen[str]) -> Portal:
    """The whole chain of one partition has run in a worker of the daemon's."""
    for _ in range(3):
        add_pqr(operator, "aire", attachments=1)
    assert up.launch(PARTITION) == "SUCCESS"
    return operator


@pytest.fixture(scope="module")
def ui(up: Up, finished_day: Portal) -> Iterator[DagsterUi]:
    with dagster_ui(up.url) as opened:
        yield opened


def test_the_whole_chain_runs_from_the_webserver(up: Up, finished_day: Portal) -> None:
    assert assert_equals_truth(finished_day, up.database(), up.bucket(), PARTITION) == 10


@pytest.mark.parametrize("asset", ["pqr_captures", "s3_objects"])
def test_a_single_asset_runs_alone(up: Up, finished_day: Portal, asset: str) -> None:
    assert up.launch(PARTITION, asset) == "SUCCESS"


def test_a_file_that_vanishes_from_bucket_and_registry_comes_back_by_itself(
    up: Up, finished_day: Portal
) -> None:
    bucket = up.bucket()
    with psycopg.connect(**up.database(), autocommit=True) as connection:
        (key,) = connection.execute(
            "DELETE FROM data_general.registros_ov_s3 WHERE id = (SELECT min(id) FROM"
            " data_general.registros_ov_s3 WHERE clase = 'pdf' AND fecha = %s) RETURNING clave_s3",
            [PARTITION.day],
        ).fetchone()
        bucket.client.delete_object(Bucket=bucket.name, Key=key)

        def is_back() -> Any:
            return connection.execute(
                "SELECT 1 FROM data_general.registros_ov_s3 WHERE clave_s3 = %s AND estado_carga = 'subido'",
                [key],
            ).fetchone()

        until(SENSOR_SECONDS, "the file is back in S3", is_back)
    assert bucket.client.head_object(Bucket=bucket.name, Key=key)["ContentLength"] > 0


# ---- The browser


def test_the_graph_shows_the_chain(ui: DagsterUi) -> None:
    page = ui.graph()
    for asset in ("portal_listing", *(asset.key.to_user_string() for asset in CHAIN), "daily_summary"):
        expect(page.get_by_text(asset, exact=True).first).to_be_visible()


def test_the_partitions_page_shows_what_became_of_a_day(ui: DagsterUi) -> None:
    page = ui.partitions("s3_objects", PARTITION)
    expect(page.get_by_text("Materialized", exact=True).first).to_be_visible()
    expect(page.locator("tr").filter(has_text="verificados")).to_contain_text("10")


def test_one_partition_is_materialized_by_the_dialog(up: Up, ui: DagsterUi) -> None:
    before = {run["runId"] for run in up.runs_of(PARTITION)}
    ui.materialize(PARTITION)

    def launched() -> list[dict[str, str]]:
        return [run for run in up.runs_of(PARTITION) if run["runId"] not in before]

    (run,) = until(30, "the run that the dialog launched", launched)
    assert run["jobName"] == "ov_chain_job"
    assert up.end_of(run["runId"]) == "SUCCESS"


def test_the_report_opens_from_the_asset(ui: DagsterUi) -> None:
    report = ui.report(PARTITION)
    expect(report.get_by_role("heading", level=1)).to_contain_text("Air-e")
    expect(report.get_by_text("✓ Completo")).to_be_visible()
    report.close()


# ---- The command line


def test_a_backfill_names_the_partition_that_failed_and_brings_in_the_others(
    up: Up, operator: Portal, backfill: subprocess.Popen[str]
) -> None:
    told, said = backfill.communicate(timeout=180)
    assert backfill.returncode == 1, said
    outcome = json.loads(told)
    assert (outcome["status"], outcome["partitions"]) == ("COMPLETED_FAILED", 2)
    assert list(outcome["failed"]) == [str(BROKEN)]
    run_id = outcome["failed"][str(BROKEN)].removeprefix(f"{up.url}/runs/")
    assert up.end_of(run_id) == "FAILURE"
    assert f"Error: {BROKEN}" in said
    assert assert_equals_truth(operator, up.database(), up.bucket(), GOOD) == 4


@pytest.fixture(scope="module")
def second_backfill(up: Up, backfill: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """The good day once more; it too is under way while other tests run."""
    backfill.wait(180)
    with up.start_ov(*BACKFILL, str(GOOD.day)) as started:
        yield started
        started.kill()


@pytest.mark.usefixtures("second_backfill")
def test_every_schedule_is_listed_as_running(up: Up) -> None:
    workspace = str(Path(up.variables["OV_HOME"]) / "up" / "workspace.yaml")
    done = subprocess.run(
        [sys.executable, "-m", "dagster", "schedule", "list", "--workspace", workspace],
        env=os.environ | up.variables,
        capture_output=True,
        text=True,
        check=True,
    )
    listed = re.findall(r"^Schedule: (\w+) \[(\w+)\]", done.stdout, re.M)
    assert dict(listed) == {schedule.name: "RUNNING" for schedule in defs.schedules or ()}


def blocks(language: str) -> str:
    return "\n".join(re.findall(rf"```{language}\n(.*?)```", API.read_text("utf-8"), re.S))


def test_the_calls_of_docs_api_do_what_the_page_says(up: Up, finished_day: Portal) -> None:
    environment = os.environ | {"DAGSTER_URL": up.url, "DAY": EMPTY_DAY}

    def run(*command: str) -> str:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    head, *counts = run(sys.executable, "-c", blocks("python")).splitlines()
    assert head == f"aire {EMPTY_DAY} SUCCESS"
    assert set(counts) >= {"completo True", "listadas 3", "en_rds 3", "verificados_en_s3 10", "faltantes 0"}

    started, state, report = map(json.loads, run("bash", "-euo", "pipefail", "-c", blocks("sh")).splitlines())
    run_id = started["data"]["launchRun"]["run"]["runId"]
    assert state["data"]["runsOrError"]["results"][0]["runId"] == run_id
    afinia, aire = report["data"]["assetNodeOrError"]["latestMaterializationByPartition"]
    assert afinia is None
    entries = {entry["label"]: entry for entry in aire["metadataEntries"]}
    assert entries["listadas"]["intValue"] == 3
    assert entries["completo"]["boolValue"] is True
    assert up.end_of(run_id) == "SUCCESS"


def test_the_doctor_finds_everything_good(up: Up) -> None:
    done = up.ov("doctor", "--json")
    found = json.loads(done.stdout)
    # While a run uses an account the doctor leaves it alone.
    assert {one["estado"] for one in found} <= {"bien", "sin_mirar"}
    seen = {one["area"] for one in found if one["estado"] == "bien"}
    assert {area.name for area, _ in AREAS} <= seen
    bucket = up.bucket()
    assert bucket.client.list_objects_v2(Bucket=bucket.name, Prefix="_diagnostico/")["KeyCount"] == 0
    secrets = {name: value for name, value in up.variables.items() if SECRET.fullmatch(name)}
    assert [name for name, value in secrets.items() if value in done.stdout + done.stderr] == []


def test_a_second_backfill_succeeds_and_changes_nothing(
    up: Up, operator: Portal, second_backfill: subprocess.Popen[str]
) -> None:
    told, said = second_backfill.communicate(timeout=180)
    assert second_backfill.returncode == 0, said
    assert json.loads(told)["status"] == "COMPLETED_SUCCESS"
    assert f"of 1 partitions: {up.url}/runs/b/" in said
    assert assert_equals_truth(operator, up.database(), up.bucket(), GOOD) == 4
    control = operator.control(GOOD.company)
    opened, asked = control.get("stats").json()["detail_requests"], {"date": str(GOOD.day)}
    of_the_day = [pqr["numero_radicado"] for pqr in control.get("truth", params=asked).json()]
    # A PQR that is there isn't opened again; `ov doctor` has opened one of another day.
    assert {opened[radicado] for radicado in of_the_day if radicado in opened} == {1}
