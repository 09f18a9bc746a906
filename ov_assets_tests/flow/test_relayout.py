"""A change of layout on a real bucket and database, killed with -9 wherever it happens to be."""

import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from ov_assets.flow import relayout
from ov_assets.flow.reconcile.run import Request, reconcile
from ov_assets.flow.relayout import migrate, prune_old
from ov_assets.pqr.manifest import Clase
from ov_assets.s3.keys import Layout, object_key
from ov_assets_tests.flow.predecessor import count_writes, leave
from ov_assets_tests.flow.world import DAY, World, open_bucket, sha256

KILLS = 5 if "OV_TEST_FULL_SIZE" in os.environ else 2
SIZES = {"afinia": 464, "aire": 20} if KILLS == 5 else {"afinia": 86, "aire": 4}
SHARED, COPIES = 3, 2


@pytest.fixture
def world(store, database, data_dir) -> World:
    with psycopg.connect(**database) as conn:
        yield World(conn, store, data_dir)


def contents(world: World) -> dict[str, list[bytes]]:
    """What each file on record has in S3, by the registry: the keys may change, this may not."""
    objects = world.objects()
    found: dict[str, list[bytes]] = {}
    for identity, key in world.rows("empresa || numero_radicado || clase || nombre_archivo, clave_s3"):
        found.setdefault(identity, []).append(objects[key])
    return found


def expected_keys(world: World, layout: Layout) -> set[str]:
    rows = world.conn.execute(
        "SELECT empresa, numero_radicado, clase, nombre, hash_archivo FROM data_general.archivos_ov"
    ).fetchall()
    world.conn.commit()
    return {
        object_key(
            layout,
            company=empresa,
            day=DAY,
            clase=Clase(clase),
            numero_radicado=radicado,
            nombre=nombre,
            hash_archivo=digest,
        )
        for empresa, radicado, clase, nombre, digest in rows
    }


def registered(world: World) -> set[str]:
    return {key for key, radicado in world.rows("clave_s3, numero_radicado") if radicado is not None}


def agreed(world: World, layout: Layout) -> bool:
    request = Request(min_age=timedelta(0))
    return reconcile(world.conn, world.bucket, world.data_dir, layout, request).agrees


@pytest.mark.kill
def test_killed_and_completed_byte_for_byte_the_same(world, database, bucket):
    """Must show 7: the adopted bucket of a predecessor, moved by a process that is killed again and again."""
    leave(world, SIZES, SHARED, COPIES)
    adopted = reconcile(
        world.conn,
        world.bucket,
        world.data_dir,
        Layout.COMPLETA,
        Request(min_age=timedelta(0), apply=True),
    )
    assert adopted.agrees
    before, objects = contents(world), world.objects()
    wanted = expected_keys(world, Layout.COMPLETA)

    argument = json.dumps(
        {
            "database": database,
            "bucket": {"name": bucket.name, "endpoint_url": bucket.endpoint_url, "region": bucket.region},
        }
    )
    switched = 0
    for number in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-m", "ov_assets_tests.flow.test_relayout", argument],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert process.stdout.readline() == "ready\n"
        # At another point each time: before the first switch, after it, between a copy and its switch.
        while process.poll() is None and len(registered(world) & wanted) <= switched + 3 * number:
            time.sleep(0.01)
        process.kill()
        process.wait()
        switched = len(registered(world) & wanted)
        assert switched < len(wanted), "it was killed in the middle"
        kept = world.objects()
        assert objects.items() <= kept.items(), "nothing was deleted or overwritten"
        assert contents(world) == before, "each row has its bytes at every moment"

    report = migrate(world.conn, world.bucket, Layout.COMPLETA)
    assert report.complete
    assert (report.en_su_sitio, report.sin_mover) == (switched, [])
    assert registered(world) == wanted
    assert contents(world) == before
    assert agreed(world, Layout.COMPLETA)
    assert world.run() == {}, "nothing is uploaded again"

    again = count_writes(world.bucket.client)
    assert migrate(world.conn, world.bucket, Layout.COMPLETA).por_mover == 0
    assert again == []
    prune_old(world.conn, world.bucket, report, None, timedelta(hours=1))
    assert report.podados == 0, "the grace period protects them"
    prune_old(world.conn, world.bucket, report, None, timedelta(0))
    assert report.podados == sum(SIZES.values())
    copies = {key for key, radicado in world.rows("clave_s3, numero_radicado") if radicado is None}
    assert set(world.objects()) == wanted | copies
    assert contents(world) == before
    assert agreed(world, Layout.COMPLETA)


@pytest.fixture
def small(world) -> World:
    for n in range(3):
        world.put_on_record(f"{n:08d}", "pdf", "detalle.pdf", b"%PDF-" + b"m" * n)
    twice = b"%PDF-the same under two names"
    world.put_on_record("00000009", "adjunto", "uno.pdf", twice)
    world.put_on_record("00000009", "adjunto", "dos.pdf", twice)
    world.run()
    return world


@pytest.mark.parametrize("layout", [Layout.HIBRIDA, Layout.MINIMA])
def test_there_and_back(small, layout):
    before, keys = contents(small), set(small.rows("clave_s3"))
    assert migrate(small.conn, small.bucket, layout, dry_run=True).por_mover == 5
    assert set(small.rows("clave_s3")) == keys
    assert migrate(small.conn, small.bucket, layout).complete
    assert contents(small) == before
    assert not set(small.rows("clave_s3")) & keys
    assert agreed(small, layout)
    writes = count_writes(small.bucket.client)
    back = migrate(small.conn, small.bucket, Layout.COMPLETA)
    assert (back.complete, writes) == (True, []), "the old objects were still there"
    assert set(small.rows("clave_s3")) == keys
    prune_old(small.conn, small.bucket, back, None, timedelta(0))
    assert set(small.objects()) == keys
    assert contents(small) == before


def test_other_bytes_at_the_new_key_stay_and_so_does_the_row(small):
    victim = small.rows("clave_s3")[0]
    new = victim.rpartition("/")[2]
    put = small.bucket.client.put_object
    put(Bucket=small.bucket.name, Key=f"afinia/oficina_virtual/{new}", Body=b"foreign")
    report = migrate(small.conn, small.bucket, Layout.MINIMA)
    assert (report.complete, report.sin_mover) == (False, [victim])
    assert dict(report.pasos) == {"copiado": 4, "otros_bytes": 1}
    assert victim in small.rows("clave_s3")
    assert small.objects()[f"afinia/oficina_virtual/{new}"] == b"foreign"


def test_an_altered_or_missing_object_is_not_moved(small):
    altered, missing, *_ = small.rows("clave_s3")
    small.bucket.client.put_object(Bucket=small.bucket.name, Key=altered, Body=b"altered")
    small.bucket.client.delete_object(Bucket=small.bucket.name, Key=missing)
    report = migrate(small.conn, small.bucket, Layout.HIBRIDA)
    assert dict(report.pasos) == {"copiado": 3, "alterado": 1, "falta_s3": 1}
    assert set(report.sin_mover) == {altered, missing}


def test_prune_keeps_the_old_object_when_the_new_one_is_gone(small):
    report = migrate(small.conn, small.bucket, Layout.HIBRIDA)
    gone, *_ = small.rows("clave_s3")
    small.bucket.client.delete_object(Bucket=small.bucket.name, Key=gone)
    prune_old(small.conn, small.bucket, report, None, timedelta(0))
    assert (report.podados, report.por_podar) == (4, 1)
    digests = {sha256(data) for data in small.objects().values()}
    assert digests == set(small.rows("hash_archivo"))


def test_prune_keeps_an_old_object_whose_key_a_row_has_again(small):
    taken, *_ = small.rows("clave_s3")
    report = migrate(small.conn, small.bucket, Layout.HIBRIDA)
    small.conn.execute(
        "INSERT INTO data_general.registros_ov_s3 (nombre_archivo, bucket_s3, clave_s3, empresa,"
        " estado_carga) VALUES ('x', %s, %s, 'afinia', 'pre_existente')",
        (small.bucket.name, taken),
    )
    small.conn.commit()
    prune_old(small.conn, small.bucket, report, None, timedelta(0))
    assert report.podados == 4
    assert taken in small.objects()


def main(argument: str) -> None:
    given = json.loads(argument)
    relayout.BATCH = 7
    with psycopg.connect(**given["database"]) as conn:
        bucket = open_bucket(**given["bucket"])
        print("ready", flush=True)
        migrate(conn, bucket, Layout.COMPLETA, on_batch=lambda _: time.sleep(0.05))


if __name__ == "__main__":
    main(sys.argv[1])


def test_a_change_for_one_company_moves_and_prunes_nothing_of_the_other(world):
    for company in ("afinia", "aire"):
        world.company = company
        world.put_on_record("00000001", "pdf", "detalle.pdf", f"%PDF-{company}".encode())
        world.run()
    before = world.objects()
    here = {key: data for key, data in before.items() if key.startswith("aire/")}
    there = {key: data for key, data in before.items() if key not in here}
    migrate(world.conn, world.bucket, Layout.MINIMA, "aire")
    after = world.objects()
    new = {key: data for key, data in after.items() if key not in before}
    assert after == before | new
    assert list(new.values()) == list(here.values())
    migrate(world.conn, world.bucket, Layout.MINIMA, "afinia")
    report = relayout.Report()
    prune_old(world.conn, world.bucket, report, "aire", timedelta(0))
    left = world.objects()
    assert not here.keys() & left.keys()
    assert there.items() <= left.items()


def test_what_is_pruned_in_several_batches_is_counted_once(world, monkeypatch):
    monkeypatch.setattr(relayout, "BATCH", 1)
    for n in range(3):
        world.put_on_record(f"{n:08d}", "pdf", "detalle.pdf", b"%PDF-" + b"x" * n)
    world.run()
    migrate(world.conn, world.bucket, Layout.MINIMA)
    report = relayout.Report()
    prune_old(world.conn, world.bucket, report, None, timedelta(0))
    assert report.podados == 3
    assert len(world.objects()) == 3
