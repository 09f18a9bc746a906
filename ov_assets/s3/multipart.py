"""Large files, part by part: one part in memory, each verified by S3, and never over something else."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ov_assets.s3.content_type import content_type
from ov_assets.s3.errors import BOTO_ERRORS, s3_error
from ov_assets.s3.inventory import bare_etag
from ov_assets.s3.keys import extension
from ov_assets.s3.store import Bucket


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a file. altered: it has another hash than it should. exists: the key was taken."""

    size: int
    media_type: str
    etag: str | None = None
    altered: bool = False
    exists: bool = False


def put_multipart(bucket: Bucket, key: str, path: Path, sha256: str, part_bytes: int) -> Sent:
    """Send a file in parts and complete it only if its whole SHA-256 is `sha256` and the key is free.

    part_bytes: at least 5 MiB, S3's limit. Raises S3Error and OSError; no parts are left behind then.
    """
    client, where = bucket.client, {"Bucket": bucket.name, "Key": key}
    parts = _parts(path, part_bytes)
    first = next(parts, b"")
    media_type = content_type(first, extension(path.name))
    upload: dict[str, Any] | None = None
    sent: list[dict[str, Any]] = []
    whole, size, data = hashlib.sha256(), 0, first
    try:
        created = client.create_multipart_upload(
            **where,
            ContentType=media_type,
            Metadata={"sha256": sha256},
            ChecksumAlgorithm="SHA256",
            **bucket.settings.put_arguments(),
        )
        upload = where | {"UploadId": created["UploadId"]}
        while data:
            whole.update(data)
            size += len(data)
            checksum = base64.b64encode(hashlib.sha256(data).digest()).decode()
            number = len(sent) + 1
            part = client.upload_part(**upload, PartNumber=number, Body=data, ChecksumSHA256=checksum)
            sent.append({"PartNumber": number, "ETag": part["ETag"], "ChecksumSHA256": checksum})
            data = next(parts, b"")
        if whole.hexdigest() != sha256:
            return Sent(size, media_type, altered=True)
        done = client.complete_multipart_upload(**upload, MultipartUpload={"Parts": sent}, IfNoneMatch="*")
        upload = None
        return Sent(size, media_type, bare_etag(done["ETag"]))
    except BOTO_ERRORS as error:
        failure = s3_error(error, f"PUT {key}")
        if failure.status == 412:
            return Sent(size, media_type, exists=True)
        raise failure from error
    finally:
        if upload:
            # The bucket's lifecycle rule ends what this can't; the first error is the one to tell.
            with suppress(*BOTO_ERRORS):
                client.abort_multipart_upload(**upload)


def _parts(path: Path, part_bytes: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        while data := file.read(part_bytes):
            yield data
