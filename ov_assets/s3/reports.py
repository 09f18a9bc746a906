"""Where a report goes: the local page, and both forms of it in the bucket under `03_reports/`."""

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from ov_assets.pqr.files import replace_atomically
from ov_assets.s3.keys import report_key
from ov_assets.s3.store import Bucket

LINK_SECONDS = 7 * 86_400  # the longest that a signed link may live
ALREADY_THERE = {"PreconditionFailed", "ConditionalRequestConflict"}


@dataclass(frozen=True, slots=True)
class Published:
    """page: the local file. key: the page's object; its JSON stands beside it. link: opens it for 7 days."""

    page: Path
    key: str
    link: str


def publish(bucket: Bucket, data_dir: Path, owner: str, day: date, html: str, data: str) -> Published:
    """Keep a report. Its key comes from `data`, the numbers: the same numbers make one object, once.

    owner: a company's slug, or the name of what all companies share. Raises ClientError, OSError.
    """
    page = data_dir / "reportes" / owner / f"{day.isoformat()}.html"
    replace_atomically(page, html.encode())
    digest = hashlib.sha256(data.encode()).hexdigest()
    key = report_key(owner, day, digest, "reporte.html")
    _put(bucket, report_key(owner, day, digest, "reporte.json"), data, "application/json")
    _put(bucket, key, html, "text/html")
    return Published(page, key, _link(bucket, key))


def _link(bucket: Bucket, key: str) -> str:
    # In us-east-1 boto3 would sign with version 2, which an object under a KMS key refuses.
    client = boto3.client(
        "s3",
        region_name=bucket.settings.region,
        endpoint_url=bucket.settings.endpoint_url,
        config=Config(signature_version="s3v4"),
    )
    link: str = client.generate_presigned_url(
        "get_object", Params={"Bucket": bucket.name, "Key": key}, ExpiresIn=LINK_SECONDS
    )
    return link


def _put(bucket: Bucket, key: str, text: str, kind: str) -> None:
    try:
        bucket.client.put_object(
            Bucket=bucket.name,
            Key=key,
            Body=text.encode(),
            ContentType=f"{kind}; charset=utf-8",
            IfNoneMatch="*",
            **bucket.settings.put_arguments(),
        )
    except ClientError as error:
        if error.response["Error"]["Code"] not in ALREADY_THERE:
            raise
