"""What Dagster loads: the graph, its partitions, and every clock in Bogotá's time."""

from datetime import datetime
from itertools import pairwise
from typing import Any

import dagster as dg
import psycopg
import pytest
import time_machine

from ov_assets.days import CompanyDay, company_day
from ov_assets.definitions import defs
from ov_assets.partitions import company_date
from ov_assets.resources import Database
from ov_assets.runs import LONG_WALK
from ov_assets.schedules import (
    daily_bulk_schedule,
    daily_listing_schedule,
    hourly_s3_verification_schedule,
    two_hourly_listing_schedule,
    two_hourly_schedule,
    weekly_cleanup_schedule,
)
from ov_assets.sensors import pending_captures_sensor, pending_uploads_sensor
from ov_assets.timezone import BOGOTA, TIMEZONE
from ov_assets_tests.assets.flow_tools import resources
from ov_assets_tests.rds.asked import asked

CHAIN = ["pqr_captures", "company_csv", "rds_table", "s3_pending", "s3_objects", "verification_report"]


def at(text: str, instance: dg.DagsterInstance | None = None, **found: Any) -> dg.ScheduleEvaluationContext:
    tick = datetime.fromisoformat(text).replace(tzinfo=BOGOTA)
    return dg.build_schedule_context(instance=instance, scheduled_execution_time=tick, resources=found)


def keys(requests: Any) -> list[str]:
    return [str(request.partition_key) for request in requests]


def test_the_definitions_load() -> None:
    dg.Definitions.validate_loadable(defs)


def test_the_chain_is_one_line_of_partitioned_assets_in_one_group() -> None:
    graph = defs.get_repository_def().asset_graph
    for upstream, downstream in pairwise(CHAIN):
        assert dg.AssetKey(upstream) in graph.get(dg.AssetKey(downstream)).parent_keys
    for name in CHAIN:
        node = graph.get(dg.AssetKey(name))
        assert node.partitions_def == company_date
        assert node.group_name == "oficina_virtual"
        assert node.owners
        assert node.kinds
        assert node.description


def test_the_names_of_the_partitions_are_frozen() -> None:
    assert company_day("afinia|2025-10-13") == CompanyDay("afinia", datetime(2025, 10, 13).date())  # noqa: DTZ001
    assert [dimension.name for dimension in company_date.partitions_defs] == ["company", "date"]


@pytest.mark.parametrize(
    ("name", "cron"),
    [
        ("daily_bulk_schedule", "0 4 * * *"),
        ("daily_listing_schedule", "0 4 * * *"),
        ("two_hourly_schedule", "0 4-22/2 * * 1-6"),
        ("two_hourly_listing_schedule", "0 4-22/2 * * 1-6"),
        ("hourly_s3_verification_schedule", "0 * * * *"),
        ("weekly_cleanup_schedule", "0 2 * * 0"),
        ("daily_reconcile_schedule", "0 3 * * 0-5"),
        ("weekly_reconcile_schedule", "0 3 * * 6"),
    ],
)
def test_the_clocks(name: str, cron: str) -> None:
    schedule = defs.get_repository_def().get_schedule_def(name)
    assert (schedule.cron_schedule, schedule.execution_timezone) == (cron, TIMEZONE)
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING


@pytest.mark.usefixtures("flow")
def test_the_daily_bulk_asks_for_the_day_before_its_tick_and_for_the_backlog(
    database: dict[str, Any], instance: dg.DagsterInstance
) -> None:
    pending_file(database, "aire", "2024-02-29")
    found = {name: resources()[name] for name in ("database", "store")}
    with at("2025-10-14T04:00", instance, **found) as context:
        wanted = keys(daily_bulk_schedule(context))
    assert sorted(wanted) == ["afinia|2025-10-13", "aire|2024-02-29", "aire|2025-10-13"]


@pytest.mark.usefixtures("flow")
def test_the_daily_bulk_asks_for_the_days_that_nobody_asked_the_portal_about(
    database: dict[str, Any], instance: dg.DagsterInstance
) -> None:
    asked(database, "afinia|2025-10-10")
    found = {name: resources()[name] for name in ("database", "store")}
    with at("2025-10-14T04:00", instance, **found) as context:
        wanted = keys(daily_bulk_schedule(context))
    assert sorted(wanted) == [*(f"afinia|2025-10-{day}" for day in (11, 12, 13)), "aire|2025-10-13"]


@pytest.mark.usefixtures("flow")
def test_a_day_that_was_asked_about_before_it_ended_only_is_asked_about_again(
    database: dict[str, Any], instance: dg.DagsterInstance
) -> None:
    with time_machine.travel(datetime(2025, 10, 13, 22, tzinfo=BOGOTA).timestamp()) as traveller:
        asked(database, "aire|2025-10-13")
        traveller.move_to(datetime(2025, 10, 14, 4, 59, tzinfo=BOGOTA).timestamp())
        with dg.build_sensor_context(instance=instance, resources={"database": Database()}) as context:
            assert isinstance(pending_captures_sensor(context), dg.SkipReason)  # the bulk is at it
            traveller.move_to(datetime(2025, 10, 14, 5, tzinfo=BOGOTA).timestamp())
            assert keys(pending_captures_sensor(context).run_requests) == ["aire|2025-10-13"]
            last_look = datetime(2025, 10, 13, 23, 50, tzinfo=BOGOTA)  # and captured until after midnight
            asked(database, "aire|2025-10-13", last_look)
            assert keys(pending_captures_sensor(context).run_requests) == ["aire|2025-10-13"]
            asked(database, "aire|2025-10-13")
            assert isinstance(pending_captures_sensor(context), dg.SkipReason)


def walked(instance: dg.DagsterInstance, company: str, day: int, *, good: bool = True) -> None:
    """The long walk of a day of October succeeded or failed."""
    end = dg.DagsterEventType.PIPELINE_SUCCESS if good else dg.DagsterEventType.PIPELINE_FAILURE
    with time_machine.travel(datetime(2025, 10, day, 4, tzinfo=BOGOTA).timestamp()):
        run = instance.create_run_for_job(
            defs.resolve_job_def("ov_listing_job"), tags={"dagster/partition": company, **LONG_WALK}
        )
        instance.report_dagster_event(dg.DagsterEvent(end.value, run.job_name), run.run_id)


def windows(asked: Any) -> list[int]:
    return [request.run_config["ops"]["portal_listing"]["config"]["window_days"] for request in asked]


def test_the_list_is_walked_long_at_four_and_short_every_two_hours(instance: dg.DagsterInstance) -> None:
    long = daily_listing_schedule(at("2025-10-14T04:00", instance))
    short = two_hourly_listing_schedule(at("2025-10-14T06:00", instance))
    assert keys(long) == keys(short) == ["afinia", "aire"]
    assert (windows(long), windows(short)) == ([30, 30], [2, 2])
    assert isinstance(two_hourly_listing_schedule(at("2025-10-14T04:00", instance)), dg.SkipReason)


def test_a_long_walk_that_failed_is_made_up_for_and_reaches_as_far_as_nobody_looked(
    instance: dg.DagsterInstance,
) -> None:
    walked(instance, "afinia", 14)
    walked(instance, "aire", 4)  # and none for ten days
    assert windows(daily_listing_schedule(at("2025-10-14T04:00", instance))) == [30, 40]
    walked(instance, "aire", 14, good=False)
    assert windows(two_hourly_listing_schedule(at("2025-10-14T06:00", instance))) == [2, 40]
    walked(instance, "aire", 14)
    assert windows(two_hourly_listing_schedule(at("2025-10-14T08:00", instance))) == [2, 2]


def test_the_two_hourly_run_asks_for_its_own_day_and_yields_to_the_bulk() -> None:
    assert keys(two_hourly_schedule(at("2025-10-14T22:00"))) == ["afinia|2025-10-14", "aire|2025-10-14"]
    skipped = two_hourly_schedule(at("2025-10-14T04:00"))
    assert isinstance(skipped, dg.SkipReason)
    assert "daily bulk" in skipped.skip_message


def test_the_cleanup_runs_once_a_week() -> None:
    assert weekly_cleanup_schedule(at("2025-10-12T02:00")).run_key == "2025-10-12"


def pending_file(database: dict[str, Any], company: str, day: str) -> None:
    with psycopg.connect(**database) as connection:
        connection.execute(
            "INSERT INTO data_general.archivos_ov (empresa, numero_radicado, clase, nombre, hash_archivo,"
            " tamano, ruta_local, fecha, fecha_actualizacion)"
            " VALUES (%s, %s, 'pdf', 'detalle.pdf', repeat('a', 64), 1, 'x', %s, '2024-03-01')",
            [company, day.replace("-", ""), day],
        )


def evaluated(instance: dg.DagsterInstance) -> dg.SensorResult | dg.SkipReason:
    found = {name: resources()[name] for name in ("database", "store")}
    with dg.build_sensor_context(instance=instance, resources=found) as context:
        result: dg.SensorResult | dg.SkipReason = pending_uploads_sensor(context)
        return result


@pytest.mark.usefixtures("flow")
def test_the_hourly_verification_asks_for_every_pending_day_however_old(database: dict[str, Any]) -> None:
    days = ("aire|2024-02-29", "aire|2025-10-13", "afinia|2025-10-14")
    for day in days:
        pending_file(database, *day.split("|"))
    found = {name: resources()[name] for name in ("database", "store")}
    with at("2025-10-14T15:00", **found) as context:
        wanted = hourly_s3_verification_schedule(context)
    assert sorted(keys(wanted)) == sorted(days)


@pytest.mark.usefixtures("flow")
def test_the_sensor_asks_for_what_is_on_file_but_not_in_s3(database: dict[str, Any]) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert isinstance(evaluated(instance), dg.SkipReason)
        pending_file(database, "afinia", "2025-10-13")
        result = evaluated(instance)
    assert isinstance(result, dg.SensorResult)
    assert keys(result.run_requests) == ["afinia|2025-10-13"]
    # A run key is remembered for ever: the second time that a file goes missing it would be ignored.
    assert result.run_requests[0].run_key is None


@pytest.mark.usefixtures("flow")
def test_a_database_that_is_down_fails_the_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDS_PORT", "1")
    with dg.DagsterInstance.ephemeral() as instance, pytest.raises(Exception, match="can't connect"):
        evaluated(instance)
