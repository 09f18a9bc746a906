"""Runs with the names of the real ones that fail, succeed or die, and the tick of a morning."""

from datetime import datetime

import dagster as dg

from ov_assets.alerts.sensors import morning_schedule
from ov_assets.resources import Database, ObjectStore
from ov_assets.timezone import BOGOTA

PERSON = "Ñúñez Muñoz, José"


def run(
    instance: dg.DagsterInstance,
    partition: str,
    fault: str | None = None,
    error: Exception | None = None,
    *,
    asset: str = "pqr_captures",
    captured: int = 1,
    **tags: str,
) -> None:
    """One run of an asset with a real name: it fails with a code, with an error, or not at all."""

    @dg.asset(name=asset)
    def ran() -> dg.MaterializeResult:
        if fault:
            raise dg.Failure(f"radicado de {PERSON}", metadata={"falla": fault}, allow_retries=False)
        if error:
            raise error
        return dg.MaterializeResult(metadata={"capturadas_ahora": captured})

    dg.materialize(
        [ran],
        instance=instance,
        raise_on_error=False,
        tags={"dagster/partition": partition} | tags,
    )


def check(instance: dg.DagsterInstance, partition: str, *, passed: bool, blocking: bool = False) -> None:
    """One run with a check of a real name."""

    @dg.asset(name="s3_objects")
    def asset() -> None: ...

    @dg.asset_check(asset=asset, blocking=blocking, name="s3_equals_registry")
    def looked() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=passed, description=f"dice {PERSON}")

    dg.materialize(
        [asset, looked], instance=instance, raise_on_error=False, tags={"dagster/partition": partition}
    )


def morning(instance: dg.DagsterInstance, day: int) -> dg.RunRequest:
    """The tick of 06:00 of a day of October."""
    with dg.build_schedule_context(
        instance=instance,
        scheduled_execution_time=datetime(2025, 10, day, 6, tzinfo=BOGOTA),
        resources={"database": Database(), "store": ObjectStore()},
    ) as context:
        asked: dg.RunRequest = morning_schedule(context)
    return asked


def ended(
    instance: dg.DagsterInstance, job: str, partition: str, *, good: bool, failed_hint: str | None = None
) -> None:
    """A run of a job with a real name that is through, or that died outside of a step, as if out of memory.

    failed_hint: a check of it that didn't pass and doesn't block.
    """
    named = dg.GraphDefinition("nothing").to_job(job)
    made = instance.create_run_for_job(named, tags={"dagster/partition": partition})
    if failed_hint:
        seen = dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey("company_csv"),
            check_name=failed_hint,
            passed=False,
            metadata={},
            severity=dg.AssetCheckSeverity.WARN,
        )
        kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION
        instance.report_dagster_event(dg.DagsterEvent(kind.value, job, event_specific_data=seen), made.run_id)
    if good:
        end = dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, job)
        instance.report_dagster_event(end, made.run_id)
    else:
        instance.report_run_failed(made)
