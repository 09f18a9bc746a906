"""The chain of one partition on real parts, judged by rows in the database and bytes in the bucket."""

import unicodedata
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest

from ov_assets.checks.partition import CHECKS
from ov_assets.days import CompanyDay
from ov_assets.pqr.csv_contract import (
    csv_path,
    rejects_path,
    write_company_csv,
    write_rejects_csv,
    written_sha256,
)
from ov_assets.pqr.files import sha256_of
from ov_assets.rds.listing import pending_captures
from ov_assets_tests.assets.flow_tools import (
    EMPTY_DAY,
    add_pqr,
    assert_equals_truth,
    materialize,
    table_rows,
)
from ov_assets_tests.rds.helpers import row

pytestmark = pytest.mark.usefixtures("kept_session")
PARTITION = CompanyDay("aire", date.fromisoformat(EMPTY_DAY))
HARD = {
    "nic": "0000042",
    "documento_identidad": "AB-00123-K",
    "nombres_apellidos": unicodedata.normalize("NFD", "ÑÚÑEZ MUÑOZ, José"),
    "telefono": "+57 605 0000000",
    "cuerpo_reclamacion": "=1+1; dice \"no\", y 'sí'\nsegundo renglón \\N \\. 😀",
    "comentarios": "NULL",
    "lectura": "007,50",
}


def metadata(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    (materialization,) = [
        event.step_materialization_data.materialization
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(asset)
    ]
    return {name: value.value for name, value in materialization.metadata.items()}


def test_everything_arrives_exactly_and_a_second_run_changes_nothing(
    portal: Any, database: dict[str, Any], bucket: Any
) -> None:
    hard = add_pqr(portal, "aire", attachments=2, **HARD)
    add_pqr(portal, "aire", attachments=0, comentarios="NaN", numero_reclamo_sgc="")
    add_pqr(portal, "aire", attachments=1)

    first = materialize(PARTITION)
    assert first.success
    assert all(check.passed for check in first.get_asset_check_evaluations())
    assert len(first.get_asset_check_evaluations()) == len(CHECKS)
    assert assert_equals_truth(portal, database, bucket, PARTITION) == 3 + 3 + 3 + 1
    row = table_rows(database, "aire")[hard]
    assert (row["nic"], row["documento_identidad"], row["comentarios"]) == ("0000042", "AB-00123-K", "NULL")
    assert row["nombres_apellidos"] == "ÑÚÑEZ MUÑOZ, José"
    assert row["cuerpo_reclamacion"] == HARD["cuerpo_reclamacion"]

    with psycopg.connect(**database) as connection:
        assert pending_captures(connection) == []  # or the sensor would ask for the day again and again

    second = materialize(PARTITION)
    assert second.success
    assert metadata(second, "pqr_captures")["capturadas_ahora"] == 0
    rds = metadata(second, "rds_table")
    assert (rds["insertadas"], rds["actualizadas"], rds["sin_cambio"]) == (0, 0, 3)
    assert metadata(second, "s3_objects")["subidos_ahora"] == 0
    assert metadata(second, "verification_report")["completo"]
    assert assert_equals_truth(portal, database, bucket, PARTITION) == 10


def test_a_chain_that_died_on_the_way_is_asked_for_again(portal: Any, database: dict[str, Any]) -> None:
    add_pqr(portal, "aire")
    assert materialize(PARTITION, "pqr_captures", "company_csv").success
    with psycopg.connect(**database) as connection:
        assert [(day.empresa, day.fecha) for day in pending_captures(connection)] == [PARTITION]
        connection.commit()
        assert materialize(PARTITION, "rds_table").success
        assert pending_captures(connection) == []
        connection.commit()
        add_pqr(portal, "aire")
        assert materialize(PARTITION, "pqr_captures").success
        assert materialize(PARTITION, "rds_table").success  # of the CSV of before, without the new PQR
        assert [day.pqr for day in pending_captures(connection)] == [1]


def test_an_edit_on_the_portal_arrives_and_what_it_said_before_is_kept(
    portal: Any, database: dict[str, Any], bucket: Any
) -> None:
    radicado = add_pqr(portal, "aire", telefono="6050000001")
    assert materialize(PARTITION).success
    portal.control("aire").patch(
        f"pqrs/{radicado}", json={"campos": {"telefono": "6050000002"}}
    ).raise_for_status()
    again = materialize(PARTITION)
    assert again.success
    assert metadata(again, "rds_table")["actualizadas"] == 1
    assert table_rows(database, "aire")[radicado]["telefono"] == "6050000002"
    with psycopg.connect(**database) as connection:
        (old,) = connection.execute("SELECT count(*) FROM data_general.historial_ov").fetchone()
    assert old == 1
    assert metadata(again, "verification_report")["completo"]


def test_a_day_without_pqr_is_a_result(portal: Any, database: dict[str, Any], bucket: Any) -> None:
    result = materialize(CompanyDay("afinia", PARTITION.day))
    assert result.success
    assert metadata(result, "pqr_captures")["listadas"] == 0
    assert metadata(result, "verification_report")["completo"]
    assert table_rows(database, "afinia") == {}


@pytest.mark.parametrize(
    ("asset", "says"),
    [
        ("company_csv", "Materialize pqr_captures first"),
        ("rds_table", "Materialize company_csv first"),
        ("s3_pending", "Materialize rds_table"),
    ],
)
def test_an_asset_alone_says_what_is_missing(asset: str, says: str) -> None:
    result = materialize(PARTITION, asset)
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert says in str(failure.step_failure_data.user_failure_data or failure.step_failure_data.error)


def test_a_row_edited_by_hand_is_known_by_what_company_csv_wrote(
    database: dict[str, Any], data_dir: Any
) -> None:
    path = csv_path(data_dir, "aire", PARTITION.day)
    write_company_csv(path, [row(number, company="aire") for number in range(20)])
    write_rejects_csv(rejects_path(data_dir, "aire", PARTITION.day), [])
    assert written_sha256(path) == sha256_of(path)
    assert written_sha256(path.with_name("2025-10-12.csv")) is None
    path.write_bytes(path.read_bytes().replace(b"lectura 2,", b"lectura 99,"))
    with dg.DagsterInstance.ephemeral() as instance:
        result = materialize(PARTITION, "rds_table", instance=instance)
    assert metadata(result, "rds_table")["insertadas"] == 19
    assert "00000002" not in table_rows(database, "aire")


def test_each_asset_can_be_materialized_alone(portal: Any, database: dict[str, Any], bucket: Any) -> None:
    add_pqr(portal, "aire")
    for asset in (
        "pqr_captures",
        "company_csv",
        "rds_table",
        "s3_pending",
        "s3_objects",
        "verification_report",
    ):
        assert materialize(PARTITION, asset).success, asset
    assert_equals_truth(portal, database, bucket, PARTITION)


def test_a_wrong_password_is_one_attempt_and_one_clear_line(
    portal: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OV_HOME", str(tmp_path / "without-a-session"))
    monkeypatch.setenv("OV_AIRE_PASSWORD", "not-the-password")
    portal.control("aire").delete("stats").raise_for_status()
    result = materialize(PARTITION, "pqr_captures")
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    said = failure.step_failure_data.user_failure_data.description
    assert said.startswith("aire: the portal refused the login")
    assert "not-the-password" not in said
    assert portal.control("aire").get("stats").json()["logins_failed"] == 1


def test_no_personal_value_reaches_dagster(portal: Any) -> None:
    planted = {
        "nombres_apellidos": "ZZPERSONA PLANTADA",
        "documento_identidad": "99887766554",
        "telefono": "6059998877",
        "celular": "3009998877",
        "correo_electronico": "zzplantada@example.com",
        "cuerpo_reclamacion": "zztexto plantado del reclamo",
    }
    bad = add_pqr(portal, "aire", **planted)
    add_pqr(portal, "aire", **planted)
    with dg.DagsterInstance.ephemeral() as instance:
        assert materialize(PARTITION, instance=instance).success
        portal.control("aire").put(
            "faults", json={"attachments": {bad: "http_500"}, "layout_changed": {"which": ["rename_nic"]}}
        )
        portal.control("aire").patch(f"pqrs/{bad}", json={"campos": {"celular": "3009998878"}})
        again = materialize(PARTITION, instance=instance)
        assert not all(check.passed for check in again.get_asset_check_evaluations())
        events = "".join(
            str(entry.to_json() if hasattr(entry, "to_json") else entry)
            for run in instance.get_runs()
            for entry in instance.all_logs(run.run_id)
        )
    assert len(events) > 10_000
    assert [value for value in planted.values() if value in events] == []
