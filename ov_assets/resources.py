"""Thin handles on the four things outside: the portals, RDS, the bucket and the local disk.

None holds a secret as a field, since Dagster shows a resource's fields; secrets are read from the
environment at the moment of use.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import psycopg
from dagster_aws.s3 import S3Resource

from ov_assets.companies import COMPANIES
from ov_assets.flow.staging import Staging
from ov_assets.portal.pages_file import read_pages
from ov_assets.portal.site import TABS_MAX, Keep, Limits, Site
from ov_assets.rds.connection import connect
from ov_assets.rds.migrate import require_head
from ov_assets.s3.store import Bucket, BucketSettings
from ov_assets.settings import MissingSettingError, PortalAccount, Settings

BYTES_PER_MB = 1024 * 1024


class Portals(dg.ConfigurableResource):
    """The Oficina Virtual of each company, with the operator account that is used there."""

    def site(self, company: str) -> Site:
        """Raises MissingSettingError naming the variable that isn't set, or PagesFileError."""
        account, prefix = PortalAccount.of(company), f"OV_{company.upper()}"
        for name in ("url", "username", "password"):
            if not getattr(account, name):
                raise MissingSettingError(f"{prefix}_{name.upper()}", f"the portal of {company} is needed")
        assert account.url and account.username and account.password
        return Site(
            COMPANIES[company],
            account.url,
            account.username,
            account.password.get_secret_value(),
            read_pages(company, Settings().ov_portal_pages),
        )

    def limits(self, site: Site) -> Limits:
        settings = Settings()
        return Limits.of(
            site.pages,
            tabs=min(settings.ov_portal_tabs, TABS_MAX),
            min_interval_s=settings.ov_portal_min_interval_ms / 1000,
            attachment_max_bytes=settings.ov_attachment_max_mb * BYTES_PER_MB,
            recycle_above_bytes=settings.ov_portal_recycle_mb * BYTES_PER_MB,
            keep=Keep(
                settings.ov_home.absolute(),
                settings.ov_session_key.get_secret_value() if settings.ov_session_key else None,
                settings.ov_evidence_days,
            ),
            chromium=settings.ov_chromium,
        )


class Database(dg.ConfigurableResource):
    """PostgreSQL (RDS), schema `data_general`."""

    @contextmanager
    def connect(self) -> Iterator[psycopg.Connection]:
        """One connection for one piece of work; while a portal is read, only its lock holds one.

        Raises MissingSettingError, DatabaseDownError, and SchemaRevisionError before anything else is done.
        """
        connection = connect(Settings().rds_conninfo())
        try:
            require_head(connection)
            yield connection
        finally:
            connection.close()


class ObjectStore(dg.ConfigurableResource):
    """The S3 bucket that keeps the files: control calls through boto3, bytes through obstore."""

    @property
    def bucket_name(self) -> str:
        return Settings().bucket()

    def open(self) -> Bucket:
        """Both clients of the bucket; nothing is sent yet. Raises MissingSettingError."""
        settings = Settings()
        where = BucketSettings(settings.bucket(), settings.aws_region, settings.s3_endpoint_url)
        control = S3Resource(region_name=settings.aws_region, endpoint_url=settings.s3_endpoint_url)
        return Bucket.open(where, control.get_client())


class Disk(dg.ConfigurableResource):
    """The local folders of raw captures and CSVs."""

    def open(self) -> Staging:
        return Staging(Settings().data_dir)
