"""The clock, in Bogotá time. Every date is computed from the tick, so a late tick asks for the right day."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import dagster as dg

from ov_assets.companies import COMPANIES
from ov_assets.jobs import chain_job, cleanup_job, s3_job
from ov_assets.partitions import BOGOTA, FIRST_DAY, TIMEZONE, CompanyDay
from ov_assets.rds.diff import pending_partitions
from ov_assets.resources import Database, ObjectStore

BULK_HOUR = 4
PENDING_PARTITIONS_MAX = 50


def tick_day(context: dg.ScheduleEvaluationContext) -> date:
    return context.scheduled_execution_time.astimezone(BOGOTA).date()


def requests(partitions: Iterable[CompanyDay], trigger: str) -> Iterator[dg.RunRequest]:
    """One run request a partition; the key tells apart the requests of one tick."""
    for partition in partitions:
        yield dg.RunRequest(run_key=str(partition), partition_key=partition.key, tags={"ov/trigger": trigger})


@dg.schedule(
    job=chain_job,
    cron_schedule=f"0 {BULK_HOUR} * * *",
    execution_timezone=TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def daily_bulk_schedule(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
    """Cada día a las 04:00: la cadena completa de ayer, para cada empresa."""
    yesterday = tick_day(context) - timedelta(days=1)
    return list(requests((CompanyDay(company, yesterday) for company in COMPANIES), "daily_bulk"))


@dg.schedule(
    job=chain_job,
    cron_schedule=f"0 {BULK_HOUR}-22/2 * * 1-6",
    execution_timezone=TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def two_hourly_schedule(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
    """Cada dos horas, de lunes a sábado, de 04:00 a 22:00: la cadena de hoy, para cada empresa."""
    tick = context.scheduled_execution_time.astimezone(BOGOTA)
    if tick.hour == BULK_HOUR:
        return dg.SkipReason("At 04:00 the daily bulk is at work; this tick yields to it.")
    return list(requests((CompanyDay(company, tick.date()) for company in COMPANIES), "two_hourly"))


@dg.schedule(
    job=s3_job,
    cron_schedule="0 * * * *",
    execution_timezone=TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def hourly_s3_verification_schedule(
    context: dg.ScheduleEvaluationContext, database: Database, store: ObjectStore
) -> list[dg.RunRequest]:
    """Cada hora: compara ayer y hoy con el bucket, y todo día que tenga archivos pendientes, sea cual sea."""
    today = tick_day(context)
    recent = {CompanyDay(company, today - timedelta(days=n)) for company in COMPANIES for n in (1, 0)}
    with database.connect() as connection:
        pending = pending_partitions(connection, store.bucket_name, PENDING_PARTITIONS_MAX)
    backlog = {CompanyDay(row.empresa, row.fecha) for row in pending if FIRST_DAY <= row.fecha <= today}
    return list(requests(sorted(recent | backlog), "hourly_verification"))


@dg.schedule(
    job=cleanup_job,
    cron_schedule="0 2 * * 0",
    execution_timezone=TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def weekly_cleanup_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Los domingos a las 02:00: limpieza de restos."""
    return dg.RunRequest(run_key=tick_day(context).isoformat(), tags={"ov/trigger": "weekly_cleanup"})
