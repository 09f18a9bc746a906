import asyncio
import base64
import hashlib
import os
from datetime import UTC, datetime, timedelta

import pytest

from ov_assets.s3 import uploader
from ov_assets.s3.errors import S3AccessDeniedError, S3DownError, S3Error, s3_error
from ov_assets.s3.inventory import list_keys, list_objects
from ov_assets.s3.uploader import Limits, Resultado, UploadItem, unconfirmed, upload_many
from ov_assets_tests.flow.world import open_bucket, sha256
from ov_assets_tests.s3.faulty import DAMAGE, DROP, PASS, answer, faulty

QUICK = Limits(attempts=3, retry_seconds=5, batch=1)
KEY = "afinia/01_raw_data/oficina_virtual/pdf/2025/10/13/1_aaaaaaaaaaaa.pdf"
PDF = b"%PDF-1.7\n" + b"x" * 1000


@pytest.fixture
def item(tmp_path):
    def make(data=PDF, key=KEY, number=1, name="a.pdf"):
        path = tmp_path / f"{number}-{name}"
        path.write_bytes(data)
        return UploadItem(number, key, path, sha256(data))

    return make


def run(store, items, limits=QUICK, **more):
    return asyncio.run(upload_many(store, items, limits, **more))


def test_d20_upload_is_verified_by_the_server_and_names_nobody(store, item):
    (outcome,) = run(store, [item()])
    head = store.client.head_object(Bucket=store.name, Key=KEY, ChecksumMode="ENABLED")
    assert outcome.resultado is Resultado.SUBIDO
    assert base64.b64decode(head["ChecksumSHA256"]).hex() == sha256(PDF)
    assert (head["ContentLength"], head["ETag"].strip('"')) == (len(PDF), outcome.etag)
    assert head["ContentType"] == outcome.tipo_contenido == "application/pdf"
    assert head["Metadata"] == {"sha256": sha256(PDF)}
    assert store.client.get_object(Bucket=store.name, Key=KEY)["Body"].read() == PDF
    assert unconfirmed([outcome], list_objects(store, ["afinia/"])) == []


def test_same_bytes_at_the_key_are_taken_over_not_written(store, item):
    run(store, [item()])
    before = store.client.head_object(Bucket=store.name, Key=KEY)["LastModified"]
    (outcome,) = run(store, [item()])
    assert (outcome.resultado, outcome.in_s3) == (Resultado.YA_ESTABA, True)
    assert store.client.head_object(Bucket=store.name, Key=KEY)["LastModified"] == before


def test_object_without_a_stored_checksum_is_read_and_hashed(store, item):
    store.client.put_object(Bucket=store.name, Key=KEY, Body=PDF, Metadata={"sha256": "0" * 64})
    assert run(store, [item()])[0].resultado is Resultado.YA_ESTABA


@pytest.mark.parametrize("there", [b"other", PDF.replace(b"x", b"y")], ids=["other size", "same size"])
def test_d9_other_bytes_at_the_key_are_never_overwritten(store, item, there):
    # Its user metadata claims the right hash; that is only what somebody wrote.
    store.client.put_object(Bucket=store.name, Key=KEY, Body=there, Metadata={"sha256": sha256(PDF)})
    (outcome,) = run(store, [item()])
    assert (outcome.resultado, outcome.in_s3) == (Resultado.CONFLICTO, False)
    assert store.client.get_object(Bucket=store.name, Key=KEY)["Body"].read() == there


def test_missing_and_altered_local_files_send_nothing(store, item):
    missing, altered, folder = item(number=1), item(number=2, key="b"), item(number=3, key="c")
    missing.path.unlink()
    altered.path.write_bytes(PDF.replace(b"x", b"y"))
    folder.path.unlink()
    folder.path.mkdir()
    found = {outcome.item.id: outcome for outcome in run(store, [missing, altered, folder])}
    assert (found[1].resultado, found[1].detalle) == (Resultado.FALTA_LOCAL, "no_esta_en_disco")
    assert (found[2].resultado, found[2].detalle) == (Resultado.FALTA_LOCAL, "alterado_en_disco")
    assert (found[3].resultado, found[3].detalle) == (Resultado.ERROR, "disco: IsADirectoryError")
    assert list(list_objects(store, [""])) == []


def test_d10_wrong_credentials_are_raised_and_not_missing(bucket, store, item, monkeypatch):
    run(store, [item()])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    refused = open_bucket(bucket.name, bucket.endpoint_url, bucket.region)
    with pytest.raises(S3AccessDeniedError) as caught:
        run(refused, [item(key="new")])
    assert caught.value.status == 403
    with pytest.raises(S3AccessDeniedError):
        list(list_objects(refused, ["afinia/"]))
    assert [found.key for found in list_objects(store, [""])] == [KEY]


def test_no_credentials_at_all_are_raised(bucket, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(S3AccessDeniedError):
        open_bucket(bucket.name, bucket.endpoint_url, bucket.region)


def test_c3_server_down_is_raised_and_never_an_empty_listing(bucket, item):
    down = open_bucket(bucket.name, "http://127.0.0.1:1", bucket.region)
    with pytest.raises(S3DownError):
        run(down, [item(number=n, key=f"k{n}") for n in range(50)])
    with pytest.raises(S3DownError):
        list(list_objects(down, ["afinia/"]))


def test_what_was_finished_before_an_outage_is_handed_over(bucket, item):
    seen = []
    with faulty(bucket.endpoint_url, PASS, PASS, answer(403, "AccessDenied")) as proxy:
        store = open_bucket(bucket.name, proxy.endpoint_url, bucket.region)
        with pytest.raises(S3AccessDeniedError):
            run(
                store,
                [item(number=n, key=f"k{n}") for n in range(5)],
                Limits(concurrency=1, attempts=1),
                on_batch=seen.extend,
            )
    assert [outcome.item.id for outcome in seen] == [0, 1]
    assert proxy.connections == 3


@pytest.mark.parametrize(
    "fault", [answer(503, "SlowDown"), answer(500, "InternalError"), answer(400, "RequestTimeout")]
)
def test_d18_passing_errors_are_tried_again(bucket, item, fault):
    with faulty(bucket.endpoint_url, fault, PASS) as proxy:
        (outcome,) = run(open_bucket(bucket.name, proxy.endpoint_url, bucket.region), [item()])
    assert (outcome.resultado, proxy.connections) == (Resultado.SUBIDO, 2)


def test_409_of_two_conditional_writes_is_tried_again(bucket, item):
    # obstore reads it as "exists"; the HEAD that follows finds nothing, which is a reason for another try.
    with faulty(bucket.endpoint_url, answer(409, "ConditionalRequestConflict"), PASS) as proxy:
        (outcome,) = run(open_bucket(bucket.name, proxy.endpoint_url, bucket.region), [item()])
    assert outcome.resultado is Resultado.SUBIDO


def test_d18_permanent_errors_are_not_tried_again(bucket, item):
    with faulty(bucket.endpoint_url, answer(400, "KeyTooLongError")) as proxy:
        (outcome,) = run(open_bucket(bucket.name, proxy.endpoint_url, bucket.region), [item()])
    assert (outcome.resultado, outcome.permanente, outcome.detalle, proxy.connections) == (
        Resultado.ERROR,
        True,
        "s3: 400 KeyTooLongError",
        1,
    )


def test_lost_answer_after_the_commit_makes_no_second_object(bucket, store, item):
    with faulty(bucket.endpoint_url, DROP, PASS) as proxy:
        (outcome,) = run(open_bucket(bucket.name, proxy.endpoint_url, bucket.region), [item()])
    assert outcome.resultado is Resultado.SUBIDO  # not one that was there before us
    assert [found.key for found in list_objects(store, [""])] == [KEY]


def test_bytes_damaged_on_the_way_are_refused_by_s3_and_sent_again(bucket, store, item):
    with faulty(bucket.endpoint_url, DAMAGE, PASS) as proxy:
        (outcome,) = run(open_bucket(bucket.name, proxy.endpoint_url, bucket.region), [item()])
    assert (outcome.resultado, proxy.connections) == (Resultado.SUBIDO, 2)
    assert store.client.get_object(Bucket=store.name, Key=KEY)["Body"].read() == PDF


def test_bytes_damaged_each_time_make_no_object(bucket, store, item):
    with faulty(bucket.endpoint_url, DAMAGE) as proxy:
        (outcome,) = run(open_bucket(bucket.name, proxy.endpoint_url, bucket.region), [item()])
    assert (outcome.resultado, outcome.permanente) == (Resultado.ERROR, False)
    assert "BadDigest" in outcome.detalle
    assert list(list_objects(store, [""])) == []


def test_only_errors_of_its_own_count_as_down(bucket, item):
    limits = Limits(concurrency=4, attempts=1, passing_in_a_row=6)
    seen = []
    with (
        faulty(bucket.endpoint_url, answer(503, "SlowDown")) as proxy,
        pytest.raises(S3DownError),
    ):
        store = open_bucket(bucket.name, proxy.endpoint_url, bucket.region)
        run(store, [item(number=n, key=f"k{n}") for n in range(100)], limits, on_batch=seen.extend)
    assert {outcome.resultado for outcome in seen} == {Resultado.ERROR}
    assert 6 <= len(seen) <= 10


def test_a_busy_server_that_takes_some_between_is_not_down(bucket, item):
    """Each other object passes: there are never so many errors in a row."""
    limits = Limits(concurrency=1, attempts=1, passing_in_a_row=2)
    refused = answer(503, "SlowDown")
    with faulty(bucket.endpoint_url, *[refused, PASS] * 4, PASS) as proxy:
        store = open_bucket(bucket.name, proxy.endpoint_url, bucket.region)
        found = run(store, [item(number=n, key=f"k{n}") for n in range(8)], limits)
    results = [outcome.resultado for outcome in found]
    assert results == [Resultado.ERROR, Resultado.SUBIDO] * 4


def test_two_uploaders_at_once_one_object_each(store, item):
    items = [item(PDF + bytes([n]), f"k/{n}.pdf", n) for n in range(40)]

    async def both():
        return await asyncio.gather(upload_many(store, items), upload_many(store, items))

    one, other = asyncio.run(both())
    assert len(one) == len(other) == 40
    assert all(outcome.in_s3 for outcome in one + other)
    wrote = [o.item.id for o in one + other if o.resultado is Resultado.SUBIDO]
    assert sorted(wrote) == list(range(40))


@pytest.fixture
def in_parts():
    return Limits(attempts=2, retry_seconds=5, multipart_bytes=6 << 20, part_bytes=5 << 20)


@pytest.fixture
def large():
    return b"%PDF-1.7\n" + os.urandom(11 << 20)


def test_large_file_in_parts(store, item, large, in_parts):
    (outcome,) = run(store, [item(large)], in_parts)
    assert outcome.resultado is Resultado.SUBIDO
    assert outcome.etag.endswith("-3")
    found = store.client.get_object(Bucket=store.name, Key=KEY)
    assert found["Body"].read() == large
    assert (found["ContentType"], found["Metadata"]) == ("application/pdf", {"sha256": sha256(large)})
    assert unconfirmed([outcome], list_objects(store, [""])) == []
    (again,) = run(store, [item(large)], in_parts)
    assert again.resultado is Resultado.YA_ESTABA


def test_large_file_never_overwrites_and_leaves_no_parts(store, item, large, in_parts):
    store.client.put_object(Bucket=store.name, Key=KEY, Body=b"other")
    altered = item(large, number=2, key="altered")
    altered.path.write_bytes(large + b"!")
    found = {o.item.id: o for o in run(store, [item(large), altered], in_parts)}
    assert found[1].resultado is Resultado.CONFLICTO
    assert (found[2].resultado, found[2].detalle) == (Resultado.FALTA_LOCAL, "alterado_en_disco")
    assert [(o.key, o.size) for o in list_objects(store, [""])] == [(KEY, 5)]
    assert not store.client.list_multipart_uploads(Bucket=store.name).get("Uploads")


def test_storage_class_is_set_both_ways(bucket, item, large, in_parts):
    cold = open_bucket(bucket.name, bucket.endpoint_url, bucket.region, storage_class="STANDARD_IA")
    run(cold, [item(), item(large, number=2, key="large")], in_parts)
    for key in (KEY, "large"):
        assert cold.client.head_object(Bucket=cold.name, Key=key)["StorageClass"] == "STANDARD_IA"


def test_verification_sees_a_missing_and_an_altered_object(store, item):
    outcomes = run(store, [item(), item(number=2, key="b"), item(number=3, key="c"), item(number=4, key="d")])
    store.client.delete_object(Bucket=store.name, Key=KEY)
    store.client.put_object(Bucket=store.name, Key="b", Body=b"short")
    store.client.put_object(Bucket=store.name, Key="d", Body=PDF + b"longer")
    store.client.put_object(Bucket=store.name, Key="c", Body=PDF.replace(b"x", b"y"))
    found = unconfirmed(outcomes, list_objects(store, [""]))
    assert sorted((o.item.id, why) for o, why in found) == [
        (1, "no_esta_en_s3"),
        (2, "otro_tamano"),
        (3, "otro_etag"),
        (4, "otro_tamano"),
    ]


def test_an_error_of_the_callers_own_stops_the_upload_and_goes_up(store, item):
    class RegistryDownError(Exception):
        pass

    def refuse(batch):
        raise RegistryDownError

    with pytest.raises(RegistryDownError):
        run(
            store,
            [item(number=n, key=f"k{n}") for n in range(50)],
            Limits(concurrency=2, batch=1),
            on_batch=refuse,
        )
    assert len(list(list_objects(store, [""]))) <= 4


def test_retries_do_not_write_the_bytes_into_a_log(bucket, item, caplog):
    with faulty(bucket.endpoint_url, answer(503, "SlowDown"), PASS) as proxy, caplog.at_level("DEBUG"):
        run(open_bucket(bucket.name, proxy.endpoint_url, bucket.region), [item(b"%PDF-" + b"SECRETO" * 9)])
    assert not [r for r in caplog.records if "SECRETO" in str(r.__dict__)]
    assert uploader.stamina  # the retries are stamina's


def test_expired_token_is_a_refusal_although_it_answers_400():
    from botocore.exceptions import ClientError

    error = ClientError(
        {"Error": {"Code": "ExpiredToken"}, "ResponseMetadata": {"HTTPStatusCode": 400}}, "Put"
    )
    assert isinstance(s3_error(error, "PUT x"), S3AccessDeniedError)


def test_listing_goes_on_past_1000_keys_and_takes_any_key(store):
    for n in range(1003):
        store.client.put_object(Bucket=store.name, Key=f"p/{n:05}", Body=b"")
    for key in ("p/año 1%&.txt", "p/\x01 %41+<b>", "p/carpeta/"):
        store.client.put_object(Bucket=store.name, Key=key, Body=b"" if key.endswith("/") else b"ab")
    found = {o.key: o for o in list_objects(store, ["p/"])}
    assert len(found) == 1006
    assert found["p/año 1%&.txt"].size == found["p/\x01 %41+<b>"].size == 2
    assert found["p/año 1%&.txt"].etag == hashlib.md5(b"ab", usedforsecurity=False).hexdigest()
    assert datetime.now(UTC) - found["p/carpeta/"].last_modified < timedelta(hours=1)
    asked = ["p/00002", "p/01002", "p/00501x", "q/1", "p/año 1%&.txt"]
    assert [o.key for o in list_keys(store, asked)] == ["p/00002", "p/01002", "p/año 1%&.txt"]
    assert list(list_keys(store, [])) == []


def test_c3_a_listing_of_some_keys_raises_too(bucket):
    with faulty(bucket.endpoint_url, answer(403, "AccessDenied")) as proxy:
        refused = open_bucket(bucket.name, proxy.endpoint_url, bucket.region)
        with pytest.raises(S3AccessDeniedError):
            list(list_keys(refused, [KEY]))
    with faulty(bucket.endpoint_url, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<Conten") as proxy:
        cut = open_bucket(bucket.name, proxy.endpoint_url, bucket.region)
        with pytest.raises(S3Error):
            list(list_objects(cut, ["p/"]))


def test_it_stops_at_the_failure_that_makes_the_number(bucket, item):
    limits = Limits(concurrency=1, attempts=1, passing_in_a_row=6)
    seen = []
    with (
        faulty(bucket.endpoint_url, answer(503, "SlowDown")) as proxy,
        pytest.raises(S3DownError),
    ):
        store = open_bucket(bucket.name, proxy.endpoint_url, bucket.region)
        run(store, [item(number=n, key=f"k{n}") for n in range(20)], limits, on_batch=seen.extend)
    assert len(seen) == 6
