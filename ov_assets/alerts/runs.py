"""What a finished run says: which failures it is news of, and which it is the end of."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import dagster as dg

from ov_assets.alerts import advice
from ov_assets.alerts.events import CheckFailed, Event, NotWhole, RunFailed
from ov_assets.alerts.wording import (
    CHECK_PREFIX,
    DAY_PREFIX,
    PORTAL_PREFIX,
    SHARED_PREFIX,
    alert_of,
    key,
    run_key,
)
from ov_assets.checks.daily import COMPANIES_KEY, every_company_complete_yesterday
from ov_assets.companies import COMPANIES
from ov_assets.days import company_day
from ov_assets.runs import CHAIN_JOB, PARTITION_TAG, S3_JOB

WILL_RETRY_TAG = "dagster/will_retry"
FAULT_KEY = "falla"  # metadata of a dg.Failure: the code of what went wrong
INTERRUPTED = "ejecucion_interrumpida"  # a run that died outside of a step
EVENTS_MAX = 2000
READ_EVENTS = {
    dg.DagsterEventType.STEP_SUCCESS,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
}
STOPPED_BY_CHECK = "DagsterAssetCheckFailedError"  # the step of a blocking check that didn't pass
# What may be launched of a partition and die; the whole chain, once through, makes up for each of them.
PARTS_OF_CHAIN = ("__ASSET_JOB", S3_JOB)
PORTAL_STEPS = {"portal_listing", "pqr_captures"}
CAPTURED_KEY = "capturadas_ahora"  # metadata of pqr_captures
WHOLE_DAY_CHECK = every_company_complete_yesterday.check_key.name


@dataclass(frozen=True, slots=True)
class CheckSeen:
    """One evaluation. empresas: what is wrong by company, for the checks that look at all of them."""

    nombre: str
    paso: bool
    grave: bool
    empresas: dict[str, str] | None = None
    fecha: date | None = None


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """A finished run. fallas: code by failed step. hechos: the steps that succeeded.

    capturadas: PQR that it opened on the portal and brought in. frenado: a blocking check stopped it.
    """

    run_id: str
    trabajo: str
    empresa: str | None
    fecha: date | None
    fallo: bool
    fallas: dict[str, str] = field(default_factory=dict)
    hechos: tuple[str, ...] = ()
    controles: tuple[CheckSeen, ...] = ()
    capturadas: int = 0
    frenado: bool = False


def news_of(run: RunOutcome) -> tuple[list[Event], list[str]]:
    """(what is wrong, keys of what has recovered)."""
    events: list[Event] = [
        RunFailed(run.empresa, run.fecha, run.trabajo, step, fault, run.run_id)
        for step, fault in run.fallas.items()
    ]
    if run.fallo and not run.fallas and not run.frenado:
        events.append(RunFailed(run.empresa, run.fecha, run.trabajo, "", INTERRUPTED, run.run_id))
    # The day's own failure of the step, and what keeps it from working on any day.
    recovered = [run_key(run.empresa, day, step) for step in run.hechos for day in (run.fecha, None)]
    if not run.fallo:
        jobs = [run.trabajo, *(PARTS_OF_CHAIN if run.trabajo == CHAIN_JOB else ())]
        recovered += [run_key(run.empresa, run.fecha, job) for job in jobs]
    if PORTAL_STEPS.intersection(run.hechos):
        # A run that opened no PQR has seen the list only: whether the pages are as before it can't say.
        over = [fault for fault in advice.PORTAL if fault != "LayoutChanged" or run.capturadas]
        recovered += [key(PORTAL_PREFIX, run.empresa, fault) for fault in over]
    if "s3_objects" in run.hechos:  # it uses the database and the bucket both
        recovered += [key(SHARED_PREFIX, fault) for fault in advice.SHARED]
    for check in run.controles:
        for event, identity in _news_of_check(run, check):
            if event:
                events.append(event)
            else:
                recovered.append(identity)
    raised = {alert_of(event, "").clave for event in events}
    return events, [identity for identity in recovered if identity not in raised]


def _news_of_check(run: RunOutcome, check: CheckSeen) -> Iterator[tuple[Event | None, str]]:
    if check.empresas is None:
        event = CheckFailed(run.empresa, run.fecha, check.nombre, check.grave, "", run.run_id)
        yield None if check.paso else event, key(CHECK_PREFIX, check.nombre, run.empresa, run.fecha)
        return
    for slug in COMPANIES:
        why = check.empresas.get(slug)
        if check.nombre == WHOLE_DAY_CHECK and check.fecha:
            yield NotWhole(slug, check.fecha, why) if why else None, key(DAY_PREFIX, slug, check.fecha)
        else:
            event = CheckFailed(slug, check.fecha, check.nombre, check.grave, why or "", run.run_id)
            yield event if why else None, key(CHECK_PREFIX, check.nombre, slug, check.fecha)


def read_run(instance: dg.DagsterInstance, run: dg.DagsterRun) -> RunOutcome | None:
    """A finished run as its events tell it; None if it failed and Dagster is about to try it again."""
    if run.tags.get(WILL_RETRY_TAG) == "true":
        return None
    faults: dict[str, str] = {}
    done: list[str] = []
    checks: list[CheckSeen] = []
    captured = 0
    held = False
    records = instance.get_records_for_run(run.run_id, of_type=READ_EVENTS, limit=EVENTS_MAX).records
    for event in (record.event_log_entry.dagster_event for record in records):
        if event is None:
            continue
        if event.event_type is dg.DagsterEventType.STEP_SUCCESS:
            done.append(event.step_key or "")
        elif event.event_type is dg.DagsterEventType.STEP_FAILURE:
            fault = fault_code(event.step_failure_data)
            if fault == STOPPED_BY_CHECK:  # the check's own evaluation says it better
                held = True
            else:
                faults[event.step_key or ""] = fault
        elif event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION:
            told: Any = event.step_materialization_data.materialization.metadata.get(CAPTURED_KEY)
            captured += told.value if told else 0
        else:
            checks.append(_check(event.asset_check_evaluation_data))
    empresa, fecha = place_of(run.tags.get(PARTITION_TAG))
    failed = run.status is dg.DagsterRunStatus.FAILURE
    return RunOutcome(
        run.run_id, run.job_name, empresa, fecha, failed, faults, tuple(done), tuple(checks), captured, held
    )


def place_of(partition: str | None) -> tuple[str | None, date | None]:
    """Company and day of a partition key, which may hold both or one of them, or be missing."""
    if partition is None:
        return None, None
    if partition in COMPANIES:
        return partition, None
    if "|" in partition:
        return company_day(partition)
    return None, date.fromisoformat(partition)


def fault_code(failure: Any) -> str:
    """The code that our own failures carry, else the class of the error; never its words."""
    told = failure.user_failure_data
    if told and FAULT_KEY in told.metadata:
        return str(told.metadata[FAULT_KEY].value)
    error = failure.error
    while error and error.cls_name and error.cls_name.startswith("Dagster") and error.cause:
        error = error.cause
    return error.cls_name if error and error.cls_name else "sin_codigo"


def _check(evaluation: dg.AssetCheckEvaluation) -> CheckSeen:
    values: dict[str, Any] = {name: value.value for name, value in evaluation.metadata.items()}
    told = values.get("fecha")
    return CheckSeen(
        evaluation.check_name,
        evaluation.passed,
        evaluation.severity is dg.AssetCheckSeverity.ERROR,
        values.get(COMPANIES_KEY),
        date.fromisoformat(told) if told else None,
    )
