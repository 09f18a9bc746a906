"""What S3 answers, taken for what it means: another try, another region, a code to keep by its name."""

import asyncio
import hashlib
from urllib.parse import unquote

import pytest

from ov_assets.s3.errors import S3RegionError
from ov_assets.s3.inventory import list_objects
from ov_assets.s3.uploader import Limits, Resultado, UploadItem, upload_many
from ov_assets_tests.flow.world import open_bucket, sha256
from ov_assets_tests.s3.faulty import PASS, answer, faulty

QUICK = Limits(attempts=3, retry_seconds=5, batch=1)
KEY = "afinia/01_raw_data/oficina_virtual/pdf/2025/10/13/1_aaaaaaaaaaaa.pdf"
PDF = b"%PDF-1.7\n" + b"x" * 1000


@pytest.fixture
def item(tmp_path):
    def make(key=KEY, data=PDF):
        path = tmp_path / f"{hashlib.sha256(key.encode()).hexdigest()}.pdf"
        path.write_bytes(data)
        return UploadItem(1, key, path, sha256(data))

    return make


def upload(store, item):
    (outcome,) = asyncio.run(upload_many(store, [item], QUICK))
    return outcome


@pytest.mark.parametrize(
    "code", ["IncompleteBody", "XAmzContentSHA256Mismatch", "ThrottlingException", "KMS.ThrottlingException"]
)
def test_a_refusal_that_passes_is_tried_again_and_not_parked(bucket, item, code):
    with faulty(bucket.endpoint_url, answer(400, code), PASS) as proxy:
        outcome = upload(open_bucket(bucket.name, proxy.endpoint_url, bucket.region), item())
    assert outcome.resultado is Resultado.SUBIDO


def test_a_code_with_a_dot_keeps_its_name(bucket, item):
    with faulty(bucket.endpoint_url, answer(400, "KMS.DisabledException")) as proxy:
        outcome = upload(open_bucket(bucket.name, proxy.endpoint_url, bucket.region), item())
    assert (outcome.resultado, outcome.permanente) == (Resultado.ERROR, True)
    assert outcome.detalle == "s3: 400 KMS.DisabledException"


def elsewhere(status: int, code: str, region: str = "", header: str = "") -> bytes:
    """How AWS answers to whom the bucket isn't: with the region in the body, in a header, or not at all."""
    told = f"<Region>{region}</Region>" if region else ""
    body = f"<Error><Code>{code}</Code><Message>x</Message>{told}</Error>".encode()
    told = f"x-amz-bucket-region: {header}\r\n" if header else ""
    head = f"HTTP/1.1 {status} X\r\n{told}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


@pytest.mark.parametrize(
    ("said", "region"),
    [
        (elsewhere(301, "PermanentRedirect"), None),
        (elsewhere(400, "AuthorizationHeaderMalformed", "eu-west-1"), "eu-west-1"),
        (elsewhere(400, "IllegalLocationConstraintException"), None),
    ],
)
def test_an_upload_to_another_region_says_so(bucket, item, said, region):
    with faulty(bucket.endpoint_url, said) as proxy:
        store = open_bucket(bucket.name, proxy.endpoint_url, bucket.region)
        with pytest.raises(S3RegionError, match="AWS_REGION is wrong") as raised:
            upload(store, item())
    assert raised.value.region == region
    assert (region or "another region") in str(raised.value)


@pytest.mark.parametrize(
    ("said", "region"),
    [
        (elsewhere(301, "PermanentRedirect", header="eu-west-1"), "eu-west-1"),
        (elsewhere(400, "AuthorizationHeaderMalformed", "eu-west-1"), "eu-west-1"),
        (elsewhere(400, "IllegalLocationConstraintException"), None),
    ],
)
def test_a_listing_of_another_region_says_so(bucket, said, region):
    with faulty(bucket.endpoint_url, said) as proxy:
        store = open_bucket(bucket.name, proxy.endpoint_url, bucket.region)
        with pytest.raises(S3RegionError, match="AWS_REGION is wrong") as raised:
            list(list_objects(store, ["afinia/"]))
    assert raised.value.region == region


@pytest.mark.parametrize("key", ["afinia//pdf/a.pdf", "/afinia/b.pdf", "afinia/año %41+ñ/\x01c.pdf"])
def test_a_key_that_is_no_path_is_sent_as_it_is_and_never_overwritten(bucket, store, item, key):
    with faulty(bucket.endpoint_url, PASS) as proxy:
        proxied = open_bucket(bucket.name, proxy.endpoint_url, bucket.region)
        first, again = upload(proxied, item(key)), upload(proxied, item(key))
        other = upload(proxied, item(key, PDF[::-1]))
        sent = {line.split()[1] for line in proxy.requests if line.startswith("PUT")}
    # The request tells, for SeaweedFS itself keeps an object at `a//b` as `a/b`.
    assert {unquote(path) for path in sent} == {f"/{bucket.name}/{key}"}
    assert (first.resultado, again.resultado) == (Resultado.SUBIDO, Resultado.YA_ESTABA)
    assert other.resultado is Resultado.CONFLICTO
    head = store.client.head_object(Bucket=store.name, Key=key, ChecksumMode="ENABLED")
    assert head["Metadata"] == {"sha256": sha256(PDF)}
    assert head["ContentType"] == "application/pdf"
