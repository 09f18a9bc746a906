"""Run one partition's chain in this process, and say in figures what became of it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import dagster as dg

from ov_assets.cli.summary import Summary
from ov_assets.days import CompanyDay
from ov_assets.definitions import defs
from ov_assets.flow import progress
from ov_assets.jobs import chain_job
from ov_assets.partitions import partition_key
from ov_assets.runs import PROCESS_TAG, close_dead_runs, this_process

# The run's events are kept in Dagster; a terminal shows figures, not the log.
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@contextmanager
def instance_of(dagster_home: str) -> Iterator[dg.DagsterInstance]:
    os.environ["DAGSTER_HOME"] = dagster_home
    with dg.DagsterInstance.get() as instance:
        close_dead_runs(instance)
        yield instance


def run_chain(
    partition: CompanyDay,
    instance: dg.DagsterInstance,
    listener: progress.Listener,
    *,
    reread: bool = False,
) -> Summary:
    """Materialize the chain of one partition. reread: read each of its PQR again."""
    job = defs.resolve_job_def(chain_job.name)
    with progress.listening(listener):
        result = job.execute_in_process(
            partition_key=partition_key(partition),
            instance=instance,
            raise_on_error=False,
            run_config=QUIET | {"ops": {"pqr_captures": {"config": {"releer": reread}}}},
            tags={PROCESS_TAG: this_process(), "ov/trigger": "ov run"},
        )
    return summarise(partition, result)


def summarise(partition: CompanyDay, result: dg.ExecuteInProcessResult) -> Summary:
    """Counts from the run's own materializations, errors from its failures and failed checks."""
    summary = Summary(partition.company, partition.day)
    _fill(summary, _materialized(result))
    for event in result.all_events:
        if event.is_step_failure:
            summary.errors.append(_reason(event))
    for check in result.get_asset_check_evaluations():
        if not check.passed and check.description:
            summary.errors.append(f"{partition}: check {check.check_name} failed: {check.description}")
    if not result.success and not summary.errors:
        summary.errors.append(f"{partition}: run {result.run_id} failed")
    return summary


def _materialized(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    found = {}
    for event in result.get_asset_materialization_events():
        materialization = event.step_materialization_data.materialization
        found[materialization.asset_key.to_user_string()] = {
            name: value.value for name, value in materialization.metadata.items()
        }
    return found


def _fill(summary: Summary, values: Mapping[str, Mapping[str, Any]]) -> None:
    captures, csv, rds, objects = (
        values.get(name, {}) for name in ("pqr_captures", "company_csv", "rds_table", "s3_objects")
    )
    summary.listed = captures.get("listadas", 0)
    summary.captured = captures.get("dagster/partition_row_count", 0)
    summary.csv_rows = csv.get("filas", 0)
    summary.inserted = rds.get("insertadas", 0)
    summary.updated = rds.get("actualizadas", 0)
    summary.unchanged = rds.get("sin_cambio", 0)
    summary.rejected = rds.get("rechazadas", 0)
    summary.files = rds.get("archivos", 0)
    summary.pending = objects.get("pendientes", values.get("s3_pending", {}).get("pendientes", 0))
    summary.uploaded = objects.get("subidos_ahora", 0)
    summary.verified = objects.get("verificados", 0)


def _reason(event: dg.DagsterEvent) -> str:
    failure = event.step_failure_data
    if failure.user_failure_data and failure.user_failure_data.description:
        return str(failure.user_failure_data.description)
    error = failure.error
    if error is None:
        return f"step {event.step_key} failed"
    ours = error.cause or error  # Dagster wraps what the asset raised
    return f"{event.step_key}: " + " ".join(ours.message.split()).removeprefix(f"{ours.cls_name}: ")
