"""A running `ov up`, driven from outside."""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest

from ov_assets.days import CompanyDay
from ov_assets.operations.graphql import DagsterApi
from ov_assets_tests.conftest import Bucket

OV = [sys.executable, "-c", "from ov_assets.cli import main; main()"]
READY_SECONDS, RUN_SECONDS = 120, 120
LAUNCH = """mutation($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
STATUS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
RUNS_OF = """query($tags: [ExecutionTag!]) { runsOrError(filter: {tags: $tags}) { ... on Runs {
  results { runId status jobName } } } }"""


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
        self.environment, self.url, self.api = environment, url, DagsterApi(url)
        pairs = (shlex.split(line)[1].split("=", 1) for line in self.ov("env").stdout.splitlines())
        self.variables = dict(pairs)

    def ov(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """An `ov` command beside it, from a shell that knows of nothing but OV_HOME."""
        return subprocess.run(
            [*OV, *arguments], env=self.environment, capture_output=True, text=True, check=check, timeout=200
        )

    def start_ov(self, *arguments: str) -> subprocess.Popen[str]:
        """The same, without waiting for its end."""
        return subprocess.Popen(
            [*OV, *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def launch(self, partition: CompanyDay, *assets: str) -> str:
        """Start a run as the UI does; returns its final status."""
        tags = {
            "dagster/partition": str(partition),
            "dagster/partition/company": partition.company,
            "dagster/partition/date": partition.day.isoformat(),
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
        launched = self.api.ask(LAUNCH, params=params)["launchPipelineExecution"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return self.end_of(launched["run"]["runId"])

    def end_of(self, run_id: str) -> str:
        """The final status of a run."""

        def ended() -> str | None:
            status: str = self.api.ask(STATUS, id=run_id)["runOrError"]["status"]
            return status if status in ("SUCCESS", "FAILURE", "CANCELED") else None

        return str(until(RUN_SECONDS, f"the end of run {run_id}", ended))

    def runs_of(self, partition: CompanyDay) -> list[dict[str, str]]:
        """The runs of one partition, the newest first."""
        tags = [{"key": "dagster/partition", "value": str(partition)}]
        runs: list[dict[str, str]] = self.api.ask(RUNS_OF, tags=tags)["runsOrError"]["results"]
        return runs

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


@contextmanager
def running_up() -> Iterator[Up]:
    """`ov up` on a home of its own; asked to stop in the end, which it does in good order."""
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

                yield Up(environment, until(READY_SECONDS, "ov up is ready", address))
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(30)
        assert process.returncode == 0
