"""The sensors of alerts: one notes what is wrong, one delivers it, one tells the outside that both live.

Dagster's own run_failure_sensor moves its cursor on even when its function fails, so an alert that meets a
database that is down would be lost. These keep their place instead: a failed tick is done again.
"""

from datetime import timedelta

import dagster as dg
import requests

from ov_assets.alerts.delivery import deliver_due, targets_of
from ov_assets.alerts.watch import Cursor, close_whole_days, note_morning, note_runs, note_states
from ov_assets.rds.alert_ledger import open_alerts
from ov_assets.resources import Database, ObjectStore
from ov_assets.runs import SUMMARY_JOB
from ov_assets.settings import Settings
from ov_assets.timezone import BOGOTA, TIMEZONE

RUNNING = dg.DefaultSensorStatus.RUNNING
HEARTBEAT_TIMEOUT_SECONDS = 10


class HeartbeatError(Exception):
    """The address of OV_HEARTBEAT_URL doesn't answer."""


@dg.sensor(minimum_interval_seconds=30, default_status=RUNNING)
def alerts_sensor(
    context: dg.SensorEvaluationContext, database: Database, store: ObjectStore
) -> dg.SensorResult:
    """Anota en `alertas_ov` lo que falla y lo que se recuperó, sea de ejecuciones, controles o tablas."""
    settings = Settings()
    with database.connect() as connection:
        count, cursor = note_runs(
            context.instance, connection, Cursor.of(context.cursor), settings.dagster_webserver_url
        )
        note_states(connection, settings.ov_quarantine_alert_rows, settings.dagster_webserver_url)
        close_whole_days(connection, store.bucket_name)
        standing = len(open_alerts(connection))
    return dg.SensorResult(
        skip_reason=f"{count} runs read; {standing} alerts are open.", cursor=cursor.to_json()
    )


@dg.sensor(minimum_interval_seconds=30, default_status=RUNNING)
def alert_delivery_sensor(database: Database) -> dg.SkipReason:
    """Envía los avisos pendientes a OV_ALERT_URLS. Si alguno no llega, el tick falla y se reintenta."""
    urls = Settings().ov_alert_urls
    if urls is None:
        return dg.SkipReason("OV_ALERT_URLS is not set: alerts wait in data_general.alertas_ov.")
    with database.connect() as connection:
        sent = deliver_due(connection, targets_of(urls.get_secret_value()))
    return dg.SkipReason(f"{sent} notices delivered.")


@dg.sensor(minimum_interval_seconds=60, default_status=RUNNING)
def heartbeat_sensor(database: Database) -> dg.SkipReason:
    """Toca OV_HEARTBEAT_URL mientras vivan el demonio y la base; quien vigila afuera nota el silencio."""
    url = Settings().ov_heartbeat_url
    if url is None:
        return dg.SkipReason("OV_HEARTBEAT_URL is not set: nobody outside notices a daemon that is dead.")
    with database.connect():
        beat(url.get_secret_value())
    return dg.SkipReason("The heartbeat is out.")


def beat(url: str) -> None:
    """One GET. Raises HeartbeatError, without the address: it is a secret."""
    try:
        requests.get(url, timeout=HEARTBEAT_TIMEOUT_SECONDS).raise_for_status()
    except requests.RequestException as error:
        reason = type(error).__name__
    else:
        return
    raise HeartbeatError(f"OV_HEARTBEAT_URL: {reason}")


@dg.schedule(
    job_name=SUMMARY_JOB,
    cron_schedule="0 6 * * *",
    execution_timezone=TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def morning_schedule(
    context: dg.ScheduleEvaluationContext, database: Database, store: ObjectStore
) -> dg.RunRequest:
    """Cada día a las 06:00: ¿está completo ayer?, el informe de la mañana y el resumen del día."""
    yesterday = context.scheduled_execution_time.astimezone(BOGOTA).date() - timedelta(days=1)
    with database.connect() as connection:
        note_morning(connection, store.bucket_name, yesterday, Settings().dagster_webserver_url)
    return dg.RunRequest(
        run_key=yesterday.isoformat(),
        partition_key=yesterday.isoformat(),
        tags={"ov/trigger": "morning"},
    )


SENSORS = [alerts_sensor, alert_delivery_sensor, heartbeat_sensor]
SCHEDULES = [morning_schedule]
