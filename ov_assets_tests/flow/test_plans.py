"""Rows that were only ever plans and that no file claims any more: told, and in order."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from ov_assets.flow.reconcile.run import Report, Request, reconcile
from ov_assets.rds import migrate
from ov_assets.s3.keys import Layout
from ov_assets_tests.flow.predecessor import key
from ov_assets_tests.flow.world import World, sha256

BEFORE = "0006_changed_files"
PLAN = {
    "pendiente": "NULL, NULL",
    "error": "NULL, now() + interval '1 hour'",
    "falta_local": "NULL, NULL",
    "subiendo": "now() - interval '1 hour', NULL",
}
ROW = (
    "INSERT INTO data_general.registros_ov_s3 (empresa, numero_radicado, clase, fecha, nombre_archivo,"
    " hash_archivo, tamano_archivo, bucket_s3, clave_s3, estado_carga, origen_carga, etag, fecha_carga,"
    " arriendo_vence, proximo_intento)"
    " SELECT empresa, numero_radicado, clase, fecha, nombre, hash_archivo, tamano, %s, %s, %s, 'bot', %s, {},"
    " {} FROM data_general.archivos_ov WHERE numero_radicado = %s"
)


@pytest.fixture
def world(store, empty_database: dict[str, Any], data_dir) -> Iterator[World]:
    migrate.upgrade(empty_database, BEFORE)
    with psycopg.connect(**empty_database) as conn:
        yield World(conn, store, data_dir)


def row(world: World, radicado: str, clave: str, state: str, etag: str | None = None) -> None:
    loaded = "now()" if etag else "NULL"
    world.conn.execute(
        ROW.format(loaded, PLAN.get(state, "NULL, NULL")),
        (world.bucket.name, clave, state, etag, radicado),
    )
    world.conn.commit()


def report(world: World, **asked) -> Report:
    request = Request(**{"min_age": timedelta(0)} | asked)
    return reconcile(world.conn, world.bucket, world.data_dir, Layout.COMPLETA, request)


def put_twice(world: World, radicado: str, state: str, *, write: bool) -> tuple[str, str]:
    """A file that was planned, and adopted beside that: the keys of both rows."""
    data = b"%PDF-" + radicado.encode()
    world.put_on_record(radicado, "pdf", "detalle.pdf", data, write=write)
    adopted = key(6, "afinia", radicado, "pdf")
    world.bucket.client.put_object(Bucket=world.bucket.name, Key=adopted, Body=data)
    planned = (
        f"afinia/01_raw_data/oficina_virtual/pdf/{world.day:%Y/%m/%d}/{radicado}_{sha256(data)[:12]}.pdf"
    )
    row(world, radicado, planned, state)
    row(world, radicado, adopted, "pre_existente", sha256(data)[:32])
    return planned, adopted


@pytest.mark.parametrize("write", [True, False])
def test_a_file_registered_twice_before_is_in_order_after_the_migration(world, empty_database, write):
    keys = [put_twice(world, f"{n:08d}", state, write=write) for n, state in enumerate(PLAN, 1)]
    migrate.upgrade(empty_database)
    before = world.rows("clave_s3, estado_carga, archivo_id")
    plans = {planned for planned, _ in keys}
    assert {clave for clave, _, file in before if file is None} == plans

    for number in range(2):
        done = report(world, apply=True)
        assert done.agrees, number
        assert {f.motivo for f in done.findings if f.clave in plans} == {"plan_sin_archivo"}
    assert world.rows("clave_s3, estado_carga, archivo_id") == before
    assert world.run() == {}, "nobody claims them"
    assert set(world.objects()) == {adopted for _, adopted in keys}


def test_what_was_in_s3_once_is_lost_and_no_plan(world, empty_database):
    _, adopted = put_twice(world, "00000001", "pendiente", write=True)
    row(world, "00000001", lost := "afinia/01_raw_data/oficina_virtual/pdf/x.pdf", "falta_local", "a" * 32)
    row(world, "00000001", gone := "afinia/01_raw_data/oficina_virtual/pdf/y.pdf", "subido", "a" * 32)
    # Else this one would speak for the file.
    world.conn.execute(
        "UPDATE data_general.registros_ov_s3 SET numero_radicado = NULL WHERE clave_s3 = %s", (gone,)
    )
    world.conn.commit()
    migrate.upgrade(empty_database)
    done = report(world, apply=True)
    said = {f.clave: f.motivo for f in done.findings if f.clave in {lost, gone, adopted}}
    assert said == {lost: "falta_local", gone: "perdido", adopted: "etag_nuevo"}
    assert not done.agrees
    again = report(world, apply=True)
    said = {f.clave: f.motivo for f in again.findings if f.clave in {lost, gone}}
    assert said == {lost: "falta_local", gone: "perdido"}
    assert not again.agrees
