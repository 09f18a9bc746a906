"""The sensors: they ask the database what is pending, at every tick, and remember nothing themselves."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import dagster as dg

from ov_assets import wholeness
from ov_assets.assets.pqr_captures import INCOMPLETE_TAG
from ov_assets.assets.s3_objects import UPLOADED_TAG
from ov_assets.backlog import History, decide
from ov_assets.jobs import chain_job, s3_job
from ov_assets.partitions import FIRST_DAY, CompanyDay, company_day
from ov_assets.rds.diff import PendingPartition, missing_local_partitions, pending_partitions
from ov_assets.rds.listing import PendingDay, pending_captures
from ov_assets.resources import Database, ObjectStore
from ov_assets.timezone import BOGOTA

RUNNING = dg.DefaultSensorStatus.RUNNING
INTERVAL_SECONDS = 30
RUNS_PER_TICK = 10
PENDING_PARTITIONS_MAX = 500
OVERDUE = timedelta(hours=5)  # after midnight: an hour after the bulk was to ask for yesterday
GAP_DAYS = 7
HISTORY = timedelta(hours=9)  # so many failures with their pauses as lead to the longest pause, and again
RUNS_READ_MAX = 5000
PARTITION_TAG = "dagster/partition"
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def partition_of(run: dg.DagsterRun) -> CompanyDay | None:
    """The company and day of a run; None for a run of something that isn't partitioned by both."""
    key = run.tags.get(PARTITION_TAG, "")
    return company_day(key) if "|" in key else None


def partitions_in_flight(instance: dg.DagsterInstance) -> set[CompanyDay]:
    """The partitions of every unfinished run, whatever launched it: the UI, a schedule, `ov run`."""
    runs = instance.get_runs(dg.RunsFilter(statuses=UNFINISHED), limit=1000)
    return {partition for run in runs if (partition := partition_of(run))}


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


def ask(
    context: dg.SensorEvaluationContext,
    pending: Iterable[PendingPartition | PendingDay],
    job_name: str,
    trigger: str,
    overdue: Iterable[CompanyDay] = (),
) -> dg.SensorResult | dg.SkipReason:
    """Ask for the runs that `decide` chooses among the pending partitions and the overdue ones."""
    now = datetime.now(BOGOTA)
    rows = {CompanyDay(row.empresa, row.fecha) for row in pending}
    partitions = {item for item in rows.union(overdue) if FIRST_DAY <= item.day <= now.date()}
    decision = decide(
        partitions,
        partitions_in_flight(context.instance),
        histories(context.instance, partitions, job_name, now),
        now,
        RUNS_PER_TICK,
    )
    if not decision.ask_for:
        return dg.SkipReason(decision.explain())
    # No run key: Dagster remembers one for ever, and the same work may come up twice.
    return dg.SensorResult(
        run_requests=[
            dg.RunRequest(partition_key=partition.key, tags={"ov/trigger": trigger})
            for partition in decision.ask_for
        ]
    )


@dg.sensor(job=s3_job, minimum_interval_seconds=INTERVAL_SECONDS, default_status=RUNNING)
def pending_uploads_sensor(
    context: dg.SensorEvaluationContext, database: Database, store: ObjectStore
) -> dg.SensorResult | dg.SkipReason:
    """Busca archivos registrados que no están en S3 y pide la carga de su empresa y fecha.

    Si la base de datos no responde, el tick falla y se ve; nunca se toma por "nada pendiente".
    """
    with database.connect() as connection:
        pending = pending_partitions(connection, store.bucket_name, PENDING_PARTITIONS_MAX)
    return ask(context, pending, s3_job.name, "pending_uploads")


@dg.sensor(job=chain_job, minimum_interval_seconds=INTERVAL_SECONDS, default_status=RUNNING)
def pending_captures_sensor(
    context: dg.SensorEvaluationContext, database: Database
) -> dg.SensorResult | dg.SkipReason:
    """Busca PQR que el portal lista como finalizadas y que no están capturadas así, y pide su cadena.

    Así llega también la PQR de un día pasado que se finaliza tarde, sea cual sea su fecha. Y pide los días de
    la última semana por los que nadie ha preguntado al portal desde que terminaron.
    """
    last = (datetime.now(BOGOTA) - OVERDUE).date() - timedelta(days=1)
    with database.connect() as connection:
        pending = pending_captures(connection, PENDING_PARTITIONS_MAX)
        overdue = wholeness.not_asked(connection, last - timedelta(days=GAP_DAYS - 1), last)
    return ask(context, pending, chain_job.name, "pending_captures", overdue)


@dg.sensor(job=chain_job, minimum_interval_seconds=INTERVAL_SECONDS, default_status=RUNNING)
def missing_local_sensor(
    context: dg.SensorEvaluationContext, database: Database, store: ObjectStore
) -> dg.SensorResult | dg.SkipReason:
    """Busca archivos que no están ni en S3 ni en disco y pide capturar de nuevo su empresa y fecha."""
    with database.connect() as connection:
        pending = missing_local_partitions(connection, store.bucket_name, PENDING_PARTITIONS_MAX)
    return ask(context, pending, chain_job.name, "missing_local")


SENSORS = [pending_captures_sensor, pending_uploads_sensor, missing_local_sensor]
