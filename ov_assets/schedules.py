"""The clock, in Bogotá time. Every date is computed from the tick, so a late tick asks for the right day."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import dagster as dg

from ov_assets.companies import COMPANIES
from ov_assets.jobs import chain_job, cleanup_job, listing_job, s3_job
from ov_assets.partitions import BOGOTA, FIRST_DAY, TIMEZONE, CompanyDay
from ov_assets.rds.diff import pending_partitions
from ov_assets.rds.listing import pending_captures
from ov_assets.resources import Database, ObjectStore

RUNNING = dg.DefaultScheduleStatus.RUNNING
BULK_HOUR = 4
SHORT_WINDOW_DAYS = 2
PENDING_PARTITIONS_MAX = 50


def tick_day(context: dg.ScheduleEvaluationContext) -> date:
    return context.scheduled_execution_time.astimezone(BOGOTA).date()


def requests(partitions: Iterable[CompanyDay], trigger: str) -> Iterator[dg.RunRequest]:
    """One run request a partition; the key tells apart the requests of one tick."""
    for partition in partitions:
        yield dg.RunRequest(run_key=str(partition), partition_key=partition.key, tags={"ov/trigger": trigger})


def listings(window_days: int | None, trigger: str) -> list[dg.RunRequest]:
    """One walk of the list for each company, of the asset's own window unless `window_days` says less."""
    config = {"ops": {"portal_listing": {"config": {"window_days": window_days}}}} if window_days else {}
    return [
        dg.RunRequest(
            run_key=company,
            partition_key=company,
            run_config=config,
            tags={"ov/trigger": trigger},  # the portal's own lock keeps it apart from a capture
        )
        for company in COMPANIES
    ]


@dg.schedule(
    job=listing_job,
    cron_schedule=f"0 {BULK_HOUR} * * *",
    execution_timezone=TIMEZONE,
    default_status=RUNNING,
)
def daily_listing_schedule(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
    """Cada día a las 04:00: recorre la lista de la ventana larga; lo que aparezca lo piden los sensores."""
    return listings(None, "daily_listing")


@dg.schedule(
    job=listing_job,
    cron_schedule=f"0 {BULK_HOUR}-22/2 * * 1-6",
    execution_timezone=TIMEZONE,
    default_status=RUNNING,
)
def two_hourly_listing_schedule(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
    """Cada dos horas, de lunes a sábado: recorre la lista de ayer y hoy, para cada empresa."""
    if context.scheduled_execution_time.astimezone(BOGOTA).hour == BULK_HOUR:
        return dg.SkipReason("At 04:00 the long window is walked; this tick yields to it.")
    return listings(SHORT_WINDOW_DAYS, "two_hourly_listing")


@dg.schedule(
    job=chain_job,
    cron_schedule=f"0 {BULK_HOUR} * * *",
    execution_timezone=TIMEZONE,
    default_status=RUNNING,
)
def daily_bulk_schedule(
    context: dg.ScheduleEvaluationContext, database: Database, store: ObjectStore
) -> list[dg.RunRequest]:
    """Cada día a las 04:00: la cadena completa de ayer y de cada fecha con algo pendiente, por empresa."""
    yesterday = tick_day(context) - timedelta(days=1)
    with database.connect() as connection:
        rows = [
            *pending_captures(connection, PENDING_PARTITIONS_MAX),
            *pending_partitions(connection, store.bucket_name, PENDING_PARTITIONS_MAX),
        ]
    backlog = {CompanyDay(row.empresa, row.fecha) for row in rows if FIRST_DAY <= row.fecha <= yesterday}
    return list(requests(sorted({CompanyDay(c, yesterday) for c in COMPANIES} | backlog), "daily_bulk"))


@dg.schedule(
    job=chain_job,
    cron_schedule=f"0 {BULK_HOUR}-22/2 * * 1-6",
    execution_timezone=TIMEZONE,
    default_status=RUNNING,
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
    default_status=RUNNING,
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
    default_status=RUNNING,
)
def weekly_cleanup_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Los domingos a las 02:00: limpieza de restos."""
    return dg.RunRequest(run_key=tick_day(context).isoformat(), tags={"ov/trigger": "weekly_cleanup"})


SCHEDULES = [
    daily_listing_schedule,
    daily_bulk_schedule,
    two_hourly_listing_schedule,
    two_hourly_schedule,
    hourly_s3_verification_schedule,
    weekly_cleanup_schedule,
]
