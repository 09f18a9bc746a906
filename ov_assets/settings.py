"""Every environment variable of ov_assets, once, typed. Nothing else reads the environment."""

import base64
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

# The connection that holds a portal's lock is silent for as long as the portal is read; routers forget those.
KEEPALIVES = {
    "keepalives": 1,
    "keepalives_idle": 60,
    "keepalives_interval": 15,
    "keepalives_count": 4,
    "tcp_user_timeout": 90_000,
}


class MissingSettingError(Exception):
    """A variable that the work at hand needs isn't set."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} is not set: {why}. See .env.example, or start the sandbox with `ov up`.")


class PortalAccount(BaseSettings):
    """`OV_<COMPANY>_URL`, `_USERNAME`, `_PASSWORD`: one operator account of one portal."""

    model_config = SettingsConfigDict(extra="ignore")

    url: str | None = None
    username: str | None = None
    password: SecretStr | None = None

    @classmethod
    def of(cls, slug: str) -> "PortalAccount":
        return cls(_env_prefix=f"OV_{slug.upper()}_")


class Settings(BaseSettings):
    """One field a variable; the field's name in capitals is the variable's name."""

    # What is wrong with a value is said without the value, which may be a secret.
    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True)

    # Where things are kept
    ov_home: Path = Path(".ov")
    ov_data_dir: Path | None = None

    # PostgreSQL (RDS)
    rds_host: str | None = None
    rds_port: int = 5432
    rds_database: str | None = None
    rds_username: str | None = None
    rds_password: SecretStr | None = None
    rds_ssl_mode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = "require"

    # S3; credentials come from AWS's own default chain
    s3_bucket_name: str | None = None
    s3_endpoint_url: str | None = None
    aws_region: str = "us-east-1"
    # docs/S3_STRUCTURE_MAPPING.md; `ov s3 migrate` moves what another layout left
    ov_s3_layout: Literal["completa", "hibrida", "minima"] = "completa"

    # The load: the Fernet keys of rejected rows, apart by commas (the first encrypts, each decrypts), and how
    # many rejects stop a partition
    ov_row_key: SecretStr | None = None
    ov_rejects_max_rows: int = Field(50, ge=0)
    ov_rejects_max_share: float = Field(0.20, ge=0, le=1)

    # Dagster's own storage
    dagster_home: Path | None = None
    dagster_pg_host: str | None = None
    dagster_webserver_url: str = "http://127.0.0.1:3000"

    # The browser
    ov_chromium: Path | None = None
    ov_portal_pages: Path | None = None  # what lies over portal/pages.toml
    ov_portal_tabs: int = 4
    ov_portal_min_interval_ms: int = 0
    ov_attachment_max_mb: int = 50
    ov_portal_rereads: int = Field(2000, ge=0)  # captured PQR that are read again, a day and company
    ov_portal_recycle_mb: int = 3072  # summed RSS, which counts shared pages more than once
    ov_session_key: SecretStr | None = None
    ov_evidence_days: int = 30

    # When the list of yesterday and today is walked, as a cron expression in Bogotá's time
    ov_listing_cron: str = "0 4-22/2 * * 1-6"

    # Alerts: apprise URLs, apart by blanks or commas; they hold passwords. The heartbeat is a plain GET.
    ov_alert_urls: SecretStr | None = None
    ov_heartbeat_url: SecretStr | None = None
    ov_quarantine_alert_rows: int = 20

    # Housekeeping: days after which each class of file is removed; 0 keeps it for ever.
    ov_keep_logs_days: int = 30
    ov_keep_runs_days: int = 60
    ov_keep_csv_days: int = 0
    ov_keep_raw_days: int = 0

    @property
    def data_dir(self) -> Path:
        """Root of `raw/` and `csv/`, absolute."""
        return (self.ov_data_dir or self.ov_home / "data").absolute()

    @field_validator("ov_row_key")
    @classmethod
    def _are_keys(cls, keys: SecretStr | None) -> SecretStr | None:
        try:
            each = [] if keys is None else keys.get_secret_value().split(",")
            good = all(len(base64.urlsafe_b64decode(key.strip())) == 32 for key in each)
        except ValueError:
            good = False
        if not good:
            raise ValueError("not a Fernet key, or several apart by commas: 32 bytes in URL-safe base64")
        return keys

    def row_key(self) -> str | None:
        """The keys of rejected rows, apart by commas, the newest first; without one they are not kept."""
        return self.ov_row_key.get_secret_value() if self.ov_row_key else None

    def rds_conninfo(self) -> dict[str, str | int]:
        """Keyword arguments of `psycopg.connect`; raises MissingSettingError."""
        for name in ("rds_host", "rds_database", "rds_username", "rds_password"):
            if getattr(self, name) is None:
                raise MissingSettingError(name.upper(), "the RDS database is needed")
        assert self.rds_host and self.rds_database and self.rds_username and self.rds_password
        return {
            "host": self.rds_host,
            "port": self.rds_port,
            "dbname": self.rds_database,
            "user": self.rds_username,
            "password": self.rds_password.get_secret_value(),
            "sslmode": self.rds_ssl_mode,
            "application_name": "ov_assets",
            "connect_timeout": 10,
            **KEEPALIVES,
        }

    def bucket(self) -> str:
        """The bucket's name; raises MissingSettingError."""
        if not self.s3_bucket_name:
            raise MissingSettingError("S3_BUCKET_NAME", "the bucket is needed")
        return self.s3_bucket_name
