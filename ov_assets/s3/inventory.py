"""What the bucket really holds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from ov_assets.s3.errors import BOTO_ERRORS, s3_error
from ov_assets.s3.store import Bucket


@dataclass(frozen=True, slots=True)
class BucketObject:
    """One object of a listing. size: bytes. etag: without its quotes. last_modified: aware."""

    key: str
    size: int
    etag: str
    last_modified: datetime


def bare_etag(etag: str | None) -> str | None:
    return etag.strip('"') if etag else None


def list_objects(bucket: Bucket, prefixes: Iterable[str]) -> Iterator[BucketObject]:
    """Every object below the prefixes, page by page (1,000 keys a request).

    Raises S3DownError, S3AccessDeniedError or S3Error: an empty result means an empty prefix.
    boto3 lists, not obstore: a predecessor's key need not be a path that obstore accepts or keeps.
    """
    pages = bucket.client.get_paginator("list_objects_v2")
    for prefix in prefixes:
        try:
            for page in pages.paginate(Bucket=bucket.name, Prefix=prefix):
                for item in page.get("Contents", ()):
                    yield BucketObject(
                        item["Key"], item["Size"], item["ETag"].strip('"'), item["LastModified"]
                    )
        except BOTO_ERRORS as error:
            raise s3_error(error, f"LIST {bucket.name}/{prefix}") from error
