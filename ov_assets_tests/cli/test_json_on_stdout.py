"""Whatever is tried again or fails on the way: standard output holds the JSON that was asked for, alone."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import click
import pytest
from click.testing import CliRunner
from cryptography.fernet import Fernet

from ov_assets.cli import COMMANDS, main
from ov_assets.pqr.csv_contract import csv_path, rejects_path, write_company_csv, write_rejects_csv
from ov_assets.rds.connection import connect
from ov_assets.rds.loader import load_partition
from ov_assets_tests.assets.flow_tools import EMPTY_DAY, add_pqr
from ov_assets_tests.rds.helpers import row
from ov_assets_tests.s3.faulty import PASS, answer, faulty

OV = [sys.executable, "-c", "from ov_assets.cli import main; main()"]
DAY = ("--from", EMPTY_DAY, "--to", EMPTY_DAY)
ONE = ("--company", "aire", "--date", EMPTY_DAY)
RUN = {("run",): ONE, ("run", "--dry-run"): (*ONE, "--dry-run")}
# By command: its arguments.
OTHERS = {
    ("status",): (*DAY,),
    ("cleanup",): ("--dry-run",),
    ("rejects", "list"): (),
    ("rejects", "show"): ONE,
    ("rejects", "replay"): (),
    ("doctor",): (),
    ("doctor", "portal"): ("--company", "aire"),
    ("s3", "reconcile"): ("--min-age", "0s"),
    ("s3", "migrate"): ("--to", "hibrida"),
    ("s3", "requeue"): ("--dry-run",),
}
LINES = {("s3", "reconcile")}
# It prints its object when the daemon has worked it off: see the tests of the whole stack.
ELSEWHERE = {("backfill",)}


def with_json() -> set[tuple[str, ...]]:
    """Every command that has `--json`."""
    context, found = click.Context(main), set()

    def walk(command: click.Command | None, path: tuple[str, ...]) -> None:
        assert command is not None
        if any("--json" in param.opts for param in command.params):
            found.add(path)
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                walk(command.get_command(context, name), (*path, name))

    for name in COMMANDS:
        walk(main.get_command(context, name), (name,))
    return found


def strictly(text: str, *, lines: bool = False) -> list[Any]:
    """The one JSON document that a text is, or one a line; any other byte is an error."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    texts = text.splitlines() if lines else [text]
    return [json.loads(one, parse_constant=refuse) for one in texts]


def test_every_command_with_json_is_looked_at_here() -> None:
    assert with_json() == {("run",)} | OTHERS.keys() | ELSEWHERE


def each_first_put_is_refused() -> Callable[[str, str], bytes | None]:
    seen: set[str] = set()

    def fault(method: str, path: str) -> bytes | None:
        if method != "PUT" or path in seen:
            return PASS
        seen.add(path)
        return answer(503, "SlowDown")

    return fault


@pytest.fixture
def environment(
    flow: None, bucket: Any, portal: Any, postgres_variables: dict[str, str]
) -> Iterator[dict[str, str]]:
    """Everything named; S3 refuses each upload once."""
    dagster = {key: value for key, value in postgres_variables.items() if key.startswith("DAGSTER_")}
    with faulty(bucket.endpoint_url, each_first_put_is_refused()) as proxy:
        yield dict(os.environ) | dagster | {"S3_ENDPOINT_URL": proxy.endpoint_url}


@pytest.mark.usefixtures("kept_session")
@pytest.mark.parametrize("arguments", RUN.values(), ids=map(" ".join, RUN))
def test_a_run_on_which_portal_and_s3_fail_for_once(
    environment: dict[str, str], portal: Any, arguments: tuple[str, ...]
) -> None:
    add_pqr(portal, "aire", attachments=1)
    portal.control("aire").put(
        "faults", json={"list_500": {"requests": 1}, "detail_500": {"requests": 1}}
    ).raise_for_status()
    done = subprocess.run(
        [*OV, "run", *arguments, "--json"], env=environment, capture_output=True, text=True, check=False
    )
    [summary] = strictly(done.stdout)
    assert (done.returncode, summary["errors"], summary["captured"]) == (0, [], 1), done.stderr
    assert "try 1 failed" in done.stderr


def rejected_row(database: dict[str, Any], data_dir: Path) -> None:
    day = date.fromisoformat(EMPTY_DAY)
    path = csv_path(data_dir, "aire", day)
    write_company_csv(path, [row(1, company="aire", fecha="ayer")])
    write_rejects_csv(rejects_path(data_dir, "aire", day), [])
    with connect(database) as conn:
        load_partition(conn, "aire", day, path, None, [], "prueba")


@pytest.mark.parametrize("command", OTHERS, ids=" ".join)
def test_a_command(
    environment: dict[str, str], database: dict[str, Any], data_dir: Path, bucket: Any, command: Any
) -> None:
    rejected_row(database, data_dir)
    bucket.client.put_object(Bucket=bucket.name, Key="aire/01_raw_data/ajeno.pdf", Body=b"x")
    with mock.patch.dict(os.environ, environment):
        done = CliRunner().invoke(main, [*command, *OTHERS[command], "--json"])
    assert done.exit_code in (0, 1), done.output
    found = strictly(done.stdout, lines=command in LINES)
    assert found or command in LINES


def test_rejected_rows_in_the_clear_are_one_array_too(
    environment: dict[str, str], database: dict[str, Any], data_dir: Path
) -> None:
    rejected_row(database, data_dir)
    with mock.patch.dict(os.environ, environment | {"OV_ROW_KEY": Fernet.generate_key().decode()}):
        done = CliRunner().invoke(main, ["rejects", "show", *ONE, "--raw", "--json"])
    [[reject]] = strictly(done.stdout)
    assert reject["reason"] == "fecha_invalida"
