"""The figures of the flow for Prometheus, read from the tables and from Dagster at the moment of asking."""

import time
from datetime import UTC, datetime, timedelta

import dagster as dg
import psycopg
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from ov_assets import completeness
from ov_assets.alerts.runs import place_of
from ov_assets.companies import COMPANIES
from ov_assets.days import today
from ov_assets.rds import reporting
from ov_assets.rds.alert_ledger import to_settle
from ov_assets.rds.registry import Estado
from ov_assets.rds.status import status
from ov_assets.runs import PARTITION_TAG

DAYS = 30
RUNS = 500
ENDED = {dg.DagsterRunStatus.SUCCESS: "success", dg.DagsterRunStatus.FAILURE: "failure"}
SEVERITIES = ("error", "aviso")


def exposition(instance: dg.DagsterInstance, connection: psycopg.Connection, bucket: str) -> str:
    """All metrics in Prometheus's text format. Raises RdsError: no figure is better than a wrong one."""
    registry = CollectorRegistry()
    began = time.monotonic()
    _files(registry, connection)
    _days(registry, connection, bucket)
    _backlog(registry, connection, bucket)
    _runs(registry, instance)
    _alerts(registry, connection)
    Gauge("ov_metrics_seconds", "Time that reading these figures took", registry=registry).set(
        time.monotonic() - began
    )
    Gauge(
        "ov_metrics_timestamp_seconds", "When these figures were read", registry=registry
    ).set_to_current_time()
    return generate_latest(registry).decode()


def _files(registry: CollectorRegistry, connection: psycopg.Connection) -> None:
    files = Gauge("ov_files", "Objects in the registry, by state", ["company", "state"], registry=registry)
    size = Gauge("ov_files_bytes", "Bytes in the registry, by state", ["company", "state"], registry=registry)
    for slug in COMPANIES:
        for state in Estado:
            files.labels(slug, state.value).set(0)
            size.labels(slug, state.value).set(0)
    for slug, name, count, total in reporting.registry_totals(connection):
        files.labels(slug, name).set(count)
        size.labels(slug, name).set(total)


def _days(registry: CollectorRegistry, connection: psycopg.Connection, bucket: str) -> None:
    pqr = Gauge("ov_pqr", f"PQR of the last {DAYS} days, by step", ["company", "step"], registry=registry)
    last = Gauge(
        "ov_last_complete_day_timestamp_seconds",
        f"End of the last complete day; 0 if none of the last {DAYS} is",
        ["company"],
        registry=registry,
    )
    yesterday = today() - timedelta(days=1)
    first = yesterday - timedelta(days=DAYS - 1)
    for slug in COMPANIES:
        days = status(connection, slug, first, today(), bucket)
        for step in ("listadas", "filas", "rechazadas"):
            pqr.labels(slug, step).set(sum(getattr(day, step) for day in days))
        whole = (
            day for day in completeness.of_days(connection, bucket, slug, first, yesterday) if day.completo
        )
        newest = next(whole, None)
        last.labels(slug).set(completeness.end_of(newest.estado.fecha).timestamp() if newest else 0)


def _backlog(registry: CollectorRegistry, connection: psycopg.Connection, bucket: str) -> None:
    pending = Gauge("ov_pending", "Known of, but not arrived yet", ["company", "what"], registry=registry)
    age = Gauge("ov_backlog_age_seconds", "Age of the oldest of it", ["company"], registry=registry)
    quarantined = Gauge(
        "ov_quarantined_rows", "Rows that wait in rechazos_ov", ["company"], registry=registry
    )
    settle = to_settle(connection)
    for slug in COMPANIES:
        backlog = reporting.backlog(connection, slug, bucket)
        pending.labels(slug, "pqr").set(backlog.pqr)
        pending.labels(slug, "files").set(backlog.archivos)
        age.labels(slug).set(backlog.age(datetime.now(UTC)).total_seconds())
        quarantined.labels(slug).set(settle[slug].cuarentena if slug in settle else 0)


def _runs(registry: CollectorRegistry, instance: dg.DagsterInstance) -> None:
    seconds = Gauge(
        "ov_run_seconds", "Duration of the last run that succeeded", ["company", "job"], registry=registry
    )
    counts = Gauge("ov_runs_24h", "Runs that ended in 24 hours", ["job", "result"], registry=registry)
    since = datetime.now(UTC) - timedelta(hours=24)
    found = dg.RunsFilter(statuses=list(ENDED), updated_after=since)
    known: set[tuple[str, str]] = set()
    for record in instance.get_run_records(found, limit=RUNS):
        run = record.dagster_run
        counts.labels(run.job_name, ENDED[run.status]).inc()
        company, _ = place_of(run.tags.get(PARTITION_TAG))
        name = (company or "", run.job_name)
        if run.status is not dg.DagsterRunStatus.SUCCESS or name in known:
            continue
        if record.start_time and record.end_time:
            known.add(name)
            seconds.labels(*name).set(record.end_time - record.start_time)


def _alerts(registry: CollectorRegistry, connection: psycopg.Connection) -> None:
    alerts = Gauge("ov_open_alerts", "Alerts that are open", ["severity"], registry=registry)
    counts = reporting.open_alert_counts(connection)
    for severity in SEVERITIES:
        alerts.labels(severity).set(counts.get(severity, 0))
