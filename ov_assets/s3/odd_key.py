"""Keys that aren't paths, such as `a//b` and `/x`, which only the predecessor and others make.

obstore refuses or changes them; boto3 takes them as they are.
"""

import base64
import re

from ov_assets.s3.errors import BOTO_ERRORS, s3_error
from ov_assets.s3.inventory import bare_etag
from ov_assets.s3.multipart import Sent
from ov_assets.s3.store import Bucket

# Ours are all so. What else obstore keeps as it is doesn't matter: boto3 can send it too.
PLAIN = re.compile(r"(?:[\w-][\w.-]*/)*[\w-][\w.-]*", re.ASCII)


def is_odd(key: str) -> bool:
    return PLAIN.fullmatch(key) is None


def put_at_odd_key(bucket: Bucket, key: str, data: bytes, sha256: str, media_type: str) -> Sent:
    """Send a file whole, as the uploader does otherwise: verified by S3, and only where nothing is.

    sha256: of `data`, hex. Raises S3Error.
    """
    try:
        done = bucket.client.put_object(
            Bucket=bucket.name,
            Key=key,
            Body=data,
            ContentType=media_type,
            Metadata={"sha256": sha256},
            ChecksumSHA256=base64.b64encode(bytes.fromhex(sha256)).decode(),
            IfNoneMatch="*",
            **bucket.settings.put_arguments(),
        )
    except BOTO_ERRORS as error:
        failure = s3_error(error, f"PUT {key}")
        if failure.status == 412:
            return Sent(len(data), media_type, exists=True)
        raise failure from error
    return Sent(len(data), media_type, bare_etag(done["ETag"]))
