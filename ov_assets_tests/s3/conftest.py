import pytest

from ov_assets.s3.store import Bucket
from ov_assets_tests.flow.world import open_bucket


@pytest.fixture
def store(bucket) -> Bucket:
    """The fresh bucket, as the code under test opens it."""
    return open_bucket(bucket.name, bucket.endpoint_url, bucket.region)
