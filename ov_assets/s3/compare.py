"""Does an object hold these very bytes?"""

import base64
import hashlib

from ov_assets.s3.errors import BOTO_ERRORS, S3PassingError, s3_error
from ov_assets.s3.inventory import bare_etag
from ov_assets.s3.store import Bucket

CHUNK_BYTES = 1 << 20


def same_bytes(bucket: Bucket, key: str, size: int, sha256: str) -> tuple[bool, str]:
    """Whether the object at `key` has this size and SHA-256 (64 hex digits), and its ETag.

    Asks for the checksum that S3 verified and keeps. Without one (an object of the predecessor's, or one
    sent in parts, whose checksum is over the parts) the object is read and hashed: user metadata is only
    what somebody wrote. Raises S3Error; S3PassingError when the object went away meanwhile.
    """
    try:
        head = bucket.client.head_object(Bucket=bucket.name, Key=key, ChecksumMode="ENABLED")
        etag = bare_etag(head["ETag"]) or ""
        if head["ContentLength"] != size:
            return False, etag
        stored = head.get("ChecksumSHA256", "")
        if stored and "-" not in stored:
            return base64.b64decode(stored).hex() == sha256, etag
        body = bucket.client.get_object(Bucket=bucket.name, Key=key, IfMatch=head["ETag"])["Body"]
        digest = hashlib.sha256()
        for chunk in body.iter_chunks(CHUNK_BYTES):
            digest.update(chunk)
        return digest.hexdigest() == sha256, etag
    except BOTO_ERRORS as error:
        failure = s3_error(error, f"HEAD {key}")
        if failure.status in {404, 412}:
            raise S3PassingError(f"HEAD {key}", failure.status, "ChangedMeanwhile") from error
        raise failure from error
