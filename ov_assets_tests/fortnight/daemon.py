"""Dagster's own daemons, one round at a time, on the definitions and the dagster.yaml that are shipped.

Schedules, sensors, run retries and the queue are Dagster's code as `dagster-daemon` runs it, their state in
Dagster's tables; only the endless loops around them are ours, since a loop can't wait for time that travels.
Runs are launched for real, in processes of their own.
"""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from alembic.script import ScriptDirectory
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.test_utils import create_test_daemon_workspace_context
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._daemon.auto_run_reexecution.event_log_consumer import EventLogConsumerDaemon
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon
from dagster._daemon.sensor import execute_sensor_iteration
from dagster._scheduler.scheduler import ScheduleIterationTimes, launch_scheduled_runs
from dagster._time import get_current_datetime

import ov_assets
from ov_assets_tests.fortnight.launcher import ForkRunLauncher

SHIPPED = Path(ov_assets.__file__).parents[1] / "deploy" / "dagster.yaml"


@contextmanager
def instance_of(home: Path) -> Iterator[dg.DagsterInstance]:
    """Dagster's instance as shipped, but for the launcher, and its tables in files: 200 connections to
    PostgreSQL for each look at the sensors are more than weeks of looks can afford."""
    config: dict[str, Any] = yaml.safe_load(SHIPPED.read_text("utf-8"))
    del config["storage"]
    # Each look opens those tables anew, and reads all migrations there ever were to find that none is due.
    revision = ScriptDirectory.as_revision_number
    heads: dict[str, Any] = {}

    def known(script: ScriptDirectory, name: str) -> Any:
        key = f"{script.dir}:{name}"
        if key not in heads:
            heads[key] = revision(script, name)
        return heads[key]

    config["python_logs"] = {"python_log_level": "WARNING"}
    config["run_launcher"] = {"module": ForkRunLauncher.__module__, "class": ForkRunLauncher.__name__}
    (home / "dagster.yaml").write_text(yaml.safe_dump(config), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScriptDirectory, "as_revision_number", known)
        with dg.DagsterInstance.from_config(str(home)) as instance:
            yield instance


class Daemon:
    """What `dagster-daemon` does, round by round."""

    def __init__(self, instance: dg.DagsterInstance, context: WorkspaceProcessContext) -> None:
        self.instance, self._context = instance, context
        self._logger = logging.getLogger("fortnight.daemon")
        self._schedule_times: dict[str, ScheduleIterationTimes] = {}
        self._retries = EventLogConsumerDaemon(interval_seconds=0)
        self._queue = QueuedRunCoordinatorDaemon(interval_seconds=0)

    def round(self) -> None:
        """Each daemon once: due schedules, due sensors, retries of runs, and the runs that may start now.

        Returns when the runs have ended.
        """
        scheduler = self.instance.scheduler
        for _ in launch_scheduled_runs(
            self._context,
            self._logger,
            get_current_datetime(),
            iteration_times=self._schedule_times,
            max_catchup_runs=scheduler.max_catchup_runs,
            max_tick_retries=scheduler.max_tick_retries,
        ):
            pass
        for _ in execute_sensor_iteration(self._context, self._logger, None, None):
            pass
        for _ in self._retries.run_iteration(self._context):
            pass
        for _ in self._queue.run_iteration(self._context):
            pass

    def restart(self) -> None:
        """As a new process: what the old one had in memory is gone."""
        self._schedule_times.clear()


@contextmanager
def running(home: Path) -> Iterator[Daemon]:
    target = LoadableTargetOrigin(module_name="ov_assets.definitions")
    origin = InProcessCodeLocationOrigin(target, location_name="ov_assets")
    with ExitStack() as stack:
        instance = stack.enter_context(instance_of(home))
        load = InProcessWorkspaceLoadTarget(origin)
        yield Daemon(instance, stack.enter_context(create_test_daemon_workspace_context(load, instance)))
