"""`ov up` from outside: what it prints, what runs, and that nothing is left whoever is killed."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import httpx
import psutil
import psycopg
import pytest

from ov_assets.sandbox.ports import free_port
from ov_assets_tests.sandbox.conftest import home_of_its_own
from ov_assets_tests.sandbox.helpers import environment, eventually, nobody_left, ov, processes_of, state

MODULE = "ov_assets_tests.sandbox.trivial_definitions"
LAUNCH = """mutation { launchRun(executionParams: {
  selector: {repositoryLocationName: "ov_assets", repositoryName: "__repository__",
             pipelineName: "__ASSET_JOB", assetSelection: [{path: ["stubborn"]}]},
  mode: "default", runConfigData: {}}) {
  __typename ... on PythonError { message } } }"""
RUNS = "{ runsOrError { ... on Runs { results { status tags { key value } } } } }"


class Up:
    def __init__(self, home: Path) -> None:
        # A port of its own: of two that start at once, both would take the default for free.
        command = [sys.executable, "-c", "from ov_assets.cli import main; main()", "up", "--module", MODULE]
        command += ["--port", str(free_port())]
        self.home = home
        self.process = subprocess.Popen(
            command,
            cwd=home,
            env=environment(home),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        self.printed: dict[str, list[str]] = {}
        for line in self.process.stdout:
            name, *rest = line.rstrip("\n").split("\t")
            self.printed[name] = rest
            if name == "In a shell":
                return
        pytest.fail(f"ov up ended: {self.printed}")

    def graphql(self, query: str) -> Any:
        url = f"{self.printed['Dagster'][0]}/graphql"
        return httpx.post(url, json={"query": query}, trust_env=False, timeout=30).json()["data"]

    def runs(self) -> list[str]:
        return [run["status"] for run in self.graphql(RUNS)["runsOrError"]["results"]]

    def start_stubborn_run(self) -> None:
        launched = self.graphql(LAUNCH)["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        eventually(lambda: any("trap" in " ".join(p.cmdline()) for p in living(self.home)), 30, "it works")

    def wait(self) -> tuple[int, str]:
        output, _ = self.process.communicate(timeout=30)
        return self.process.returncode, output


def living(home: Path) -> list[psutil.Process]:
    found = []
    for process in processes_of(home):
        with suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def exports(text: str) -> dict[str, str]:
    words = [shlex.split(line) for line in text.splitlines()]
    assert all(first == "export" for first, _ in words)
    return dict(assignment.split("=", 1) for _, assignment in words)


@pytest.fixture(scope="module")
def same_home() -> Iterator[Path]:
    """For three tests in turn: a first start, which makes the databases, costs twice as much."""
    with home_of_its_own() as directory:
        yield directory


def test_up_runs_what_env_names_and_stops_on_ctrl_c(same_home: Path) -> None:
    up = Up(same_home)
    assert set(up.printed) >= {"Dagster", "Portal Afinia", "Portal Air-e", "PostgreSQL", "S3", "Logs"}

    variables = exports(ov(same_home, "env").stdout)
    with psycopg.connect(
        host=variables["PGHOST"],
        port=variables["PGPORT"],
        dbname=variables["PGDATABASE"],
        user=variables["PGUSER"],
        password=variables["PGPASSWORD"],
    ) as connection:
        assert connection.execute("SELECT count(*) FROM data_general.archivos_ov").fetchone() == (0,)
    client = boto3.client(
        "s3",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name=variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )
    assert client.list_objects_v2(Bucket=variables["S3_BUCKET_NAME"])["KeyCount"] == 0
    for company in ("AFINIA", "AIRE"):
        login = httpx.get(f"{variables[f'OV_{company}_URL']}/login", follow_redirects=True, trust_env=False)
        assert login.status_code == 200

    second = ov(same_home, "up")
    assert second.returncode == 1
    assert "runs already" in second.stderr

    up.process.send_signal(signal.SIGINT)
    code, output = up.wait()
    assert (code, output.splitlines()) == (0, ["Stopping …", "Stopped."])
    assert living(same_home) == []


@pytest.mark.kill
def test_a_killed_supervisor_of_the_sandbox_leaves_nobody(same_home: Path) -> None:
    up = Up(same_home)
    os.kill(state(same_home)["pid"], signal.SIGKILL)
    code, output = up.wait()
    assert (code, "has ended" in output) == (1, True)
    nobody_left(same_home, 1)


@pytest.mark.kill
def test_a_killed_up_leaves_nobody_and_its_run_is_taken_up_again(same_home: Path) -> None:
    up = Up(same_home)
    up.start_stubborn_run()
    # Both at once: nobody is there to end the run worker's children, so the next `ov up` has to.
    for pid in (up.process.pid, state(same_home, "up")["pid"]):
        os.kill(pid, signal.SIGKILL)
    up.wait()

    again = Up(same_home)
    # The run whose worker died no longer counts as started, and Dagster's own retry takes it up again.
    eventually(lambda: again.runs()[-1] == "FAILURE", 10, "the old run is closed")
    eventually(lambda: again.runs()[:-1] == ["STARTED"], 60, "it is tried again")
    again.process.kill()
    again.wait()
    nobody_left(same_home, 15)


@pytest.mark.kill
def test_a_killed_supervisor_of_dagster_leaves_nobody(home: Path) -> None:
    up = Up(home)
    up.start_stubborn_run()
    os.kill(state(home, "up")["pid"], signal.SIGKILL)
    code, output = up.wait()
    assert (code, "has ended" in output) == (1, True)
    nobody_left(home, 1)
