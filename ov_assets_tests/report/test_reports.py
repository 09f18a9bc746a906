"""The reports on real parts: what the tables, the disk and the bucket hold is what the page says."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import psycopg
import pytest
from click.testing import CliRunner

from ov_assets.assets.daily_summary import daily_summary
from ov_assets.checks.daily import DAILY_CHECKS
from ov_assets.days import CompanyDay
from ov_assets.operations.metrics import exposition
from ov_assets.rds.connection import connect
from ov_assets.settings import Settings
from ov_assets_tests.assets.flow_tools import EMPTY_DAY, add_pqr, materialize, resources
from ov_assets_tests.assets.test_chain import metadata
from ov_assets_tests.portal.tools import sign_in

pytestmark = pytest.mark.usefixtures("flow")
PARTITION = CompanyDay("aire", date.fromisoformat(EMPTY_DAY))
PERSON = {
    "nombres_apellidos": "ZUTANO PERENGANO",
    "documento_identidad": "99887766",
    "correo_electronico": "zutano@example.com",
    "telefono": "6059998877",
}


def reports(bucket: Any, owner: str) -> dict[str, str]:
    listed = bucket.client.list_objects_v2(Bucket=bucket.name, Prefix=f"{owner}/03_reports/")
    return {
        item["Key"]: bucket.client.get_object(Bucket=bucket.name, Key=item["Key"])["Body"].read().decode()
        for item in listed.get("Contents", ())
    }


def summarised(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    return dg.materialize(
        [daily_summary, *DAILY_CHECKS],
        instance=instance,
        partition_key=EMPTY_DAY,
        resources=resources(),
        raise_on_error=False,
    )


def test_the_reports_of_a_day(
    portal: Any, database: dict[str, Any], bucket: Any, data_dir: Path, instance: dg.DagsterInstance
) -> None:
    sign_in(portal, data_dir.parent)
    radicado = add_pqr(portal, "aire", attachments=1, **PERSON)
    add_pqr(portal, "aire", attachments=0)
    first = materialize(PARTITION, instance=instance)
    assert first.success
    told = metadata(first, "verification_report")
    stored = reports(bucket, "aire")
    assert len(stored) == 2
    assert f"s3://{bucket.name}/" + next(key for key in stored if key.endswith(".html")) == told["reporte_s3"]
    answer = httpx.get(told["abrir_reporte"], trust_env=False)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "✓ Completo" in answer.text
    assert "data:image/svg+xml;base64," in told["resumen"]
    assert len(told["resumen"]) < 30_000
    document = json.loads(next(text for key, text in stored.items() if key.endswith(".json")))
    assert (document["listadas"], document["en_rds"], document["archivos"], document["en_s3"]) == (2, 2, 6, 6)
    assert document["cobertura"]["numero_radicado"] == 2
    assert document["tendencia"][-1]["verificadas"] == 2
    for value in PERSON.values():
        assert value not in "".join(stored.values())

    # The same state of affairs: no new object, whatever the run took.
    assert materialize(PARTITION, "verification_report", instance=instance).success
    assert reports(bucket, "aire") == stored
    with psycopg.connect(**database) as connection:
        (others,) = connection.execute(
            "SELECT count(*) FROM data_general.archivos_ov WHERE nombre LIKE '%%reporte%%'"
        ).fetchone() or (None,)
        assert others == 0
        connection.execute(
            "UPDATE data_general.registros_ov_s3 SET estado_carga = 'conflicto'"
            " WHERE numero_radicado = %s AND clase = 'pdf'",
            [radicado],
        )
    assert not metadata(
        materialize(PARTITION, "verification_report", instance=instance), "verification_report"
    )["completo"]
    new = "".join(text for key, text in reports(bucket, "aire").items() if key not in stored)
    assert "✗ Incompleto" in new
    assert radicado in new
    assert "otros_bytes" in new

    result = summarised(instance)
    assert result.success
    told = metadata(result, "daily_summary")
    assert told["empresas_incompletas"] == {
        "afinia": ["nadie ha consultado el portal"],
        "aire": ["1 archivos sin verificar en S3"],
    }
    assert "Por qué no está completo" in httpx.get(told["abrir_reporte"], trust_env=False).text
    checks = {check.check_name: check for check in result.get_asset_check_evaluations()}
    assert {name: check.passed for name, check in checks.items()} == {
        "every_company_complete_yesterday": False,
        "volume_like_its_weekday": True,
        "backlog_is_young": True,
    }
    with psycopg.connect(**database) as connection:
        connection.execute(
            "UPDATE data_general.archivos_ov SET fecha_creacion = now() - interval '30 hours' WHERE vigente"
        )
    checks = {check.check_name: check for check in summarised(instance).get_asset_check_evaluations()}
    late = checks["backlog_is_young"]
    assert not late.passed
    assert late.description == "Air-e: 0 PQR y 1 archivos pendientes; el más antiguo, desde hace 30 h"

    with connect(database) as connection:
        text = exposition(instance, connection, Settings().bucket())
    for line in (
        'ov_files{company="aire",state="subido"} 5.0',
        'ov_files{company="aire",state="conflicto"} 1.0',
        'ov_pending{company="aire",what="files"} 1.0',
        'ov_pending{company="afinia",what="pqr"} 0.0',
    ):
        assert line in text
    assert "ov_run_seconds{" in text


def test_metrics_as_a_textfile_are_all_there_or_not_at_all(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, instance: dg.DagsterInstance
) -> None:
    from contextlib import contextmanager

    from ov_assets.cli import metrics as command

    @contextmanager
    def here() -> Iterator[str]:
        yield instance.root_directory

    monkeypatch.setattr(command, "environment", here)
    monkeypatch.setenv("DAGSTER_HOME", instance.root_directory)  # the command sets it; put back afterwards
    path = tmp_path / "prometheus" / "ov.prom"
    result = CliRunner().invoke(command.metrics, ["--textfile", str(path)])
    assert result.exit_code == 0, result.output
    assert "ov_last_complete_day_timestamp_seconds" in path.read_text()
    before = path.read_bytes()
    monkeypatch.setenv("RDS_PORT", "1")
    assert CliRunner().invoke(command.metrics, ["--textfile", str(path)]).exit_code != 0
    assert path.read_bytes() == before
