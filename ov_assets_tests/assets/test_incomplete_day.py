"""A day of which one PQR can't be captured: the others arrive, the day says which one lacks, and it rests."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import dagster as dg
import pytest
import time_machine

from ov_assets import completeness
from ov_assets.cli.partition_run import run_chain
from ov_assets.days import CompanyDay
from ov_assets.definitions import defs
from ov_assets.jobs import chain_job
from ov_assets.rds.connection import connect
from ov_assets.resources import Database
from ov_assets.runs import INCOMPLETE_TAG, histories
from ov_assets.sensors import pending_captures_sensor
from ov_assets.settings import Settings
from ov_assets.timezone import BOGOTA
from ov_assets_tests.assets.flow_tools import (
    EMPTY_DAY,
    add_pqr,
    assert_arrived,
    materialize,
    table_rows,
    truth,
)
from ov_assets_tests.assets.test_chain import metadata

pytestmark = pytest.mark.usefixtures("kept_session")
PARTITION = CompanyDay("aire", date.fromisoformat(EMPTY_DAY))


def sensed(instance: dg.DagsterInstance) -> list[str]:
    """The partitions that the sensor asks for now."""
    with dg.build_sensor_context(instance=instance, resources={"database": Database()}) as context:
        found = pending_captures_sensor(context)
    return [] if isinstance(found, dg.SkipReason) else [str(run.partition_key) for run in found.run_requests]


def faults_of(database: dict[str, Any]) -> tuple[str, ...]:
    with connect(database) as connection:
        (day,) = completeness.of_all(connection, Settings().bucket(), PARTITION.day, ["aire"])
    return day.faltas


def test_what_can_be_captured_arrives_and_the_day_says_what_lacks_and_why(
    portal: Any, database: dict[str, Any], bucket: Any, instance: dg.DagsterInstance
) -> None:
    bad, *good = [add_pqr(portal, "aire", attachments=1 if n < 2 else 0) for n in range(8)]
    portal.control("aire").put("faults", json={"detail_404": {"radicado": bad}}).raise_for_status()

    summary = run_chain(PARTITION, instance, lambda *_: None)
    (run,) = instance.get_runs()
    assert run.status is dg.DagsterRunStatus.SUCCESS
    assert run.tags[INCOMPLETE_TAG] == "1"
    (error,) = summary.errors
    assert error == f"{PARTITION}: check every_listed_pqr_captured failed: 1 — {bad}: DetailMissing"
    everything = truth(portal, "aire", EMPTY_DAY)
    assert sorted(table_rows(database, "aire")) == sorted(good)
    assert_arrived({radicado: everything[radicado] for radicado in good}, database, bucket, "aire")
    assert faults_of(database) == (f"1 PQR sin capturar: {bad} (DetailMissing)", "1 PQR listadas sin cargar")

    now = datetime.now(BOGOTA)
    assert histories(instance, {PARTITION}, chain_job.name, now)[PARTITION].failures == 1
    assert sensed(instance) == []

    portal.control("aire").delete("faults").raise_for_status()
    again = materialize(PARTITION, instance=instance)
    assert again.success
    assert all(check.passed for check in again.get_asset_check_evaluations())
    assert metadata(again, "verification_report")["completo"]
    assert faults_of(database) == ()


def test_a_day_that_stays_incomplete_is_asked_for_after_ever_longer_pauses(
    database: dict[str, Any], portal: Any, instance: dg.DagsterInstance
) -> None:
    bad = add_pqr(portal, "aire")
    portal.control("aire").put("faults", json={"detail_404": {"radicado": bad}}).raise_for_status()
    assert not all(
        check.passed for check in materialize(PARTITION, "pqr_captures").get_asset_check_evaluations()
    )
    moments = [datetime.now(BOGOTA).replace(microsecond=0)]
    for _ in range(8):
        with time_machine.travel(moments[-1].timestamp(), tick=False) as traveller:
            run = instance.create_run_for_job(
                defs.resolve_job_def(chain_job.name),
                tags={"dagster/partition": str(PARTITION), INCOMPLETE_TAG: "1"},
            )
            end = dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, run.job_name)
            instance.report_dagster_event(end, run.run_id)
            moment = moments[-1]
            while not sensed(instance):
                moment += timedelta(minutes=1)
                traveller.move_to(moment.timestamp())
            moments.append(moment)
    pauses = [(later - earlier) / timedelta(minutes=1) for earlier, later in pairwise(moments)]
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]


def test_a_single_odd_page_is_of_its_pqr_and_not_of_the_portal(
    portal: Any, database: dict[str, Any], data_dir: Any
) -> None:
    add_pqr(portal, "aire", attachments=0)
    assert materialize(PARTITION, "pqr_captures").success
    bad = add_pqr(portal, "aire", attachments=0)
    portal.control("aire").put("faults", json={"layout_changed": ["rename_nic"]}).raise_for_status()
    result = materialize(PARTITION, "pqr_captures")
    assert result.success
    (check,) = [c for c in result.get_asset_check_evaluations() if not c.passed]
    assert check.description == f"1 — {bad}: LayoutChanged"


def test_a_pqr_that_changed_and_fails_is_named_though_an_older_capture_stands(
    portal: Any, database: dict[str, Any]
) -> None:
    edited = add_pqr(portal, "aire", attachments=0)
    assert materialize(PARTITION).success
    portal.control("aire").patch(f"pqrs/{edited}", json={"campos": {"nic": "777"}}).raise_for_status()
    portal.control("aire").put("faults", json={"detail_404": {"radicado": edited}}).raise_for_status()
    again = materialize(PARTITION)
    assert again.success
    assert [c.check_name for c in again.get_asset_check_evaluations() if not c.passed] == [
        "every_listed_pqr_captured"
    ]
    assert not metadata(again, "verification_report")["completo"]
    assert faults_of(database) == (f"1 PQR sin capturar: {edited} (DetailMissing)",)
