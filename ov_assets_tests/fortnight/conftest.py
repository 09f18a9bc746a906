"""A small world of a few PQRs a day, and everything that a fortnight of operation needs around it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from ov_assets.companies import COMPANIES
from ov_assets_tests.alerts.conftest import mailbox, webhook
from ov_assets_tests.conftest import Bucket, Portal
from ov_assets_tests.fortnight import clock, daemon
from ov_assets_tests.fortnight.operation import Operation, no_zombies

__all__ = ["mailbox", "webhook"]
Began = Callable[[datetime], AbstractContextManager[Operation]]


@contextmanager
def small_portals(state_dir: Path, daily: tuple[int, int], first_day: date) -> Iterator[Portal]:
    """Both portals, with `daily` PQRs on a day and none before `first_day`."""
    accounts = {
        f"OV_{slug.upper()}_{field}": value
        for slug in COMPANIES
        for field, value in (("USERNAME", f"operador {slug}"), ("PASSWORD", f"Clave.de-{slug}_1"))
    }
    command = [sys.executable, "-m", "ov_assets.sandbox.portal.server", "--state-dir", str(state_dir)]
    command += [f"--{slug}=0" for slug in COMPANIES]
    command += ["--daily", str(daily[0]), str(daily[1]), "--first-day", first_day.isoformat()]
    with subprocess.Popen(command, env=os.environ | accounts, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        urls = dict(process.stdout.readline().split() for _ in COMPANIES)
        portal = Portal(accounts | {f"OV_{slug.upper()}_URL": url for slug, url in urls.items()})
        yield portal
        portal.close()
        process.terminate()


@pytest.fixture
def world() -> tuple[tuple[int, int], date]:
    """Fewest and most PQRs of a company on a day, and the day on which the world begins."""
    return (2, 4), date(2025, 10, 3)


@pytest.fixture
def portal(tmp_path: Path, world: tuple[tuple[int, int], date]) -> Iterator[Portal]:
    with small_portals(tmp_path / "portals", *world) as running:
        yield running


@pytest.fixture
def database(empty_database: dict[str, Any]) -> dict[str, Any]:
    """With a clock of its own."""
    clock.install(empty_database)
    return empty_database


@pytest.fixture
def begin(
    flow: None,
    portal: Portal,
    database: dict[str, Any],
    bucket: Bucket,
    mailbox: tuple[Any, str],
    webhook: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Began:
    """`with begin(start) as operation:` Dagster starts at that moment, and tells both channels."""
    home = tmp_path / "dagster"
    home.mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setenv("OV_ALERT_URLS", f"{mailbox[1]} {webhook.url}")

    @contextmanager
    def began(start: datetime) -> Iterator[Operation]:
        clients = [portal.control(slug) for slug in COMPANIES]
        with clock.travelling(start, database, clients) as moved, daemon.running(home) as dagster:
            operation = Operation(moved, dagster)
            with no_zombies(operation):
                yield operation

    return began
