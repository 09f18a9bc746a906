"""A predecessor's bucket is adopted: nothing twice, nothing unknown, everything verified."""

import os
from collections import Counter
from datetime import timedelta

import psycopg
import pytest

from ov_assets.flow.adoption import adopt_partition
from ov_assets.flow.reconcile.claims import Claims
from ov_assets.flow.reconcile.finding import Accion
from ov_assets.flow.reconcile.keys import Named, named, raw_prefixes
from ov_assets.flow.reconcile.run import Report, Request, reconcile
from ov_assets.pqr.manifest import Clase
from ov_assets.s3.keys import Layout
from ov_assets_tests.flow.predecessor import Left, bytes_of, count_writes, key, leave
from ov_assets_tests.flow.world import World, sha256

FULL_SIZE = "OV_TEST_FULL_SIZE" in os.environ


@pytest.fixture
def world(store, database, data_dir) -> World:
    with psycopg.connect(**database) as conn:
        yield World(conn, store, data_dir)


def run(world: World, **asked) -> Report:
    request = Request(**{"min_age": timedelta(0)} | asked)
    return reconcile(world.conn, world.bucket, world.data_dir, Layout.COMPLETA, request)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (key(1, "afinia", "RE2210000001", "pdf"), Named("afinia", "RE2210000001", Clase.PDF)),
        (key(2, "aire", "RE2220000001", "json"), Named("aire", "RE2220000001", Clase.JSON)),
        (key(3, "aire", "RE2220000001", "adjunto"), Named("aire", "RE2220000001", Clase.ADJUNTO)),
        (key(5, "afinia", "RE2210000001", "json"), Named("afinia", "RE2210000001", Clase.JSON)),
        (key(6, "aire", "12345678", "pdf"), Named("aire", "12345678", Clase.PDF)),
        (
            "Central_De_Escritos/general/01_raw_data/oficina_virtual/misc/PQR_3_20251012_184500.pdf",
            Named(None, "", Clase.PDF),
        ),
        ("afinia/01_raw_data/oficina_virtual/12345678_0123456789ab.pdf", Named("afinia", "12345678", None)),
        (
            "afinia/01_raw_data/oficina_virtual/csv/2025/10/13/afinia_2025-10-13_0123456789ab.csv",
            Named("afinia", "", Clase.CSV),
        ),
        ("afinia/03_reports/2025/10/13/x.html", Named(None, "", None)),
    ],
)
def test_what_a_key_says(where, expected):
    assert named(where) == expected
    if expected.empresa:
        assert where.startswith(tuple(raw_prefixes(expected.empresa)))


class File:
    def __init__(self, n: int, radicado: str, clase: str = "adjunto", empresa: str = "afinia"):
        self.archivo_id, self.numero_radicado, self.clase, self.empresa = n, radicado, clase, empresa
        self.nombre, self.hash_archivo, self.tamano, self.ruta_local = f"{n}.pdf", "h", 1, ""


@pytest.mark.parametrize(
    ("numbers", "numero", "clase", "expected"),
    [
        ({"RE1": {"1"}}, "RE1", Clase.ADJUNTO, (1, "")),
        ({"RE1": {"2"}}, "RE1", Clase.ADJUNTO, (2, "")),
        ({"RE1": {"1", "2"}}, "RE1", Clase.ADJUNTO, (None, "ambiguo")),
        ({"RE1": {"1", "9"}}, "RE1", Clase.ADJUNTO, (1, "")),
        ({"RE1": {"9"}}, "RE1", Clase.ADJUNTO, (None, "otro_reclamo")),
        ({}, "2", Clase.ADJUNTO, (2, "")),
        ({}, "RE-unknown", Clase.ADJUNTO, (None, "ambiguo")),
        ({}, "", Clase.PDF, (3, "")),
        ({}, "", Clase.JSON, (None, "otro_reclamo")),
    ],
)
def test_a_hash_alone_never_says_whose_it_is(numbers, numero, clase, expected):
    files = [File(1, "1"), File(2, "2"), File(3, "3", "pdf")]
    claims = Claims(files, {"afinia": {n: frozenset(r) for n, r in numbers.items()}})
    file, why = claims.take(Named("afinia", numero, clase), "h")
    assert (file and file.archivo_id, why) == expected


def test_a_second_object_of_the_same_file_is_a_copy():
    claims = Claims([File(1, "1")], {})
    assert claims.take(Named("afinia", "1", None), "h")[0]
    assert claims.take(Named("afinia", "1", None), "h") == (None, "copia")
    assert claims.take(Named("aire", "", None), "h") == (None, "otro_reclamo")
    assert claims.take(Named("afinia", "", None), "other") == (None, "desconocido")


@pytest.mark.parametrize(
    ("sizes", "shared", "copies"),
    [
        pytest.param({"afinia": 46, "aire": 4}, 3, 1, id="small"),
        pytest.param(
            {"afinia": 464, "aire": 20},
            26,
            6,
            id="full",
            marks=pytest.mark.skipif(not FULL_SIZE, reason="set OV_TEST_FULL_SIZE for the whole bucket"),
        ),
    ],
)
def test_an_adopted_bucket_uploads_nothing_twice(world, sizes, shared, copies):
    """Must show 7. Besides `shared` and `copies`, one object whose row failed the CHECK (`pre_existing`)."""
    left = leave(world, sizes, shared, copies)
    without_row = shared + copies + 1
    lost = drop_one_row(left)
    assert len(left.objects) == sum(sizes.values()) + copies
    assert len(world.rows()) == len(left.objects) - without_row

    writes = count_writes(world.bucket.client)
    report = run(world, apply=True)
    assert report.changed == Counter(
        enlazar=sum(sizes.values()) - shared - 1, adoptar=shared + 1, anotar=copies
    )
    assert report.agrees
    assert lost in {f.clave for f in report.findings if f.accion is Accion.ADOPTAR}
    for company in sizes:
        world.company = company
        diff = world.look()
        assert (diff.complete, diff.files) == (True, sizes[company])
        assert world.run() == {}, "nothing is left to upload"
    assert writes == [], "no object was written, copied or deleted"
    assert world.objects() == left.objects
    assert len(world.rows()) == len(left.objects), "every object has its row"
    assert set(world.rows("estado_carga")) == {"pre_existente"}
    assert None not in world.rows("verificado_en")
    again = run(world, apply=True)
    assert again.agrees
    assert not again.changed


def drop_one_row(left: Left) -> str:
    """`pre_existing` failed its CHECK: the uploader said yes and the registry has nothing."""
    found = key(1, "afinia", "RE2210000006", "json")
    left.world.conn.execute("DELETE FROM data_general.registros_ov_s3 WHERE clave_s3 = %s", (found,))
    left.world.conn.commit()
    return found


def test_a_row_whose_object_has_other_bytes_is_not_adopted(world):
    left = Left(world)
    sgc = left.claim("afinia", 1, ("pdf",))
    left.put(where := key(6, "afinia", sgc, "pdf"), b"%PDF-damaged")
    left.register("afinia", where, sgc, bytes_of("afinia", 1, "pdf"))
    report = run(world, apply=True)
    assert {f.clave: f.accion for f in report.findings if f.clave == where} == {where: Accion.CONFLICTO}
    assert world.run() == {"subido": 1}
    assert dict(world.rows("clave_s3, estado_carga"))[where] == "conflicto"


def test_what_the_predecessor_had_and_is_not_on_record_stays_as_it_is(world):
    """Its bulk script left bucket_s3 out."""
    world.conn.execute("ALTER TABLE data_general.registros_ov_s3 ALTER bucket_s3 DROP NOT NULL")
    left = Left(world)
    left.put(where := key(6, "aire", "RE2229999999", "pdf"), b"%PDF-old")
    left.register("aire", where, "RE2229999999", b"%PDF-old", bucket_s3=None, url_s3="s3://x", metadatos=None)
    assert run(world, apply=True).changed == {"verificar": 1}
    again = run(world)
    assert again.agrees
    assert [(f.simbolo, f.motivo) for f in again.findings] == [("-", "sin_archivo")]
    assert world.rows("bucket_s3, estado_carga, hash_archivo") == [
        (world.bucket.name, "subido", sha256(b"%PDF-old"))
    ]


def test_the_run_of_a_day_adopts_what_was_there_before_its_files_were_on_record(world):
    """The usual order: the bucket is reconciled first, and the days are captured again afterwards."""
    left = leave(world, {"afinia": 30}, 3, 0)
    files = world.conn.execute("DELETE FROM data_general.archivos_ov RETURNING *").fetchall()
    world.conn.commit()
    first = run(world, apply=True)
    assert first.changed == {"verificar": 27, "cuarentena": 3}
    assert run(world).agrees

    names = [
        column.name for column in world.conn.execute("SELECT * FROM data_general.archivos_ov").description
    ]
    marks = ", ".join(["%s"] * (len(names) - 1))
    with world.conn.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO data_general.archivos_ov ({', '.join(names[1:])}) VALUES ({marks})",  # noqa: S608
            [row[1:] for row in files],
        )
    world.conn.commit()
    writes = count_writes(world.bucket.client)
    assert adopt_partition(world.conn, world.bucket, "afinia", world.day).filas == 30
    assert adopt_partition(world.conn, world.bucket, "afinia", world.day).filas == 0
    world.company = "afinia"
    assert (world.run(), writes) == ({}, [])
    assert world.look().complete
    assert left.objects.items() <= world.objects().items()
    assert run(world).agrees
