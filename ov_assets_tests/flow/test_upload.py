"""What an upload writes down: only what a listing confirms, and nothing that an outage left undone."""

from collections import Counter
from collections.abc import Iterator
from hashlib import md5

import psycopg
import pytest

from ov_assets.days import CompanyDay
from ov_assets.flow.upload import settle, upload_claimed
from ov_assets.s3.errors import S3DownError
from ov_assets.s3.uploader import Limits, Outcome, Resultado, UploadItem
from ov_assets.sandbox.ports import free_port
from ov_assets_tests.flow.world import COMPANY, DAY, World, open_bucket

PDF = b"%PDF-1"


@pytest.fixture
def world(store, database, data_dir) -> Iterator[World]:
    with psycopg.connect(**database) as conn:
        world = World(conn, store, data_dir)
        for n in range(4):
            world.put_on_record(f"{n:08d}", "pdf", "detalle.pdf", PDF + b"x" * n)
        world.plan()
        yield world


def put(world: World, item: UploadItem, data: bytes) -> None:
    world.bucket.client.put_object(Bucket=world.bucket.name, Key=item.clave, Body=data)


def test_only_what_the_listing_shows_as_it_was_sent_counts_as_uploaded(world):
    there, absent, shorter, other = world.items(world.claim("me"))
    put(world, there, there.path.read_bytes())
    put(world, shorter, b"%PDF")
    put(world, other, other.path.read_bytes()[::-1])
    outcomes = [
        Outcome(
            item,
            Resultado.SUBIDO,
            item.path.stat().st_size,
            md5(item.path.read_bytes(), usedforsecurity=False).hexdigest(),
        )
        for item in (there, absent, shorter, other)
    ]
    settle(world.conn, world.bucket, "me", outcomes)
    assert dict(world.rows("clave_s3, (estado_carga, ultimo_error)::text")) == {
        there.clave: "(subido,)",
        absent.clave: "(error,no_esta_en_s3)",
        shorter.clave: "(error,otro_tamano)",
        other.clave: "(error,otro_etag)",
    }


def test_what_an_outage_left_undone_can_be_claimed_at_once(world, bucket, monkeypatch):
    monkeypatch.setattr("ov_assets.flow.upload.LIMITS", Limits(attempts=2, retry_seconds=1))
    nowhere = open_bucket(bucket.name, f"http://127.0.0.1:{free_port()}", bucket.region)
    with pytest.raises(S3DownError):
        upload_claimed(CompanyDay(COMPANY, DAY), world.conn, nowhere, world.data_dir)
    world.conn.commit()
    assert set(world.rows()) == {"pendiente"}
    assert len(world.claim("another")) == 4


def test_each_file_has_an_outcome(world):
    (world.data_dir / "raw" / COMPANY / str(DAY) / "00000003" / "detalle.pdf").unlink()
    outcomes = upload_claimed(CompanyDay(COMPANY, DAY), world.conn, world.bucket, world.data_dir)
    assert Counter(outcome.resultado for outcome in outcomes) == {
        Resultado.SUBIDO: 3,
        Resultado.FALTA_LOCAL: 1,
    }
