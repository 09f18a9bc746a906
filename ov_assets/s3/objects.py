"""The bucket's side of a reconciliation: objects read and copied, uploads never completed, the quarantine.

What S3 refuses for one object alone is that object's outcome; what it refuses for all is raised.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from ov_assets.s3.compare import Digest, digest
from ov_assets.s3.errors import BOTO_ERRORS, S3BucketMissingError, S3Error, s3_error
from ov_assets.s3.store import Bucket

WORKERS = 8

QUARANTINE = "_cuarentena/"


@dataclass(frozen=True, slots=True)
class Refused:
    """An object that is there, and alone can't be read, or copied. codigo: what S3 said."""

    codigo: str


def digests(bucket: Bucket, keys: Iterable[str]) -> dict[str, Digest | Refused]:
    """The digests of several objects, some at once; without those that went away.

    An object that alone can't be read (refused, archived, encrypted with another key) is `Refused`. That it
    is alone shows when afterwards another one still is to be had: one that was read, or else a key beside it
    that nobody has, which isn't refused but not there. Raises S3Error when that is refused too, and for what
    passes or has no answer.
    """

    keys = list(keys)
    with ThreadPoolExecutor(WORKERS) as pool:
        found = pool.map(lambda key: _or_refused(lambda: digest(bucket, key)), keys)
        answers = dict(zip(keys, found, strict=True))
    refused = next(((key, answer) for key, answer in answers.items() if isinstance(answer, S3Error)), None)
    if refused:
        key, failure = refused
        read = next((k for k, a in answers.items() if isinstance(a, Digest)), _beside(key))
        if not _answers(bucket, read):
            raise failure
    return {key: _named(answer) for key, answer in answers.items() if answer}


def _or_refused(ask: Callable[[], Digest | None]) -> Digest | S3Error | None:
    """What S3 answers, a refusal too; what passes, or has no answer, is raised."""
    try:
        return ask()
    except S3Error as error:
        if error.passing or error.status is None or isinstance(error, S3BucketMissingError):
            raise
        return error


def _named(answer: Digest | S3Error) -> Digest | Refused:
    return refusal(answer) if isinstance(answer, S3Error) else answer


def refusal(error: S3Error) -> Refused:
    """The answer to a HEAD has no body, so no code but its status."""
    return Refused(error.code or str(error.status))


def _beside(key: str) -> str:
    """A key in the same folder that nobody has."""
    return f"{key[: key.rfind('/') + 1]}{uuid.uuid4().hex}"


def _answers(bucket: Bucket, key: str) -> bool:
    """Whether S3 lets us look at a key, be an object there or not; who may not read is refused for both."""
    try:
        bucket.client.head_object(Bucket=bucket.name, Key=key)
    except BOTO_ERRORS as error:
        return s3_error(error, f"HEAD {key}").status == 404
    return True


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A multipart upload that nobody completed; its parts are paid for and can't be seen. since: aware."""

    key: str
    upload_id: str
    since: datetime


def incomplete_uploads(bucket: Bucket, prefixes: Iterable[str], before: datetime) -> Iterator[Incomplete]:
    """Those below the prefixes that began before `before`. Raises S3Error."""
    pages = bucket.client.get_paginator("list_multipart_uploads")
    for prefix in prefixes:
        try:
            for page in pages.paginate(Bucket=bucket.name, Prefix=prefix):
                for item in page.get("Uploads", ()):
                    if item["Initiated"] < before:
                        yield Incomplete(item["Key"], item["UploadId"], item["Initiated"])
        except BOTO_ERRORS as error:
            raise s3_error(error, f"LIST uploads of {bucket.name}/{prefix}") from error


def abort(bucket: Bucket, upload: Incomplete) -> None:
    """Drop the parts of one; it may be gone already. Raises S3Error."""
    try:
        bucket.client.abort_multipart_upload(Bucket=bucket.name, Key=upload.key, UploadId=upload.upload_id)
    except BOTO_ERRORS as error:
        failure = s3_error(error, f"ABORT {upload.key}")
        if failure.code != "NoSuchUpload":
            raise failure from error


def copy(bucket: Bucket, source: str, target: str, expected: Digest) -> Digest | None:
    """Copy an object within the bucket, on the server's side, and verify the copy; None: it has other bytes.

    Nothing is overwritten and nothing deleted; a copy that is there already is not made again.
    expected: the source as it was verified; if it was replaced since, nothing is copied.
    Raises S3Error; up to 5 GB, S3's limit for one copy.
    """
    there = digest(bucket, target)
    if there is None:
        try:
            _copy(bucket, source, target, expected.etag, IfNoneMatch="*")
        except S3Error as error:
            # S3 itself learnt conditional copies in 2025, and others answer 501; the key was free just now.
            if error.status == 501:
                _copy(bucket, source, target, expected.etag)
            # 412: the source was replaced, or another copy of ours came first; the digest tells.
            elif error.status != 412:
                raise
        there = digest(bucket, target)
    return there if there and there.sha256 == expected.sha256 else None


def _copy(bucket: Bucket, source: str, target: str, etag: str, **condition: str) -> None:
    try:
        bucket.client.copy_object(
            Bucket=bucket.name,
            Key=target,
            CopySource={"Bucket": bucket.name, "Key": source},
            CopySourceIfMatch=f'"{etag}"',
            ChecksumAlgorithm="SHA256",
            **condition,
            **bucket.settings.put_arguments(),
        )
    except BOTO_ERRORS as error:
        raise s3_error(error, f"COPY {source}") from error


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy to make. expected: the source as it was verified."""

    source: str
    target: str
    expected: Digest


def copy_each(bucket: Bucket, copies: Sequence[Copy]) -> list[Digest | Refused | None]:
    """`copy` for each, in their order; one that S3 alone refuses, or that is over 5 GB, is `Refused`.

    Raises S3Error when no other may be copied either, and for what passes or has no answer.
    """
    answers = [
        _or_refused(lambda item=item: copy(bucket, item.source, item.target, item.expected))  # type: ignore[misc]
        for item in copies
    ]
    for item, answer in zip(copies, answers, strict=True):
        if isinstance(answer, S3Error):
            if not may_copy(bucket, item.source, item.target):
                raise answer
            break
    return [_named(answer) if answer else None for answer in answers]


def may_copy(bucket: Bucket, source: str, target: str) -> bool:
    """Whether S3 still lets us copy between these two folders: asked of what isn't there, so it only asks."""
    try:
        bucket.client.copy_object(
            Bucket=bucket.name,
            Key=_beside(target),
            CopySource={"Bucket": bucket.name, "Key": _beside(source)},
            **bucket.settings.put_arguments(),
        )
    except BOTO_ERRORS as error:
        failure = s3_error(error, f"COPY {source}")
        return failure.status == 404 and not isinstance(failure, S3BucketMissingError)
    return True


def quarantine_key(key: str) -> str:
    return QUARANTINE + key
