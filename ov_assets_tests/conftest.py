"""The real parts, for tests: one sandbox a session, started part by part when a test first asks for it.

A test that asks for `database` starts PostgreSQL and nothing else. Each test gets a database and a bucket of
its own; the portals are shared, and reset after each test.
"""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import psycopg
import pytest
import stamina
from psycopg import sql

from ov_assets.sandbox import environment, running, users
from ov_assets.settings import Settings

Conninfo = dict[str, Any]
# What a developer's shell may hold about a real database, bucket or portal.
FOREIGN_PREFIXES = ("RDS_", "S3_", "AWS_", "OV_", "DAGSTER_", "PG")
KEPT = {"OV_CHROMIUM"}


@pytest.fixture(scope="session", autouse=True)
def clean_environment() -> Iterator[pytest.MonkeyPatch]:
    """No test may touch what the developer's own environment names."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(FOREIGN_PREFIXES) and name not in KEPT:
                patch.delenv(name)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield patch


@pytest.fixture(scope="session")
def sandbox_settings(clean_environment: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings whose OV_HOME is this session's own. Not under pytest's base: that is closed to other users,
    and PostgreSQL runs as one where the tests run as root."""
    home = Path(tempfile.mkdtemp(prefix="ov-tests-"))
    settings = Settings(ov_home=home)
    yield settings
    users.wait_until_gone(environment.directory_of(settings))
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def postgres_variables(sandbox_settings: Settings) -> Iterator[dict[str, str]]:
    """RDS_* and DAGSTER_PG_*; nothing migrated."""
    groups = [environment.RDS, environment.DAGSTER]
    with running(sandbox_settings, groups, migrate=False) as variables:
        yield variables


@pytest.fixture(scope="session")
def s3_variables(
    sandbox_settings: Settings, clean_environment: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    """S3_* and AWS_*; the AWS_* ones are in `os.environ` too, where every S3 client looks for them."""
    with running(sandbox_settings, [environment.S3]) as variables:
        for name, value in variables.items():
            if name.startswith("AWS_"):
                clean_environment.setenv(name, value)
        yield variables


@pytest.fixture(scope="session")
def portal_variables(sandbox_settings: Settings) -> Iterator[dict[str, str]]:
    """OV_AFINIA_* and OV_AIRE_*."""
    with running(sandbox_settings, [environment.PORTALS]) as variables:
        yield variables


@pytest.fixture(scope="session")
def sandbox(
    sandbox_settings: Settings,
    postgres_variables: dict[str, str],
    s3_variables: dict[str, str],
    portal_variables: dict[str, str],
) -> Iterator[dict[str, str]]:
    """The variables of the whole sandbox, its business database migrated."""
    with running(sandbox_settings) as variables:
        yield variables | {"OV_HOME": str(sandbox_settings.ov_home)}


@contextmanager
def fresh_database(variables: dict[str, str], template: str) -> Iterator[Conninfo]:
    """A database made from `template`, dropped afterwards whoever is still connected."""
    conninfo: Conninfo = {
        "host": variables["RDS_HOST"],
        "port": int(variables["RDS_PORT"]),
        "user": variables["RDS_USERNAME"],
        "password": variables["RDS_PASSWORD"],
        "dbname": f"test_{uuid.uuid4().hex[:12]}",
        "sslmode": variables["RDS_SSL_MODE"],
    }
    name = sql.Identifier(conninfo["dbname"])
    with psycopg.connect(**conninfo | {"dbname": variables["RDS_DATABASE"]}, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, sql.Identifier(template)))
        try:
            yield conninfo
        finally:
            # An autovacuum at work there is the server's own: nobody may end it, but it soon ends.
            busy = psycopg.errors.InsufficientPrivilege
            for attempt in stamina.retry_context(on=busy, attempts=None, timeout=60, wait_max=1):
                with attempt:
                    admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
def empty_database(postgres_variables: dict[str, str]) -> Iterator[Conninfo]:
    """Keyword arguments of `psycopg.connect` for a fresh database with nothing in it."""
    with fresh_database(postgres_variables, "template0") as conninfo:
        yield conninfo


@pytest.fixture(scope="session")
def migrated_template(postgres_variables: dict[str, str]) -> Iterator[str]:
    """The name of a database that was migrated once, for `database` to be copied from."""
    from ov_assets.rds.migrate import upgrade

    with fresh_database(postgres_variables, "template0") as conninfo:
        upgrade(conninfo)
        yield conninfo["dbname"]


@pytest.fixture
def database(postgres_variables: dict[str, str], migrated_template: str) -> Iterator[Conninfo]:
    """Keyword arguments of `psycopg.connect` for a fresh database with all migrations applied."""
    with fresh_database(postgres_variables, migrated_template) as conninfo:
        yield conninfo


@dataclass(frozen=True)
class Bucket:
    name: str
    endpoint_url: str
    region: str
    client: Any  # of boto3


@pytest.fixture
def bucket(s3_variables: dict[str, str]) -> Iterator[Bucket]:
    """A fresh bucket. Credentials are in the environment."""
    endpoint, region = s3_variables["S3_ENDPOINT_URL"], s3_variables["AWS_REGION"]
    client = boto3.client("s3", endpoint_url=endpoint, region_name=region)
    name = f"ov-test-{uuid.uuid4().hex[:12]}"
    client.create_bucket(Bucket=name)
    yield Bucket(name, endpoint, region, client)
    client.delete_bucket(Bucket=name)  # SeaweedFS deletes what is in it too
    client.close()


class Portal:
    """The simulated portals, and the control endpoint through which a test sets faults and asks for truth."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._variables = variables
        self._clients = {
            slug: httpx.Client(base_url=f"{self.url(slug)}/__control__/", trust_env=False)
            for slug in ("afinia", "aire")
        }

    def url(self, company: str) -> str:
        return self._variables[f"OV_{company.upper()}_URL"]

    def username(self, company: str) -> str:
        return self._variables[f"OV_{company.upper()}_USERNAME"]

    def password(self, company: str) -> str:
        return self._variables[f"OV_{company.upper()}_PASSWORD"]

    def control(self, company: str) -> httpx.Client:
        return self._clients[company]

    def reset(self) -> None:
        for client in self._clients.values():
            client.post("reset").raise_for_status()

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


@pytest.fixture(scope="session")
def shared_portal(portal_variables: dict[str, str]) -> Iterator[Portal]:
    portal = Portal(portal_variables)
    yield portal
    portal.close()


@pytest.fixture
def portal(shared_portal: Portal) -> Iterator[Portal]:
    """Both portals, without faults; reset afterwards."""
    yield shared_portal
    shared_portal.reset()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """An empty OV_DATA_DIR."""
    directory = tmp_path / "data"
    directory.mkdir()
    return directory


@pytest.fixture
def flow(
    monkeypatch: pytest.MonkeyPatch, database: Conninfo, bucket: Bucket, portal: Portal, data_dir: Path
) -> None:
    """The environment that the assets read."""
    values = {
        "RDS_HOST": database["host"],
        "RDS_PORT": database["port"],
        "RDS_DATABASE": database["dbname"],
        "RDS_USERNAME": database["user"],
        "RDS_PASSWORD": database["password"],
        "RDS_SSL_MODE": database["sslmode"],
        "S3_BUCKET_NAME": bucket.name,
        "S3_ENDPOINT_URL": bucket.endpoint_url,
        "AWS_REGION": bucket.region,
        "OV_HOME": data_dir.parent,
        "OV_DATA_DIR": data_dir,
    }
    for company in ("afinia", "aire"):
        prefix = f"OV_{company.upper()}"
        values[f"{prefix}_URL"] = portal.url(company)
        values[f"{prefix}_USERNAME"] = portal.username(company)
        values[f"{prefix}_PASSWORD"] = portal.password(company)
    for name, value in values.items():
        monkeypatch.setenv(name, str(value))
