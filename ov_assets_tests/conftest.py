"""The real parts, for tests: one sandbox a session, started part by part when a test first asks for it.

A test that asks for `database` starts PostgreSQL and nothing else. Each test gets a database and a bucket of
its own; the portals are shared, and reset after each test.
"""

import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import dagster as dg
import httpx
import psycopg
import pytest
from psycopg import sql

from ov_assets.sandbox import environment, running, users
from ov_assets.sandbox.credentials import of_sandbox
from ov_assets.settings import Settings
from ov_assets_tests.shared_database import Conninfo, SharedDatabase, fresh_database

# What a developer's shell may hold about a real database, bucket or portal.
FOREIGN_PREFIXES = ("RDS_", "S3_", "AWS_", "OV_", "DAGSTER_", "PG")
KEPT = {"OV_CHROMIUM"}
# What a test needs is seen from the fixtures that it asks for, its fixtures' own included.
MARKS = {
    "db": {"postgres_variables", "s3_variables", "postgres_16", "home", "same_home", "up"},
    "browser": {"portal_variables", "server", "browser", "up"},
}
# Of a module, and too dear to be made by two workers: its tests stay together.
SHARED = {"up", "same_home", "server", "browser", "postgres_16"}
TOGETHER = (
    "e2e/test_up.py",
    "sandbox/test_up.py",
    "sandbox/portal/test_browser.py",
    "rds/test_other_postgres.py",
)
# Where the long tests are, the longest first. They begin before all others: a long one that began last would
# keep one worker busy while the others have nothing left to do.
LONG = ("e2e/", "cli/", "sandbox/", "faults/", "assets/", "portal/", "alerts/", "fortnight/")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`db`: a service runs (PostgreSQL, S3, Dagster). `browser`: a portal does, for a Chromium to look at."""
    for item in items:
        asked = set(getattr(item, "fixturenames", ()))
        for mark, fixtures in MARKS.items():
            if fixtures & asked:
                item.add_marker(mark)
        if SHARED & asked and not item.path.as_posix().endswith(TOGETHER):
            raise pytest.UsageError(f"{item.path} shares {SHARED & asked}, and isn't in TOGETHER")
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    """Before which others it begins; xdist keeps to the order if it is told to, as in the Makefile."""
    path = item.path.relative_to(Path(__file__).parent).as_posix()
    return next((turn for turn, start in enumerate(LONG) if path.startswith(start)), len(LONG))


@pytest.hookimpl(optionalhook=True)  # without pytest-xdist nobody knows of it
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Not by the mark `xdist_group`: under pytest 9.2 it silently does nothing (pytest-xdist, issue 1386)."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            module = nodeid.split("::")[0]
            return module if module.endswith(TOGETHER) else nodeid

    return Together(config, log)


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
        never_wait_for_the_disk(sandbox_settings, variables)
        yield variables


def never_wait_for_the_disk(settings: Settings, variables: dict[str, str]) -> None:
    """What these databases hold is worth nothing after a power cut, and none lives until a vacuum is due."""
    superuser = of_sandbox(environment.directory_of(settings), []).postgres
    with psycopg.connect(
        host=variables["RDS_HOST"],
        port=variables["RDS_PORT"],
        dbname="postgres",
        user="postgres",
        password=superuser,
        autocommit=True,
    ) as admin:
        for setting in ("fsync", "full_page_writes", "autovacuum"):
            admin.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        admin.execute("SELECT pg_reload_conf()")


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


@pytest.fixture(scope="session")
def shared_database(postgres_variables: dict[str, str], migrated_template: str) -> Iterator[SharedDatabase]:
    shared = SharedDatabase(postgres_variables, migrated_template)
    yield shared
    shared.close()


@pytest.fixture
def database(shared_database: SharedDatabase) -> Iterator[Conninfo]:
    """Keyword arguments of `psycopg.connect` for a database with all migrations applied and nothing in it."""
    with shared_database.lent() as conninfo:
        yield conninfo


@pytest.fixture
def new_database(postgres_variables: dict[str, str], migrated_template: str) -> Iterator[Conninfo]:
    """The same, made for this test: PostgreSQL has counted nothing in it yet."""
    with fresh_database(postgres_variables, migrated_template) as conninfo:
        yield conninfo


@dataclass(frozen=True)
class Bucket:
    name: str
    endpoint_url: str
    region: str
    client: Any  # of boto3


class SharedBucket:
    """One bucket for many tests: the first object in a new one costs as much as a hundred later ones."""

    FEW = 100  # above it a new bucket costs less

    def __init__(self, variables: dict[str, str]) -> None:
        self._endpoint, self._region = variables["S3_ENDPOINT_URL"], variables["AWS_REGION"]
        self._client = boto3.client("s3", endpoint_url=self._endpoint, region_name=self._region)
        self._name: str | None = None

    @contextmanager
    def lent(self) -> Iterator[Bucket]:
        if self._name is None:
            self._name = f"ov-test-{uuid.uuid4().hex[:12]}"
            self._client.create_bucket(Bucket=self._name)
        yield Bucket(self._name, self._endpoint, self._region, self._client)
        if not self._cleared(self._name):
            self.delete()

    def _cleared(self, name: str) -> bool:
        """Empty it; False if that is not to be had cheaply, or if it had keys that are more than names."""
        keys = [item["Key"] for item in self._client.list_objects_v2(Bucket=name).get("Contents", ())]
        plain = all(re.fullmatch(r"[\w.-]+(/[\w.-]+)*", key, re.ASCII) for key in keys)
        if (
            len(keys) > self.FEW
            or not plain
            or self._client.list_multipart_uploads(Bucket=name).get("Uploads")
        ):
            return False
        if keys:
            wanted = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
            self._client.delete_objects(Bucket=name, Delete=wanted)
        return not self._client.list_objects_v2(Bucket=name)["KeyCount"]

    def delete(self) -> None:
        if self._name is not None:
            self._client.delete_bucket(Bucket=self._name)  # SeaweedFS deletes what is in it too
        self._name = None

    def close(self) -> None:
        self.delete()
        self._client.close()


@pytest.fixture(scope="session")
def shared_bucket(s3_variables: dict[str, str]) -> Iterator[SharedBucket]:
    shared = SharedBucket(s3_variables)
    yield shared
    shared.close()


@pytest.fixture
def bucket(shared_bucket: SharedBucket) -> Iterator[Bucket]:
    """An empty bucket. Credentials are in the environment."""
    with shared_bucket.lent() as lent:
        yield lent


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


@pytest.fixture(scope="session")
def new_instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Dagster has made its tables once, for `instance` to be copied from."""
    folder = tmp_path_factory.mktemp("dagster")
    with dg.DagsterInstance.local_temp(str(folder)):
        return folder


@pytest.fixture
def instance_in_files(new_instance: Path, tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """A fresh instance that Dagster can open by itself, as it does for a schedule."""
    folder = shutil.copytree(new_instance, tmp_path / "instance")
    with dg.DagsterInstance.local_temp(str(folder)) as opened:
        yield opened


@pytest.fixture
def instance(instance_in_files: dg.DagsterInstance) -> dg.DagsterInstance:
    return instance_in_files


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


@pytest.fixture
def kept_session(flow: None, portal: Portal, data_dir: Path) -> None:
    """`flow`, and an earlier run has logged in: for all that isn't about the log-in itself."""
    from ov_assets_tests.portal.tools import sign_in  # Playwright comes with it

    for company in ("afinia", "aire"):
        sign_in(portal, data_dir.parent, company)
