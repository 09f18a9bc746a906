"""One object that says whether the bucket does what the flow relies on; written, looked at and deleted."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime

import obstore
from botocore.exceptions import ClientError
from obstore.exceptions import AlreadyExistsError

from ov_assets.s3.errors import BOTO_ERRORS, OBSTORE_ERRORS, s3_error
from ov_assets.s3.store import Bucket

PREFIX = "_diagnostico/"


@dataclass(frozen=True, slots=True)
class Scratch:
    """An object of its own name under `_diagnostico/`; each step raises S3Error where S3 refuses it."""

    bucket: Bucket
    key: str = field(default_factory=lambda: f"{PREFIX}{secrets.token_hex(16)}.txt")
    data: bytes = b"ov doctor\n"

    def create(self) -> None:
        """As the uploader does: with its SHA-256, and only where nothing is."""
        try:
            obstore.put(self.bucket.objects, self.key, self.data, mode="create")
        except OBSTORE_ERRORS as error:
            raise s3_error(error, f"PUT {self.key}") from error

    def refuses_overwriting(self) -> bool:
        """Whether a second, different object is kept away from the key by `If-None-Match: *`."""
        try:
            obstore.put(self.bucket.objects, self.key, self.data[::-1], mode="create")
        except AlreadyExistsError:
            return True
        except OBSTORE_ERRORS as error:
            raise s3_error(error, f"PUT {self.key}") from error
        return False

    def keeps_checksum(self) -> bool:
        """Whether S3 tells the SHA-256 that it verified; without it every comparison reads the object."""
        try:
            head = self.bucket.client.head_object(
                Bucket=self.bucket.name, Key=self.key, ChecksumMode="ENABLED"
            )
        except BOTO_ERRORS as error:
            raise s3_error(error, f"HEAD {self.key}") from error
        return base64.b64decode(head.get("ChecksumSHA256", "")) == hashlib.sha256(self.data).digest()

    def delete(self) -> None:
        try:
            self.bucket.client.delete_object(Bucket=self.bucket.name, Key=self.key)
        except BOTO_ERRORS as error:
            raise s3_error(error, f"DELETE {self.key}") from error


def server_time(bucket: Bucket) -> datetime:
    """S3's clock, aware, in whole seconds. An answer that refuses has a date as well. Raises S3DownError."""
    try:
        answer = bucket.client.head_bucket(Bucket=bucket.name)
    except ClientError as error:
        answer = error.response
    except BOTO_ERRORS as error:
        raise s3_error(error, f"HEAD {bucket.name}") from error
    return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
