"""Nothing of what the predecessor overlooked, sent twice or left unregistered may come back: parts C and D.

Each test bears the number of an S1 or S2 defect; see `test_predecessor.py`. On the predecessor each fails.
Every one of these has a counterpart here; D20 to D22 and C11 are S3, D20 is tested in `s3/test_uploader.py`.
"""

import asyncio
import builtins
import io
from collections.abc import Iterator
from datetime import date, timedelta

import psycopg
import pytest

from ov_assets.pqr.manifest import Clase
from ov_assets.rds import registry
from ov_assets.rds.connection import DatabaseDownError, DatabaseError, connect
from ov_assets.rds.diff import pending_partitions
from ov_assets.rds.registry import Estado, Found
from ov_assets.s3 import keys
from ov_assets.s3.errors import S3AccessDeniedError, S3DownError
from ov_assets.s3.inventory import list_objects
from ov_assets.s3.uploader import Limits, Resultado, upload_many
from ov_assets_tests.flow.world import World, open_bucket, sha256
from ov_assets_tests.s3.faulty import PASS, answer, faulty

PDF = b"%PDF-1.7 uno"
QUICK = Limits(concurrency=1, attempts=2, retry_seconds=5, batch=1)


@pytest.fixture
def world(database, bucket, data_dir) -> Iterator[World]:
    with connect(database) as conn:
        yield World(conn, open_bucket(bucket.name, bucket.endpoint_url, bucket.region), data_dir)


def add_claim(world: World, radicado: str, **more) -> None:
    """A PQR with its three kinds of files, of contents of their own."""
    for clase, nombre in (("json", "pqr.json"), ("pdf", "detalle.pdf"), ("adjunto", "foto.JPG")):
        world.put_on_record(radicado, clase, nombre, f"{radicado} {nombre}".encode(), **more)


def set_rows(world: World, assignment: str) -> None:
    world.conn.execute(f"UPDATE data_general.registros_ov_s3 SET {assignment}")  # noqa: S608
    world.conn.commit()


def test_c1_files_are_matched_by_radicado_whatever_the_sgc_number_says(world):
    add_claim(world, "1")
    world.run()
    set_rows(world, "numero_reclamo_sgc = 'RE2210000001'")
    assert world.look().complete


def test_c2_one_uploaded_file_settles_itself_and_not_its_claim(world):
    add_claim(world, "1")
    world.plan()
    world.record("yo", asyncio.run(upload_many(world.bucket, world.items(world.claim("yo", limit=1)))))
    found = world.look()
    assert (found.files, len(found.pending), found.counts[Estado.SUBIDO]) == (3, 2, 1)


def test_c3_an_outage_is_raised_and_is_not_nothing_pending(world):
    add_claim(world, "1")
    world.conn.close()
    with pytest.raises(DatabaseDownError):
        world.look()


def test_c4_pre_existente_is_settled(world):
    add_claim(world, "1")
    world.run()
    set_rows(world, "estado_carga = 'pre_existente'")
    assert world.look().complete


def test_c5_several_rows_of_a_claim_do_not_multiply_its_files(world):
    add_claim(world, "1")
    world.run()
    world.conn.execute(
        "INSERT INTO data_general.registros_ov_s3 (bucket_s3, clave_s3, nombre_archivo, empresa,"
        " numero_radicado, clase, hash_archivo, estado_carga)"
        " SELECT bucket_s3, clave_s3 || n, nombre_archivo, empresa, numero_radicado, clase, hash_archivo,"
        " 'pendiente' FROM data_general.registros_ov_s3, generate_series(1, 3) AS n"
    )
    found = world.look()
    assert (found.files, found.counts[Estado.SUBIDO]) == (3, 3)


def test_c6_finding_what_is_pending_opens_no_file(world, monkeypatch):
    for number in range(20):
        add_claim(world, str(number))
    opened: list[str] = []
    real = io.open

    def counting(file, *args, **kwargs):
        if str(file).startswith(str(world.data_dir)):
            opened.append(str(file))
        return real(file, *args, **kwargs)

    monkeypatch.setattr(io, "open", counting)
    monkeypatch.setattr(builtins, "open", counting)
    assert len(world.look().pending) == 60
    world.plan()
    assert opened == []
    world.run()  # each is opened once, to be sent
    assert len(opened) == len(set(opened)) == 60


def test_c7_a_backlog_of_any_age_is_found(world):
    old = date(2024, 1, 2)
    add_claim(world, "1", day=old)
    world.conn.execute("UPDATE data_general.archivos_ov SET fecha_creacion = now() - interval '600 days'")
    world.conn.commit()
    [found] = pending_partitions(world.conn, world.bucket.name)
    assert (found.empresa, found.fecha, found.archivos) == ("afinia", old, 3)


def test_c8_errors_are_counted_as_errors(world):
    add_claim(world, "1")
    world.run()
    set_rows(world, "estado_carga = 'error', proximo_intento = now() + interval '1 hour'")
    assert world.look().counts[Estado.ERROR] == 3


def test_c9_the_bucket_itself_is_asked(world):
    add_claim(world, "1")
    world.run()
    gone, altered, _ = sorted(world.objects())
    world.bucket.client.delete_object(Bucket=world.bucket.name, Key=gone)
    world.bucket.client.put_object(Bucket=world.bucket.name, Key=altered, Body=b"otros bytes")
    world.bucket.client.put_object(Bucket=world.bucket.name, Key=f"{altered}.x", Body=b"nadie")
    found = world.look()
    assert found.reasons().keys() <= {"no_esta_en_s3", "otro_tamano", "otro_etag"}
    assert (len(found.pending), found.huerfanos, found.huerfano) == (2, 1, f"{altered}.x")


@pytest.mark.parametrize("nombre", ["foto.JPG", "soporte.XLSX", "carta.doc", "todo.zip", "sin_extension"])
def test_c10_a_claim_without_json_and_any_extension_is_uploaded(world, nombre):
    world.put_on_record("1", "adjunto", nombre, b"datos")
    assert world.run() == {"subido": 1}


def test_c10_claims_that_always_fail_do_not_use_up_the_limit(world):
    for number in range(6):
        add_claim(world, str(number))
    world.plan()
    bad = world.claim("yo", limit=9)
    registry.mark_error(world.conn, "yo", [registry.Failed(row.id, "s3: 400", True) for row in bad])
    assert len(world.claim("otro", limit=9)) == 9


def test_d1_every_file_arrives(world):
    for number in range(10):
        add_claim(world, str(number))
    assert world.run() == {"subido": 30}
    assert len(world.objects()) == 30


def test_d2_a_dry_run_writes_nothing(world):
    add_claim(world, "1")
    assert len(world.look().pending) == 3
    assert (world.objects(), world.rows()) == ({}, [])


def test_d3_after_the_first_file_of_a_claim_the_others_are_sent_too(world):
    world.put_on_record("1", "pdf", "detalle.pdf", PDF)
    world.run()
    add_claim(world, "1")
    assert world.run() == {"subido": 3}


def test_d4_a_registry_that_fails_after_the_put_is_raised_and_the_next_run_registers(world, monkeypatch):
    add_claim(world, "1")
    real = world.record

    def failing(*_):
        raise DatabaseError("57014", "QueryCanceled", "", None, None)

    monkeypatch.setattr(world, "record", failing)
    with pytest.raises(DatabaseError):
        world.run(QUICK)
    assert world.objects()
    monkeypatch.setattr(world, "record", real)
    world.run(reclaim=True)
    assert (len(world.objects()), world.rows()) == (3, ["subido"] * 3)


def test_d5_what_was_in_the_bucket_before_can_be_written_down(world):
    world.put_on_record("1", "pdf", "detalle.pdf", PDF)
    [(archivo,)] = world.conn.execute("SELECT id FROM data_general.archivos_ov").fetchall()
    assert registry.adopt(world.conn, world.bucket.name, [Found(archivo, "vieja/clave.pdf", None)]) == 1
    assert world.rows("estado_carga, origen_carga") == [("pre_existente", "pre_existente")]


def test_d6_the_same_bytes_under_two_claims_are_two_objects_and_two_rows(world):
    for radicado in ("1", "2"):
        world.put_on_record(radicado, "adjunto", "anexo.pdf", PDF)
    assert world.run() == {"subido": 2}
    assert len(world.rows()) == len(world.objects()) == 2


def test_d7_the_same_bytes_of_the_other_company_settle_nothing(world, database):
    world.put_on_record("1", "adjunto", "anexo.pdf", PDF)
    world.run()
    other = World(world.conn, world.bucket, world.data_dir, company="aire")
    other.put_on_record("1", "adjunto", "anexo.pdf", PDF)
    assert other.look().reasons() == {"sin_registro": 1}


def test_d8_the_row_is_where_the_verification_reads_and_says_everything(world):
    world.put_on_record("1", "pdf", "detalle.pdf", PDF)
    world.run()
    columns = "empresa, numero_radicado, clase, nombre_archivo, hash_archivo, tamano_archivo, bucket_s3"
    expected = ("afinia", "1", "pdf", "detalle.pdf", sha256(PDF), len(PDF), world.bucket.name)
    assert world.rows(columns) == [expected]


def test_d9_other_bytes_at_the_key_are_a_conflict_and_stay(world):
    world.put_on_record("1", "pdf", "detalle.pdf", PDF)
    world.plan()
    [key] = world.rows("clave_s3")
    world.bucket.client.put_object(Bucket=world.bucket.name, Key=key, Body=b"otros bytes")
    outcomes = asyncio.run(upload_many(world.bucket, world.items(world.claim("yo"))))
    world.record("yo", outcomes)
    assert (world.objects(), world.rows()) == ({key: b"otros bytes"}, ["conflicto"])


@pytest.mark.parametrize("fault", [answer(403, "AccessDenied"), answer(403, "SignatureDoesNotMatch")])
def test_d10_a_refusal_is_not_an_absence(world, bucket, fault):
    with faulty(bucket.endpoint_url, fault) as proxy:
        refused = open_bucket(bucket.name, proxy.endpoint_url, bucket.region)
        with pytest.raises(S3AccessDeniedError):
            list(list_objects(refused, ["afinia/"]))


def test_d11_what_was_there_is_not_counted_as_uploaded_and_errors_are_kept(world, bucket):
    for radicado in ("1", "2"):
        world.put_on_record(radicado, "pdf", "detalle.pdf", PDF + radicado.encode())
    world.plan()
    first, second = world.items(world.claim("yo"))
    world.bucket.client.put_object(
        Bucket=world.bucket.name,
        Key=first.clave,
        Body=first.path.read_bytes(),
        ChecksumAlgorithm="SHA256",
    )
    with faulty(bucket.endpoint_url, PASS, PASS, answer(400, "KeyTooLongError")) as proxy:
        store = open_bucket(bucket.name, proxy.endpoint_url, bucket.region)
        found = asyncio.run(upload_many(store, [first, second], QUICK))
    assert {o.item.id: o.resultado for o in found} == {first.id: "ya_estaba", second.id: "error"}
    assert "/misc/" not in first.clave


def key(company: str = "afinia", radicado: str = "1", number: int = 1) -> str:
    return keys.object_key(
        keys.Layout.COMPLETA,
        company=company,
        day=date(2025, 10, 13),
        clase=Clase.PDF,
        numero_radicado=radicado,
        nombre="detalle.pdf",
        hash_archivo=sha256(PDF),
        number=number,
    )


def test_d12_the_key_carries_the_radicado_and_nothing_else_of_the_claim(world):
    world.put_on_record("0900000001", "pdf", "RE2210000001_detalle.pdf", PDF)
    world.run()
    assert [k.rsplit("/", 1)[1] for k in world.objects()] == [f"0900000001_{sha256(PDF)[:12]}.pdf"]


def test_d13_one_layout_with_one_spelling_for_both_companies():
    assert key("afinia").removeprefix("afinia") == key("aire").removeprefix("aire")


def test_d14_the_key_does_not_depend_on_the_clock_and_a_rerun_makes_no_object(world):
    world.put_on_record("1", "pdf", "detalle.pdf", PDF)
    assert world.run() == {"subido": 1}
    before = world.objects()
    world.conn.execute("DELETE FROM data_general.registros_ov_s3")
    assert world.run() == {"ya_estaba": 1}
    assert world.objects() == before


def test_d15_the_object_is_the_evidence_file_and_an_error_is_tried_again(world):
    path = world.put_on_record("1", "json", "pqr.json", b'{ "nic":  "000035"}\n')
    world.run()
    assert list(world.objects().values()) == [path.read_bytes()]
    set_rows(world, "estado_carga = 'error', proximo_intento = now() - interval '1 second'")
    assert world.run() == {"ya_estaba": 1}


def test_d16_a_client_that_cannot_work_is_an_error_and_no_simulated_success(world, bucket, monkeypatch):
    add_claim(world, "1")
    world.plan()
    world.bucket = open_bucket(bucket.name, "http://127.0.0.1:1", bucket.region)
    limits = Limits(attempts=1, passing_in_a_row=2, concurrency=1)
    with pytest.raises(S3DownError):
        asyncio.run(upload_many(world.bucket, world.items(world.claim("yo")), limits))
    assert set(world.rows()) == {"subiendo"}


def test_d17_parts_are_megabytes_and_small_files_are_not_sent_in_parts():
    assert Limits().multipart_bytes == 64 << 20
    assert Limits().part_bytes >= 5 << 20


def test_d18_passing_errors_are_tried_again_after_a_wait_and_permanent_ones_not(world, bucket):
    world.put_on_record("1", "pdf", "detalle.pdf", PDF)
    world.plan()
    items = world.items(world.claim("yo"))
    for fault, connections, result in (
        (answer(400, "KeyTooLongError"), 1, Resultado.ERROR),
        (answer(503, "SlowDown"), 2, Resultado.SUBIDO),
    ):
        with faulty(bucket.endpoint_url, fault, PASS) as proxy:
            store = open_bucket(bucket.name, proxy.endpoint_url, bucket.region)
            [outcome] = asyncio.run(upload_many(store, items, QUICK))
        assert (outcome.resultado, proxy.connections) == (result, connections)


def test_d19_a_failed_upload_leaves_its_attempts_its_error_and_a_next_try(world, database):
    world.put_on_record("1", "pdf", "detalle.pdf", PDF)
    world.plan()
    [row] = world.claim("yo")
    registry.mark_error(world.conn, "yo", [registry.Failed(row.id, "s3: 503 SlowDown")])
    columns = "estado_carga, intentos_carga, ultimo_error, proximo_intento - fecha_actualizacion"
    [(state, attempts, error, wait)] = world.rows(columns)
    assert (state, attempts, error) == ("error", 1, "s3: 503 SlowDown")
    assert wait > timedelta(seconds=10)
    with psycopg.connect(**database) as other:
        assert registry.claim(other, "afinia", world.day, world.bucket.name, "otro") == []


def test_a21_nothing_is_uploaded_before_its_row_is_on_record(world):
    path = world.data_dir / "raw/afinia/2025-10-13/1/detalle.pdf"
    path.parent.mkdir(parents=True)
    path.write_bytes(PDF)
    assert (world.run(), world.objects()) == ({}, {})
