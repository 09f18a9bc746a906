"""A PQR whose file can't be had: kept with what there is, named, asked for again, and whole in the end."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import psycopg
import pytest
import time_machine

from ov_assets.days import CompanyDay
from ov_assets.pqr.captures import CaptureStore
from ov_assets.pqr.manifest import Manifest
from ov_assets.runs import INCOMPLETE_TAG
from ov_assets.timezone import BOGOTA
from ov_assets_tests.assets.flow_tools import (
    EMPTY_DAY,
    add_pqr,
    assert_arrived,
    assert_equals_truth,
    materialize,
    table_rows,
    truth,
)
from ov_assets_tests.assets.test_chain import metadata
from ov_assets_tests.assets.test_incomplete_day import faults_of, sensed

pytestmark = pytest.mark.usefixtures("kept_session")
PARTITION = CompanyDay("aire", date.fromisoformat(EMPTY_DAY))
BY_A_SENSOR = {"dagster/sensor_name": "pending_captures_sensor"}
NOTED = "SELECT capturado_en, leido_en, releer_en, adjuntos_faltantes FROM data_general.listado_ov"


def manifest_of(data_dir: Path, radicado: str) -> Manifest:
    return CaptureStore(data_dir, *PARTITION).manifests()[radicado]


def noted(database: dict[str, Any], radicado: str) -> tuple[Any, ...]:
    with psycopg.connect(**database) as connection:
        (row,) = connection.execute(f"{NOTED} WHERE numero_radicado = %s", [radicado]).fetchall()
    return row


def asked_for(portal: Any, radicado: str) -> tuple[int, int]:
    """How often a PQR's page and its files were asked for since the last question."""
    found = portal.control("aire").get("stats").json()
    portal.control("aire").delete("stats")
    return found["detail_requests"].get(radicado, 0), found["attachment_requests"].get(radicado, 0)


def failed(result: dg.ExecuteInProcessResult) -> list[str]:
    return [str(c.description) for c in result.get_asset_check_evaluations() if not c.passed]


def make_due(database: dict[str, Any]) -> None:
    """As if the pauses were over: S3 takes no requests from a clock that was put forward."""
    with psycopg.connect(**database) as connection:
        connection.execute("UPDATE data_general.listado_ov SET releer_en = now() WHERE releer_en > now()")


def switch(portal: Any, **modes: str) -> None:
    named = {radicado.removeprefix("r"): mode for radicado, mode in modes.items()}
    portal.control("aire").put("faults", json={"attachments": named}).raise_for_status()


def test_all_else_of_a_pqr_arrives_without_the_file_and_the_file_follows_by_itself(
    portal: Any, database: dict[str, Any], bucket: Any, data_dir: Path, instance: dg.DagsterInstance
) -> None:
    bad, _ = add_pqr(portal, "aire", attachments=3), add_pqr(portal, "aire", attachments=1)
    switch(portal, **{f"r{bad}": "second_500"})
    began = datetime.now(BOGOTA)
    first = materialize(PARTITION, instance=instance)
    assert first.success
    assert INCOMPLETE_TAG not in instance.get_runs()[0].tags

    # Record, PDF and the other files are in RDS and in S3, by their bytes.
    everything = truth(portal, "aire", EMPTY_DAY)
    lacked = everything[bad]["adjuntos"].pop(1)
    assert_arrived(everything, database, bucket, "aire")

    # What lacks stands in the manifest, in RDS, in the check, in the day and in the report.
    (file,) = manifest_of(data_dir, bad).adjuntos_faltantes
    assert (file.nombre, file.posicion, file.causa) == (lacked["nombre"], 2, "HTTP 500")
    assert began < file.desde < datetime.now(BOGOTA)
    captured, read, again, missing = noted(database, bad)
    assert (captured, read, again) == (file.desde, file.desde, file.desde + timedelta(hours=1))
    assert missing == [file.as_json()]
    assert failed(first) == [f"1 — {bad}: adjunto 2 (HTTP 500)"]
    assert faults_of(database) == (
        f"1 PQR sin algún adjunto, que el portal no entrega: {bad} (adjunto 2 (HTTP 500))",
    )
    report = metadata(first, "verification_report")
    assert not report["completo"]
    page = httpx.get(report["abrir_reporte"], trust_env=False).text
    assert f"HTTP 500, desde {file.desde:%d/%m/%Y %H:%M}" in page
    assert lacked["nombre"] not in page  # a person chose it

    # A run that nobody asked for leaves it alone until it is due; then the sensor asks for it.
    asked_for(portal, bad)
    assert materialize(PARTITION, tags=BY_A_SENSOR).success
    assert asked_for(portal, bad) == (0, 0)
    assert sensed(instance) == []
    switch(portal)
    with time_machine.travel(again + timedelta(seconds=1), tick=True):
        assert sensed(instance) == [str(PARTITION)]
    make_due(database)
    due = materialize(PARTITION, tags=BY_A_SENSOR)
    assert sensed(instance) == []
    assert failed(due) == []
    assert asked_for(portal, bad) == (1, 1)  # the one file that lacked, and no other
    assert (metadata(due, "rds_table")["sin_cambio"], metadata(due, "rds_table")["actualizadas"]) == (2, 0)
    assert metadata(due, "s3_objects")["subidos_ahora"] == 2  # the file, and the CSV that says when
    assert_equals_truth(portal, database, bucket, PARTITION)
    assert faults_of(database) == ()
    assert metadata(due, "verification_report")["completo"]
    assert manifest_of(data_dir, bad).adjuntos_faltantes == ()
    assert noted(database, bad)[3] == []


def test_a_person_who_runs_the_day_asks_at_once_and_in_vain_nothing_is_written_anew(
    portal: Any, database: dict[str, Any], bucket: Any, data_dir: Path
) -> None:
    bad = add_pqr(portal, "aire", attachments=2)
    switch(portal, **{f"r{bad}": "second_500"})
    assert materialize(PARTITION).success
    before, since = manifest_of(data_dir, bad), noted(database, bad)[0]
    asked_for(portal, bad)

    again = materialize(PARTITION)
    pages, files = asked_for(portal, bad)
    assert (pages, files) == (3, 6)  # three tries, each twice, and only the file that lacks
    assert manifest_of(data_dir, bad) == before
    assert metadata(again, "pqr_captures")["releidas_sin_cambio"] == 1
    assert metadata(again, "s3_objects")["subidos_ahora"] == 0
    captured, read, due, _ = noted(database, bad)
    assert captured == since < read
    assert due == read + timedelta(hours=1)

    switch(portal)
    assert failed(materialize(PARTITION)) == []
    assert_equals_truth(portal, database, bucket, PARTITION)


def test_a_new_capture_keeps_the_file_that_the_one_before_had_and_asks_for_it_as_it_is_now(
    portal: Any, database: dict[str, Any], bucket: Any, data_dir: Path
) -> None:
    edited = add_pqr(portal, "aire", attachments=2)
    assert failed(materialize(PARTITION)) == []
    portal.control("aire").patch(f"pqrs/{edited}", json={"campos": {"nic": "777"}}).raise_for_status()
    switch(portal, **{f"r{edited}": "second_500"})
    assert failed(materialize(PARTITION)) == [f"1 — {edited}: adjunto 2 (HTTP 500)"]
    assert table_rows(database, "aire")[edited]["nic"] == "777"
    assert len(manifest_of(data_dir, edited).archivos) == 2 + 2
    with psycopg.connect(**database) as connection:
        current = connection.execute(
            "SELECT count(*) FROM data_general.archivos_ov WHERE vigente AND clase = 'adjunto'"
        ).fetchone()
    assert current == (2,)


def test_a_file_that_is_empty_twice_is_an_empty_file(
    portal: Any, database: dict[str, Any], bucket: Any
) -> None:
    empty, late = add_pqr(portal, "aire", attachments=1), add_pqr(portal, "aire", attachments=1)
    switch(portal, **{f"r{empty}": "zero_bytes", f"r{late}": "empty_at_first"})
    result = materialize(PARTITION)
    assert failed(result) == []
    assert metadata(result, "verification_report")["completo"]
    assert_equals_truth(portal, database, bucket, PARTITION)  # by the SHA-256 of nothing, and of the other
    assert asked_for(portal, empty) == (1, 2)
