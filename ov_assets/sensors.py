"""The sensors: they ask the database what is pending, at every tick, and remember nothing themselves."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import dagster as dg

from ov_assets.backlog import History, decide
from ov_assets.jobs import s3_job
from ov_assets.partitions import FIRST_DAY, CompanyDay, company_day, today
from ov_assets.rds.diff import pending_partitions
from ov_assets.resources import Database, ObjectStore

INTERVAL_SECONDS = 30
RUNS_PER_TICK = 10
PENDING_PARTITIONS_MAX = 500
HISTORY = timedelta(hours=3)  # longer than the longest pause
PARTITION_TAG = "dagster/partition"
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def partitions_in_flight(instance: dg.DagsterInstance) -> set[CompanyDay]:
    """The partitions of every unfinished run, whatever launched it: the UI, a schedule, `ov run`."""
    runs = instance.get_runs(dg.RunsFilter(statuses=UNFINISHED), limit=1000)
    return {company_day(run.tags[PARTITION_TAG]) for run in runs if PARTITION_TAG in run.tags}


def histories(
    instance: dg.DagsterInstance, partitions: Iterable[CompanyDay], job_names: set[str], now: datetime
) -> dict[CompanyDay, History]:
    """Failures in a row since the last success, of runs that ended lately."""
    wanted = set(partitions)
    records = instance.get_run_records(
        dg.RunsFilter(statuses=ENDED, updated_after=now - HISTORY), limit=2000, order_by="id", ascending=True
    )
    found: dict[CompanyDay, History] = {}
    for record in records:
        run = record.dagster_run
        if run.job_name not in job_names or PARTITION_TAG not in run.tags:
            continue
        partition = company_day(run.tags[PARTITION_TAG])
        if partition not in wanted:
            continue
        failed = run.status is not dg.DagsterRunStatus.SUCCESS
        before = found.get(partition, History())
        ended = datetime.fromtimestamp(record.end_time, UTC) if record.end_time else record.update_timestamp
        found[partition] = History(before.failures + 1 if failed else 0, ended)
    return found


@dg.sensor(
    job=s3_job,
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def pending_uploads_sensor(
    context: dg.SensorEvaluationContext, database: Database, store: ObjectStore
) -> dg.SensorResult | dg.SkipReason:
    """Busca archivos registrados que no están en S3 y pide la carga de su empresa y fecha.

    Si la base de datos no responde, el tick falla y se ve; nunca se toma por "nada pendiente".
    """
    now = datetime.now(UTC)
    with database.connect() as connection:
        rows = pending_partitions(connection, store.bucket_name, PENDING_PARTITIONS_MAX)
    pending = [CompanyDay(row.empresa, row.fecha) for row in rows if FIRST_DAY <= row.fecha <= today()]
    decision = decide(
        pending,
        partitions_in_flight(context.instance),
        histories(context.instance, pending, {s3_job.name}, now),
        now,
        RUNS_PER_TICK,
    )
    if not decision.ask_for:
        return dg.SkipReason(decision.explain())
    # No run key: Dagster remembers one for ever, and the same files may go missing twice.
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(partition_key=partition.key, tags={"ov/trigger": "pending_uploads"})
            for partition in decision.ask_for
        ]
    )
