"""`ov backfill` where it can't even begin; what it does with a daemon is in e2e/test_up.py."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from ov_assets.cli import main
from ov_assets.sandbox.dagster_stack import prepare_home
from ov_assets.sandbox.ports import free_port
from ov_assets.settings import Settings
from ov_assets_tests.sandbox.helpers import eventually

OV = [sys.executable, "-c", "from ov_assets.cli import main; main()"]
DAY = "2025-10-13"
NOWHERE = "http://127.0.0.1:1"


def backfill(url: str, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"DAGSTER_WEBSERVER_URL": url, "OV_HOME": str(home)}
    return subprocess.run(
        [*OV, "backfill", *arguments], env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DAGSTER_WEBSERVER_URL", NOWHERE)
    monkeypatch.setenv("OV_HOME", str(tmp_path))


@pytest.mark.parametrize(
    "arguments",
    [("--from", DAY), ("--from", DAY, "--to", "2025-10-12")],
)
def test_wrong_usage_is_exit_code_2(nowhere: None, arguments: tuple[str, ...]) -> None:
    done = CliRunner().invoke(main, ["backfill", *arguments])
    assert done.exit_code == 2
    assert isinstance(done.exception, SystemExit)
    assert done.stderr.startswith("Usage: ")


def test_no_webserver_is_said_plainly(nowhere: None) -> None:
    done = CliRunner().invoke(main, ["backfill", "--from", DAY, "--to", DAY])
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert done.stderr.splitlines() == [f"Error: Dagster doesn't answer at {NOWHERE} (ConnectionError)"]


@pytest.fixture
def webserver_alone(postgres_variables: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """A web server on Dagster's storage, and no daemon."""
    port = free_port()
    home = prepare_home(Settings(ov_home=tmp_path))
    command = [sys.executable, "-m", "dagster_webserver", "--empty-workspace", "--port", str(port)]
    with subprocess.Popen(
        command,
        env=os.environ | postgres_variables | {"DAGSTER_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        url = f"http://127.0.0.1:{port}"

        def answers() -> bool:
            try:
                return httpx.get(f"{url}/server_info", trust_env=False).is_success
            except httpx.TransportError:
                return False

        try:
            eventually(answers, 60, "the web server answers")
            yield url
        finally:
            process.terminate()


def test_no_daemon_is_said_plainly_and_nothing_is_asked_for(webserver_alone: str, tmp_path: Path) -> None:
    done = backfill(webserver_alone, tmp_path, "--from", DAY, "--to", DAY)
    assert done.returncode == 1
    (said,) = done.stderr.splitlines()
    assert said.startswith(
        "Error: no Dagster daemon is running (BACKFILL, QUEUED_RUN_COORDINATOR): start `ov up`"
    )
    query = {"query": "{ partitionBackfillsOrError { ... on PartitionBackfills { results { id } } } }"}
    answer = httpx.post(f"{webserver_alone}/graphql", json=query, trust_env=False).json()
    assert answer["data"]["partitionBackfillsOrError"]["results"] == []
