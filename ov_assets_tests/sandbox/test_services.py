"""PostgreSQL and S3 as a test, or `psql`, meets them."""

import psycopg
import pytest
from botocore.exceptions import ClientError

from ov_assets_tests.conftest import Bucket, Conninfo


def test_each_test_has_an_empty_database_of_its_own(empty_database: Conninfo) -> None:
    with psycopg.connect(**empty_database) as connection:
        connection.execute("CREATE SCHEMA data_general")
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)


def test_the_database_wants_its_password(empty_database: Conninfo) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(**empty_database | {"password": "wrong"})


def test_each_test_has_a_bucket_of_its_own(bucket: Bucket) -> None:
    bucket.client.put_object(Bucket=bucket.name, Key="a/b", Body=b"bytes", ChecksumAlgorithm="SHA256")
    head = bucket.client.head_object(Bucket=bucket.name, Key="a/b", ChecksumMode="ENABLED")
    assert head["ContentLength"] == 5
    assert head["ChecksumSHA256"]


def test_s3_wants_its_credentials(bucket: Bucket) -> None:
    import boto3

    stranger = boto3.client(
        "s3",
        endpoint_url=bucket.endpoint_url,
        region_name=bucket.region,
        aws_access_key_id="OV",
        aws_secret_access_key="wrong",
    )
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        stranger.list_buckets()
