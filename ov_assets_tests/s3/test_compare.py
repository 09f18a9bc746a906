"""What bytes an object holds: S3's checksum, else a reading; no reading where the size tells."""

from collections.abc import Iterator

import pytest

from ov_assets.s3.compare import same_bytes
from ov_assets.s3.errors import S3PassingError
from ov_assets.s3.store import Bucket
from ov_assets_tests.flow.world import open_bucket, sha256
from ov_assets_tests.s3.faulty import PASS, Proxy, answer, faulty

KEY, PDF = "afinia/oficina_virtual/1_aaaaaaaaaaaa.pdf", b"%PDF-1.7 without a checksum"


@pytest.fixture
def proxied(bucket, store) -> Iterator[tuple[Proxy, Bucket]]:
    store.client.put_object(Bucket=store.name, Key=KEY, Body=PDF)
    with faulty(bucket.endpoint_url, lambda *_: PASS) as proxy:
        yield proxy, open_bucket(bucket.name, proxy.endpoint_url, bucket.region)


def test_one_of_another_size_is_not_read(proxied):
    proxy, store = proxied
    assert same_bytes(store, KEY, len(PDF) + 1, sha256(PDF))[0] is False
    assert [line.split()[0] for line in proxy.requests] == ["HEAD"]
    assert same_bytes(store, KEY, len(PDF), sha256(PDF))[0] is True
    assert same_bytes(store, KEY, len(PDF), sha256(b"other"))[0] is False


@pytest.mark.parametrize(("status", "method"), [(404, "HEAD"), (404, "GET"), (412, "GET")])
def test_one_that_goes_away_meanwhile_is_asked_about_again(proxied, status, method):
    proxy, store = proxied
    proxy.faults = [lambda asked, _: answer(status, "Gone") if asked == method else PASS]
    with pytest.raises(S3PassingError, match="ChangedMeanwhile"):
        same_bytes(store, KEY, len(PDF), sha256(PDF))
