"""An object that can't be read or copied is named and stops nothing; a refusal of all is never that."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest

from ov_assets.flow.adoption import adopt_partition
from ov_assets.flow.reconcile.run import Report, Request, reconcile
from ov_assets.flow.relayout import migrate
from ov_assets.s3.errors import S3AccessDeniedError, S3Error
from ov_assets.s3.inventory import list_objects
from ov_assets.s3.keys import Layout
from ov_assets.s3.objects import digests, quarantine_key
from ov_assets_tests.flow.predecessor import leave
from ov_assets_tests.flow.world import DAY, World, open_bucket
from ov_assets_tests.s3.faulty import PASS, answer, faulty

FOLDER = f"afinia/01_raw_data/oficina_virtual/pdf/{DAY:%Y/%m/%d}"
Spoil = Callable[[str, str], bytes | None]


@pytest.fixture
def world(store, database, data_dir) -> Iterator[World]:
    with psycopg.connect(**database) as conn:
        yield World(conn, store, data_dir)


@contextmanager
def spoilt(world: World, spoil: Spoil) -> Iterator[World]:
    """The same world, its bucket behind a proxy that answers in S3's place where `spoil` says so."""
    settings = world.bucket.settings
    with faulty(settings.endpoint_url, spoil) as proxy:
        bucket = open_bucket(settings.name, proxy.endpoint_url, settings.region)
        yield World(world.conn, bucket, world.data_dir)


def refuse(answered: bytes, *keys: str, methods: tuple[str, ...] = ("HEAD", "GET")) -> Spoil:
    return lambda method, path: answered if method in methods and path.endswith(keys) else PASS


def report(world: World, **asked) -> Report:
    request = Request(**{"min_age": timedelta(0)} | asked)
    return reconcile(world.conn, world.bucket, world.data_dir, Layout.COMPLETA, request)


def uploaded(world: World, count: int) -> list[str]:
    """The keys of so many files in S3 whose bytes have to be looked at again."""
    for n in range(count):
        world.put_on_record(f"{n:08d}", "pdf", "detalle.pdf", b"%PDF-" + b"x" * n)
    world.run()
    world.conn.execute("UPDATE data_general.registros_ov_s3 SET etag = NULL")
    world.conn.commit()
    return [item.key for item in list_objects(world.bucket, [FOLDER])]


@pytest.mark.parametrize(
    ("answered", "methods", "code"),
    [
        (answer(403, "AccessDenied"), ("HEAD", "GET"), "403"),
        (answer(400, "KMS"), ("HEAD",), "400"),
    ],
)
def test_one_that_is_refused_is_named_and_the_others_are_settled(world, answered, methods, code):
    refused, *others = uploaded(world, 4)
    with spoilt(world, refuse(answered, refused, methods=methods)) as beside:
        done = report(beside, apply=True)
    said = {f.clave: (f.motivo, f.detalle) for f in done.findings}
    assert said == {refused: ("no_se_pudo_leer", code)} | {key: ("etag_nuevo", "") for key in others}
    assert done.changed == {"verificar": 3}
    assert not done.agrees
    assert dict(world.rows("clave_s3, estado_carga")) == dict.fromkeys([refused, *others], "subido")


def test_the_body_of_an_archived_object_is_refused_by_its_code(world):
    """Written without a checksum, so its bytes have to be read."""
    world.bucket.client.put_object(Bucket=world.bucket.name, Key=f"{FOLDER}/9_a.pdf", Body=b"%PDF-9")
    spoil = refuse(answer(403, "InvalidObjectState"), "9_a.pdf", methods=("GET",))
    with spoilt(world, spoil) as beside:
        (finding,) = report(beside).findings
    assert (finding.motivo, finding.detalle, finding.accion) == ("no_se_pudo_leer", "InvalidObjectState", "")


def test_the_only_one_to_look_at_stops_nothing_either(world):
    """A key that nobody has tells: whoever may read hears that it isn't there."""
    (key,) = uploaded(world, 1)
    with spoilt(world, refuse(answer(403, "AccessDenied"), key)) as beside:
        (finding,) = report(beside).findings
    assert (finding.motivo, finding.detalle) == ("no_se_pudo_leer", "403")


@pytest.mark.parametrize("methods", [("HEAD",), ("HEAD", "GET")])
def test_a_refusal_of_everything_is_raised(world, methods):
    uploaded(world, 3)
    rows = world.rows("clave_s3, estado_carga, etag")
    with (
        spoilt(world, refuse(answer(403, "AccessDenied"), "", methods=methods)) as beside,
        pytest.raises(S3AccessDeniedError),
    ):
        report(beside, apply=True)
    world.conn.rollback()
    assert world.rows("clave_s3, estado_carga, etag") == rows


@pytest.mark.parametrize("status", [403, 400])
def test_credentials_that_end_half_way_are_raised_too(world, status):
    """An expired token answers a HEAD with a bare 400, as a disabled key does."""
    keys = uploaded(world, 12)
    heads = iter(range(100))

    def spoil(method: str, path: str) -> bytes | None:
        return answer(status, "ExpiredToken") if method == "HEAD" and next(heads) >= 5 else PASS

    with spoilt(world, spoil) as beside, pytest.raises(S3Error, match=str(status)):
        digests(beside.bucket, keys)


def test_no_answer_about_one_is_no_answer_about_its_bytes(world):
    keys = uploaded(world, 2)
    spoil = refuse(answer(503, "SlowDown"), keys[0])
    with spoilt(world, spoil) as beside, pytest.raises(S3Error, match="503"):
        digests(beside.bucket, keys)


def test_a_partition_is_adopted_without_the_one_that_cannot_be_read(world):
    left = leave(world, {"afinia": 12}, 0, 0)
    refused = sorted(left.objects)[0]
    with spoilt(world, refuse(answer(403, "AccessDenied"), refused)) as beside:
        adopted = adopt_partition(world.conn, beside.bucket, "afinia", world.day)
    world.conn.commit()
    assert (adopted.filas, adopted.sin_leer) == (11, {refused: "403"})
    states = {key: file for key, file in world.rows("clave_s3, archivo_id") if file is None}
    assert list(states) == [refused]


TOO_LARGE = answer(400, "InvalidRequest")  # S3 copies up to 5 GB at once


def nobodys(world: World, count: int) -> list[str]:
    """The keys of so many objects that no file on record explains."""
    keys = [f"{FOLDER}/9{n}_0123456789ab.pdf" for n in range(count)]
    for key in keys:
        world.bucket.client.put_object(Bucket=world.bucket.name, Key=key, Body=b"%PDF-" + key.encode())
    return keys


@pytest.mark.parametrize(
    ("answered", "code"), [(answer(403, "AccessDenied"), "AccessDenied"), (TOO_LARGE, "InvalidRequest")]
)
@pytest.mark.parametrize("count", [3, 1])
def test_one_that_cannot_be_copied_to_the_quarantine_is_named(world, answered, code, count):
    verified = uploaded(world, 2)
    refused, *others = nobodys(world, count)
    spoil = refuse(answered, quarantine_key(refused), methods=("PUT",))
    with spoilt(world, spoil) as beside:
        done = report(beside, apply=True)
    said = {f.clave: (f.motivo, f.detalle, f.accion) for f in done.findings}
    assert said[refused] == ("no_se_pudo_copiar", code, "")
    assert done.changed == {"verificar": 2} | ({"cuarentena": count - 1} if others else {})
    assert not done.agrees
    assert dict(world.rows("clave_s3, estado_carga")) == dict.fromkeys(verified, "subido") | dict.fromkeys(
        others, "conflicto"
    )
    assert {k for k in world.objects() if k.startswith("_")} == {quarantine_key(k) for k in others}
    assert report(world, apply=True).agrees, "the next one copies it"


def test_a_quarantine_that_nobody_may_write_is_raised(world):
    keys = nobodys(world, 3)
    spoil = refuse(answer(403, "AccessDenied"), "", methods=("PUT",))
    with spoilt(world, spoil) as beside, pytest.raises(S3AccessDeniedError):
        report(beside, apply=True)
    world.conn.rollback()
    assert (world.rows(), set(world.objects())) == ([], set(keys))


@pytest.mark.parametrize("methods", [("HEAD",), ("PUT",)])
@pytest.mark.parametrize("count", [3, 1])
def test_one_that_cannot_be_migrated_stays_and_the_others_move(world, methods, count):
    refused, *others = uploaded(world, count)
    name = refused.rpartition("/")[2]
    with spoilt(world, refuse(answer(403, "AccessDenied"), name, methods=methods)) as beside:
        done = migrate(world.conn, beside.bucket, Layout.MINIMA)
    code = "403" if methods == ("HEAD",) else "AccessDenied"
    assert dict(done.pasos) == {f"error {code}": 1} | ({"copiado": count - 1} if others else {})
    assert (done.cambiados, done.sin_mover, done.complete) == (count - 1, [refused], False)
    moved = {f"afinia/oficina_virtual/{key.rpartition('/')[2]}" for key in others}
    assert set(world.rows("clave_s3")) == {refused} | moved
    assert migrate(world.conn, world.bucket, Layout.MINIMA).complete


@pytest.mark.parametrize("answered", [answer(403, "AccessDenied"), answer(400, "ExpiredToken")])
def test_a_migration_that_may_copy_nothing_is_raised(world, answered):
    keys = uploaded(world, 3)
    spoil = refuse(answered, "", methods=("PUT",))
    with spoilt(world, spoil) as beside, pytest.raises(S3AccessDeniedError):
        migrate(world.conn, beside.bucket, Layout.MINIMA)
    world.conn.rollback()
    assert world.rows("clave_s3") == keys
