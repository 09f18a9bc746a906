"""Registry, disk and bucket together: two at once, killed at any moment, answers lost."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count

import pytest

from ov_assets.rds.connection import connect
from ov_assets.s3.errors import S3DownError
from ov_assets.s3.inventory import list_objects
from ov_assets.s3.uploader import Limits
from ov_assets_tests.flow.world import World, open_bucket, sha256
from ov_assets_tests.s3.faulty import DROP, HOLD, PASS, answer, faulty

FILES = 120


@pytest.fixture
def world(database, bucket, data_dir) -> Iterator[World]:
    with connect(database) as conn:
        yield World(conn, open_bucket(bucket.name, bucket.endpoint_url, bucket.region), data_dir)


def fill(world: World, files: int = FILES) -> None:
    for n in range(files):
        world.put_on_record(str(1000 + n), "pdf", "detalle.pdf", b"%PDF-1.7 " + str(n).encode() * 5000)


def agree(world: World, files: int = FILES) -> None:
    """Each object has exactly one row, each row its object, and every byte is the file's."""
    objects = world.objects()
    rows = world.rows("clave_s3, hash_archivo, estado_carga")
    assert len(objects) == len(rows) == files
    assert [(key, sha256(objects[key]), "subido") for key in sorted(objects)] == sorted(rows)
    found = world.look()
    assert (found.complete, found.files, found.huerfanos) == (True, files, 0)


def test_second_run_sends_nothing(world):
    fill(world, 20)
    assert world.run() == {"subido": 20}
    before = {o.key: o.last_modified for o in list_objects(world.bucket, [""])}
    assert world.run() == {}
    assert {o.key: o.last_modified for o in list_objects(world.bucket, [""])} == before
    agree(world, 20)


@pytest.mark.kill
@pytest.mark.parametrize("objects_before", [1, 17, 60])
def test_killed_in_the_middle_and_completed_at_once(world, database, bucket, objects_before):
    fill(world)
    sent = count(1)

    def fault(method: str, _path: str) -> bytes | None:
        return HOLD if method == "PUT" and next(sent) > objects_before else PASS

    with faulty(bucket.endpoint_url, fault) as proxy:
        given = {
            "database": database,
            "bucket": {"name": bucket.name, "endpoint_url": proxy.endpoint_url, "region": bucket.region},
            "data_dir": str(world.data_dir),
        }
        process = subprocess.Popen([sys.executable, "-m", "ov_assets_tests.flow.world", json.dumps(given)])
        try:
            while sum(1 for _ in list_objects(world.bucket, [""])) < objects_before:
                assert process.poll() is None
                time.sleep(0.01)
        finally:
            process.kill()
            process.wait()
    left = world.rows()
    assert "subiendo" in left and len(world.objects()) == objects_before
    # The dead one's leases run for 15 minutes more; who holds the partition's lock need not wait.
    assert world.run() == {}
    done = world.run(reclaim=True)
    assert done["subido"] + done["ya_estaba"] == left.count("subiendo")
    agree(world)
    assert set(world.rows("origen_carga")) == {"bot"}


def test_two_processes_at_once(world, database):
    fill(world)
    world.plan()
    totals, errors = [], []

    def one():
        try:
            with connect(database) as conn:
                totals.append(World(conn, world.bucket, world.data_dir).run(Limits(concurrency=4, batch=10)))
        except Exception as error:  # noqa: BLE001 -- handed to the main thread
            errors.append(error)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert sum(total["subido"] for total in totals) == FILES
    agree(world)


def test_d4_answers_lost_after_the_object_was_made(world, bucket):
    fill(world, 30)
    with faulty(bucket.endpoint_url, *[DROP, PASS] * 15, PASS) as proxy:
        world.bucket = open_bucket(bucket.name, proxy.endpoint_url, bucket.region)
        # The listings go through it too; only the uploads may lose their answers.
        world.bucket = type(world.bucket)(world.bucket.settings, bucket.client, world.bucket.objects)
        done = world.run(Limits(concurrency=4, attempts=4))
    assert done == {"subido": 30}
    assert set(world.rows("origen_carga")) == {"bot"}  # found there by the second try, and our own
    agree(world, 30)


def test_outage_in_the_middle_is_raised_and_the_next_run_completes(world, bucket):
    fill(world, 30)
    with faulty(bucket.endpoint_url, *[PASS] * 10, answer(503, "SlowDown")) as proxy:
        broken = open_bucket(bucket.name, proxy.endpoint_url, bucket.region)
        sound, world.bucket = world.bucket, type(world.bucket)(broken.settings, bucket.client, broken.objects)
        with pytest.raises(S3DownError):
            world.run(Limits(concurrency=2, attempts=1, passing_in_a_row=5, batch=3))
        world.bucket = sound
    states = world.rows("estado_carga")
    assert states.count("subido") == 10 and states.count("error") >= 5
    world.conn.execute("UPDATE data_general.registros_ov_s3 SET proximo_intento = NULL")
    world.conn.commit()
    assert world.run(reclaim=True) == {"subido": 20}
    agree(world, 30)


def test_conflict_and_missing_file_are_written_down_and_the_rest_goes_on(world):
    fill(world, 5)
    world.plan()
    key = world.rows("clave_s3")[0]
    world.bucket.client.put_object(Bucket=world.bucket.name, Key=key, Body=b"not ours")
    claimed_path = world.data_dir / "raw/afinia/2025-10-13/1001/detalle.pdf"
    claimed_path.write_bytes(claimed_path.read_bytes()[::-1])
    assert world.run() == {"subido": 3, "conflicto": 1, "falta_local": 1}
    assert world.rows()[:2] == ["conflicto", "falta_local"]
    assert world.objects()[key] == b"not ours"
    assert world.run() == {}  # its size is right again, its hash is not
    claimed_path.write_bytes(claimed_path.read_bytes()[::-1])
    assert world.run() == {"subido": 1}
