"""What the bucket really holds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

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
    for prefix in prefixes:
        yield from _pages(bucket, Prefix=prefix)


def list_keys(bucket: Bucket, keys: Iterable[str]) -> Iterator[BucketObject]:
    """The objects at these keys that are there; of each folder only the stretch from the first to the last.

    Raises as `list_objects` does. S3 lists keys in the order of their UTF-8 bytes, as Python sorts them.
    """
    for folder, group in groupby(sorted(set(keys)), key=_folder):
        wanted = list(group)
        missing = set(wanted)
        # StartAfter leaves out the key that it names; this one sorts right before it.
        for item in _pages(bucket, Prefix=folder, StartAfter=wanted[0][:-1]):
            if item.key in missing:
                missing.remove(item.key)
                yield item
            if not missing or item.key > wanted[-1]:
                break


def _folder(key: str) -> str:
    return key[: key.rfind("/") + 1]


def _pages(bucket: Bucket, **request: str) -> Iterator[BucketObject]:
    try:
        for page in bucket.client.get_paginator("list_objects_v2").paginate(Bucket=bucket.name, **request):
            for item in page.get("Contents", ()):
                yield BucketObject(item["Key"], item["Size"], item["ETag"].strip('"'), item["LastModified"])
    except BOTO_ERRORS as error:
        raise s3_error(error, f"LIST {bucket.name}/{request['Prefix']}") from error
