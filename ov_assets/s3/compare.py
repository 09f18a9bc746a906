"""What bytes does an object hold?"""

import base64
import hashlib
from dataclasses import dataclass

from ov_assets.s3.errors import BOTO_ERRORS, S3PassingError, s3_error
from ov_assets.s3.inventory import bare_etag
from ov_assets.s3.store import Bucket

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Digest:
    """What an object holds. sha256: hex. etag: without quotes."""

    sha256: str
    etag: str


def digest(bucket: Bucket, key: str, size: int | None = None) -> Digest | None:
    """The SHA-256 of an object; None if it is gone, or was replaced while it was read.

    Asks for the checksum that S3 verified and keeps. Without one (an object of the predecessor's, or one
    sent in parts, whose checksum is over the parts) the object is read and hashed: user metadata is only
    what somebody wrote. size: one of another size isn't read, and its sha256 is "". Raises S3Error.
    """
    try:
        head = bucket.client.head_object(Bucket=bucket.name, Key=key, ChecksumMode="ENABLED")
        stored, etag = head.get("ChecksumSHA256", ""), bare_etag(head["ETag"]) or ""
        if size is not None and head["ContentLength"] != size:
            return Digest("", etag)
        if stored and "-" not in stored:
            return Digest(base64.b64decode(stored).hex(), etag)
        body = bucket.client.get_object(Bucket=bucket.name, Key=key, IfMatch=head["ETag"])["Body"]
        sha256 = hashlib.sha256()
        for chunk in body.iter_chunks(CHUNK_BYTES):
            sha256.update(chunk)
        return Digest(sha256.hexdigest(), etag)
    except BOTO_ERRORS as error:
        failure = s3_error(error, f"HEAD {key}")
        if failure.status in {404, 412}:
            return None
        raise failure from error


def same_bytes(bucket: Bucket, key: str, size: int, sha256: str) -> tuple[bool, str]:
    """Whether the object at `key` has this size and SHA-256 (64 hex digits), and its ETag.

    Raises S3Error; S3PassingError when the object went away meanwhile.
    """
    found = digest(bucket, key, size)
    if found is None:
        raise S3PassingError(f"HEAD {key}", code="ChangedMeanwhile")
    return found.sha256 == sha256, found.etag
