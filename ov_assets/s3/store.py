"""One bucket, by its two clients: obstore carries the data, boto3 asks the questions."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from obstore.auth.boto3 import Boto3CredentialProvider
from obstore.store import S3Store

from ov_assets.s3.errors import S3AccessDeniedError
from ov_assets.s3.listing_page import read_cheaply

CONNECT_TIMEOUT = timedelta(seconds=5)
REQUEST_TIMEOUT = timedelta(minutes=5)
# botocore renews a session 10 minutes before it ends; ask it again well within that.
CREDENTIALS_TTL = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class BucketSettings:
    """Where the objects go and how they are kept.

    sse: None leaves it to the bucket's default. kms_key_id: only with `aws:kms`.
    storage_class: such as `STANDARD_IA`; None is S3's default.
    """

    name: str
    region: str
    endpoint_url: str | None = None
    sse: Literal["AES256", "aws:kms"] | None = None
    kms_key_id: str | None = None
    storage_class: str | None = None

    def put_arguments(self) -> dict[str, Any]:
        """The same settings as arguments of boto3's `create_multipart_upload`."""
        arguments: dict[str, Any] = {}
        if self.sse:
            arguments["ServerSideEncryption"] = self.sse
        if self.kms_key_id:
            arguments |= {"SSEKMSKeyId": self.kms_key_id, "BucketKeyEnabled": True}
        if self.storage_class:
            arguments["StorageClass"] = self.storage_class
        return arguments


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket that can be worked with. `client` is a boto3 S3 client for the same endpoint."""

    settings: BucketSettings
    client: Any
    objects: S3Store = field(repr=False)

    @classmethod
    def open(cls, settings: BucketSettings, client: Any) -> "Bucket":
        """Build both clients; nothing is sent yet. Raises S3AccessDeniedError without credentials."""
        read_cheaply(client)
        return cls(settings, client, _obstore(settings))

    @property
    def name(self) -> str:
        return self.settings.name


def _obstore(settings: BucketSettings) -> S3Store:
    try:
        # boto3's chain (profiles, SSO, roles) rather than obstore's own, so that both have one identity.
        credentials = Boto3CredentialProvider(ttl=CREDENTIALS_TTL)
    except ValueError as error:
        raise S3AccessDeniedError("credentials", code="NoCredentials") from error
    config: dict[str, Any] = {
        "region": settings.region,
        # The signature takes in the checksum, and S3 holds that against the bytes. Signing the bytes as well
        # would have the server hash them twice, a tenth of what a small PUT costs.
        "checksum_algorithm": "sha256",
        "unsigned_payload": True,
    }
    if settings.endpoint_url:
        config["endpoint"] = settings.endpoint_url
    if settings.sse:
        config["server_side_encryption"] = settings.sse
    if settings.kms_key_id:
        config |= {"sse_kms_key_id": settings.kms_key_id, "sse_bucket_key_enabled": True}
    return S3Store(
        settings.name,
        config=config,  # type: ignore[arg-type]  # obstore keeps the name of this type to itself
        client_options={
            "allow_http": (settings.endpoint_url or "").startswith("http://"),
            "connect_timeout": CONNECT_TIMEOUT,
            "timeout": REQUEST_TIMEOUT,
        },
        # One place decides about another try: the uploader.
        retry_config={"max_retries": 0},
        credential_provider=credentials,
    )
