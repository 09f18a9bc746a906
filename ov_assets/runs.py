"""What Dagster has on record of runs: those in flight, how the last ones ended, and the tags they carry."""

import os
import socket
from collections.abc import Container, Iterable, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
import psutil

from ov_assets.days import CompanyDay, company_day
from ov_assets.flow.backlog import History

HISTORY = timedelta(hours=9)  # so many failures with their pauses as lead to the longest pause, and again
RUNS_READ_MAX = 5000
PARTITION_TAG = "dagster/partition"
LISTING_JOB, CHAIN_JOB, S3_JOB, SUMMARY_JOB = (
    "ov_listing_job",
    "ov_chain_job",
    "ov_s3_job",
    "ov_summary_job",
)
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
UPLOADED_TAG = "ov/subidos"
LONG_WALK = {"ov/long_walk": "true"}
WHOLE_LOOK = {"ov/whole_look": "true"}
PROCESS_TAG = "ov/process"
INCOMPLETE_TAG = "ov/incompleta"  # how many listed PQR a run could not capture


def partition_of(run: dg.DagsterRun) -> CompanyDay | None:
    """The company and day of a run; None for a run of something that isn't partitioned by both."""
    key = run.tags.get(PARTITION_TAG, "")
    return company_day(key) if "|" in key else None


def partitions_in_flight(instance: dg.DagsterInstance) -> set[CompanyDay]:
    """The partitions of every unfinished run, whatever launched it: the UI, a schedule, `ov run`."""
    runs = instance.get_runs(dg.RunsFilter(statuses=UNFINISHED), limit=1000)
    return {partition for run in runs if (partition := partition_of(run))}


def is_by_hand(run: dg.DagsterRun) -> bool:
    """Whether a person asked for a run, in the UI or a terminal: no schedule, and no sensor."""
    return not {"dagster/schedule_name", "dagster/sensor_name"} & run.tags.keys()


def histories(
    instance: dg.DagsterInstance, partitions: Iterable[CompanyDay], job_name: str, now: datetime
) -> dict[CompanyDay, History]:
    """Failures in a row since the last success, of runs that ended lately."""
    wanted = set(partitions)
    newest_first = instance.get_run_records(
        dg.RunsFilter(job_name=job_name, statuses=ENDED, updated_after=now - HISTORY),
        limit=RUNS_READ_MAX,
        order_by="id",
    )
    found: dict[CompanyDay, History] = {}
    for record in reversed(newest_first):
        run = record.dagster_run
        partition = partition_of(run)
        if partition is None or partition not in wanted:
            continue
        # A run that uploads nothing though work is pending was in vain, and so was one that left PQR behind:
        # its partition rests, too.
        in_vain = run.tags.get(UPLOADED_TAG) == "0" or INCOMPLETE_TAG in run.tags
        failed = run.status is not dg.DagsterRunStatus.SUCCESS or in_vain
        before = found.get(partition, History())
        ended = datetime.fromtimestamp(record.end_time, UTC) if record.end_time else record.update_timestamp
        found[partition] = History(before.failures + 1 if failed else 0, ended)
    return found


def last_long_walk(
    instance: dg.DagsterInstance, company: str, *, only: Sequence[dg.DagsterRunStatus] = ()
) -> dg.RunRecord | None:
    """The newest run that was to walk a company's list over the long window, of all states or of some."""
    asked = dg.RunsFilter(
        job_name=LISTING_JOB, statuses=list(only), tags={PARTITION_TAG: company} | LONG_WALK
    )
    return next(iter(instance.get_run_records(asked, limit=1)), None)


def was_all_looked_at(instance: dg.DagsterInstance, since: datetime) -> bool:
    """Whether a look of the clock at everything in the bucket ended well that began after `since`."""
    asked = dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS], tags=WHOLE_LOOK, updated_after=since)
    return any(
        record.start_time and record.start_time >= since.timestamp()
        for record in instance.get_run_records(asked)
    )


def this_process() -> str:
    """A name for this process that no later one can have."""
    return f"{socket.gethostname()}:{os.getpid()}:{psutil.Process().create_time():.2f}"


def is_dead(name: str) -> bool:
    """Whether a process named so ran on this machine and is gone."""
    host, pid, created = name.rsplit(":", 2)
    if host != socket.gethostname():
        return False
    try:
        return f"{psutil.Process(int(pid)).create_time():.2f}" != created
    except psutil.NoSuchProcess:
        return True


def close_dead_runs(instance: dg.DagsterInstance) -> None:
    """End the runs of killed `ov run` processes: else they'd look busy, and hold back their partitions."""
    unfinished = [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
    for run in instance.get_runs(dg.RunsFilter(statuses=unfinished), limit=1000):
        if (process := run.tags.get(PROCESS_TAG)) and is_dead(process):
            instance.report_run_failed(
                run, "The process of this run was killed; the next run completes its work."
            )


def step_seconds(instance: dg.DagsterInstance, run_id: str, steps: Container[str]) -> dict[str, float]:
    """Seconds of each of these steps of a run that is done, in the order in which they began."""
    done = [
        (stats.start_time, stats.step_key, stats.end_time - stats.start_time)
        for stats in instance.get_run_step_stats(run_id)
        if stats.step_key in steps and stats.start_time and stats.end_time
    ]
    return {step: round(seconds, 2) for _, step, seconds in sorted(done)}
