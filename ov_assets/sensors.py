"""The sensors: they ask the database what is pending, at every tick, and remember nothing themselves."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import dagster as dg

from ov_assets import completeness
from ov_assets.days import FIRST_DAY, CompanyDay
from ov_assets.flow.backlog import decide
from ov_assets.flow.rereads import days_due
from ov_assets.jobs import chain_job, s3_job
from ov_assets.partitions import partition_key
from ov_assets.rds.diff import PendingPartition, missing_local_partitions, pending_partitions
from ov_assets.rds.listing import PendingDay, pending_captures
from ov_assets.resources import Database, ObjectStore
from ov_assets.runs import histories, partitions_in_flight
from ov_assets.timezone import BOGOTA

RUNNING = dg.DefaultSensorStatus.RUNNING
INTERVAL_SECONDS = 30
RUNS_PER_TICK = 10
PENDING_PARTITIONS_MAX = 500
OVERDUE = timedelta(hours=5)  # after midnight: an hour after the bulk was to ask for yesterday
GAP_DAYS = 7


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
            dg.RunRequest(partition_key=partition_key(partition), tags={"ov/trigger": trigger})
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
    la última semana por los que nadie ha preguntado al portal desde que terminaron, y los que tienen PQR por
    releer: les falta un adjunto, o pudieron cambiar sin que la lista lo muestre.
    """
    now = datetime.now(BOGOTA)
    last = (now - OVERDUE).date() - timedelta(days=1)
    with database.connect() as connection:
        pending = pending_captures(connection, PENDING_PARTITIONS_MAX)
        overdue = completeness.not_asked(connection, last - timedelta(days=GAP_DAYS - 1), last)
        overdue |= days_due(connection, now)
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
