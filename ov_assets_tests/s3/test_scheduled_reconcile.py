"""Older days are compared with the bucket by the clock: states and alerts, and nothing else is written."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import dagster as dg
import psycopg
import pytest

from ov_assets.alerts.reconciled import note_reconcile
from ov_assets.alerts.watch import note_states
from ov_assets.days import FIRST_DAY, CompanyDay
from ov_assets.definitions import defs
from ov_assets.flow.reconcile.run import Report, Request, TooManyChangesError, reconcile
from ov_assets.partitions import partition_key
from ov_assets.rds.alert_ledger import open_alerts, to_settle
from ov_assets.s3.keys import Layout
from ov_assets.schedules import daily_reconcile_schedule, weekly_reconcile_schedule
from ov_assets.sensors import pending_uploads_sensor
from ov_assets.timezone import BOGOTA
from ov_assets_tests.assets.flow_tools import resources
from ov_assets_tests.flow.world import World

PREFIX = "afinia/01_raw_data/oficina_virtual"
TICK = datetime(2025, 10, 15, 3, tzinfo=BOGOTA)  # a Wednesday


def days_of(weekday: int, before: date) -> list[date]:
    """The newest days that the slice of this weekday looks at."""
    return [
        day
        for day in (before - timedelta(days=n) for n in range(14))
        if (day - FIRST_DAY).days % 7 == weekday
    ]


@pytest.fixture
def world(store, database, data_dir) -> Iterator[World]:
    with psycopg.connect(**database) as conn:
        yield World(conn, store, data_dir)


@pytest.fixture
def settings(monkeypatch, database, bucket, data_dir) -> None:
    names = {"HOST": "host", "PORT": "port", "DATABASE": "dbname", "USERNAME": "user", "PASSWORD": "password"}
    values = {f"RDS_{name}": database[key] for name, key in names.items()}
    values |= {
        "RDS_SSL_MODE": database["sslmode"],
        "S3_BUCKET_NAME": bucket.name,
        "S3_ENDPOINT_URL": bucket.endpoint_url,
        "AWS_REGION": bucket.region,
        "OV_HOME": data_dir.parent,
        "OV_DATA_DIR": data_dir,
    }
    for name, value in values.items():
        monkeypatch.setenv(name, str(value))


def asked_at(schedule, tick: datetime, instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    with dg.build_schedule_context(instance=instance, scheduled_execution_time=tick) as context:
        return schedule(context)


def report(world: World, **asked) -> Report:
    request = Request(**{"min_age": timedelta(0), "note": True} | asked)
    return reconcile(world.conn, world.bucket, world.data_dir, Layout.COMPLETA, request)


def lose(world: World, key: str) -> None:
    world.bucket.client.delete_object(Bucket=world.bucket.name, Key=key)


def standing(world: World) -> set[str]:
    found = {alert.clave for alert in open_alerts(world.conn)}
    world.conn.commit()
    return found


@pytest.mark.usefixtures("settings")
def test_everything_is_looked_at_each_night_until_that_ended_well_within_seven_days(
    world, instance, monkeypatch
):
    now, looks = datetime.now(BOGOTA), []

    def asked(later: timedelta) -> dg.RunRequest:
        request = asked_at(daily_reconcile_schedule, now + later, instance)
        looks.append(request.run_config["ops"]["reconcile_bucket"]["config"].get("seventh", "everything"))
        return request

    def run(request: dg.RunRequest) -> bool:
        job = defs.get_job_def("s3_reconcile")
        done = job.execute_in_process(
            run_config=request.run_config, tags=request.tags, instance=instance, raise_on_error=False
        )
        return done.success

    first = asked(timedelta(0))
    with monkeypatch.context() as broken:
        broken.setenv("S3_BUCKET_NAME", "not-there")
        assert not run(first)
    assert run(asked(timedelta(days=1)))
    assert run(asked(timedelta(days=2)))
    asked(timedelta(days=6))
    asked(timedelta(days=7, minutes=5))
    weekdays = [(now + timedelta(days=n)).weekday() for n in (2, 6)]
    assert looks == ["everything", "everything", *weekdays, "everything"]


def test_a_look_at_everything_may_take_longer_than_a_run_of_one_day():
    assert int(defs.get_job_def("s3_reconcile").tags["dagster/max_runtime"]) > 7200


@pytest.mark.parametrize("schedule", [daily_reconcile_schedule, weekly_reconcile_schedule])
def test_one_yields_to_another_that_is_still_at_work(schedule, instance):
    job = defs.get_job_def("s3_reconcile")
    instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert isinstance(asked_at(schedule, TICK, instance), dg.SkipReason)


@pytest.mark.usefixtures("settings")
def test_an_object_of_an_older_day_that_went_is_noted_told_and_brought_back(world, instance):
    world.day = days_of(TICK.weekday(), TICK.date() - timedelta(days=3))[0]
    world.put_on_record("00000001", "pdf", "detalle.pdf", b"%PDF-1")
    world.put_on_record("00000002", "pdf", "detalle.pdf", b"%PDF-2")
    world.run()
    before = world.objects()
    gone = sorted(before)[0]
    lose(world, gone)

    asked = asked_at(daily_reconcile_schedule, TICK, instance)
    done = defs.get_job_def("s3_reconcile").execute_in_process(run_config=asked.run_config, instance=instance)
    assert done.success
    assert dict(world.rows("clave_s3, estado_carga"))[gone] == "falta_s3"
    assert gone not in world.objects(), "it writes nothing into the bucket"
    note_states(world.conn, 100, "")
    assert standing(world) == {"perdidos|afinia"}

    found = {name: resources()[name] for name in ("database", "store")}
    with dg.build_sensor_context(instance=instance, resources=found) as context:
        (request,) = pending_uploads_sensor(context).run_requests
    assert request.partition_key == partition_key(CompanyDay("afinia", world.day))
    uploaded = defs.get_job_def("ov_s3_job").execute_in_process(
        partition_key=request.partition_key, instance=instance, raise_on_error=False
    )
    assert uploaded.get_asset_materialization_events()
    assert {k: v for k, v in world.objects().items() if k.startswith(PREFIX)} == before
    assert set(world.rows()) == {"subido"}
    note_states(world.conn, 100, "")
    assert standing(world) == set()


def test_noting_writes_the_states_of_rows_and_nothing_else(world):
    for n in range(4):
        world.put_on_record(f"{n:08d}", "pdf", "detalle.pdf", b"%PDF-" + b"x" * n)
    world.run()
    lost, altered, *kept = sorted(world.objects())
    lose(world, lost)
    world.bucket.client.put_object(Bucket=world.bucket.name, Key=altered, Body=b"%PDF-other")
    day = f"{world.day:%Y/%m/%d}"
    world.bucket.client.put_object(Bucket=world.bucket.name, Key=f"{PREFIX}/pdf/{day}/9_0.pdf", Body=b"9")
    world.put_on_record("new", "pdf", "detalle.pdf", b"%PDF-new")
    before = world.objects()
    assert report(world).changed == {"falta_s3": 1, "conflicto": 1}
    assert world.objects() == before
    states = dict(world.rows("clave_s3, estado_carga"))
    assert states == {lost: "falta_s3", altered: "conflicto"} | dict.fromkeys(kept, "subido")


def test_only_every_seventh_day_is_looked_at_and_a_row_without_a_day_with_all(world):
    world.put_on_record("00000001", "pdf", "detalle.pdf", b"%PDF-1")
    world.run()
    (key,) = world.objects()
    lose(world, key)
    own = (world.day - FIRST_DAY).days % 7
    assert [report(world, seventh=n).changed for n in range(7) if n != own] == [{}] * 6
    assert report(world, seventh=own).changed == {"falta_s3": 1}
    world.conn.execute("UPDATE data_general.registros_ov_s3 SET archivo_id = NULL, fecha = NULL")
    world.conn.commit()
    assert not any(report(world, seventh=n).findings for n in range(7) if n != own)
    assert key in {finding.clave for finding in report(world).findings}


def test_more_than_a_normal_day_explains_is_noted_by_nobody(world):
    for n in range(3):
        world.put_on_record(f"{n:08d}", "pdf", "detalle.pdf", b"%PDF-" + b"x" * n)
    world.run()
    for key in world.objects():
        lose(world, key)
    with pytest.raises(TooManyChangesError, match="3 changes, and 2 are allowed"):
        report(world, max_changes=2)
    world.conn.rollback()
    assert set(world.rows()) == {"subido"}


@pytest.mark.usefixtures("settings")
def test_an_object_of_nobodys_is_told_until_everything_is_in_order(world, instance):
    stray = f"{PREFIX}/pdf/{world.day:%Y/%m/%d}/9_0123456789ab.pdf"
    world.bucket.client.put_object(Bucket=world.bucket.name, Key=stray, Body=b"%PDF-9")

    def look(**more) -> None:
        config = {"ops": {"reconcile_bucket": {"config": {"note": True, "min_age_hours": 0} | more}}}
        assert (
            defs.get_job_def("s3_reconcile").execute_in_process(run_config=config, instance=instance).success
        )

    look(seventh=(world.day - FIRST_DAY).days % 7)
    assert standing(world) == set(), "it may be another day's"
    look()
    assert standing(world) == {"conciliacion"}
    lose(world, stray)
    look(seventh=0)
    assert standing(world) == {"conciliacion"}, "a look at some days can't say so"
    look()
    assert standing(world) == set()


def test_who_ever_finds_that_an_object_went_it_is_told_once_and_of_its_own_company(world):
    for n in range(2):
        world.put_on_record(f"{n:08d}", "pdf", "detalle.pdf", b"%PDF-" + b"x" * n)
    world.run()
    lost, altered = sorted(world.objects())
    lose(world, lost)
    assert report(world, note=False, apply=True).changed["falta_s3"] == 1
    for _ in range(2):
        note_states(world.conn, 100, "")
    assert standing(world) == {"perdidos|afinia"}
    lose(world, altered)
    report(world)
    note_states(world.conn, 100, "")
    (alert,) = open_alerts(world.conn)
    assert (alert.veces, alert.titulo[:9]) == (2, "Afinia: 2"), "seen again, and it is more"


def test_a_look_at_some_days_leaves_the_alert_of_the_look_at_everything_alone(world):
    stray = f"{PREFIX}/pdf/{world.day:%Y/%m/%d}/9_0123456789ab.pdf"
    world.put_on_record("00000001", "pdf", "detalle.pdf", b"%PDF-1")
    world.run()
    lose(world, *world.objects())
    world.conn.execute("UPDATE data_general.archivos_ov SET vigente = false")
    world.bucket.client.put_object(Bucket=world.bucket.name, Key=stray, Body=b"%PDF-9")

    def look(**more) -> list[str]:
        request = Request(note=True, **more)
        note_reconcile(world.conn, report(world, **more), request, "", "run")
        return [alert.mensaje for alert in open_alerts(world.conn)]

    some_days = {"seventh": (world.day - FIRST_DAY).days % 7}
    assert ["perdido: 1\n" in told for told in look(**some_days)] == [True]
    (told,) = look()
    assert told.startswith("desconocido: 1\nperdido: 1\n"), "one that stays lost is told of again"
    assert look(**some_days) == [told]


def test_a_file_that_is_no_longer_current_is_not_waited_for(world):
    world.put_on_record("00000001", "pdf", "detalle.pdf", b"%PDF-1")
    world.run()
    (key,) = world.objects()
    lose(world, key)
    assert report(world).changed == {"falta_s3": 1}
    assert to_settle(world.conn)["afinia"].perdidos == 1
    world.conn.execute("UPDATE data_general.archivos_ov SET vigente = false")
    world.conn.commit()
    assert to_settle(world.conn) == {}
