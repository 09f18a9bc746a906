"""The clock, in Bogotá time. Every date is computed from the tick, so a late tick asks for the right day."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

import dagster as dg

from ov_assets import completeness
from ov_assets.assets.portal_listing import WINDOW_DAYS
from ov_assets.companies import COMPANIES
from ov_assets.days import FIRST_DAY, CompanyDay
from ov_assets.jobs import chain_job, cleanup_job, listing_job, s3_job, s3_reconcile
from ov_assets.partitions import partition_key
from ov_assets.rds.diff import PendingPartition, pending_partitions
from ov_assets.rds.listing import PendingDay, pending_captures
from ov_assets.rds.status import status
from ov_assets.resources import Database, ObjectStore
from ov_assets.runs import LONG_WALK, UNFINISHED, WHOLE_LOOK, last_long_walk, was_all_looked_at
from ov_assets.settings import Settings
from ov_assets.timezone import BOGOTA, TIMEZONE

RUNNING = dg.DefaultScheduleStatus.RUNNING
BULK_HOUR = 4
LOOK_HOUR = 3  # after the cleanup, before the bulk
LOOKED_AT_WITHIN = timedelta(days=7)
SHORT_WINDOW_DAYS = 2
PENDING_PARTITIONS_MAX = 50


def tick_day(context: dg.ScheduleEvaluationContext) -> date:
    return context.scheduled_execution_time.astimezone(BOGOTA).date()


def requests(partitions: Iterable[CompanyDay], trigger: str) -> Iterator[dg.RunRequest]:
    """One run request a partition; the key tells apart the requests of one tick."""
    for partition in partitions:
        yield dg.RunRequest(
            run_key=str(partition), partition_key=partition_key(partition), tags={"ov/trigger": trigger}
        )


def long_window_days(instance: dg.DagsterInstance, company: str, today: date) -> int:
    """The long window, and the days for which nobody has walked it: an outage hides none."""
    walk = last_long_walk(instance, company, only=[dg.DagsterRunStatus.SUCCESS])
    last = datetime.fromtimestamp(walk.end_time or 0, BOGOTA).date() if walk else today
    return WINDOW_DAYS + max(0, (today - last).days)


def listing(company: str, window_days: int, trigger: str) -> dg.RunRequest:
    """One walk of a company's list, of so many days."""
    return dg.RunRequest(
        run_key=company,
        partition_key=company,
        run_config={"ops": {"portal_listing": {"config": {"window_days": window_days}}}},
        # No tag of the company: the portal's own lock keeps it apart from a capture.
        tags={"ov/trigger": trigger} | (LONG_WALK if window_days >= WINDOW_DAYS else {}),
    )


@dg.schedule(
    job=listing_job,
    cron_schedule=f"0 {BULK_HOUR} * * *",
    execution_timezone=TIMEZONE,
    default_status=RUNNING,
)
def daily_listing_schedule(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
    """Cada día a las 04:00: recorre la lista de la ventana larga; lo que aparezca lo piden los sensores."""
    today = tick_day(context)
    return [
        listing(company, long_window_days(context.instance, company, today), "daily_listing")
        for company in COMPANIES
    ]


@dg.schedule(
    job=listing_job,
    cron_schedule=Settings().ov_listing_cron,
    execution_timezone=TIMEZONE,
    default_status=RUNNING,
)
def two_hourly_listing_schedule(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
    """Cada dos horas, de lunes a sábado, o como diga OV_LISTING_CRON: la lista de ayer y hoy, por empresa.

    Si el último recorrido largo falló, lo repite: lo que se finalizó tarde no espera hasta mañana.
    """
    tick = context.scheduled_execution_time.astimezone(BOGOTA)
    if (tick.hour, tick.minute) == (BULK_HOUR, 0):
        return dg.SkipReason("At 04:00 the long window is walked; this tick yields to it.")
    asked_for = []
    for company in COMPANIES:
        walk, days = last_long_walk(context.instance, company), SHORT_WINDOW_DAYS
        if walk and walk.dagster_run.is_failure_or_canceled:
            days = long_window_days(context.instance, company, tick.date())
        asked_for.append(listing(company, days, "two_hourly_listing"))
    return asked_for


@dg.schedule(
    job=chain_job,
    cron_schedule=f"0 {BULK_HOUR} * * *",
    execution_timezone=TIMEZONE,
    default_status=RUNNING,
)
def daily_bulk_schedule(
    context: dg.ScheduleEvaluationContext, database: Database, store: ObjectStore
) -> list[dg.RunRequest]:
    """Cada día a las 04:00: la cadena completa de ayer y de cada fecha con algo pendiente, por empresa.

    Pendiente está también el día por el que nadie ha preguntado al portal desde que terminó.
    """
    yesterday = tick_day(context) - timedelta(days=1)
    with database.connect() as connection:
        rows: list[PendingDay | PendingPartition] = [
            *pending_captures(connection, PENDING_PARTITIONS_MAX),
            *pending_partitions(connection, store.bucket_name, PENDING_PARTITIONS_MAX),
        ]
        backlog = {CompanyDay(row.empresa, row.fecha) for row in rows if FIRST_DAY <= row.fecha <= yesterday}
        for company in COMPANIES:
            window = timedelta(days=long_window_days(context.instance, company, yesterday))
            backlog |= completeness.not_asked(connection, yesterday - window, yesterday, [company])
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
    with database.connect() as connection:
        recent = {
            CompanyDay(company, day.fecha)
            for company in COMPANIES
            for day in status(connection, company, today - timedelta(days=1), today, store.bucket_name)
            if day.archivos  # of a day that nobody has captured yet there is nothing to compare
        }
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


def look_at_bucket(day: date, trigger: str, seventh: int | None = None) -> dg.RunRequest:
    """A look at the bucket that writes states and raises alerts, and changes nothing else."""
    config = {"note": True, "quick": True} | ({} if seventh is None else {"seventh": seventh})
    return dg.RunRequest(
        run_key=f"{trigger}|{day.isoformat()}",
        run_config={"ops": {"reconcile_bucket": {"config": config}}},
        tags={"ov/trigger": trigger} | (WHOLE_LOOK if seventh is None else {}),
    )


def another_look(instance: dg.DagsterInstance) -> dg.SkipReason | None:
    """Why not to look now: one at a time."""
    unfinished = dg.RunsFilter(job_name=s3_reconcile.name, statuses=UNFINISHED)
    if not instance.get_runs(unfinished, limit=1):
        return None
    return dg.SkipReason("Another reconciliation is at work; this tick yields to it.")


@dg.schedule(
    job=s3_reconcile,
    cron_schedule=f"0 {LOOK_HOUR} * * 0-5",
    execution_timezone=TIMEZONE,
    default_status=RUNNING,
)
def daily_reconcile_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """De domingo a viernes a las 03:00: un día de cada siete contra el bucket. Anota y avisa.

    Si en los últimos siete días nadie terminó de mirarlo todo, lo mira todo.
    """
    if why_not := another_look(context.instance):
        return why_not
    day = tick_day(context)
    lately = was_all_looked_at(context.instance, context.scheduled_execution_time - LOOKED_AT_WITHIN)
    return look_at_bucket(day, "daily_reconcile", seventh=day.weekday() if lately else None)


@dg.schedule(
    job=s3_reconcile,
    cron_schedule=f"0 {LOOK_HOUR} * * 6",
    execution_timezone=TIMEZONE,
    default_status=RUNNING,
)
def weekly_reconcile_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Los sábados a las 03:00: todo, también lo que no tiene fecha, contra el bucket. Anota y avisa."""
    return another_look(context.instance) or look_at_bucket(tick_day(context), "weekly_reconcile")


SCHEDULES = [
    daily_listing_schedule,
    daily_bulk_schedule,
    two_hourly_listing_schedule,
    two_hourly_schedule,
    hourly_s3_verification_schedule,
    weekly_cleanup_schedule,
    daily_reconcile_schedule,
    weekly_reconcile_schedule,
]
