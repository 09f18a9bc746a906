"""What is edited on a page after its capture, and doesn't show in the list: found by reading again."""

import hashlib
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
import time_machine

from ov_assets.cli.partition_run import run_chain
from ov_assets.days import CompanyDay
from ov_assets.pqr.record import FIELDS, normalise
from ov_assets.timezone import BOGOTA
from ov_assets_tests.assets.flow_tools import EMPTY_DAY, add_pqr, materialize, table_rows, truth
from ov_assets_tests.assets.test_chain import metadata
from ov_assets_tests.assets.test_incomplete_day import faults_of, sensed
from ov_assets_tests.assets.test_kept import (
    BY_A_SENSOR,
    asked_for,
    failed,
    make_due,
    manifest_of,
    noted,
)

pytestmark = pytest.mark.usefixtures("kept_session")
PARTITION = CompanyDay("aire", date.fromisoformat(EMPTY_DAY))
CLAIM = "RE3180202500042"


def edit(portal: Any, radicado: str, **body: Any) -> None:
    portal.control("aire").patch(f"pqrs/{radicado}", json=body).raise_for_status()


def asked(portal: Any) -> dict[str, tuple[int, int]]:
    """Pages and files that were asked for since the last question, by radicado."""
    found = portal.control("aire").get("stats").json()
    portal.control("aire").delete("stats")
    pages, files = found["detail_requests"], found["attachment_requests"]
    return {radicado: (count, files.get(radicado, 0)) for radicado, count in pages.items()}


def spent(database: dict[str, Any]) -> list[tuple[Any, ...]]:
    with psycopg.connect(**database) as connection:
        return connection.execute("SELECT empresa, dia, releidas FROM data_general.relecturas_ov").fetchall()


def assert_current(portal: Any, database: dict[str, Any], bucket: Any) -> None:
    """That rows and current files are the portal's, the files by the bytes of their objects, each once."""
    expected, rows = truth(portal, "aire", EMPTY_DAY), table_rows(database, "aire")
    for radicado, pqr in expected.items():
        assert rows[radicado] == {name: normalise(pqr["campos"][name]) for name in FIELDS}
    with psycopg.connect(**database) as connection:
        current = connection.execute(
            "SELECT numero_radicado, clase, hash_archivo, clave_s3"
            " FROM data_general.archivos_en_s3_ov(%s) WHERE en_s3 AND clase <> 'csv'",
            [bucket.name],
        ).fetchall()
    for *_, digest, key in current:
        data = bucket.client.get_object(Bucket=bucket.name, Key=key)["Body"].read()
        assert hashlib.sha256(data).hexdigest() == digest
    assert sorted(
        (radicado, digest) for radicado, clase, digest, _ in current if clase == "adjunto"
    ) == sorted((radicado, file["sha256"]) for radicado, pqr in expected.items() for file in pqr["adjuntos"])
    assert sorted((radicado, clase) for radicado, clase, *_ in current if clase != "adjunto") == sorted(
        (radicado, clase) for radicado in expected for clase in ("json", "pdf")
    )


def history(database: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    with psycopg.connect(**database) as connection:
        rows = connection.execute(
            "SELECT numero_radicado, antes ->> 'numero_reclamo_sgc', antes ->> 'comentarios', cambiado_en"
            " FROM data_general.historial_ov"
        ).fetchall()
    return {radicado: rest for radicado, *rest in rows}


def test_a_claim_number_a_comment_and_a_file_that_come_later_arrive_and_nothing_else_is_fetched(
    portal: Any, database: dict[str, Any], bucket: Any, data_dir: Path, instance: dg.DagsterInstance
) -> None:
    claim = add_pqr(portal, "aire", attachments=1, numero_reclamo_sgc="")
    more = add_pqr(portal, "aire", attachments=1, comentarios="antes", numero_reclamo_sgc="1")
    same = add_pqr(portal, "aire", attachments=1, numero_reclamo_sgc="2")
    assert failed(materialize(PARTITION, instance=instance)) == []
    before = manifest_of(data_dir, same)
    edit(portal, claim, campos={"numero_reclamo_sgc": CLAIM})
    edit(portal, more, campos={"comentarios": "después"}, attachments=2)

    # The list says the same, so a run of the same day opens nothing, and nobody asks for one.
    asked(portal)
    assert materialize(PARTITION).success
    assert asked(portal) == {}
    assert sensed(instance) == []
    tomorrow = datetime.now(BOGOTA).replace(hour=0, minute=0, second=30) + timedelta(days=1)
    with time_machine.travel(tomorrow, tick=False):
        assert sensed(instance) == [str(PARTITION)]

    make_due(database)
    began = datetime.now(BOGOTA)
    result = materialize(PARTITION, tags=BY_A_SENSOR)
    assert failed(result) == []
    requests = asked(portal)
    assert requests.pop(more) == (1, 2)
    assert requests == {claim: (1, 1), same: (1, 0)}
    assert table_rows(database, "aire")[claim]["numero_reclamo_sgc"] == CLAIM
    assert_current(portal, database, bucket)
    said = history(database)
    assert {radicado: row[:2] for radicado, row in said.items()} == {
        claim: [None, said[claim][1]],
        more: ["1", "antes"],
    }
    assert all(began < row[2] for row in said.values())
    assert metadata(result, "pqr_captures")["releidas_sin_cambio"] == 1

    # What said the same isn't captured anew; only when it was read again is noted, and when it will be.
    assert manifest_of(data_dir, same) == before
    captured, read, due, _ = noted(database, same)
    assert captured == before.extraido_en < began < read
    assert due == tomorrow.replace(second=0, microsecond=0)
    assert spent(database) == [("aire", began.date(), 3)]
    assert sensed(instance) == []


def test_the_budget_of_a_day_holds_and_what_has_no_claim_number_comes_first(
    portal: Any,
    database: dict[str, Any],
    bucket: Any,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_pqr(portal, "aire", attachments=0, numero_reclamo_sgc="1")
    blank = add_pqr(portal, "aire", attachments=0, numero_reclamo_sgc="")
    add_pqr(portal, "aire", attachments=0, numero_reclamo_sgc="2")
    assert materialize(PARTITION).success
    make_due(database)
    monkeypatch.setenv("OV_PORTAL_REREADS", "1")
    assert sensed(instance) == [str(PARTITION)]
    asked(portal)
    assert materialize(PARTITION, tags=BY_A_SENSOR).success
    assert asked(portal) == {blank: (1, 0)}
    assert spent(database) == [("aire", datetime.now(BOGOTA).date(), 1)]
    assert sensed(instance) == []  # two are due, and wait for tomorrow
    assert materialize(PARTITION, tags=BY_A_SENSOR).success
    assert asked(portal) == {}
    with time_machine.travel(datetime.now(BOGOTA) + timedelta(days=1), tick=False):
        assert sensed(instance) == [str(PARTITION)]
    monkeypatch.setenv("OV_PORTAL_REREADS", "0")
    with time_machine.travel(datetime.now(BOGOTA) + timedelta(days=1), tick=False):
        assert sensed(instance) == []


def test_a_pqr_that_cannot_be_read_again_stays_captured_and_is_tried_a_day_later(
    portal: Any, database: dict[str, Any], bucket: Any, data_dir: Path, instance: dg.DagsterInstance
) -> None:
    bad, _ = add_pqr(portal, "aire", attachments=0), add_pqr(portal, "aire", attachments=0)
    assert materialize(PARTITION).success
    before, faults = manifest_of(data_dir, bad), faults_of(database)
    make_due(database)
    portal.control("aire").put("faults", json={"detail_404": {"radicado": bad}}).raise_for_status()
    result = materialize(PARTITION, tags=BY_A_SENSOR)
    assert failed(result) == []
    assert manifest_of(data_dir, bad) == before
    assert faults_of(database) == faults == ()
    captured, read, due, _ = noted(database, bad)
    assert captured == read
    assert timedelta(hours=23) < due - datetime.now(BOGOTA) < timedelta(hours=24)
    assert sensed(instance) == []


def test_a_person_may_have_a_day_read_again_as_a_whole(
    portal: Any, database: dict[str, Any], bucket: Any, instance: dg.DagsterInstance
) -> None:
    edited = add_pqr(portal, "aire", attachments=0, comentarios="antes")
    assert materialize(PARTITION).success
    edit(portal, edited, campos={"comentarios": "después"})
    assert run_chain(PARTITION, instance, lambda *_: None).updated == 0
    assert run_chain(PARTITION, instance, lambda *_: None, reread=True).updated == 1
    assert_current(portal, database, bucket)
    assert spent(database) == []
    assert asked_for(portal, edited)[0] == 2
