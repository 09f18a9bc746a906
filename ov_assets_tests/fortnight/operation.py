"""The days of operation: the daemons go round, and time jumps to where something is next to happen.

While a run works, time is the true one. When nothing works, it jumps: 1 s while runs wait in the queue, the
sensors' 31 s while there may be news, 2 min while something rests after a failure, and else to the next hour,
at which all schedules are due. A jump leaves out only looks of sensors at what can't have changed.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

import dagster as dg
from dagster._core.scheduler.instigation import InstigatorTick, InstigatorType

from ov_assets.runs import UNFINISHED
from ov_assets_tests.fortnight.clock import Clock
from ov_assets_tests.fortnight.daemon import Daemon

LOOK_SECONDS = 1
QUEUE, SENSORS, REST = timedelta(seconds=1), timedelta(seconds=31), timedelta(minutes=2)
# Looks without news after which there is none: one for the run's end, one to note it, one to send it.
CALM_LOOKS = 3
ASKING = ("pending_captures_sensor", "pending_uploads_sensor", "missing_local_sensor")


def next_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


class Operation:
    """Dagster on the shipped definitions, in travelled time."""

    def __init__(self, clock: Clock, daemon: Daemon) -> None:
        self.clock, self.daemon, self.instance = clock, daemon, daemon.instance
        self._calm = 0

    def run_until(self, end: datetime) -> None:
        """Live on until `end`, and until the runs that are under way then have ended."""
        while self.clock.now() < end:
            self.daemon.round()
            self._pass_time(end)
        while self.instance.get_runs(dg.RunsFilter(statuses=UNFINISHED), limit=1):
            self.daemon.round()
            self._pass_time(self.clock.now() + QUEUE)

    def dead_until(self, end: datetime) -> None:
        """The scheduler is gone: time passes, the portals go on, nobody looks."""
        self.clock.go_to(end)
        self.daemon.restart()

    def _pass_time(self, end: datetime) -> None:
        now, unfinished = self.clock.now(), self.instance.get_runs(dg.RunsFilter(statuses=UNFINISHED))
        self._reap()
        if unfinished:
            self._calm = 0
            if all(run.status is dg.DagsterRunStatus.QUEUED for run in unfinished):
                self.clock.go_to(now + QUEUE)
            else:
                time.sleep(LOOK_SECONDS)
            return
        self._calm += 1
        if self._calm < CALM_LOOKS:
            self.clock.go_to(min(end, now + SENSORS))
        elif self._something_rests():
            self.clock.go_to(min(end, now + REST, next_hour(now)))
        else:
            self.clock.go_to(min(end, next_hour(now)))

    def _something_rests(self) -> bool:
        return any("resting" in (tick.skip_reason or "") for tick in self._last_ticks())

    def _last_ticks(self) -> Iterator[InstigatorTick]:
        for state in self.instance.all_instigator_state(instigator_type=InstigatorType.SENSOR):
            if state.instigator_name in ASKING:
                yield from self.instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)

    @staticmethod
    def _reap() -> None:
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


@contextmanager
def no_zombies(operation: Operation) -> Iterator[None]:
    """Wait for the runs that a failing test leaves behind: they need its database."""
    try:
        yield
    finally:
        for run in operation.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED])):
            operation.instance.report_run_canceled(run)
        while operation.instance.get_runs(dg.RunsFilter(statuses=UNFINISHED), limit=1):
            time.sleep(LOOK_SECONDS)
