"""`ov up` as an operator has it: webserver, daemon, code server and the sandbox, driven over GraphQL."""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import boto3
import httpx
import psycopg
import pytest

from ov_assets.partitions import CompanyDay
from ov_assets_tests.assets.flow_tools import EMPTY_DAY, add_pqr, assert_equals_truth
from ov_assets_tests.conftest import Bucket, Portal

OV = [sys.executable, "-c", "from ov_assets.cli import main; main()"]
PARTITION = CompanyDay("aire", date.fromisoformat(EMPTY_DAY))
READY_SECONDS, RUN_SECONDS, SENSOR_SECONDS = 120, 120, 120
LAUNCH = """mutation($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
STATUS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"


def until(seconds: float, what: str, look: Callable[[], Any]) -> Any:
    """The first truthy answer of `look`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.5)
    pytest.fail(f"not within {seconds} s: {what}")


class Up:
    """A running `ov up`, and what `ov env` says of it."""

    def __init__(self, environment: dict[str, str], url: str) -> None:
        done = subprocess.run([*OV, "env"], env=environment, capture_output=True, text=True, check=True)
        pairs = (shlex.split(line)[1].split("=", 1) for line in done.stdout.splitlines())
        self.variables = dict(pairs)
        self.url = url

    def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        body = {"query": query, "variables": variables}
        answer = httpx.post(f"{self.url}/graphql", json=body, timeout=30, trust_env=False).json()
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def launch(self, *assets: str) -> str:
        """Start a run as the UI does; returns its final status."""
        tags = {
            "dagster/partition": str(PARTITION),
            "dagster/partition/company": PARTITION.company,
            "dagster/partition/date": PARTITION.day.isoformat(),
        }
        selector = {
            "repositoryLocationName": "ov_assets",
            "repositoryName": "__repository__",
            "pipelineName": "ov_chain_job",
        }
        if assets:
            selector |= {"assetSelection": [{"path": [name]} for name in assets], "assetCheckSelection": []}
        params = {
            "selector": selector,
            "mode": "default",
            "runConfigData": {},
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
        }
        launched = self.graphql(LAUNCH, params=params)["launchPipelineExecution"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        run_id = launched["run"]["runId"]

        def ended() -> str | None:
            status: str = self.graphql(STATUS, id=run_id)["runOrError"]["status"]
            return status if status in ("SUCCESS", "FAILURE", "CANCELED") else None

        return str(until(RUN_SECONDS, f"the end of run {run_id}", ended))

    def database(self) -> dict[str, Any]:
        names = ("HOST", "PORT", "DATABASE", "USERNAME", "PASSWORD")
        host, port, dbname, user, password = (self.variables[f"RDS_{name}"] for name in names)
        return {"host": host, "port": int(port), "dbname": dbname, "user": user, "password": password}

    def bucket(self) -> Bucket:
        endpoint, region = self.variables["S3_ENDPOINT_URL"], self.variables["AWS_REGION"]
        client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id=self.variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.variables["AWS_SECRET_ACCESS_KEY"],
        )
        return Bucket(self.variables["S3_BUCKET_NAME"], endpoint, region, client)


@pytest.fixture(scope="module")
def up() -> Iterator[Up]:
    # Not below pytest's own directory: PostgreSQL runs as another user where the tests run as root.
    with tempfile.TemporaryDirectory(prefix="ov-up-") as home:
        environment = dict(os.environ) | {"OV_HOME": home}
        log = Path(home) / "up.log"
        with (
            log.open("w") as output,
            subprocess.Popen([*OV, "up"], env=environment, stdout=output, stderr=output, cwd=home) as process,
        ):
            try:

                def address() -> str | None:
                    assert process.poll() is None, log.read_text()
                    lines = [line.split("\t") for line in log.read_text().splitlines()]
                    return next((line[1] for line in lines if line[0] == "Dagster"), None)

                url = until(READY_SECONDS, "ov up is ready", address)
                yield Up(environment, url)
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(30)
        assert process.returncode == 0


@pytest.fixture(scope="module")
def finished_day(up: Up) -> Portal:
    """The whole chain of one partition has run in a worker of the daemon's."""
    portal = Portal(up.variables)
    for _ in range(3):
        add_pqr(portal, "aire", attachments=1)
    assert up.launch() == "SUCCESS"
    return portal


def test_the_whole_chain_runs_from_the_webserver(up: Up, finished_day: Portal) -> None:
    assert assert_equals_truth(finished_day, up.database(), up.bucket(), PARTITION) == 10


@pytest.mark.parametrize("asset", ["pqr_captures", "s3_objects"])
def test_a_single_asset_runs_alone(up: Up, finished_day: Portal, asset: str) -> None:
    assert up.launch(asset) == "SUCCESS"


def test_a_file_that_vanishes_from_bucket_and_registry_comes_back_by_itself(
    up: Up, finished_day: Portal
) -> None:
    bucket = up.bucket()
    with psycopg.connect(**up.database(), autocommit=True) as connection:
        (key,) = connection.execute(
            "DELETE FROM data_general.registros_ov_s3 WHERE id = (SELECT min(id) FROM"
            " data_general.registros_ov_s3 WHERE clase = 'pdf') RETURNING clave_s3"
        ).fetchone()
        bucket.client.delete_object(Bucket=bucket.name, Key=key)

        def is_back() -> Any:
            return connection.execute(
                "SELECT 1 FROM data_general.registros_ov_s3 WHERE clave_s3 = %s AND estado_carga = 'subido'",
                [key],
            ).fetchone()

        until(SENSOR_SECONDS, "the file is back in S3", is_back)
    assert bucket.client.head_object(Bucket=bucket.name, Key=key)["ContentLength"] > 0
    assert_equals_truth(finished_day, up.database(), bucket, PARTITION)
